//! The files of the working tree.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::Hasher;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::git::Git;
use super::place::top_above;
use super::walk;
use crate::config::FileFilter;
use crate::environment::Environment;

/// How many files are named in one question, so that it is none too long for the system.
const FILES_AT_ONCE: usize = 200;

/// A working tree, and how to look at it.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its root, absolute.
    pub root: PathBuf,
    /// Directories of members that do not lie below it, absolute.
    pub outside: Vec<PathBuf>,
    /// Cargo's target directory, which is no part of it.
    pub target_dir: PathBuf,
    /// Git, where it is installed: it alone knows all its rules.
    pub git: Option<PathBuf>,
    /// The environment that git is given.
    pub environment: Environment,
}

impl Tree {
    /// Every file that git tracks or does not ignore, in order: relative to the root, or absolute where it is outside.
    ///
    /// Outside of a repository, the rules of `.gitignore` files below the root hold.
    #[tracing::instrument(level = "debug", skip_all)]
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let is_file = |file: &PathBuf| fs::symlink_metadata(self.root.join(file)).is_ok_and(|found| found.is_file());
        self.entries().into_iter().filter(is_file).collect()
    }

    /// Files and symbolic links.
    fn entries(&self) -> Vec<PathBuf> {
        let mut entries = self.entries_of(&self.root);
        entries.extend(self.outside.iter().flat_map(|dir| self.entries_of(dir)));
        entries.retain(|entry| !self.root.join(entry).starts_with(&self.target_dir));
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    fn entries_of(&self, dir: &Path) -> Vec<PathBuf> {
        match self.asked_of_git(dir) {
            Some(listed) => self.with_submodules(dir, listed),
            None => self.walked(dir),
        }
    }

    /// The first of these files that git ignores, as git writes it, if there is one. Outside of a repository, none is.
    ///
    /// # Errors
    ///
    /// What git says where it does not answer.
    pub fn ignored(&self, files: &[&PathBuf]) -> Result<Option<String>, String> {
        let Some(program) = self.git.clone().filter(|_| top_above(&self.root).is_some()) else {
            return Ok(None);
        };
        let git = Git::new(program, self.environment.clone());
        for some in files.chunks(FILES_AT_ONCE) {
            let ignored = git
                .ignored(&self.root, some)
                .map_err(|refusal| refusal.words().to_owned())?;
            if let Some(first) = String::from_utf8_lossy(&ignored).lines().next() {
                return Ok(Some(first.strip_prefix("./").unwrap_or(first).to_owned()));
            }
        }
        Ok(None)
    }

    /// What git lists below a directory; nothing where there is no repository, or none that git will look at.
    fn asked_of_git(&self, dir: &Path) -> Option<Vec<PathBuf>> {
        let git = Git {
            program: self.git.clone()?,
            environment: self.environment.clone(),
        };
        let listed = git
            .ask(dir, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .ok()?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Some(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
    }

    /// Git names a submodule, and a repository inside this one, by its directory: what is in it counts too.
    fn with_submodules(&self, dir: &Path, listed: Vec<PathBuf>) -> Vec<PathBuf> {
        let mut entries = Vec::with_capacity(listed.len());
        for entry in listed {
            let path = dir.join(&entry);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => entries.extend(self.walked(&path)),
                Ok(_) => entries.push(self.named(path)),
                // It is in the index and not in the tree.
                Err(_) => {}
            }
        }
        entries
    }

    fn walked(&self, dir: &Path) -> Vec<PathBuf> {
        let files = walk::files(dir, Some(&self.target_dir));
        files.into_iter().map(|file| self.named(file)).collect()
    }

    /// The path as it is called here.
    fn named(&self, path: PathBuf) -> PathBuf {
        path.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(path)
    }

    /// What the files and links that the filter names contain now.
    #[tracing::instrument(level = "debug", skip_all)]
    #[must_use]
    pub fn state(&self, filter: &FileFilter) -> TreeState {
        let matches = filter.matcher();
        let entries = self.entries().into_iter().filter(|entry| matches(entry));
        TreeState(
            entries
                .map(|entry| (digest(&self.root.join(&entry)), entry))
                .map(|(digest, entry)| (entry, digest))
                .collect(),
        )
    }
}

/// What some files contained at one moment. Nothing is known of a file that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeState(BTreeMap<PathBuf, Option<u128>>);

impl TreeState {
    /// The files that are not the same in `later`, as far as anybody knows: changed, added, gone or unreadable.
    #[must_use]
    pub fn differences(&self, later: &Self) -> Vec<PathBuf> {
        let same = |file: &Path, digest: Option<u128>| digest.is_some() && later.0.get(file) == Some(&digest);
        let changed = self
            .0
            .iter()
            .filter(|(file, digest)| !same(file, **digest))
            .map(|(file, _)| file);
        let added = later.0.keys().filter(|file| !self.0.contains_key(*file));
        let mut files: Vec<_> = changed.chain(added).cloned().collect();
        files.sort_unstable();
        files
    }
}

/// A digest of content and mode, to tell one state of a file from another within one run. It is never stored and
/// defends against nobody.
fn digest(path: &Path) -> Option<u128> {
    let found = fs::symlink_metadata(path).ok()?;
    let mut hasher = DefaultHasher::new();
    hasher.write_u32(found.permissions().mode());
    let mut length: u64 = 0;
    if found.is_symlink() {
        hasher.write(fs::read_link(path).ok()?.as_os_str().as_bytes());
    } else if found.is_file() {
        let mut file = File::open(path).ok()?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer).ok()? {
                0 => break,
                read => {
                    hasher.write(&buffer[..read]);
                    length += read as u64;
                }
            }
        }
    }
    Some((u128::from(hasher.finish()) << 64) | u128::from(length))
}

#[cfg(test)]
mod tests;
