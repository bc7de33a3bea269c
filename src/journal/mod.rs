//! The record of every run: what happened in it, as it happened, so that it can be told again.
//!
//! ```text
//! STATE/v1/runs/001200/1234/events      the events of run 1234, in a directory of its own
//! STATE/v1/runs/001200/index            what the runs from 1200 on come to: only a cache, made anew where it is gone
//! ```
//!
//! Each run has a number that no other has: whoever makes the directory has it. The events are only ever appended. Each
//! stands on a line that begins with a newline and has a checksum, so that a line which was torn takes no other along.
//! While a run goes on it holds a lock on its file; a file without an end and without a lock is that of a run that was
//! killed.
//!
//! Nothing here decides a verdict, and no run waits for it: events are handed to a thread of their own, in bounded memory,
//! and whatever goes wrong is one warning. What a run leaves is bounded, and so is what all of them leave.

mod entry;
mod index;
mod line;
mod place;
mod query;
mod read;
mod room;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod tidy;
mod verify;
mod writer;

pub use entry::Begin;
pub use place::JournalError;
pub use query::{Journals, journals};
pub use read::{Recorded, Standing, read};
pub use summary::{Longest, OfCheck, RunSummary, summarize};
pub use tally::{Durations, Tallies, Tally};
pub use tidy::{Collected, Limits, collect};
pub use verify::{Trouble, Verified, verify};
pub use writer::{Journal, Written};
