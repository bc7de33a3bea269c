//! How two trees differ, for those who want to know which objects the files are.

use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::git::{Git, Refusal};
use super::repository::Repository;

/// What a tree has under a name: a file, a link or a submodule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The mode, as git writes it.
    pub(crate) mode: u32,
    /// The object.
    pub(crate) id: String,
}

/// A name under which two trees have not the same. Each of the two may have nothing there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Differing {
    /// The name, relative to the top of the repository.
    pub(crate) path: PathBuf,
    /// What the first tree has.
    pub(crate) before: Option<Version>,
    /// What the second tree has.
    pub(crate) after: Option<Version>,
}

/// All that differs between two trees of the repository around a directory.
pub(crate) fn differing(git: &Git, dir: &Path, before: &str, after: &str) -> Result<Vec<Differing>, Refusal> {
    let differences = Repository { git, dir }.between(before, after)?;
    let named = |(path, (before, after)): (PathBuf, (Entry, Entry))| Differing {
        path,
        before: before.into_version(),
        after: after.into_version(),
    };
    Ok(differences.into_iter().map(named).collect())
}
