//! Reads the events of a run, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, EventKind, Output, RunStarted, RunStats, StopReason, TaskFinished, TaskHead, Timing, Use};
use crate::model::TaskId;

/// What the events of a run have said so far.
#[derive(Clone, Debug, Default)]
pub struct Gatherer {
    pub(super) started: Option<RunStarted>,
    /// The time of the last event.
    pub(super) last: Duration,
    pub(super) stats: Option<RunStats>,
    pub(super) stop: Option<(Duration, StopReason)>,
    /// The tasks in the order in which they were first heard of.
    pub(super) tasks: Vec<Told>,
    places: BTreeMap<TaskId, usize>,
    /// All attempts in the order in which they started.
    pub(super) attempts: Vec<Tried>,
}

/// What was told of a task.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) head: Arc<TaskHead>,
    /// The places of its attempts among those of all tasks.
    pub(super) attempts: Vec<usize>,
    /// What came of the whole of it, and when.
    pub(super) finished: Option<(Duration, Box<TaskFinished>)>,
}

/// An attempt.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) task: usize,
    pub(super) start: Duration,
    pub(super) end: Option<Duration>,
    /// When it waited for another cargo, and what that had locked.
    pub(super) waits: Vec<CargoWait>,
    /// What came of it, where it failed and was tried again: that, and how long it was waited.
    pub(super) failed: Option<(Box<TaskFinished>, Duration)>,
}

/// A wait for a lock that another cargo held.
#[derive(Clone, Debug)]
pub(super) struct CargoWait {
    pub(super) from: Duration,
    /// Nothing where it ended with the task.
    pub(super) to: Option<Duration>,
    pub(super) lock: String,
}

impl Gatherer {
    /// Hears what happened. Of outputs, it keeps those of what failed.
    pub fn hear(&mut self, event: &Event) {
        let at = whole(event.at);
        self.last = self.last.max(at);
        match &event.kind {
            EventKind::RunStarted(started) => self.started = Some(started.clone()),
            EventKind::TaskStarted { task } => self.task_started(at, task),
            EventKind::TaskWaits { task, lock, waited } => self.waits(at.saturating_sub(*waited), task, lock),
            EventKind::TaskGoesOn { task, .. } => {
                if let Some(wait) = self.running(task).and_then(|tried| tried.waits.last_mut()) {
                    wait.to = Some(at);
                }
            }
            EventKind::TaskRetries(retries) => {
                let failed = Box::new(kept(&retries.failed));
                if let Some(tried) = self.running(&failed.task.clone()) {
                    tried.end = Some(at);
                    tried.failed = Some((failed, retries.wait));
                }
            }
            EventKind::TaskFinished(finished) => self.task_finished(at, finished),
            EventKind::StopBegan { reason } => self.stop = Some((at, reason.clone())),
            EventKind::RunFinished { stats } => self.stats = Some(*stats),
            EventKind::LeftoversEnded { .. } | EventKind::TaskSaid { .. } | EventKind::TaskSlow { .. } => {}
        }
    }

    fn task_started(&mut self, at: Duration, head: &Arc<TaskHead>) {
        let task = self.place(head);
        self.tasks[task].attempts.push(self.attempts.len());
        self.attempts.push(Tried {
            task,
            start: at,
            end: None,
            waits: Vec::new(),
            failed: None,
        });
    }

    fn task_finished(&mut self, at: Duration, finished: &TaskFinished) {
        if let Some(tried) = self.running(&finished.task) {
            tried.end = Some(at);
        }
        let place = self.place(&finished.task);
        self.tasks[place].finished = Some((at, Box::new(kept(finished))));
    }

    /// A task that waits says so again and again.
    fn waits(&mut self, from: Duration, head: &Arc<TaskHead>, lock: &str) {
        let Some(tried) = self.running(head) else { return };
        if tried.waits.last().is_none_or(|wait| wait.to.is_some()) {
            tried.waits.push(CargoWait {
                from: from.max(tried.start),
                to: None,
                lock: lock.to_owned(),
            });
        }
    }

    /// The attempt of this task that has begun and not yet ended.
    fn running(&mut self, head: &Arc<TaskHead>) -> Option<&mut Tried> {
        let last = *self.tasks.get(*self.places.get(&head.id)?)?.attempts.last()?;
        self.attempts.get_mut(last).filter(|tried| tried.end.is_none())
    }

    fn place(&mut self, head: &Arc<TaskHead>) -> usize {
        let tasks = &mut self.tasks;
        *self.places.entry(head.id).or_insert_with(|| {
            tasks.push(Told {
                head: Arc::clone(head),
                attempts: Vec::new(),
                finished: None,
            });
            tasks.len() - 1
        })
    }

    pub(super) fn place_of(&self, task: TaskId) -> Option<usize> {
        self.places.get(&task).copied()
    }
}

/// What is worth keeping of the end of a task: nobody reads again what a pass has written.
fn kept(finished: &TaskFinished) -> TaskFinished {
    let timing = timing(&finished.timing);
    if finished.outcome.is_failure() {
        return TaskFinished {
            timing,
            ..finished.clone()
        };
    }
    TaskFinished {
        output: Output::default(),
        findings: Vec::new(),
        timing,
        ..finished.clone()
    }
}

/// A run is drawn from its events as it is from its record, where times are whole microseconds.
fn whole(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

fn timing(timing: &Timing) -> Timing {
    let used = |used: &Use| Use {
        until: used.until.map(whole),
        ..used.clone()
    };
    Timing {
        ready: whole(timing.ready),
        uses: timing.uses.iter().map(used).collect(),
        queued: whole(timing.queued),
        left: timing.left.map(whole),
        processor: timing.processor.map(whole),
        ..timing.clone()
    }
}
