//! Tasks that come while a run goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Order;
use crate::event::Outcome;
use crate::model::TaskId;
use crate::plan::{Limit, Need};
use crate::schedule::{AddError, BuiltIn, Effect, Job, Message, Rules, Schedule, Verdict};

fn schedule(slots: u32) -> Schedule {
    let rules = Rules {
        slots,
        fail_fast: false,
        stop_on_critical_failure: true,
        seed: 0,
    };
    Schedule::new(rules, Arc::new(BuiltIn(Order::Adaptive)))
}

fn job(needs: &[u32]) -> Job {
    let needs = needs.iter().map(|needed| (TaskId(*needed), Need::Hard)).collect();
    Job { needs, ..Job::new("x") }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn passed(task: u32) -> Message {
    Message::Ended {
        task: TaskId(task),
        verdict: Verdict::Passed,
    }
}

fn starts(effects: &[Effect]) -> Vec<u32> {
    let started = effects.iter().filter_map(|effect| match effect {
        Effect::Start(task) => Some(task.0),
        _ => None,
    });
    started.collect()
}

#[test]
fn what_comes_later_starts_when_it_can() {
    let mut schedule = schedule(2);
    schedule.add(at(0), vec![job(&[])]).unwrap();
    assert_eq!(starts(&schedule.handle(at(0), Message::Begin)), [0]);
    // One has nothing to wait for, one waits for what runs, one for what comes with it.
    let effects = schedule.add(at(1), vec![job(&[]), job(&[0]), job(&[1])]).unwrap();
    assert_eq!(starts(&effects), [1]);
    assert_eq!(starts(&schedule.handle(at(2), passed(0))), [2]);
    // What they need may have ended before they come.
    assert_eq!(starts(&schedule.add(at(3), vec![job(&[0])]).unwrap()), [] as [u32; 0]);
    let effects = schedule.handle(at(4), passed(2));
    assert_eq!(starts(&effects), [4]);
    assert_eq!(starts(&schedule.handle(at(5), passed(1))), [3]);
    schedule.handle(at(6), passed(3));
    let effects = schedule.handle(at(7), passed(4));
    assert_eq!(effects.last(), Some(&Effect::Finished));
    assert_eq!(schedule.add(at(8), vec![job(&[])]), Err(AddError::Over));
}

#[test]
fn what_comes_too_late_is_told_so() {
    let mut schedule = schedule(2);
    schedule.add(at(0), vec![job(&[]), job(&[])]).unwrap();
    schedule.handle(at(0), Message::Begin);
    let verdict = Verdict::TimedOut { limit: at(1) };
    let task = TaskId(0);
    schedule.handle(at(1), Message::Ended { task, verdict });
    let settled = |task, outcome| Effect::Settled {
        task: TaskId(task),
        outcome,
        attempts: 0,
    };
    let blocked = || Outcome::Blocked { by: "x".into() };
    let effects = schedule.add(at(2), vec![job(&[0]), job(&[2])]).unwrap();
    assert_eq!(effects, [settled(2, blocked()), settled(3, blocked())]);
    schedule.handle(at(3), Message::Interrupted);
    let effects = schedule.add(at(4), vec![job(&[])]).unwrap();
    assert_eq!(effects, [settled(4, Outcome::Cancelled)]);
    assert_eq!(schedule.handle(at(5), passed(1)).last(), Some(&Effect::Finished));
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut schedule = schedule(1);
    let unknown = AddError::UnknownTask {
        check: "x".into(),
        needed: TaskId(2),
    };
    assert_eq!(schedule.add(at(0), vec![job(&[]), job(&[2])]), Err(unknown));
    let circle = AddError::Circle { check: "x".into() };
    assert_eq!(schedule.add(at(0), vec![job(&[]), job(&[2]), job(&[1])]), Err(circle));
    assert!(schedule.is_empty());
    assert_eq!(schedule.handle(at(0), Message::Begin), [Effect::Finished]);
}

#[test]
fn who_has_waited_long_goes_before_a_higher_priority() {
    let check = |waited: u64, expected: u32| {
        let mut schedule = schedule(1);
        schedule.add(at(0), vec![job(&[]), job(&[])]).unwrap();
        assert_eq!(starts(&schedule.handle(at(0), Message::Begin)), [0]);
        let urgent = Job {
            priority: 1,
            ..job(&[])
        };
        schedule.add(at(waited), vec![urgent]).unwrap();
        assert_eq!(starts(&schedule.handle(at(waited), passed(0))), [expected]);
    };
    // One more of priority is worth ten seconds.
    check(9, 2);
    check(11, 1);
}

#[test]
fn a_deadline_that_comes_near_goes_first_and_takes_along_what_it_needs() {
    let check = |deadline: u64, expected: &[u32]| {
        let mut schedule = schedule(1);
        schedule.add(at(0), vec![job(&[]), job(&[]), job(&[])]).unwrap();
        let mut started = starts(&schedule.handle(at(0), Message::Begin));
        let due = Job {
            deadline: Some(at(deadline)),
            ..job(&[2])
        };
        schedule.add(at(1), vec![due]).unwrap();
        for _ in 0..3 {
            let last = *started.last().unwrap();
            started.extend(starts(&schedule.handle(at(2), passed(last))));
        }
        assert_eq!(started, expected);
    };
    check(1000, &[0, 1, 2, 3]);
    check(20, &[0, 2, 3, 1]);
}

#[test]
fn a_limit_that_follows_from_history_is_told_as_such() {
    let check = |calibrated: bool| {
        let mut schedule = schedule(1);
        let limit = Some(Limit {
            time: at(9),
            calibrated,
        });
        schedule.add(at(0), vec![Job { limit, ..job(&[]) }]).unwrap();
        schedule.handle(at(0), Message::Begin);
        let (task, verdict) = (TaskId(0), Verdict::TimedOut { limit: at(9) });
        let effects = schedule.handle(at(9), Message::Ended { task, verdict });
        let outcome = Outcome::TimedOut {
            limit: at(9),
            calibrated,
        };
        let attempts = 1;
        assert_eq!(
            effects[0],
            Effect::Settled {
                task,
                outcome,
                attempts
            }
        );
    };
    check(true);
    check(false);
}
