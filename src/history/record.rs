//! What is remembered of one task of one run.

use std::time::Duration;

use super::Extent;

/// Which run, and its place among others.
///
/// The place is a number that grows from run to run: no clock decides what is recent. Runs at the same time may have the
/// same number, and are told apart by the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// Its place among the runs.
    pub sequence: u64,
    /// What no other run has.
    pub id: u64,
}

/// How a task came to an end of its own. One that was cancelled, blocked or could not be started came to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It ran out of time.
    TimedOut,
}

/// What is remembered of one task of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The run.
    pub run: RunKey,
    /// The place of the task in the plan of that run.
    pub task: u32,
    /// How much it did.
    pub extent: Extent,
    /// How it ended.
    pub end: End,
    /// How long it ran.
    pub took: Duration,
    /// How often it was tried, the last time included.
    pub attempts: u32,
    /// When it started, counted from the start of the run.
    pub started: Duration,
}
