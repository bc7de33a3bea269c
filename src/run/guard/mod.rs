//! The guard: a process of its own that starts every task, and that ends whatever a task leaves behind.
//!
//! It is this same program, started again with one argument. It has a session of its own, so that no terminal and no shell
//! reaches it or its tasks; it is a subreaper, so that no process below it gets away by forking twice; and it holds one
//! end of a socket whose other end only the tool has. When either of the two dies, the other one sees the socket close
//! and ends every task.
//!
//! [`Client`] is the tool's side, [`serve`] the guard's. `wire` holds what they say to each other, `tag` the mark by which
//! a process is known to belong to a task, `families` what becomes of the tasks, `census` who is left of them, `sweep` what
//! is done where the guard itself is gone. Nothing here decides which task runs, or whether it passed.

#[cfg(target_os = "linux")]
mod census;
#[cfg(target_os = "linux")]
mod client;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod families;
#[cfg(target_os = "linux")]
mod link;
mod program;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod shared_jobs;
#[cfg(target_os = "linux")]
mod sweep;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod tag;
#[cfg(target_os = "linux")]
mod wire;

#[cfg(target_os = "linux")]
pub(super) use client::{Client, Leader};
#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{Client, Leader, end_leftovers, job, parent};
pub use program::Guard;
#[cfg(target_os = "linux")]
pub(super) use record::end_leftovers;
#[cfg(target_os = "linux")]
pub(super) use system::{is_ancestor, job, parent};
