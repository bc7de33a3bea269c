//! What goes first.

use std::sync::Arc;
use std::time::Duration;

use super::plan;
use super::scripts::tasks;
use crate::config::Order;
use crate::model::TaskId;
use crate::schedule::{Agenda, Effect, Forecast, Message, Outlook, Play, Schedule, Tactics, Verdict, simulate};

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

#[test]
fn a_rehearsal_finds_that_it_is_better_to_wait_for_a_heavy_task() {
    // `long` could start at once. But then `heavy`, which needs all slots, waits for its end, and `rest` as well.
    let text = "a takes 2; long takes 10; heavy needs a takes 1 weight 4; rest needs heavy takes 12; b takes 1";
    let check = |order, elapsed| {
        let mut plan = plan(4, &tasks(text));
        plan.order = order;
        assert_eq!(Forecast::of(&plan).elapsed, Duration::from_secs(elapsed), "{order:?}");
    };
    check(Order::Config, 23);
    check(Order::CriticalPath, 15);
}

/// The order of the plan, and tasks that are waited for.
#[derive(Debug)]
struct Awaiting(Vec<TaskId>);

impl Tactics for Awaiting {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        outlook.tasks().map(|(task, _)| task).collect()
    }

    fn agenda(&self, outlook: &Outlook<'_>) -> Agenda {
        Agenda {
            order: self.order(outlook),
            awaited: self.0.clone(),
        }
    }
}

/// When tasks start on two slots, each of which takes a second: each time, and those that start then.
fn awaiting(text: &str, awaited: &[u32], expected: &str) {
    let plan = plan(2, &tasks(text));
    let awaited = awaited.iter().map(|place| TaskId(*place)).collect();
    let mut schedule = Schedule::of_plan(&plan, Some(Arc::new(Awaiting(awaited))), 0);
    let course = simulate(&mut schedule, |_, _| Play::passes_after(Duration::from_secs(1)));
    let mut starts: Vec<_> = course
        .spans
        .iter()
        .map(|span| (span.start.as_secs(), span.task))
        .collect();
    starts.sort();
    let told = starts
        .iter()
        .map(|(start, task)| format!("{start} {}", plan.task(*task).head.check));
    assert_eq!(told.collect::<Vec<_>>().join(", "), expected, "{text}");
}

#[test]
fn slots_are_kept_for_what_is_awaited_and_for_nothing_else() {
    let text = "a; b needs a weight 2; c; d";
    awaiting(text, &[], "0 a, 0 c, 1 d, 2 b");
    awaiting(text, &[1], "0 a, 1 b, 2 c, 2 d");
    // What fits beside it, and what it needs, does not wait for it.
    awaiting("a; b needs a; c; d weight 2", &[1], "0 a, 0 c, 1 b, 2 d");
    awaiting("b needs c weight 2; a; c", &[0], "0 c, 1 b, 2 a");
    // Two that are awaited do not wait for each other, whatever they need.
    awaiting(
        "a needs d weight 2; b weight 2; c; d needs b",
        &[0, 1],
        "0 b, 1 d, 2 a, 3 c",
    );
    // A higher priority does not wait for a lower one.
    awaiting("a; b needs a weight 2; c priority 1; d", &[1], "0 a, 0 c, 1 b, 2 d");
}

#[test]
fn what_will_be_tried_again_keeps_nobody_waiting_meanwhile() {
    let plan = plan(2, &tasks("a weight 2 retries 1; b"));
    let mut schedule = Schedule::of_plan(&plan, Some(Arc::new(Awaiting(vec![TaskId(0)]))), 0);
    let started = |effects: &[Effect]| -> Vec<TaskId> {
        let started = effects.iter().filter_map(|effect| match effect {
            Effect::Start(task) => Some(*task),
            _ => None,
        });
        started.collect()
    };
    let effects = schedule.handle(Duration::ZERO, Message::Begin);
    assert_eq!(
        (started(&effects), schedule.is_held(TaskId(1))),
        (vec![TaskId(0)], true)
    );
    let limit = Duration::from_secs(1);
    let verdict = Verdict::TimedOut { limit };
    let (task, at) = (TaskId(0), Duration::from_secs(1));
    let effects = schedule.handle(at, Message::Ended { task, verdict });
    assert_eq!(
        (started(&effects), schedule.is_held(TaskId(1))),
        (vec![TaskId(1)], false)
    );
}
