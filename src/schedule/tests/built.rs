//! Tasks that run what they have built: they give cargo's locks back when they are only running it.

use std::path::Path;
use std::time::Duration;

use super::{TaskSpec, plan};
use crate::event::Outcome;
use crate::model::TaskId;
use crate::plan::{Access, Resource};
use crate::schedule::{Effect, Message, Schedule, Verdict};

const TEST: TaskId = TaskId(0);
const CLIPPY: TaskId = TaskId(1);
const BUILD: TaskId = TaskId(2);

/// `test` and `build` write programs into the directory in which all three build.
fn specs() -> [TaskSpec; 3] {
    let dir = |dir: &str| Path::new(dir).into();
    let uses = |name: &str, programs: bool| {
        let mut spec = TaskSpec::named(name);
        spec.resources = vec![
            (Resource::BuildDirectory(dir("/ws/target")), Access::Shared),
            (Resource::BuildDirectory(dir("/ws/target/debug")), Access::Exclusive),
        ];
        spec.resources
            .extend(programs.then(|| (Resource::Programs(dir("/ws/target/debug")), Access::Exclusive)));
        spec
    };
    [uses("test", true), uses("clippy", false), uses("build", true)]
}

fn passed(task: TaskId) -> Effect {
    let outcome = Outcome::Passed;
    let attempts = 1;
    Effect::Settled {
        task,
        outcome,
        attempts,
    }
}

fn ended(task: TaskId) -> Message {
    let verdict = Verdict::Passed;
    Message::Ended { task, verdict }
}

#[test]
fn what_builds_starts_beside_tests_that_run_but_not_what_replaces_their_programs() {
    let plan = plan(4, &specs());
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    assert_eq!(schedule.handle(Duration::ZERO, Message::Begin), [Effect::Start(TEST)]);
    assert_eq!(schedule.handle(Duration::ZERO, Message::Built { task: CLIPPY }), []);
    assert_eq!(
        schedule.handle(Duration::ZERO, Message::Built { task: TEST }),
        [Effect::Start(CLIPPY)]
    );
    assert_eq!(schedule.handle(Duration::ZERO, Message::Built { task: TEST }), []);
    assert_eq!(schedule.handle(Duration::ZERO, ended(CLIPPY)), [passed(CLIPPY)]);
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(TEST)),
        [passed(TEST), Effect::Start(BUILD)]
    );
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(BUILD)),
        [passed(BUILD), Effect::Finished]
    );
}

#[test]
fn a_lock_that_another_task_holds_by_now_stays_with_it() {
    let plan = plan(4, &specs());
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    schedule.handle(Duration::ZERO, Message::Begin);
    schedule.handle(Duration::ZERO, Message::Built { task: TEST });
    // The tests end first: what clippy holds is not theirs to give back.
    assert_eq!(schedule.handle(Duration::ZERO, ended(TEST)), [passed(TEST)]);
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(CLIPPY)),
        [passed(CLIPPY), Effect::Start(BUILD)]
    );
}

#[test]
fn on_one_slot_one_thing_comes_after_the_other() {
    let plan = plan(1, &specs());
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    schedule.handle(Duration::ZERO, Message::Begin);
    assert_eq!(schedule.handle(Duration::ZERO, Message::Left { task: TEST }), []);
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(TEST)),
        [passed(TEST), Effect::Start(CLIPPY)]
    );
}

#[test]
fn what_is_only_judged_takes_no_slot_and_keeps_its_locks() {
    let mut specs = specs();
    specs[0].weight = 2;
    specs[1].resources.clear();
    let plan = plan(2, &specs);
    let mut schedule = Schedule::of_plan(&plan, None, 0);
    assert_eq!(schedule.handle(Duration::ZERO, Message::Begin), [Effect::Start(TEST)]);
    let left = Message::Left { task: TEST };
    assert_eq!(
        schedule.handle(Duration::ZERO, left.clone()),
        [Effect::Start(CLIPPY)],
        "its slot is free"
    );
    assert_eq!(schedule.handle(Duration::ZERO, left), [], "and is given back once");
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(CLIPPY)),
        [passed(CLIPPY)],
        "what it builds in is not"
    );
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(TEST)),
        [passed(TEST), Effect::Start(BUILD)]
    );
    assert_eq!(
        schedule.handle(Duration::ZERO, ended(BUILD)),
        [passed(BUILD), Effect::Finished]
    );
}
