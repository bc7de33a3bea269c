//! The schedule, and other ways to do it.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use cargo_hooks::TaskId;
use cargo_hooks::config::Order;
use cargo_hooks::schedule::{BuiltIn, Job, Outlook, Play, Rules, Schedule, Tactics, simulate};

use super::chance::Dice;
use super::graphs::Case;

/// How long the case takes with these tactics, in seconds.
pub(crate) fn makespan(case: &Case, tactics: Arc<dyn Tactics>) -> f64 {
    run(case.slots, case.jobs.clone(), &case.takes, tactics)
}

fn run(slots: u32, jobs: Vec<Job>, takes: &[Duration], tactics: Arc<dyn Tactics>) -> f64 {
    let rules = Rules {
        slots,
        fail_fast: false,
        stop_on_critical_failure: true,
        seed: 0,
    };
    let mut schedule = Schedule::new(rules, tactics);
    schedule.add(Duration::ZERO, jobs).expect("the graph has no circle");
    let course = simulate(&mut schedule, |task, _| Play::passes_after(takes[task.index()]));
    course.makespan.as_secs_f64()
}

pub(crate) fn adaptive() -> Arc<dyn Tactics> {
    Arc::new(BuiltIn(Order::Adaptive))
}

pub(crate) fn list() -> Arc<dyn Tactics> {
    Arc::new(BuiltIn(Order::Config))
}

/// The longest first, whatever waits for it.
#[derive(Debug)]
pub(crate) struct LongestFirst;

impl Tactics for LongestFirst {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = outlook.tasks().map(|(task, _)| task).collect();
        tasks.sort_by_key(|task| Reverse(outlook.expected(*task)));
        tasks
    }
}

/// The adaptive order, shaken: to look for a better one.
#[derive(Debug)]
struct Shaken {
    seed: u64,
    deviation: f64,
}

impl Tactics for Shaken {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        let mut dice = Dice::new(self.seed);
        let mut tasks: Vec<(f64, TaskId)> = outlook
            .tasks()
            .map(|(task, _)| {
                let shaken = outlook.to_end(task).as_secs_f64() * dice.log_normal(self.deviation);
                (shaken, task)
            })
            .collect();
        tasks.sort_by(|a, b| b.0.total_cmp(&a.0));
        tasks.into_iter().map(|(_, task)| task).collect()
    }
}

/// The shortest that many shaken orders lead to, where what tasks take is known exactly.
pub(crate) fn best_known(case: &Case, tries: u64) -> f64 {
    let mut known = case.clone();
    for (job, takes) in known.jobs.iter_mut().zip(&case.takes) {
        job.estimate = Some(super::graphs::estimate(*takes));
    }
    let shaken = (0..tries).map(|seed| {
        let deviation = [0.1, 0.3, 1.0][usize::try_from(seed % 3).unwrap_or(0)];
        makespan(&known, Arc::new(Shaken { seed, deviation }))
    });
    shaken.fold(makespan(&known, adaptive()), f64::min)
}

/// Wave after wave: no task starts before all of the wave before have ended.
pub(crate) fn waves(case: &Case) -> f64 {
    let mut depth = vec![0; case.jobs.len()];
    for (place, job) in case.jobs.iter().enumerate() {
        let deepest = job.needs.iter().map(|(needed, _)| depth[needed.index()] + 1).max();
        depth[place] = deepest.unwrap_or(0);
    }
    let last = depth.iter().max().copied().unwrap_or(0);
    (0..=last)
        .map(|wave| {
            let places: Vec<usize> = (0..depth.len()).filter(|place| depth[*place] == wave).collect();
            let alone = |place: &usize| Job {
                needs: Vec::new(),
                ..case.jobs[*place].clone()
            };
            let takes: Vec<Duration> = places.iter().map(|place| case.takes[*place]).collect();
            run(case.slots, places.iter().map(alone).collect(), &takes, list())
        })
        .sum()
}
