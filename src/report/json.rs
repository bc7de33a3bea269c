//! What a program reads: one JSON object per line, in a format with a version.
//!
//! The lines are made of structures of their own, so that a change within the house is no change of the format.
//! Times are seconds, rounded to the millisecond; `at` counts from the start of the run. A field that has nothing to
//! say is absent. Within one version fields are only ever added: readers skip what they do not know.
//!
//! No string holds a control character other than newline and tab, whatever tools write, so that a reader may print
//! them as they are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::reporter::Reporter;
use super::signal::signal_name;
use crate::event::{
    Cached, CrateVerdict, Event, EventKind, Failure, Outcome, RunStarted, RunStats, StopReason, TaskFinished, TaskHead,
    TaskRetries, is_default,
};
use crate::model::{CheckName, CrateName, Exit, Finding};
use crate::tool_output::{Colour, sanitize};

mod schema;

pub use schema::json_schema;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// Tells a program of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonReporter;

impl JsonReporter {
    /// A reporter. It keeps no state: every line stands for itself.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Reporter for JsonReporter {
    fn on_event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let Some((kind, fields)) = line(&event.kind) else {
            return Ok(());
        };
        let at = seconds(event.at);
        let value = harmless(serde_json::to_value(Line { kind, at, fields })?);
        let mut text = serde_json::to_vec(&value)?;
        text.push(b'\n');
        out.write_all(&text)?;
        out.flush()
    }
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    /// What happened: `run-started`, `leftovers-ended`, `task-started`, `task-slow`, `task-waits`, `task-goes-on`,
    /// `task-retries`, `task-finished`, `stop-began` or `run-finished`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it happened.
    at: f64,
    /// What there is to tell of that.
    #[serde(flatten)]
    fields: Fields<'a>,
}

/// The fields of each type of line.
#[derive(Serialize)]
#[serde(untagged)]
enum Fields<'a> {
    /// The first line of a run.
    RunStarted {
        /// The version of the format.
        format: u32,
        /// `checks` (names), `crates`, `tasks`, `waves` and `slots` (how many), and `left_out`: what was asked for
        /// and does not run, each with its `check` and `reason`.
        #[serde(flatten)]
        plan: &'a RunStarted,
    },
    /// Processes that an earlier run had left behind were ended.
    LeftoversEnded {
        /// How many.
        processes: usize,
    },
    /// A task began.
    TaskStarted {
        /// Which.
        task: Task<'a>,
    },
    /// A task has been running for a long time.
    TaskSlow {
        /// Which.
        task: Task<'a>,
        /// For how long by now.
        running: f64,
    },
    /// A task waits for a lock that another cargo holds.
    TaskWaits {
        /// Which.
        task: Task<'a>,
        /// What is locked, as cargo calls it.
        lock: &'a str,
        /// For how long it has waited by now.
        waited: f64,
    },
    /// A task that waited goes on.
    TaskGoesOn {
        /// Which.
        task: Task<'a>,
        /// How long it waited.
        waited: f64,
    },
    /// A task failed, and will be tried again.
    TaskRetries {
        /// What came of it this time, as in `task-finished`.
        #[serde(flatten)]
        failed: Box<Finished<'a>>,
        /// How often it can be tried in all.
        most_attempts: u32,
        /// How long it waits before it is tried again.
        wait: f64,
    },
    /// A task reached its final state.
    TaskFinished(Box<Finished<'a>>),
    /// The run was told to stop, or decided to.
    StopBegan {
        /// `fail-fast`, `critical`, `interrupted` or `outdated`.
        reason: &'static str,
        /// The check that failed, where one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        check: Option<&'a CheckName>,
    },
    /// The last line of a run.
    RunFinished {
        /// Whether every check passed, or may fail.
        success: bool,
        /// How many `tasks` there were, how many `passed` (`flaky` ones among them), `failed`, were `tolerated` (failed,
        /// and may; `quarantined` counts both), `blocked` and `cancelled`, and whether the run was `interrupted`.
        stats: RunStats,
    },
}

/// Names a task.
#[derive(Serialize)]
struct Task<'a> {
    /// Its name, as people see it.
    label: String,
    /// `id` (its place in the plan), `check`, `unit` (what of the workspace it works on; empty for the whole),
    /// `may_fail`, and the commands `rerun` and, where there is one, `fix`.
    #[serde(flatten)]
    head: &'a TaskHead,
}

