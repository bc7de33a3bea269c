//! Which files there are, and which of them changed.

mod ahead;
mod base;
mod differing;
mod entry;
mod explore;
mod gather;
mod git;
mod objects;
mod place;
mod raw_diff;
mod repository;
mod request;
mod set;
mod state_files;
mod status;
mod table;
mod tree;
mod unstaged;
mod walk;

pub use ahead::Ahead;
pub(crate) use differing::{Differing, Version, differing};
pub use gather::gather;
pub(crate) use git::{Git, Refusal};
pub use objects::Objects;
pub(crate) use objects::contents;
pub(crate) use place::{is_top, top_above};
pub use request::{ChangeError, ChangeRequest};
pub use set::{ChangeSet, Comparison, FileChange, Instead, Presence, Side};
pub use state_files::StateFiles;
pub use tree::{Tree, TreeState};
pub(crate) use unstaged::{Unstaged, unstaged};
pub(crate) use walk::files as walk;
