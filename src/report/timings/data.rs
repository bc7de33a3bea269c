//! What the page knows of a run, as JSON: numbers where there are many, and each name of a lock once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::TimingsAbout;
use crate::event::{Output, TaskFinished};
use crate::model::{Finding, Severity};
use crate::report::json::harmless;
use crate::report::verdict::in_words;
use crate::timeline::{Attempt, Row, Segment, State, Timeline, Trend, Wait, Why};
use crate::tool_output::{Colour, sanitize};

/// Of one output, so much of its beginning is shown,
const HEAD: usize = 16 * 1024;
/// and so much of its end.
const TAIL: usize = 48 * 1024;
/// All outputs together have no more than this.
const OUTPUTS: usize = 1024 * 1024;
/// A task shows no more findings than this.
const FINDINGS: usize = 50;

/// What the page is made from. All text in it is harmless on a terminal; it has yet to become a part of a page.
pub(super) fn data(timeline: &Timeline, about: &TimingsAbout) -> Value {
    let mut telling = Telling {
        timeline,
        names: BTreeMap::new(),
        checks: checks(timeline),
        room: OUTPUTS,
    };
    let tasks: Vec<Value> = timeline.rows.iter().map(|row| telling.task(row)).collect();
    let attempts: Vec<Value> = timeline.attempts.iter().map(attempt).collect();
    let mut names = vec![""; telling.names.len()];
    for (name, place) in &telling.names {
        names[*place] = name;
    }
    let path = timeline.path.iter().map(|link| json!([link.attempt, why(link.why)]));
    harmless(json!({
        "slots": timeline.started.as_ref().map_or(1, |started| started.slots),
        "lanes": timeline.lanes,
        "end": micros(timeline.end),
        "load": load(timeline),
        "waves": waves(timeline),
        "checks": telling.checks.keys().collect::<Vec<_>>(),
        "names": names,
        "tasks": tasks,
        "attempts": attempts,
        "path": path.collect::<Vec<_>>(),
        "trends": trends(timeline, about),
    }))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The checks, each with its place.
fn checks(timeline: &Timeline) -> BTreeMap<String, usize> {
    let names = timeline.rows.iter().map(|row| row.task.check.to_string());
    let mut checks: BTreeMap<String, usize> = names.map(|name| (name, 0)).collect();
    for (place, number) in checks.values_mut().enumerate() {
        *number = place;
    }
    checks
}

struct Telling<'a> {
    timeline: &'a Timeline,
    /// What tasks waited for, by name, each with its place.
    names: BTreeMap<&'a str, usize>,
    checks: BTreeMap<String, usize>,
    /// How many bytes of outputs there is still room for.
    room: usize,
}

impl<'a> Telling<'a> {
    fn task(&mut self, row: &'a Row) -> Value {
        let pieces: Vec<i64> = row.segments.iter().flat_map(|segment| self.piece(segment)).collect();
        let finished = row.finished.as_deref();
        let mut task = json!({
            "check": self.checks.get(row.task.check.as_str()),
            "unit": row.task.unit,
            "state": state(row.state),
            "end": micros(row.end),
            "wave": row.wave.map_or(-1, i64::from),
            "slots": finished.map_or(0, |finished| finished.timing.slots),
            "tries": row.attempts,
            "pieces": pieces,
            "words": finished.map(in_words).filter(|words| !words.is_empty()),
            "rerun": row.task.rerun,
        });
        if row.task.may_fail {
            task["may"] = true.into();
        }
        if let Some(failed) = finished.filter(|finished| finished.outcome.is_failure()) {
            self.failure(&mut task, row, failed);
        }
        let before: Vec<Value> = row.failed_before.iter().map(|failed| self.earlier(failed)).collect();
        if !before.is_empty() {
            task["before"] = before.into();
        }
        task
    }

    fn failure(&mut self, task: &mut Value, row: &Row, failed: &TaskFinished) {
        let (output, dropped) = self.output(&failed.output);
        task["output"] = output.into();
        task["dropped"] = dropped.into();
        task["fix"] = row.task.fix.clone().into();
        let findings = failed.findings.iter().take(FINDINGS).map(finding);
        task["findings"] = findings.collect::<Vec<_>>().into();
        task["moreFindings"] = failed.findings.len().saturating_sub(FINDINGS).into();
    }

    fn earlier(&mut self, failed: &TaskFinished) -> Value {
        let (output, _) = self.output(&failed.output);
        json!({ "words": in_words(failed), "output": output })
    }

    /// What a task wrote, as much as there is room for, and how many bytes are missing.
    fn output(&mut self, output: &Output) -> (String, u64) {
        let bytes = &output.bytes;
        let (head, tail) = (HEAD.min(self.room / 4), TAIL.min(self.room / 4 * 3));
        if bytes.len() <= head + tail {
            self.room -= bytes.len();
            return (readable(bytes), output.dropped);
        }
        self.room -= head + tail;
        let missing = bytes.len() - head - tail;
        let text = [&bytes[..head], b"\n\xe2\x80\xa6\n", &bytes[bytes.len() - tail..]].concat();
        (readable(&text), output.dropped.saturating_add(missing as u64))
    }

