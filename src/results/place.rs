//! The directory of the results: all that this room knows of private files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub(super) use crate::private_files::{Durability, random};
use crate::private_files::{PrivateDir, Unsafe};

/// Where the results lie below the state of a repository.
const BELOW: [&str; 2] = ["v1", "results"];

/// The directory of the results, which nobody else can write to.
#[derive(Debug)]
pub(super) struct Place(PrivateDir);

impl Place {
    /// The directory, if it is there.
    pub(super) fn open(state: &Path) -> Result<Self, Unsafe> {
        PrivateDir::open(state, &BELOW).map(Self)
    }

    /// The directory, made where it is not there yet.
    pub(super) fn make(state: &Path) -> Result<Self, Unsafe> {
        PrivateDir::make(state, &BELOW).map(Self)
    }

    /// Where the directory lies, whether it is there or not.
    pub(super) fn of(state: &Path) -> PathBuf {
        BELOW.iter().fold(state.to_owned(), |dir, name| dir.join(name))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The names of whatever lies there, in no order: what has a name of ours and is no file is damage.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path())? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// A file that is the user's own, and that nobody else can have written.
    pub(super) fn own_file(&self, name: &str) -> io::Result<File> {
        self.0.own_file(name)
    }

    /// Writes a file of these parts for the user alone, whole or not at all.
    pub(super) fn write<'p>(
        &self,
        name: &str,
        parts: impl IntoIterator<Item = &'p [u8]>,
        durability: Durability,
    ) -> io::Result<()> {
        self.0.write_parts(name, parts, durability)
    }

    /// Brings the names of files to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) {
        self.0.remove(name);
    }

    /// Whether a file has not been written for so long.
    pub(super) fn is_older(&self, name: &str, age: Duration, now: SystemTime) -> bool {
        self.0.is_older(name, age, now)
    }

    /// Removes what writers that were killed have left behind.
    pub(super) fn sweep(&self, now: SystemTime) {
        self.0.sweep(now);
    }
}
