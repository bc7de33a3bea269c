//! What happens, line by line, and what the schedule answers.

use std::time::Duration;

use super::{TaskSpec, plan};
use crate::event::{Failure, Outcome, StopReason};
use crate::model::{Exit, TaskId};
use crate::plan::{Access, Need, Plan, Resource};
use crate::schedule::{Effect, Message, Schedule, Verdict};

/// Tasks from a text: apart by `;`, each a name and then words: `needs X`, `after X`, `weight N`, `lock X`, `reads`,
/// `writes`, `may-fail`, `critical`.
fn tasks(text: &str) -> Vec<TaskSpec> {
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
            "interrupt" => Message::Interrupted,
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
        Effect::Settled { task, outcome } => {
            let task = name(plan, *task);
            match outcome {
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
        Effect::Finished => "finished".to_owned(),
    }
}

/// Each line of the script is a message and, after `→`, what is answered.
fn check_plan(plan: &Plan, script: &[&str]) {
    let mut schedule = Schedule::new(plan);
    for line in script {
        let (said, expected) = line.split_once('→').unwrap();
        let effects = schedule.handle(message(plan, said.trim()));
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
fn what_was_stopped_by_somebody_else_cancels_what_depends_on_it() {
    let script = [
        "begin → start a",
        "a is stopped → a cancelled, b cancelled, start c",
        "c passes → c passed, finished",
    ];
    check(2, "a; b needs a; c after a", &script);
}
