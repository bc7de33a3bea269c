use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use quick_junit::Report as Parsed;
use roxmltree::{Document, Node};

use super::super::fixtures::*;
use super::*;
use crate::event::{CrateVerdict, Failure, Outcome, RunStats, TaskRetries};
use crate::model::{CrateName, Finding, Severity};

/// 2001-09-09T01:46:40Z.
const BEGAN: Duration = Duration::from_secs(1_000_000_000);

fn written(events: &[Event]) -> String {
    let mut out = Vec::new();
    let mut reporter = JunitReporter::new(BEGAN);
    for event in events {
        reporter.on_event(event, &mut out).unwrap();
    }
    assert!(out.is_empty(), "nothing is written before the end");
    reporter.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn begins(at_millis: u64, head: TaskHead) -> Event {
    at(at_millis, EventKind::TaskStarted { task: Arc::new(head) })
}

/// What is in a report: a line for each suite and case, with what stands in it.
fn outline(report: &str) -> Vec<String> {
    let document = Document::parse(report).unwrap();
    let mut lines = Vec::new();
    for suite in document.root_element().children().filter(Node::is_element) {
        let attribute = |name| suite.attribute(name).unwrap_or("-");
        lines.push(format!(
            "{}: {} tests, {} failures, {} errors, {} skipped, {}s",
            attribute("name"),
            attribute("tests"),
            attribute("failures"),
            attribute("errors"),
            attribute("skipped"),
            attribute("time"),
        ));
        for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
            lines.push(case_outline(case));
        }
    }
    lines
}

fn case_outline(case: Node) -> String {
    let said = case.children().filter(Node::is_element).map(|said| {
        let attribute = |name| said.attribute(name).unwrap_or("-");
        format!(
            " <{} {}: {}>",
            said.tag_name().name(),
            attribute("type"),
            attribute("message")
        )
    });
    let name = ["classname", "name"].map(|name| case.attribute(name).unwrap());
    format!("  {}{}", name.join(" "), said.collect::<String>())
}

