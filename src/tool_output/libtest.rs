//! Reads what the test harness of the standard library prints: which tests failed, in which binary, and where.

use std::collections::BTreeMap;

use crate::tool_output::findings::MAX_FINDINGS;
use crate::tool_output::panic_text::{PanicText, missing_panic};
use crate::tool_output::place_text::TextPlace;

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedTest {
    /// Its full name.
    pub(super) name: String,
    /// The test binary, counted in the order in which they ran.
    pub(super) binary: usize,
    /// Where it panicked, or where a doctest stands.
    pub(super) place: Option<TextPlace>,
}

impl FailedTest {
    /// Whether it is an example in the documentation.
    pub(super) fn is_doctest(&self) -> bool {
        doctest_place(&self.name).is_some()
    }
}

/// Gathers the failed tests from the output of one or more test binaries.
#[derive(Debug, Default)]
pub(super) struct Libtest {
    phase: Phase,
    panics: PanicText,
    /// How many binaries have begun.
    binaries: usize,
    /// How many tests they announced, all together.
    announced_in_all: usize,
    failed: Vec<FailedTest>,
    dropped: usize,
    /// The binaries that announced tests and never gave a result. They crashed, or were stopped.
    unfinished: Vec<usize>,
    current: Binary,
}

/// What part of a binary's output is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// None: before the first binary, and between two.
    #[default]
    Outside,
    /// Tests run, and a line tells the result of each.
    Running,
    /// What the failed tests wrote is shown, and then their names.
    Details,
}

/// What is known of the binary that is being read.
#[derive(Debug, Default)]
struct Binary {
    announced: usize,
    /// The tests that failed, by name, as indices.
    failed: BTreeMap<String, usize>,
    failures: usize,
    /// The test whose output is being shown.
    section: Option<String>,
    /// Whether a list of names is being read.
    listing: bool,
    listed: Vec<String>,
}

impl Libtest {
    /// Takes a line.
    pub(super) fn read(&mut self, text: &str) {
        match self.phase {
            // What failed tests wrote may be the output of other tests. Only the own result ends it.
            Phase::Details => self.read_details(text),
            Phase::Outside | Phase::Running => {
                if let Some(announced) = announced_tests(text) {
                    self.begin(announced);
                } else if self.phase == Phase::Running {
                    self.read_progress(text);
                }
            }
        }
        if let Some(result) = self.own_result(text) {
            self.end(&result);
        }
    }

    /// The tests that failed.
    pub(super) fn failed(&self) -> &[FailedTest] {
        &self.failed
    }

    /// How many tests failed, kept or not.
    pub(super) fn failures(&self) -> usize {
        self.failed.len() + self.dropped
    }

    /// Whether there were test binaries, and no tests in them.
    pub(super) fn found_no_tests(&self) -> bool {
        self.binaries > 0 && self.announced_in_all == 0
    }

    /// The binaries in which tests failed or that gave no result, without doctests, in the order in which they ran.
    pub(super) fn failed_binaries(&self) -> Vec<usize> {
        let with_failures = self.failed.iter().filter(|test| !test.is_doctest());
        let mut binaries: Vec<usize> = with_failures.map(|test| test.binary).collect();
        binaries.extend(&self.unfinished);
        binaries.sort_unstable();
        binaries.dedup();
        binaries
    }

    fn begin(&mut self, announced: usize) {
        self.phase = Phase::Running;
        self.binaries += 1;
        self.announced_in_all = self.announced_in_all.saturating_add(announced);
        if self.unfinished.len() < MAX_FINDINGS {
            self.unfinished.push(self.binaries);
        }
        self.current = Binary {
            announced,
            ..Binary::default()
        };
    }

    fn read_progress(&mut self, text: &str) {
        if let Some(name) = failed_test(text) {
            self.add(name);
        } else if text == "failures:" {
            self.phase = Phase::Details;
            self.current.listing = true;
        }
    }

