//! Reads what `cargo test` writes: first it builds, then the test binaries speak, and Cargo says which of them failed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CrateName, Exit, Finding, Severity};
use crate::tool_output::Stream;
use crate::tool_output::cargo::CargoReader;
use crate::tool_output::cargo_status::status_verb;
use crate::tool_output::crates::{Verdicts, all_but, only};
use crate::tool_output::failed_target::{FailedTarget, FailedTargets};
use crate::tool_output::findings::{Findings, MAX_FINDINGS, join_counts, one_line};
use crate::tool_output::libtest::{FailedTest, Libtest};
use crate::tool_output::locator::Locator;
use crate::tool_output::panic_text::PanicText;
use crate::tool_output::place_text::TextPlace;
use crate::tool_output::reader::{End, Line, Reader, Verdict};

/// Reads the output of `cargo test`.
#[derive(Debug)]
pub(super) struct CargoTestReader {
    locator: Locator,
    build: CargoReader,
    tests: Libtest,
    targets: FailedTargets,
    /// Whether Cargo has begun to run tests, which write to the same standard error.
    testing: bool,
    /// Whether Cargo has surely built all that it will.
    built: bool,
    /// Panics of tests whose output is not captured, by the name of the test.
    panics: BTreeMap<String, TextPlace>,
    panic_text: PanicText,
}

impl CargoTestReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            build: CargoReader::new(locator.clone()),
            locator,
            tests: Libtest::default(),
            targets: FailedTargets::default(),
            testing: false,
            built: false,
            panics: BTreeMap::new(),
            panic_text: PanicText::default(),
        }
    }

    fn read_stderr(&mut self, text: &str, findings: &mut Findings) -> Verdict {
        match status_verb(text) {
            // These say which binary speaks from here on.
            Some("Running" | "Doc-tests") => {
                self.testing = true;
                // With `-v` cargo runs the compiler in the same words, and then in full.
                self.built |= !text.contains('`');
                return Verdict::Show;
            }
            Some(_) => return Verdict::Status,
            None => {}
        }
        if self.targets.read(text) {
            self.testing = true;
        } else if let Some(panic) = self.panic_text.read(text) {
            if self.panics.len() < MAX_FINDINGS {
                self.panics.insert(panic.thread, panic.place);
            }
        } else if !self.testing {
            self.build.read_text(text, findings);
        }
        Verdict::Show
    }

    fn add_failed_tests(&self, findings: &mut Findings) {
        let crates = CratesOfBinaries::new(&self.tests, self.targets.all(), &self.locator);
        for test in self.tests.failed() {
            let uncaptured = || self.panics.get(&test.name).cloned();
            let place = test.place.clone().or_else(uncaptured);
            let located = place.map(|place| self.locator.locate(&place));
            let (place, crate_of_place) = located.unzip();
            let crate_name = crates.crate_of(test, crate_of_place.flatten());
            findings.push(Finding {
                test: Some(one_line(&test.name)),
                ..failure(crate_name, place, &format!("test {} failed", test.name))
            });
        }
    }

    /// Adds the test binaries whose failure no failed test explains, and counts them.
    fn add_failed_binaries(&self, findings: &mut Findings) -> usize {
        let unexplained = |target: &&FailedTarget| target.how.is_some() || self.tests.failures() == 0;
        let mut count = 0;
        for target in self.targets.all().iter().filter(unexplained) {
            let how = target.how.as_ref().map(|how| format!(" ({how})"));
            let message = format!("test binary `{}` failed{}", target.rerun, how.unwrap_or_default());
            findings.push(failure(target.crate_name(self.locator.attribution()), None, &message));
            count += 1;
        }
        count
    }
}

