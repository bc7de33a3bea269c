//! Reads what `cargo nextest run` writes for people, all of it on standard error but for uncaptured tests.

use std::collections::{BTreeMap, BTreeSet};

use nextest_metadata::{NextestExitCode, RustBinaryId};

use crate::model::{CrateName, Exit, Finding, Severity};
use crate::tool_output::Stream;
use crate::tool_output::cargo_status::status_verb;
use crate::tool_output::crates::{Verdicts, all_but, only};
use crate::tool_output::findings::{Findings, MAX_FINDINGS, counted, one_line};
use crate::tool_output::locator::Locator;
use crate::tool_output::nextest_exit::exit_code_in_words;
use crate::tool_output::nextest_list::tests_per_crate;
use crate::tool_output::nextest_status::{Ending, StatusLine, failed_setup_script, status_line};
use crate::tool_output::panic_text::{PanicLine, PanicText, missing_panic};
use crate::tool_output::place_text::TextPlace;
use crate::tool_output::reader::{End, Line, Reader, Verdict};
use crate::tool_output::rustc_text::RustcText;

/// Reads the output of `cargo nextest run`.
#[derive(Debug)]
pub(super) struct NextestReader {
    locator: Locator,
    build: RustcText,
    /// Whether the build is over. From then on everything is nextest's or the tests'.
    running: bool,
    tests: Vec<Test>,
    /// The place of each test in the list, by binary and name.
    known: BTreeMap<(String, String), usize>,
    /// The test whose output follows.
    current: Option<usize>,
    panic_text: PanicText,
    /// The last panic of an uncaptured test, whose end is reported only after it.
    last_panic: Option<PanicLine>,
    failed_scripts: Vec<String>,
    /// How many tests the summary counts, or a list names.
    tests_seen: Option<usize>,
    /// How many of them did not pass, where the summary says that all of them ran.
    not_passed: Option<usize>,
    /// How many tests did not pass in the end, as far as they were seen, and in which crates.
    failed: usize,
    failed_crates: BTreeSet<CrateName>,
}

/// A test that failed at least once.
#[derive(Debug)]
struct Test {
    crate_name: String,
    name: String,
    /// How its last try failed, or nothing where it passed in the end.
    failure: Option<String>,
    place: Option<TextPlace>,
}

impl NextestReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            build: RustcText::new(locator.clone()),
            locator,
            running: false,
            tests: Vec::new(),
            known: BTreeMap::new(),
            current: None,
            panic_text: PanicText::default(),
            last_panic: None,
            failed_scripts: Vec::new(),
            tests_seen: None,
            not_passed: None,
            failed: 0,
            failed_crates: BTreeSet::new(),
        }
    }

    fn read_build(&mut self, text: &str, findings: &mut Findings) -> Verdict {
        if text.starts_with("────") || text.starts_with(" Nextest run ID ") || text.starts_with("    Starting ")
        {
            self.running = true;
        } else if status_verb(text).is_some() {
            return Verdict::Status;
        } else {
            self.build.read(text, findings);
        }
        Verdict::Show
    }

    fn read_run(&mut self, text: &str) {
        if let Some(line) = status_line(text) {
            self.read_status(&line);
        } else if let Some(panic) = self.panic_text.read(text) {
            self.read_panic(panic);
        } else if let Some(place) = missing_panic(text) {
            if let Some(test) = self.current_test() {
                test.place.get_or_insert(place);
            }
        } else if let Some(script) = failed_setup_script(text) {
            if self.failed_scripts.len() < MAX_FINDINGS {
                self.failed_scripts.push(script.to_owned());
            }
        } else if let Some(count) = tests_in_summary(text) {
            self.tests_seen = Some(count);
            self.not_passed = not_passed_in_summary(text);
        }
    }

    /// What a list of tests in JSON says to a person. Anything else on standard output was written by a test that is
    /// not captured, and nextest says on standard error what became of it.
    fn read_list(&mut self, text: &str) -> Option<String> {
        if !text.starts_with('{') {
            return None;
        }
        let tests = tests_per_crate(text).ok()?;
        self.tests_seen = Some(tests.values().sum());
        let line = |(name, count): (&CrateName, &usize)| format!("{name}: {}\n", counted(*count, "test"));
        Some(tests.iter().map(line).collect())
    }

    fn read_status(&mut self, line: &StatusLine<'_>) {
        let key = (line.binary_id.to_owned(), line.test_name.to_owned());
        let known = self.known.get(&key).copied();
        let failure = failure_in_words(line.ending);
        // A test is said to have failed once for each try and once more in the summary.
        if let Some(index) = known {
            self.tests[index].failure = failure.map(|failure| format!("test {} {failure}", line.test_name));
            self.current = Some(index);
            return;
        }
        self.current = None;
        let Some(failure) = failure.filter(|_| self.tests.len() < MAX_FINDINGS) else {
            return;
        };
        let id = RustBinaryId::new(line.binary_id);
        let uncaptured = self.last_panic.take().filter(|panic| panic.thread == line.test_name);
        self.current = Some(self.tests.len());
        self.known.insert(key, self.tests.len());
        self.tests.push(Test {
            crate_name: id.components().package_name.to_owned(),
            name: line.test_name.to_owned(),
            failure: Some(format!("test {} {failure}", line.test_name)),
            place: uncaptured.map(|panic| panic.place),
        });
    }

    fn read_panic(&mut self, panic: PanicLine) {
        match self.current_test() {
            Some(test) if test.name == panic.thread => {
                test.place.get_or_insert(panic.place);
            }
            _ => self.last_panic = Some(panic),
        }
    }

    fn current_test(&mut self) -> Option<&mut Test> {
        self.current.and_then(|index| self.tests.get_mut(index))
    }

    /// Adds the reason that Cargo or nextest gave for not coming to the tests.
    fn add_own_error(&mut self, findings: &mut Findings) {
        if let Some(reason) = self.build.unplaced_error() {
            findings.push(own_error(&reason));
        }
    }

    /// Adds those tests that did not pass in the end, and counts them.
    fn add_failed_tests(&mut self, findings: &mut Findings) -> usize {
        let mut count = 0;
        for test in std::mem::take(&mut self.tests) {
            let Some(message) = test.failure else {
                continue;
            };
            count += 1;
            self.failed_crates.insert(test.crate_name.as_str().into());
            findings.push(Finding {
                severity: Severity::Error,
                crate_name: Some(test.crate_name.into()),
                place: test.place.map(|place| self.locator.locate(&place).0),
                code: None,
                test: Some(one_line(&test.name)),
                message: one_line(&message),
            });
        }
        self.failed = count;
        for script in std::mem::take(&mut self.failed_scripts) {
            findings.push(own_error(&format!("setup script {script} failed")));
        }
        count
    }
}

