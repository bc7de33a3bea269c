//! What a working tree has that an index has not.

use std::path::{Path, PathBuf};

use super::ahead::Ahead;
use super::git::{Git, Refusal};
use super::place::Place;
use super::repository::Repository;
use super::status::{Status, Tracked};
use crate::environment::Environment;

/// How a working tree differs from an index, as git has said it. Paths are relative to the top of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unstaged(Status);

impl Unstaged {
    /// The last commit; none before the first one.
    pub(crate) fn head(&self) -> Option<&str> {
        self.0.head.as_deref()
    }

    /// Whether the index differs from the last commit.
    pub(crate) fn has_staged(&self) -> bool {
        self.0.tracked.values().any(|tracked| tracked.head != tracked.index)
    }

    /// Tracked files that are not in the working tree as they are in the index, and then those that are neither tracked nor
    /// ignored.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let differs = |tracked: &Tracked| tracked.unmerged || tracked.work != tracked.index;
        let tracked = self.0.tracked.iter().filter(move |(_, tracked)| differs(tracked));
        tracked
            .map(|(path, _)| path)
            .chain(&self.0.untracked)
            .map(PathBuf::as_path)
    }

    /// The same without some of the files that are neither tracked nor ignored.
    pub(crate) fn without_new(mut self, left_out: impl Fn(&Path) -> bool) -> Self {
        self.0.untracked.retain(|file| !left_out(file));
        self
    }

    /// The answer that a question about changes in this repository begins with, so that git need not be asked again.
    pub(crate) fn answer(self, git: PathBuf, (top, root): (&Path, PathBuf), environment: Environment) -> Ahead {
        let place = Place::new(&root, top);
        Ahead::known(git, root, environment, Ok((place, self.0)))
    }
}

/// Asks git in the top of a repository. Files count as changed where their content differs, whatever their times say.
pub(crate) fn unstaged(git: &Git, top: &Path) -> Result<Unstaged, Refusal> {
    Repository { git, dir: top }.status().map(Unstaged)
}
