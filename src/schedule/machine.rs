//! A run, as far as it can be decided without looking at the world.

mod arrival;
mod holds;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::job::{Job, Rules};
use super::message::{Effect, Message, Verdict};
use super::order::{BuiltIn, Situation, Tactics};
use super::queue::{Key, Queue};
use super::retry;
use super::states::{Again, Change, End, Life, State};
use crate::event::{Outcome, StopReason};
use crate::model::{CheckName, TaskId};
use crate::plan::{Need, Plan};

/// A run, as far as it can be decided without looking at the world.
#[derive(Debug)]
pub struct Schedule {
    rules: Rules,
    tactics: Arc<dyn Tactics>,
    tasks: Vec<Entry>,
    queue: Queue,
    /// Those that wait to be tried again, by the time.
    retrying: BTreeSet<(Duration, TaskId)>,
    now: Duration,
    /// The time that was last asked for.
    wake_at: Option<Duration>,
    phase: Phase,
    unsettled: usize,
    passed: usize,
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    life: Life,
    key: Key,
    group: usize,
    needed_by: Vec<(TaskId, Need)>,
    /// Those that are held back until this task has run.
    holds: Vec<TaskId>,
    /// How many tasks this one is held back for.
    held_by: u32,
    /// What came of it the last time, where it is to be tried again.
    failed: Option<Outcome>,
    /// Whether it only runs what it has built, and has given cargo's locks back.
    built: bool,
    /// Whether it is only judged, and has given its slots back.
    left: bool,
    /// When it came to its end, if it has.
    settled: Option<Duration>,
}

/// Where the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It has not begun.
    Ahead,
    /// Tasks start.
    Going,
    /// No further task starts.
    Stopping,
    /// Every task is in its final state.
    Over,
}

impl Schedule {
    /// A run without tasks. The order in which tasks start and the slots that are used are those of `tactics`.
    #[must_use]
    pub fn new(rules: Rules, tactics: Arc<dyn Tactics>) -> Self {
        Self {
            rules,
            tactics,
            tasks: Vec::new(),
            queue: Queue::new(rules.slots),
            retrying: BTreeSet::new(),
            now: Duration::ZERO,
            wake_at: None,
            phase: Phase::Ahead,
            unsettled: 0,
            passed: 0,
            effects: Vec::new(),
        }
    }

    /// A run of this plan, in which nothing has happened yet. Without tactics, in the order of the plan.
    #[must_use]
    pub fn of_plan(plan: &Plan, tactics: Option<Arc<dyn Tactics>>, seed: u64) -> Self {
        let built_in = || -> Arc<dyn Tactics> { Arc::new(BuiltIn(plan.order)) };
        let mut schedule = Self::new(Rules::of_plan(plan, seed), tactics.unwrap_or_else(built_in));
        let jobs = plan.tasks().map(|task| Job::of_task(plan, task)).collect();
        let added = schedule.add(Duration::ZERO, jobs);
        debug_assert_eq!(
            added,
            Ok(Vec::new()),
            "a plan has no circle and names no task that it lacks"
        );
        schedule
    }

    /// What to do about a message, in order. `at` is the time since the begin of the run; it never goes back.
    pub fn handle(&mut self, at: Duration, message: Message) -> Vec<Effect> {
        self.now = self.now.max(at);
        if self.phase == Phase::Over {
            // A signal may come when all is done.
            return Vec::new();
        }
        match message {
            Message::Begin => self.begin(),
            Message::Ended { task, verdict } => self.ended(task, verdict),
            Message::Built { task } => self.built(task),
            Message::Left { task } => self.left(task),
            Message::Woken => {}
            Message::Interrupted => self.stop(StopReason::Interrupted),
            Message::Outdated => self.stop(StopReason::Outdated),
        }
        self.answer()
    }

    /// Whether the task runs now.
    #[must_use]
    pub fn is_running(&self, task: TaskId) -> bool {
        self.tasks[task.index()].life.state() == State::Running
    }

    /// How often the task has been started.
    #[must_use]
    pub fn attempts(&self, task: TaskId) -> u32 {
        self.tasks[task.index()].life.attempts()
    }

    /// The task that the next slots and locks are kept for, since others have gone before it so often.
    #[must_use]
    pub fn reserved(&self) -> Option<TaskId> {
        self.queue.reserved()
    }

    /// Whether the task is held back until another one has run, since its slots are kept for that one.
    #[must_use]
    pub fn is_held(&self, task: TaskId) -> bool {
        self.tasks[task.index()].held_by > 0
    }

