//! The states of tasks, and what moves them.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

use super::resources::Resources;
use crate::event::{Failure, Outcome, StopReason};
use crate::model::TaskId;
use crate::plan::{Need, Plan};

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The run begins.
    Begin,
    /// A task that was started has ended.
    Ended {
        /// Which.
        task: TaskId,
        /// How.
        verdict: Verdict,
    },
    /// A task that was started has built all that it will, and only runs that now.
    Built {
        /// Which.
        task: TaskId,
    },
    /// Somebody wants the run to stop.
    Interrupted,
}

/// How a task that was started has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The tool says that all is well.
    Passed,
    /// It does not.
    Failed(Failure),
    /// It took too long.
    TimedOut {
        /// The time that it had.
        limit: Duration,
    },
    /// It was ended because it was to end.
    Stopped,
}

/// Something to do, or to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Start the task.
    Start(TaskId),
    /// Ask the task to end.
    End(TaskId),
    /// The task is in its final state.
    Settled {
        /// Which.
        task: TaskId,
        /// The state.
        outcome: Outcome,
    },
    /// No further task starts.
    StopBegan(StopReason),
    /// Every task is in its final state.
    Finished,
}

/// The state of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It waits for this many others.
    Pending { unmet: usize },
    /// It waits for a slot and for what it uses.
    Ready,
    /// It runs.
    Running,
    /// It has come to its end.
    Settled,
}

/// A run, as far as it can be decided without looking at the world.
#[derive(Debug)]
pub struct Schedule<'p> {
    plan: &'p Plan,
    states: Vec<State>,
    ready: BTreeSet<TaskId>,
    resources: Resources,
    stopping: bool,
    finished: bool,
    unsettled: usize,
    effects: Vec<Effect>,
}

impl<'p> Schedule<'p> {
    /// A run of this plan, in which nothing has happened yet.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Self {
        let unmet = |task: &crate::plan::Task| plan.needs_of(task.head.id).len();
        let states: Vec<_> = plan.tasks().map(|task| State::Pending { unmet: unmet(task) }).collect();
        Self {
            plan,
            unsettled: states.len(),
            states,
            ready: BTreeSet::new(),
            resources: Resources::new(plan.slots),
            stopping: false,
            finished: false,
            effects: Vec::new(),
        }
    }

    /// What to do about a message, in order.
    pub fn handle(&mut self, message: Message) -> Vec<Effect> {
        if self.finished {
            // A signal may come when all is done.
            return Vec::new();
        }
        match message {
            Message::Begin => self.begin(),
            Message::Ended { task, verdict } => self.ended(task, verdict),
            Message::Built { task } => {
                if self.is_running(task) {
                    self.resources.built(self.plan.task(task));
                }
            }
            Message::Interrupted => self.stop(StopReason::Interrupted),
        }
        if !self.stopping {
            self.start_what_fits();
        }
        if self.unsettled == 0 {
            self.finished = true;
            self.effects.push(Effect::Finished);
        }
        std::mem::take(&mut self.effects)
    }

    /// Whether the task runs now.
    #[must_use]
    pub fn is_running(&self, task: TaskId) -> bool {
        self.states[task.index()] == State::Running
    }

    fn begin(&mut self) {
        for task in self.plan.tasks() {
            let id = task.head.id;
            if self.states[id.index()] == (State::Pending { unmet: 0 }) {
                self.make_ready(id);
            }
        }
    }

    fn make_ready(&mut self, task: TaskId) {
        self.states[task.index()] = State::Ready;
        self.ready.insert(task);
    }

    /// Starts what can start, first come first served in the order of the plan; what does not fit is passed over, so
    /// that no slot stays empty while something could use it.
    fn start_what_fits(&mut self) {
        let mut next = self.ready.first().copied();
        while let Some(id) = next.filter(|_| self.resources.has_free_slot()) {
            if self.resources.take(self.plan.task(id)) {
                self.ready.remove(&id);
                self.states[id.index()] = State::Running;
                self.effects.push(Effect::Start(id));
            }
            next = self.ready.range((Excluded(id), Unbounded)).next().copied();
        }
    }

    fn ended(&mut self, id: TaskId, verdict: Verdict) {
        if !self.is_running(id) {
            debug_assert!(false, "a task ended that was not running");
            return;
        }
        let task = self.plan.task(id);
        self.resources.give_back(task);
        let outcome = match verdict {
            Verdict::Passed => Outcome::Passed,
            Verdict::Failed(failure) => Outcome::Failed(failure),
            Verdict::TimedOut { limit } => Outcome::TimedOut { limit },
            Verdict::Stopped => Outcome::Cancelled,
        };
        let failed = outcome.is_failure() && !task.head.may_fail;
        let check = || task.head.check.clone();
        self.settle(id, outcome);
        if failed && task.critical && self.plan.stop_on_critical_failure {
            self.stop(StopReason::Critical { check: check() });
        } else if failed && self.plan.fail_fast {
            self.stop(StopReason::FailFast { check: check() });
        }
    }

    /// Brings a task to its end, and tells those that wait for it; they may come to their own end by that.
    fn settle(&mut self, id: TaskId, outcome: Outcome) {
        let mut settling = VecDeque::from([(id, outcome)]);
        while let Some((id, outcome)) = settling.pop_front() {
            if self.states[id.index()] == State::Settled {
                continue;
            }
            self.states[id.index()] = State::Settled;
            self.ready.remove(&id);
            self.unsettled -= 1;
            let lets_pass = outcome.is_pass() || self.plan.task(id).head.may_fail && outcome.is_failure();
            let cancelled = outcome == Outcome::Cancelled;
            self.effects.push(Effect::Settled { task: id, outcome });
            for (waiting, need) in self.plan.needed_by(id) {
                match (&mut self.states[waiting.index()], need) {
                    (State::Pending { .. }, Need::Hard) if cancelled => {
                        settling.push_back((waiting, Outcome::Cancelled));
                    }
                    (State::Pending { .. }, Need::Hard) if !lets_pass => {
                        let by = self.plan.task(id).head.check.clone();
                        settling.push_back((waiting, Outcome::Blocked { by }));
                    }
                    (State::Pending { unmet: 1 }, _) => self.make_ready(waiting),
                    (State::Pending { unmet }, _) => *unmet -= 1,
                    (State::Ready | State::Running | State::Settled, _) => {}
                }
            }
        }
    }

    fn stop(&mut self, reason: StopReason) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        self.effects.push(Effect::StopBegan(reason));
        for task in self.plan.tasks() {
            let id = task.head.id;
            match self.states[id.index()] {
                State::Pending { .. } | State::Ready => self.settle(id, Outcome::Cancelled),
                State::Running => self.effects.push(Effect::End(id)),
                State::Settled => {}
            }
        }
    }
}