impl Reader for CargoTestReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        if line.stream == Stream::Stderr {
            return self.read_stderr(line.text, findings);
        }
        let verdict = self.build.read_message(line.bytes, findings);
        if verdict == Verdict::Show {
            self.tests.read(line.text);
        }
        verdict
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        let built = findings.in_words();
        if exit.is_success() {
            let nothing_ran = self.tests.found_no_tests();
            return if nothing_ran {
                Some("no tests".to_owned())
            } else {
                built
            };
        }
        let broken = findings.errors() > 0;
        self.add_failed_tests(findings);
        let binaries = self.add_failed_binaries(findings);
        if broken {
            return built.map(|counts| format!("build failed: {counts}"));
        }
        let failed = join_counts([(self.tests.failures(), "test"), (binaries, "test binary")]);
        if let Some(failed) = failed {
            return Some(format!("{failed} failed"));
        }
        let own = self.build.add_own_error(findings);
        own.map(|own| own.in_words().to_owned())
    }

    fn has_built(&self) -> bool {
        self.built
    }

    /// Cargo names all targets that failed once it has run them all.
    fn verdicts(&self, end: &End<'_>) -> Verdicts {
        let attribution = self.locator.attribution();
        if end.passed {
            return all_but(&BTreeSet::new(), end.asked);
        }
        let crates: Vec<_> = self
            .targets
            .all()
            .iter()
            .map(|target| target.crate_name(attribution))
            .collect();
        let mut failed: BTreeSet<CrateName> = crates.iter().flatten().cloned().collect();
        if self.targets.are_all() && crates.iter().all(Option::is_some) && !failed.is_empty() {
            return all_but(&failed, end.asked);
        }
        failed.extend(self.build.evidence().all_failed().iter().cloned());
        only(&failed, end.asked)
    }
}

/// Which crate the failed tests of each binary belong to. Libtest does not say; Cargo says it at the end.
struct CratesOfBinaries {
    /// The crate of all that failed, if it is but one.
    only: Option<CrateName>,
    by_binary: BTreeMap<usize, CrateName>,
    failed: Vec<CrateName>,
}

impl CratesOfBinaries {
    fn new(tests: &Libtest, targets: &[FailedTarget], locator: &Locator) -> Self {
        let crate_of = |target: &FailedTarget| target.crate_name(locator.attribution());
        let all: Vec<Option<CrateName>> = targets.iter().map(crate_of).collect();
        let only = all.first().filter(|first| all.iter().all(|other| other == *first));
        let binaries = tests.failed_binaries();
        let ran: Vec<&FailedTarget> = targets.iter().filter(|target| !target.is_doctest()).collect();
        // Cargo runs one binary after the other, so if it names as many as were seen to fail, they are the same ones.
        let by_binary = if ran.len() == binaries.len() {
            let pairs = binaries.into_iter().zip(ran);
            pairs
                .filter_map(|(binary, target)| Some((binary, crate_of(target)?)))
                .collect()
        } else {
            BTreeMap::new()
        };
        Self {
            only: only.cloned().flatten(),
            by_binary,
            failed: all.into_iter().flatten().collect(),
        }
    }

    fn crate_of(&self, test: &FailedTest, crate_of_place: Option<CrateName>) -> Option<CrateName> {
        if test.is_doctest() && crate_of_place.is_some() {
            return crate_of_place;
        }
        let named = self.only.as_ref().or_else(|| self.by_binary.get(&test.binary)).cloned();
        // A test may panic in a crate that it only uses, so the place counts only if that crate's own tests failed.
        let is_likely = |name: &CrateName| self.failed.is_empty() || self.failed.contains(name);
        named.or_else(|| crate_of_place.filter(is_likely))
    }
}

