//! Runs a plan: one dispatcher, a worker for each task that runs, and a reporter that is told everything.
//!
//! The dispatcher owns the state of the run and takes every decision through the pure `schedule`. A worker runs one task
//! and knows of no other. Nothing here decides what runs, and nothing here writes to a terminal.

mod dispatcher;
mod kept_output;
mod process;
mod signals;
mod worker;

pub use dispatcher::{RunContext, RunError, run};
