//! Looks for a better order by rehearsing the run: with expected times, in no time.
//!
//! Where tasks are heavy or share locks, the critical path alone can be a poor guide: a task that needs half of all
//! slots leaves holes that its place in the order has decided. So the run is simulated, then again with the order a
//! little shaken, and the best is kept. It costs little: nothing where the first rehearsal comes near to what is
//! possible at all, and otherwise a small share of the time that the run takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::chance::Dice;
use super::job::Job;
use super::machine::Schedule;
use super::order::Tactics;
use super::outlook::Outlook;
use super::simulate::{Play, simulate};
use crate::model::TaskId;
use crate::plan::{Access, Resource};

/// So many tasks are simulated at most.
const MOST_TASKS: u128 = 20_000;
/// Fewer runs than these would hardly find anything.
const FEWEST_RUNS: usize = 4;
/// An order that comes so near to what is possible is good enough.
const NEAR: f64 = 1.02;

/// An order that is given.
#[derive(Debug)]
struct Given(Vec<TaskId>);

impl Tactics for Given {
    fn order(&self, _: &Outlook<'_>) -> Vec<TaskId> {
        self.0.clone()
    }
}

/// The tasks of a whole plan in an order that makes for a short run, as far as some rehearsals show. `worth` is what
/// each task is sorted by at first, the most first.
pub(super) fn best_order(outlook: &Outlook<'_>, worth: &[f64]) -> Vec<TaskId> {
    let mut best = sorted(outlook, worth);
    if !is_worth_it(outlook) {
        return best;
    }
    let least = bound(outlook);
    // One task for each millisecond of the run: that makes it longer by less than a half percent.
    let tasks = least.as_millis().min(MOST_TASKS);
    let runs = usize::try_from(tasks).unwrap_or(0) / worth.len();
    if runs < FEWEST_RUNS {
        return best;
    }
    let mut dice = Dice::new(0);
    let mut worth = worth.to_vec();
    let mut shortest = makespan(outlook, &best);
    let good = least.mul_f64(NEAR);
    for run in 1..runs {
        if shortest <= good {
            break;
        }
        let extent = [0.05, 0.2, 0.5, 0.95][run % 4];
        let shaken: Vec<f64> = worth
            .iter()
            .map(|worth| worth * (1.0 + extent * dice.swing()))
            .collect();
        let order = sorted(outlook, &shaken);
        let makespan = makespan(outlook, &order);
        if makespan < shortest {
            (best, worth, shortest) = (order, shaken, makespan);
        }
    }
    best
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

/// How long the run takes in this order, if everything takes as long as is expected.
fn makespan(outlook: &Outlook<'_>, order: &[TaskId]) -> Duration {
    let mut schedule = Schedule::new(outlook.rules(), Arc::new(Given(order.to_vec())));
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
