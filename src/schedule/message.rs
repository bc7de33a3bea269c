//! What a schedule is told, and what it answers.

use std::time::Duration;

use crate::event::{Failure, Outcome, StopReason};
use crate::model::TaskId;

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
    /// All that a task has started has ended, and what remains is to judge it: it needs no slot for that, where there is more
    /// than one. What it uses stays its own until then.
    Left {
        /// Which.
        task: TaskId,
    },
    /// The time has come that [`Effect::WakeAt`] named.
    Woken,
    /// Somebody wants the run to stop.
    Interrupted,
    /// What the run looks at has changed, so that nobody waits for its verdict.
    Outdated,
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
    /// The task has failed, and will be started again.
    Retries {
        /// Which.
        task: TaskId,
        /// What came of it this time.
        outcome: Outcome,
        /// How often it has been tried by now.
        attempts: u32,
        /// How long it waits.
        wait: Duration,
    },
    /// The task is in its final state.
    Settled {
        /// Which.
        task: TaskId,
        /// The state.
        outcome: Outcome,
        /// How often it was tried; 0 where it never started.
        attempts: u32,
    },
    /// No further task starts.
    StopBegan(StopReason),
    /// Send [`Message::Woken`] at this time, counted from the begin of the run. It takes the place of any time that was
    /// named before.
    WakeAt(Duration),
    /// Every task is in its final state.
    Finished,
}
