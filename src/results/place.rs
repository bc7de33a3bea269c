//! The directory of the results, and how its files are read, written and removed: all that this room knows of private files.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use crate::store::Unsafe;
use crate::store::directory::{check, made};

/// Where the results lie below the state of a repository.
const BELOW: [&str; 2] = ["v1", "results"];
/// How the names of files that are being written begin.
const NEW: &str = ".new-";
/// What a writer that was killed has left behind is removed after this time.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

/// How much a power failure may take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// What was written last: the system brings it to the disk when it has time for that.
    Later,
    /// Nothing: it is on the disk before anything goes on.
    Now,
}

/// The directory of the results, which nobody else can write to.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    /// The directory, if it is there.
    pub(super) fn open(state: &Path) -> Result<Self, Unsafe> {
        check(state, &BELOW).map(Self)
    }

    /// The directory, made where it is not there yet.
    pub(super) fn make(state: &Path) -> Result<Self, Unsafe> {
        made(state, &BELOW).map(Self)
    }

    /// Where the directory lies, whether it is there or not.
    pub(super) fn of(state: &Path) -> PathBuf {
        BELOW.iter().fold(state.to_owned(), |dir, name| dir.join(name))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of whatever lies there, in no order.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// A file that is the user's own, and that nobody else can have written.
    pub(super) fn own_file(&self, name: &str) -> io::Result<File> {
        // Opening a pipe must not wait for somebody to write to it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(self.0.join(name))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("others can have written it"));
        }
        Ok(file)
    }

    /// Writes a file for the user alone, whole or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        let new = self.0.join(format!("{NEW}{:016x}", random()));
        // A file that has the name all the same, a link say, is not followed.
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let result = self.fill_and_name(created, &new, name, bytes, durability);
        if result.is_err() {
            let _ = fs::remove_file(&new);
        }
        result
    }

    fn fill_and_name(&self, mut file: File, new: &Path, name: &str, bytes: &[u8], how: Durability) -> io::Result<()> {
        file.write_all(bytes)?;
        if how == Durability::Now {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(new, self.0.join(name))?;
        if how == Durability::Now {
            self.sync()?;
        }
        Ok(())
    }

    /// Brings the names of files to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.0.join(name))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(%error, name, dir = %self.0.display(), "a file cannot be removed");
        }
    }

    /// Whether a file has not been written for so long.
    pub(super) fn is_older(&self, name: &str, age: Duration, now: SystemTime) -> bool {
        let metadata = self.0.join(name).symlink_metadata();
        let modified = metadata.and_then(|metadata| metadata.modified());
        modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|since| since >= age))
    }

    /// Removes what writers that were killed have left behind.
    pub(super) fn sweep(&self, now: SystemTime) {
        let names = self.names().unwrap_or_default();
        let abandoned = names.iter().filter(|name| name.starts_with(NEW));
        for name in abandoned.filter(|name| self.is_older(name, ABANDONED_AFTER, now)) {
            self.remove(name);
        }
    }
}

/// A number that nobody else has: the system gives each hasher keys of its own.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), SystemTime::now()))
}
