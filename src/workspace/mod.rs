//! Which crates there are, which depends on which, and whose a file is.
//!
//! Everything here is pure but `metadata`, which runs `cargo metadata --no-deps` once and reads two files. Nothing
//! here may resolve dependencies: that takes ten times as long, needs the registry, and writes `Cargo.lock`.

mod assemble;
mod edges;
#[cfg(test)]
mod fixture;
mod graph;
mod lock;
mod locked;
mod manifest;
mod member;
mod metadata;
mod ownership;

#[cfg(test)]
#[allow(unused_imports, reason = "for the tests of the rooms that are built on this one")]
pub(crate) use fixture::{fixture, fixture_of};
pub use graph::{DependencyKind, Edge, OutsideCrate, Workspace};
pub use lock::{Lock, LockError, LockedPackage};
pub use member::{Crate, CrateId, Target, TargetKind};
pub use metadata::{LoadRequest, WorkspaceError, WorkspaceErrorKind, load};
pub(crate) use ownership::Ownership;
