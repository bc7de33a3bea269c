use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::fixtures::*;
use super::*;
use crate::event::Output;
use crate::model::{Severity, TaskId};

fn written(events: &[Event]) -> String {
    let mut out = Vec::new();
    let mut reporter = JsonReporter::new();
    for event in events {
        reporter.on_event(event, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

/// Every kind of event, and every way to end.
fn every_event() -> Vec<Event> {
    let clippy = TaskFinished {
        findings: vec![
            Finding {
                code: Some("E0308".to_owned()),
                ..finding(Severity::Error, "a", "a/src/lib.rs", 3, "mismatched types")
            },
            finding(Severity::Warning, "", "", 0, "no place"),
        ],
        output: Output {
            bytes: b"\x1b[31merror\x1b[0m\xff\n".to_vec(),
            dropped: 7,
            saved: None,
            of_crates: BTreeMap::new(),
        },
        ..task(head(0, "clippy", "a"), exit(101, Some("1 error")), 1203)
    };
    let signal = Outcome::Failed(Failure::Exit {
        exit: Exit::Signal(9),
        meaning: None,
    });
    vec![
        started(&["clippy"], &[("machete", "cargo-machete is not installed")]),
        at(
            1,
            EventKind::TaskStarted {
                task: Arc::new(head(0, "clippy", "a")),
            },
        ),
        at(
            2,
            EventKind::TaskSaid {
                task: TaskId(0),
                line: "not written".to_owned(),
            },
        ),
        at(
            3,
            EventKind::TaskSlow {
                task: Arc::new(head(0, "clippy", "a")),
                running: Duration::from_micros(60_000_400),
            },
        ),
        finished(1204, clippy),
        finished(1205, task(head(1, "doc", ""), Outcome::Passed, 1)),
        finished(1206, task(head(2, "x", ""), signal, 1)),
        finished(
            1207,
            task(
                head(3, "x", ""),
                Outcome::Failed(Failure::Start {
                    error: "gone".to_owned(),
                }),
                1,
            ),
        ),
        finished(1208, task(head(4, "x", ""), Outcome::Failed(Failure::Regenerated), 1)),
        finished(
            1209,
            task(
                head(5, "x", ""),
                Outcome::TimedOut {
                    limit: Duration::from_millis(1500),
                    calibrated: false,
                },
                1500,
            ),
        ),
        finished(
            1210,
            task(head(6, "x", ""), Outcome::Blocked { by: "clippy".into() }, 0),
        ),
        finished(1211, task(head(7, "x", ""), Outcome::Cancelled, 0)),
        at(
            1212,
            EventKind::StopBegan {
                reason: StopReason::Critical { check: "clippy".into() },
            },
        ),
        at(
            1213,
            EventKind::StopBegan {
                reason: StopReason::Interrupted,
            },
        ),
        ended(
            1300,
            RunStats {
                passed: 1,
                failed: 5,
                blocked: 1,
                cancelled: 1,
                ..RunStats::default()
            },
        ),
    ]
}

#[test]
fn a_run_line_by_line() {
    insta::assert_snapshot!(written(&every_event()), @r#"
{"type":"run-started","at":0.0,"format":1,"checks":["clippy"],"crates":3,"tasks":1,"waves":1,"slots":2,"left_out":[{"check":"machete","reason":"cargo-machete is not installed"}]}
{"type":"task-started","at":0.001,"task":{"label":"clippy a","id":0,"check":"clippy","unit":"a","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"}}
{"type":"task-slow","at":0.003,"task":{"label":"clippy a","id":0,"check":"clippy","unit":"a","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"},"running":60.0}
{"type":"task-finished","at":1.204,"task":{"label":"clippy a","id":0,"check":"clippy","unit":"a","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"},"outcome":"failed","failure":"exit","exit_code":101,"meaning":"1 error","took":1.203,"findings":[{"severity":"error","crate":"a","file":"a/src/lib.rs","line":3,"code":"E0308","message":"mismatched types"},{"severity":"warning","message":"no place"}],"output":"error�\n","output_dropped":7}
{"type":"task-finished","at":1.205,"task":{"label":"doc","id":1,"check":"doc","unit":"","may_fail":false,"rerun":"cargo hooks check doc"},"outcome":"passed","took":0.001,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.206,"task":{"label":"x","id":2,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"failed","failure":"exit","signal":9,"signal_name":"SIGKILL","took":0.001,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.207,"task":{"label":"x","id":3,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"failed","failure":"start","error":"gone","took":0.001,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.208,"task":{"label":"x","id":4,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"failed","failure":"regenerated","took":0.001,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.209,"task":{"label":"x","id":5,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"timed-out","limit":1.5,"took":1.5,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.21,"task":{"label":"x","id":6,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"blocked","by":"clippy","took":0.0,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":1.211,"task":{"label":"x","id":7,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"cancelled","took":0.0,"findings":[],"output":"","output_dropped":0}
{"type":"stop-began","at":1.212,"reason":"critical","check":"clippy"}
{"type":"stop-began","at":1.213,"reason":"interrupted"}
{"type":"run-finished","at":1.3,"success":false,"stats":{"tasks":8,"passed":1,"cached":0,"flaky":0,"failed":5,"tolerated":0,"quarantined":0,"blocked":1,"cancelled":1,"interrupted":false}}
"#);
}

#[test]
fn what_is_tried_again_line_by_line() {
    let failed = |attempts| TaskFinished {
        attempts,
        quarantined: true,
        ..task(head(0, "x", ""), exit(1, None), 20)
    };
    let retries = TaskRetries {
        failed: failed(1),
        most: 3,
        wait: Duration::from_millis(1500),
    };
    let flaky = TaskFinished {
        attempts: 2,
        ..task(head(1, "y", ""), Outcome::Passed, 10)
    };
    let late = Outcome::TimedOut {
        limit: Duration::from_mins(2),
        calibrated: true,
    };
    let events = [
        at(20, EventKind::TaskRetries(Box::new(retries))),
        finished(50, failed(3)),
        finished(60, flaky),
        finished(70, task(head(2, "z", ""), late, 120_000)),
    ];
    insta::assert_snapshot!(written(&events), @r#"
{"type":"task-retries","at":0.02,"task":{"label":"x","id":0,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"failed","failure":"exit","exit_code":1,"quarantined":true,"took":0.02,"findings":[],"output":"","output_dropped":0,"most_attempts":3,"wait":1.5}
{"type":"task-finished","at":0.05,"task":{"label":"x","id":0,"check":"x","unit":"","may_fail":false,"rerun":"cargo hooks check x"},"outcome":"failed","failure":"exit","exit_code":1,"attempts":3,"quarantined":true,"took":0.02,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":0.06,"task":{"label":"y","id":1,"check":"y","unit":"","may_fail":false,"rerun":"cargo hooks check y"},"outcome":"passed","attempts":2,"flaky":true,"took":0.01,"findings":[],"output":"","output_dropped":0}
{"type":"task-finished","at":0.07,"task":{"label":"z","id":2,"check":"z","unit":"","may_fail":false,"rerun":"cargo hooks check z"},"outcome":"timed-out","limit":120.0,"limit_calibrated":true,"took":120.0,"findings":[],"output":"","output_dropped":0}
"#);
}

#[test]
fn a_wait_for_another_cargo_line_by_line() {
    let waited = Duration::from_secs(61);
    let clippy = || Arc::new(head(0, "clippy", ""));
    let waits = EventKind::TaskWaits {
        task: clippy(),
        lock: "build directory".to_owned(),
        waited,
    };
    let goes_on = EventKind::TaskGoesOn { task: clippy(), waited };
    let passed = TaskFinished {
        waited,
        ..task(head(0, "clippy", ""), Outcome::Passed, 20)
    };
    let events = [at(61_010, waits), at(61_010, goes_on), finished(61_030, passed)];
    insta::assert_snapshot!(written(&events), @r#"
{"type":"task-waits","at":61.01,"task":{"label":"clippy","id":0,"check":"clippy","unit":"","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"},"lock":"build directory","waited":61.0}
{"type":"task-goes-on","at":61.01,"task":{"label":"clippy","id":0,"check":"clippy","unit":"","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"},"waited":61.0}
{"type":"task-finished","at":61.03,"task":{"label":"clippy","id":0,"check":"clippy","unit":"","may_fail":false,"rerun":"cargo hooks check clippy","fix":"cargo hooks check clippy --fix"},"outcome":"passed","took":0.02,"waited":61.0,"findings":[],"output":"","output_dropped":0}
"#);
}

#[test]
fn hostile_text_is_harmless_when_it_is_printed() {
    let failed = TaskFinished {
        findings: vec![finding(Severity::Error, HOSTILE, HOSTILE, 1, HOSTILE)],
        output: wrote(HOSTILE),
        ..task(head(0, HOSTILE, HOSTILE), exit(1, Some(HOSTILE)), 1)
    };
    insta::assert_snapshot!(written(&[finished(1, failed)]), @r#"
{"type":"task-finished","at":0.001,"task":{"label":"a\n        PASS b\n\\u{202e}c31m a\n        PASS b\n\\u{202e}c31m","id":0,"check":"a\n        PASS b\n\\u{202e}c31m","unit":"a\n        PASS b\n\\u{202e}c31m","may_fail":false,"rerun":"cargo hooks check a\n        PASS b\n\\u{202e}c31m"},"outcome":"failed","failure":"exit","exit_code":1,"meaning":"a\n        PASS b\n\\u{202e}c31m","took":0.001,"findings":[{"severity":"error","crate":"a\n        PASS b\n\\u{202e}c31m","file":"a\n        PASS b\n\\u{202e}c31m","line":1,"message":"a\n        PASS b\n\\u{202e}c31m"}],"output":"a\n        PASS b\n\\u{202e}c31m","output_dropped":0}
"#);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_parses_and_holds_no_control_character(events in any_events()) {
        let text = written(&events);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let silent = events.iter().filter(|event| matches!(event.kind, EventKind::TaskSaid { .. })).count();
        prop_assert_eq!(text.lines().count(), events.len() - silent);
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            prop_assert!(value["type"].is_string() && value["at"].is_number());
            if value["type"] == "task-finished" {
                prop_assert!(value["outcome"].is_string() && value["took"].is_number() && value["output"].is_string());
                prop_assert!(value["task"]["id"].is_number() && value["findings"].is_array());
            }
        }
    }
}

/// The schema without the room that it leaves for what later versions add.
fn closed(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<String, Value> =
                fields.into_iter().map(|(name, field)| (name, closed(field))).collect();
            if fields.get("type").is_some_and(|of| of == "object") && fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            let known = |any: &Value| any.get("enum").is_some() || any.get("$ref").is_some();
            if let Some(Value::Array(any)) = fields.get_mut("anyOf") {
                any.retain(known);
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.into_iter().map(closed).collect(),
        other => other,
    }
}

#[test]
fn the_schema_has_room_for_what_is_added_and_none_for_what_is_missing() {
    let open = jsonschema::validator_for(&json_schema()).unwrap();
    let closed = jsonschema::validator_for(&closed(json_schema())).unwrap();
    let check = |line: Value, expected: (bool, bool)| {
        assert_eq!((open.is_valid(&line), closed.is_valid(&line)), expected, "{line}");
    };
    let slow = serde_json::json!({"type": "leftovers-ended", "at": 0.5, "processes": 3});
    check(slow, (true, true));
    check(
        serde_json::json!({"type": "leftovers-ended", "at": 0.5}),
        (false, false),
    );
    check(
        serde_json::json!({"type": "leftovers-ended", "at": 0.5, "processes": -1}),
        (false, false),
    );
    check(
        serde_json::json!({"type": "leftovers-ended", "at": 0.5, "processes": 3, "of": "x"}),
        (true, false),
    );
    check(serde_json::json!({"type": "later", "at": 0.5}), (true, false));
    check(serde_json::json!({"type": "later"}), (false, false));
}

#[test]
fn every_line_is_as_the_schema_says() {
    let schema = jsonschema::validator_for(&closed(json_schema())).unwrap();
    for line in written(&every_event()).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let mistakes: Vec<_> = schema.iter_errors(&line).map(|mistake| mistake.to_string()).collect();
        assert!(mistakes.is_empty(), "{line}: {mistakes:?}");
    }
}

proptest! {
    #[test]
    fn any_line_is_as_the_schema_says(events in any_events()) {
        static SCHEMA: std::sync::LazyLock<jsonschema::Validator> =
            std::sync::LazyLock::new(|| jsonschema::validator_for(&closed(json_schema())).unwrap());
        for line in written(&events).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            prop_assert!(SCHEMA.is_valid(&line), "{}", line);
        }
    }
}
