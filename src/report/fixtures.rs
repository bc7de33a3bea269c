//! Events to tell of, for the tests of all reporters.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::event::{
    Event, EventKind, Failure, LeftOut, Outcome, Output, RunStarted, RunStats, SavedOutput, StopReason, TaskFinished,
    TaskHead, TaskRetries, Timing, Use,
};
use crate::history::{Chance, Estimate};
use crate::model::{CrateName, Exit, Finding, Place, Severity, TaskId};
use crate::plan::{Need, Plan, Task};

pub(crate) fn at(millis: u64, kind: EventKind) -> Event {
    Event {
        at: Duration::from_millis(millis),
        kind,
    }
}

/// A plan of tasks, each with a check, a unit and the milliseconds that it took before, and what waits for what.
pub(crate) fn planned(slots: u32, tasks: &[(&str, &str, Option<u64>)], needs: &[(usize, usize, Need)]) -> Plan {
    let task = |(id, (check, unit, took)): (u32, &(&str, &str, Option<u64>))| {
        let mut task = Task::fixture(id, check);
        task.head = Arc::new(head(id, check, unit));
        "run".clone_into(&mut task.command.program.name);
        task.command.args = vec![(*check).into()];
        task.estimate = took.map(|millis| Estimate {
            runs: 4,
            expected: Duration::from_millis(millis),
            high: Duration::from_millis(2 * millis),
            failure: Chance::of(0.02),
            failing: 0,
        });
        task
    };
    let id = |place: usize| TaskId(u32::try_from(place).unwrap());
    let needs: Vec<_> = needs
        .iter()
        .map(|(from, to, need)| (id(*from), id(*to), *need))
        .collect();
    Plan::of_tasks(slots, (0..).zip(tasks).map(task).collect(), &needs)
}

pub(crate) fn head(id: u32, check: &str, unit: &str) -> TaskHead {
    TaskHead {
        id: TaskId(id),
        check: check.into(),
        unit: unit.to_owned(),
        may_fail: false,
        rerun: format!("cargo hooks check {check}"),
        fix: matches!(check, "clippy" | "fmt").then(|| format!("cargo hooks check {check} --fix")),
    }
}

/// A run over as many tasks as there are checks.
pub(crate) fn started(checks: &[&str], left_out: &[(&str, &str)]) -> Event {
    let left_out = left_out.iter().map(|(check, reason)| LeftOut {
        check: (*check).into(),
        reason: (*reason).to_owned(),
    });
    at(
        0,
        EventKind::RunStarted(RunStarted {
            checks: checks.iter().map(|check| (*check).into()).collect(),
            crates: 3,
            tasks: checks.len(),
            waves: checks.len().min(2),
            slots: 2,
            left_out: left_out.collect(),
        }),
    )
}

/// The end of a task, to be refined by the struct update syntax.
pub(crate) fn task(head: TaskHead, outcome: Outcome, took: u64) -> TaskFinished {
    TaskFinished {
        task: Arc::new(head),
        attempts: u32::from(took > 0),
        quarantined: false,
        outcome,
        took: Duration::from_millis(took),
        waited: Duration::ZERO,
        crates: std::collections::BTreeMap::new(),
        note: None,
        findings: Vec::new(),
        output: Output::default(),
        leaked: 0,
        cached: crate::event::Cached::No,
        timing: Timing::default(),
    }
}

pub(crate) fn finished(at_millis: u64, finished: TaskFinished) -> Event {
    at(at_millis, EventKind::TaskFinished(Box::new(finished)))
}

pub(crate) fn wrote(text: &str) -> Output {
    Output {
        bytes: text.as_bytes().to_vec(),
        dropped: 0,
        saved: None,
        of_crates: BTreeMap::new(),
    }
}

pub(crate) fn exit(code: i32, meaning: Option<&str>) -> Outcome {
    Outcome::Failed(Failure::Exit {
        exit: Exit::Code(code),
        meaning: meaning.map(str::to_owned),
    })
}

