//! Reads what files contain, and says what they contained at one moment or that nobody knows.

use std::num::NonZero;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::stat::Stat;
use crate::model::Digest;

/// How often a file is read that changes while it is.
const ATTEMPTS: usize = 4;

/// So much is read at once.
const BLOCK: usize = 64 * 1024;

/// With fewer files than this for each, starting a thread takes longer than it saves.
const LEAST: usize = 16;

/// What reading a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// This is what it had, and what the system said of it just before and just after.
    Content(Stat, Digest),
    /// There is no such file any more.
    Gone,
    /// It cannot be read, or changes all the time.
    Unknown,
}

/// Whether a link at the end of a path is read itself, or what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    Read,
    Follow,
}

/// Reads files and links.
pub(super) struct Reader(Vec<u8>);

impl Reader {
    pub(super) fn new() -> Self {
        Self(vec![0; BLOCK])
    }

    /// What is at a path now.
    pub(super) fn read(&mut self, dir: impl AsFd, path: &[u8], links: Links) -> Read {
        for _ in 0..ATTEMPTS {
            match self.attempt(dir.as_fd(), path, links) {
                Ok(Some((stat, digest))) => return Read::Content(stat, digest),
                Ok(None) => {}
                Err(Errno::NOENT | Errno::NOTDIR) => return Read::Gone,
                // It is a link now, or no link any more.
                Err(Errno::LOOP | Errno::INVAL) if links == Links::Read => {}
                Err(error) => {
                    tracing::warn!(%error, path = %String::from_utf8_lossy(path), "a file cannot be read: it counts as unknown");
                    return Read::Unknown;
                }
            }
        }
        tracing::warn!(path = %String::from_utf8_lossy(path), "a file changes while it is read: it counts as unknown");
        Read::Unknown
    }

    /// Nothing where it changed meanwhile.
    fn attempt(&mut self, dir: impl AsFd, path: &[u8], links: Links) -> Result<Option<(Stat, Digest)>, Errno> {
        let dir = dir.as_fd();
        if links == Links::Read {
            let look = || statat(dir, path, AtFlags::SYMLINK_NOFOLLOW).map(|found| Stat::new(&found));
            let before = look()?;
            if before.file_type() == FileType::Symlink {
                let target = readlinkat(dir, path, Vec::new())?;
                return Ok((look()? == before).then(|| (before, Digest::of(target.as_bytes()))));
            }
        }
        self.content(dir, path, links)
    }

    fn content(&mut self, dir: impl AsFd, path: &[u8], links: Links) -> Result<Option<(Stat, Digest)>, Errno> {
        // A pipe that took the place of a file must not make anybody wait.
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        if links == Links::Read {
            flags |= OFlags::NOFOLLOW;
        }
        let file = openat(dir, path, flags, Mode::empty())?;
        let before = Stat::new(&fstat(&file)?);
        if before.file_type() != FileType::RegularFile {
            return Err(Errno::NODEV);
        }
        let mut hasher = Sha256::new();
        let mut length = 0;
        loop {
            match rustix::io::read(&file, &mut self.0) {
                Ok(0) => break,
                Ok(count) => {
                    hasher.update(&self.0[..count]);
                    length += count as u64;
                    // Were there more, its size would not be the same afterwards.
                    if length >= before.size {
                        break;
                    }
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        let same = Stat::new(&fstat(&file)?) == before && length == before.size;
        Ok(same.then(|| (before, <[u8; 32]>::from(hasher.finalize()).into())))
    }
}

/// Reads many files or links, the largest first. Each is given as its place and path, and its size as it was last seen.
pub(super) fn read_all(
    dir: impl AsFd + Sync,
    mut wanted: Vec<(usize, &[u8], u64)>,
    threads: NonZero<usize>,
) -> Vec<(usize, Read)> {
    wanted.sort_unstable_by_key(|(place, _, size)| (std::cmp::Reverse(*size), *place));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut reader = Reader::new();
        let mut found = Vec::new();
        while let Some((place, path, _)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push((*place, reader.read(dir.as_fd(), path, Links::Read)));
        }
        found
    };
    let others = threads.get().min(wanted.len() / LEAST).saturating_sub(1);
    if others == 0 {
        return work();
    }
    thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for other in others {
            match other.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    })
}
