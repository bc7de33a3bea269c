//! What code scanning reads: the findings of a run in the format SARIF 2.1.0.
//!
//! A check that ran is a run of a tool, with its findings as results: code scanning calls a finding repaired that is not among
//! them any more. A check of which a part had no turn is therefore left out whole: nobody knows what it would have found.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::github::Places;
use super::reporter::Reporter;
use super::verdict;
use crate::event::{Event, EventKind, Outcome, TaskFinished};
use crate::model::{CheckName, TaskId};

mod results;

use results::{Results, text};

/// The schema that readers know the format by.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the findings of a run.
#[derive(Debug)]
pub struct SarifReporter {
    places: Places,
    checks: Vec<CheckName>,
    finished: BTreeMap<TaskId, TaskFinished>,
    has_ended: bool,
}

impl SarifReporter {
    /// For a workspace that lies there.
    #[must_use]
    pub fn new(places: Places) -> Self {
        Self {
            places,
            checks: Vec::new(),
            finished: BTreeMap::new(),
            has_ended: false,
        }
    }

    fn finished(&mut self, finished: &TaskFinished) {
        let check = &finished.task.check;
        if !self.checks.contains(check) {
            self.checks.push(check.clone());
        }
        let mut kept = finished.clone();
        // What was written is no part of it, and may be long.
        kept.output = crate::event::Output::default();
        self.finished.insert(finished.task.id, kept);
    }

    fn log(&self) -> Value {
        let runs = self.checks.iter().filter_map(|check| self.run(check));
        json!({"$schema": SCHEMA, "version": "2.1.0", "runs": runs.collect::<Vec<_>>()})
    }

    /// The run of a check, if all of its tasks had their turn.
    fn run(&self, check: &CheckName) -> Option<Value> {
        let tasks: Vec<&TaskFinished> = self
            .finished
            .values()
            .filter(|task| task.task.check == *check)
            .collect();
        let had_no_turn = |task: &&TaskFinished| matches!(task.outcome, Outcome::Blocked { .. } | Outcome::Cancelled);
        if tasks.is_empty() || !self.has_ended || tasks.iter().any(had_no_turn) {
            return None;
        }
        let mut results = Results::new(check, &self.places);
        for task in &tasks {
            task.findings.iter().for_each(|finding| results.add(finding));
        }
        let name = text(check.as_str());
        let invocations: Vec<Value> = tasks.into_iter().map(invocation).collect();
        Some(json!({
            "tool": {"driver": {"name": format!("cargo hooks: {name}"), "rules": results.rules()}},
            "automationDetails": {"id": format!("cargo-hooks/{name}/")},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
            "invocations": invocations,
            "results": results.into_values(),
        }))
    }
}

/// How a task ended. What it found without a place is told here, and that it failed without having found anything.
fn invocation(task: &TaskFinished) -> Value {
    let placeless = task.findings.iter().filter(|finding| finding.place.is_none());
    let mut notes: Vec<Value> = placeless
        .map(|finding| notification(results::level(finding.severity), &finding.message))
        .collect();
    let found = task.findings.iter().any(|finding| finding.place.is_some());
    let failed = task.outcome.is_failure();
    if failed && !found {
        let said = format!("{}: {}", task.task.label(), verdict::in_words(task));
        notes.push(notification("error", &said));
    }
    json!({"executionSuccessful": !failed || found, "toolExecutionNotifications": notes})
}

fn notification(level: &str, message: &str) -> Value {
    json!({"level": level, "message": {"text": text(message)}})
}

impl Reporter for SarifReporter {
    fn on_event(&mut self, event: &Event, _out: &mut dyn io::Write) -> io::Result<()> {
        match &event.kind {
            EventKind::RunStarted(started) => self.checks.clone_from(&started.checks),
            EventKind::TaskFinished(finished) => self.finished(finished),
            EventKind::RunFinished { .. } => self.has_ended = true,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.log())?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

#[cfg(test)]
mod tests;
