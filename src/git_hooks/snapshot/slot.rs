//! A place for one snapshot at a time, which stays for the next one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::SnapshotError;
use crate::private_files::{Durability, PrivateDir};

/// The places of a working tree. Each has a target directory of its own, so that there are few; most often one is enough.
pub(super) const SLOTS: [&str; 3] = ["0", "1", "2"];

/// When the place was used last, by the clock of the time.
const STAMP: &str = "used";

/// The clocks of two file systems may differ by so much.
const SLACK: Duration = Duration::from_secs(2);

/// A place that nobody else uses, as long as this is held. The system gives it back where its holder is killed.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) dir: PrivateDir,
    #[expect(dead_code, reason = "what it holds on to is the lock")]
    lock: File,
}

impl Slot {
    /// Takes the first place that is free; where none is, waits for the first one.
    pub(super) fn take(state: &Path, below: [&str; 3]) -> Result<Self, SnapshotError> {
        let dir = PrivateDir::make(state, &below)?;
        for name in SLOTS {
            if let Some(lock) = lock(&dir, name, FlockOperation::NonBlockingLockExclusive)? {
                return Self::enter(state, below, name, lock);
            }
        }
        tracing::warn!(dir = %dir.path().display(), "other runs use all snapshots: this one waits until the first of them is over");
        loop {
            if let Some(lock) = lock(&dir, SLOTS[0], FlockOperation::LockExclusive)? {
                return Self::enter(state, below, SLOTS[0], lock);
            }
        }
    }

    fn enter(state: &Path, [first, second, third]: [&str; 3], name: &str, lock: File) -> Result<Self, SnapshotError> {
        let dir = PrivateDir::make(state, &[first, second, third, name])?;
        Ok(Self { dir, lock })
    }

    /// Notes down that the place is used now. Whether that is later than the last time, as it should be: cargo goes by the
    /// times of files, and would take one that is written now for older than what was built from it.
    pub(super) fn is_later_than_before(&self) -> Result<bool, SnapshotError> {
        let now = since_epoch(SystemTime::now());
        let before = noted(&self.dir);
        self.note(now)?;
        let slack = u64::try_from(SLACK.as_millis()).unwrap_or(u64::MAX);
        Ok(before.is_none_or(|before| before <= now.saturating_add(slack)))
    }

    /// Notes down that the place was used until now.
    pub(super) fn note_end(&self) -> Result<(), SnapshotError> {
        self.note(since_epoch(SystemTime::now()))
    }

    fn note(&self, milliseconds: u64) -> Result<(), SnapshotError> {
        let text = milliseconds.to_string();
        let written = self.dir.write(STAMP, text.as_bytes(), Durability::Later);
        written.map_err(|source| SnapshotError::Io {
            path: self.dir.path().join(STAMP),
            source,
        })
    }
}

/// When a place was used last, where somebody has noted that down.
#[cfg(feature = "cli")]
pub(super) fn last_use(dir: &PrivateDir) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(noted(dir)?))
}

fn noted(dir: &PrivateDir) -> Option<u64> {
    let text = dir.read(STAMP, 64).ok()?;
    String::from_utf8(text).ok()?.parse().ok()
}

fn since_epoch(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The lock on a place; nothing where somebody else has it, or has removed it meanwhile.
pub(super) fn lock(dir: &PrivateDir, name: &str, how: FlockOperation) -> Result<Option<File>, SnapshotError> {
    let path = dir.path().join(format!("{name}.lock"));
    let locked = open(&path).and_then(|file| {
        loop {
            match flock(&file, how) {
                Ok(()) => return Ok(is_there(&file, &path).then_some(file)),
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    });
    locked.map_err(|source| SnapshotError::Io { path, source })
}

fn open(path: &Path) -> io::Result<File> {
    let no_links = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = File::options();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_links);
    options.open(path)
}

/// Whether the file still has its name: a lock on one that was removed keeps nobody out.
fn is_there(file: &File, path: &PathBuf) -> bool {
    let same = |(held, named): (fs::Metadata, fs::Metadata)| held.ino() == named.ino() && held.dev() == named.dev();
    file.metadata()
        .ok()
        .zip(fs::symlink_metadata(path).ok())
        .is_some_and(same)
}