/// A task in its final state.
#[derive(Serialize)]
struct Finished<'a> {
    /// Which.
    task: Task<'a>,
    /// `passed`, `failed`, `timed-out`, `blocked` or `cancelled`.
    outcome: &'static str,
    /// What there is to tell of that outcome.
    #[serde(flatten)]
    detail: Detail<'a>,
    /// What came of each crate: names under `passed`, `failed`, `not-reached` and `unknown`, where there are any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    crates: BTreeMap<CrateVerdict, Vec<&'a CrateName>>,
    /// What a pass means, in a few words, where the tool said so (`12 tests`).
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    /// How often it was tried, where that is more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// True where it passed, but not the first time.
    #[serde(skip_serializing_if = "is_default")]
    flaky: bool,
    /// True where it failed as in all of its last runs.
    #[serde(skip_serializing_if = "is_default")]
    quarantined: bool,
    /// How long it ran, the last time; 0 where it never started.
    took: f64,
    /// How long it waited for locks that another cargo held, on top of that, where it did.
    #[serde(skip_serializing_if = "is_default")]
    waited: f64,
    /// How long it waited before that for a job of the run, where it did: others that build had all of them.
    #[serde(skip_serializing_if = "is_default")]
    queued: f64,
    /// The time of processors that its process took, with all whose end that has waited for, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<f64>,
    /// What it found, each with its `severity` (`error` or `warning`), `message` and, where known, `crate`, `file`,
    /// `line`, `column`, `code` and `test`.
    findings: &'a [Finding],
    /// What it wrote, without control sequences. Bytes that are no UTF-8 are replaced.
    output: String,
    /// How many bytes were dropped from the middle of the output to keep memory bounded.
    output_dropped: u64,
    /// The file that holds all of a long output, where the task has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_file: Option<Cow<'a, str>>,
    /// How many bytes are missing from the middle of that file.
    #[serde(skip_serializing_if = "is_default")]
    output_file_dropped: u64,
    /// How many processes it had left running at its end.
    #[serde(skip_serializing_if = "is_none")]
    leaked: u32,
    /// `"whole"` where it did not run, since it had passed before on the same content; `{"crates":2}` where that is so for
    /// so many of its crates.
    #[serde(skip_serializing_if = "is_default")]
    cached: Cached,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// What there is to tell of an outcome.
#[derive(Default, Serialize)]
struct Detail<'a> {
    /// Of `failed`: `exit` (the tool ended badly), `start` (it could not be started), `denied` (it passed, but warned),
    /// `regenerated` (it passed, but changed files that were to be up to date), `unapplied` (the diff that it printed could
    /// not be applied) or `uncertain` (it may have passed, and
    /// nobody can say for sure).
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    /// Of `exit`: the code with which the tool left.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Of `exit`: the number of the signal that ended the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// The name of that signal, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    signal_name: Option<&'static str>,
    /// Of `exit`: what that means for this tool, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'a str>,
    /// Of `denied`: how many warnings there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<usize>,
    /// Of `start`: what the system said. Of `uncertain` and `unapplied`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// Of `timed-out`: the time that it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    /// Of `timed-out`: true where that time follows from earlier runs.
    #[serde(skip_serializing_if = "is_default")]
    limit_calibrated: bool,
    /// Of `blocked`: the check that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a CheckName>,
}

/// The type of the line and its fields.
fn line(kind: &EventKind) -> Option<(&'static str, Fields<'_>)> {
    Some(match kind {
        EventKind::RunStarted(plan) => ("run-started", Fields::RunStarted { format: FORMAT, plan }),
        EventKind::LeftoversEnded { processes } => {
            let processes = *processes;
            ("leftovers-ended", Fields::LeftoversEnded { processes })
        }
        EventKind::TaskStarted { task } => ("task-started", Fields::TaskStarted { task: Task::new(task) }),
        // A live view of a run is for people; the output comes whole with the end of the task.
        EventKind::TaskSaid { .. } => return None,
        EventKind::TaskSlow { task, running } => {
            let (task, running) = (Task::new(task), seconds(*running));
            ("task-slow", Fields::TaskSlow { task, running })
        }
        EventKind::TaskWaits { task, lock, waited } => {
            let (task, waited) = (Task::new(task), seconds(*waited));
            ("task-waits", Fields::TaskWaits { task, lock, waited })
        }
        EventKind::TaskGoesOn { task, waited } => {
            let (task, waited) = (Task::new(task), seconds(*waited));
            ("task-goes-on", Fields::TaskGoesOn { task, waited })
        }
        EventKind::TaskRetries(retries) => ("task-retries", task_retries(retries)),
        EventKind::TaskFinished(finished) => ("task-finished", Fields::TaskFinished(Box::new(Finished::new(finished)))),
        EventKind::StopBegan { reason } => ("stop-began", stop_began(reason)),
        EventKind::RunFinished { stats } => {
            let (success, stats) = (stats.is_success(), *stats);
            ("run-finished", Fields::RunFinished { success, stats })
        }
    })
}

