//! What happens, line by line, and what the schedule answers.

use std::collections::VecDeque;
use std::time::Duration;

use super::{TaskSpec, plan};
use crate::event::{Failure, Outcome, StopReason};
use crate::model::{Exit, TaskId};
use crate::plan::{Access, Need, Plan, Resource};
use crate::schedule::queue::PASSED_OVER;
use crate::schedule::{Effect, Message, Schedule, Verdict};

/// Tasks from a text: apart by `;`, each a name and then words: `needs X`, `after X`, `weight N`, `lock X`, `reads`,
/// `writes`, `may-fail`, `critical`, `retries N`, `priority N`, `takes SECONDS`, `fails CHANCE` after `takes`.
pub(super) fn tasks(text: &str) -> Vec<TaskSpec> {
    let statements: Vec<Vec<&str>> = text.split(';').map(|text| text.split_whitespace().collect()).collect();
    let place = |name: &str| {
        statements
            .iter()
            .position(|words| words.first() == Some(&name))
            .unwrap()
    };
    let read = |words: &Vec<&str>| {
        let mut words = words.iter().copied();
        let mut task = TaskSpec::named(words.next().unwrap());
        while let Some(word) = words.next() {
            let tree = |access| (Resource::Tree, access);
            match word {
                "needs" => task.needs.push((place(words.next().unwrap()), Need::Hard)),
                "after" => task.needs.push((place(words.next().unwrap()), Need::Soft)),
                "weight" => task.weight = words.next().unwrap().parse().unwrap(),
                "lock" => {
                    let name = words.next().unwrap().to_owned();
                    task.resources.push((Resource::Named(name), Access::Exclusive));
                }
                "reads" => task.resources.push(tree(Access::Shared)),
                "writes" => task.resources.push(tree(Access::Exclusive)),
                "retries" => task.retry.times = words.next().unwrap().parse().unwrap(),
                "priority" => task.priority = words.next().unwrap().parse().unwrap(),
                "takes" => {
                    let seconds = words.next().unwrap().parse().unwrap();
                    task.estimate = Some((Duration::from_secs_f64(seconds), 0.0));
                }
                "fails" => task.estimate.as_mut().unwrap().1 = words.next().unwrap().parse().unwrap(),
                "may-fail" => task.may_fail = true,
                "critical" => task.critical = true,
                other => panic!("no such word: {other}"),
            }
        }
        task
    };
    statements.iter().map(read).collect()
}

fn name(plan: &Plan, task: TaskId) -> &str {
    plan.task(task).head.check.as_str()
}

fn message(plan: &Plan, text: &str) -> Message {
    let Some((task, verdict)) = text.split_once(' ') else {
        return match text {
            "begin" => Message::Begin,
            "woken" => Message::Woken,
            "interrupt" => Message::Interrupted,
            "outdate" => Message::Outdated,
            other => panic!("no such message: {other}"),
        };
    };
    let verdict = match verdict {
        "passes" => Verdict::Passed,
        "fails" => Verdict::Failed(Failure::Exit {
            exit: Exit::Code(1),
            meaning: None,
        }),
        "is late" => Verdict::TimedOut {
            limit: Duration::from_secs(1),
        },
        "is stopped" => Verdict::Stopped,
        other => panic!("no such verdict: {other}"),
    };
    let task = plan
        .tasks()
        .find(|known| known.head.check.as_str() == task)
        .unwrap()
        .head
        .id;
    Message::Ended { task, verdict }
}

fn effect(plan: &Plan, effect: &Effect) -> String {
    match effect {
        Effect::Start(task) => format!("start {}", name(plan, *task)),
        Effect::End(task) => format!("end {}", name(plan, *task)),
        Effect::Retries { task, attempts, .. } => format!("{} retries after {attempts}", name(plan, *task)),
        Effect::WakeAt(at) => format!("wake at {}", at.as_secs()),
        Effect::Settled {
            task,
            outcome,
            attempts,
        } => {
            let task = name(plan, *task);
            match outcome {
                Outcome::Passed if *attempts > 1 => format!("{task} passed on try {attempts}"),
                Outcome::Passed => format!("{task} passed"),
                Outcome::Failed(_) => format!("{task} failed"),
                Outcome::TimedOut { .. } => format!("{task} timed out"),
                Outcome::Blocked { by } => format!("{task} blocked by {by}"),
                Outcome::Cancelled => format!("{task} cancelled"),
            }
        }
        Effect::StopBegan(StopReason::FailFast { check }) => format!("stop since {check} failed"),
        Effect::StopBegan(StopReason::Critical { check }) => format!("stop since critical {check} failed"),
        Effect::StopBegan(StopReason::Interrupted) => "stop".to_owned(),
        Effect::StopBegan(StopReason::Outdated) => "stop, outdated".to_owned(),
        Effect::Finished => "finished".to_owned(),
    }
}

