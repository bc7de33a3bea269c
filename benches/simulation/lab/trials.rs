//! Many cases, each scheduled in several ways.

use std::sync::Arc;

use super::baselines::{LongestFirst, adaptive, best_known, list, makespan, waves};
use super::beside::beside;
use super::bounds::Bounds;
use super::chance::Dice;
use super::graphs::{Case, SHAPES};
use super::in_turn::in_turn;
use super::optimum::optimum;

/// How a case went, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) shape: &'static str,
    pub(crate) tasks: usize,
    pub(crate) slots: u32,
    pub(crate) has_weights: bool,
    pub(crate) has_locks: bool,
    pub(crate) simple: f64,
    pub(crate) refined: f64,
    /// What is proven with much more effort, where the schedule is far from the bound and the tasks are not too many.
    pub(crate) proven: f64,
    pub(crate) adaptive: f64,
    pub(crate) waves: f64,
    pub(crate) list: f64,
    pub(crate) longest_first: f64,
    /// The shortest that is known: the optimum for a few tasks, else the best of many tries where the bound is not met.
    pub(crate) best: f64,
}

/// Cases of these sizes, so many of each shape. `error` is how far estimates are from the truth; so many tasks are
/// simulated to find something better where the bound is not met.
pub(crate) fn trials(sizes: &[usize], each: u64, error: f64, search: usize) -> Vec<Trial> {
    let better = |case: &Case, found: f64| {
        let met = found <= 1.01 * Bounds::of(case).refined;
        let tries = if met { 0 } else { search / case.jobs.len().max(1000) };
        found.min(if tries == 0 {
            found
        } else {
            best_known(case, tries as u64)
        })
    };
    let proven = |case: Case| {
        let mut trial = trial(&case, better);
        if search > 0 && trial.adaptive > FAR * trial.simple {
            trial.proven = prove(&case, &trial);
        }
        trial
    };
    cases(sizes, each, error).map(proven).collect()
}

/// So much above the bound is worth a closer look.
const FAR: f64 = 1.4;

/// A lower bound by much effort.
fn prove(case: &Case, trial: &Trial) -> f64 {
    let mut proven = trial.refined;
    if case.jobs.len() <= 100 {
        proven = proven.max(beside(case, 4000));
    }
    if case.jobs.len() <= 300 {
        proven = in_turn(case, proven, trial.best);
    }
    proven
}

/// Cases of these sizes, so many of each shape.
fn cases(sizes: &[usize], each: u64, error: f64) -> impl Iterator<Item = Case> {
    let shapes = (1_u64..).zip(SHAPES);
    let sized = shapes.flat_map(move |(number, shape)| sizes.iter().map(move |tasks| (number, shape, *tasks)));
    sized.flat_map(move |(number, shape, tasks)| {
        (0..each).map(move |round| {
            let mut dice = Dice::new(number << 40 | (tasks as u64) << 20 | round);
            let slots = dice.one_of(&[1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
            Case::new(shape, tasks, slots, error, &mut dice)
        })
    })
}

/// Cases of so few tasks that the optimum can be found.
pub(crate) fn exact_trials(each: u64, error: f64) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (number, shape) in (1_u64..).zip(SHAPES) {
        for round in 0..each {
            let mut dice = Dice::new(number << 50 | round);
            let slots = dice.one_of(&[2, 3, 4]);
            let tasks = 5 + dice.below(4);
            let case = Case::new(shape, tasks, slots, error, &mut dice);
            let mut trial = trial(&case, optimum);
            trial.proven = in_turn(&case, beside(&case, 200), 2.0 * trial.best);
            trials.push(trial);
        }
    }
    trials
}

fn trial(case: &Case, best: impl Fn(&Case, f64) -> f64) -> Trial {
    let Bounds { simple, refined } = Bounds::of(case);
    let mut trial = Trial {
        shape: case.shape,
        tasks: case.jobs.len(),
        slots: case.slots,
        has_weights: case.has_weights,
        has_locks: case.has_locks,
        simple,
        refined,
        proven: refined,
        adaptive: makespan(case, adaptive()),
        waves: waves(case),
        list: makespan(case, list()),
        longest_first: makespan(case, Arc::new(LongestFirst)),
        best: 0.0,
    };
    let found = trial.adaptive.min(trial.waves).min(trial.list).min(trial.longest_first);
    trial.best = best(case, found);
    trial
}

/// The value below which such a share of all lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a small number is a small number"
)]
pub(crate) fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let place = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}
