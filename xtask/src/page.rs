//! Draws runs of many sizes that never took place, and has a browser look at the pages.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use cargo_hooks::event::{
    Cached, Event, EventKind, Failure, Outcome, Output, RunStarted, RunStats, TaskFinished, TaskHead, TaskRetries,
    Timing, Use,
};
use cargo_hooks::model::{Exit, Finding, Place, Severity, TaskId};
use cargo_hooks::report::{Reporter, TimingsAbout, TimingsForm, TimingsReporter};
use cargo_hooks::timeline::{Point, Trend};

const CHECKS: [&str; 5] = ["fmt", "clippy", "test", "doc", "deny"];
/// What a hostile tool might write.
const HOSTILE: &str = "error: </script><script>document.title = 'owned'</script> & <b>\"quoted\"</b>\n";

/// `cargo xtask page MODULES [DIR]`: `MODULES` holds `node_modules` with `playwright-core` and `axe-core`; pages and pictures
/// go into `DIR`.
#[expect(clippy::disallowed_methods, reason = "a program for developers, which starts node")]
pub(crate) fn page(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let (modules, dir) = match arguments {
        [modules] => (modules, PathBuf::from("target/page")),
        [modules, dir] => (modules, PathBuf::from(dir)),
        _ => return Err("usage: cargo xtask page MODULES [DIR]".into()),
    };
    fs::create_dir_all(&dir)?;
    for (tasks, slots) in [(10, 2), (300, 8), (5000, 16)] {
        write(&dir, tasks, slots)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/page/look.mjs");
    let status = Command::new("node").arg(script).arg(modules).arg(&dir).status()?;
    Ok(crate::exit_code(status.success()))
}

/// A page and a trace of a run of so many tasks.
fn write(dir: &Path, tasks: u32, slots: u32) -> Result<(), Box<dyn Error>> {
    let events = Run::new(tasks, slots).events();
    for (form, extension) in [(TimingsForm::Page, "html"), (TimingsForm::Trace, "json")] {
        let mut reporter = TimingsReporter::new(form, about());
        let mut text = Vec::new();
        for event in &events {
            reporter.on_event(event, &mut text)?;
        }
        reporter.finish(&mut text)?;
        fs::write(dir.join(format!("{tasks}.{extension}")), text)?;
    }
    Ok(())
}

fn about() -> TimingsAbout {
    let point = |run: u64| Point {
        run,
        took: Duration::from_millis(900 + run * 37 % 400),
        ran: if run % 7 == 3 { 0 } else { 4 },
        failed: u64::from(run % 11 == 5),
        cached: run % 3,
    };
    let trend = |check: &&str| Trend {
        check: (*check).into(),
        points: (1..30).map(point).collect(),
    };
    TimingsAbout {
        began: "2026-11-22 02:00:00 UTC".to_owned(),
        trends: CHECKS.iter().map(trend).collect(),
        ..TimingsAbout::default()
    }
}

/// A run as a simple schedule would have it, and chance that is the same each time.
struct Run {
    tasks: u32,
    slots: u32,
    chance: u64,
    now: u64,
    events: Vec<Event>,
    stats: RunStats,
    /// When each task ended, and whether it passed.
    ended: BTreeMap<u32, (u64, bool)>,
    /// When the build directory is free.
    free: u64,
}

impl Run {
    fn new(tasks: u32, slots: u32) -> Self {
        Self {
            tasks,
            slots,
            chance: 0x5eed,
            now: 0,
            events: Vec::new(),
            stats: RunStats::default(),
            ended: BTreeMap::new(),
            free: 0,
        }
    }

    fn roll(&mut self, below: u64) -> u64 {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    /// Every event has its time; in the end they are put in order.
    fn events(mut self) -> Vec<Event> {
        self.tell(
            0,
            EventKind::RunStarted(RunStarted {
                checks: CHECKS.map(Into::into).to_vec(),
                crates: self.tasks as usize / CHECKS.len(),
                tasks: self.tasks as usize,
                waves: 3,
                slots: self.slots,
                left_out: Vec::new(),
            }),
        );
        let mut lanes = vec![1_000_u64; self.slots as usize];
        let mut order: Vec<u32> = (0..self.tasks).collect();
        order.sort_by_key(|id| (wave(*id), *id));
        for id in order {
            let lane = (0..lanes.len()).min_by_key(|lane| lanes[*lane]).unwrap_or(0);
            lanes[lane] = self.task(id, lanes[lane]);
        }
        let stats = self.stats;
        self.tell(self.now + 100, EventKind::RunFinished { stats });
        self.events.sort_by_key(|event| (event.at, rank(&event.kind)));
        self.events
    }

    fn tell(&mut self, at: u64, kind: EventKind) {
        self.now = self.now.max(at);
        let at = Duration::from_micros(at);
        self.events.push(Event { at, kind });
    }

    /// Runs a task from then on, and says when its slot is free again.
    fn task(&mut self, id: u32, free_from: u64) -> u64 {
        let head = head(id);
        let need = (wave(id) > 0).then(|| id - 1);
        let (ready, may_run) = need
            .and_then(|need| self.ended.get(&need).copied())
            .unwrap_or((1_000, true));
        if !may_run {
            let by = CHECKS[(id as usize - 1) % CHECKS.len()].into();
            self.end(
                ready,
                id,
                finished(head, Outcome::Blocked { by }, 0, timing(id, ready, need)),
            );
            return free_from;
        }
        if wave(id) == 0 && self.roll(10) < 3 {
            let cached = Cached::Whole;
            let whole = finished(head, Outcome::Passed, 0, Timing::default());
            self.end(500, id, TaskFinished { cached, ..whole });
            return free_from;
        }
        let builds = head.check.as_str() == "clippy" && id.is_multiple_of(3);
        let held = if builds { self.free } else { 0 };
        let start = free_from.max(ready).max(held) + 20;
        let takes = 3_000 + self.roll(90_000) + if self.roll(40) == 0 { 600_000 } else { 0 };
        let mut timing = timing(id, ready, need);
        timing.processor = Some(Duration::from_micros(takes * (40 + self.roll(120)) / 100));
        if builds {
            timing.uses = vec![Use {
                what: "build directory target/debug".to_owned(),
                alone: true,
                until: None,
            }];
            self.free = start + takes;
        }
        self.attempts(id, &head, (start, takes), timing)
    }

    fn attempts(&mut self, id: u32, head: &Arc<TaskHead>, (mut start, takes): (u64, u64), timing: Timing) -> u64 {
        let luck = self.roll(100);
        let mut attempts = 1;
        if luck < 3 {
            self.tell(start, EventKind::TaskStarted { task: Arc::clone(head) });
            let wait = Duration::from_micros(takes / 2);
            let mut failed = finished(Arc::clone(head), failure(), takes, timing.clone());
            failed.output.bytes = HOSTILE.into();
            let retries = TaskRetries { failed, most: 3, wait };
            self.tell(start + takes, EventKind::TaskRetries(Box::new(retries)));
            (start, attempts) = (start + takes + takes / 2 + 30, 2);
        }
        self.tell(start, EventKind::TaskStarted { task: Arc::clone(head) });
        let outcome = match luck {
            0 | 4..6 => failure(),
            6 => Outcome::TimedOut {
                limit: Duration::from_micros(takes),
                calibrated: true,
            },
            _ => Outcome::Passed,
        };
        let fails = outcome.is_failure();
        let mut done = TaskFinished {
            attempts,
            ..finished(Arc::clone(head), outcome, takes, timing)
        };
        if fails {
            done.output.bytes = HOSTILE.repeat(usize::try_from(1 + self.roll(60)).unwrap_or(1)).into();
            done.findings = vec![finding()];
        }
        self.end(start + takes, id, done);
        start + takes + 10
    }

    fn end(&mut self, at: u64, id: u32, finished: TaskFinished) {
        self.stats.tasks += 1;
        self.stats.count(&finished);
        self.ended.insert(id, (at, finished.outcome.is_pass()));
        self.tell(at, EventKind::TaskFinished(Box::new(finished)));
    }
}

/// An end comes before a start at the same time.
fn rank(kind: &EventKind) -> u8 {
    match kind {
        EventKind::RunStarted(_) => 0,
        EventKind::TaskStarted { .. } => 2,
        EventKind::RunFinished { .. } => 3,
        _ => 1,
    }
}

/// Of five tasks of a crate, the first needs nothing, and the next two what is before them.
fn wave(id: u32) -> u32 {
    match id % 5 {
        number @ 0..3 => number,
        _ => 0,
    }
}

fn head(id: u32) -> Arc<TaskHead> {
    let (check, unit) = (CHECKS[id as usize % CHECKS.len()], format!("crate-{:04}", id / 5));
    Arc::new(TaskHead {
        id: TaskId(id),
        rerun: format!("cargo hooks check {check} -p {unit}"),
        check: check.into(),
        unit,
        may_fail: check == "deny",
        fix: None,
    })
}

fn timing(id: u32, ready: u64, after: Option<u32>) -> Timing {
    Timing {
        slots: 1,
        wave: wave(id),
        ready: Duration::from_micros(ready),
        after: after.map(TaskId),
        ..Timing::default()
    }
}

fn failure() -> Outcome {
    let (exit, meaning) = (Exit::Code(1), Some("1 error".to_owned()));
    Outcome::Failed(Failure::Exit { exit, meaning })
}

fn finding() -> Finding {
    Finding {
        severity: Severity::Error,
        crate_name: None,
        place: Some(Place {
            file: "src/<lib>.rs".into(),
            line: Some(7),
            column: Some(3),
        }),
        code: None,
        test: None,
        message: "</script> mismatched types".to_owned(),
    }
}

fn finished(task: Arc<TaskHead>, outcome: Outcome, took: u64, timing: Timing) -> TaskFinished {
    TaskFinished {
        task,
        outcome,
        attempts: u32::from(took > 0),
        quarantined: false,
        took: Duration::from_micros(took),
        waited: Duration::ZERO,
        crates: BTreeMap::new(),
        note: None,
        findings: Vec::new(),
        output: Output::default(),
        leaked: 0,
        cached: Cached::No,
        timing,
    }
}
