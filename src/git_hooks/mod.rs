//! The hooks of git: where it looks for them, what is put there and taken away again, and what it hands to each of them.
//!
//! Nothing here runs a check. What was there before is kept, and is never thrown away or changed.

mod absent;
mod chained;
mod existing;
mod install;
mod judge;
mod look;
mod operation;
mod place;
mod push;
mod pushed;
mod reach;
mod shim;
mod stage;
mod uninstall;

pub(crate) use absent::{Site, present};
pub(crate) use chained::run_first;
pub(crate) use install::{Change, InstallError, InstallRequest, Installed, install};
pub(crate) use judge::{Scene, prepare};
pub(crate) use look::{Look, State, configured_hooks, look};
pub(crate) use operation::during;
pub(crate) use place::{Place, PlaceError};
pub(crate) use pushed::{PushError, pushed};
pub(crate) use reach::{REACHED, reached};
pub(crate) use stage::{Handed, Subject, WantsInput};
pub(crate) use uninstall::{Removed, uninstall};