impl Reader for NextestReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        match line.stream {
            Stream::Stdout => match self.read_list(line.text) {
                Some(said) => Verdict::Replace(said, None),
                None => Verdict::Show,
            },
            Stream::Stderr if !self.running => self.read_build(line.text, findings),
            Stream::Stderr => {
                self.read_run(line.text);
                Verdict::Show
            }
        }
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        let built = findings.in_words();
        let broken = findings.errors() > 0;
        if exit.is_success() {
            // Nextest warns that there are no tests; that is the same thing said twice.
            if self.tests_seen == Some(0) {
                return Some("no tests".to_owned());
            }
            let tests = self.tests_seen.map(|count| counted(count, "test"));
            // What failed in a first try and passed in a later one.
            let flaky = self.tests.iter().filter(|test| test.failure.is_none()).count();
            let flaky = (flaky > 0).then(|| format!("{flaky} flaky"));
            let words: Vec<_> = tests.into_iter().chain(flaky).chain(built).collect();
            return (!words.is_empty()).then(|| words.join(", "));
        }
        let failed = self.add_failed_tests(findings);
        if !self.running && !broken {
            self.add_own_error(findings);
        }
        let Exit::Code(code) = exit else {
            return (failed > 0).then(|| format!("{} failed", counted(failed, "test")));
        };
        match code {
            NextestExitCode::BUILD_FAILED if broken => built.map(|counts| format!("build failed: {counts}")),
            NextestExitCode::BUILD_FAILED => Some("build failed".to_owned()),
            NextestExitCode::TEST_RUN_FAILED if failed == 0 => Some("tests failed".to_owned()),
            NextestExitCode::TEST_RUN_FAILED => Some(format!("{} failed", counted(failed, "test"))),
            other => exit_code_in_words(other).map(str::to_owned),
        }
    }

    fn has_built(&self) -> bool {
        self.running
    }

    /// Once all tests have run, those crates have passed of which none has failed.
    fn verdicts(&self, end: &End<'_>) -> Verdicts {
        if end.passed {
            return all_but(&BTreeSet::new(), end.asked);
        }
        let ran = end.exit == Exit::Code(NextestExitCode::TEST_RUN_FAILED) && self.failed > 0;
        if ran && self.not_passed == Some(self.failed) {
            return all_but(&self.failed_crates, end.asked);
        }
        let mut failed = end.findings.crates_with_errors();
        failed.extend(self.failed_crates.iter().cloned());
        only(&failed, end.asked)
    }
}