/// Each line of the script is a message, perhaps after the time in seconds, and, after `→`, what is answered.
fn check_plan(plan: &Plan, script: &[&str]) {
    let mut schedule = Schedule::of_plan(plan, None, 0);
    let mut now = Duration::ZERO;
    for line in script {
        let (said, expected) = line.split_once('→').unwrap();
        let (at, said) = said.split_once(": ").unwrap_or(("", said));
        if !at.is_empty() {
            now = Duration::from_secs(at.parse().unwrap());
        }
        let effects = schedule.handle(now, message(plan, said.trim()));
        let effects: Vec<_> = effects.iter().map(|answer| effect(plan, answer)).collect();
        assert_eq!(effects.join(", "), expected.trim(), "{line}");
    }
}

fn check(slots: u32, text: &str, script: &[&str]) {
    check_plan(&plan(slots, &tasks(text)), script);
}

#[test]
fn tasks_start_in_their_order_as_far_as_slots_go() {
    let script = [
        "begin → start a, start b",
        "b passes → b passed, start c",
        "a passes → a passed",
        "c passes → c passed, finished",
    ];
    check(2, "a; b; c", &script);
    let one_by_one = [
        "begin → start a",
        "a fails → a failed, start b",
        "b passes → b passed, start c",
        "c passes → c passed, finished",
    ];
    check(1, "a; b; c", &one_by_one);
}

#[test]
fn nothing_to_do_is_done_at_once() {
    check_plan(&plan(1, &[]), &["begin → finished"]);
}

#[test]
fn a_failure_blocks_what_depends_on_it_and_nothing_else() {
    let text = "a; b needs a; c needs b; d after a; e";
    let script = [
        "begin → start a, start e",
        "a fails → a failed, b blocked by a, c blocked by b, start d",
        "e passes → e passed",
        "d passes → d passed, finished",
    ];
    check(4, text, &script);
    let late = [
        "begin → start a, start e",
        "a is late → a timed out, b blocked by a, c blocked by b, start d",
        "d passes → d passed",
        "e passes → e passed, finished",
    ];
    check(4, text, &late);
}

#[test]
fn a_failure_that_may_be_blocks_nothing() {
    let script = [
        "begin → start a",
        "a fails → a failed, start b, start c",
        "b passes → b passed",
        "c passes → c passed, finished",
    ];
    check(4, "a may-fail; b needs a; c after a", &script);
    // What was blocked has not run: that it may fail does not let anything pass.
    let script = [
        "begin → start a",
        "a fails → a failed, b blocked by a, c blocked by b, finished",
    ];
    check(4, "a; b may-fail needs a; c needs b", &script);
}

#[test]
fn a_task_waits_for_all_that_it_needs_wherever_that_stands() {
    let script = [
        "begin → start b, start c",
        "c passes → c passed",
        "b passes → b passed, start a",
        "a passes → a passed, finished",
    ];
    check(4, "a needs b after c; b; c", &script);
    let script = [
        "begin → start b, start c",
        "c fails → c failed",
        "b fails → b failed, a blocked by b, finished",
    ];
    check(4, "a needs b after c; b; c", &script);
    // It is blocked as soon as one of them fails, and once only.
    let script = [
        "begin → start b, start c",
        "b fails → b failed, a blocked by b",
        "c fails → c failed, finished",
    ];
    check(4, "a needs b needs c; b; c", &script);
}

#[test]
fn what_does_not_fit_is_passed_over() {
    let script = [
        "begin → start a, start c",
        "a passes → a passed",
        "c passes → c passed, start b",
        "b passes → b passed, finished",
    ];
    check(3, "a weight 2; b weight 3; c", &script);
    // A task that is heavier than the whole run takes all of it.
    let script = [
        "begin → start a",
        "a passes → a passed, start b",
        "b passes → b passed, finished",
    ];
    check(2, "a; b weight 100", &script);
}

#[test]
fn locks_are_held_by_one_and_reading_is_shared() {
    let script = [
        "begin → start a, start c",
        "a passes → a passed, start b",
        "b passes → b passed",
        "c passes → c passed, finished",
    ];
    check(8, "a lock x; b lock x; c lock y", &script);
    let script = [
        "begin → start a, start b",
        "a passes → a passed, start d",
        "b passes → b passed",
        "d passes → d passed, start c",
        "c passes → c passed, finished",
    ];
    // Who waits to write lets those pass who can read meanwhile: no slot stays empty for it.
    check(2, "a reads; b reads; c writes; d reads", &script);
}

