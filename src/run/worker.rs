//! Runs one task, and knows nothing of the others.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::dispatcher::RunContext;
use super::hearing::{Heard, Hearing};
use super::inputs::Watch;
use super::jobs::{Pool, Seat};
use super::kept_output::KeptOutput;
use super::pause::Clock;
use super::printed::Printed;
use super::process::{Ended, GRACE, Keeper, Lost, Process};
use super::repair::{judge_diff, repair};
use super::spill::{Spill, Spills};
use crate::changes::TreeState;
use crate::event::{CrateVerdict, Failure, Output};
use crate::model::{Exit, Finding, Place, Severity, TaskId};
use crate::plan::{CargoUse, Diff, Jobs, Task, TaskCommand};
use crate::schedule::Verdict;
use crate::tool_output::{Stream, ToolReport, Verdicts};

/// How long after its end a process may still hand over output. What it has started can hold the pipe open for ever.
pub(super) const DRAIN: Duration = Duration::from_millis(200);
/// After how long a task is called slow, and how often it is said again.
const SLOW: Duration = Duration::from_mins(1);
/// How often a live view hears of new output.
const SAY_AT_MOST_EVERY: Duration = Duration::from_millis(50);

/// As good as never, and still a time that can be waited for.
const FAR: Duration = Duration::from_hours(24 * 365);

/// How much a task is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StopLevel {
    /// Not at all.
    GoOn,
    /// It is asked to end, and killed when it takes too long.
    Ask,
    /// It is killed at once.
    Kill,
}

/// What a worker tells.
#[derive(Debug)]
pub(super) enum Said {
    /// The last line of the output.
    Line(TaskId, String),
    /// It has built all that it will.
    Built(TaskId),
    /// All that it has started has ended.
    Left(TaskId),
    /// It runs for long.
    Slow(TaskId, Duration),
    /// It waits for this lock of cargo's, and has done so for this long.
    Waits(TaskId, String, Duration),
    /// It has got the lock, after that time.
    GoesOn(TaskId, Duration),
}

/// What came of a task.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
    /// How long it waited for locks of cargo's, on top of that.
    pub(super) waited: Duration,
    /// What a pass means.
    pub(super) note: Option<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) crates: Verdicts,
    pub(super) output: Output,
    /// How many processes it left behind.
    pub(super) leaked: u32,
    /// How long it waited for a job of the run before it began.
    pub(super) queued: Duration,
    /// The time of processors that its process took, where that is known.
    pub(super) processor: Option<Duration>,
}

impl Report {
    /// A worker that panics is our mistake, and its task is not a pass.
    pub(super) fn of_panic(error: &tokio::task::JoinError) -> Self {
        let error = format!("internal error: {error}");
        Self {
            verdict: Verdict::Failed(Failure::Start { error }),
            ..Self::of_nothing()
        }
    }

    /// For a task that never ran.
    pub(super) fn of_nothing() -> Self {
        Self {
            verdict: Verdict::Stopped,
            took: Duration::ZERO,
            waited: Duration::ZERO,
            note: None,
            findings: Vec::new(),
            crates: Verdicts::new(),
            output: Output::default(),
            leaked: 0,
            queued: Duration::ZERO,
            processor: None,
        }
    }
}

/// What every worker of a run uses.
pub(super) struct Workplace {
    pub(super) context: RunContext,
    pub(super) keeper: Keeper,
    /// What tasks that build share.
    pub(super) jobs: Option<Arc<Pool>>,
    /// Stands while the run is suspended.
    pub(super) clock: Clock,
    /// Holds what outputs are too long for memory.
    pub(super) spills: Spills,
    /// Holds the diffs that are to be applied.
    pub(super) printed: Printed,
    /// Sees whether inputs have moved, where anybody is to look.
    pub(super) watch: Option<Watch>,
    pub(super) say: mpsc::UnboundedSender<Said>,
}

