use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::super::fixtures::*;
use super::super::text::columns;
use super::*;
use crate::event::{Failure, Output, SavedOutput};
use crate::model::{Exit, Severity};

const CLIPPY: &str = "error: unneeded `return` statement
 --> a/src/lib.rs:3:5
  |
3 |     return 1;
  |     ^^^^^^^^^
  |
  = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#needless_return

error: could not compile `a` (lib) due to 1 previous error
";

fn options(width: usize) -> HumanOptions {
    HumanOptions {
        colour: Colour::Strip,
        width,
        verbosity: Verbosity::Normal,
    }
}

/// All that is written of these events.
fn written(events: &[Event], options: HumanOptions) -> String {
    let mut out = Vec::new();
    let mut reporter = HumanReporter::new(options);
    for event in events {
        reporter.on_event(event, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

/// The same, as it stands in a snapshot: with a visible left edge, and colours as `␛`.
fn shown(events: &[Event], options: HumanOptions) -> String {
    let text = written(events, options);
    assert!(text.is_empty() || text.ends_with('\n'));
    let edge = |line: &str| {
        assert_eq!(line, line.trim_end(), "nothing ends in blanks");
        format!("|{}\n", line.replace('\x1b', "␛"))
    };
    text.lines().map(edge).collect()
}

fn errors_in(names: &[&str]) -> Vec<crate::model::Finding> {
    let mut findings = vec![finding(
        Severity::Warning,
        names[0],
        "a/src/main.rs",
        9,
        "unused variable: `x`",
    )];
    findings.extend(names.iter().map(|name| {
        let code = Some("clippy::needless_return".to_owned());
        let message = "unneeded `return` statement";
        crate::model::Finding {
            code,
            ..finding(Severity::Error, name, &format!("{name}/src/lib.rs"), 3, message)
        }
    }));
    findings
}

/// A run in which everything happens.
fn eventful() -> Vec<Event> {
    let clippy = TaskFinished {
        findings: errors_in(&["a", "b"]),
        output: wrote(CLIPPY),
        ..task(head(1, "clippy", ""), exit(101, Some("2 errors, 1 warning")), 1203)
    };
    let fmt = TaskFinished {
        findings: (1..=12)
            .map(|line| finding(Severity::Error, "a", "a/src/lib.rs", line, "not formatted"))
            .collect(),
        ..task(head(0, "fmt", ""), exit(1, Some("1 file not formatted")), 110)
    };
    let doc = TaskFinished {
        findings: vec![finding(Severity::Warning, "a", "a/src/lib.rs", 1, "unresolved link to `X`"); 3],
        output: wrote("warning: unresolved link to `X`\n"),
        ..task(head(2, "doc", ""), Outcome::Passed, 2000)
    };
    let typos = TaskFinished {
        task: Arc::new(crate::event::TaskHead {
            may_fail: true,
            ..head(3, "typos", "")
        }),
        output: wrote("README.md:1: teh -> the\n"),
        ..task(head(3, "typos", ""), exit(2, None), 20)
    };
    let limit = Duration::from_secs(10);
    let blocked = Outcome::Blocked { by: "clippy".into() };
    vec![
        started(
            &["fmt", "clippy", "doc", "typos", "test", "bench", "miri", "audit"],
            &[("machete", "cargo-machete is not installed")],
        ),
        at(
            1,
            EventKind::TaskStarted {
                task: Arc::new(head(0, "fmt", "")),
            },
        ),
        at(
            2,
            EventKind::TaskSaid {
                task: crate::model::TaskId(0),
                line: "Diff in".to_owned(),
            },
        ),
        finished(110, fmt),
        finished(200, typos),
        finished(1300, clippy),
        finished(1301, task(head(4, "test", "crate-a"), blocked, 0)),
        finished(2300, doc),
        at(
            9000,
            EventKind::TaskSlow {
                task: Arc::new(head(5, "bench", "")),
                running: Duration::from_mins(1),
            },
        ),
        finished(
            10_000,
            task(
                head(5, "bench", ""),
                Outcome::TimedOut {
                    limit,
                    calibrated: false,
                },
                10_000,
            ),
        ),
        at(
            10_001,
            EventKind::StopBegan {
                reason: StopReason::Interrupted,
            },
        ),
        finished(10_500, task(head(6, "miri", ""), Outcome::Cancelled, 500)),
        finished(10_500, task(head(7, "audit", ""), Outcome::Cancelled, 0)),
        ended(
            10_501,
            RunStats {
                passed: 1,
                failed: 3,
                tolerated: 1,
                blocked: 1,
                cancelled: 2,
                interrupted: true,
                ..RunStats::default()
            },
        ),
    ]
}

#[test]
fn a_run_with_all_that_can_happen() {
    insta::assert_snapshot!(shown(&eventful(), options(80)), @r"
|    Checking 3 crates: 8 checks, 8 tasks in 2 waves on 2 slots
|     SKIPPED machete: cargo-machete is not installed
|        FAIL [   0.110s] fmt: 1 file not formatted in a
|             a  a/src/lib.rs:1  not formatted
|             a  a/src/lib.rs:2  not formatted
|             a  a/src/lib.rs:3  not formatted
|             a  a/src/lib.rs:4  not formatted
|             a  a/src/lib.rs:5  not formatted
|             … and 7 more
|       FAIL* [   0.020s] typos: exit code 2 (may fail)
|        FAIL [   1.203s] clippy: 2 errors, 1 warning in a and b
|             a  a/src/lib.rs:3   unneeded `return` statement [clippy::needless_…
|             b  b/src/lib.rs:3   unneeded `return` statement [clippy::needless_…
|             a  a/src/main.rs:9  warning: unused variable: `x`
|     BLOCKED [         ] test crate-a: clippy did not pass
|        PASS [   2.000s] doc (3 warnings)
|        SLOW [>  1m 00s] bench
|     TIMEOUT [  10.000s] bench: longer than 10s
|    Stopping after an interrupt
|   CANCELLED [   0.500s] miri
|
|--- fmt ---
|    a  a/src/lib.rs:1   not formatted
|    a  a/src/lib.rs:2   not formatted
|    a  a/src/lib.rs:3   not formatted
|    a  a/src/lib.rs:4   not formatted
|    a  a/src/lib.rs:5   not formatted
|    a  a/src/lib.rs:6   not formatted
|    a  a/src/lib.rs:7   not formatted
|    a  a/src/lib.rs:8   not formatted
|    a  a/src/lib.rs:9   not formatted
|    a  a/src/lib.rs:10  not formatted
|    a  a/src/lib.rs:11  not formatted
|    a  a/src/lib.rs:12  not formatted
|
|--- clippy ---
|    error: unneeded `return` statement
|     --> a/src/lib.rs:3:5
|      |
|    3 |     return 1;
|      |     ^^^^^^^^^
|      |
|      = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#needless_return
|
|    error: could not compile `a` (lib) due to 1 previous error
|
|--- bench ---
|    it wrote nothing
|
|--- typos ---
|    README.md:1: teh -> the
|
|------------
|     Summary [  10.501s] interrupted; 8 tasks: 1 passed, 3 failed,
|             1 failed (may fail), 1 blocked, 2 cancelled, 1 skipped
|        FAIL [   0.110s] fmt: 1 file not formatted in a
|             rerun: cargo hooks check fmt
|             fix:   cargo hooks check fmt --fix
|        FAIL [   1.203s] clippy: 2 errors, 1 warning in a and b
|             rerun: cargo hooks check clippy
|             fix:   cargo hooks check clippy --fix
|     TIMEOUT [  10.000s] bench: longer than 10s
|             rerun: cargo hooks check bench
|       FAIL* [   0.020s] typos: exit code 2 (may fail)
|             rerun: cargo hooks check typos
");
}

#[test]
fn the_same_on_a_narrow_terminal() {
    insta::assert_snapshot!(shown(&eventful(), options(40)), @r"
|    Checking 3 crates: 8 checks, 8 tasks
|             in 2 waves on 2 slots
|     SKIPPED machete: cargo-machete is
|             not installed
|        FAIL [   0.110s] fmt: 1 file not
|             formatted in a
|  a  a/src/lib.rs:1  not formatted
|  a  a/src/lib.rs:2  not formatted
|  a  a/src/lib.rs:3  not formatted
|  a  a/src/lib.rs:4  not formatted
|  a  a/src/lib.rs:5  not formatted
|  … and 7 more
|       FAIL* [   0.020s] typos: exit
|             code 2 (may fail)
|        FAIL [   1.203s] clippy: 2
|             errors, 1 warning in a and
|             b
|  a  a/src/lib.rs:3  unneeded `return` …
|  b  b/src/lib.rs:3  unneeded `return` …
|  a  a/src/main.rs:9  warning: unused v…
|     BLOCKED [         ] test crate-a:
|             clippy did not pass
|        PASS [   2.000s] doc (3
|             warnings)
|        SLOW [>  1m 00s] bench
|     TIMEOUT [  10.000s] bench: longer
|             than 10s
|    Stopping after an interrupt
|   CANCELLED [   0.500s] miri
|
|--- fmt ---
|  a  a/src/lib.rs:1  not formatted
|  a  a/src/lib.rs:2  not formatted
|  a  a/src/lib.rs:3  not formatted
|  a  a/src/lib.rs:4  not formatted
|  a  a/src/lib.rs:5  not formatted
|  a  a/src/lib.rs:6  not formatted
|  a  a/src/lib.rs:7  not formatted
|  a  a/src/lib.rs:8  not formatted
|  a  a/src/lib.rs:9  not formatted
|  a  a/src/lib.rs:10  not formatted
|  a  a/src/lib.rs:11  not formatted
|  a  a/src/lib.rs:12  not formatted
|
|--- clippy ---
|  error: unneeded `return` statement
|   --> a/src/lib.rs:3:5
|    |
|  3 |     return 1;
|    |     ^^^^^^^^^
|    |
|    = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#needless_return
|
|  error: could not compile `a` (lib) due to 1 previous error
|
|--- bench ---
|  it wrote nothing
|
|--- typos ---
|  README.md:1: teh -> the
|
|------------
|     Summary [  10.501s] interrupted;
|             8 tasks: 1 passed,
|             3 failed,
|             1 failed (may fail),
|             1 blocked, 2 cancelled,
|             1 skipped
|        FAIL [   0.110s] fmt: 1 file not
|             formatted in a
|  rerun: cargo hooks check fmt
|  fix:   cargo hooks check fmt --fix
|        FAIL [   1.203s] clippy: 2
|             errors, 1 warning in a and
|             b
|  rerun: cargo hooks check clippy
|  fix:   cargo hooks check clippy --fix
|     TIMEOUT [  10.000s] bench: longer
|             than 10s
|  rerun: cargo hooks check bench
|       FAIL* [   0.020s] typos: exit
|             code 2 (may fail)
|  rerun: cargo hooks check typos
");
}

#[test]
fn the_same_on_a_wide_terminal() {
    insta::assert_snapshot!(shown(&eventful(), options(200)), @r"
|    Checking 3 crates: 8 checks, 8 tasks in 2 waves on 2 slots
|     SKIPPED machete: cargo-machete is not installed
|        FAIL [   0.110s] fmt: 1 file not formatted in a
|             a  a/src/lib.rs:1  not formatted
|             a  a/src/lib.rs:2  not formatted
|             a  a/src/lib.rs:3  not formatted
|             a  a/src/lib.rs:4  not formatted
|             a  a/src/lib.rs:5  not formatted
|             … and 7 more
|       FAIL* [   0.020s] typos: exit code 2 (may fail)
|        FAIL [   1.203s] clippy: 2 errors, 1 warning in a and b
|             a  a/src/lib.rs:3   unneeded `return` statement [clippy::needless_return]
|             b  b/src/lib.rs:3   unneeded `return` statement [clippy::needless_return]
|             a  a/src/main.rs:9  warning: unused variable: `x`
|     BLOCKED [         ] test crate-a: clippy did not pass
|        PASS [   2.000s] doc (3 warnings)
|        SLOW [>  1m 00s] bench
|     TIMEOUT [  10.000s] bench: longer than 10s
|    Stopping after an interrupt
|   CANCELLED [   0.500s] miri
|
|--- fmt ---
|    a  a/src/lib.rs:1   not formatted
|    a  a/src/lib.rs:2   not formatted
|    a  a/src/lib.rs:3   not formatted
|    a  a/src/lib.rs:4   not formatted
|    a  a/src/lib.rs:5   not formatted
|    a  a/src/lib.rs:6   not formatted
|    a  a/src/lib.rs:7   not formatted
|    a  a/src/lib.rs:8   not formatted
|    a  a/src/lib.rs:9   not formatted
|    a  a/src/lib.rs:10  not formatted
|    a  a/src/lib.rs:11  not formatted
|    a  a/src/lib.rs:12  not formatted
|
|--- clippy ---
|    error: unneeded `return` statement
|     --> a/src/lib.rs:3:5
|      |
|    3 |     return 1;
|      |     ^^^^^^^^^
|      |
|      = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#needless_return
|
|    error: could not compile `a` (lib) due to 1 previous error
|
|--- bench ---
|    it wrote nothing
|
|--- typos ---
|    README.md:1: teh -> the
|
|------------
|     Summary [  10.501s] interrupted; 8 tasks: 1 passed, 3 failed, 1 failed (may fail), 1 blocked, 2 cancelled, 1 skipped
|        FAIL [   0.110s] fmt: 1 file not formatted in a
|             rerun: cargo hooks check fmt
|             fix:   cargo hooks check fmt --fix
|        FAIL [   1.203s] clippy: 2 errors, 1 warning in a and b
|             rerun: cargo hooks check clippy
|             fix:   cargo hooks check clippy --fix
|     TIMEOUT [  10.000s] bench: longer than 10s
|             rerun: cargo hooks check bench
|       FAIL* [   0.020s] typos: exit code 2 (may fail)
|             rerun: cargo hooks check typos
");
}

#[test]
fn quiet_tells_what_went_wrong() {
    let quiet = HumanOptions {
        verbosity: Verbosity::Quiet,
        ..options(80)
    };
    insta::assert_snapshot!(shown(&eventful(), quiet), @r"
|    Stopping after an interrupt
|--- fmt ---
|    a  a/src/lib.rs:1   not formatted
|    a  a/src/lib.rs:2   not formatted
|    a  a/src/lib.rs:3   not formatted
|    a  a/src/lib.rs:4   not formatted
|    a  a/src/lib.rs:5   not formatted
|    a  a/src/lib.rs:6   not formatted
|    a  a/src/lib.rs:7   not formatted
|    a  a/src/lib.rs:8   not formatted
|    a  a/src/lib.rs:9   not formatted
|    a  a/src/lib.rs:10  not formatted
|    a  a/src/lib.rs:11  not formatted
|    a  a/src/lib.rs:12  not formatted
|
|--- clippy ---
|    error: unneeded `return` statement
|     --> a/src/lib.rs:3:5
|      |
|    3 |     return 1;
|      |     ^^^^^^^^^
|      |
|      = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#needless_return
|
|    error: could not compile `a` (lib) due to 1 previous error
|
|--- bench ---
|    it wrote nothing
|
|--- typos ---
|    README.md:1: teh -> the
|
|------------
|     Summary [  10.501s] interrupted; 8 tasks: 1 passed, 3 failed,
|             1 failed (may fail), 1 blocked, 2 cancelled, 1 skipped
|        FAIL [   0.110s] fmt: 1 file not formatted in a
|             rerun: cargo hooks check fmt
|             fix:   cargo hooks check fmt --fix
|        FAIL [   1.203s] clippy: 2 errors, 1 warning in a and b
|             rerun: cargo hooks check clippy
|             fix:   cargo hooks check clippy --fix
|     TIMEOUT [  10.000s] bench: longer than 10s
|             rerun: cargo hooks check bench
|       FAIL* [   0.020s] typos: exit code 2 (may fail)
|             rerun: cargo hooks check typos
");
}

#[test]
fn verbose_tells_what_starts_and_what_passing_tasks_wrote() {
    let verbose = HumanOptions {
        verbosity: Verbosity::Verbose,
        ..options(80)
    };
    let doc = TaskFinished {
        output: wrote("one\n\ntwo\n"),
        ..task(head(0, "doc", ""), Outcome::Passed, 50)
    };
    let events = [
        started(&["doc", "test"], &[]),
        at(
            1,
            EventKind::TaskStarted {
                task: Arc::new(head(0, "doc", "")),
            },
        ),
        finished(51, doc),
        finished(60, task(head(1, "test", ""), Outcome::Cancelled, 0)),
        ended(
            60,
            RunStats {
                passed: 1,
                cancelled: 1,
                ..RunStats::default()
            },
        ),
    ];
    insta::assert_snapshot!(shown(&events, verbose), @r"
|    Checking 3 crates: 2 checks, 2 tasks in 2 waves on 2 slots
|       START [         ] doc
|        PASS [   0.050s] doc
|    one
|
|    two
|   CANCELLED [         ] test
|------------
|     Summary [   0.060s] 2 tasks: 1 passed, 1 cancelled
");
}

#[test]
fn a_run_in_which_all_is_well() {
    let events = [
        started(&["fmt", "clippy"], &[]),
        finished(110, task(head(0, "fmt", ""), Outcome::Passed, 110)),
        finished(62_110, task(head(1, "clippy", ""), Outcome::Passed, 62_000)),
        ended(
            62_110,
            RunStats {
                passed: 2,
                ..RunStats::default()
            },
        ),
    ];
    insta::assert_snapshot!(shown(&events, options(80)), @r"
|    Checking 3 crates: 2 checks, 2 tasks in 2 waves on 2 slots
|        PASS [   0.110s] fmt
|        PASS [   1m 02s] clippy
|------------
|     Summary [   1m 02s] 2 tasks: 2 passed
");
    insta::assert_snapshot!(shown(&events, HumanOptions { colour: Colour::Keep, ..options(80) }), @r"
|    ␛[1m␛[32mChecking␛[0m 3 crates: 2 checks, 2 tasks in 2 waves on 2 slots
|        ␛[1m␛[32mPASS␛[0m [   0.110s] ␛[1mfmt␛[0m
|        ␛[1m␛[32mPASS␛[0m [   1m 02s] ␛[1mclippy␛[0m
|------------
|     ␛[1m␛[32mSummary␛[0m [   1m 02s] 2 tasks: ␛[1m␛[32m2 passed␛[0m
");
    assert_eq!(
        written(
            &events,
            HumanOptions {
                verbosity: Verbosity::Quiet,
                ..options(80)
            }
        ),
        ""
    );
}

#[test]
fn nothing_to_do_is_said() {
    let events = [started(&[], &[]), ended(3, RunStats::default())];
    insta::assert_snapshot!(shown(&events, options(80)), @r"
|------------
|     Summary [   0.003s] nothing to do
");
    let events = [
        started(&[], &[("deny", "cargo-deny is not installed")]),
        ended(3, RunStats::default()),
    ];
    insta::assert_snapshot!(shown(&events, options(40)), @r"
|     SKIPPED deny: cargo-deny is not
|             installed
|------------
|     Summary [   0.003s] nothing to do,
|             1 skipped
");
}

#[test]
fn each_way_to_fail_has_its_words() {
    let signal = |signal, meaning: Option<&str>| {
        Outcome::Failed(Failure::Exit {
            exit: Exit::Signal(signal),
            meaning: meaning.map(str::to_owned),
        })
    };
    let one = vec![finding(Severity::Error, "a", "", 0, "test `it_works` failed")];
    let with = |finished: TaskFinished| TaskFinished {
        findings: one.clone(),
        ..finished
    };
    let ends = [
        task(head(0, "one", ""), exit(3, None), 1),
        with(task(head(1, "two", ""), exit(3, None), 1)),
        with(task(head(2, "test", "a"), exit(100, Some("1 test failed")), 1)),
        task(head(3, "four", ""), signal(9, None), 1),
        task(head(4, "five", ""), signal(63, None), 1),
        with(task(head(5, "six", ""), signal(11, Some("1 test crashed")), 1)),
        task(
            head(6, "seven", ""),
            Outcome::Failed(Failure::Start {
                error: "No such file\n".to_owned(),
            }),
            0,
        ),
        task(head(7, "eight", ""), Outcome::Failed(Failure::Regenerated), 1),
    ];
    let mut events: Vec<Event> = ends.into_iter().map(|end| finished(1, end)).collect();
    let reason = StopReason::FailFast { check: "one".into() };
    events.push(at(1, EventKind::StopBegan { reason }));
    events.push(at(
        1,
        EventKind::StopBegan {
            reason: StopReason::Critical { check: "two".into() },
        },
    ));
    events.push(ended(
        1,
        RunStats {
            failed: 8,
            ..RunStats::default()
        },
    ));
    insta::assert_snapshot!(shown(&events, options(100)), @r"
|        FAIL [   0.001s] one: exit code 3
|        FAIL [   0.001s] two: 1 error in a
|             a  test `it_works` failed
|        FAIL [   0.001s] test a: 1 test failed
|             a  test `it_works` failed
|        FAIL [   0.001s] four: killed by SIGKILL
|        FAIL [   0.001s] five: killed by signal 63
|        FAIL [   0.001s] six: 1 test crashed in a; killed by SIGSEGV
|             a  test `it_works` failed
|        FAIL [   0.000s] seven: could not be started: No such file
|        FAIL [   0.001s] eight: changed files that were to be up to date
|    Stopping after the first failure: one
|    Stopping after a critical failure: two
|
|--- one ---
|    it wrote nothing
|
|--- two ---
|    a  test `it_works` failed
|
|--- test a ---
|    a  test `it_works` failed
|
|--- four ---
|    it wrote nothing
|
|--- five ---
|    it wrote nothing
|
|--- six ---
|    a  test `it_works` failed
|
|------------
|     Summary [   0.001s] 8 tasks: 8 failed
|        FAIL [   0.001s] one: exit code 3
|             rerun: cargo hooks check one
|        FAIL [   0.001s] two: 1 error in a
|             rerun: cargo hooks check two
|        FAIL [   0.001s] test a: 1 test failed
|             rerun: cargo hooks check test
|        FAIL [   0.001s] four: killed by SIGKILL
|             rerun: cargo hooks check four
|        FAIL [   0.001s] five: killed by signal 63
|             rerun: cargo hooks check five
|        FAIL [   0.001s] six: 1 test crashed in a; killed by SIGSEGV
|             rerun: cargo hooks check six
|        FAIL [   0.000s] seven: could not be started: No such file
|             rerun: cargo hooks check seven
|        FAIL [   0.001s] eight: changed files that were to be up to date
|             rerun: cargo hooks check eight
");
}

#[test]
fn long_output_is_bounded_unless_all_is_asked_for() {
    let lines: Vec<String> = (1..=1000).map(|line| format!("line {line}\n")).collect();
    let long = Output {
        dropped: 20_000,
        ..wrote(&lines.concat())
    };
    let events = [
        finished(
            1,
            TaskFinished {
                output: long,
                ..task(head(0, "x", ""), exit(1, None), 1)
            },
        ),
        ended(
            1,
            RunStats {
                failed: 1,
                ..RunStats::default()
            },
        ),
    ];
    let text = written(&events, options(80));
    assert!(
        text.contains("    line 150\n    … 600 lines left out; -v shows all\n    line 751\n"),
        "{text}"
    );
    assert!(
        text.contains("    line 1000\n    … 19.5 KiB from the middle of this output are not shown\n"),
        "{text}"
    );
    let all = written(
        &events,
        HumanOptions {
            verbosity: Verbosity::Verbose,
            ..options(80)
        },
    );
    assert!(all.contains("    line 500\n") && !all.contains("left out"));
}

#[test]
fn the_file_that_holds_all_of_a_long_output_is_named_where_something_is_missing() {
    let check = |bytes: &str, dropped, left_out, expected: &[&str]| {
        let output = Output {
            dropped,
            saved: Some(SavedOutput {
                path: "/state/a b\u{1b}[2J/1-x.log".into(),
                left_out,
            }),
            ..wrote(bytes)
        };
        let text = super::super::failure::output(&output, options(80));
        let notes: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with('…'))
            .collect();
        assert_eq!(notes, expected);
    };
    check("short\n", 0, 0, &[]);
    let named = "… all of it is in /state/a b/1-x.log";
    check(&"x\n".repeat(401), 0, 0, &["… 1 line left out", named]);
    check(&"x".repeat(1001), 0, 0, &[named]);
    check(
        "x\n",
        2048,
        3_145_728,
        &[
            "… 2.0 KiB from the middle of this output are not shown",
            "… all of it but 3.0 MiB is in /state/a b/1-x.log",
        ],
    );
}

/// What is shown whole needs no file.
#[test]
fn an_output_is_long_where_its_lines_are_left_out() {
    assert_eq!(super::super::failure::MOST_LINES, crate::tool_output::LONG_LINES);
}

#[test]
fn a_wait_for_another_cargo_is_told() {
    let waits = |millis, waited| {
        let task = Arc::new(head(0, "clippy", ""));
        let lock = "build directory".to_owned();
        let waited = Duration::from_millis(waited);
        at(millis, EventKind::TaskWaits { task, lock, waited })
    };
    let ends = |waited, outcome| TaskFinished {
        waited: Duration::from_millis(waited),
        ..task(head(0, "clippy", ""), outcome, 20)
    };
    let events = [
        waits(1010, 1001),
        waits(61_010, 61_002),
        finished(61_030, ends(61_020, Outcome::Passed)),
        finished(61_030, ends(999, Outcome::Passed)),
        finished(
            61_030,
            TaskFinished {
                leaked: 1,
                ..ends(61_020, exit(1, None))
            },
        ),
    ];
    insta::assert_snapshot!(shown(&events, options(120)), @"
|       WAITS [>  1.001s] clippy: another cargo holds the build directory
|       WAITS [>  1m 01s] clippy: another cargo holds the build directory
|        PASS [   0.020s] clippy: waited 1m 01s for another cargo
|        PASS [   0.020s] clippy
|        FAIL [   0.020s] clippy: exit code 1; left 1 process running; waited 1m 01s for another cargo
");
}

#[test]
fn colours_of_tools_end_where_their_output_ends() {
    let long = format!("\x1b[31m{}\x1b[0m\nnext\n\x1b[1mstays on\n\n", "x".repeat(2000));
    let events = [
        finished(
            1,
            TaskFinished {
                output: wrote(&long),
                ..task(head(0, "x", ""), exit(1, None), 1)
            },
        ),
        ended(
            1,
            RunStats {
                failed: 1,
                ..RunStats::default()
            },
        ),
    ];
    let text = written(
        &events,
        HumanOptions {
            colour: Colour::Keep,
            ..options(80)
        },
    );
    let cut = format!(
        "    \x1b[31m{}…\x1b[0m\n    next\n    \x1b[1mstays on\x1b[0m\n\n---",
        "x".repeat(999)
    );
    assert!(text.contains(&cut), "{text:?}");
    assert!(!written(&events, options(80)).contains('\x1b'));
}

#[test]
fn five_hundred_failures_stay_readable() {
    let lines = "some line of output\n".repeat(1000);
    let mut events = vec![started(&["test"; 500], &[])];
    events.extend((0..500).map(|id| {
        let findings = vec![finding(Severity::Error, "a", "src/lib.rs", 1, "bad"); 100];
        let failed = task(head(id, "test", &format!("crate-{id}")), exit(101, None), 1);
        finished(
            1,
            TaskFinished {
                findings,
                output: wrote(&lines),
                ..failed
            },
        )
    }));
    events.push(ended(
        9,
        RunStats {
            failed: 500,
            ..RunStats::default()
        },
    ));
    let text = written(&events, options(80));
    assert!(text.lines().count() < 500 * 7 + 20 * 410, "{}", text.lines().count());
    let end = text.split("------------\n").last().unwrap();
    assert!(end.lines().count() <= 44, "{end}");
    let (list, summary) = end
        .split_once("             … and 480 more failures; -v shows all\n")
        .unwrap();
    assert!(
        list.starts_with(summary) && summary.starts_with("     Summary ["),
        "{end}"
    );
}

#[test]
fn hostile_text_stays_in_its_place() {
    let hostile = crate::event::TaskHead {
        rerun: HOSTILE.to_owned(),
        fix: None,
        ..head(0, HOSTILE, HOSTILE)
    };
    let failed = TaskFinished {
        findings: vec![finding(Severity::Error, HOSTILE, HOSTILE, 1, HOSTILE)],
        output: wrote(HOSTILE),
        ..task(hostile, exit(1, Some(HOSTILE)), 1)
    };
    let events = [
        started(&[HOSTILE], &[(HOSTILE, HOSTILE)]),
        finished(1, failed),
        at(
            1,
            EventKind::StopBegan {
                reason: StopReason::Critical { check: HOSTILE.into() },
            },
        ),
        ended(
            1,
            RunStats {
                failed: 1,
                ..RunStats::default()
            },
        ),
    ];
    insta::assert_snapshot!(shown(&events, HumanOptions { width: usize::MAX, ..options(0) }), @r"
|    Checking 3 crates: 1 check, 1 task in 1 wave on 2 slots
|     SKIPPED a PASS b \u{202e}c31m: a PASS b \u{202e}c31m
|        FAIL [   0.001s] a PASS b \u{202e}c31m a PASS b \u{202e}c31m: a PASS b \u{202e}c31m in a PASS b \u{202e}c31m
|             a PASS b \u{202e}c31m  a         PASS b \u{202e}c31m:1  a PASS b \u{202e}c31m
|    Stopping after a critical failure: a PASS b \u{202e}c31m
|
|--- a PASS b \u{202e}c31m a PASS b \u{202e}c31m ---
|    a
|            PASS b
|    \u{202e}c31m
|
|------------
|     Summary [   0.001s] 1 task: 1 failed, 1 skipped
|        FAIL [   0.001s] a PASS b \u{202e}c31m a PASS b \u{202e}c31m: a PASS b \u{202e}c31m in a PASS b \u{202e}c31m
|             rerun: a         PASS b \u{202e}c31m
");
}

#[test]
fn only_commands_and_output_are_wider_than_the_terminal() {
    let long = "漢字-and-a-name-that-is-much-too-long-for-any-narrow-terminal";
    let failed = TaskFinished {
        findings: vec![finding(Severity::Error, long, long, 1, &format!("{long} {long}")); 7],
        output: wrote("short"),
        ..task(
            head(0, long, ""),
            exit(1, Some("1 error, 2 warnings and some more words to break")),
            1,
        )
    };
    let events = [
        started(&["x"], &[]),
        finished(1, failed),
        ended(
            1,
            RunStats {
                failed: 1,
                ..RunStats::default()
            },
        ),
    ];
    for width in [40, 60, 80, 200] {
        let text = written(&events, options(width));
        assert!(text.contains(&format!("rerun: cargo hooks check {long}\n")));
        for line in text.lines().filter(|line| !line.contains("rerun: ")) {
            assert!(columns(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_reporter_survives_a_pipe_that_breaks() {
    struct Broken;
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut reporter = HumanReporter::new(options(80));
    let error = reporter.on_event(&started(&["fmt"], &[]), &mut Broken).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    let said = EventKind::TaskSaid {
        task: crate::model::TaskId(0),
        line: "x".to_owned(),
    };
    assert!(reporter.on_event(&at(1, said), &mut Broken).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_control_character_is_written_but_newline_tab_and_colours(
        events in any_events(),
        width in prop::sample::select(vec![0, 40, 80, 200, usize::MAX]),
        colour in prop::sample::select(vec![Colour::Keep, Colour::Strip]),
        verbosity in prop::sample::select(vec![Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose]),
    ) {
        let text = written(&events, HumanOptions { colour, width, verbosity });
        let mut rest = text.as_str();
        while let Some(found) = rest.find(|c: char| c.is_control() && c != '\n' && c != '\t') {
            prop_assert!(colour == Colour::Keep, "{text:?}");
            let sequence = rest[found..].strip_prefix("\x1b[");
            let end = sequence.and_then(|sequence| sequence.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')));
            prop_assert!(sequence.zip(end).is_some_and(|(sequence, end)| sequence[end..].starts_with('m')), "{text:?}");
            rest = &rest[found + 1..];
        }
    }
}

#[test]
fn what_is_tried_again_and_what_keeps_failing() {
    let retries = TaskRetries {
        failed: TaskFinished {
            attempts: 1,
            ..task(head(0, "net", ""), exit(7, None), 20)
        },
        most: 3,
        wait: Duration::from_millis(1500),
    };
    let flaky = TaskFinished {
        attempts: 2,
        note: Some("3 tests".to_owned()),
        ..task(head(0, "net", ""), Outcome::Passed, 10)
    };
    let limit = Duration::from_mins(2);
    let late = Outcome::TimedOut {
        limit,
        calibrated: true,
    };
    let late = TaskFinished {
        quarantined: true,
        ..task(head(1, "x", ""), late, 120_000)
    };
    let events = [
        at(20, EventKind::TaskRetries(Box::new(retries))),
        finished(50, flaky),
        finished(60, late),
        ended(
            70,
            RunStats {
                passed: 1,
                flaky: 1,
                failed: 1,
                quarantined: 1,
                ..RunStats::default()
            },
        ),
    ];
    insta::assert_snapshot!(written(&events, options(200)), @r"
           RETRY [   0.020s] net: exit code 7 (try 1 of 3; the next in 1.500s)
           FLAKY [   0.010s] net (3 tests; passed on try 2)
         TIMEOUT [   2m 00s] x: longer than 2m, which follows from earlier runs (quarantined: it keeps failing)

    --- x ---
        it wrote nothing

    ------------
         Summary [   0.070s] 2 tasks: 1 passed, 1 of them flaky, 1 failed, 1 of them quarantined
         TIMEOUT [   2m 00s] x: longer than 2m, which follows from earlier runs (quarantined: it keeps failing)
                 rerun: cargo hooks check x
           FLAKY [   0.010s] net (3 tests; passed on try 2)
                 rerun: cargo hooks check net
    ");
}