#[test]
fn the_first_failure_ends_a_run_that_is_to_fail_fast() {
    let mut plan = plan(2, &tasks("a; b; c; d needs a; e after a"));
    plan.fail_fast = true;
    let script = [
        "begin → start a, start b",
        "a fails → a failed, d blocked by a, stop since a failed, end b, c cancelled, e cancelled",
        "b is stopped → b cancelled, finished",
    ];
    check_plan(&plan, &script);
    // What runs may still come to its own end. That is not told as another stop.
    let script = [
        "begin → start a, start b",
        "a fails → a failed, d blocked by a, stop since a failed, end b, c cancelled, e cancelled",
        "b fails → b failed, finished",
    ];
    check_plan(&plan, &script);
}

#[test]
fn a_failure_that_may_be_ends_no_run() {
    let mut plan = plan(1, &tasks("a may-fail critical; b"));
    plan.fail_fast = true;
    check_plan(
        &plan,
        &[
            "begin → start a",
            "a fails → a failed, start b",
            "b passes → b passed, finished",
        ],
    );
}

#[test]
fn a_critical_failure_ends_the_run_unless_the_settings_say_otherwise() {
    let mut plan = plan(1, &tasks("a critical; b"));
    let script = [
        "begin → start a",
        "a fails → a failed, stop since critical a failed, b cancelled, finished",
    ];
    check_plan(&plan, &script);
    plan.stop_on_critical_failure = false;
    check_plan(
        &plan,
        &[
            "begin → start a",
            "a fails → a failed, start b",
            "b passes → b passed, finished",
        ],
    );
}

#[test]
fn an_interrupt_cancels_what_has_not_begun_and_asks_the_rest_to_end() {
    let script = [
        "begin → start a, start b",
        "interrupt → stop, end a, end b, c cancelled, d cancelled",
        "interrupt →",
        "a is stopped → a cancelled",
        "b passes → b passed, finished",
        // A signal may come when all is done.
        "interrupt →",
    ];
    check(2, "a; b; c; d needs a", &script);
    check(2, "a", &["interrupt → stop, a cancelled, finished", "begin →"]);
}

#[test]
fn what_is_out_of_date_stops_as_after_an_interrupt() {
    let script = [
        "begin → start a",
        "outdate → stop, outdated, end a, b cancelled",
        // It stops already.
        "outdate →",
        "interrupt →",
        "a is stopped → a cancelled, finished",
    ];
    check(1, "a; b", &script);
}

#[test]
fn what_was_stopped_by_somebody_else_cancels_what_depends_on_it() {
    let script = [
        "begin → start a",
        "a is stopped → a cancelled, b cancelled, start c",
        "c passes → c passed, finished",
    ];
    check(2, "a; b needs a; c after a", &script);
}

#[test]
fn what_failed_is_tried_again_later_and_told_apart() {
    // The first wait is a half to a whole second, the second one to two; they are named in whole seconds here.
    let script = [
        "begin → start a, start b",
        "10: a fails → a retries after 1, wake at 10",
        "10: woken →",
        "11: woken → start a",
        "20: a fails → a retries after 2, wake at 21",
        "22: woken → start a",
        "30: a passes → a passed on try 3, start c",
        "31: b passes → b passed",
        "32: c passes → c passed, finished",
    ];
    check(4, "a retries 2; b; c needs a", &script);
    let script = [
        "begin → start a",
        "10: a fails → a retries after 1, wake at 10",
        "11: woken → start a",
        "20: a is late → a timed out, b blocked by a, finished",
    ];
    check(4, "a retries 1; b needs a", &script);
}

#[test]
fn whoever_waits_to_be_tried_again_holds_nothing_and_comes_back_at_its_place() {
    let script = [
        "begin → start a",
        "10: a fails → a retries after 1, start b, wake at 10",
        // What happens after the time has come is as good as the message that it has come.
        "12: b passes → b passed, start a",
        "13: a passes → a passed on try 2, start c",
        "13: c passes → c passed, finished",
    ];
    check(1, "a retries 1 lock x; b lock x; c", &script);
}

#[test]
fn only_what_keeps_failing_ends_a_run() {
    let mut plan = plan(2, &tasks("a retries 1; b; c"));
    plan.fail_fast = true;
    let script = [
        "begin → start a, start b",
        "10: a fails → a retries after 1, start c, wake at 10",
        "11: woken →",
        "12: b passes → b passed, start a",
        "13: a fails → a failed, stop since a failed, end c",
        "13: c is stopped → c cancelled, finished",
    ];
    check_plan(&plan, &script);
}