/// Runs the task to its end and says what came of it.
#[tracing::instrument(level = "debug", name = "task", skip_all, fields(label = task.head.label()))]
pub(super) async fn work(task: Task, place: Arc<Workplace>, mut stop: watch::Receiver<StopLevel>) -> Report {
    // What is waited for here is work of other tasks, so it counts neither as time of this one nor for its limit.
    let (arrived, stood_before) = (Instant::now(), place.clock.total());
    let seat = tokio::select! {
        biased;
        _ = next_level(&mut stop) => return Report::of_nothing(),
        seat = seat(&task, &place) => seat,
    };
    let (started, paused) = (Instant::now(), place.clock.total());
    // Where no job is wanted, none is waited for.
    let queued = seat.as_ref().map_or(Duration::ZERO, |_| {
        (started - arrived).saturating_sub(paused.saturating_sub(stood_before))
    });
    let before = generated(&task, &place).await;
    let worker = Worker {
        task: &task,
        place: &place,
        stop,
        started,
        seat,
    };
    let (mut report, mut spill) = match &task.handling.diff {
        Diff::Applies { printed_by, only } => repair(worker, *printed_by, only.as_deref()).await,
        Diff::No | Diff::Prints => worker.run().await,
    };
    if report.verdict == Verdict::Passed
        && let (Some(before), Some(after)) = (before, generated(&task, &place).await)
    {
        judge_generated(&before.differences(&after), &mut report);
    }
    let stood = place.clock.total().saturating_sub(paused) + report.waited;
    report.took = started.elapsed().saturating_sub(stood);
    report.queued = queued;
    if report.verdict == Verdict::Passed
        && let Some(watch) = &place.watch
        && let Some(file) = {
            // What remains takes no slot, and is no time of the task.
            let _ = place.say.send(Said::Left(task.head.id));
            watch.touched(task.head.id).await
        }
    {
        let reason = format!(
            "`{}` was changed while it ran; run it again, or say `cache = false` if it changes files itself",
            file.display()
        );
        report.verdict = Verdict::Failed(Failure::Uncertain { reason });
        report.crates = in_doubt(std::mem::take(&mut report.crates));
    }
    if matches!(report.verdict, Verdict::Failed(_) | Verdict::TimedOut { .. }) {
        report.output.saved = spill.hand_on();
    }
    report
}

/// What the task has of the jobs of the run, as soon as it may start.
async fn seat(task: &Task, place: &Workplace) -> Option<Seat> {
    let jobs = task.handling.jobs;
    let pool = place.jobs.as_ref().filter(|_| jobs != Jobs::Nothing)?;
    let seat = pool.seat(jobs).await;
    seat.inspect_err(|error| tracing::warn!(%error, "a check builds without a job of the run"))
        .ok()
}

/// What the files contain that the task must leave as they are. Read on another thread: signals are heard meanwhile.
async fn generated(task: &Task, place: &Workplace) -> Option<TreeState> {
    let (files, tree) = (task.unchanged.clone()?, place.context.tree.clone());
    let reading = tokio::task::spawn_blocking(move || tree.state(&files));
    Some(
        reading
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())),
    )
}

/// A generator that changed what it was to leave as it is has shown that the files were out of date.
fn judge_generated(changed: &[PathBuf], report: &mut Report) {
    if changed.is_empty() {
        return;
    }
    report.verdict = Verdict::Failed(Failure::Regenerated);
    report.crates = in_doubt(std::mem::take(&mut report.crates));
    report.findings.extend(changed.iter().map(|file| Finding {
        severity: Severity::Error,
        crate_name: None,
        place: Some(Place {
            file: file.clone(),
            line: None,
            column: None,
        }),
        code: None,
        test: None,
        message: "was out of date, and is generated anew".to_owned(),
    }));
}

/// Runs one task, once.
pub(super) struct Worker<'a> {
    pub(super) task: &'a Task,
    pub(super) place: &'a Workplace,
    stop: watch::Receiver<StopLevel>,
    started: Instant,
    seat: Option<Seat>,
}

