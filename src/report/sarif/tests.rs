use proptest::prelude::*;

use super::super::fixtures::*;
use super::*;
use crate::event::{Failure, RunStats};
use crate::model::{Finding, Severity};

fn written(events: &[Event]) -> Value {
    let mut out = Vec::new();
    let mut reporter = SarifReporter::new(Places {
        workspace: "/repo/rust".into(),
        checkout: Some("/repo".into()),
    });
    for event in events {
        reporter.on_event(event, &mut out).unwrap();
    }
    reporter.finish(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// The names of the checks that are in a log.
fn checks(log: &Value) -> Vec<&str> {
    let runs = log["runs"].as_array().unwrap().iter();
    runs.map(|run| run["tool"]["driver"]["name"].as_str().unwrap())
        .collect()
}

fn clippy() -> TaskFinished {
    let unused = |line| finding(Severity::Warning, "a", "a/src/lib.rs", line, "unused");
    TaskFinished {
        findings: vec![
            Finding {
                code: Some("E0308".to_owned()),
                ..finding(Severity::Error, "a", "a/src/lib.rs", 3, "mismatched types")
            },
            unused(9),
            unused(9),
            unused(20),
            finding(Severity::Warning, "", "", 0, "no place"),
        ],
        output: wrote("not a part of it"),
        ..task(head(0, "clippy", ""), exit(101, Some("1 error")), 1203)
    }
}

#[test]
fn findings_are_results_with_rules() {
    let log = written(&[
        started(&["clippy"], &[]),
        finished(5, clippy()),
        ended(9, RunStats::default()),
    ]);
    assert_eq!((&log["version"], &log["$schema"]), (&"2.1.0".into(), &SCHEMA.into()));
    let run = &log["runs"][0];
    let parts = ["tool", "automationDetails", "invocations"].map(|part| &run[part]);
    let results = run["results"].as_array().unwrap();
    let lines: Vec<String> = parts.into_iter().chain(results).map(Value::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"driver":{"name":"cargo hooks: clippy","rules":[{"id":"E0308","shortDescription":{"text":"E0308"},"helpUri":"https://doc.rust-lang.org/error_codes/E0308.html"},{"id":"clippy","shortDescription":{"text":"clippy"}}]}}
    {"id":"cargo-hooks/clippy/"}
    [{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"warning","message":{"text":"no place"}}]}]
    {"ruleId":"E0308","ruleIndex":0,"level":"error","message":{"text":"mismatched types"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"rust/a/src/lib.rs","uriBaseId":"%SRCROOT%"},"region":{"startLine":3}},"logicalLocations":[{"name":"a","kind":"module"}]}],"partialFingerprints":{"cargoHooks/v1":"4e122ffabe9ecfc5fc99b746cc195a49332e3cb54c8fcf282525aa238ee8c052"}}
    {"ruleId":"clippy","ruleIndex":1,"level":"warning","message":{"text":"unused"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"rust/a/src/lib.rs","uriBaseId":"%SRCROOT%"},"region":{"startLine":9}},"logicalLocations":[{"name":"a","kind":"module"}]}],"partialFingerprints":{"cargoHooks/v1":"6a6cd2abb7f6f78f972dc1b455c55284291b2f112d11cfd5a2ca74dccab27dbf"}}
    {"ruleId":"clippy","ruleIndex":1,"level":"warning","message":{"text":"unused"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"rust/a/src/lib.rs","uriBaseId":"%SRCROOT%"},"region":{"startLine":20}},"logicalLocations":[{"name":"a","kind":"module"}]}],"partialFingerprints":{"cargoHooks/v1":"9dba53160fa898917c1a1329fed3ba6650a32d16cfb2a7cdd0b71ce0126b6421"}}
    "#);
}

#[test]
fn a_line_that_moved_has_the_same_fingerprint() {
    let prints = |task: TaskFinished| -> Vec<String> {
        let log = written(&[finished(5, task), ended(9, RunStats::default())]);
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results
            .map(|result| result["partialFingerprints"]["cargoHooks/v1"].to_string())
            .collect()
    };
    let mut moved = clippy();
    for finding in &mut moved.findings {
        if let Some(line) = finding.place.as_mut().and_then(|place| place.line.as_mut()) {
            *line += 7;
        }
    }
    let before = prints(clippy());
    assert_eq!(before, prints(moved));
    let different: std::collections::BTreeSet<_> = before.iter().collect();
    assert_eq!(different.len(), 3, "what is found twice in a file is told apart");
}

#[test]
fn only_what_ran_whole_is_told() {
    let end = |id, check, outcome| finished(5, task(head(id, check, ""), outcome, 5));
    let start = Outcome::Failed(Failure::Start {
        error: "no such file".to_owned(),
    });
    let events = [
        started(&["fmt", "clippy", "test", "doc", "deny"], &[]),
        end(0, "fmt", Outcome::Passed),
        end(1, "clippy", Outcome::Passed),
        end(2, "clippy", Outcome::Blocked { by: "fmt".into() }),
        end(3, "test", start),
        end(4, "doc", Outcome::Cancelled),
        ended(9, RunStats::default()),
    ];
    let log = written(&events);
    assert_eq!(checks(&log), ["cargo hooks: fmt", "cargo hooks: test"]);
    let invocation = &log["runs"][1]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(said, "test: could not be started: no such file");
    assert_eq!(
        checks(&written(&events[..6])),
        [""; 0],
        "a run without an end has found nothing"
    );
}

proptest! {
    /// Every result has a rule and a place, whatever was found.
    #[test]
    fn a_log_is_whole(events in any_events()) {
        let log = written(&events);
        for run in log["runs"].as_array().unwrap() {
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            for result in run["results"].as_array().unwrap() {
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                prop_assert_eq!(&rules[index]["id"], &result["ruleId"]);
                prop_assert!(!result["message"]["text"].as_str().unwrap().is_empty());
                let place = &result["locations"][0]["physicalLocation"];
                let uri = place["artifactLocation"]["uri"].as_str().unwrap();
                prop_assert!(uri.bytes().all(|c| c.is_ascii_graphic()), "{}", uri);
                prop_assert!(place["region"]["startLine"].as_u64() != Some(0));
            }
        }
    }
}
