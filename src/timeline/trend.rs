//! How a check went in run after run.

use std::time::Duration;

use crate::model::CheckName;

/// How a check went in earlier runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// The check.
    pub check: CheckName,
    /// The runs that had it, the oldest first.
    pub points: Vec<Point>,
}

/// How a check went in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// The number of the run.
    pub run: u64,
    /// How long its tasks ran together.
    pub took: Duration,
    /// How many of them ran.
    pub ran: u64,
    /// How many failed or ran out of time.
    pub failed: u64,
    /// How many did not have to run.
    pub cached: u64,
}
