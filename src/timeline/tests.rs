//! Timelines of runs that were made up, as whole texts; and what holds of all that a schedule can bring about.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Gatherer, State, Timeline, Wait};
use crate::event::{Cached, Event, EventKind, Outcome, RunStats, StopReason, TaskFinished, TaskRetries, Timing, Use};
use crate::model::TaskId;
use crate::report::fixtures::{any_events, at, ended, exit, finished, head, started, task};

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn starts(time: u64, id: u32, check: &str) -> Event {
    let task = Arc::new(head(id, check, ""));
    at(time, EventKind::TaskStarted { task })
}

/// One slot, the first wave, and nothing else.
fn timing() -> Timing {
    Timing {
        slots: 1,
        ..Timing::default()
    }
}

fn after(ready: u64, need: u32) -> Timing {
    Timing {
        wave: 1,
        ready: millis(ready),
        after: Some(TaskId(need)),
        ..timing()
    }
}

fn uses(what: &str, alone: bool, until: Option<u64>) -> Vec<Use> {
    vec![Use {
        what: what.to_owned(),
        alone,
        until: until.map(millis),
    }]
}

fn ends(time: u64, (id, check): (u32, &str), outcome: Outcome, timing: Timing) -> Event {
    finished(
        time,
        TaskFinished {
            timing,
            ..task(head(id, check, ""), outcome, 1)
        },
    )
}

fn fails_once(time: u64, (id, check): (u32, &str), wait: u64, timing: Timing) -> Event {
    let failed = TaskFinished {
        timing,
        ..task(head(id, check, ""), exit(1, None), 1)
    };
    at(
        time,
        EventKind::TaskRetries(Box::new(TaskRetries {
            failed,
            most: 3,
            wait: millis(wait),
        })),
    )
}

fn timeline(events: &[Event]) -> Timeline {
    let mut gatherer = Gatherer::default();
    for event in events {
        gatherer.hear(event);
    }
    gatherer.timeline()
}

/// A timeline as text: a line for each task, then what decided how long it took.
fn told(timeline: &Timeline) -> String {
    let mut text = String::new();
    for row in &timeline.rows {
        let _ = write!(text, "{} {:?}", row.task.label(), row.state);
        for segment in &row.segments {
            let name = |row: usize| timeline.rows[row].task.label();
            let by = |attempt: &Option<usize>| attempt.map(|number| name(timeline.attempts[number].row));
            let what = match &segment.what {
                Wait::Need { by } => format!("needs {}", by.map_or_else(|| "?".to_owned(), name)),
                Wait::Lock { what, by: held } => format!("{what} of {}", by(held).unwrap_or_default()),
                Wait::Ran { attempt } => {
                    let attempt = &timeline.attempts[*attempt];
                    format!("runs in {:?}, {:?}", attempt.lanes, attempt.state)
                }
                Wait::Cargo { lock } => format!("cargo's {lock}"),
                other => format!("{other:?}").to_lowercase(),
            };
            let (from, to) = (segment.from.as_millis(), segment.to.as_millis());
            let _ = write!(text, " | {from}-{to} {what}");
        }
        text.push('\n');
    }
    for link in &timeline.path {
        let attempt = &timeline.attempts[link.attempt];
        let _ = writeln!(text, "{:?} {}", link.why, timeline.rows[attempt.row].task.label());
    }
    text
}

#[test]
fn nothing_has_no_timeline() {
    let timeline = timeline(&[]);
    assert_eq!(told(&timeline), "");
    assert_eq!((timeline.load().slots, timeline.steps().len()), (Duration::ZERO, 0));
}

