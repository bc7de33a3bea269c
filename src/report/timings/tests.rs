//! Pages and traces of runs that were made up: what they hold, and that nothing of it does any harm.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::data::data;
use super::{TimingsAbout, TimingsForm, TimingsReporter, timings_page, timings_trace};
use crate::event::{Cached, Event, EventKind, Outcome, RunStats, TaskFinished, TaskRetries, Timing, Use};
use crate::model::{Severity, TaskId};
use crate::report::Reporter;
use crate::report::fixtures::{any_events, at, ended, exit, finding, finished, head, started, task, wrote};
use crate::timeline::{Gatherer, Point, Timeline, Trend};

const HOSTILE: &str = "</script><script>alert(1)</script> <!-- & \u{1b}[31m";

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Two slots, and something of each kind.
fn events() -> Vec<Event> {
    let starts = |time, id, check| {
        let task = Arc::new(head(id, check, ""));
        at(time, EventKind::TaskStarted { task })
    };
    let timing = |processor| Timing {
        slots: 1,
        uses: vec![Use {
            what: "lock db".to_owned(),
            alone: true,
            until: None,
        }],
        processor: Some(millis(processor)),
        ..Timing::default()
    };
    let failed = TaskFinished {
        timing: timing(5),
        output: wrote(HOSTILE),
        findings: vec![finding(Severity::Error, "a", "src/<a>.rs", 3, HOSTILE)],
        ..task(head(0, "fmt", ""), exit(1, Some("1 error")), 10)
    };
    let retries = TaskRetries {
        failed: failed.clone(),
        most: 2,
        wait: millis(5),
    };
    let cached = TaskFinished {
        cached: Cached::Whole,
        ..task(head(3, "typos", ""), Outcome::Passed, 0)
    };
    let passed = TaskFinished {
        timing: timing(12),
        note: Some("12 tests".to_owned()),
        ..task(head(1, "test", ""), Outcome::Passed, 20)
    };
    let blocked = TaskFinished {
        timing: Timing {
            wave: 1,
            slots: 1,
            after: Some(TaskId(0)),
            ..Timing::default()
        },
        ..task(head(2, "doc", ""), Outcome::Blocked { by: "fmt".into() }, 0)
    };
    vec![
        started(&["fmt", "test", "doc", "typos"], &[("deny", "not installed")]),
        finished(0, cached),
        starts(1, 0, "fmt"),
        at(11, EventKind::TaskRetries(Box::new(retries))),
        starts(16, 0, "fmt"),
        finished(26, failed),
        finished(26, blocked),
        starts(26, 1, "test"),
        finished(46, passed),
        ended(
            47,
            RunStats {
                passed: 2,
                cached: 1,
                failed: 1,
                blocked: 1,
                ..RunStats::default()
            },
        ),
    ]
}

fn about() -> TimingsAbout {
    let point = Point {
        run: 6,
        took: millis(30),
        ran: 2,
        failed: 1,
        cached: 0,
    };
    TimingsAbout {
        began: "2026-11-22 02:00:00 UTC".to_owned(),
        trends: vec![Trend {
            check: "fmt".into(),
            points: vec![point],
        }],
        ..TimingsAbout::default()
    }
}

fn timeline(events: &[Event]) -> Timeline {
    let mut gatherer = Gatherer::default();
    for event in events {
        gatherer.hear(event);
    }
    gatherer.timeline()
}

/// What the page would parse.
fn embedded(page: &str) -> Value {
    let (_, rest) = page
        .split_once("<script type=\"application/json\" id=\"data\">")
        .unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// One value a line, as far as one level below the top.
fn lines(value: &Value) -> String {
    let mut text = String::new();
    for (name, value) in value.as_object().unwrap() {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let _ = writeln!(text, "{name}:");
                text.extend(items.iter().map(|item| format!("  {item}\n")));
            }
            other => {
                let _ = writeln!(text, "{name}: {other}");
            }
        }
    }
    text
}