/// The number in `Summary [   0.004s] 2 tests run: 2 passed, 0 skipped`, or in `1/2 tests run` where the run was cut off.
fn tests_in_summary(text: &str) -> Option<usize> {
    let (_, counts) = text.strip_prefix("     Summary [")?.split_once("] ")?;
    let (run, _) = counts.split_once(" test")?;
    run.split('/').next()?.trim().parse().ok()
}

/// How many tests `Summary [   0.004s] 3 tests run: 1 passed (1 flaky), 2 failed, 0 skipped` says did not pass; nothing
/// where the run was cut off.
fn not_passed_in_summary(text: &str) -> Option<usize> {
    let (_, counts) = text.strip_prefix("     Summary [")?.split_once("] ")?;
    let (run, results) = counts.split_once(" run: ")?;
    let run: usize = run.split(' ').next()?.trim().parse().ok()?;
    let passed: usize = results.trim_start().split_once(" passed")?.0.parse().ok()?;
    run.checked_sub(passed)
}

fn failure_in_words(ending: Ending<'_>) -> Option<String> {
    Some(match ending {
        Ending::Passed => return None,
        Ending::Failed => "failed".to_owned(),
        Ending::TimedOut => "timed out".to_owned(),
        Ending::Leaked => "failed: it left a process running".to_owned(),
        Ending::NotStarted => "could not be started".to_owned(),
        Ending::Killed(how) => format!("failed ({how})"),
    })
}

fn own_error(message: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        crate_name: None,
        place: None,
        code: None,
        test: None,
        message: one_line(message),
    }
}

#[cfg(test)]
mod tests {
    use super::{not_passed_in_summary, tests_in_summary};
    use crate::model::{Dialect, Exit};
    use crate::tool_output::recorded::{Recorded, check};

