//! Owns the state of a run: hears workers and signals, asks the schedule what to do, and tells the reporter.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::signals::Signals;
use super::worker::{Report, Said, StopLevel, Workplace, work};
use crate::changes::Tree;
use crate::environment::Environment;
use crate::event::{Event, EventKind, Outcome, RunStats, TaskFinished};
use crate::model::TaskId;
use crate::plan::{MissingTool, Plan};
use crate::schedule::{Effect, Message, Schedule};
use crate::tool_output::Attribution;

/// Where a run takes place.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The environment of the checks.
    pub environment: Environment,
    /// Which crate a file or a package belongs to.
    pub attribution: Arc<Attribution>,
    /// The working tree.
    pub tree: Tree,
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
        for event in told {
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
    let mut signals = Signals::listen()?;
    let (say, heard) = mpsc::unbounded_channel();
    let dispatcher = Dispatcher {
        plan,
        schedule: Schedule::new(plan),
        workplace: Arc::new(Workplace {
            context: context.clone(),
            say,
        }),
        started: Instant::now(),
        stats: RunStats {
            tasks: plan.tasks().len(),
            ..RunStats::default()
        },
        workers: JoinSet::new(),
        working: HashMap::new(),
        stops: BTreeMap::new(),
        reports: HashMap::new(),
        tell,
    };
    let stats = dispatcher.run(&mut signals, heard).await;
    tokio::select! {
        _ = reported => {}
        () = signals.next() => leave(),
    }
    Ok(stats)
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
    schedule: Schedule<'a>,
    workplace: Arc<Workplace>,
    started: Instant,
    stats: RunStats,
    workers: JoinSet<Report>,
    /// Which worker runs which task.
    working: HashMap<Id, TaskId>,
    /// How to stop each task that runs.
    stops: BTreeMap<TaskId, watch::Sender<StopLevel>>,
    /// What workers reported, until the schedule has settled their tasks.
    reports: HashMap<TaskId, Report>,
    tell: Sender<Event>,
}

impl Dispatcher<'_> {
    async fn run(mut self, signals: &mut Signals, mut heard: mpsc::UnboundedReceiver<Said>) -> RunStats {
        self.tell(EventKind::RunStarted(self.plan.started()));
        let mut finished = self.handle(Message::Begin);
        while !finished {
            tokio::select! {
                Some(said) = heard.recv() => finished = self.hear(said),
                Some(ended) = self.workers.join_next_with_id() => finished = self.ended(ended),
                () = signals.next() => finished = self.interrupt(),
            }
        }
        self.tell(EventKind::RunFinished { stats: self.stats });
        self.stats
    }

    fn hear(&mut self, said: Said) -> bool {
        match said {
            Said::Built(task) => return self.handle(Message::Built { task }),
            Said::Line(task, line) => self.tell(EventKind::TaskSaid { task, line }),
            Said::Slow(task, running) => {
                let task = Arc::clone(&self.plan.task(task).head);
                self.tell(EventKind::TaskSlow { task, running });
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
        self.reports.insert(task, report);
        self.handle(Message::Ended { task, verdict })
    }

    /// The first signal asks, the second kills.
    fn interrupt(&mut self) -> bool {
        if self.stats.interrupted {
            for stop in self.stops.values() {
                stop.send_replace(StopLevel::Kill);
            }
        }
        self.stats.interrupted = true;
        self.handle(Message::Interrupted)
    }

    /// Does what the schedule says; whether that was the end.
    fn handle(&mut self, message: Message) -> bool {
        let mut finished = false;
        for effect in self.schedule.handle(message) {
            match effect {
                Effect::Start(task) => self.start(task),
                Effect::End(task) => {
                    if let Some(stop) = self.stops.get(&task) {
                        stop.send_replace(StopLevel::Ask);
                    }
                }
                Effect::Settled { task, outcome } => self.settle(task, outcome),
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
        let (stop, stopped) = watch::channel(StopLevel::GoOn);
        let worker = self
            .workers
            .spawn(work(task.clone(), Arc::clone(&self.workplace), stopped));
        self.working.insert(worker.id(), task.head.id);
        self.stops.insert(task.head.id, stop);
    }

    fn settle(&mut self, id: TaskId, outcome: Outcome) {
        let task = Arc::clone(&self.plan.task(id).head);
        self.count(&outcome, task.may_fail);
        let report = self.reports.remove(&id).unwrap_or_else(Report::of_nothing);
        let finished = TaskFinished {
            task,
            outcome,
            took: report.took,
            crates: report.crates,
            note: report.note,
            findings: report.findings,
            output: report.output,
        };
        self.tell(EventKind::TaskFinished(Box::new(finished)));
    }

    fn count(&mut self, outcome: &Outcome, may_fail: bool) {
        let stats = &mut self.stats;
        let counter = match outcome {
            Outcome::Passed => &mut stats.passed,
            Outcome::Failed(_) | Outcome::TimedOut { .. } if may_fail => &mut stats.tolerated,
            Outcome::Failed(_) | Outcome::TimedOut { .. } => &mut stats.failed,
            Outcome::Blocked { .. } => &mut stats.blocked,
            Outcome::Cancelled => &mut stats.cancelled,
        };
        *counter += 1;
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