    /// When the last of those that the task needs came to its end, and which that is; nothing where none has.
    #[must_use]
    pub fn last_need(&self, task: TaskId) -> Option<(Duration, TaskId)> {
        let needs = self.tasks[task.index()].job.needs.iter();
        let settled = needs.filter_map(|(needed, _)| Some((self.tasks[needed.index()].settled?, *needed)));
        settled.max()
    }

    /// What is known of the task.
    #[must_use]
    pub fn job(&self, task: TaskId) -> &Job {
        &self.tasks[task.index()].job
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn begin(&mut self) {
        if self.phase != Phase::Ahead {
            return;
        }
        self.phase = Phase::Going;
        for place in 0..self.tasks.len() {
            self.change(task_id(place), Change::NeedMet);
        }
    }

    /// Starts what can start, and says what there is to do and to tell.
    fn answer(&mut self) -> Vec<Effect> {
        if self.phase == Phase::Going {
            self.try_again();
            self.start_what_fits();
        }
        if self.unsettled == 0 && self.phase != Phase::Ahead {
            self.phase = Phase::Over;
            self.effects.push(Effect::Finished);
        }
        let wake_at = self.retrying.first().map(|(at, _)| *at);
        if let Some(at) = wake_at.filter(|_| wake_at != self.wake_at) {
            self.effects.push(Effect::WakeAt(at));
        }
        self.wake_at = wake_at;
        std::mem::take(&mut self.effects)
    }

    fn try_again(&mut self) {
        while let Some((at, task)) = self.retrying.first().copied().filter(|(at, _)| *at <= self.now) {
            self.retrying.remove(&(at, task));
            self.change(task, Change::Due);
        }
    }

    fn start_what_fits(&mut self) {
        let settled = self.tasks.len() - self.unsettled;
        loop {
            let usable = self.tactics.slots(&Situation {
                at: self.now,
                slots: self.rules.slots,
                used: self.queue.used(),
                passed: self.passed,
                not_passed: settled - self.passed,
                unsettled: self.unsettled,
            });
            let Some(task) = self.queue.next(usable) else { break };
            self.change(task, Change::Started);
            let entry = &mut self.tasks[task.index()];
            (entry.built, entry.left) = (false, false);
            self.effects.push(Effect::Start(task));
        }
    }

    fn built(&mut self, id: TaskId) {
        let task = &mut self.tasks[id.index()];
        if task.life.state() == State::Running && !task.built {
            task.built = true;
            self.queue.built(task.group);
        }
    }

    fn left(&mut self, id: TaskId) {
        // On one slot, one thing comes after the other.
        let is_side_by_side = self.rules.slots > 1;
        let task = &mut self.tasks[id.index()];
        if is_side_by_side && task.life.state() == State::Running && !task.left {
            task.left = true;
            self.queue.left(task.group);
        }
    }

    fn ended(&mut self, id: TaskId, verdict: Verdict) {
        if self.tasks.get(id.index()).map(|task| task.life.state()) != Some(State::Running) {
            debug_assert!(false, "a task ended that was not running");
            return;
        }
        let task = &self.tasks[id.index()];
        if !task.left {
            self.queue.left(task.group);
        }
        self.queue.give_back(task.group, task.built);
        let (change, outcome) = self.judged(task, verdict);
        // What is tried again later keeps nobody waiting meanwhile.
        self.release(id);
        match self.change(id, change) {
            Some(State::Retrying) => self.retry_later(id, outcome),
            Some(State::Settled(_)) => self.settle(id, outcome),
            _ => {}
        }
    }

    /// What a verdict means for the task: how it moves, and what is told of it.
    fn judged(&self, task: &Entry, verdict: Verdict) -> (Change, Outcome) {
        let outcome = match verdict {
            Verdict::Passed => return (Change::Passed, Outcome::Passed),
            // What failed before it was stopped has failed.
            Verdict::Stopped => {
                let failed = task.failed.clone();
                return (Change::Stopped, failed.unwrap_or(Outcome::Cancelled));
            }
            Verdict::Failed(failure) => Outcome::Failed(failure),
            Verdict::TimedOut { limit } => Outcome::TimedOut {
                limit,
                calibrated: task.job.limit.is_some_and(|limit| limit.calibrated),
            },
        };
        let again = match self.phase {
            Phase::Stopping => Again::No,
            _ => retry::again(task.job.retry, task.life.attempts(), &outcome),
        };
        (Change::Failed(again), outcome)
    }

    fn retry_later(&mut self, id: TaskId, outcome: Outcome) {
        let task = &mut self.tasks[id.index()];
        let attempts = task.life.attempts();
        let wait = retry::wait(task.job.retry, attempts, id, self.rules.seed);
        task.failed = Some(outcome.clone());
        self.retrying.insert((self.now + wait, id));
        self.effects.push(Effect::Retries {
            task: id,
            outcome,
            attempts,
            wait,
        });
    }

    /// A task has come to its end: tells so, and all that wait for it; they may come to their own end by that. Its
    /// failure may be the end of the run.
    fn settle(&mut self, id: TaskId, outcome: Outcome) {
        let failed = outcome.is_failure();
        let mut settling = VecDeque::from([(id, outcome)]);
        while let Some((id, outcome)) = settling.pop_front() {
            self.tell_settled(id, outcome);
            let after = self.after(id);
            for place in 0..self.tasks[id.index()].needed_by.len() {
                let (waiting, need) = self.tasks[id.index()].needed_by[place];
                let Some((change, outcome)) = after.on(need) else {
                    continue;
                };
                if let Some(State::Settled(_)) = self.change(waiting, change) {
                    settling.push_back((waiting, outcome));
                }
            }
        }
        let job = &self.tasks[id.index()].job;
        if failed && self.rules.stop_after(job) {
            let check = job.check.clone();
            self.stop(if job.critical && self.rules.stop_on_critical_failure {
                StopReason::Critical { check }
            } else {
                StopReason::FailFast { check }
            });
        }
    }

    fn tell_settled(&mut self, task: TaskId, outcome: Outcome) {
        self.release(task);
        self.unsettled -= 1;
        self.tasks[task.index()].settled = Some(self.now);
        self.passed += usize::from(outcome.is_pass());
        let attempts = self.attempts(task);
        self.effects.push(Effect::Settled {
            task,
            outcome,
            attempts,
        });
    }

    /// What the end of a task means for those that wait for it.
    fn after(&self, id: TaskId) -> After {
        let Entry { life, job, .. } = &self.tasks[id.index()];
        match life.state() {
            State::Settled(End::Failed) if job.may_fail => After::Goes,
            State::Settled(End::Failed | End::Blocked) => After::Blocked { by: job.check.clone() },
            State::Settled(End::Cancelled) => After::Cancelled,
            State::Settled(End::Passed) => After::Goes,
            State::Pending { .. } | State::Ready | State::Running | State::Retrying => After::Open,
        }
    }

    fn stop(&mut self, reason: StopReason) {
        if self.phase == Phase::Stopping {
            return;
        }
        self.phase = Phase::Stopping;
        self.effects.push(Effect::StopBegan(reason));
        self.retrying.clear();
        for place in 0..self.tasks.len() {
            let id = task_id(place);
            if self.is_running(id) {
                self.effects.push(Effect::End(id));
                continue;
            }
            let failed = self.tasks[place].failed.clone();
            if let Some(State::Settled(_)) = self.change(id, Change::RunStops) {
                self.settle(id, failed.unwrap_or(Outcome::Cancelled));
            }
        }
    }

    /// Moves a task, and keeps the queue as the states are.
    fn change(&mut self, id: TaskId, change: Change) -> Option<State> {
        let task = &mut self.tasks[id.index()];
        let before = task.life.state();
        let after = task.life.change(change)?;
        match (before, after) {
            (State::Ready, State::Settled(_)) => self.queue.remove(task.key, task.group),
            (before, State::Ready) if before != State::Ready => self.queue.insert(task.key, task.group),
            _ => {}
        }
        Some(after)
    }
}

/// What an end means for those that wait for it.
enum After {
    /// It has not ended.
    Open,
    /// They go on.
    Goes,
    /// Those that need it to pass are blocked.
    Blocked { by: CheckName },
    /// Those that need it to pass are cancelled too.
    Cancelled,
}

impl After {
    /// How one that waits is moved, and what comes of it if that is its end.
    fn on(&self, need: Need) -> Option<(Change, Outcome)> {
        Some(match (self, need) {
            (Self::Open, _) => return None,
            (Self::Blocked { by }, Need::Hard) => (Change::NeedFailed, Outcome::Blocked { by: by.clone() }),
            (Self::Cancelled, Need::Hard) => (Change::NeedCancelled, Outcome::Cancelled),
            (Self::Goes, _) | (_, Need::Soft) => (Change::NeedMet, Outcome::Cancelled),
        })
    }
}

fn task_id(place: usize) -> TaskId {
    TaskId(u32::try_from(place).unwrap_or(u32::MAX))
}