pub(crate) fn finding(severity: Severity, krate: &str, file: &str, line: u32, message: &str) -> Finding {
    Finding {
        severity,
        crate_name: (!krate.is_empty()).then(|| krate.into()),
        place: (!file.is_empty()).then(|| Place {
            file: file.into(),
            line: Some(line),
            column: None,
        }),
        code: None,
        test: None,
        message: message.to_owned(),
    }
}

/// The end of a run: everything but `tasks` as given.
pub(crate) fn ended(millis: u64, stats: RunStats) -> Event {
    let tasks = stats.passed + stats.failed + stats.tolerated + stats.blocked + stats.cancelled;
    at(
        millis,
        EventKind::RunFinished {
            stats: RunStats { tasks, ..stats },
        },
    )
}

/// Text as a hostile repository could have it.
pub(crate) const HOSTILE: &str = "a\x1b[2J\x1b]0;pwned\x07\n        PASS b\r\u{202e}c\u{9b}31m\x08\x7f";

/// Any sequence of events, in any order, with any text.
pub(crate) fn any_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(
        (any_millis(), any_kind()).prop_map(|(millis, kind)| at(millis, kind)),
        0..12,
    )
}

fn any_millis() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, 0..10_000_000_u64, Just(u64::MAX)]
}

/// Text in which what must not be written is frequent.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        Just(HOSTILE.to_owned()),
        prop::sample::select(vec![
            "\x1b", "[", "31m", "\x1b[31m", "\n", "\t", "\r", "\u{9b}", "\u{202e}", "漢", " ", "x"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn any_head() -> impl Strategy<Value = Arc<TaskHead>> {
    let fix = prop::option::of(any_text());
    (0..4_u32, any_text(), any_text(), any::<bool>(), any_text(), fix).prop_map(
        |(id, check, unit, may_fail, rerun, fix)| {
            Arc::new(TaskHead {
                id: TaskId(id),
                check: check.into(),
                unit,
                may_fail,
                rerun,
                fix,
            })
        },
    )
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let meaning = || prop::option::of(any_text());
    prop_oneof![
        Just(Outcome::Passed),
        Just(Outcome::Cancelled),
        (any::<i32>(), meaning()).prop_map(|(code, meaning)| {
            Outcome::Failed(Failure::Exit {
                exit: Exit::Code(code),
                meaning,
            })
        }),
        (0..70, meaning()).prop_map(|(signal, meaning)| {
            Outcome::Failed(Failure::Exit {
                exit: Exit::Signal(signal),
                meaning,
            })
        }),
        any_text().prop_map(|error| Outcome::Failed(Failure::Start { error })),
        any_text().prop_map(|reason| Outcome::Failed(Failure::Uncertain { reason })),
        any_text().prop_map(|reason| Outcome::Failed(Failure::Unapplied { reason })),
        Just(Outcome::Failed(Failure::Regenerated)),
        (any_millis(), any::<bool>()).prop_map(|(limit, calibrated)| Outcome::TimedOut {
            limit: Duration::from_millis(limit),
            calibrated,
        }),
        any_text().prop_map(|by| Outcome::Blocked { by: by.into() }),
    ]
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let severity = prop_oneof![Just(Severity::Error), Just(Severity::Warning)];
    let place = (any_text(), any::<Option<u32>>(), any::<Option<u32>>()).prop_map(|(file, line, column)| Place {
        file: file.into(),
        line,
        column,
    });
    let crate_name = prop::option::of(any_text().prop_map(CrateName::from));
    (
        severity,
        crate_name,
        prop::option::of(place),
        [prop::option::of(any_text()), prop::option::of(any_text())],
        any_text(),
    )
        .prop_map(|(severity, crate_name, place, [code, test], message)| Finding {
            severity,
            crate_name,
            place,
            code,
            test,
            message,
        })
}

fn any_output() -> impl Strategy<Value = Output> {
    let bytes = prop_oneof![
        any_text().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200)
    ];
    let saved = prop::option::of((any_text(), any::<u64>()));
    let saved = saved.prop_map(|saved| {
        saved.map(|(path, left_out)| SavedOutput {
            path: path.into(),
            left_out,
        })
    });
    (bytes, prop_oneof![Just(0), any::<u64>()], saved).prop_map(|(bytes, dropped, saved)| Output {
        bytes,
        dropped,
        saved,
        of_crates: BTreeMap::new(),
    })
}

fn any_timing() -> impl Strategy<Value = Timing> {
    let micros = || prop::option::of((0..u64::from(u32::MAX)).prop_map(Duration::from_micros));
    let uses = (any_text(), any::<bool>(), micros()).prop_map(|(what, alone, until)| Use { what, alone, until });
    (
        (0..3_u32, 0..3_u32, prop::option::of((0..4_u32).prop_map(TaskId))),
        (any_millis(), any_millis()),
        (micros(), micros()),
        prop::collection::vec(uses, 0..3),
    )
        .prop_map(
            |((slots, wave, after), (ready, queued), (left, processor), uses)| Timing {
                slots,
                wave,
                ready: Duration::from_millis(ready),
                after,
                uses,
                queued: Duration::from_millis(queued),
                left,
                processor,
            },
        )
}

fn any_finished() -> impl Strategy<Value = TaskFinished> {
    (
        any_head(),
        any_outcome(),
        (0..4_u32, any::<bool>(), any_millis()),
        prop::collection::vec(any_finding(), 0..8),
        any_output(),
        0..3_u32,
        any_timing(),
    )
        .prop_map(
            |(task, outcome, (attempts, quarantined, took), findings, output, leaked, timing)| TaskFinished {
                task,
                outcome,
                attempts,
                quarantined,
                took: Duration::from_millis(took),
                waited: Duration::from_millis(took / 2),
                crates: std::collections::BTreeMap::new(),
                note: None,
                findings,
                output,
                leaked,
                cached: crate::event::Cached::No,
                timing,
            },
        )
}

fn any_retries() -> impl Strategy<Value = TaskRetries> {
    (any_finished(), 0..4_u32, any_millis()).prop_map(|(failed, most, wait)| TaskRetries {
        failed,
        most,
        wait: Duration::from_millis(wait),
    })
}

fn any_started() -> impl Strategy<Value = EventKind> {
    let left_out = (any_text(), any_text()).prop_map(|(check, reason)| LeftOut {
        check: check.into(),
        reason,
    });
    (
        prop::collection::vec(any_text(), 0..3),
        0..5_usize,
        0..5_usize,
        prop::collection::vec(left_out, 0..3),
    )
        .prop_map(|(checks, crates, tasks, left_out)| {
            let checks = checks.into_iter().map(Into::into).collect();
            EventKind::RunStarted(RunStarted {
                checks,
                crates,
                tasks,
                waves: tasks,
                slots: 2,
                left_out,
            })
        })
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        1 => any_started(),
        1 => (1..4_usize).prop_map(|processes| EventKind::LeftoversEnded { processes }),
        1 => any_head().prop_map(|task| EventKind::TaskStarted { task }),
        1 => (0..4_u32, any_text()).prop_map(|(task, line)| EventKind::TaskSaid { task: TaskId(task), line }),
        1 => (any_head(), any_millis()).prop_map(|(task, running)| EventKind::TaskSlow {
            task,
            running: Duration::from_millis(running),
        }),
        1 => (any_head(), any_text(), any_millis()).prop_map(|(task, lock, waited)| EventKind::TaskWaits {
            task,
            lock,
            waited: Duration::from_millis(waited),
        }),
        1 => (any_head(), any_millis()).prop_map(|(task, waited)| EventKind::TaskGoesOn {
            task,
            waited: Duration::from_millis(waited),
        }),
        1 => any_retries().prop_map(|retries| EventKind::TaskRetries(Box::new(retries))),
        4 => any_finished().prop_map(|finished| EventKind::TaskFinished(Box::new(finished))),
        1 => any_text().prop_map(|check| EventKind::StopBegan { reason: StopReason::FailFast { check: check.into() } }),
        1 => Just(EventKind::StopBegan { reason: StopReason::Interrupted }),
        1 => Just(EventKind::StopBegan { reason: StopReason::Outdated }),
        1 => (0..4_usize, 0..4_usize, any::<bool>()).prop_map(|(passed, failed, interrupted)| EventKind::RunFinished {
            stats: RunStats { tasks: passed + failed, passed, failed, interrupted, ..RunStats::default() },
        }),
    ]
}
