//! What lies in a directory and is no part of the tree that it stands for.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::listing::{InTree, SUBMODULE};

/// The names that there are to be, relative to the top.
#[derive(Debug, Default)]
pub(super) struct Names {
    files: HashSet<PathBuf>,
    dirs: HashSet<PathBuf>,
    /// Directories of which somebody else knows what is to be in them.
    submodules: HashSet<PathBuf>,
}

impl Names {
    /// Those of a tree.
    pub(super) fn of<'l>(tree: impl IntoIterator<Item = InTree<'l>>) -> Self {
        let mut names = Self::default();
        for file in tree {
            if file.mode == SUBMODULE {
                names.submodules.insert(file.path.to_owned());
            } else {
                names.files.insert(file.path.to_owned());
            }
            names.add_dirs(file.path);
        }
        names
    }

    /// A file more.
    pub(super) fn add(&mut self, file: &Path) {
        self.files.insert(file.to_owned());
        self.add_dirs(file);
    }

    fn add_dirs(&mut self, file: &Path) {
        for dir in file.ancestors().skip(1) {
            // Those above it are known as well.
            if !self.dirs.insert(dir.to_owned()) {
                return;
            }
        }
    }

    /// What lies below the top under other names, the own repository of the top aside.
    pub(super) fn strangers(&self, top: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        self.look_into(top, Path::new(""), &mut found)?;
        Ok(found)
    }

    fn look_into(&self, top: &Path, below: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(top.join(below))? {
            let entry = entry?;
            let name = below.join(entry.file_name());
            if name == Path::new(".git") || self.submodules.contains(&name) {
                continue;
            }
            if !entry.file_type()?.is_dir() {
                if !self.files.contains(&name) {
                    found.push(name);
                }
            } else if self.dirs.contains(&name) {
                self.look_into(top, &name, found)?;
            } else {
                found.push(name);
            }
        }
        Ok(())
    }
}

/// Removes a file or a directory, and no more than that: links are not followed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if found.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn file(path: &str, mode: u32) -> InTree<'_> {
        InTree {
            mode,
            object: "",
            path: Path::new(path),
        }
    }

    #[test]
    fn whatever_is_no_part_of_the_tree_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        for name in [".git/x", "a/b/c", "a/b/new", "sub/any", "other/x", "kept/env"] {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(top.join("a/empty")).unwrap();
        fs::create_dir(top.join("a/b/.git")).unwrap();
        symlink("b", top.join("a/link")).unwrap();
        let mut names = Names::of([
            file("a/b/c", 0o100_644),
            file("sub", SUBMODULE),
            file("absent/x", 0o100_644),
        ]);
        names.add(Path::new("kept/env"));
        let mut found = names.strangers(top).unwrap();
        found.sort();
        assert_eq!(
            found,
            ["a/b/.git", "a/b/new", "a/empty", "a/link", "other"].map(PathBuf::from)
        );
        for stranger in &found {
            remove(&top.join(stranger)).unwrap();
        }
        assert_eq!(names.strangers(top).unwrap(), Vec::<PathBuf>::new());
        assert!(top.join("a/b/c").exists() && top.join("sub/any").exists() && top.join(".git/x").exists());
        remove(&top.join("never/was")).unwrap();
    }
}