    /// What it was, from when to when, what was waited for, and the task or attempt that it has to do with.
    fn piece(&mut self, segment: &'a Segment) -> [i64; 5] {
        let row_of = |attempt: &Option<usize>| attempt.map(|number| self.timeline.attempts[number].row);
        let (kind, what, by) = match &segment.what {
            Wait::Need { by } => (0, None, *by),
            Wait::Lock { what, by } => (1, Some(what.as_str()), row_of(by)),
            Wait::Slot => (2, None, None),
            Wait::Backoff => (3, None, None),
            Wait::Job => (4, None, None),
            Wait::Cargo { lock } => (5, Some(lock.as_str()), None),
            Wait::Unknown => (6, None, None),
            Wait::Ran { attempt } => (7, None, Some(*attempt)),
        };
        let next = self.names.len();
        let what = what.map(|what| *self.names.entry(what).or_insert(next));
        let number = |place: Option<usize>| place.map_or(-1, |place| i64::try_from(place).unwrap_or(-1));
        let at = |time| i64::try_from(micros(time)).unwrap_or(i64::MAX);
        [kind, at(segment.from), at(segment.to), number(what), number(by)]
    }
}

fn readable(bytes: &[u8]) -> String {
    sanitize(bytes, Colour::Strip).trim_end().to_owned()
}

/// How grave it is, where, and what.
fn finding(finding: &Finding) -> Value {
    let place = finding.place.as_ref().map(|place| {
        let parts = place.line.iter().chain(place.line.and(place.column.as_ref()));
        let parts: String = parts.map(|part| format!(":{part}")).collect();
        format!("{}{parts}", place.file.display())
    });
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!([severity, place, finding.message])
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "row": attempt.row,
        "state": state(attempt.state),
        "start": micros(attempt.start),
        "began": micros(attempt.began),
        "released": micros(attempt.released),
        "lanes": attempt.lanes,
        "processor": attempt.processor.map_or(-1, |time| i64::try_from(micros(time)).unwrap_or(i64::MAX)),
    })
}

/// The place of a state in the list that the page has of them.
fn state(state: State) -> u8 {
    match state {
        State::Passed => 0,
        State::Flaky => 1,
        State::Cached => 2,
        State::Failed => 3,
        State::TimedOut => 4,
        State::Blocked => 5,
        State::Cancelled => 6,
        State::Unfinished => 7,
    }
}

fn why(why: Why) -> u8 {
    match why {
        Why::Begin => 0,
        Why::Need => 1,
        Why::Lock => 2,
        Why::Slot => 3,
        Why::Retry => 4,
    }
}

/// When the first task of each wave started; -1 where none did.
fn waves(timeline: &Timeline) -> Vec<i64> {
    let mut starts: Vec<i64> = Vec::new();
    for row in &timeline.rows {
        let (Some(wave), Some(first)) = (row.wave, row.attempts.first()) else {
            continue;
        };
        let start = i64::try_from(micros(timeline.attempts[*first].start)).unwrap_or(i64::MAX);
        let wave = wave as usize;
        if starts.len() <= wave {
            starts.resize(wave + 1, -1);
        }
        if starts[wave] < 0 || start < starts[wave] {
            starts[wave] = start;
        }
    }
    starts
}

/// How much was busy, in a sentence or two.
fn load(timeline: &Timeline) -> String {
    let (load, run) = (timeline.load(), timeline.end.as_secs_f64());
    if run == 0.0 || timeline.attempts.is_empty() {
        return "Nothing ran.".to_owned();
    }
    let slots = timeline.started.as_ref().map_or(1, |started| started.slots.max(1));
    let busy = load.slots.as_secs_f64() / run;
    let share = (100.0 * busy / f64::from(slots)).round();
    let processors = match load.processors {
        Some(time) => format!(
            " The processes of the tasks kept {:.1} processors busy; when within a task is not known, so that the line \
             above spreads it evenly.",
            time.as_secs_f64() / run
        ),
        None => " How busy processors were is not known.".to_owned(),
    };
    format!("On average {busy:.1} of {slots} slots were busy, {share} %.{processors}")
}

/// How the checks went, this run included. A check that has only this run to show has no trend.
fn trends(timeline: &Timeline, about: &TimingsAbout) -> Vec<Value> {
    let mut trends: Vec<Trend> = about.trends.clone();
    if about.run.is_none() {
        for (check, point) in timeline.points() {
            match trends.iter_mut().find(|trend| trend.check == check) {
                Some(trend) => trend.points.push(point),
                None => trends.push(Trend {
                    check,
                    points: vec![point],
                }),
            }
        }
    }
    trends.retain(|trend| timeline.rows.iter().any(|row| row.task.check == trend.check));
    let points = |trend: &Trend| -> Vec<Value> {
        let points = trend.points.iter();
        points
            .map(|point| json!([point.run, micros(point.took), point.ran, point.failed, point.cached]))
            .collect()
    };
    let told = trends.iter();
    told.map(|trend| json!({ "check": trend.check, "points": points(trend) }))
        .collect()
}
