//! How the files of one state of the tree are looked at. Pure: those who can look implement it.

use std::path::{Path, PathBuf};

/// The files of one state of the tree. Paths are absolute, as in the working tree, whatever state is meant.
pub trait Files {
    /// What a file contains, or what the file contains that a link leads to; nothing where there is none.
    fn read(&self, path: &Path) -> Option<Vec<u8>>;

    /// Whether there is a file of this name.
    fn has(&self, path: &Path) -> bool;

    /// The directories that lie in a directory, and the links there that lead to one, in order, each with its whole
    /// path.
    fn dirs(&self, dir: &Path) -> Vec<PathBuf>;

    /// The same directory without symbolic links on the way to it. Where it does not exist, the directory as it is.
    fn real(&self, dir: &Path) -> PathBuf;
}
