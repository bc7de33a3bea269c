//! Removes snapshots that nobody uses: what is in them can be made again from git at any time.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use super::SnapshotError;
use super::copy::of;
use super::slot::{SLOTS, last_use, lock};
use super::strangers::remove;
use crate::private_files::{PrivateDir, Unsafe};

/// Which snapshots are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unused {
    /// All that no run uses at the moment.
    Now,
    /// Those that no run has used for so long.
    For(Duration),
}

/// What came of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// How many were removed.
    pub(crate) snapshots: usize,
    /// How large they were.
    pub(crate) bytes: u64,
    /// How many are in use, and stay for that.
    pub(crate) in_use: usize,
}

/// Removes them from the state of a repository.
pub(crate) fn remove_unused(state: &Path, unused: Unused, now: SystemTime) -> Result<Removed, SnapshotError> {
    let mut removed = Removed::default();
    let all = match PrivateDir::open(state, &["v1", "snapshots"]) {
        Err(Unsafe::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(removed),
        opened => opened?,
    };
    for name in names(all.path())? {
        let dir = PrivateDir::open(state, &["v1", "snapshots", &name])?;
        let mut stays = false;
        for slot in SLOTS {
            let path = dir.path().join(slot);
            if !path.is_dir() {
                continue;
            }
            // Whoever holds the lock uses the snapshot.
            let Some(_lock) = lock(&dir, slot, FlockOperation::NonBlockingLockExclusive)? else {
                (removed.in_use, stays) = (removed.in_use + 1, true);
                continue;
            };
            if !is_unused(
                &PrivateDir::open(state, &["v1", "snapshots", &name, slot])?,
                unused,
                now,
            ) {
                stays = true;
                continue;
            }
            removed.bytes += size(&path);
            remove(&path).map_err(of(&path))?;
            removed.snapshots += 1;
        }
        if !stays {
            tidy(&dir);
        }
    }
    Ok(removed)
}

/// Removes what is left of a working tree that has no snapshot any more, as far as nobody begins to make one.
fn tidy(dir: &PrivateDir) {
    for slot in SLOTS {
        if let Ok(Some(_lock)) = lock(dir, slot, FlockOperation::NonBlockingLockExclusive) {
            dir.remove(&format!("{slot}.lock"));
        }
    }
    // Where something is in it, it stays.
    let _ = fs::remove_dir(dir.path());
}

fn is_unused(slot: &PrivateDir, unused: Unused, now: SystemTime) -> bool {
    match unused {
        Unused::Now => true,
        // One of which nobody knows when it was used was never finished.
        Unused::For(age) => last_use(slot).is_none_or(|used| now.duration_since(used).is_ok_and(|since| since >= age)),
    }
}

/// The directories in a directory.
fn names(dir: &Path) -> Result<Vec<String>, SnapshotError> {
    let entries = fs::read_dir(dir).map_err(of(dir))?.flatten();
    let dirs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(dirs.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// How large all the files are together.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::super::slot::Slot;
    use super::*;

    const BELOW: [&str; 3] = ["v1", "snapshots", "of-one"];

    #[test]
    fn only_what_nobody_uses_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let now = SystemTime::now();
        assert_eq!(remove_unused(&state, Unused::Now, now).unwrap(), Removed::default());
        let (first, second) = (Slot::take(&state, BELOW).unwrap(), Slot::take(&state, BELOW).unwrap());
        for slot in [&first, &second] {
            slot.note_end().unwrap();
            fs::create_dir_all(slot.dir.path().join("tree/a")).unwrap();
            fs::write(slot.dir.path().join("tree/a/b"), "four").unwrap();
        }
        drop(second);
        let month = Unused::For(Duration::from_hours(30 * 24));
        let expected = |snapshots, in_use| (snapshots, in_use);
        let removed = remove_unused(&state, month, now).unwrap();
        assert_eq!(
            (removed.snapshots, removed.in_use),
            expected(0, 1),
            "it was used just now"
        );
        let removed = remove_unused(&state, month, now + Duration::from_hours(31 * 24)).unwrap();
        assert_eq!((removed.snapshots, removed.in_use), expected(1, 1));
        assert!(removed.bytes >= 4);
        assert!(first.dir.path().join("tree/a/b").is_file());
        drop(first);
        assert_eq!(remove_unused(&state, Unused::Now, now).unwrap().snapshots, 1);
        assert!(!state.join("v1/snapshots/of-one").exists());
        // The next one finds its place all the same.
        drop(Slot::take(&state, BELOW).unwrap());
    }
}
