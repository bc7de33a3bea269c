//! Reads the lines with which cargo-nextest reports each test: `    FAIL [   0.011s] (2/5) crate-a::it outside`.

/// Nextest right-aligns its words in this many columns.
const COLUMNS: usize = 12;

/// What a line says of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatusLine<'a> {
    /// How it ended.
    pub(super) ending: Ending<'a>,
    /// The test binary, as nextest names it.
    pub(super) binary_id: &'a str,
    /// The name of the test.
    pub(super) test_name: &'a str,
}

/// How a test, or one try of it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending<'a> {
    /// It passed, maybe after it had failed.
    Passed,
    /// It failed by itself.
    Failed,
    /// It took too long.
    TimedOut,
    /// It left something running behind it.
    Leaked,
    /// It could not be started.
    NotStarted,
    /// It was ended by a signal, or something like it.
    Killed(&'a str),
}

/// Reads a line, or says that it is not about the end of a test.
pub(super) fn status_line(text: &str) -> Option<StatusLine<'_>> {
    let (word, rest) = text.split_once(" [")?;
    // The words are right-aligned. What is further to the right was written by a test, and is indented.
    let is_aligned = word.len() == COLUMNS || (word.len() > COLUMNS && !word.starts_with(' '));
    let (time, rest) = rest.split_once(']').filter(|_| is_aligned)?;
    // Without a time that it took, or with one that only tells that more than it has passed, nothing has ended.
    let has_ended = time.trim_start().starts_with(|first: char| first.is_ascii_digit()) && time.ends_with('s');
    let ending = ending(without_try(word.trim_start())).filter(|_| has_ended)?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('(') {
        Some(counter) => counter.split_once(')')?.1.trim_start(),
        None => rest,
    };
    let (binary_id, test_name) = rest.split_once(' ')?;
    Some(StatusLine {
        ending,
        binary_id,
        test_name: test_name.trim(),
    })
}

/// The name in `  SETUP FAIL [   0.003s] boom: false`.
pub(super) fn failed_setup_script(text: &str) -> Option<&str> {
    let (_, script) = text.trim_start().strip_prefix("SETUP FAIL [")?.split_once("] ")?;
    Some(script.split_once(": ").map_or(script, |(name, _)| name).trim())
}

/// Drops the `TRY 2` of a test that is given several tries.
fn without_try(word: &str) -> &str {
    let attempt = word.strip_prefix("TRY ").and_then(|rest| rest.split_once(' '));
    match attempt {
        Some((number, word)) if number.bytes().all(|byte| byte.is_ascii_digit()) => word,
        _ => word,
    }
}

/// Tries have shorter words than tests, since the columns are the same.
fn ending(word: &str) -> Option<Ending<'_>> {
    Some(match word {
        "PASS" | "LEAK" | "TIMEOUT-PASS" | "TMPASS" => Ending::Passed,
        "FAIL" | "FAIL + LEAK" | "FL+LK" | "FLAKY-FAIL" | "FLKY-FL" => Ending::Failed,
        "TIMEOUT" | "TMT" => Ending::TimedOut,
        "LEAK-FAIL" | "LKFAIL" => Ending::Leaked,
        "XFAIL" => Ending::NotStarted,
        _ if word.starts_with("FLAKY ") => Ending::Passed,
        _ if ["SIG", "ABORT", "ABRT"].iter().any(|start| word.starts_with(start)) => Ending::Killed(word),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_test_is_recognized() {
        for (line, ending, binary_id, test_name) in [
            (
                "        PASS [   0.007s] (1/5) crate-a tests::passes",
                Ending::Passed,
                "crate-a",
                "tests::passes",
            ),
            (
                "        FAIL [   0.004s] a tests::fails",
                Ending::Failed,
                "a",
                "tests::fails",
            ),
            (
                "        FAIL [   0.004s] (  3/500) a::it fails",
                Ending::Failed,
                "a::it",
                "fails",
            ),
            (
                "  TRY 1 FAIL [   0.028s] (───) crate-a::it outside",
                Ending::Failed,
                "crate-a::it",
                "outside",
            ),
            (
                "   TRY 2 TMT [   2.003s] (6/6) crate-a::it hangs",
                Ending::TimedOut,
                "crate-a::it",
                "hangs",
            ),
            (
                "TRY 2 LKFAIL [   0.205s] (4/6) crate-a::it leaks",
                Ending::Leaked,
                "crate-a::it",
                "leaks",
            ),
            (
                "   FLAKY 2/2 [   0.005s] (2/6) crate-a::it flaky",
                Ending::Passed,
                "crate-a::it",
                "flaky",
            ),
            (
                "     TIMEOUT [   2.004s] (1/1) a::bin/a slow",
                Ending::TimedOut,
                "a::bin/a",
                "slow",
            ),
            (
                "     SIGABRT [   0.004s] (3/5) b tests::aborts",
                Ending::Killed("SIGABRT"),
                "b",
                "tests::aborts",
            ),
            (" FAIL + LEAK [   0.004s] (3/5) b leaks", Ending::Failed, "b", "leaks"),
            (
                "       XFAIL [   0.004s] (3/5) b starts",
                Ending::NotStarted,
                "b",
                "starts",
            ),
        ] {
            let expected = StatusLine {
                ending,
                binary_id,
                test_name,
            };
            assert_eq!(status_line(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_lines_are_not_about_the_end_of_a_test() {
        for text in [
            "        SLOW [>  1.000s] (───) crate-a::it hangs",
            "TRY 1 TRMNTG [>  2.000s] (───) crate-a::it hangs",
            "       START [         ] (1/1) crate-a tests::fails",
            "     Summary [   0.093s] 5 tests run: 2 passed, 3 failed, 1 skipped",
            "  SETUP FAIL [   0.003s] boom: false",
            "    Starting 5 tests across 3 binaries (1 test skipped)",
            "    test tests::fails ... FAILED",
            "            FAIL [   0.011s] (2/5) crate-a nested",
            "        FAIL [soon] a b",
            "        FAIL [1s",
            "        FAIL [1s] (1/",
            "",
        ] {
            assert_eq!(status_line(text), None, "{text}");
        }
    }

    #[test]
    fn a_failed_setup_script_is_recognized() {
        assert_eq!(
            failed_setup_script("  SETUP FAIL [   0.003s] boom: false"),
            Some("boom")
        );
        assert_eq!(failed_setup_script("  SETUP PASS [   0.003s] boom: true"), None);
    }
}
