//! The repository of the user's. It is asked, and never written to.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::SnapshotError;
use super::copy::of;
use super::settings::Settings;
use crate::changes::{self, Git};
use crate::environment::Environment;

/// Variables that tell git of another working tree than the one in which it is called.
const MOVING: [&str; 3] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"];

/// A repository with a working tree.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// The top of its working tree, without links on the way.
    pub(super) top: PathBuf,
    /// What is of this working tree alone.
    pub(super) git_dir: PathBuf,
    /// What all its working trees share.
    pub(super) common: PathBuf,
    pub(super) program: PathBuf,
    pub(super) environment: Environment,
}

impl Repository {
    /// The one around a directory.
    pub(super) fn around(dir: &Path, program: &Path, environment: &Environment) -> Result<Self, SnapshotError> {
        let top = changes::top_above(dir).ok_or_else(|| SnapshotError::NoRepository(dir.to_owned()))?;
        Self::at(top, program, environment)
    }

    /// The one with this top.
    pub(super) fn at(top: PathBuf, program: &Path, environment: &Environment) -> Result<Self, SnapshotError> {
        let (git_dir, common) = dirs(&top)?;
        Ok(Self {
            top,
            git_dir,
            common,
            program: program.to_owned(),
            environment: environment.clone(),
        })
    }

    /// Where its objects are, and those that a clone of ours needs.
    pub(super) fn objects(&self) -> PathBuf {
        self.common.join("objects")
    }

    /// Git as it is asked here.
    pub(super) fn git(&self) -> Git {
        Git::new(self.program.clone(), self.environment.clone())
    }

    /// Git with another index in the place of the one that is there.
    pub(super) fn git_with_index(&self, index: &Path) -> Git {
        let environment = self.environment.clone().with("GIT_INDEX_FILE", index);
        Git::new(self.program.clone(), environment)
    }

    /// Makes sure that git means the same working tree: a configuration or the environment may move it.
    pub(super) fn is_where_it_seems(&self, settings: &Settings) -> Result<(), SnapshotError> {
        let is_bare = settings
            .get("core.bare")
            .is_some_and(|value| !value.eq_ignore_ascii_case("false"));
        let is_moved = is_bare
            || settings.get("core.worktree").is_some()
            || MOVING.iter().any(|name| self.environment.get(name).is_some());
        if !is_moved {
            return Ok(());
        }
        let answer = self.git().ask(&self.top, ["rev-parse", "--show-toplevel"]);
        let answer = answer.map_err(|refusal| SnapshotError::refused("where its working tree is", &refusal))?;
        if answer.strip_suffix(b"\n") == Some(self.top.as_os_str().as_bytes()) {
            return Ok(());
        }
        Err(SnapshotError::Moved(self.top.clone()))
    }
}

/// The directory of git for a working tree, and the one that it shares.
fn dirs(top: &Path) -> Result<(PathBuf, PathBuf), SnapshotError> {
    let path_in = |bytes: &[u8]| PathBuf::from(std::ffi::OsStr::from_bytes(bytes.trim_ascii_end()));
    let dot_git = top.join(".git");
    let found = fs::metadata(&dot_git).map_err(of(&dot_git))?;
    let git_dir = if found.is_file() {
        let text = fs::read(&dot_git).map_err(of(&dot_git))?;
        top.join(path_in(text.strip_prefix(b"gitdir: ").unwrap_or(&text)))
    } else {
        dot_git
    };
    let git_dir = fs::canonicalize(&git_dir).map_err(of(&git_dir))?;
    let common = match fs::read(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(path_in(&text)),
        Err(_) => git_dir.clone(),
    };
    let common = fs::canonicalize(&common).map_err(of(&common))?;
    Ok((git_dir, common))
}
