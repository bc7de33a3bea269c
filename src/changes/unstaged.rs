//! What a working tree has that an index has not.

use std::path::{Path, PathBuf};

use super::git::{Git, Refusal};
use super::repository::Repository;

/// How a working tree differs from an index. Paths are relative to the top of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unstaged {
    /// The last commit; none before the first one.
    pub(crate) head: Option<String>,
    /// Whether the index differs from the last commit.
    pub(crate) has_staged: bool,
    /// Tracked files that are not in the working tree as they are in the index.
    pub(crate) changed: Vec<PathBuf>,
    /// Files that are neither tracked nor ignored.
    pub(crate) untracked: Vec<PathBuf>,
}

impl Unstaged {
    /// All files that are not the same.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.changed.iter().chain(&self.untracked).map(PathBuf::as_path)
    }
}

/// Asks git in the top of a repository. Files count as changed where their content differs, whatever their times say.
pub(crate) fn unstaged(git: &Git, top: &Path) -> Result<Unstaged, Refusal> {
    let status = Repository { git, dir: top }.status()?;
    let differs = |tracked: &super::status::Tracked| tracked.unmerged || tracked.work != tracked.index;
    let tracked = status.tracked.iter().filter(|(_, tracked)| differs(tracked));
    Ok(Unstaged {
        head: status.head.clone(),
        has_staged: status.tracked.values().any(|tracked| tracked.head != tracked.index),
        changed: tracked.map(|(path, _)| path.clone()).collect(),
        untracked: status.untracked,
    })
}
