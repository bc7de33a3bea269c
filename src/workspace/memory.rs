//! A state of the tree that was never on a disk, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::files::Files;
use super::ownership::normal;

/// Files by their paths. A directory is there as soon as a file lies in it, and an empty one cannot be.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryFiles {
    files: BTreeMap<PathBuf, String>,
    links: BTreeMap<PathBuf, PathBuf>,
}

#[allow(dead_code, reason = "for the tests of the rooms that are built on this one")]
impl MemoryFiles {
    /// These files, each an absolute path and its text.
    pub(crate) fn new<P: Into<PathBuf>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into()));
        Self {
            files: files.collect(),
            links: BTreeMap::new(),
        }
    }

    /// With one file more, or with another text in it.
    pub(crate) fn with(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    /// Without a file, or without all that lies in a directory.
    pub(crate) fn without(mut self, path: impl AsRef<Path>) -> Self {
        self.files.retain(|file, _| !file.starts_with(path.as_ref()));
        self
    }

    /// With a symbolic link to a file or directory. Both paths are absolute.
    pub(crate) fn link(mut self, at: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        self.links.insert(at.into(), to.into());
        self
    }

    /// The path without links. One that leads in a circle is left alone after a while.
    fn resolve(&self, path: &Path) -> PathBuf {
        let mut path = normal(path);
        for _ in 0..40 {
            let link = |dir: &Path| Some((dir.to_owned(), self.links.get(dir)?));
            let Some((at, to)) = path.ancestors().find_map(link) else {
                break;
            };
            let rest = path.strip_prefix(&at).unwrap();
            // To join an empty path would add a slash.
            path = if rest.as_os_str().is_empty() {
                to.clone()
            } else {
                to.join(rest)
            };
        }
        path
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let text = self.files.get(&self.resolve(path))?;
        Some(text.clone().into_bytes())
    }

    fn has(&self, path: &Path) -> bool {
        self.files.contains_key(&self.resolve(path))
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        let inside = self.resolve(dir);
        let child = |path: &Path| {
            let mut rest = path.strip_prefix(&inside).ok()?.components();
            let name = rest.next()?.as_os_str().to_owned();
            Some((name, rest.next().is_none()))
        };
        let dirs = self.files.keys().filter_map(|file| child(file));
        let dirs = dirs.filter(|(_, is_last)| !is_last).map(|(name, _)| name);
        let links = self.links.keys().filter(|link| {
            let to = self.resolve(link);
            self.files.keys().any(|file| file.starts_with(&to) && *file != to)
        });
        let links = links.filter_map(|link| child(link));
        let links = links.filter(|(_, is_last)| *is_last).map(|(name, _)| name);
        let names: BTreeSet<_> = dirs.chain(links).collect();
        names.into_iter().map(|name| dir.join(name)).collect()
    }

    fn real(&self, dir: &Path) -> PathBuf {
        self.resolve(dir)
    }
}
