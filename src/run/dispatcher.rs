//! Owns the state of a run: hears workers and signals, asks the schedule what to do, and tells the reporter.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::guard::Guard;
use super::inputs::{Inputs, Watch};
use super::jobs::Pool;
use super::new_files::remove_left;
use super::pause::Clock;
use super::printed::Printed;
use super::process::Keeper;
use super::recall::{Recall, called};
use super::signals::{Heard, Signals, somebody_watches};
use super::spill::Spills;
use super::timing::Timings;
use super::worker::{Report, Said, StopLevel, Workplace, work};
use crate::changes::Tree;
use crate::environment::Environment;
use crate::event::{
    Cached, CrateVerdict, Event, EventKind, Outcome, Output, RunStats, TaskFinished, TaskRetries, Timing,
};
use crate::model::{CrateName, TaskId};
use crate::plan::{MissingTool, Plan};
use crate::schedule::{Effect, Message, Schedule, Tactics, Verdict};
use crate::tool_output::{Attribution, Secrets};

/// Where a run takes place.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The environment of the checks.
    pub environment: Environment,
    /// Which crate a file or a package belongs to.
    pub attribution: Arc<Attribution>,
    /// The working tree.
    pub tree: Tree,
    /// What goes first and how many slots are used, in the place of what the plan says.
    pub tactics: Option<Arc<dyn Tactics>>,
    /// Who sees to it that no process outlives the run.
    pub guard: Guard,
    /// The directory of what is remembered: there a later run finds what a run that was killed has left behind.
    pub state_dir: Option<PathBuf>,
    /// The process that the run is to end with, if it is above this one: git, for one of its hooks. Only on Linux.
    pub ends_with: Option<u32>,
    /// What ends the run from another thread, where nobody waits for its verdict any more.
    pub recall: Option<Recall>,
    /// What the verdicts rest upon, where that is looked at.
    pub inputs: Option<Inputs>,
    /// What nobody is told.
    pub secrets: Secrets,
}

/// Why a run could not take place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Programs that the plan needs are not installed.
    #[error("{}", missing_tools(.0))]
    MissingTools(Vec<MissingTool>),
    /// The system refused what every run needs.
    #[error("the run cannot start: {0}")]
    System(#[from] std::io::Error),
}

fn missing_tools(missing: &[MissingTool]) -> String {
    let named = |missing: &MissingTool| format!("`{}`, which the check `{}` needs", missing.tool, missing.check);
    let hinted = |missing: &MissingTool| match &missing.hint {
        Some(hint) => format!("\n  {}: {hint}", named(missing)),
        None => format!("\n  {}", named(missing)),
    };
    let count = if missing.len() == 1 { "a tool is" } else { "tools are" };
    format!(
        "{count} not installed{}",
        missing.iter().map(hinted).collect::<String>()
    )
}