#[test]
fn what_failed_and_had_no_further_chance_has_failed() {
    let text = "a retries 1; b retries 1; c retries 1; d needs a";
    let script = [
        "begin → start a, start b, start c",
        "10: a fails → a retries after 1, wake at 10",
        "10: b fails → b retries after 1",
        "11: woken → start a, start b",
        "12: c fails → c retries after 1, wake at 12",
        "12: interrupt → stop, end a, end b, c failed, d cancelled",
        "13: a is stopped → a failed",
        // Nothing is tried again in a run that stops.
        "13: b fails → b failed, finished",
    ];
    check(4, text, &script);
}

#[test]
fn what_regenerated_files_is_not_tried_again() {
    let plan = plan(1, &tasks("a retries 5"));
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    schedule.handle(Duration::ZERO, Message::Begin);
    let verdict = Verdict::Failed(Failure::Regenerated);
    let effects = schedule.handle(
        Duration::ZERO,
        Message::Ended {
            task: TaskId(0),
            verdict,
        },
    );
    let outcome = Outcome::Failed(Failure::Regenerated);
    let settled = Effect::Settled {
        task: TaskId(0),
        outcome,
        attempts: 1,
    };
    assert_eq!(effects, [settled, Effect::Finished]);
}

#[test]
fn a_higher_priority_goes_first_and_takes_along_what_it_needs() {
    let script = [
        "begin → start d",
        "d passes → d passed, start b",
        "b passes → b passed, start a",
        "a passes → a passed, start c",
        "c passes → c passed, finished",
    ];
    check(1, "a; b priority 1; c; d priority 2", &script);
    let script = [
        "begin → start b",
        "b passes → b passed, start c",
        "c passes → c passed, start a",
        "a passes → a passed, finished",
    ];
    check(1, "a; b; c needs b priority 1", &script);
}

/// Lets tasks pass, the longest running first, until this one starts; how many have ended by then.
fn ended_before(plan: &Plan, task: TaskId) -> u32 {
    let mut schedule = Schedule::of_plan(plan, None, 0);
    let mut running = VecDeque::new();
    let mut effects = schedule.handle(Duration::ZERO, Message::Begin);
    let mut ended = 0;
    loop {
        running.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Start(task) => Some(*task),
            _ => None,
        }));
        if running.contains(&task) {
            return ended;
        }
        ended += 1;
        let (task, verdict) = (running.pop_front().unwrap(), Verdict::Passed);
        effects = schedule.handle(Duration::ZERO, Message::Ended { task, verdict });
    }
}

#[test]
fn who_was_passed_over_too_often_is_let_in() {
    let check = |text: &str, other: &str, slots: u32| {
        let others: String = (0..100).map(|number| format!("; other-{number}{other}")).collect();
        let plan = plan(slots, &tasks(&format!("a{other}; b{other}; {text}{others}")));
        // Two ran first, so many have gone before it, and those that run end.
        assert_eq!(ended_before(&plan, TaskId(2)), 2 + PASSED_OVER * slots, "{text}");
    };
    // One that needs both slots, and a writer among readers.
    check("heavy weight 2", "", 2);
    check("writer writes", " reads", 2);
    // Without that it would be the last.
    let mut plan = plan(2, &tasks("a; b; heavy weight 2; c; d; e; f"));
    assert_eq!(ended_before(&plan, TaskId(2)), 6);
    plan.slots = 4;
    assert_eq!(ended_before(&plan, TaskId(2)), 0);
}

#[test]
fn slots_are_not_kept_for_who_waits_for_a_lock() {
    // `a` holds the lock all the time. The others go before `b` again and again, on the slot that is left.
    let others: String = (0..100).map(|number| format!("; other-{number}")).collect();
    let plan = plan(2, &tasks(&format!("a lock x; b lock x weight 2{others}")));
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    let mut effects = schedule.handle(Duration::ZERO, Message::Begin);
    for number in 2..101 {
        let (task, verdict) = (TaskId(number), Verdict::Passed);
        assert!(effects.contains(&Effect::Start(task)), "{number}");
        effects = schedule.handle(Duration::ZERO, Message::Ended { task, verdict });
    }
    assert_eq!(schedule.reserved(), Some(TaskId(1)));
    let (task, verdict) = (TaskId(0), Verdict::Passed);
    let effects = schedule.handle(Duration::ZERO, Message::Ended { task, verdict });
    // Now it is only slots that are missing.
    assert_eq!(effects.len(), 1, "{effects:?}");
}
