//! The files of the working tree, as they are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::Files;

/// The files of the working tree.
///
/// It remembers where links lead, so that a value of it is to live no longer than one look at the tree.
#[derive(Debug, Default)]
pub struct Worktree {
    real: RefCell<HashMap<PathBuf, PathBuf>>,
}

impl Files for Worktree {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        fs::read(path).ok()
    }

    fn has(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|found| found.is_file())
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let is_dir = |entry: &fs::DirEntry| match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).is_ok_and(|found| found.is_dir()),
            kind => kind.is_ok_and(|kind| kind.is_dir()),
        };
        let mut dirs: Vec<PathBuf> = entries.filter(is_dir).map(|entry| entry.path()).collect();
        dirs.sort_unstable();
        dirs
    }

    /// Many directories lie in few, so that each is looked at once: asking the system for every whole path takes three
    /// times as long.
    fn real(&self, dir: &Path) -> PathBuf {
        if let Some(known) = self.real.borrow().get(dir) {
            return known.clone();
        }
        let is_link = fs::symlink_metadata(dir).is_ok_and(|found| found.is_symlink());
        let real = match (dir.parent(), dir.file_name()) {
            (Some(parent), Some(name)) if !is_link => self.real(parent).join(name),
            _ => fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned()),
        };
        self.real.borrow_mut().insert(dir.to_owned(), real.clone());
        real
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_to_directories_are_directories() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/Cargo.toml"), "x").unwrap();
        symlink("a", root.join("link")).unwrap();
        symlink("a/Cargo.toml", root.join("file")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        let files = Worktree::default();
        assert_eq!(files.dirs(&root), [root.join("a"), root.join("link")]);
        assert!(files.dirs(&root.join("gone")).is_empty());
        assert_eq!(files.read(&root.join("file")).unwrap(), b"x");
        assert_eq!(files.read(&root.join("gone")), None);
        let check = |path: &str, has: bool, real: &str| {
            let path = root.join(path);
            assert_eq!(
                (files.has(&path), files.real(&path)),
                (has, root.join(real)),
                "{path:?}"
            );
        };
        check("a", false, "a");
        check("link/Cargo.toml", true, "a/Cargo.toml");
        check("link/b", false, "a/b");
        check("link/b", false, "a/b");
        check("dangling", false, "dangling");
        check("gone/further", false, "gone/further");
    }
}