impl<'a> Worker<'a> {
    pub(super) async fn run(self) -> (Report, Spill<'a>) {
        let Self { task, place, .. } = self;
        let mut hearing = Hearing::new(task, place, self.started);
        let ended = match place.keeper.start(&task.command, self.seat.as_ref()).await {
            Err(error) => Err(Failure::Start {
                error: not_started(&task.command, &error),
            }),
            Ok((process, stdout, stderr)) => {
                let pipes = (Pipe::new(stdout), Pipe::new(stderr));
                let attended = self.attend(process, pipes, &mut hearing).await;
                attended.map_err(|lost| match lost {
                    Lost::NotStarted(error) => Failure::Start {
                        error: not_started(&task.command, &error),
                    },
                    Lost::Unseen(error) => Failure::Uncertain {
                        reason: error.to_string(),
                    },
                })
            }
        };
        let (exit, leaked, processor) = ended.as_ref().map_or((Exit::Code(-1), 0, None), |(ended, _)| {
            (ended.exit, ended.leaked, ended.processor)
        });
        let Heard {
            mut said,
            kept,
            printing,
            spill,
            waited,
        } = hearing.finish(exit);
        let verdict = match (ended, printing) {
            (Err(failure), _) => Verdict::Failed(failure),
            (Ok((_, Why::ByItself)), Some(printing)) => judge_diff(printing, exit, &mut said.meaning, (task, place)),
            (Ok((_, why)), _) => verdict(why, exit, &mut said, kept),
        };
        let note = said.meaning.filter(|_| verdict == Verdict::Passed);
        let by_itself = matches!(
            verdict,
            Verdict::Passed | Verdict::Failed(Failure::Exit { .. } | Failure::Denied { .. })
        );
        let crates = if by_itself && !task.handling.names_others {
            said.crates
        } else {
            in_doubt(said.crates)
        };
        let report = Report {
            verdict,
            took: Duration::ZERO,
            waited,
            note,
            findings: said.findings,
            crates,
            output: said.output,
            leaked,
            queued: Duration::ZERO,
            processor,
        };
        (report, spill)
    }

    /// Reads what the process writes, and sees to it that it ends: by itself, in time, or because it is to stop.
    async fn attend(
        self,
        mut process: Process,
        (mut stdout, mut stderr): (Pipe<impl AsyncRead + Unpin>, Pipe<impl AsyncRead + Unpin>),
        hearing: &mut Hearing<'_>,
    ) -> Result<(Ended, Why), Lost> {
        let Self {
            task,
            place,
            mut stop,
            mut started,
            mut seat,
        } = self;
        let id = task.head.id;
        let far = started + FAR;
        let mut why = Why::ByItself;
        let mut limit = task
            .timeout
            .and_then(|timeout| started.checked_add(timeout))
            .unwrap_or(far);
        let mut kill_at = far;
        let mut slow_at = started + SLOW;
        let mut exit: Option<Ended> = None;
        let mut drained_at = far;
        let mut closing = false;
        let mut said_at = started;
        let mut built = task.handling.cargo != CargoUse::RunsWhatItBuilt;
        let mut pauses = place.clock.pauses();
        while exit.is_none() || !(stdout.closed && stderr.closed) {
            tokio::select! {
                // What ends the task comes first: a tool that never stops writing must not put that off.
                biased;
                // What seems to be over may only have been slept through.
                () = pauses.begin() => {
                    let pause = pauses.end().await;
                    for point in [&mut limit, &mut kill_at, &mut slow_at, &mut drained_at] {
                        *point += pause;
                    }
                    started += pause;
                    hearing.wait.shift(pause);
                }
                Ok(level) = next_level(&mut stop), if exit.is_none() => {
                    if !matches!(why, Why::TimedOut(_)) {
                        why = Why::Stopped;
                    }
                    if level == StopLevel::Kill { process.kill() } else { process.ask_to_end() }
                    (limit, kill_at) = (far, Instant::now() + GRACE);
                }
                () = sleep_until(limit), if exit.is_none() && !hearing.wait.is_on() => {
                    why = Why::TimedOut(task.timeout.unwrap_or_default());
                    process.ask_to_end();
                    (limit, kill_at) = (far, Instant::now() + GRACE);
                }
                () = sleep_until(kill_at), if exit.is_none() => {
                    process.kill();
                    kill_at = far;
                }
                ended = process.wait(), if exit.is_none() => {
                    exit = Some(ended?);
                    drained_at = Instant::now() + DRAIN;
                }
                // Without a guard, what still holds the pipes has yet to be ended.
                () = sleep_until(drained_at), if exit.is_some() && !closing => {
                    process.kill();
                    (closing, drained_at) = (true, Instant::now() + DRAIN);
                }
                () = sleep_until(drained_at), if exit.is_some() => {
                    why = if matches!(why, Why::ByItself) { Why::StillOpen } else { why };
                    break;
                }
                () = sleep_until(hearing.wait.tell_at), if hearing.wait.is_on() => {
                    let lock = hearing.output.awaited_lock().unwrap_or_default().to_owned();
                    let _ = place.say.send(Said::Waits(id, lock, hearing.wait.tell(Instant::now())));
                }
                () = sleep_until(slow_at), if exit.is_none() && !hearing.wait.is_on() => {
                    let _ = place.say.send(Said::Slow(id, started.elapsed()));
                    slow_at += SLOW;
                }
                read = stderr.read(), if !stderr.closed => hearing.hear(Stream::Stderr, stderr.filled(read)),
                read = stdout.read(), if !stdout.closed => hearing.hear(Stream::Stdout, stdout.filled(read)),
            }
            if !built && hearing.output.has_built() {
                built = true;
                if let Some(seat) = &mut seat {
                    seat.give_back();
                }
                let _ = place.say.send(Said::Built(id));
            }
            let now = Instant::now();
            let over = hearing.note_wait(exit.is_none(), now);
            for point in [&mut limit, &mut slow_at, &mut started] {
                *point += over.waited;
            }
            if over.told {
                let _ = place.say.send(Said::GoesOn(id, over.waited));
            }
            if now >= said_at
                && let Some(line) = hearing.output.last_line()
            {
                // The dispatcher is gone only when the run is over, and then nobody wants to know.
                let _ = place.say.send(Said::Line(id, line.to_owned()));
                said_at = now + SAY_AT_MOST_EVERY;
            }
        }
        let nobody_saw = || Lost::Unseen(std::io::Error::other("nobody saw how it ended"));
        Ok((exit.ok_or_else(nobody_saw)?, why))
    }
}