#[test]
fn every_end_is_told_as_what_it_is() {
    let failed = |check, outcome| task(head(1, check, ""), outcome, 100);
    let failure = |failure| Outcome::Failed(failure);
    let tolerated = TaskHead {
        may_fail: true,
        ..head(1, "audit", "")
    };
    let events = [
        started(&["fmt", "clippy"], &[("machete", "cargo-machete is not installed")]),
        finished(100, failed("passes", Outcome::Passed)),
        finished(
            200,
            TaskFinished {
                cached: Cached::Whole,
                ..failed("cached", Outcome::Passed)
            },
        ),
        finished(300, failed("exit", exit(2, Some("2 errors")))),
        finished(
            400,
            failed(
                "start",
                failure(Failure::Start {
                    error: "no such file".to_owned(),
                }),
            ),
        ),
        finished(500, failed("denied", failure(Failure::Denied { warnings: 3 }))),
        finished(600, failed("regenerated", failure(Failure::Regenerated))),
        finished(
            700,
            failed(
                "uncertain",
                failure(Failure::Uncertain {
                    reason: "a file moved".to_owned(),
                }),
            ),
        ),
        finished(
            800,
            failed(
                "slow",
                Outcome::TimedOut {
                    limit: Duration::from_secs(1),
                    calibrated: true,
                },
            ),
        ),
        finished(900, failed("blocked", Outcome::Blocked { by: "fmt".into() })),
        finished(1000, failed("cancelled", Outcome::Cancelled)),
        finished(1100, task(tolerated, exit(1, None), 5)),
        begins(1200, head(9, "lost", "crate-a")),
        ended(1300, RunStats::default()),
    ];
    let report = written(&events);
    insta::assert_snapshot!(outline(&report).join("\n"), @r#"
    fmt: 0 tests, 0 failures, 0 errors, 0 skipped, 0.000s
    clippy: 0 tests, 0 failures, 0 errors, 0 skipped, 0.000s
    machete: 1 tests, 0 failures, 0 errors, 1 skipped, 0.000s
      machete machete <skipped left-out: cargo-machete is not installed>
    passes: 1 tests, 0 failures, 0 errors, 0 skipped, 0.100s
      passes passes
    cached: 1 tests, 0 failures, 0 errors, 0 skipped, 0.100s
      cached cached <system-out -: ->
    exit: 1 tests, 1 failures, 0 errors, 0 skipped, 0.100s
      exit exit <failure exit: 2 errors>
    start: 1 tests, 0 failures, 1 errors, 0 skipped, 0.100s
      start start <error start: could not be started: no such file>
    denied: 1 tests, 1 failures, 0 errors, 0 skipped, 0.100s
      denied denied <failure denied: 3 denied warnings>
    regenerated: 1 tests, 1 failures, 0 errors, 0 skipped, 0.100s
      regenerated regenerated <failure regenerated: changed files that were to be up to date>
    uncertain: 1 tests, 0 failures, 1 errors, 0 skipped, 0.100s
      uncertain uncertain <error uncertain: a file moved>
    slow: 1 tests, 1 failures, 0 errors, 0 skipped, 0.100s
      slow slow <failure timed-out: longer than 1s, which follows from earlier runs>
    blocked: 1 tests, 0 failures, 0 errors, 1 skipped, 0.100s
      blocked blocked <skipped blocked: blocked: fmt did not pass>
    cancelled: 1 tests, 0 failures, 0 errors, 1 skipped, 0.100s
      cancelled cancelled <skipped cancelled: the run stopped before it was done>
    audit: 1 tests, 0 failures, 0 errors, 1 skipped, 0.005s
      audit audit <skipped exit: failed, and may: exit code 1>
    lost: 1 tests, 0 failures, 1 errors, 0 skipped, 0.000s
      lost crate-a <error unfinished: it began, and no end of it is known>
    "#);
    assert!(Parsed::deserialize_from_str(&report).is_ok());
}

/// Clippy over three crates, of which one failed.
fn clippy(attempts: u32) -> TaskFinished {
    let mut output = wrote("error: mismatched types\n");
    output.of_crates.insert("a".into(), b"of a alone\n".to_vec());
    TaskFinished {
        attempts,
        crates: BTreeMap::from([
            ("a".into(), CrateVerdict::Failed),
            ("b".into(), CrateVerdict::NotReached),
            ("c".into(), CrateVerdict::Passed),
        ]),
        findings: vec![
            Finding {
                code: Some("E0308".to_owned()),
                ..finding(Severity::Error, "a", "a/src/lib.rs", 3, "mismatched types")
            },
            finding(Severity::Warning, "a", "a/src/lib.rs", 9, "unused"),
        ],
        output,
        ..task(
            head(0, "clippy", "3 crates"),
            exit(101, Some("1 error, 1 warning")),
            1203,
        )
    }
}

#[test]
fn a_report_says_what_was_found_where() {
    let events = [
        started(&["clippy"], &[]),
        begins(250, head(0, "clippy", "3 crates")),
        finished(1500, clippy(1)),
        ended(1600, RunStats::default()),
    ];
    insta::assert_snapshot!(written(&events), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="cargo-hooks" tests="3" failures="1" errors="0" time="1.600">
        <testsuite name="clippy" tests="3" skipped="1" errors="0" failures="1" timestamp="2001-09-09T01:46:40.250+00:00" time="1.203">
            <testcase name="a" classname="clippy">
                <failure message="1 error, 1 warning in a; 1 crate passed, 1 not reached" type="exit">a/src/lib.rs:3: error: mismatched types [E0308] (a)
    a/src/lib.rs:9: warning: unused (a)

    of a alone

    rerun: cargo hooks check clippy
    </failure>
            </testcase>
            <testcase name="b" classname="clippy">
                <skipped message="not looked at whole, since what it needs is wrong" type="not-reached"/>
            </testcase>
            <testcase name="c" classname="clippy"/>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn tries_that_failed_are_told_of_what_failed_in_them() {
    let retries = |attempts| {
        at(
            1000,
            EventKind::TaskRetries(Box::new(TaskRetries {
                failed: clippy(attempts),
                most: 3,
                wait: Duration::ZERO,
            })),
        )
    };
    let passes = |verdict: &BTreeMap<_, _>| {
        verdict
            .keys()
            .map(|name| (CrateName::clone(name), CrateVerdict::Passed))
            .collect()
    };
    let flaky = TaskFinished {
        outcome: Outcome::Passed,
        crates: passes(&clippy(3).crates),
        findings: Vec::new(),
        ..clippy(3)
    };
    let report = written(&[retries(1), retries(2), finished(3000, flaky)]);
    insta::assert_snapshot!(outline(&report).join("\n"), @r#"
    clippy: 3 tests, 0 failures, 0 errors, 0 skipped, 3.609s
      clippy a <flakyFailure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached> <flakyFailure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached>
      clippy b <flakyFailure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached> <flakyFailure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached>
      clippy c
    "#);
    let report = written(&[retries(1), finished(3000, clippy(2))]);
    insta::assert_snapshot!(outline(&report).join("\n"), @r#"
    clippy: 3 tests, 1 failures, 0 errors, 1 skipped, 2.406s
      clippy a <failure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached> <rerunFailure exit: 1 error, 1 warning in a; 1 crate passed, 1 not reached>
      clippy b <skipped not-reached: not looked at whole, since what it needs is wrong>
      clippy c
    "#);
}

#[test]
fn each_test_that_failed_is_a_case() {
    let test = |krate, name: &str, line| Finding {
        test: Some(name.to_owned()),
        ..finding(
            Severity::Error,
            krate,
            "a/src/lib.rs",
            line,
            &format!("test {name} failed"),
        )
    };
    let events = [finished(
        100,
        TaskFinished {
            crates: BTreeMap::from([("a".into(), CrateVerdict::Failed), ("b".into(), CrateVerdict::Unknown)]),
            findings: vec![test("a", "tests::adds", 7), test("", "outside", 0)],
            ..task(
                head(0, "test", "nextest, 2 crates"),
                exit(101, Some("2 tests failed")),
                10,
            )
        },
    )];
    insta::assert_snapshot!(outline(&written(&events)).join("\n"), @r#"
    test: 4 tests, 3 failures, 0 errors, 1 skipped, 0.010s
      test nextest a <failure exit: 2 tests failed in a>
      test nextest b <skipped unknown: nobody can say what came of it>
      a tests::adds <failure test: test tests::adds failed>
      test outside <failure test: test outside failed>
    "#);
}

#[test]
fn what_passed_already_is_said_for_the_whole_suite() {
    let some = TaskFinished {
        cached: Cached::Crates(2),
        ..task(head(0, "test", "crate-a"), Outcome::Passed, 10)
    };
    let all = TaskFinished {
        cached: Cached::Whole,
        ..task(head(1, "test", "crate-b"), Outcome::Passed, 0)
    };
    let report = written(&[finished(10, some), finished(10, all)]);
    let document = Document::parse(&report).unwrap();
    let values = document
        .descendants()
        .filter(|node| node.attribute("name") == Some("cached"));
    let values: Vec<_> = values.filter_map(|node| node.attribute("value")).collect();
    assert_eq!(values, ["2 crates of test crate-a", "test crate-b"]);
}

#[test]
fn no_output_breaks_the_report() {
    let nasty = b"\x1b[31mred\x1b[0m ]]> <![CDATA[ </failure> &amp; \xff\xfe \0\x01\x0b\x7f \xef\xbf\xbe\xef\xbf\xbf \"'\r\n\xed\xa0\x80 end";
    let mut output = wrote("");
    output.bytes = nasty.to_vec();
    let name = "a\" <b> ]]>\u{0}\u{ffff}\nc";
    let events = [finished(
        1,
        TaskFinished {
            output,
            ..task(head(0, name, ""), exit(1, Some("]]> <x>")), 1)
        },
    )];
    let report = written(&events);
    let document = Document::parse(&report).unwrap();
    let case = document
        .descendants()
        .find(|node| node.has_tag_name("testcase"))
        .unwrap();
    assert_eq!(case.attribute("name"), Some("a\" <b> ]]>\u{fffd} c"));
    let failure = case.first_element_child().unwrap();
    assert_eq!(failure.attribute("message"), Some("]]> <x>"));
    let text = failure.text().unwrap();
    assert!(text.contains("red ]]> <![CDATA[ </failure> &amp; "), "{text:?}");
    assert!(text.contains("\"'\n") && text.contains(" end\n"), "{text:?}");
}

#[test]
fn only_a_run_that_came_to_its_end_can_look_well() {
    let ended = |interrupted| {
        let stats = RunStats {
            interrupted,
            ..RunStats::default()
        };
        ended(5, stats)
    };
    let check = |events: &[Event], expected: &[&str]| assert_eq!(outline(&written(events)), expected);
    let begun = started(&[], &[]);
    check(&[], &[]);
    check(&[begun.clone(), ended(false)], &[]);
    let suite = "cargo-hooks: 1 tests, 0 failures, 1 errors, 0 skipped, -s";
    let unknown = "  cargo-hooks run <error unfinished: no end of the run is known>";
    check(std::slice::from_ref(&begun), &[suite, unknown]);
    let interrupted = "  cargo-hooks run <error interrupted: the run was interrupted>";
    check(&[begun, ended(true)], &[suite, interrupted]);
}

proptest! {
    /// Every report is XML, its counts are right, and no task that failed is without a case that did.
    #[test]
    fn a_report_tells_the_truth(events in any_events()) {
        let report = written(&events);
        let document = Document::parse(&report).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(Parsed::deserialize_from_str(&report).is_ok());
        let root = document.root_element();
        prop_assert_eq!(root.attribute("skipped"), None);
        let cases = root.descendants().filter(|node| node.has_tag_name("testcase"));
        let not_well = cases.filter(|case| {
            case.children().any(|said| said.has_tag_name("failure") || said.has_tag_name("error"))
        });
        let counted = ["failures", "errors"].map(|name| root.attribute(name).unwrap().parse::<usize>().unwrap());
        let counted: usize = counted.iter().sum();
        prop_assert_eq!(not_well.count(), counted);
        let only_ends = events.iter().filter(|event| matches!(event.kind, EventKind::TaskFinished(_)));
        let only_ends: Vec<Event> = only_ends.cloned().collect();
        let failed = only_ends.iter().any(|event| match &event.kind {
            EventKind::TaskFinished(finished) => finished.outcome.is_failure() && !finished.task.may_fail,
            _ => false,
        });
        let report = written(&only_ends);
        prop_assert_eq!(failed, report.contains("<failure") || report.contains("<error"), "{}", report);
    }
}
