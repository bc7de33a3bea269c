//! What earlier runs have taught about tasks.
//!
//! Pure. It reads no clock and no file: what was remembered comes in as values, and goes out as estimates.

mod estimate;
mod fold;
mod key;
mod record;
#[cfg(test)]
mod tests;

pub use estimate::{Chance, Estimate, Standing};
pub use fold::{History, KEPT, newest_first};
pub use key::{Extent, Subject, TaskKey};
pub use record::{End, Record, RunKey};
