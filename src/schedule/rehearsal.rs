//! Looks for a better order by rehearsing the run: with expected times, in no time.
//!
//! Where tasks are heavy or share locks, the critical path alone can be a poor guide: a task that needs half of all
//! slots leaves holes that its place in the order has decided. So the run is simulated, then again with the order a
//! little shaken, and the best is kept. What is tried as well is to wait for a heavy task: to start nothing that would be in
//! its way when it can start. It costs little: nothing where the first rehearsal comes near to what is
//! possible at all, and otherwise a small share of the time that the run takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::chance::Dice;
use super::job::Job;
use super::machine::Schedule;
use super::order::{Agenda, Tactics};
use super::outlook::Outlook;
use super::simulate::{Play, simulate};
use crate::model::TaskId;
use crate::plan::{Access, Resource};

/// So many tasks are simulated at most.
const MOST_TASKS: u128 = 20_000;
/// Fewer runs than these would hardly find anything.
const FEWEST_RUNS: usize = 4;
/// An order that comes so near to what is possible is good enough.
const NEAR: f64 = 1.005;

/// An agenda that is given.
#[derive(Debug)]
struct Given(Agenda);

impl Tactics for Given {
    fn order(&self, _: &Outlook<'_>) -> Vec<TaskId> {
        self.0.order.clone()
    }

    fn agenda(&self, _: &Outlook<'_>) -> Agenda {
        self.0.clone()
    }
}

/// A way to do a run: what each task is sorted by, the most first, and which are waited for.
#[derive(Clone, Debug)]
struct Way {
    worth: Vec<f64>,
    awaited: BTreeSet<TaskId>,
}

impl Way {
    fn agenda(&self, outlook: &Outlook<'_>) -> Agenda {
        Agenda {
            order: sorted(outlook, &self.worth),
            awaited: self.awaited.iter().copied().collect(),
        }
    }

    /// Another one like it, in the rehearsal of this number: every other one waits for a heavy task more or less.
    fn shaken(&self, run: usize, heavy: &[TaskId], dice: &mut Dice) -> Self {
        let mut other = self.clone();
        let extents = if run.is_multiple_of(2) || heavy.is_empty() {
            [0.05, 0.2, 0.5, 0.95]
        } else {
            for _ in 0..=dice.below(2) {
                let task = heavy[dice.below(heavy.len())];
                if !other.awaited.remove(&task) {
                    other.awaited.insert(task);
                }
            }
            [0.0, 0.05, 0.2, 0.5]
        };
        let extent = extents[dice.below(4)];
        for worth in &mut other.worth {
            *worth *= 1.0 + extent * dice.swing();
        }
        other
    }
}

/// The tasks of a whole plan in a way that makes for a short run, as far as some rehearsals show. `worth` is what each
/// task is sorted by at first, the most first.
pub(super) fn best_agenda(outlook: &Outlook<'_>, worth: Vec<f64>) -> Agenda {
    let mut best = Way {
        worth,
        awaited: BTreeSet::new(),
    };
    if !is_worth_it(outlook) {
        return best.agenda(outlook);
    }
    let least = bound(outlook);
    // One task for each millisecond of the run: that makes it longer by less than a half percent.
    let tasks = least.as_millis().min(MOST_TASKS);
    let runs = usize::try_from(tasks).unwrap_or(0) / outlook.tasks().len();
    if runs < FEWEST_RUNS {
        return best.agenda(outlook);
    }
    let heavy = outlook.tasks().filter(|(_, job)| outlook.is_heavy(job));
    let heavy: Vec<TaskId> = heavy.map(|(task, _)| task).collect();
    let mut dice = Dice::new(0);
    let mut shortest = makespan(outlook, best.agenda(outlook));
    let good = least.mul_f64(NEAR);
    for run in 1..runs {
        if shortest <= good {
            break;
        }
        let way = best.shaken(run, &heavy, &mut dice);
        let makespan = makespan(outlook, way.agenda(outlook));
        if makespan < shortest {
            (best, shortest) = (way, makespan);
        }
    }
    best.agenda(outlook)
}

/// Whether rehearsals could tell anything: not without history, and not where nothing but slots is in short supply.
fn is_worth_it(outlook: &Outlook<'_>) -> bool {
    let count = outlook.tasks().len();
    let mut tasks = outlook.tasks().map(|(_, job)| job);
    let binds = |job: &Job| {
        let mut resources = job.resources.iter();
        job.weight > 1 || resources.any(|(_, access)| *access == Access::Exclusive)
    };
    let known = || outlook.tasks().any(|(_, job)| job.estimate.is_some());
    let whole = outlook.tasks().next().is_some_and(|(task, _)| task.0 == 0);
    whole && outlook.slots() > 1 && count > 2 && tasks.any(binds) && known()
}

/// The most worth first; what is worth the same, in the order of the plan.
fn sorted(outlook: &Outlook<'_>, worth: &[f64]) -> Vec<TaskId> {
    let mut tasks: Vec<(f64, TaskId)> = outlook
        .tasks()
        .zip(worth)
        .map(|((task, _), worth)| (*worth, task))
        .collect();
    tasks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    tasks.into_iter().map(|(_, task)| task).collect()
}

/// How long the run takes in this way, if everything takes as long as is expected.
fn makespan(outlook: &Outlook<'_>, agenda: Agenda) -> Duration {
    let mut schedule = Schedule::new(outlook.rules(), Arc::new(Given(agenda)));
    let jobs = outlook.tasks().map(|(_, job)| job.clone()).collect();
    if schedule.add(Duration::ZERO, jobs).is_err() {
        return Duration::MAX;
    }
    simulate(&mut schedule, |task, _| Play::passes_after(outlook.expected(task))).makespan
}

/// What no order can be faster than.
fn bound(outlook: &Outlook<'_>) -> Duration {
    let mut ways: BTreeMap<TaskId, Duration> = BTreeMap::new();
    let mut work = Duration::ZERO;
    let mut locks: BTreeMap<&Resource, Duration> = BTreeMap::new();
    for (task, job) in outlook.sorted().rev() {
        let expected = outlook.expected(task);
        let after = outlook
            .waiting_for(task)
            .filter_map(|other| ways.get(&other).copied())
            .max();
        ways.insert(task, expected + after.unwrap_or_default());
        work += expected * job.weight.min(outlook.slots());
        for (resource, _) in job.resources.iter().filter(|(_, access)| *access == Access::Exclusive) {
            *locks.entry(resource).or_default() += expected;
        }
    }
    let longest = ways.into_values().chain(locks.into_values()).max();
    longest.unwrap_or_default().max(work / outlook.slots().max(1))
}
