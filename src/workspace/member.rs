//! A member of the workspace and what cargo builds from it. Pure values.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::edges::Node;
use crate::model::CrateName;

/// The place of a crate among the members, which are sorted by name: an order of ids is an order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CrateId(pub u32);

impl CrateId {
    /// The place as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The id of the crate at an index.
    pub(super) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// A member of the workspace: what cargo calls a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crate {
    /// Its place among the members.
    pub id: CrateId,
    /// Its name.
    pub name: CrateName,
    /// Its version, as cargo writes it.
    pub version: String,
    /// The directory of its manifest, absolute.
    pub dir: PathBuf,
    /// Its manifest, absolute.
    pub manifest: PathBuf,
    /// Cargo's id for it, as it stands in cargo's JSON messages.
    pub package_id: String,
    /// The edition that its targets have where they give none of their own.
    pub edition: String,
    /// What cargo builds from it, build script included, in cargo's order.
    pub targets: Vec<Target>,
    /// Whether it may be published to some registry.
    pub publishable: bool,
    /// Whether its manifest has a `[package.metadata.hooks]`.
    pub has_hooks_metadata: bool,
    /// What names it, and only it, after cargo's `-p`.
    pub spec: String,
}

impl Crate {
    /// What of it counts for edges.
    pub(super) fn node(&self) -> Node<'_> {
        Node {
            id: self.id,
            name: &self.name,
            version: &self.version,
            dir: &self.dir,
        }
    }
}

/// One thing that cargo builds from a crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// The file that the compiler is given, absolute.
    pub source: PathBuf,
    /// The edition that it is written in.
    pub edition: String,
    /// Whether `cargo test --doc` runs its examples.
    pub doctest: bool,
    /// Whether `cargo doc` documents it.
    pub doc: bool,
    /// Whether `cargo test` builds it as a test.
    pub test: bool,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TargetKind {
    /// A library, of whichever crate type.
    Lib,
    /// A procedural macro.
    ProcMacro,
    /// A program.
    Bin,
    /// An example, be it a program or a library.
    Example,
    /// An integration test.
    Test,
    /// A benchmark.
    Bench,
    /// The build script.
    BuildScript,
}
