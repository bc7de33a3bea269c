//! What runs before git commits and pushes, on exactly what is committed and pushed.
//!
//! `snapshot` finds a place where that can be judged, `outside` refuses what cannot be judged anywhere else than where it lies,
//! `toolchain` knows what rustup has for it, and `judge` puts them together with a project.

mod judge;
mod outside;
mod snapshot;
mod toolchain;

pub use judge::{JudgeError, Part, Pushed, Subject, Trial, prepare};
pub use snapshot::{Difference, SnapshotError};
