//! What goes first.

use std::time::Duration;

use super::plan;
use super::scripts::tasks;
use crate::config::Order;
use crate::schedule::{Forecast, Play, Schedule, simulate};

/// The order in which tasks start on one slot.
fn check(order: Order, text: &str, expected: &str) {
    let mut plan = plan(1, &tasks(text));
    plan.order = order;
    started(&plan, expected);
}

fn started(plan: &crate::plan::Plan, expected: &str) {
    let course = simulate(&mut Schedule::of_plan(plan, None, 0), |_, _| {
        Play::passes_after(Duration::from_secs(1))
    });
    let names = course.spans.iter().map(|span| plan.task(span.task).head.check.as_str());
    assert_eq!(names.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn the_order_of_the_configuration_is_kept() {
    check(Order::Config, "a takes 9; b takes 1; c; d needs c takes 1", "a b c d");
}

#[test]
fn fast_first_knows_the_mean_and_puts_the_unknown_last() {
    check(Order::FastFirst, "a takes 9; b; c takes 1; d takes 5", "c d a b");
}

#[test]
fn the_critical_path_goes_first() {
    check(
        Order::CriticalPath,
        "a takes 4; b takes 1; c needs b takes 5; d takes 2",
        "b c a d",
    );
    // Without history, all take equally long: what more waits for goes first.
    check(Order::CriticalPath, "a; b; c needs b; d needs c", "b c a d");
    // Three that hold one lock take as long as the three together.
    check(
        Order::CriticalPath,
        "a takes 5; b takes 2 lock x; c takes 3 lock x; d takes 4 lock x",
        "d a c b",
    );
    // While `d` holds the lock, `b` can run, which `c` needs.
    check(
        Order::CriticalPath,
        "a takes 3; b takes 1; c takes 2 needs b lock x; d takes 2 lock x",
        "d a b c",
    );
}

#[test]
fn what_fails_soonest_goes_first() {
    let text = "a takes 1 fails 0.01; b takes 10 fails 0.5; c takes 2 fails 0; d takes 100 fails 0.9";
    check(Order::LikelyFailure, text, "b a d c");
    // What leads to a likely failure is worth as much as that.
    check(
        Order::LikelyFailure,
        "a takes 1 fails 0.1; b takes 1 fails 0; c needs b takes 1 fails 0.9",
        "b c a",
    );
    // A failure that may be says nothing.
    check(
        Order::LikelyFailure,
        "a takes 1 fails 0.9 may-fail; b takes 9 fails 0.01",
        "b a",
    );
}

#[test]
fn adaptive_looks_for_failures_where_they_would_end_the_run() {
    let text = "a takes 9 fails 0; b takes 1 fails 0.5; c takes 2 fails 0.1 critical";
    let mut plan = plan(1, &tasks(text));
    plan.order = Order::Adaptive;
    plan.stop_on_critical_failure = false;
    started(&plan, "a c b");
    plan.stop_on_critical_failure = true;
    started(&plan, "c a b");
    plan.fail_fast = true;
    started(&plan, "b c a");
}

#[test]
fn a_forecast_tells_what_a_plan_will_take() {
    let check = |slots, text: &str, elapsed: u64, work: u64, unknown| {
        let mut plan = plan(slots, &tasks(text));
        plan.order = Order::CriticalPath;
        let forecast = Forecast::of(&plan);
        let secs = Duration::from_secs;
        assert_eq!(
            (forecast.elapsed, forecast.sequential),
            (secs(elapsed), secs(work)),
            "{text}"
        );
        assert_eq!(forecast.unknown, unknown);
    };
    check(2, "a takes 4; b takes 1; c needs b takes 5; d takes 2", 6, 12, 0);
    check(8, "a takes 4 lock x; b takes 4 lock x; c takes 1", 8, 9, 0);
    check(1, "a takes 4; b; c takes 6; d takes 2", 16, 16, 1);
    check(1, "a; b", 2, 2, 2);
}

#[test]
fn a_rehearsal_finds_what_the_critical_path_alone_does_not() {
    // `e` needs all slots. In the order of the longest ways it starts when nothing else is left to fill the holes.
    let text = "a takes 4; b takes 3 weight 2; c takes 2 weight 2; d takes 2 lock x; e takes 1 weight 3; \
                f needs e takes 3; g takes 3 lock x; h needs g takes 1 weight 2; i takes 1; j takes 1";
    let mut plan = plan(3, &tasks(text));
    // Long tasks are worth a look.
    plan.order = Order::CriticalPath;
    let rehearsed = Forecast::of(&plan).elapsed;
    let mut worst = rehearsed;
    for order in [Order::Config, Order::FastFirst] {
        plan.order = order;
        worst = worst.max(Forecast::of(&plan).elapsed);
    }
    assert!(rehearsed < worst, "{rehearsed:?} {worst:?}");
    // 29 seconds of work on three slots, and no hole.
    assert_eq!(rehearsed, Duration::from_secs(10));
}