/// Runs the plan to its end and says what came of it. The reporter hears everything, in order, on this thread.
///
/// The run itself is on a thread of its own: a reporter that cannot write (its reader is a pager, or asleep) holds up
/// neither timeouts nor the end of the run. From the first call on, signals that would end the program end the run.
///
/// # Errors
///
/// Where nothing could run. A check that fails is no error: see [`RunStats::is_success`].
#[tracing::instrument(level = "debug", skip_all, fields(tasks = plan.tasks().len()))]
pub fn run(plan: &Plan, context: &RunContext, on_event: &mut dyn FnMut(&Event)) -> Result<RunStats, RunError> {
    if !plan.missing.is_empty() {
        return Err(RunError::MissingTools(plan.missing.clone()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = std::sync::mpsc::channel();
    let (all_told, reported) = oneshot::channel();
    let stats = std::thread::scope(|scope| {
        let dispatching = scope.spawn(|| runtime.block_on(dispatch(plan, context, tell, reported)));
        for mut event in told {
            // The one way out of a run: whoever hears it, now or later, hears none of them.
            context.secrets.hide_in_event(&mut event);
            on_event(&event);
        }
        // Nobody waits for it any more only where the run could not start.
        let _ = all_told.send(());
        dispatching
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    Ok(stats)
}

async fn dispatch(
    plan: &Plan,
    context: &RunContext,
    tell: Sender<Event>,
    reported: oneshot::Receiver<()>,
) -> std::io::Result<RunStats> {
    let mut signals = Signals::listen(context.ends_with)?;
    let (say, heard) = mpsc::unbounded_channel();
    let jobs = jobs(plan, context);
    remove_left(context.state_dir.as_deref());
    let workplace = Arc::new(Workplace {
        context: context.clone(),
        keeper: Keeper::new(
            context.environment.clone(),
            context.guard.clone(),
            context.state_dir.clone(),
            jobs.clone(),
        ),
        jobs,
        clock: Clock::new(),
        spills: Spills::new(context.state_dir.clone()),
        printed: Printed::default(),
        watch: context.inputs.clone().map(Watch::new),
        say,
    });
    let dispatcher = Dispatcher {
        plan,
        schedule: Schedule::of_plan(plan, context.tactics.clone(), seed()),
        wake_at: None,
        workplace: Arc::clone(&workplace),
        started: Instant::now(),
        stats: RunStats {
            tasks: plan.tasks().len() + plan.cached.len(),
            ..RunStats::default()
        },
        workers: JoinSet::new(),
        working: HashMap::new(),
        stops: BTreeMap::new(),
        timings: Timings::of(plan, &context.tree.root),
        reports: HashMap::new(),
        asked: false,
        tell,
    };
    let stats = dispatcher.run(&mut signals, heard).await;
    workplace.keeper.close().await;
    workplace.spills.close();
    let mut reported = reported;
    loop {
        tokio::select! {
            _ = &mut reported => return Ok(stats),
            heard = signals.next() => match heard {
                Heard::End => leave(),
                Heard::Suspend if somebody_watches() => signals.stand_still().await,
                Heard::Suspend => {}
            },
        }
    }
}

/// The jobs of the run, where a task takes any and there is a guard to hand them on.
fn jobs(plan: &Plan, context: &RunContext) -> Option<Arc<Pool>> {
    context.guard.program()?;
    plan.tasks().find(|task| task.handling.jobs.takes_more())?;
    match Pool::new(plan.jobs) {
        Ok(pool) => Some(Arc::new(pool)),
        Err(error) => {
            tracing::warn!(%error, "checks that build share no jobs: each runs as many as it likes");
            None
        }
    }
}

/// Another number in each run, so that what is tried again in several runs at once does not come back at once.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The run is over and the reporter still cannot write: a signal now ends the program, as it would without us.
#[expect(
    clippy::disallowed_methods,
    reason = "everything that runs has ended, and the thread that writes is stuck"
)]
fn leave() {
    std::process::exit(130)
}

struct Dispatcher<'a> {
    plan: &'a Plan,
    schedule: Schedule,
    /// When the schedule wants to hear of the time, counted from the start of the run.
    wake_at: Option<Duration>,
    workplace: Arc<Workplace>,
    started: Instant,
    stats: RunStats,
    workers: JoinSet<Report>,
    /// Which worker runs which task.
    working: HashMap<Id, TaskId>,
    /// How to stop each task that runs.
    stops: BTreeMap<TaskId, watch::Sender<StopLevel>>,
    timings: Timings,
    /// What workers reported, until the schedule has settled their tasks.
    reports: HashMap<TaskId, Report>,
    /// Whether somebody has asked the run to end.
    asked: bool,
    tell: Sender<Event>,
}

impl Dispatcher<'_> {
    async fn run(mut self, signals: &mut Signals, mut heard: mpsc::UnboundedReceiver<Said>) -> RunStats {
        self.tell(EventKind::RunStarted(self.plan.started()));
        self.tell_cached();
        self.end_leftovers();
        let recall = self.workplace.context.recall.clone();
        let mut recalled = std::pin::pin!(called(recall.as_ref()));
        let mut is_recalled = false;
        let mut finished = self.handle(Message::Begin);
        while !finished {
            tokio::select! {
                // What a task has said is told before its end.
                biased;
                Some(said) = heard.recv() => finished = self.hear(said),
                Some(ended) = self.workers.join_next_with_id() => finished = self.ended(ended),
                heard = signals.next() => match heard {
                    Heard::End => finished = self.interrupt(),
                    Heard::Suspend => self.suspend(signals).await,
                },
                () = &mut recalled, if !is_recalled => {
                    is_recalled = true;
                    finished = self.outdated();
                }
                () = woken(self.started, self.wake_at) => {
                    self.wake_at = None;
                    finished = self.handle(Message::Woken);
                }
            }
        }
        self.tell(EventKind::RunFinished { stats: self.stats });
        self.stats
    }

    fn hear(&mut self, said: Said) -> bool {
        match said {
            Said::Built(task) => {
                self.timings.built(task, self.started.elapsed());
                return self.handle(Message::Built { task });
            }
            Said::Left(task) => {
                self.timings.left(task, self.started.elapsed());
                return self.handle(Message::Left { task });
            }
            Said::Line(task, line) => self.tell(EventKind::TaskSaid { task, line }),
            Said::Slow(task, running) => {
                let task = Arc::clone(&self.plan.task(task).head);
                self.tell(EventKind::TaskSlow { task, running });
            }
            Said::Waits(task, lock, waited) => {
                let task = Arc::clone(&self.plan.task(task).head);
                self.tell(EventKind::TaskWaits { task, lock, waited });
            }
            Said::GoesOn(task, waited) => {
                let task = Arc::clone(&self.plan.task(task).head);
                self.tell(EventKind::TaskGoesOn { task, waited });
            }
        }
        false
    }

    /// A worker has ended. One that panicked has failed its task, and no other.
    fn ended(&mut self, ended: Result<(Id, Report), JoinError>) -> bool {
        let (worker, report) = match ended {
            Ok((worker, report)) => (worker, report),
            Err(error) => (error.id(), Report::of_panic(&error)),
        };
        let Some(task) = self.working.remove(&worker) else {
            return false;
        };
        self.stops.remove(&task);
        let verdict = report.verdict.clone();
        // Where a task was stopped after it had failed, that failure is what it has to show.
        if verdict != Verdict::Stopped || !self.reports.contains_key(&task) {
            self.reports.insert(task, report);
        }
        self.handle(Message::Ended { task, verdict })
    }

    /// The first signal asks, the second kills.
    fn interrupt(&mut self) -> bool {
        if self.asked {
            for stop in self.stops.values() {
                stop.send_replace(StopLevel::Kill);
            }
        }
        self.asked = true;
        self.stats.interrupted = true;
        self.handle(Message::Interrupted)
    }

    /// Nobody waits for the verdict any more.
    fn outdated(&mut self) -> bool {
        self.stats.interrupted = true;
        self.handle(Message::Outdated)
    }

    /// Stands still with all tasks until somebody lets them go on. Meanwhile no clock goes.
    async fn suspend(&mut self, signals: &mut Signals) {
        if !somebody_watches() {
            return;
        }
        let (keeper, clock) = (&self.workplace.keeper, &self.workplace.clock);
        clock.stop();
        let began = Instant::now();
        keeper.suspend().await;
        signals.stand_still().await;
        keeper.resume().await;
        let pause = began.elapsed();
        clock.go_on(pause);
        self.started += pause;
    }

    /// What runs have left behind that were killed with their guards.
    fn end_leftovers(&mut self) {
        if let Some(state) = self.workplace.context.state_dir.clone() {
            let processes = super::guard::end_leftovers(&state);
            if processes > 0 {
                self.tell(EventKind::LeftoversEnded { processes });
            }
        }
    }

    /// What need not run has come to its end before anything begins.
    fn tell_cached(&mut self) {
        for task in &self.plan.cached {
            let replay = task.replay.clone();
            let finished = TaskFinished {
                task: Arc::clone(&task.head),
                outcome: Outcome::Passed,
                attempts: 0,
                quarantined: false,
                took: Duration::ZERO,
                crates: all_passed(&task.passed_before).collect(),
                note: replay.note,
                findings: replay.findings,
                output: Output {
                    bytes: replay.output,
                    ..Output::default()
                },
                leaked: 0,
                waited: Duration::ZERO,
                cached: Cached::Whole,
                timing: Timing::default(),
            };
            self.stats.count(&finished);
            self.tell(EventKind::TaskFinished(Box::new(finished)));
        }
    }

    /// Does what the schedule says; whether that was the end.
    fn handle(&mut self, message: Message) -> bool {
        let mut finished = false;
        for effect in self.schedule.handle(self.started.elapsed(), message) {
            match effect {
                Effect::Start(task) => self.start(task),
                Effect::End(task) => {
                    if let Some(stop) = self.stops.get(&task) {
                        stop.send_replace(StopLevel::Ask);
                    }
                }
                Effect::Retries {
                    task,
                    outcome,
                    attempts,
                    wait,
                } => self.retries(task, outcome, attempts, wait),
                Effect::Settled {
                    task,
                    outcome,
                    attempts,
                } => self.settle(task, outcome, attempts),
                Effect::WakeAt(at) => self.wake_at = Some(at),
                Effect::StopBegan(reason) => self.tell(EventKind::StopBegan { reason }),
                Effect::Finished => finished = true,
            }
        }
        finished
    }

    fn start(&mut self, task: TaskId) {
        let task = self.plan.task(task);
        tracing::debug!(task = task.head.label(), program = task.command.program.name, args = ?task.command.args, "starts");
        self.tell(EventKind::TaskStarted {
            task: Arc::clone(&task.head),
        });
        self.timings.starts(task.head.id);
        let (stop, stopped) = watch::channel(StopLevel::GoOn);
        let mut limited = task.clone();
        limited.timeout = self.plan.limit_of(task.head.id).map(|limit| limit.time);
        let worker = self.workers.spawn(work(limited, Arc::clone(&self.workplace), stopped));
        self.working.insert(worker.id(), task.head.id);
        self.stops.insert(task.head.id, stop);
    }

    fn retries(&mut self, id: TaskId, outcome: Outcome, attempts: u32, wait: Duration) {
        let report = self.reports.get(&id).cloned().unwrap_or_else(Report::of_nothing);
        let retries = TaskRetries {
            failed: self.finished(id, outcome, attempts, report),
            most: self.plan.task(id).retry.times.saturating_add(1),
            wait,
        };
        self.tell(EventKind::TaskRetries(Box::new(retries)));
    }

    fn settle(&mut self, id: TaskId, outcome: Outcome, attempts: u32) {
        let report = self.reports.remove(&id).unwrap_or_else(Report::of_nothing);
        let finished = self.finished(id, outcome, attempts, report);
        self.stats.count(&finished);
        self.tell(EventKind::TaskFinished(Box::new(finished)));
    }

    fn finished(&self, id: TaskId, outcome: Outcome, attempts: u32, report: Report) -> TaskFinished {
        let task = self.plan.task(id);
        let crates = all_passed(&task.passed_before).chain(report.crates).collect();
        let cached = match task.passed_before.len() {
            0 => Cached::No,
            crates => Cached::Crates(crates),
        };
        let keeps_failing = task.estimate.is_some_and(|estimate| estimate.is_quarantined());
        TaskFinished {
            task: Arc::clone(&task.head),
            quarantined: keeps_failing && outcome.is_failure(),
            outcome,
            attempts,
            took: report.took,
            waited: report.waited,
            crates,
            note: report.note,
            findings: task.replay.findings.iter().cloned().chain(report.findings).collect(),
            output: Output {
                bytes: [report.output.bytes.as_slice(), &task.replay.output].concat(),
                ..report.output
            },
            leaked: report.leaked,
            cached,
            timing: Timing {
                queued: report.queued,
                processor: report.processor,
                ..self.timings.of_task(task, self.schedule.last_need(id))
            },
        }
    }

    fn tell(&mut self, kind: EventKind) {
        let event = Event {
            at: self.started.elapsed(),
            kind,
        };
        // Somebody who no longer listens has panicked; the run is brought to its end all the same.
        let _ = self.tell.send(event);
    }
}

fn all_passed(crates: &[CrateName]) -> impl Iterator<Item = (CrateName, CrateVerdict)> {
    crates.iter().map(|name| (name.clone(), CrateVerdict::Passed))
}

/// Ends at the time that the schedule has asked for; never where it has asked for none.
async fn woken(started: Instant, at: Option<Duration>) {
    match at.and_then(|at| started.checked_add(at)) {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
