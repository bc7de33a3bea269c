//! What a working tree has that an index has not.

use std::path::{Path, PathBuf};

use super::ahead::Ahead;
use super::git::{Git, Refusal};
use super::place::Place;
use super::repository::Repository;
use super::status::Status;
use crate::environment::Environment;

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
    status: Status,
}

impl Unstaged {
    /// All files that are not the same.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.changed.iter().chain(&self.untracked).map(PathBuf::as_path)
    }

    /// The answer that a question about changes in this repository begins with, so that git need not be asked again.
    pub(crate) fn answer(self, git: PathBuf, (top, root): (&Path, PathBuf), environment: Environment) -> Ahead {
        let place = Place::new(&root, top);
        let status = Status {
            untracked: self.untracked,
            ..self.status
        };
        Ahead::known(git, root, environment, Ok((place, status)))
    }
}

/// Asks git in the top of a repository. Files count as changed where their content differs, whatever their times say.
pub(crate) fn unstaged(git: &Git, top: &Path) -> Result<Unstaged, Refusal> {
    let mut status = Repository { git, dir: top }.status()?;
    let differs = |tracked: &super::status::Tracked| tracked.unmerged || tracked.work != tracked.index;
    let tracked = status.tracked.iter().filter(|(_, tracked)| differs(tracked));
    Ok(Unstaged {
        head: status.head.clone(),
        has_staged: status.tracked.values().any(|tracked| tracked.head != tracked.index),
        changed: tracked.map(|(path, _)| path.clone()).collect(),
        untracked: std::mem::take(&mut status.untracked),
        status,
    })
}