    fn nextest(exit: i32, stderr: &str) -> Recorded<'_> {
        Recorded {
            stderr,
            ..Recorded::new(Dialect::Nextest, Exit::Code(exit))
        }
    }

    /// Recorded: `cargo nextest list --message-format json`.
    #[test]
    fn a_list_is_told_in_words() {
        let list = Recorded {
            stdout: include_str!("recorded/nextest_list.json"),
            ..nextest(0, "")
        };
        check(&list, Some("5 tests"), &[]);
        assert_eq!(list.report().output.bytes, b"crate-a: 3 tests\ncrate-b: 2 tests\n");
    }

    #[test]
    fn a_summary_says_how_many_did_not_pass() {
        let check = |counts: &str, expected| {
            let line = format!("     Summary [   0.004s] {counts}");
            assert_eq!(not_passed_in_summary(&line), expected, "{counts}");
        };
        check("3 tests run: 1 passed (1 flaky), 2 failed, 0 skipped", Some(2));
        check("1 test run: 1 passed, 0 skipped", Some(0));
        check("3/9 tests run: 2 passed, 1 failed, 0 skipped", None);
        check("3 tests run", None);
    }

    #[test]
    fn the_summary_counts_the_tests() {
        let line = |counts: &str| format!("     Summary [   0.004s] {counts}");
        assert_eq!(tests_in_summary(&line("2 tests run: 2 passed, 0 skipped")), Some(2));
        assert_eq!(tests_in_summary(&line("1 test run: 1 passed, 0 skipped")), Some(1));
        assert_eq!(tests_in_summary(&line("3/9 tests run: 2 passed, 1 failed")), Some(3));
        assert_eq!(tests_in_summary("test tests::Summary"), None);
    }

    /// Recorded: `cargo nextest run --no-fail-fast`, plain and with `--color always`.
    #[test]
    fn failed_tests_are_found_once_each() {
        let warning = "warning crate-a crates/a/src/lib.rs:9:9 unused variable: `unused`";
        let fails = "error crate-a crates/a/src/lib.rs:25:9 test tests::fails failed";
        let outside = "error crate-a test outside failed";
        let aborts = "error crate-b test tests::aborts failed (SIGABRT)";
        // The two runs differ in the order in which the tests came to their ends.
        for (stderr, found) in [
            (
                include_str!("recorded/nextest_failures.stderr"),
                [warning, outside, aborts, fails],
            ),
            (
                include_str!("recorded/nextest_failures_colour.stderr"),
                [warning, fails, outside, aborts],
            ),
        ] {
            check(&nextest(100, stderr), Some("3 tests failed"), &found);
            let report = nextest(100, stderr).report();
            let mut tests: Vec<_> = report
                .findings
                .iter()
                .filter_map(|finding| finding.test.as_deref())
                .collect();
            tests.sort_unstable();
            assert_eq!(tests, ["outside", "tests::aborts", "tests::fails"]);
        }
    }

    /// Recorded: `cargo nextest run --no-fail-fast --retries 1`, with short timeouts and leaks that fail.
    #[test]
    fn the_last_try_of_a_test_counts() {
        check(
            &nextest(100, include_str!("recorded/nextest_retries.stderr")),
            Some("4 tests failed"),
            &[
                "error crate-a crates/a/src/lib.rs:24:9 test tests::fails failed",
                "error crate-a test leaks failed: it left a process running",
                "error crate-a crates/a/tests/it.rs:11:4 test should failed",
                "error crate-a test hangs timed out",
            ],
        );
    }

    /// Recorded: `cargo nextest run --color always`, where a crate does not compile.
    #[test]
    fn a_build_that_failed_is_no_failed_test() {
        let recorded = nextest(101, include_str!("recorded/nextest_build_error.stderr"));
        check(
            &recorded,
            Some("build failed: 3 errors, 1 warning"),
            &[
                "warning crate-a crates/a/src/lib.rs:9:9 unused variable: `unused`",
                "error crate-b crates/b/src/lib.rs:6:18 [E0308] mismatched types",
                "error crate-b crates/b/src/lib.rs:7:5 [E0425] cannot find function `missing` in this scope",
                "error crate-b crates/b/src/lib.rs:8:5 [E0308] mismatched types",
            ],
        );
        let output = String::from_utf8(recorded.report().output.bytes).unwrap();
        assert!(!output.contains("Compiling") && output.contains("could not compile"));
    }

    /// Recorded: `cargo nextest run zzz`, then the same with `--no-tests=pass`.
    #[test]
    fn no_tests_may_be_a_failure_or_not() {
        let stderr = include_str!("recorded/nextest_no_tests.stderr");
        let warning = "warning crate-a crates/a/src/lib.rs:9:9 unused variable: `unused`";
        check(&nextest(4, stderr), Some("no tests to run"), &[warning]);
        let (passing, _) = stderr.split_once("error: no tests to run").unwrap();
        check(&nextest(0, passing), Some("no tests"), &[warning]);
    }

    /// Recorded: `cargo nextest run --no-capture -- fails`.
    #[test]
    fn an_uncaptured_test_panics_before_its_end_is_reported() {
        let stderr = "
    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.00s
────────────
 Nextest run ID 4c03b982-fd02-47f9-916b-4b41d10ce1b6 with nextest profile: default
    Starting 1 test across 2 binaries (6 tests skipped)
       START [         ] (1/1) crate-a tests::fails

thread 'tests::fails' (27225) panicked at crates/a/src/lib.rs:24:9:
assertion `left == right` failed: arithmetic
    Finished as a test may say
        FAIL [   0.004s] (1/1) crate-a tests::fails
  Cancelling due to test failure:\u{20}
────────────
     Summary [   0.004s] 1 test run: 0 passed, 1 failed, 6 skipped
        FAIL [   0.004s] (1/1) crate-a tests::fails
error: test run failed
";
        let recorded = nextest(100, stderr);
        check(
            &recorded,
            Some("1 test failed"),
            &["error crate-a crates/a/src/lib.rs:24:9 test tests::fails failed"],
        );
        let output = String::from_utf8(recorded.report().output.bytes).unwrap();
        assert!(!output.contains("profile [unoptimized") && output.contains("Finished as a test may say"));
    }

    #[test]
    fn other_ends_have_their_own_meanings() {
        // Each recorded, then cut to the lines that matter.
        let script = "────────────\n  SETUP FAIL [   0.003s] boom: false\nerror: setup script failed\n";
        let filter = "  error: expected expression\n   ╭────\n 1 │ foo(\n\nerror: failed to parse filterset\n";
        let manifest =
            "error: manifest path `/nowhere/Cargo.toml` does not exist\nerror: command `cargo metadata` failed\n";
        let package =
            "error: package ID specification `nosuch` did not match any packages\nerror: command `cargo` failed\n";
        for (stderr, exit, meaning, found) in [
            (
                script,
                105,
                Some("a setup script failed"),
                &["error setup script boom failed"][..],
            ),
            (
                filter,
                94,
                Some("a nextest filter does not parse"),
                &["error failed to parse filterset"],
            ),
            (
                manifest,
                102,
                Some("cargo metadata failed"),
                &["error manifest path `/nowhere/Cargo.toml` does not exist"],
            ),
            (
                package,
                101,
                Some("build failed"),
                &["error package ID specification `nosuch` did not match any packages"],
            ),
            ("────────────\n", 100, Some("tests failed"), &[]),
            ("", 1, None, &[]),
            ("", 0, None, &[]),
        ] {
            check(&nextest(exit, stderr), meaning, found);
        }
    }
}
