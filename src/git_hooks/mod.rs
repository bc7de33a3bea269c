//! The hooks of git: where it looks for them, what is put there and taken away again, what it hands to each of them, and a place
//! where exactly what is committed or pushed can be judged.
//!
//! `repairs` brings back what fixers have made of it. `snapshot` finds that place, `outside` refuses what cannot be judged anywhere else than where it lies, `toolchain` knows what
//! rustup has for it, and `judge` puts them together with a project. Nothing here runs a check. What was there before, hooks and
//! files, is kept, and is never thrown away; only repairs that somebody has asked for change a file.

#[cfg(feature = "cli")]
mod absent;
#[cfg(feature = "cli")]
mod chained;
#[cfg(feature = "cli")]
mod existing;
#[cfg(feature = "cli")]
mod install;
mod judge;
#[cfg(feature = "cli")]
mod look;
#[cfg(feature = "cli")]
mod operation;
mod outside;
#[cfg(feature = "cli")]
mod place;
#[cfg(feature = "cli")]
mod push;
#[cfg(feature = "cli")]
mod pushed;
#[cfg(feature = "cli")]
mod reach;
mod repairs;
#[cfg(feature = "cli")]
mod shim;
mod snapshot;
#[cfg(feature = "cli")]
mod stage;
mod toolchain;
#[cfg(feature = "cli")]
mod uninstall;

#[cfg(feature = "cli")]
pub(crate) use absent::{Site, present};
#[cfg(feature = "cli")]
pub(crate) use chained::run_first;
#[cfg(feature = "cli")]
pub(crate) use install::{Change, InstallError, InstallRequest, Installed, install};
pub use judge::{JudgeError, Part, Pushed, Subject, Trial, prepare, prepare_apart, prepare_to_repair};
#[cfg(feature = "cli")]
pub(crate) use look::{Look, State, configured_hooks, look};
#[cfg(feature = "cli")]
pub(crate) use operation::during;
#[cfg(feature = "cli")]
pub(crate) use place::{Place, PlaceError};
#[cfg(feature = "cli")]
pub(crate) use pushed::{PushError, pushed};
#[cfg(feature = "cli")]
pub(crate) use reach::{REACHED, reached};
pub use repairs::{BroughtBack, Hindrance, Left};
pub use snapshot::{Difference, Repaired, SnapshotError};
#[cfg(feature = "cli")]
pub(crate) use snapshot::{RemovedSnapshots, Unused, remove_unused};
#[cfg(feature = "cli")]
pub(crate) use stage::{Handed, WantsInput};
#[cfg(feature = "cli")]
pub(crate) use uninstall::{Removed, uninstall};
