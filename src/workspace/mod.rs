//! Which crates there are, which depends on which, and whose a file is.
//!
//! A [`Workspace`] is what cargo says of the working tree, a [`State`] what the manifests say, in the working tree, the
//! index or a commit; both find edges in the same way.
//!
//! Everything here is pure but `metadata`, which runs `cargo metadata --no-deps` once, and `worktree`; `parallel`
//! starts threads. Nothing here may resolve dependencies: that takes ten times as long, needs the registry, and writes
//! `Cargo.lock`.

mod assemble;
mod dependency;
mod edges;
mod files;
#[cfg(test)]
mod fixture;
mod graph;
mod lock;
mod locked;
mod manifest;
mod manifests;
mod member;
#[cfg(test)]
mod memory;
mod metadata;
mod outside;
mod ownership;
mod parallel;
mod patched;
mod remembered;
mod stamps;
mod state;
mod witness;
mod worktree;

pub use dependency::{DependencyKind, Edge};
pub use files::Files;
#[cfg(test)]
#[allow(unused_imports, reason = "for the tests of the rooms that are built on this one")]
pub(crate) use fixture::{fixture, fixture_files, fixture_of};
pub use graph::{OutsideCrate, Workspace};
pub use lock::{Lock, LockError, LockedPackage};
pub use manifests::find_root;
pub use member::{Crate, CrateId, Target, TargetKind};
#[cfg(test)]
#[allow(unused_imports, reason = "for the tests of the rooms that are built on this one")]
pub(crate) use memory::MemoryFiles;
pub use metadata::{LoadRequest, Memory, WorkspaceError, WorkspaceErrorKind, load};
pub(crate) use ownership::Ownership;
pub(crate) use remembered::recall;
pub use state::{DependencyKey, LockFile, RootSettings, State, StateCrate, StateError};
pub use worktree::Worktree;
