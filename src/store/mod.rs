//! What runs leave on disk for later ones.
//!
//! Each run leaves one small file with the results of its tasks, which is written whole or not at all and never changed.
//! Now and then many of them are merged into one, which is only a cache of theirs until they are removed. There is no
//! database, no lock and no file that two runs write: any number of runs may use the state at once, and whatever is
//! damaged is left out, alone.
//!
//! Nothing here decides a verdict. What cannot be read is not known, and what cannot be written is one warning.
//!
//! ```text
//! STATE/v1/history/0000000000000017-9f2c….run     the results of one run
//! STATE/v1/history/0000000000000016-31aa….merged  those of many
//! ```
//!
//! The name holds the place of the run among the others, as a number that grows, and an id. `v1` is the version of the
//! format: another one gets a directory of its own, and an older program never sees it.

pub(crate) mod names;
mod recorder;
mod segment;
mod segments;
#[cfg(test)]
mod tests;

pub use crate::private_files::Unsafe;
pub use recorder::{Recorder, TaskEnd};
pub use segments::{StoreError, load, save};