    fn read_details(&mut self, text: &str) {
        if text == "failures:" {
            self.current.listing = true;
            self.current.listed.clear();
        } else if let Some(name) = section_header(text) {
            self.current.section = Some(name.to_owned());
        } else if self.current.listing {
            match text.strip_prefix("    ") {
                Some(name) if self.current.listed.len() < MAX_FINDINGS => self.current.listed.push(name.to_owned()),
                Some(_) => {}
                None => self.current.listing = false,
            }
        } else {
            self.read_place(text);
        }
    }

    fn read_place(&mut self, text: &str) {
        let Some(section) = &self.current.section else {
            return;
        };
        let panic = self.panics.read(text);
        let place = match panic {
            // With one thread only, tests run on the main one.
            Some(panic) => (panic.thread == *section || panic.thread == "main").then_some(panic.place),
            None => missing_panic(text),
        };
        if let Some(&index) = self.current.failed.get(section) {
            let known = &mut self.failed[index].place;
            *known = known.take().or(place);
        }
    }

    fn add(&mut self, name: &str) {
        let name = without_mode(name);
        if self.current.failed.contains_key(name) {
            return;
        }
        self.current.failures += 1;
        if self.failed.len() >= MAX_FINDINGS {
            self.dropped += 1;
            return;
        }
        self.current.failed.insert(name.to_owned(), self.failed.len());
        self.failed.push(FailedTest {
            name: name.to_owned(),
            binary: self.binaries,
            place: doctest_place(name),
        });
    }

    /// The result, if this line gives it and it is about all that was announced.
    fn own_result(&self, text: &str) -> Option<TestResult> {
        let result = TestResult::parse(text)?;
        let is_own = self.phase != Phase::Outside && result.tests == self.current.announced;
        is_own.then_some(result)
    }

    fn end(&mut self, result: &TestResult) {
        // What tests write unhindered may have broken the lines with their results. The list at the end is whole.
        if self.current.failures < result.failed {
            for name in std::mem::take(&mut self.current.listed) {
                self.add(&name);
            }
        }
        self.phase = Phase::Outside;
        self.unfinished.retain(|binary| *binary != self.binaries);
    }
}

/// What `test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out` says.
struct TestResult {
    failed: usize,
    /// All that were announced.
    tests: usize,
}

impl TestResult {
    fn parse(text: &str) -> Option<Self> {
        let (_, counts) = text.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |noun: &str| -> Option<usize> {
            let part = counts.split("; ").find_map(|part| part.strip_suffix(noun))?;
            part.trim().parse().ok()
        };
        let failed = count(" failed")?;
        let rest = [count(" passed")?, count(" ignored")?, count(" measured")?];
        let tests = rest.into_iter().fold(failed, usize::saturating_add);
        Some(Self { failed, tests })
    }
}

/// `running 3 tests`.
fn announced_tests(text: &str) -> Option<usize> {
    let (count, noun) = text.strip_prefix("running ")?.split_once(' ')?;
    matches!(noun, "test" | "tests").then(|| count.parse().ok()).flatten()
}

/// The name in `test NAME ... FAILED`, or in `NAME --- FAILED` of the quiet form.
fn failed_test(text: &str) -> Option<&str> {
    if let Some(name) = text.strip_suffix(" --- FAILED") {
        return Some(name);
    }
    let (name, behind) = text.strip_prefix("test ")?.rsplit_once(" ... FAILED")?;
    // Behind the word there may be the time that the test took.
    (behind.is_empty() || behind.starts_with(' ')).then(|| name.trim_end())
}

/// The name in `---- NAME stdout ----`.
fn section_header(text: &str) -> Option<&str> {
    let name = text.strip_prefix("---- ")?.strip_suffix(" ----")?;
    name.strip_suffix(" stdout").or_else(|| name.strip_suffix(" stderr"))
}

/// Result lines say behind the name what is expected of the test; the list at the end does not.
fn without_mode(name: &str) -> &str {
    [" - should panic", " - compile fail", " - compile"]
        .iter()
        .find_map(|mode| name.strip_suffix(mode))
        .unwrap_or(name)
}

