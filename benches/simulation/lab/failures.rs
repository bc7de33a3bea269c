//! How soon the first failure is seen.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cargo_hooks::TaskId;
use cargo_hooks::config::Order;
use cargo_hooks::event::Failure;
use cargo_hooks::history::{Chance, Estimate};
use cargo_hooks::schedule::{BuiltIn, Job, Outlook, Play, Rules, Schedule, Tactics, Verdict, simulate};

use super::chance::Dice;
use super::graphs::{Case, SHAPES, estimate};
use super::optimum::least;

/// How checks fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fails {
    /// Each by itself.
    Alone,
    /// One in each run: the commit that broke something has broken one thing.
    OneARun,
}

/// What tasks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tasks {
    /// Five to 44 that do not depend on each other.
    Independent,
    /// Five to 44 of all the shapes that there are.
    AnyGraph,
    /// Four to six of all the shapes that there are.
    Few,
}

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As the schedule does it, with what the history says.
    BuiltIn(Order),
    /// The best that is known to somebody who knows all chances and times exactly: of a few tasks the optimum, else the
    /// best of so many tries.
    Best { tries: u64 },
}

/// What first failures are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) tasks: Tasks,
    /// How many runs the history has.
    pub(crate) known: usize,
    pub(crate) fails: Fails,
}

/// The mean time to the first failure over many histories, of runs in which something fails; for each of these ways, as a
/// share of the time of the first of them.
///
/// A check has a chance to fail that nobody knows: from one in ten thousand to one in two, each magnitude as often. Its
/// history are the runs of before. From that the order is made, and then further runs are drawn.
pub(crate) fn first_failures(scene: Scene, histories: u64, runs: u64, ways: &[Way]) -> Vec<f64> {
    let mut sums = vec![0.0; ways.len()];
    for history in 0..histories {
        let mut dice = Dice::new(history);
        let mut case = scene.case(&mut dice);
        let chances: Vec<f64> = case.jobs.iter().map(|_| 0.0001 * 5000_f64.powf(dice.share())).collect();
        for (job, chance) in case.jobs.iter_mut().zip(&chances) {
            learn(job, *chance, scene.known, &mut dice);
        }
        let drawn: Vec<Vec<bool>> = (0..runs)
            .filter_map(|_| draw(&chances, scene.fails, &mut dice))
            .collect();
        for (sum, way) in sums.iter_mut().zip(ways) {
            let time: f64 = match way {
                Way::BuiltIn(order) => {
                    let tactics: Arc<dyn Tactics> = Arc::new(Once(BuiltIn(*order), OnceLock::new()));
                    let times = drawn
                        .iter()
                        .map(|fails| first_failure(&case, fails, Arc::clone(&tactics)));
                    times.sum()
                }
                Way::Best { tries } => {
                    let ends = best_known(
                        &case,
                        &Prospects {
                            chances: &chances,
                            fails: scene.fails,
                        },
                        *tries,
                    );
                    drawn.iter().map(|fails| first_end(&ends, fails)).sum()
                }
            };
            *sum += time / f64::from(u32::try_from(drawn.len().max(1)).unwrap_or(u32::MAX));
        }
    }
    let first = sums.first().copied().unwrap_or(1.0);
    sums.iter().map(|sum| sum / first).collect()
}

impl Scene {
    fn case(self, dice: &mut Dice) -> Case {
        let shapes: &[&str] = match self.tasks {
            Tasks::Independent => &SHAPES[..1],
            Tasks::AnyGraph | Tasks::Few => &SHAPES,
        };
        let shape = dice.one_of(shapes);
        let (tasks, slots) = match self.tasks {
            Tasks::Independent | Tasks::AnyGraph => (5 + dice.below(40), dice.one_of(&[1, 2, 4, 8])),
            Tasks::Few => (4 + dice.below(3), dice.one_of(&[1, 2, 4])),
        };
        let mut case = Case::new(shape, tasks, slots, 0.2, dice);
        if self.tasks == Tasks::Few {
            // A workspace may have become larger than it was to be.
            case.jobs.truncate(MOST_EXACT);
            case.takes.truncate(MOST_EXACT);
        }
        case
    }
}

