//! Graphs of tasks: random ones, and such as workspaces have.

use std::time::Duration;

use cargo_hooks::TaskId;
use cargo_hooks::history::{Chance, Estimate};
use cargo_hooks::plan::{Access, Need, Resource};
use cargo_hooks::schedule::Job;

use super::chance::Dice;

/// A run to schedule.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) shape: &'static str,
    pub(crate) slots: u32,
    pub(crate) jobs: Vec<Job>,
    /// What each task really takes.
    pub(crate) takes: Vec<Duration>,
    pub(crate) has_weights: bool,
    pub(crate) has_locks: bool,
}

/// How tasks depend on each other.
pub(crate) const SHAPES: [&str; 8] = [
    "independent",
    "chains",
    "layers",
    "sparse",
    "dense",
    "fork-join",
    "tree",
    "workspace",
];

impl Case {
    /// A case of this shape and about this size. `error` is how far estimates are from what tasks really take: the
    /// deviation of the logarithm.
    pub(crate) fn new(shape: &'static str, tasks: usize, slots: u32, error: f64, dice: &mut Dice) -> Self {
        let mut jobs = match shape {
            "workspace" => workspace(tasks, dice),
            _ => needs(shape, tasks, dice).into_iter().map(job).collect(),
        };
        let takes: Vec<Duration> = jobs
            .iter()
            .map(|_| Duration::from_secs_f64(dice.log_normal(1.0)))
            .collect();
        let has_weights = slots > 1 && dice.happens(0.3);
        let has_locks = shape == "workspace" || dice.happens(0.3);
        for (job, takes) in jobs.iter_mut().zip(&takes) {
            job.estimate = Some(estimate(takes.mul_f64(dice.log_normal(error))));
            if has_weights && dice.happens(0.2) {
                job.weight = 1 + u32::try_from(dice.below(slots as usize)).unwrap_or(0);
            }
        }
        if has_locks && shape != "workspace" {
            lock_some(&mut jobs, dice);
        }
        Self {
            shape,
            slots,
            jobs,
            takes,
            has_weights,
            has_locks,
        }
    }

    /// Whether two tasks never run beside each other, for their locks or their weights.
    pub(crate) fn excludes(&self, a: usize, b: usize) -> bool {
        let weight = |place: usize| self.jobs[place].weight.min(self.slots);
        weight(a) + weight(b) > self.slots || self.locks_out(a, b)
    }

    /// Whether two tasks use something of which one of them must be the only user.
    pub(crate) fn locks_out(&self, a: usize, b: usize) -> bool {
        let other = &self.jobs[b].resources;
        self.jobs[a].resources.iter().any(|(resource, access)| {
            let mut other = other.iter();
            other.any(|(held, mode)| held == resource && (*mode, *access) != (Access::Shared, Access::Shared))
        })
    }
}

pub(crate) fn estimate(expected: Duration) -> Estimate {
    Estimate {
        runs: 10,
        expected,
        high: expected * 2,
        failure: Chance::default(),
        failing: 0,
    }
}

fn job(needs: Vec<usize>) -> Job {
    let id = |place: usize| TaskId(u32::try_from(place).unwrap_or(u32::MAX));
    Job {
        needs: needs.into_iter().map(|place| (id(place), Need::Hard)).collect(),
        ..Job::new("x")
    }
}

/// Some tasks use one of a few things alone, some share one.
fn lock_some(jobs: &mut [Job], dice: &mut Dice) {
    let locks = 1 + dice.below(4);
    let share = 0.1 + 0.3 * dice.share();
    for job in jobs {
        if dice.happens(share) {
            let access = if dice.happens(0.8) {
                Access::Exclusive
            } else {
                Access::Shared
            };
            let lock = Resource::Named(format!("lock {}", dice.below(locks)));
            job.resources.push((lock, access));
        }
    }
}

/// What each task needs; only tasks before it.
fn needs(shape: &str, tasks: usize, dice: &mut Dice) -> Vec<Vec<usize>> {
    let width = 2 + dice.below(tasks / 3 + 1);
    let some_before = |from: usize, to: usize, most: usize, dice: &mut Dice| -> Vec<usize> {
        let count = if to > from { dice.below(most + 1) } else { 0 };
        let mut some: Vec<usize> = (0..count).map(|_| from + dice.below(to - from)).collect();
        some.sort_unstable();
        some.dedup();
        some
    };
    (0..tasks)
        .map(|task| match shape {
            "chains" => task.checked_sub(width).into_iter().collect(),
            "layers" => {
                let layer = task / width;
                some_before(layer.saturating_sub(1) * width, layer * width, 4, dice)
            }
            "sparse" => some_before(task.saturating_sub(50), task, 2, dice),
            "dense" => some_before(0, task, 12, dice),
            "fork-join" => match task % (width + 1) {
                0 => (task.saturating_sub(width)..task).collect(),
                _ => vec![task - task % (width + 1)],
            },
            "tree" if task > 0 => vec![dice.below(task)],
            _ => Vec::new(),
        })
        .collect()
}

/// What a workspace of crates has: formatting for each crate, clippy and the building of tests for groups of crates
/// one after the other, tests that run when they are built, and a few that have to do with no crate.
fn workspace(tasks: usize, dice: &mut Dice) -> Vec<Job> {
    let builds = |needs| Job {
        resources: vec![
            (Resource::Tree, Access::Shared),
            (Resource::Named("build".to_owned()), Access::Exclusive),
        ],
        ..job(needs)
    };
    let reads = |needs| Job {
        resources: vec![(Resource::Tree, Access::Shared)],
        ..job(needs)
    };
    let mut jobs: Vec<Job> = (0..tasks.min(5)).map(|_| reads(Vec::new())).collect();
    while jobs.len() < tasks {
        let fmt = jobs.len();
        jobs.push(reads(Vec::new()));
        if dice.happens(0.15) {
            jobs.push(builds(vec![fmt]));
        }
        if dice.happens(0.15) {
            jobs.push(builds(vec![fmt]));
            let built = jobs.len() - 1;
            jobs.extend((0..=dice.below(6)).map(|_| reads(vec![built])));
        }
    }
    jobs
}
