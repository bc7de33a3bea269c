//! Files that are kept for later runs, and that nobody but the user can have written.
//!
//! A [`PrivateDir`] is a directory that is the user's own and that nobody else can write to. It is held open: what is read
//! and written through it lies in the directory that was looked at, even where another one has been put in its place. A
//! file of it is read only where it is the user's own, no link, and not too large. A [`NewFile`] appears under its name
//! whole or not at all; where it takes the place of another one, that can be kept as [`Displaced`]. What has a name of ours in a
//! directory of the user's leaves a [`Trace`] before that, so that a later run can remove it.
//!
//! Nothing here decides what is kept, or what it means that it cannot be.

mod below;
mod directory;
mod exchange;
mod new_file;
mod traces;

pub(crate) use below::{MadeDirs, PlainFile, open_plain, permissions, place_of};
pub(crate) use directory::PrivateDir;
pub use directory::Unsafe;
pub(crate) use exchange::{Displaced, Identity, hidden_name};
pub(crate) use new_file::{Durability, NewFile, random};
pub(crate) use traces::{Trace, forget_traces, note_traces, remove_traces};