#[test]
fn the_page_knows_all_that_is_told() {
    assert_snapshot!(lines(&data(&timeline(&events()), &about())), @r##"
    slots: 2
    lanes: 2
    end: 47000
    load: "On average 0.9 of 2 slots were busy, 43 %. The processes of the tasks kept 0.5 processors busy; when within a task is not known, so that the line above spreads it evenly."
    waves: [1000]
    checks: ["doc","fmt","test","typos"]
    names: ["lock db"]
    tasks:
      {"check":1,"unit":"","state":3,"end":26000,"wave":0,"slots":1,"tries":[0,1],"pieces":[7,1000,11000,-1,0,3,11000,16000,-1,-1,7,16000,26000,-1,1],"words":"1 error in a","rerun":"cargo hooks check fmt","output":"</script><script>alert(1)</script> <!-- &","dropped":0,"fix":"cargo hooks check fmt --fix","findings":[["error","src/<a>.rs:3","</script><script>alert(1)</script> <!-- & "]],"moreFindings":0,"before":[{"words":"1 error in a","output":"</script><script>alert(1)</script> <!-- &"}]}
      {"check":2,"unit":"","state":0,"end":46000,"wave":0,"slots":1,"tries":[2],"pieces":[1,1000,11000,0,0,2,11000,16000,-1,-1,1,16000,26000,0,0,7,26000,46000,-1,2],"words":"12 tests","rerun":"cargo hooks check test"}
      {"check":0,"unit":"","state":5,"end":26000,"wave":1,"slots":1,"tries":[],"pieces":[0,1000,26000,-1,-1],"words":"fmt did not pass","rerun":"cargo hooks check doc"}
      {"check":3,"unit":"","state":2,"end":0,"wave":-1,"slots":0,"tries":[],"pieces":[],"words":null,"rerun":"cargo hooks check typos"}
    attempts:
      {"row":0,"state":3,"start":1000,"began":1000,"released":11000,"lanes":[0],"processor":5000}
      {"row":0,"state":3,"start":16000,"began":16000,"released":26000,"lanes":[0],"processor":5000}
      {"row":1,"state":0,"start":26000,"began":26000,"released":46000,"lanes":[0],"processor":12000}
    path: [[0,0],[1,4],[2,2]]
    trends:
      {"check":"fmt","points":[[6,30000,2,1,0],[0,20000,1,1,0]]}
      {"check":"test","points":[[0,20000,1,0,0]]}
      {"check":"typos","points":[[0,0,0,0,1]]}
    "##);
}

#[test]
fn the_head_of_the_page_says_what_came_of_the_run() {
    let page = timings_page(&timeline(&events()), &about());
    let (_, rest) = page.split_once("<header class=\"top\">").unwrap();
    assert_snapshot!(rest.split_once("</div>").unwrap().0.trim(), @r##"
    <div>
    <h1>Run of the checks <span class="verdict failed">failed</span></h1>
    <p>1 failed · 1 passed · 1 cached · 1 blocked</p>
    <p>4 tasks of 4 checks, in 2 waves on 2 slots, took 47ms; began 2026-11-22 02:00:00 UTC</p>
    <p>left out: deny: not installed</p>
    "##);
}

#[test]
fn a_trace_names_lanes_waits_arrows_and_counters() {
    let trace = timings_trace(&timeline(&events()), &about());
    let trace = trace.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_snapshot!(trace, @r##"
    {"displayTimeUnit":"ms","otherData":{"program":"cargo-hooks","version":"VERSION","began":"2026-11-22 02:00:00 UTC","success":false},"traceEvents":[{"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"run"}},
    {"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"slot 1"}},
    {"ph":"M","pid":1,"tid":1,"name":"thread_sort_index","args":{"sort_index":0}},
    {"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"slot 2"}},
    {"ph":"M","pid":1,"tid":2,"name":"thread_sort_index","args":{"sort_index":1}},
    {"ph":"X","pid":1,"tid":1,"ts":1000,"dur":10000,"name":"fmt","cat":"fmt","cname":"terrible","args":{"outcome":"failed","said":"1 error in a","wave":1,"processor_ms":5.0,"rerun":"cargo hooks check fmt"}},
    {"ph":"X","pid":1,"tid":1,"ts":16000,"dur":10000,"name":"fmt","cat":"fmt","cname":"terrible","args":{"outcome":"failed","said":"1 error in a","wave":1,"processor_ms":5.0,"rerun":"cargo hooks check fmt"}},
    {"ph":"X","pid":1,"tid":1,"ts":26000,"dur":20000,"name":"test","cat":"test","cname":"good","args":{"outcome":"passed","said":"12 tests","wave":1,"processor_ms":12.0,"rerun":"cargo hooks check test"}},
    {"ph":"b","pid":1,"tid":0,"ts":11000,"id":"1","cat":"wait","name":"waits to be tried again","args":{"task":"fmt","for":null}},
    {"ph":"e","pid":1,"tid":0,"ts":16000,"id":"1","cat":"wait","name":"waits to be tried again","args":{"task":"fmt","for":null}},
    {"ph":"b","pid":1,"tid":0,"ts":1000,"id":"2","cat":"wait","name":"waits for a lock","args":{"task":"test","for":"lock db"}},
    {"ph":"e","pid":1,"tid":0,"ts":11000,"id":"2","cat":"wait","name":"waits for a lock","args":{"task":"test","for":"lock db"}},
    {"ph":"b","pid":1,"tid":0,"ts":11000,"id":"3","cat":"wait","name":"waits for a slot","args":{"task":"test","for":null}},
    {"ph":"e","pid":1,"tid":0,"ts":16000,"id":"3","cat":"wait","name":"waits for a slot","args":{"task":"test","for":null}},
    {"ph":"b","pid":1,"tid":0,"ts":16000,"id":"4","cat":"wait","name":"waits for a lock","args":{"task":"test","for":"lock db"}},
    {"ph":"e","pid":1,"tid":0,"ts":26000,"id":"4","cat":"wait","name":"waits for a lock","args":{"task":"test","for":"lock db"}},
    {"ph":"b","pid":1,"tid":0,"ts":1000,"id":"5","cat":"wait","name":"waits for needs","args":{"task":"doc","for":null}},
    {"ph":"e","pid":1,"tid":0,"ts":26000,"id":"5","cat":"wait","name":"waits for needs","args":{"task":"doc","for":null}},
    {"ph":"s","pid":1,"tid":1,"ts":10999,"id":0,"cat":"critical path","name":"critical path","bp":"e"},
    {"ph":"f","pid":1,"tid":1,"ts":16000,"id":0,"cat":"critical path","name":"critical path","bp":"e"},
    {"ph":"s","pid":1,"tid":1,"ts":25999,"id":1,"cat":"critical path","name":"critical path","bp":"e"},
    {"ph":"f","pid":1,"tid":1,"ts":26000,"id":1,"cat":"critical path","name":"critical path","bp":"e"},
    {"ph":"C","pid":1,"tid":0,"ts":1000,"name":"slots","args":{"busy":1}},
    {"ph":"C","pid":1,"tid":0,"ts":1000,"name":"processors","args":{"busy":0.5}},
    {"ph":"C","pid":1,"tid":0,"ts":11000,"name":"slots","args":{"busy":0}},
    {"ph":"C","pid":1,"tid":0,"ts":11000,"name":"processors","args":{"busy":0.0}},
    {"ph":"C","pid":1,"tid":0,"ts":16000,"name":"slots","args":{"busy":1}},
    {"ph":"C","pid":1,"tid":0,"ts":16000,"name":"processors","args":{"busy":0.5}},
    {"ph":"C","pid":1,"tid":0,"ts":26000,"name":"slots","args":{"busy":1}},
    {"ph":"C","pid":1,"tid":0,"ts":26000,"name":"processors","args":{"busy":0.6}},
    {"ph":"C","pid":1,"tid":0,"ts":46000,"name":"slots","args":{"busy":0}},
    {"ph":"C","pid":1,"tid":0,"ts":46000,"name":"processors","args":{"busy":0.0}}]}
    "##);
}

#[test]
fn nothing_of_others_becomes_a_part_of_the_page() {
    let page = timings_page(&timeline(&events()), &about());
    assert_eq!(
        page.matches("<script").count(),
        2,
        "one for the data, one for what draws it"
    );
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("alert(1)</script>") && !page.contains('\u{1b}') && !page.contains("{{"));
    // It needs nothing from anywhere.
    for word in ["src=", "href=", "http:", "@import", "url("] {
        let known = page.matches(word).count()
            - page.matches("http://www.w3.org/2000/svg").count() * usize::from(word == "http:");
        assert_eq!(known, 0, "{word}");
    }
    assert_eq!(embedded(&page), data(&timeline(&events()), &about()));
    assert!(page.contains("script-src 'sha256-") && page.contains("default-src 'none'"));
}

#[test]
fn outputs_are_shown_within_bounds() {
    let long = |id: u32| {
        let failed = TaskFinished {
            output: wrote(&"0123456789abcde\n".repeat(10_000)),
            ..task(head(id, "a", ""), exit(1, None), 1)
        };
        finished(1, failed)
    };
    let mut events = vec![started(&["a"], &[])];
    events.extend((0..60).map(long));
    let page = data(&timeline(&events), &TimingsAbout::default());
    let outputs = |field: &'static str| {
        page["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |task| task[field].clone())
    };
    let shown: usize = outputs("output").map(|text| text.as_str().unwrap().len()).sum();
    assert!((900_000..1_100_000).contains(&shown), "{shown}");
    let dropped: u64 = outputs("dropped").map(|bytes| bytes.as_u64().unwrap()).sum();
    assert!(dropped + 1_100_000 > 60 * 160_000, "{dropped}");
}

#[test]
fn a_run_that_broke_off_is_drawn_as_far_as_it_is_known() {
    let mut events = events();
    events.truncate(5);
    let mut page = Vec::new();
    let mut reporter = TimingsReporter::new(TimingsForm::Page, TimingsAbout::default());
    for event in &events {
        reporter.on_event(event, &mut page).unwrap();
    }
    assert!(page.is_empty());
    reporter.finish(&mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("<span class=\"verdict unfinished\">unfinished</span>"));
    let states: Vec<_> = embedded(&page)["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["state"].clone())
        .collect();
    assert_eq!(states, [7, 2]);
}

/// What programs that read traces rely on.
fn is_well_formed(trace: &str) -> Result<(), TestCaseError> {
    let trace: Value = serde_json::from_str(trace).unwrap();
    let mut open: BTreeMap<String, f64> = BTreeMap::new();
    let mut busy: BTreeMap<u64, u64> = BTreeMap::new();
    for event in trace["traceEvents"].as_array().unwrap() {
        prop_assert!(
            event["pid"].is_u64() && event["tid"].is_u64() && event["name"].is_string(),
            "{}",
            event
        );
        let phase = event["ph"].as_str().unwrap();
        if phase == "M" {
            continue;
        }
        let at = event["ts"].as_u64();
        prop_assert!(at.is_some(), "{}", event);
        let id = || format!("{}{}", event["cat"], event["id"]);
        match phase {
            "X" => {
                let (lane, at) = (event["tid"].as_u64().unwrap(), at.unwrap());
                let free = busy.entry(lane).or_default();
                prop_assert!(*free <= at, "slices of a thread follow each other");
                *free = at + event["dur"].as_u64().unwrap();
            }
            "b" => prop_assert!(open.insert(id(), 0.0).is_none()),
            "e" => prop_assert!(open.remove(&id()).is_some()),
            "s" | "f" => prop_assert!(event["id"].is_u64()),
            "C" => prop_assert!(event["args"]["busy"].is_number()),
            other => prop_assert!(false, "{}", other),
        }
    }
    prop_assert!(open.is_empty());
    Ok(())
}

#[test]
fn a_trace_is_well_formed() {
    is_well_formed(&timings_trace(&timeline(&events()), &about())).unwrap();
}

proptest! {
    #[test]
    fn whatever_is_told_is_drawn_without_harm(events in any_events()) {
        let timeline = timeline(&events);
        let page = timings_page(&timeline, &about());
        prop_assert_eq!(page.matches("<script").count(), 2);
        prop_assert_eq!(page.matches("</script>").count(), 2);
        prop_assert_eq!(embedded(&page)["tasks"].as_array().unwrap().len(), timeline.rows.len());
        let trace: Value = serde_json::from_str(&timings_trace(&timeline, &about())).unwrap();
        prop_assert!(trace["traceEvents"].is_array());
    }
}
