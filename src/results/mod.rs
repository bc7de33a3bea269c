//! What has passed, on disk: the store of what need not run again.
//!
//! Each run leaves one file with its passes, a **segment**, which is written whole or not at all and never changed. Now and
//! then small segments are merged into a larger one, and what is of no use any more is left out. There is no database, no
//! lock and no file that two runs write: any number of runs may use the directory at once.
//!
//! ```text
//! STATE/v1/results/0000000000000017-9f2c….run     the passes of one run
//! STATE/v1/results/0000000000000016-31aa….merged  those of many
//! ```
//!
//! A segment begins with an index, which is all that a run reads of it until something is found there. Everything in it is
//! bound by a checksum, and a pass says itself what it is the pass of. So whatever happens to these files, what is damaged is
//! a miss: it is never a pass, and never another output. Nothing here decides whether a check has to run; a pass that is
//! found is only offered.
//!
//! `v1` is the version of the format. Another one gets a directory of its own, and an older program never sees it.

mod bytes;
mod index;
mod inspect;
mod keep;
mod open;
mod pass;
mod place;
mod save;
mod segment;
#[cfg(test)]
mod tests;
mod tidy;

pub use inspect::{CheckSummary, Summary, Verified, clear, summarize, verify};
pub use open::{Hit, Results};
pub use pass::{Pass, Recorded};
pub use save::{LARGEST_BLOB, LARGEST_OUTPUT, Saved, save};
pub use segment::Damage;
pub use tidy::{Collected, Extent, collect, forget, tidy};
