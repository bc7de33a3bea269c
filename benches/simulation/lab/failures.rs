//! How soon the first failure is seen.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cargo_hooks::TaskId;
use cargo_hooks::config::Order;
use cargo_hooks::event::Failure;
use cargo_hooks::history::{Chance, Estimate};
use cargo_hooks::schedule::{BuiltIn, Job, Outlook, Play, Rules, Schedule, Tactics, Verdict, simulate};

use super::chance::Dice;
use super::graphs::{Case, SHAPES};

/// How checks fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fails {
    /// Each by itself.
    Alone,
    /// One in each run: the commit that broke something has broken one thing.
    OneARun,
}

/// What first failures are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    /// Whether tasks depend on each other, in all the shapes that there are.
    pub(crate) dependent: bool,
    /// How many runs the history has.
    pub(crate) known: usize,
    pub(crate) fails: Fails,
}

/// The mean time to the first failure over many histories, of runs in which something fails; for each of these orders,
/// as a share of the time of the first of them.
///
/// A check has a chance to fail that nobody knows: from one in ten thousand to one in two, each magnitude as often. Its
/// history are the runs of before. From that the order is made, and then further runs are drawn.
pub(crate) fn first_failures(scene: Scene, histories: u64, runs: u64, orders: &[Order]) -> Vec<f64> {
    let mut sums = vec![0.0; orders.len()];
    for history in 0..histories {
        let mut dice = Dice::new(history);
        let shape = dice.one_of(if scene.dependent { &SHAPES } else { &SHAPES[..1] });
        let (tasks, slots) = (5 + dice.below(40), dice.one_of(&[1, 2, 4, 8]));
        let mut case = Case::new(shape, tasks, slots, 0.2, &mut dice);
        let chances: Vec<f64> = case.jobs.iter().map(|_| 0.0001 * 5000_f64.powf(dice.share())).collect();
        for (job, chance) in case.jobs.iter_mut().zip(&chances) {
            learn(job, *chance, scene.known, &mut dice);
        }
        let tactics: Vec<Arc<dyn Tactics>> = orders
            .iter()
            .map(|order| -> Arc<dyn Tactics> { Arc::new(Once(BuiltIn(*order), OnceLock::new())) })
            .collect();
        let drawn: Vec<Vec<bool>> = (0..runs)
            .filter_map(|_| draw(&chances, scene.fails, &mut dice))
            .collect();
        for (sum, tactics) in sums.iter_mut().zip(&tactics) {
            let times = drawn
                .iter()
                .map(|fails| first_failure(&case, fails, Arc::clone(tactics)));
            *sum += times.sum::<f64>() / f64::from(u32::try_from(drawn.len().max(1)).unwrap_or(u32::MAX));
        }
    }
    let first = sums.first().copied().unwrap_or(1.0);
    sums.iter().map(|sum| sum / first).collect()
}

/// What so many runs teach of a task: how often it failed, one half of a failure added to be neither sure nor hopeless.
fn learn(job: &mut Job, chance: f64, runs: usize, dice: &mut Dice) {
    let failed = (0..runs).filter(|_| dice.happens(chance)).count();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if let Some(estimate) = &mut job.estimate {
        *estimate = Estimate {
            failure: Chance::of((count(failed) + 0.5) / (count(runs) + 1.0)),
            ..*estimate
        };
    }
}

/// Which tasks fail in a run; nothing where none does.
fn draw(chances: &[f64], fails: Fails, dice: &mut Dice) -> Option<Vec<bool>> {
    let drawn: Vec<bool> = match fails {
        Fails::Alone => chances.iter().map(|chance| dice.happens(*chance)).collect(),
        Fails::OneARun => {
            let mut left = dice.share() * chances.iter().sum::<f64>();
            let mut hit = |chance: &f64| {
                let before = left;
                left -= chance;
                before >= 0.0 && left < 0.0
            };
            chances.iter().map(&mut hit).collect()
        }
    };
    drawn.contains(&true).then_some(drawn)
}

/// An order that is made once for all runs of a history.
#[derive(Debug)]
struct Once(BuiltIn, OnceLock<Vec<TaskId>>);

impl Tactics for Once {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        self.1.get_or_init(|| self.0.order(outlook)).clone()
    }
}

fn first_failure(case: &Case, fails: &[bool], tactics: Arc<dyn Tactics>) -> f64 {
    let rules = Rules {
        slots: case.slots,
        fail_fast: true,
        stop_on_critical_failure: true,
        seed: 0,
    };
    let mut schedule = Schedule::new(rules, tactics);
    schedule
        .add(Duration::ZERO, case.jobs.clone())
        .expect("the graph has no circle");
    let course = simulate(&mut schedule, |task, _| Play {
        takes: case.takes[task.index()],
        verdict: if fails[task.index()] {
            Verdict::Failed(Failure::Regenerated)
        } else {
            Verdict::Passed
        },
    });
    course.first_failure.map_or(0.0, |time| time.as_secs_f64())
}
