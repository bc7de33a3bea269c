//! What goes first: the built-in orders, and the trait by which a program brings its own.

use std::fmt::Debug;
use std::time::Duration;

use super::job::Job;
use super::outlook::Outlook;
use super::rehearsal::best_agenda;
use crate::config::Order;
use crate::model::TaskId;

/// How likely a task fails of which nothing is known. What is new is more often wrong than what has long been there.
const UNKNOWN_FAILURE: f64 = 0.1;

/// An order and a strategy: what goes first among the tasks that could start, and how many slots are used.
///
/// Neither can make a run wrong. Whatever they say, a task starts only when what it needs has ended, when its slots and
/// locks are free; and as long as anything is left, something runs.
///
/// ```
/// use std::time::Duration;
///
/// use cargo_hooks::TaskId;
/// use cargo_hooks::schedule::{Outlook, Situation, Tactics};
///
/// /// The long tasks first; and until something has passed, one task alone.
/// #[derive(Debug)]
/// struct CarefulThenLong;
///
/// impl Tactics for CarefulThenLong {
///     fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
///         let mut tasks: Vec<TaskId> = outlook.tasks().map(|(task, _)| task).collect();
///         tasks.sort_by_key(|task| std::cmp::Reverse(outlook.expected(*task)));
///         tasks
///     }
///
///     fn slots(&self, now: &Situation) -> u32 {
///         if now.passed == 0 { 1 } else { now.slots }
///     }
/// }
///
/// fn run(project: &cargo_hooks::Project) -> Result<bool, Box<dyn std::error::Error>> {
///     let plan = project.plan(&cargo_hooks::Request::default())?;
///     let stats = project.run_with(&plan, std::sync::Arc::new(CarefulThenLong), |_event| {})?;
///     Ok(stats.is_success())
/// }
/// ```
pub trait Tactics: Debug + Send + Sync {
    /// These tasks in the order in which they should start, as far as they could. It is asked once for the tasks of a
    /// plan, and again for tasks that are added later. What it leaves out comes last, in the order of the plan.
    ///
    /// The priority of a check comes before this order.
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId>;

    /// The order, and the tasks that are waited for in it; most often none. It is asked instead of the order.
    fn agenda(&self, outlook: &Outlook<'_>) -> Agenda {
        Agenda {
            order: self.order(outlook),
            awaited: Vec::new(),
        }
    }

    /// How many of the slots may be used now. It is asked whenever something has happened. Where nothing runs, one task
    /// starts in any case.
    fn slots(&self, now: &Situation) -> u32 {
        now.slots
    }
}

/// In which order tasks should start, and which of them are waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// The tasks in their order. What it leaves out comes last, in the order of the plan.
    pub order: Vec<TaskId>,
    /// Tasks that slots are kept for, even before they can start: what comes later in the order, and would not fit the
    /// slots beside one of these, starts only when that one has run. Without that, a long task that could start now may
    /// be in the way of one that takes all slots and can start in a moment, and of all that waits for it.
    ///
    /// What such a task needs never waits for it, wherever it stands in the order; nor does what has a higher priority.
    pub awaited: Vec<TaskId>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// What time it is, counted from the begin of the run.
    pub at: Duration,
    /// How many slots there are.
    pub slots: u32,
    /// How many of them are taken.
    pub used: u32,
    /// How many tasks have passed.
    pub passed: usize,
    /// How many tasks have come to another end.
    pub not_passed: usize,
    /// How many tasks have not come to their end.
    pub unsettled: usize,
}

/// A built-in order, on all slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn(pub Order);

impl Tactics for BuiltIn {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        self.agenda(outlook).order
    }

    fn agenda(&self, outlook: &Outlook<'_>) -> Agenda {
        let order = match self.0 {
            Order::Config => outlook.tasks().map(|(task, _)| task).collect(),
            Order::FastFirst => fast_first(outlook),
            Order::LikelyFailure => likely_failure(outlook, |_, job| !job.may_fail),
            Order::Adaptive if outlook.tasks().any(|(task, _)| outlook.stops_run(task)) => {
                likely_failure(outlook, |task, _| outlook.stops_run(task))
            }
            Order::CriticalPath | Order::Adaptive => return critical_path(outlook),
        };
        Agenda {
            order,
            ..Agenda::default()
        }
    }
}

/// The mean duration; what is unknown comes last, by how long it may take.
fn fast_first(outlook: &Outlook<'_>) -> Vec<TaskId> {
    let mut tasks: Vec<_> = outlook
        .tasks()
        .map(|(task, job)| {
            let limit = job.limit.map_or(Duration::MAX, |limit| limit.time);
            let key = job
                .estimate
                .map_or((true, limit), |estimate| (false, estimate.expected));
            (key, task)
        })
        .collect();
    tasks.sort();
    tasks.into_iter().map(|(_, task)| task).collect()
}

/// What the end of the run waits for the longest, and around that what rehearsals show to be better.
fn critical_path(outlook: &Outlook<'_>) -> Agenda {
    let worth: Vec<f64> = outlook
        .tasks()
        .map(|(task, _)| outlook.to_end(task).as_secs_f64())
        .collect();
    best_agenda(outlook, worth)
}

/// A chance to see a failure, and the time that it takes to see it.
#[derive(Clone, Copy)]
struct Prospect {
    chance: f64,
    seconds: f64,
}

impl Prospect {
    /// The chance for the time; a task that takes no time at all is worth it in any case.
    fn worth(self) -> f64 {
        self.chance / self.seconds.max(1e-6)
    }

    /// First this one, then another.
    fn then(self, other: Self) -> Self {
        Self {
            chance: self.chance + (1.0 - self.chance) * other.chance,
            seconds: self.seconds + other.seconds,
        }
    }
}

/// The chance of failure over the time that it takes to know, where the failure of a task matters. A task is worth as
/// much as the best of what can only start after it. What is worth the same goes by the critical path.
fn likely_failure(outlook: &Outlook<'_>, matters: impl Fn(TaskId, &Job) -> bool) -> Vec<TaskId> {
    let mut best: Vec<Prospect> = vec![
        Prospect {
            chance: 0.0,
            seconds: 0.0,
        };
        outlook.tasks().len()
    ];
    let mut tasks = Vec::with_capacity(best.len());
    for (task, job) in outlook.sorted().rev() {
        let known = job
            .estimate
            .map_or(UNKNOWN_FAILURE, |estimate| estimate.failure.share());
        let own = Prospect {
            chance: if matters(task, job) { known } else { 0.0 },
            seconds: outlook.expected(task).as_secs_f64(),
        };
        let after = outlook.waiting_for(task).filter_map(|other| outlook.place(other));
        let with_others = after.map(|other| own.then(best[other]));
        let most = with_others.fold(
            own,
            |most, other| if other.worth() > most.worth() { other } else { most },
        );
        if let Some(place) = outlook.place(task) {
            best[place] = most;
        }
        tasks.push((task, most.worth()));
    }
    tasks.sort_by(|(a, worth_of_a), (b, worth_of_b)| {
        let by_worth = worth_of_b.total_cmp(worth_of_a);
        by_worth
            .then_with(|| outlook.to_end(*b).cmp(&outlook.to_end(*a)))
            .then(a.cmp(b))
    });
    tasks.into_iter().map(|(task, _)| task).collect()
}