#[test]
fn waits_for_needs_and_for_slots_are_told_apart() {
    let timeline = timeline(&[
        started(&["fmt", "lint", "doc", "test"], &[]),
        starts(5, 0, "fmt"),
        starts(5, 1, "lint"),
        ends(30, (1, "lint"), Outcome::Passed, timing()),
        starts(30, 2, "doc"),
        ends(50, (0, "fmt"), Outcome::Passed, timing()),
        ends(70, (2, "doc"), Outcome::Passed, timing()),
        starts(70, 3, "test"),
        ends(99, (3, "test"), Outcome::Passed, after(50, 0)),
        ended(100, RunStats::default()),
    ]);
    assert_snapshot!(told(&timeline), @r"
    fmt Passed | 5-50 runs in [0], Passed
    lint Passed | 5-30 runs in [1], Passed
    doc Passed | 5-30 slot | 30-70 runs in [1], Passed
    test Passed | 5-50 needs fmt | 50-70 slot | 70-99 runs in [0], Passed
    Begin lint
    Slot doc
    Slot test
    ");
    assert_eq!(timeline.load().slots, millis(45 + 25 + 40 + 29));
    assert_eq!(timeline.load().processors, None);
}

#[test]
fn who_waits_for_a_lock_waits_for_whom_has_it() {
    let lock = |until| Timing {
        uses: uses("build directory", true, until),
        ..timing()
    };
    let timeline = timeline(&[
        started(&["one", "two", "three"], &[]),
        starts(0, 0, "one"),
        // It has built by then, and gives back the lock before its end.
        starts(40, 1, "two"),
        ends(60, (0, "one"), Outcome::Passed, lock(Some(40))),
        ends(90, (1, "two"), exit(1, None), lock(None)),
        starts(91, 2, "three"),
        ends(95, (2, "three"), Outcome::Passed, lock(None)),
        ended(96, RunStats::default()),
    ]);
    assert_snapshot!(told(&timeline), @r"
    one Passed | 0-60 runs in [0], Passed
    two Failed | 0-40 build directory of one | 40-90 runs in [1], Failed
    three Passed | 0-91 build directory of two | 91-95 runs in [0], Passed
    Begin one
    Lock two
    Lock three
    ");
}

#[test]
fn what_is_shared_keeps_only_those_away_who_want_it_alone() {
    let files = |alone| Timing {
        uses: uses("all files", alone, None),
        ..timing()
    };
    let timeline = timeline(&[
        started(&["one", "two", "fix"], &[]),
        starts(0, 0, "one"),
        ends(20, (0, "one"), Outcome::Passed, files(false)),
        starts(20, 1, "two"),
        ends(50, (1, "two"), Outcome::Passed, files(false)),
        starts(50, 2, "fix"),
        ends(60, (2, "fix"), Outcome::Passed, files(true)),
        ended(61, RunStats::default()),
    ]);
    assert_snapshot!(told(&timeline), @r"
    one Passed | 0-20 runs in [0], Passed
    two Passed | 0-20 slot | 20-50 runs in [0], Passed
    fix Passed | 0-50 all files of two | 50-60 runs in [0], Passed
    Begin one
    Slot two
    Lock fix
    ");
}

#[test]
fn attempts_jobs_and_other_cargos() {
    let task = || Arc::new(head(0, "net", ""));
    let lock = || "build directory".to_owned();
    let waits = |waited| EventKind::TaskWaits {
        task: task(),
        lock: lock(),
        waited: millis(waited),
    };
    let timeline = timeline(&[
        started(&["net"], &[]),
        starts(0, 0, "net"),
        at(15, waits(5)),
        at(20, waits(10)),
        at(
            25,
            EventKind::TaskGoesOn {
                task: task(),
                waited: millis(15),
            },
        ),
        fails_once(30, (0, "net"), 10, timing()),
        starts(45, 0, "net"),
        fails_once(55, (0, "net"), 10, timing()),
        starts(65, 0, "net"),
        ends(
            90,
            (0, "net"),
            Outcome::Passed,
            Timing {
                queued: millis(5),
                left: Some(millis(80)),
                processor: Some(millis(20)),
                ..timing()
            },
        ),
        ended(91, RunStats::default()),
    ]);
    assert_snapshot!(told(&timeline), @r"
    net Passed | 0-10 runs in [0], Failed | 10-25 cargo's build directory | 25-30 runs in [0], Failed | 30-40 backoff | 40-45 slot | 45-55 runs in [0], Failed | 55-65 backoff | 65-70 job | 70-90 runs in [0], Passed
    Begin net
    Retry net
    Retry net
    ");
    assert_eq!(timeline.load().processors, Some(millis(20)));
    let busiest = timeline.steps().iter().map(|step| step.processors).fold(0.0, f64::max);
    assert!((busiest - 20.0 / 10.0).abs() < 1e-9, "{busiest}");
}

#[test]
fn what_never_ran_is_there_as_well() {
    let blocked = Outcome::Blocked { by: "fmt".into() };
    let cached = TaskFinished {
        cached: Cached::Whole,
        ..task(head(3, "typos", ""), Outcome::Passed, 0)
    };
    let timeline = timeline(&[
        started(&["fmt", "lint", "doc", "typos"], &[]),
        finished(1, cached),
        starts(2, 0, "fmt"),
        starts(2, 4, "long"),
        ends(10, (0, "fmt"), exit(1, None), timing()),
        ends(10, (1, "lint"), blocked, Timing { wave: 1, ..timing() }),
        at(
            10,
            EventKind::StopBegan {
                reason: StopReason::Interrupted,
            },
        ),
        ends(11, (2, "doc"), Outcome::Cancelled, timing()),
    ]);
    assert_snapshot!(told(&timeline), @r"
    fmt Failed | 2-10 runs in [0], Failed
    long Unfinished | 2-11 runs in [1], Unfinished
    lint Blocked | 2-10 needs ?
    doc Cancelled | 2-11 needs ?
    typos Cached
    Begin long
    ");
    assert_eq!(
        (timeline.stats, timeline.stop),
        (None, Some((millis(10), StopReason::Interrupted)))
    );
}

#[test]
fn tasks_that_take_many_slots_lie_beside_each_other() {
    let heavy = |slots| Timing { slots, ..timing() };
    let mut events = vec![started(&["a", "b", "c"], &[])];
    if let EventKind::RunStarted(started) = &mut events[0].kind {
        started.slots = 4;
    }
    events.extend([
        starts(0, 0, "a"),
        starts(0, 1, "b"),
        ends(10, (0, "a"), Outcome::Passed, heavy(1)),
        starts(10, 2, "c"),
        ends(20, (1, "b"), Outcome::Passed, heavy(2)),
        ends(30, (2, "c"), Outcome::Passed, heavy(9)),
        ended(31, RunStats::default()),
    ]);
    let timeline = timeline(&events);
    assert_snapshot!(told(&timeline), @r"
    a Passed | 0-10 runs in [0], Passed
    b Passed | 0-20 runs in [1, 2], Passed
    c Passed | 0-10 slot | 10-30 runs in [0, 3, 4, 5], Passed
    Begin a
    Slot c
    ");
    assert_eq!(timeline.lanes, 6, "what cannot be has lanes of its own");
}

/// What a run can be: tasks with needs, locks, weights and attempts, as a schedule with so many slots would run them.
#[derive(Clone, Debug)]
struct Made {
    slots: u32,
    tasks: Vec<MadeTask>,
}

#[derive(Clone, Debug)]
struct MadeTask {
    takes: Vec<u64>,
    slots: u32,
    lock: Option<(u8, bool)>,
    need: Option<usize>,
}

fn any_run() -> impl Strategy<Value = Made> {
    let task = (
        prop::collection::vec(1..50_u64, 1..4),
        1..3_u32,
        prop::option::of((0..2_u8, any::<bool>())),
        prop::option::of(any::<prop::sample::Index>()),
    );
    (2..5_u32, prop::collection::vec(task, 1..30)).prop_map(|(slots, tasks)| {
        let made = tasks
            .into_iter()
            .enumerate()
            .map(|(place, (takes, slots, lock, need))| MadeTask {
                takes,
                slots,
                lock,
                need: need.filter(|_| place > 0).map(|need| need.index(place)),
            });
        Made {
            slots,
            tasks: made.collect(),
        }
    })
}

/// Runs it, a millisecond at a time: whatever fits starts, in order.
fn events_of(made: &Made) -> Vec<Event> {
    let name = |place: usize| (u32::try_from(place).unwrap(), "check");
    let mut events = vec![started(&["check"], &[])];
    if let EventKind::RunStarted(started) = &mut events[0].kind {
        started.slots = made.slots;
    }
    let mut done: Vec<Option<u64>> = vec![None; made.tasks.len()];
    let mut tried = vec![0; made.tasks.len()];
    let mut running: Vec<(usize, u64)> = Vec::new();
    for now in 0.. {
        running.retain(|(place, end)| {
            let (place, task) = (*place, &made.tasks[*place]);
            if now < *end {
                return true;
            }
            if tried[place] < task.takes.len() {
                events.push(fails_once(now, name(place), 0, made_timing(task, &done)));
            } else {
                events.push(ends(now, name(place), Outcome::Passed, made_timing(task, &done)));
                done[place] = Some(now);
            }
            false
        });
        for (place, task) in made.tasks.iter().enumerate() {
            let is_open = done[place].is_none() && running.iter().all(|(other, _)| *other != place);
            let is_ready = task.need.is_none_or(|need| done[need].is_some());
            let used: u32 = running.iter().map(|(other, _)| made.tasks[*other].slots).sum();
            let conflict = running.iter().any(|(other, _)| conflicts(task, &made.tasks[*other]));
            if is_open && is_ready && used + task.slots <= made.slots && !conflict {
                events.push(starts(now, name(place).0, "check"));
                running.push((place, now + task.takes[tried[place]]));
                tried[place] += 1;
            }
        }
        if running.is_empty() && done.iter().all(Option::is_some) {
            events.push(ended(now, RunStats::default()));
            return events;
        }
    }
    unreachable!("it ends")
}

fn conflicts(one: &MadeTask, other: &MadeTask) -> bool {
    match (one.lock, other.lock) {
        (Some((a, alone)), Some((b, other_alone))) => a == b && (alone || other_alone),
        _ => false,
    }
}

fn made_timing(task: &MadeTask, done: &[Option<u64>]) -> Timing {
    Timing {
        slots: task.slots,
        ready: millis(task.need.and_then(|need| done[need]).unwrap_or_default()),
        after: task.need.map(|need| TaskId(u32::try_from(need).unwrap())),
        uses: task
            .lock
            .map_or_else(Vec::new, |(lock, alone)| uses(&format!("lock {lock}"), alone, None)),
        ..timing()
    }
}

/// What must hold of every timeline.
fn is_sound(timeline: &Timeline) -> Result<(), TestCaseError> {
    for row in &timeline.rows {
        let mut at = timeline.begin;
        for segment in &row.segments {
            prop_assert_eq!(segment.from, at, "{:?}", row);
            prop_assert!(segment.from <= segment.to);
            at = segment.to;
        }
        if !row.attempts.is_empty() && row.state != State::Cached {
            prop_assert_eq!(
                at,
                row.end.max(timeline.begin),
                "what it did is all there is: {:?}",
                row
            );
        }
    }
    let mut taken: Vec<Vec<(Duration, Duration)>> = vec![Vec::new(); timeline.lanes];
    for attempt in &timeline.attempts {
        prop_assert_eq!(attempt.lanes.len(), attempt.slots as usize);
        for lane in &attempt.lanes {
            let last = taken[*lane].last().copied();
            prop_assert!(
                last.is_none_or(|(_, to)| to <= attempt.start),
                "{:?} {:?}",
                last,
                attempt
            );
            taken[*lane].push((attempt.start, attempt.released));
        }
    }
    for pair in timeline.path.windows(2) {
        prop_assert!(pair[0].attempt < pair[1].attempt);
    }
    prop_assert_eq!(timeline.path.is_empty(), timeline.attempts.is_empty());
    prop_assert_eq!(timeline.steps().last().map_or(0, |step| step.slots), 0);
    Ok(())
}

proptest! {
    #[test]
    fn every_task_of_a_run_has_its_place(made in any_run()) {
        let timeline = timeline(&events_of(&made));
        is_sound(&timeline)?;
        let mut ids: Vec<u32> = timeline.rows.iter().map(|row| row.task.id.0).collect();
        ids.sort_unstable();
        prop_assert_eq!(ids.len(), made.tasks.len());
        ids.dedup();
        prop_assert_eq!(ids.len(), made.tasks.len());
        prop_assert_eq!(timeline.lanes, made.slots as usize);
        prop_assert_eq!(timeline.attempts.len(), made.tasks.iter().map(|task| task.takes.len()).sum::<usize>());
        for row in &timeline.rows {
            let waits = row.segments.iter().filter(|segment| segment.what == Wait::Slot);
            let locked = made.tasks[row.task.id.index()].lock.is_some();
            let lock = row.segments.iter().any(|segment| matches!(segment.what, Wait::Lock { .. }));
            prop_assert!(locked || !lock, "who uses nothing waits for nobody");
            prop_assert!(waits.clone().all(|segment| segment.to > segment.from));
        }
        // Whoever waited for slots waited while there were too few: at no moment could it have started.
        for row in &timeline.rows {
            for segment in row.segments.iter().filter(|segment| segment.what == Wait::Slot) {
                let wanted = made.tasks[row.task.id.index()].slots;
                let busy = |at: Duration| -> u32 {
                    let runs = |one: &&super::Attempt| one.start <= at && at < one.released;
                    timeline.attempts.iter().filter(runs).map(|one| one.slots).sum()
                };
                prop_assert!(busy(segment.from) + wanted > made.slots, "{:?}", row);
            }
        }
    }

    /// What was told of a run that nobody would have run so has a timeline as well.
    #[test]
    fn no_events_are_too_strange(events in any_events()) {
        let timeline = timeline(&events);
        prop_assert!(timeline.path.len() <= timeline.attempts.len());
        let _ = (timeline.load(), timeline.steps(), timeline.points());
    }
}
