//! What one run comes to, in a few fields. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::read::{Recorded, Standing};
use crate::event::{Cached, EventKind, RunStats, TaskFinished, is_default, micros};
use crate::model::CheckName;

/// What a run comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its number.
    pub number: u64,
    /// When it began, in milliseconds since the beginning of 1970.
    pub began: u64,
    /// Whether it was limited to what changes touch.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limited: bool,
    /// Whether it repaired first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repairs: bool,
    /// What has become of it.
    pub standing: Standing,
    /// The checks that had a task.
    pub checks: Vec<CheckName>,
    /// The checks that were asked for and left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left_out: Vec<CheckName>,
    /// How many slots there were.
    pub slots: u32,
    /// How long it took, or had taken when it was last heard of.
    #[serde(with = "micros")]
    pub took: Duration,
    /// How long its tasks ran together, failed attempts included.
    #[serde(with = "micros")]
    pub busy: Duration,
    /// How long they waited together for locks that another cargo held.
    #[serde(with = "micros", default, skip_serializing_if = "is_default")]
    pub waited: Duration,
    /// The task that ran longest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub longest: Option<Longest>,
    /// How many tasks of each check did not run, since they had passed before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cached: BTreeMap<CheckName, u64>,
    /// What the tasks of each check came to that ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub of_checks: BTreeMap<CheckName, OfCheck>,
    /// How many tasks came to which end. Of a run without an end, as far as is known.
    pub stats: RunStats,
    /// How large its record is.
    pub bytes: u64,
}

/// What the tasks of a check came to that ran to an end of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfCheck {
    /// How long they ran together, failed attempts included.
    #[serde(with = "micros")]
    pub took: Duration,
    /// How many there were.
    pub ran: u64,
    /// How many of them failed or ran out of time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: u64,
}

/// A task that ran longest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Longest {
    /// Its name.
    pub label: String,
    /// How long it ran.
    #[serde(with = "micros")]
    pub took: Duration,
}

impl Recorded {
    /// Whether the run came to its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.standing == Standing::Ended
    }
}

/// What a run comes to.
#[must_use]
pub fn summarize(run: &Recorded) -> RunSummary {
    let mut summary = RunSummary {
        number: run.number,
        began: run.begin.began,
        limited: run.begin.limited,
        repairs: run.begin.repairs,
        standing: run.standing,
        checks: Vec::new(),
        left_out: Vec::new(),
        slots: 0,
        took: Duration::ZERO,
        busy: Duration::ZERO,
        waited: Duration::ZERO,
        longest: None,
        cached: BTreeMap::new(),
        of_checks: BTreeMap::new(),
        // Nobody has counted those of a run without an end.
        stats: RunStats {
            interrupted: run.standing == Standing::BrokenOff,
            ..RunStats::default()
        },
        bytes: run.bytes,
    };
    for event in &run.events {
        summary.took = summary.took.max(event.at);
        summary.hear(&event.kind);
    }
    summary
}

impl RunSummary {
    /// Whether it came to its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.standing == Standing::Ended
    }

    /// Whether it goes on.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.standing == Standing::GoesOn
    }

    fn hear(&mut self, kind: &EventKind) {
        match kind {
            EventKind::RunStarted(started) => {
                self.checks.clone_from(&started.checks);
                self.left_out = started.left_out.iter().map(|left| left.check.clone()).collect();
                self.slots = started.slots;
                self.stats.tasks = started.tasks;
            }
            EventKind::TaskRetries(retries) => self.add_times(&retries.failed),
            EventKind::TaskFinished(finished) => {
                self.stats.count(finished);
                self.add_times(finished);
                if finished.cached == Cached::Whole {
                    *self.cached.entry(finished.task.check.clone()).or_default() += 1;
                } else if finished.outcome.is_pass() || finished.outcome.is_failure() {
                    let of_check = self.of_checks.entry(finished.task.check.clone()).or_default();
                    of_check.ran += 1;
                    of_check.failed += u64::from(finished.outcome.is_failure());
                }
            }
            EventKind::RunFinished { stats } => self.stats = *stats,
            EventKind::LeftoversEnded { .. }
            | EventKind::TaskStarted { .. }
            | EventKind::TaskSaid { .. }
            | EventKind::TaskSlow { .. }
            | EventKind::TaskWaits { .. }
            | EventKind::TaskGoesOn { .. }
            | EventKind::StopBegan { .. } => {}
        }
    }

    fn add_times(&mut self, finished: &TaskFinished) {
        self.busy = self.busy.saturating_add(finished.took);
        self.waited = self.waited.saturating_add(finished.waited);
        if !finished.took.is_zero() {
            let of_check = self.of_checks.entry(finished.task.check.clone()).or_default();
            of_check.took = of_check.took.saturating_add(finished.took);
        }
        let is_longest = |longest: &Longest| finished.took > longest.took;
        if !finished.took.is_zero() && self.longest.as_ref().is_none_or(is_longest) {
            self.longest = Some(Longest {
                label: finished.task.label(),
                took: finished.took,
            });
        }
    }
}
