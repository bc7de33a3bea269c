//! Where the repository of a workspace is, and how its files are called.

use std::fs;
use std::path::{Path, PathBuf};

/// A repository as it is seen from the root of a workspace in it.
///
/// Git knows no symbolic link on the way to a repository, but whoever compares paths needs them as the root is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its top, written as the root is where that is possible.
    pub(super) top: PathBuf,
    /// Its top without symbolic links on the way.
    real_top: PathBuf,
    /// A directory in which git finds the repository.
    asked_from: PathBuf,
    /// Where the root leads through a link to a directory of the repository: that directory, relative to the top, and
    /// the root.
    alias: Option<(PathBuf, PathBuf)>,
}

impl Place {
    /// The repository with this top, as it is seen from a directory.
    pub(super) fn new(root: &Path, real_top: &Path) -> Self {
        let real_root = real(root);
        let above = root.ancestors().find(|dir| real(dir) == real_top).map(Path::to_owned);
        let top = above.unwrap_or_else(|| real_top.to_owned());
        let below = real_root.strip_prefix(real_top).map(Path::to_owned).ok();
        let alias = below
            .filter(|below| join(&top, below) != root)
            .map(|below| (below, root.to_owned()));
        // A repository may have its working tree elsewhere, and git does not find it from there.
        let asked_from = if is_top(&top) { top.clone() } else { root.to_owned() };
        Self {
            top,
            real_top: real_top.to_owned(),
            asked_from,
            alias,
        }
    }

    /// A directory in which git finds the repository: the top, where that is possible.
    pub(super) fn asked_from(&self) -> &Path {
        &self.asked_from
    }

    /// The repository with this top, of which it is already known how it is written.
    pub(super) fn seen_from(root: &Path, top: &Path) -> Self {
        Self::new(root, &real(top))
    }

    /// The file that git calls so.
    pub(super) fn name(&self, path: &Path) -> PathBuf {
        if let Some((below, root)) = &self.alias
            && let Ok(rest) = path.strip_prefix(below)
        {
            return join(root, rest);
        }
        join(&self.top, path)
    }

    /// A path, written as the names of files are; nothing where it leads out of the repository.
    pub(super) fn respelled(&self, path: &Path) -> Option<PathBuf> {
        let below = match &self.alias {
            Some((below, root)) if path.starts_with(root) => below.join(path.strip_prefix(root).ok()?),
            _ => {
                let below = path
                    .strip_prefix(&self.top)
                    .or_else(|_| path.strip_prefix(&self.real_top));
                below.ok()?.to_owned()
            }
        };
        Some(self.name(&below))
    }

    /// The directories that paths of the repository begin with, as they are written.
    pub(super) fn is_anchor(&self, dir: &Path) -> bool {
        dir == self.top || self.alias.as_ref().is_some_and(|(_, root)| root == dir)
    }
}

/// The top of the repository that a directory is in, as far as files tell without asking git; without links on the way.
pub(crate) fn top_above(dir: &Path) -> Option<PathBuf> {
    real(dir).ancestors().find(|dir| is_top(dir)).map(Path::to_owned)
}

/// Whether git takes this directory for the top of a repository. What is wrong further down, git itself says.
pub(crate) fn is_top(dir: &Path) -> bool {
    let git = dir.join(".git");
    let Ok(found) = fs::metadata(&git) else { return false };
    found.is_file() || git.join("objects").is_dir() && git.join("refs").is_dir() && has_head(&git)
}

/// Whether the repository may have its working tree elsewhere.
pub(super) fn is_moved(top: &Path) -> bool {
    let config = fs::read(top.join(".git/config")).unwrap_or_default();
    String::from_utf8_lossy(&config).to_lowercase().contains("worktree")
}

fn has_head(git: &Path) -> bool {
    let head = git.join("HEAD");
    if fs::symlink_metadata(&head).is_ok_and(|found| found.is_symlink()) {
        return true;
    }
    let text = fs::read(head).unwrap_or_default();
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    text.starts_with(b"ref:") || digits >= 40
}

fn real(dir: &Path) -> PathBuf {
    fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
}

/// `dir/path`, without an empty part at the end.
fn join(dir: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        dir.to_owned()
    } else {
        dir.join(path)
    }
}

#[cfg(test)]
mod tests;
