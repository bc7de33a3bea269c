//! What differs between two states of the tree. Values only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What is compared with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Nothing: every file counts as changed.
    Everything,
    /// The working tree (staged, unstaged and untracked) with the commit where the branch left `base`; without one, its
    /// upstream, else the default branch.
    Branch {
        /// The branch, or any revision, to which this work is to go.
        base: Option<String>,
    },
    /// The working tree with the tree of a revision.
    Since(String),
    /// Two revisions, `A..B`, or `A...B` for the commit where `B` left `A`.
    Range(String),
    /// The index with the last commit.
    Staged,
    /// The working tree with itself, in which these files are taken to have changed. Absolute.
    Files(Vec<PathBuf>),
}

/// What differs between two states of the tree. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// The top of the repository; where there is none, the root of the workspace.
    pub top: PathBuf,
    /// What the state before is, for people: "the commit 1a2b3c4d5e, where `main` left `origin/main`".
    pub from: String,
    /// What the state after is, for people: "the working tree".
    pub to: String,
    /// The files that differ. A renamed file is there under both of its names.
    pub files: BTreeMap<PathBuf, FileChange>,
    /// Why every file has to be taken for changed, where that is so.
    pub everything: Option<String>,
    /// What was not known for sure and how the answer was widened, or what else people should know: one line each.
    pub notes: Vec<String>,
    /// The state before; nothing where it is not known.
    pub before: Option<Side>,
    /// The state after.
    pub after: Side,
    /// The last commit, where there is one.
    pub head: Option<String>,
}

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What was there before.
    pub before: Presence,
    /// What is there after.
    pub after: Presence,
}

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A submodule whose files are not known one by one: everything below it may have changed.
    Submodule,
    /// It is not known.
    Unknown,
}

/// One state of the tree: how it differs from the working tree and from the last commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Where it differs from the working tree: what git has there instead.
    pub instead: BTreeMap<PathBuf, Instead>,
    /// The files that may differ from those of the last commit.
    pub beyond_head: BTreeSet<PathBuf>,
}

/// What a state has in the place of what is in the working tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Nothing.
    Nothing,
    /// A file or link with the content of this object of git.
    Object {
        /// The object's name, in hexadecimal digits.
        id: String,
        /// Whether the content is the target of a symbolic link.
        link: bool,
    },
}
