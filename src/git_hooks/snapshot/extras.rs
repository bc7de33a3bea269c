//! The few files that a snapshot has beside what is judged: those that are not committed, and that its configuration names.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::SnapshotError;
use super::copy::{of, real_dir};
use super::strangers::remove;
use crate::config::path_below;
use crate::workspace::{Worktree, find_root};

/// The file that cargo writes where there is none: which versions it has chosen.
const LOCK: &str = "Cargo.lock";

/// Which files those are, and where they come from.
#[derive(Debug)]
pub(super) struct Extras {
    /// The top of the user's working tree.
    from: PathBuf,
    /// Where in it a workspace is looked for.
    below: PathBuf,
    /// The files, relative to the top.
    files: Vec<PathBuf>,
    /// The lock file of the workspace, where it is not part of what is judged.
    lock: Option<PathBuf>,
}

impl Extras {
    pub(super) fn new(from: &Path, below: &Path) -> Self {
        Self {
            from: from.to_owned(),
            below: below.to_owned(),
            files: Vec::new(),
            lock: None,
        }
    }

    /// Reads in a tree which files it needs. What it has itself is never taken from elsewhere.
    pub(super) fn find(&mut self, top: &Path, tracked: &HashSet<&Path>) -> Vec<PathBuf> {
        (self.files, self.lock) = (Vec::new(), None);
        let dir = top.join(&self.below);
        let dir = if dir.is_dir() { dir } else { top.to_owned() };
        let Some(root) = find_root(&Worktree::default(), &dir).filter(|root| root.starts_with(top)) else {
            return Vec::new();
        };
        let at = root.strip_prefix(top).unwrap_or(Path::new("")).to_owned();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        let mut files: Vec<PathBuf> = included(&manifest).into_iter().map(|file| at.join(file)).collect();
        files.retain(|file| !tracked.contains(file.as_path()));
        let lock = at.join(LOCK);
        if !tracked.contains(lock.as_path()) {
            self.lock = Some(lock.clone());
            files.push(lock);
        }
        self.files.clone_from(&files);
        files
    }

    /// Whether a file may be there that is no part of the tree.
    pub(super) fn may_be_there(&self, file: &Path) -> bool {
        self.files.iter().any(|known| known == file)
    }

    /// Brings them to what they are in the user's working tree; what has not changed keeps its time.
    pub(super) fn bring(&self, top: &Path) -> Result<(), SnapshotError> {
        for file in &self.files {
            let (from, to) = (self.from.join(file), top.join(file));
            let content = match fs::read(&from) {
                Ok(content) => content,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    // The versions that cargo has chosen for the snapshot stay chosen.
                    if self.lock.as_ref() != Some(file) {
                        remove(&to).map_err(of(&to))?;
                    }
                    continue;
                }
                Err(error) => return Err(of(&from)(error)),
            };
            real_dir(top, file.parent().unwrap_or(Path::new(""))).map_err(of(&to))?;
            let is_file = fs::symlink_metadata(&to).is_ok_and(|found| found.is_file());
            if is_file && fs::read(&to).is_ok_and(|there| there == content) {
                continue;
            }
            remove(&to).map_err(of(&to))?;
            let mode = fs::metadata(&from).map(|found| found.permissions());
            fs::write(&to, content).map_err(of(&to))?;
            mode.and_then(|mode| fs::set_permissions(&to, mode)).map_err(of(&to))?;
        }
        Ok(())
    }
}

/// What `snapshot-includes` of a manifest names. What is wrong with the configuration is said when it is loaded.
fn included(manifest: &str) -> Vec<PathBuf> {
    let table = manifest.parse::<Table>().unwrap_or_default();
    let list = |owner: &str| {
        let hooks = table.get(owner)?.get("metadata")?.get("hooks")?;
        hooks.get("snapshot-includes")?.as_array().cloned()
    };
    let list = list("workspace").or_else(|| list("package")).unwrap_or_default();
    list.iter().filter_map(Value::as_str).filter_map(path_below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_root_are_included() {
        let check = |manifest: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(included(manifest), expected, "{manifest}");
        };
        check("", &[]);
        check("no toml", &[]);
        check(
            "[workspace.metadata.hooks]\nsnapshot-includes = ['.env', 'a/b', '../x', '/etc/passwd', 3]",
            &[".env", "a/b"],
        );
        check("[package.metadata.hooks]\nsnapshot-includes = ['.env']", &[".env"]);
    }
}