/// The place in the name of a doctest: `src/lib.rs - module::item (line 5)`.
fn doctest_place(name: &str) -> Option<TextPlace> {
    let (file, rest) = name.split_once(" - ")?;
    let (_, line) = rest.strip_suffix(')')?.rsplit_once("(line ")?;
    Some(TextPlace {
        file: file.to_owned(),
        line: Some(line.parse().ok()?),
        column: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Libtest {
        let mut libtest = Libtest::default();
        text.lines().for_each(|line| libtest.read(line));
        libtest
    }

    fn failed(text: &str) -> Vec<String> {
        let shown = |test: &FailedTest| {
            let place = test.place.as_ref();
            let place = place.map(|place| format!(" {}:{}", place.file, place.line.unwrap_or(0)));
            format!("{} {}{}", test.binary, test.name, place.unwrap_or_default())
        };
        read(text).failed().iter().map(shown).collect()
    }

    /// Recorded: `cargo test -q -- fails should passes`.
    const QUIET: &str = "
running 2 tests
tests::fails --- FAILED
.
failures:

---- tests::fails stdout ----
hello

thread 'tests::fails' (27364) panicked at crates/a/src/lib.rs:24:9:
assertion `left == right` failed: arithmetic
  left: 2
 right: 3
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    tests::fails

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s


running 1 test
should --- FAILED

failures:

---- should stdout ----
note: test did not panic as expected at crates/a/tests/it.rs:11:4

failures:
    should

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s


running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s
";

    #[test]
    fn the_quiet_form_is_understood() {
        let expected = [
            "1 tests::fails crates/a/src/lib.rs:24",
            "2 should crates/a/tests/it.rs:11",
        ];
        assert_eq!(failed(QUIET), expected);
        assert_eq!(read(QUIET).failed_binaries(), [1, 2]);
    }

    #[test]
    fn a_result_line_that_was_broken_is_made_up_for_by_the_list() {
        let text = "
running 2 tests
test tests::fails ... hello
FAILED
test should - should panic ... FAILED

failures:

failures:
    should
    tests::fails

test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s
";
        assert_eq!(failed(text), ["1 should", "1 tests::fails"]);
    }

    #[test]
    fn what_a_failed_test_wrote_is_not_taken_for_results() {
        let text = "
running 2 tests
test good ... ok
test outer ... FAILED

failures:

---- outer stdout ----
running 1 test
test inner ... FAILED
thread 'inner' (1) panicked at src/inner.rs:1:1:

failures:
    inner

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
thread 'outer' (1) panicked at src/outer.rs:2:2:


failures:
    outer

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 1 test
test last ... FAILED
";
        assert_eq!(failed(text), ["1 outer src/outer.rs:2", "2 last"]);
    }

    #[test]
    fn a_binary_without_a_result_is_one_that_failed() {
        let libtest = read(
            "running 1 test\ntest a ... ok\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        assert_eq!(libtest.failed_binaries(), [1]);
        assert_eq!(libtest.failures(), 0);
        assert!(!libtest.found_no_tests());
    }

    #[test]
    fn names_are_taken_out_of_their_lines() {
        for (text, expected) in [
            ("test tests::x ... FAILED", Some("tests::x")),
            ("test tests::x   ... FAILED", Some("tests::x")),
            ("test tests::x ... FAILED <0.003s>", Some("tests::x")),
            (
                "test src/lib.rs - add (line 5) ... FAILED",
                Some("src/lib.rs - add (line 5)"),
            ),
            ("test tests::x ... ok", None),
            ("test tests::x ... FAILEDx", None),
            ("a test tests::x ... FAILED", None),
        ] {
            assert_eq!(failed_test(text), expected, "{text}");
        }
        assert_eq!(
            without_mode("src/lib.rs - (line 5) - compile fail"),
            "src/lib.rs - (line 5)"
        );
    }

    #[test]
    fn further_failures_are_counted_and_dropped() {
        let mut libtest = read("running 20000 tests");
        (0..MAX_FINDINGS + 3).for_each(|number| libtest.read(&format!("test t{number} ... FAILED")));
        assert_eq!(libtest.failures(), MAX_FINDINGS + 3);
        assert_eq!(libtest.failed().len(), MAX_FINDINGS);
    }
}
