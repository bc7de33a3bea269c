//! A trace in the format that Chrome has introduced and Perfetto reads: a thread for each lane, with what ran in it.
//!
//! Waits are tracks of their own, one for each kind; an arrow leads from each attempt of the critical path to the next one; counters
//! say how many slots and processors are busy. Times are microseconds.

use std::time::Duration;

use serde_json::{Value, json};

use super::TimingsAbout;
use crate::event::RunStats;
use crate::report::json::harmless;
use crate::report::verdict::in_words;
use crate::timeline::{Attempt, Row, Segment, State, Timeline, Wait};

/// All events are of one process: the run.
const PID: u32 = 1;

/// A trace of a run.
#[must_use]
pub fn timings_trace(timeline: &Timeline, about: &TimingsAbout) -> String {
    let mut events = names(timeline, about);
    for number in 0..timeline.attempts.len() {
        events.extend(slices(timeline, number));
    }
    let mut waits = 0;
    for row in &timeline.rows {
        for segment in &row.segments {
            events.extend(wait(row, segment, &mut waits));
        }
    }
    events.extend(arrows(timeline));
    events.extend(counters(timeline));
    let success = timeline.stats.as_ref().map(RunStats::is_success);
    let trace = harmless(json!({
        "displayTimeUnit": "ms",
        "otherData": { "program": "cargo-hooks", "version": env!("CARGO_PKG_VERSION"), "began": about.began, "success": success },
        "traceEvents": events,
    }));
    // One event a line: that can be looked at, compared, and cut.
    format!("{}\n", trace.to_string().replace("},{\"ph\":", "},\n{\"ph\":"))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn names(timeline: &Timeline, about: &TimingsAbout) -> Vec<Value> {
    let run = about
        .run
        .map_or_else(|| "run".to_owned(), |number| format!("run {number}"));
    let mut names = vec![meta("process_name", 0, &json!({ "name": run }))];
    for lane in 0..timeline.lanes {
        let slot = format!("slot {}", lane + 1);
        names.push(meta("thread_name", lane + 1, &json!({ "name": slot })));
        names.push(meta("thread_sort_index", lane + 1, &json!({ "sort_index": lane })));
    }
    names
}

fn meta(name: &str, thread: usize, args: &Value) -> Value {
    json!({ "ph": "M", "pid": PID, "tid": thread, "name": name, "args": args })
}

/// What ran, in each of its lanes.
fn slices(timeline: &Timeline, number: usize) -> Vec<Value> {
    let attempt = &timeline.attempts[number];
    let row = &timeline.rows[attempt.row];
    let place = row.attempts.iter().position(|one| *one == number);
    let failed = place.and_then(|place| row.failed_before.get(place));
    let words = failed.or(row.finished.as_deref()).map(in_words).unwrap_or_default();
    let lanes = attempt.lanes.iter();
    let slice = |lane: &usize| {
        json!({
            "ph": "X",
            "pid": PID,
            "tid": lane + 1,
            "ts": micros(attempt.start),
            "dur": micros(attempt.released) - micros(attempt.start),
            "name": row.task.label(),
            "cat": row.task.check,
            "cname": colour(attempt.state),
            "args": {
                "outcome": state(attempt.state),
                "said": words,
                "wave": row.wave.map(|wave| wave + 1),
                "processor_ms": attempt.processor.map(|time| time.as_secs_f64() * 1000.0),
                "rerun": row.task.rerun,
            },
        })
    };
    lanes.map(slice).collect()
}

/// A wait has a beginning and an end with a number that no other has.
fn wait(row: &Row, segment: &Segment, number: &mut u64) -> Vec<Value> {
    let (kind, what) = match &segment.what {
        Wait::Ran { .. } => return Vec::new(),
        Wait::Need { .. } => ("waits for needs", None),
        Wait::Lock { what, .. } => ("waits for a lock", Some(what)),
        Wait::Slot => ("waits for a slot", None),
        Wait::Backoff => ("waits to be tried again", None),
        Wait::Job => ("waits for a job", None),
        Wait::Cargo { lock } => ("waits for another cargo", Some(lock)),
        Wait::Unknown => ("waits", None),
    };
    *number += 1;
    let event = |phase: &str, at: Duration| {
        json!({
            "ph": phase,
            "pid": PID,
            "tid": 0,
            "ts": micros(at),
            "id": number.to_string(),
            "cat": "wait",
            "name": kind,
            "args": { "task": row.task.label(), "for": what },
        })
    };
    vec![event("b", segment.from), event("e", segment.to)]
}

/// From the end of each attempt of the critical path to the start of the next one.
fn arrows(timeline: &Timeline) -> Vec<Value> {
    let arrow = |(number, pair): (usize, &[crate::timeline::Link])| {
        let (from, to) = (&timeline.attempts[pair[0].attempt], &timeline.attempts[pair[1].attempt]);
        let end = |phase: &str, attempt: &Attempt, at: Duration| {
            let lane = attempt.lanes.first().map_or(0, |lane| lane + 1);
            json!({ "ph": phase, "pid": PID, "tid": lane, "ts": micros(at), "id": number, "cat": "critical path",
                "name": "critical path", "bp": "e" })
        };
        // An arrow belongs to the slice that holds its end: the last moment of one is the first of another.
        let last = from.released.saturating_sub(Duration::from_micros(1)).max(from.start);
        [end("s", from, last), end("f", to, to.start.max(last))]
    };
    timeline.path.windows(2).enumerate().flat_map(arrow).collect()
}

fn counters(timeline: &Timeline) -> Vec<Value> {
    let has_processors = timeline.load().processors.is_some();
    let counter = |name: &str, at: Duration, value: Value| json!({ "ph": "C", "pid": PID, "tid": 0, "ts": micros(at), "name": name, "args": { "busy": value } });
    let mut counters = Vec::new();
    for step in timeline.steps() {
        counters.push(counter("slots", step.at, step.slots.into()));
        if has_processors {
            let rounded = (step.processors * 1000.0).round() / 1000.0;
            counters.push(counter("processors", step.at, rounded.into()));
        }
    }
    counters
}

fn state(state: State) -> &'static str {
    match state {
        State::Passed => "passed",
        State::Flaky => "flaky",
        State::Cached => "cached",
        State::Failed => "failed",
        State::TimedOut => "timed-out",
        State::Blocked => "blocked",
        State::Cancelled => "cancelled",
        State::Unfinished => "unfinished",
    }
}

/// Names of colours that Chrome knows; others pass over them.
fn colour(state: State) -> &'static str {
    match state {
        State::Passed | State::Cached => "good",
        State::Flaky => "bad",
        State::Failed | State::TimedOut => "terrible",
        State::Blocked | State::Cancelled | State::Unfinished => "grey",
    }
}
