//! Runs a plan: one dispatcher, a worker for each task that runs, and a reporter that is told everything.
//!
//! The dispatcher owns the state of the run and takes every decision through the pure `schedule`. A worker runs one task
//! and knows of no other. The guard is a process of its own, which starts and ends the processes of the tasks. Nothing
//! here decides what runs, and nothing here writes to a terminal.

#[cfg_attr(not(target_os = "linux"), path = "ancestor_elsewhere.rs")]
mod ancestor;
mod apply;
mod dispatcher;
mod filter;
mod guard;
mod hearing;
mod inputs;
mod job;
mod jobs;
mod kept_output;
mod listen;
mod lock_wait;
mod new_files;
mod pause;
mod printed;
mod process;
mod recall;
mod repair;
mod signals;
mod spill;
mod timing;
mod worker;

pub use dispatcher::{RunContext, RunError, run};
pub use guard::Guard;
pub use inputs::Inputs;
pub use listen::listen;
pub use recall::Recall;
