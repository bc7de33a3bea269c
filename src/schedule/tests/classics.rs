//! Cases that other tools are compared by, in virtual time.

use std::time::Duration;

use super::plan;
use super::scripts::tasks;
use crate::config::Order;
use crate::plan::Plan;
use crate::schedule::{Forecast, Play, Schedule, simulate};

/// How long the plan takes, if everything takes as long as is expected of it.
fn makespan(plan: &Plan) -> u64 {
    let mut schedule = Schedule::of_plan(plan, None, 0);
    let expected = |task| plan.task(task).estimate.map(|estimate| estimate.expected);
    let course = simulate(&mut schedule, |task, _| Play::passes_after(expected(task).unwrap()));
    assert_eq!(course.makespan.subsec_nanos(), 0);
    course.makespan.as_secs()
}

fn ordered(slots: u32, text: &str, order: Order) -> Plan {
    let mut plan = plan(slots, &tasks(text));
    plan.order = order;
    plan
}

#[test]
fn ten_tasks_of_three_seconds_on_four_slots() {
    let text = (0..10)
        .map(|number| format!("t{number} takes 3"))
        .collect::<Vec<_>>()
        .join("; ");
    // `sequential` has one slot, and `parallel` the order of the configuration.
    assert_eq!(makespan(&ordered(1, &text, Order::Config)), 30);
    assert_eq!(makespan(&ordered(4, &text, Order::Config)), 9);
    assert_eq!(makespan(&ordered(4, &text, Order::Adaptive)), 9);
}

#[test]
fn two_chains_and_one_alone() {
    let check = |refurb: u32, waves: u64| {
        let text = format!(
            "gitleaks takes 3; bandit needs gitleaks takes 3; zuban takes 2; refurb needs zuban takes {refurb}; \
             ruff takes 1"
        );
        for order in [Order::Config, Order::Adaptive] {
            assert_eq!(makespan(&ordered(4, &text, order)), 6);
        }
        // With a barrier between waves, the longest of each counts.
        let plan = ordered(4, &text, Order::Config);
        let expected = |task: &crate::model::TaskId| plan.task(*task).estimate.unwrap().expected.as_secs();
        let barriers = plan.waves().iter().map(|wave| wave.iter().map(expected).max().unwrap());
        assert_eq!(barriers.sum::<u64>(), waves);
    };
    check(2, 6);
    check(4, 7);
}

#[test]
fn fifteen_tools_in_two_waves() {
    let plan = ordered(
        16,
        "black; isort; yamllint; a; b; c; d; e; f; mypy needs black needs isort; flake8 needs black needs isort; \
         bandit needs black; ansible-lint needs yamllint; gitlab-ci needs yamllint; helm-lint needs yamllint",
        Order::Adaptive,
    );
    let waves: Vec<_> = plan.waves().iter().map(Vec::len).collect();
    assert_eq!(waves, [9, 6]);
    let per_wave = f64::from(u32::try_from(plan.tasks().len()).unwrap()) / 2.0;
    assert!((per_wave - 7.5).abs() < f64::EPSILON);
    let forecast = Forecast::of(&plan);
    assert_eq!(forecast.elapsed, Duration::from_secs(2));
    assert!((forecast.speed_up() - 7.5).abs() < f64::EPSILON);
}
