//! The longest way through a plan: no number of slots makes a run shorter than that.

use std::time::Duration;

use super::graph::Plan;
use crate::model::TaskId;

/// The tasks that follow on one another for the longest time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// In the order in which they run.
    pub tasks: Vec<TaskId>,
    /// How long they take together.
    pub length: Duration,
}

impl Plan {
    /// The critical path, where each task takes as long as `took` says by its place. Of several, the first in the order of
    /// the plan.
    #[must_use]
    pub fn critical_path(&self, took: &[Duration]) -> CriticalPath {
        let mut ends = vec![Duration::ZERO; took.len()];
        let mut after: Vec<Option<TaskId>> = vec![None; took.len()];
        // A wave holds nothing that waits for another task of it, so that all needs of a task are known before it.
        for id in self.waves().iter().flatten() {
            let needs = self.needs_of(*id).into_iter().map(|(needed, _)| needed);
            after[id.index()] = first_longest(needs, &ends);
            let starts = after[id.index()].map_or(Duration::ZERO, |last| ends[last.index()]);
            ends[id.index()] = starts.saturating_add(took[id.index()]);
        }
        let last = first_longest(self.tasks().map(|task| task.head.id), &ends);
        let length = last.map_or(Duration::ZERO, |last| ends[last.index()]);
        let mut tasks: Vec<TaskId> = std::iter::successors(last, |task| after[task.index()]).collect();
        tasks.reverse();
        CriticalPath { tasks, length }
    }
}

fn first_longest(tasks: impl Iterator<Item = TaskId>, ends: &[Duration]) -> Option<TaskId> {
    tasks.reduce(|longest, task| {
        if ends[task.index()] > ends[longest.index()] {
            task
        } else {
            longest
        }
    })
}
