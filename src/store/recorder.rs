//! Listens to a run, and keeps what is to be remembered of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Cached, Event, EventKind, Failure, Outcome, TaskFinished};
use crate::history::{End, Extent, Record, RunKey, TaskKey};
use crate::plan::Plan;

/// What came of a task, for later runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnd(TaskKey, Record);

impl TaskEnd {
    /// The end as one of this run.
    pub(super) fn of_run(self, run: RunKey) -> (TaskKey, Record) {
        (self.0, Record { run, ..self.1 })
    }
}

/// Listens to a run, and keeps what is to be remembered of it.
#[derive(Debug)]
pub struct Recorder<'p> {
    plan: &'p Plan,
    ends: BTreeMap<u32, TaskEnd>,
}

impl<'p> Recorder<'p> {
    /// For a run of this plan.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            ends: BTreeMap::new(),
        }
    }

    /// Hears what happens.
    pub fn hear(&mut self, event: &Event) {
        if let EventKind::TaskFinished(finished) = &event.kind
            && finished.cached != Cached::Whole
            && let Some(end) = end(&finished.outcome)
        {
            let task = self.plan.task(finished.task.id);
            let record = record(finished, event.at, end, task.extent);
            self.ends.insert(record.task, TaskEnd(task.key.clone(), record));
        }
    }

    /// What is to be remembered, in the order of the plan.
    #[must_use]
    pub fn ends(self) -> Vec<TaskEnd> {
        self.ends.into_values().collect()
    }
}

/// The end of its own that a task came to, if it did. What could not be started, or was stopped, says nothing about it.
fn end(outcome: &Outcome) -> Option<End> {
    match outcome {
        Outcome::Passed => Some(End::Passed),
        Outcome::Failed(
            Failure::Exit { .. } | Failure::Denied { .. } | Failure::Regenerated | Failure::Unapplied { .. },
        ) => Some(End::Failed),
        Outcome::TimedOut { .. } => Some(End::TimedOut),
        Outcome::Failed(Failure::Start { .. } | Failure::Uncertain { .. })
        | Outcome::Blocked { .. }
        | Outcome::Cancelled => None,
    }
}

fn record(finished: &TaskFinished, at: Duration, end: End, extent: Extent) -> Record {
    Record {
        // The run gets its place among others when it is saved.
        run: RunKey { sequence: 0, id: 0 },
        task: finished.task.id.0,
        extent,
        end,
        took: finished.took,
        attempts: finished.attempts,
        started: at.saturating_sub(finished.took + finished.waited),
    }
}