/// So many tasks have so few schedules that all can be tried.
const MOST_EXACT: usize = 6;

/// What may fail, to somebody who knows it exactly.
struct Prospects<'a> {
    chances: &'a [f64],
    fails: Fails,
}

impl Prospects<'_> {
    /// The mean time to the first failure of all runs in which something fails, where tasks end at these times as long as
    /// nothing has failed.
    fn mean(&self, ends: &[f64]) -> f64 {
        let mut tasks: Vec<(f64, f64)> = ends.iter().copied().zip(self.chances.iter().copied()).collect();
        tasks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut none_yet, mut sum, mut any) = (1.0, 0.0, 0.0);
        for (end, chance) in tasks {
            let first = match self.fails {
                Fails::Alone => none_yet * chance,
                Fails::OneARun => chance,
            };
            none_yet *= 1.0 - chance;
            sum += first * end;
            any += first;
        }
        sum / any
    }
}

/// When each task ends in the schedule with the least mean time to the first failure that is known.
fn best_known(case: &Case, prospects: &Prospects<'_>, tries: u64) -> Vec<f64> {
    if case.jobs.len() <= MOST_EXACT {
        return least(case, |ends| prospects.mean(ends));
    }
    let mut known = case.clone();
    for ((job, takes), chance) in known.jobs.iter_mut().zip(&case.takes).zip(prospects.chances) {
        let failure = Chance::of(*chance);
        job.estimate = Some(Estimate {
            failure,
            ..estimate(*takes)
        });
    }
    let mut best = (f64::INFINITY, Vec::new(), Vec::new());
    for order in [Order::LikelyFailure, Order::FastFirst] {
        let tactics = Arc::new(Once(BuiltIn(order), OnceLock::new()));
        let ends = ends(&known, Arc::clone(&tactics) as Arc<dyn Tactics>);
        let mean = prospects.mean(&ends);
        if mean < best.0 {
            best = (mean, tactics.1.get().cloned().unwrap_or_default(), ends);
        }
    }
    let mut dice = Dice::new(tries);
    for try_ in 0..tries {
        let mut order = best.1.clone();
        for _ in 0..=try_ % 3 {
            let task = order.remove(dice.below(order.len()));
            order.insert(dice.below(order.len() + 1), task);
        }
        let ends = ends(&known, Arc::new(Given(order.clone())));
        let mean = prospects.mean(&ends);
        if mean <= best.0 {
            best = (mean, order, ends);
        }
    }
    best.2
}

/// When each task ends if all pass.
fn ends(case: &Case, tactics: Arc<dyn Tactics>) -> Vec<f64> {
    let mut schedule = schedule(case, tactics);
    let course = simulate(&mut schedule, |task, _| Play::passes_after(case.takes[task.index()]));
    let mut ends = vec![0.0; case.jobs.len()];
    for span in course.spans {
        ends[span.task.index()] = span.end.as_secs_f64();
    }
    ends
}

fn first_end(ends: &[f64], fails: &[bool]) -> f64 {
    let failing = ends.iter().zip(fails).filter(|(_, fails)| **fails);
    failing.map(|(end, _)| *end).fold(f64::INFINITY, f64::min)
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

/// An order that is given.
#[derive(Debug)]
struct Given(Vec<TaskId>);

impl Tactics for Given {
    fn order(&self, _: &Outlook<'_>) -> Vec<TaskId> {
        self.0.clone()
    }
}

fn schedule(case: &Case, tactics: Arc<dyn Tactics>) -> Schedule {
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
    schedule
}

fn first_failure(case: &Case, fails: &[bool], tactics: Arc<dyn Tactics>) -> f64 {
    let course = simulate(&mut schedule(case, tactics), |task, _| Play {
        takes: case.takes[task.index()],
        verdict: if fails[task.index()] {
            Verdict::Failed(Failure::Regenerated)
        } else {
            Verdict::Passed
        },
    });
    course.first_failure.map_or(0.0, |time| time.as_secs_f64())
}