fn task_retries(retries: &TaskRetries) -> Fields<'_> {
    Fields::TaskRetries {
        failed: Box::new(Finished::new(&retries.failed)),
        most_attempts: retries.most,
        wait: seconds(retries.wait),
    }
}

fn stop_began(reason: &StopReason) -> Fields<'_> {
    let (reason, check) = match reason {
        StopReason::FailFast { check } => ("fail-fast", Some(check)),
        StopReason::Critical { check } => ("critical", Some(check)),
        StopReason::Interrupted => ("interrupted", None),
        StopReason::Outdated => ("outdated", None),
    };
    Fields::StopBegan { reason, check }
}

impl<'a> Task<'a> {
    fn new(head: &'a TaskHead) -> Self {
        Self {
            label: head.label(),
            head,
        }
    }
}

impl<'a> Finished<'a> {
    fn new(finished: &'a TaskFinished) -> Self {
        let saved = finished.output.saved.as_ref();
        Self {
            task: Task::new(&finished.task),
            outcome: finished.outcome.word(),
            detail: Detail::new(&finished.outcome),
            crates: by_verdict(finished),
            note: finished.note.as_deref(),
            attempts: (finished.attempts > 1).then_some(finished.attempts),
            flaky: finished.is_flaky(),
            quarantined: finished.quarantined,
            took: seconds(finished.took),
            waited: seconds(finished.waited),
            queued: seconds(finished.timing.queued),
            processor: finished.timing.processor.map(seconds),
            findings: &finished.findings,
            output: sanitize(&finished.output.bytes, Colour::Strip),
            output_dropped: finished.output.dropped,
            output_file: saved.map(|saved| saved.path.to_string_lossy()),
            output_file_dropped: saved.map_or(0, |saved| saved.left_out),
            leaked: finished.leaked,
            cached: finished.cached,
        }
    }
}

fn by_verdict(finished: &TaskFinished) -> BTreeMap<CrateVerdict, Vec<&CrateName>> {
    let mut found: BTreeMap<CrateVerdict, Vec<&CrateName>> = BTreeMap::new();
    for (krate, verdict) in &finished.crates {
        found.entry(*verdict).or_default().push(krate);
    }
    found
}

impl<'a> Detail<'a> {
    fn new(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Passed | Outcome::Cancelled => Self::default(),
            Outcome::Failed(failure) => Self::of_failure(failure),
            Outcome::TimedOut { limit, calibrated } => Self {
                limit: Some(seconds(*limit)),
                limit_calibrated: *calibrated,
                ..Self::default()
            },
            Outcome::Blocked { by } => Self {
                by: Some(by),
                ..Self::default()
            },
        }
    }

    fn of_failure(failure: &'a Failure) -> Self {
        let named = Self {
            failure: Some(failure.word()),
            ..Self::default()
        };
        match failure {
            Failure::Exit { exit, meaning } => {
                let (exit_code, signal) = match *exit {
                    Exit::Code(code) => (Some(code), None),
                    Exit::Signal(signal) => (None, Some(signal)),
                };
                Self {
                    exit_code,
                    signal,
                    signal_name: signal.and_then(signal_name),
                    meaning: meaning.as_deref(),
                    ..named
                }
            }
            Failure::Start { error: why } | Failure::Uncertain { reason: why } | Failure::Unapplied { reason: why } => {
                Self {
                    error: Some(why),
                    ..named
                }
            }
            Failure::Denied { warnings } => Self {
                warnings: Some(*warnings),
                ..named
            },
            Failure::Regenerated => named,
        }
    }
}

pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// The one gate that all strings pass, so that none can be forgotten.
pub(super) fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(sanitize(text.as_bytes(), Colour::Strip)),
        Value::Array(items) => items.into_iter().map(harmless).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, harmless(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
