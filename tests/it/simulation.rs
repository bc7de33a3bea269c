//! How well the schedule does, in virtual time: a little of what `cargo bench --bench simulation` prints.

#[path = "../../benches/simulation/lab/mod.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod lab;

use cargo_hooks::config::Order;
use lab::{Fails, Scene, Tasks, Trial, Way, exact_trials, first_failures, quantile, trials};

#[test]
fn runs_are_hardly_longer_than_they_must_be() {
    // With times that are known, and with such as history teaches.
    for (error, bound) in [(0.0, 1.25), (0.25, 1.35)] {
        let trials = trials(&[10, 40], 6, error, 0);
        let over = |share| quantile(trials.iter().map(|trial| trial.adaptive / trial.simple), share);
        let (median, worst) = (over(0.5), over(1.0));
        assert!(median <= 1.01 && worst <= bound, "{median} {worst} with {error}");
        adaptive_is_the_best(&trials);
    }
}

fn adaptive_is_the_best(trials: &[Trial]) {
    let total = |makespan: fn(&Trial) -> f64| trials.iter().map(makespan).sum::<f64>();
    let adaptive = total(|trial| trial.adaptive);
    let (waves, list) = (total(|trial| trial.waves), total(|trial| trial.list));
    let longest_first = total(|trial| trial.longest_first);
    assert!(
        adaptive < longest_first && adaptive < list && list < waves,
        "{adaptive} {longest_first} {list} {waves}"
    );
    for trial in trials {
        let ordered = trial.simple <= trial.refined + 1e-9 && trial.refined <= trial.adaptive + 1e-9;
        assert!(ordered, "a bound is wrong: {trial:?}");
    }
}

#[test]
fn few_tasks_take_hardly_longer_than_the_optimum() {
    let trials = exact_trials(4, 0.0);
    let over = |share| quantile(trials.iter().map(|trial| trial.adaptive / trial.best), share);
    let (median, worst) = (over(0.5), over(1.0));
    assert!(median <= 1.001 && worst <= 1.2, "{median} {worst}");
    for trial in &trials {
        assert!(
            trial.refined.max(trial.proven) <= trial.best + 1e-9,
            "a bound is above the optimum: {trial:?}"
        );
    }
}

#[test]
fn the_first_failure_is_seen_soon() {
    let scene = Scene {
        tasks: Tasks::Independent,
        known: 100,
        fails: Fails::Alone,
    };
    let times = first_failures(
        scene,
        60,
        20,
        &[Order::FastFirst, Order::LikelyFailure].map(Way::BuiltIn),
    );
    assert!(times[1] <= 0.6, "{times:?}");
}