fn failure(crate_name: Option<CrateName>, place: Option<crate::model::Place>, message: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        crate_name,
        place,
        code: None,
        test: None,
        message: one_line(message),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Dialect, Exit};
    use crate::tool_output::recorded::{Recorded, check};

    fn cargo_test(exit: i32) -> Recorded<'static> {
        Recorded::new(Dialect::CargoTest, Exit::Code(exit))
    }

    /// Recorded: `cargo test --no-fail-fast --color always --message-format=json-diagnostic-rendered-ansi`.
    fn failures() -> Recorded<'static> {
        Recorded {
            stdout: include_str!("recorded/cargo_test_failures.stdout"),
            stderr: include_str!("recorded/cargo_test_failures.stderr"),
            ..cargo_test(101)
        }
    }

    #[test]
    fn failed_tests_are_found_with_their_crates() {
        check(
            &failures(),
            Some("3 tests, 1 test binary failed"),
            &[
                "warning crate-a crates/a/src/lib.rs:9:9 [unused_variables] unused variable: `unused`",
                "error crate-a crates/a/src/lib.rs:25:9 test tests::fails failed",
                "error crate-a test outside failed",
                "error crate-a crates/a/src/lib.rs:5 test crates/a/src/lib.rs - add (line 5) failed",
                "error crate-b test binary `-p crate-b --lib` failed (signal: 6, SIGABRT: process abort signal)",
            ],
        );
        let report = failures().report();
        let tests: Vec<_> = report
            .findings
            .iter()
            .filter_map(|finding| finding.test.as_deref())
            .collect();
        assert_eq!(tests, ["tests::fails", "outside", "crates/a/src/lib.rs - add (line 5)"]);
        let output = String::from_utf8(report.output.bytes).unwrap();
        assert!(output.contains("Running\u{1b}[0m unittests src/lib.rs"));
        assert!(output.contains("   Doc-tests\u{1b}[0m crate_a"));
        assert!(output.contains("test tests::fails ... FAILED"));
        assert!(!output.contains("Finished") && !output.contains("{\"reason"));
    }

    #[test]
    fn a_build_that_failed_is_no_failed_test() {
        let recorded = Recorded {
            stdout: include_str!("recorded/cargo_test_build_error.stdout"),
            stderr: include_str!("recorded/cargo_test_build_error.stderr"),
            ..cargo_test(101)
        };
        let report = recorded.report();
        assert_eq!(report.meaning.as_deref(), Some("build failed: 3 errors, 1 warning"));
        assert_eq!(report.findings.len(), 4);
    }

    /// Recorded: `cargo test --no-fail-fast -- --nocapture fails should`, in a workspace of one crate.
    #[test]
    fn tests_that_are_not_captured_panic_on_standard_error() {
        let recorded = Recorded {
            stdout: "
running 2 tests
hello
test tests::fails ... FAILED
test tests::passes ... ok

failures:

failures:
    tests::fails

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s
",
            stderr: "
     Running unittests src/lib.rs (/ws/target/debug/deps/crate_a-091397ab6112a2ef)

thread 'tests::fails' (27331) panicked at crates/a/src/lib.rs:24:9:
assertion `left == right` failed: arithmetic
error: from the test, not from the compiler
 --> crates/a/src/lib.rs:1:1
error: test failed, to rerun pass `--lib`
",
            ..cargo_test(101)
        };
        check(
            &recorded,
            Some("1 test failed"),
            &["error crate-a crates/a/src/lib.rs:24:9 test tests::fails failed"],
        );
    }

    #[test]
    fn tests_of_one_name_are_told_apart_by_their_binaries() {
        let binary = "running 1 test\ntest x ... FAILED\n\nfailures:\n\n---- x stdout ----\n\nfailures:\n    x\n\n\
                      test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\n";
        let recorded = Recorded {
            stdout: &binary.repeat(2),
            stderr: "error: test failed, to rerun pass `-p crate-b --lib`\n\
                     error: test failed, to rerun pass `-p crate-a --lib`\n",
            ..cargo_test(101)
        };
        check(
            &recorded,
            Some("2 tests failed"),
            &["error crate-b test x failed", "error crate-a test x failed"],
        );
    }

    #[test]
    fn other_ends_have_their_own_meanings() {
        let empty = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n";
        let harness = "error: test failed, to rerun pass `-p crate-a --test custom`\n";
        let no_target = "error: no test target named `nosuch` in default-run packages\n";
        for (stdout, stderr, exit, meaning, found) in [
            (empty, "", 0, Some("no tests"), &[][..]),
            ("running 1 test\n", "", 0, None, &[]),
            ("", "", 0, None, &[]),
            ("", "", 101, None, &[]),
            (
                "",
                harness,
                101,
                Some("1 test binary failed"),
                &["error crate-a test binary `-p crate-a --test custom` failed"],
            ),
            (
                "",
                no_target,
                101,
                Some("cargo failed"),
                &["error no test target named `nosuch` in default-run packages"],
            ),
        ] {
            let recorded = Recorded {
                stdout,
                stderr,
                ..cargo_test(exit)
            };
            check(&recorded, meaning, found);
        }
    }
}
