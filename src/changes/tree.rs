//! The files of the working tree.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::config::FileFilter;

/// Every file below `root` that git does not ignore, relative to it and in order; without those of the target directory.
#[tracing::instrument(level = "debug", skip_all)]
pub fn files(root: &Path, target_dir: &Path) -> Vec<PathBuf> {
    let target_dir = target_dir.to_owned();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .filter_entry(move |entry| entry.file_name() != ".git" && entry.path() != target_dir)
        .build();
    // What cannot be read cannot be checked either: the tool that is given the others says so where it matters.
    let files = walk.filter_map(|entry| {
        entry
            .inspect_err(|error| tracing::warn!(%error, "a file is passed over"))
            .ok()
    });
    let files = files.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<_> = files
        .filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_owned()))
        .collect();
    files.sort_unstable();
    files
}

/// What some files contained at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeState(BTreeMap<PathBuf, u128>);

impl TreeState {
    /// What the files that the filter names contain now.
    #[must_use]
    pub fn of(root: &Path, target_dir: &Path, filter: &FileFilter) -> Self {
        let matches = filter.matcher();
        let files = files(root, target_dir).into_iter().filter(|file| matches(file));
        Self(
            files
                .map(|file| (digest(&root.join(&file)), file))
                .map(|(digest, file)| (file, digest))
                .collect(),
        )
    }

    /// The files that are not the same in `later`: changed, added or gone.
    #[must_use]
    pub fn differences(&self, later: &Self) -> Vec<PathBuf> {
        let changed = self
            .0
            .iter()
            .filter(|(file, digest)| later.0.get(*file) != Some(*digest))
            .map(|(file, _)| file);
        let added = later.0.keys().filter(|file| !self.0.contains_key(*file));
        let mut files: Vec<_> = changed.chain(added).cloned().collect();
        files.sort_unstable();
        files
    }
}

/// A digest to tell one state of a file from another within one run; it is never stored and defends against nobody.
fn digest(path: &Path) -> u128 {
    let mut hasher = DefaultHasher::new();
    let mut length: u64 = 0;
    let Ok(mut file) = File::open(path) else { return 0 };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hasher.write(&buffer[..read]);
                length += read as u64;
            }
            Err(_) => return u128::MAX,
        }
    }
    (u128::from(hasher.finish()) << 64) | u128::from(length)
}

#[cfg(test)]
mod tests;
