//! Understands what a tool wrote: which crate, file and line it speaks of, what its end means, and what of its
//! output a person should read.
//!
//! Pure: it is fed bytes and gives back values. It must never read a file, start a process or look at the clock,
//! and it takes every byte that a tool writes as hostile: memory is bounded, and nothing here panics on any input.

mod attribution;
mod cargo;
mod cargo_status;
mod cargo_test;
mod crates;
mod diff;
mod failed_target;
mod findings;
mod kept_text;
mod libtest;
mod lines;
mod locator;
mod lock_wait;
mod moved_dir;
mod nextest;
mod nextest_exit;
mod nextest_list;
mod nextest_status;
mod panic_text;
mod place_text;
mod plain;
mod reader;
mod rustc_text;
mod rustfmt;
mod secrets;
mod seen;
mod spool;
mod stream;
mod terminal_text;

#[cfg(test)]
mod recorded;

pub use attribution::Attribution;
pub use crates::{Asked, CrateShape, Targets, Verdicts};
pub use diff::cannot_format;
pub use findings::MAX_FINDINGS;
pub use kept_text::{HEAD_LIMIT, TAIL_LIMIT};
pub use lines::LINE_LIMIT;
pub(crate) use moved_dir::replaced_dir;
pub use nextest_list::test_binaries;
pub use secrets::Secrets;
pub use spool::{LONG_BYTES, LONG_LINES};
pub use stream::{Stream, ToolOutput, ToolReport};
pub use terminal_text::{Colour, sanitize};