/// What the end of a process means.
fn verdict(why: Why, exit: Exit, said: &mut ToolReport, kept: Option<KeptOutput>) -> Verdict {
    match why {
        Why::Stopped => Verdict::Stopped,
        Why::TimedOut(limit) => Verdict::TimedOut { limit },
        Why::StillOpen if exit.is_success() => Verdict::Failed(Failure::Uncertain {
            reason: "its output was not closed after its end".to_owned(),
        }),
        Why::ByItself if exit.is_success() && said.denied > 0 => {
            Verdict::Failed(Failure::Denied { warnings: said.denied })
        }
        Why::ByItself if exit.is_success() => match kept.map(KeptOutput::hand_on) {
            Some(Err(error)) => Verdict::Failed(Failure::Start { error }),
            Some(Ok(note)) => {
                said.meaning = note;
                Verdict::Passed
            }
            None => Verdict::Passed,
        },
        Why::ByItself | Why::StillOpen => Verdict::Failed(Failure::Exit {
            exit,
            meaning: said.meaning.take(),
        }),
    }
}

/// What is left of verdicts on crates where the task did not end by its tool's own word: what is wrong is wrong.
fn in_doubt(mut crates: Verdicts) -> Verdicts {
    for verdict in crates.values_mut().filter(|verdict| **verdict != CrateVerdict::Failed) {
        *verdict = CrateVerdict::Unknown;
    }
    crates
}

/// The system says "no such file" of the program, even where it is the directory that does not exist.
fn not_started(command: &TaskCommand, error: &std::io::Error) -> String {
    if command.cwd.is_dir() {
        format!("`{}`: {error}", command.program.name)
    } else {
        format!("there is no directory `{}`", command.cwd.display())
    }
}

/// Why a process has ended.
#[derive(Clone, Copy)]
enum Why {
    ByItself,
    /// By itself, but somebody still held its output open.
    StillOpen,
    TimedOut(Duration),
    Stopped,
}

async fn next_level(stop: &mut watch::Receiver<StopLevel>) -> Result<StopLevel, watch::error::RecvError> {
    stop.changed().await?;
    Ok(*stop.borrow_and_update())
}

/// An end of a pipe and a buffer to read into.
struct Pipe<R> {
    reader: R,
    buffer: Vec<u8>,
    closed: bool,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; 64 * 1024],
            closed: false,
        }
    }

    async fn read(&mut self) -> std::io::Result<usize> {
        self.reader.read(&mut self.buffer).await
    }

    /// What was read. A pipe that cannot be read any further has as good as ended.
    fn filled(&mut self, read: std::io::Result<usize>) -> &[u8] {
        let read = read.unwrap_or(0);
        self.closed = read == 0;
        &self.buffer[..read]
    }
}
