//! What a schedule has to know: of the run, and of each task.

use std::time::Duration;

use crate::config::Retry;
use crate::history::Estimate;
use crate::model::{CheckName, TaskId};
use crate::plan::{Access, Limit, Need, Plan, Resource, Task};

/// What a schedule knows of a task.
#[derive(Clone, Debug)]
pub struct Job {
    /// The check that it belongs to.
    pub check: CheckName,
    /// The tasks that it waits for. A task that is named twice counts once, with the stronger need.
    pub needs: Vec<(TaskId, Need)>,
    /// How many slots it takes.
    pub weight: u32,
    /// What it uses, alone or with others.
    pub resources: Vec<(Resource, Access)>,
    /// Whether it may fail without failing the run.
    pub may_fail: bool,
    /// Whether its failure ends the run, where the rules have it so.
    pub critical: bool,
    /// What goes first: more before less.
    pub priority: i32,
    /// When it should be done, counted from the begin of the run.
    pub deadline: Option<Duration>,
    /// How often it is tried again when it fails.
    pub retry: Retry,
    /// What earlier runs let expect of it.
    pub estimate: Option<Estimate>,
    /// How long it may take.
    pub limit: Option<Limit>,
}

impl Job {
    /// A task of this check that needs nothing, takes one slot and is tried once.
    #[must_use]
    pub fn new(check: impl Into<CheckName>) -> Self {
        Self {
            check: check.into(),
            needs: Vec::new(),
            weight: 1,
            resources: Vec::new(),
            may_fail: false,
            critical: false,
            priority: 0,
            deadline: None,
            retry: Retry::NEVER,
            estimate: None,
            limit: None,
        }
    }

    /// What is to be known of a task of a plan.
    pub(super) fn of_task(plan: &Plan, task: &Task) -> Self {
        Self {
            check: task.head.check.clone(),
            needs: plan.needs_of(task.head.id),
            weight: task.weight,
            resources: task.resources.clone(),
            may_fail: task.head.may_fail,
            critical: task.critical,
            priority: task.priority,
            deadline: None,
            retry: task.retry,
            estimate: task.estimate,
            limit: plan.limit_of(task.head.id),
        }
    }
}

/// What holds for a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many slots there are; at least one.
    pub slots: u32,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Whether the failure of a critical task ends the run.
    pub stop_on_critical_failure: bool,
    /// What chance is made from, where tasks that are tried again must not all come at once.
    pub seed: u64,
}

impl Rules {
    pub(super) fn of_plan(plan: &Plan, seed: u64) -> Self {
        Self {
            slots: plan.slots,
            fail_fast: plan.fail_fast,
            stop_on_critical_failure: plan.stop_on_critical_failure,
            seed,
        }
    }

    /// Whether the failure of this task would end the run.
    pub(super) fn stop_after(&self, job: &Job) -> bool {
        !job.may_fail && (self.fail_fast || job.critical && self.stop_on_critical_failure)
    }
}

/// Why tasks cannot be added to a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// A task waits for one that is neither there nor added.
    #[error("a task of `{check}` waits for task {needed:?}, which does not exist")]
    UnknownTask {
        /// The check of the task.
        check: CheckName,
        /// What it waits for.
        needed: TaskId,
    },
    /// Tasks wait for each other.
    #[error("tasks wait for each other in a circle, one of `{check}` among them")]
    Circle {
        /// The check of one of them.
        check: CheckName,
    },
    /// The run is over.
    #[error("the run is over: a task that is added now would never start")]
    Over,
}
