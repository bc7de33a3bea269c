//! What is at any path that somebody names: a file outside of the tree, a directory with all that is in it, or nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::{CWD, FileType, Mode, OFlags, openat, readlink, stat as look};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::memory;
use super::names::{self, Names};
use super::read::{Links, Read, Reader};
use super::scan::Scan;
use super::stat::{self, Nanoseconds, Stat};
use super::stored::{self, Record, Stored};
use super::tree::{FileTree, Kind};
use crate::model::{Digest, fnv1a};

/// So many files are looked at for one path: a link may lead to all that the machine has.
const MOST_NAMES: usize = 100_000;

/// So many directories may lie in each other.
const DEEPEST: usize = 128;

/// So many files are remembered beside those of the tree.
const MOST_REMEMBERED: usize = 50_000;

/// What is at a path.
#[derive(Clone, Copy, Debug)]
pub enum PathDigest {
    /// There is nothing.
    Nothing,
    /// A file with this content.
    File(Digest),
    /// A directory. The digest is that of all names below it, of what they stand for, and of what the files contain.
    Directory(Digest),
    /// Something that nobody can read, or that is too much to read: it must be taken for changed.
    Unknown,
}

impl PathDigest {
    /// A digest of what is there, different for a file, a directory and nothing; none where that is not known.
    #[must_use]
    pub fn known(self) -> Option<Digest> {
        let of = |kind: &[u8], digest: Digest| Some(Digest::of(&[kind, digest.as_bytes()].concat()));
        match self {
            Self::Nothing => Some(Digest::of(b"nothing")),
            Self::File(digest) => of(b"file", digest),
            Self::Directory(digest) => of(b"directory", digest),
            Self::Unknown => None,
        }
    }
}

/// What is remembered of files outside of the tree.
#[derive(Debug)]
pub(super) struct Elsewhere {
    state_dir: Option<PathBuf>,
    file: String,
    subject: PathBuf,
    but: Vec<PathBuf>,
    stored: OnceLock<Option<Stored>>,
    /// All that was asked for since.
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    files: BTreeMap<Vec<u8>, (Stat, Digest)>,
    /// Whether any of it was not stored before.
    is_new: bool,
}

impl Elsewhere {
    pub(super) fn new(scan: &Scan) -> Self {
        Self {
            state_dir: scan.state_dir.clone(),
            file: format!(
                "elsewhere-{:016x}",
                fnv1a(scan.root.as_os_str().as_bytes().iter().copied())
            ),
            subject: scan.root.clone(),
            but: scan.but.clone(),
            stored: OnceLock::new(),
            learned: Mutex::default(),
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored(&self, now: Nanoseconds) -> Option<&Stored> {
        let load = || {
            let content = memory::load(self.state_dir.as_deref(), &self.file, stored::KIND)?;
            let stored = Stored::new(content, self.subject.as_os_str().as_bytes())?;
            (!stat::went_back(stored.newest(), now)).then_some(stored)
        };
        self.stored.get_or_init(load).as_ref()
    }

    /// What a file contains of which the system says this, if that is remembered.
    fn recalled(&self, path: &[u8], found: Stat, now: Nanoseconds) -> Option<Digest> {
        if !found.is_settled(now) {
            return None;
        }
        if let Some((stat, digest)) = self.learned().files.get(path)
            && *stat == found
        {
            return Some(*digest);
        }
        let record = self.stored(now)?.find(path).filter(|record| record.stat == found)?;
        self.learned().files.insert(path.to_vec(), (found, record.digest));
        Some(record.digest)
    }

    fn learn(&self, path: &[u8], stat: Stat, digest: Digest, now: Nanoseconds) {
        if stat.is_settled(now) {
            let mut learned = self.learned();
            learned.files.insert(path.to_vec(), (stat, digest));
            learned.is_new = true;
        }
    }

    /// Writes down what is new. What was not asked for stays, as long as it is not too much.
    fn save(&self, now: Nanoseconds) {
        let mut learned = self.learned();
        if !learned.is_new || self.state_dir.is_none() {
            return;
        }
        learned.is_new = false;
        let mut all: BTreeMap<&[u8], (Stat, Digest)> = BTreeMap::new();
        if let Some(stored) = self
            .stored(now)
            .filter(|stored| stored.len() + learned.files.len() < MOST_REMEMBERED)
        {
            let records = (0..stored.len()).map(|place| stored.get(place));
            all.extend(records.map(|record| (record.path, (record.stat, record.digest))));
        }
        all.extend(learned.files.iter().map(|(path, known)| (path.as_slice(), *known)));
        let records = all.iter().map(|(path, (stat, digest))| Record {
            path,
            stat: *stat,
            digest: *digest,
        });
        if let Some(file) = stored::encoded(self.subject.as_os_str().as_bytes(), now, records) {
            memory::save(self.state_dir.as_deref(), &self.file, file);
        }
    }
}

impl FileTree {
    /// What is at a path, relative to the root or absolute, be it in the tree or not. A link is followed. A file of the tree
    /// has the content that it had at the scan, and anything else what it has now.
    ///
    /// Below a directory, everything counts, also what git ignores; but not what is never part of the tree, and not what git
    /// keeps for itself.
    #[must_use]
    pub fn of_path(&self, path: &Path) -> PathDigest {
        let path = self.root.join(path);
        let mut visit = Visit {
            tree: self,
            reader: None,
            names: MOST_NAMES,
            above: Vec::new(),
        };
        visit.followed(&path).0
    }

    /// The files outside of the tree that [`of_path`](Self::of_path) has come to.
    #[must_use]
    pub fn files_elsewhere(&self) -> Vec<PathBuf> {
        let learned = self.elsewhere.learned();
        let path = |path: &Vec<u8>| PathBuf::from(OsStr::from_bytes(path));
        learned.files.keys().map(path).collect()
    }

    /// Remembers what [`of_path`](Self::of_path) has read for other runs.
    pub fn remember_paths(&self) {
        self.elsewhere.save(self.began);
    }
}

/// A walk through what is at a path.
struct Visit<'t> {
    tree: &'t FileTree,
    reader: Option<Reader>,
    /// How many names may still be looked at.
    names: usize,
    /// The directories around, by what the system calls them: a link may lead to one of them.
    above: Vec<(u64, u64)>,
}

/// What there is too much of, or cannot be read.
struct Unknown;

impl Visit<'_> {
    /// What is at a path, after all links, and whether it is a program.
    fn followed(&mut self, path: &Path) -> (PathDigest, bool) {
        if let Some(entry) = self.tree.find(path).map(|place| self.tree.entry(place))
            && let Kind::File { executable } = entry.kind
        {
            return (
                entry.content.known().map_or(PathDigest::Unknown, PathDigest::File),
                executable,
            );
        }
        let found = match look(path) {
            Ok(found) => Stat::new(&found),
            Err(Errno::NOENT | Errno::NOTDIR) => return (PathDigest::Nothing, false),
            Err(_) => return (PathDigest::Unknown, false),
        };
        let digest = match found.file_type() {
            FileType::RegularFile => self.file(path, found),
            FileType::Directory => self
                .directory(path, found)
                .map_or(PathDigest::Unknown, PathDigest::Directory),
            _ => PathDigest::Unknown,
        };
        (digest, found.is_executable())
    }

    fn file(&mut self, path: &Path, found: Stat) -> PathDigest {
        let (elsewhere, now) = (&self.tree.elsewhere, self.tree.began);
        let bytes = path.as_os_str().as_bytes();
        if let Some(digest) = elsewhere.recalled(bytes, found, now) {
            return PathDigest::File(digest);
        }
        match self
            .reader
            .get_or_insert_with(Reader::new)
            .read(CWD, bytes, Links::Follow)
        {
            Read::Content(stat, digest) => {
                elsewhere.learn(bytes, stat, digest, now);
                PathDigest::File(digest)
            }
            Read::Gone => PathDigest::Nothing,
            Read::Unknown => PathDigest::Unknown,
        }
    }

    fn directory(&mut self, dir: &Path, found: Stat) -> Option<Digest> {
        if self.above.len() >= DEEPEST {
            return None;
        }
        self.above.push((found.device, found.inode));
        let digest = self.all_in(dir);
        self.above.pop();
        digest.ok()
    }

    fn all_in(&mut self, dir: &Path) -> Result<Digest, Unknown> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, dir, flags, Mode::empty()).map_err(|_| Unknown)?;
        let mut names = Names::default();
        names::read(&opened, &mut names).map_err(|_| Unknown)?;
        drop(opened);
        let mut digest = Sha256::new();
        for (name, kind) in names.iter() {
            let path = dir.join(OsStr::from_bytes(name.to_bytes()));
            if name == c".git" || self.tree.elsewhere.but.contains(&path) {
                continue;
            }
            self.names = self.names.checked_sub(1).ok_or(Unknown)?;
            digest.update((name.to_bytes().len() as u64).to_le_bytes());
            digest.update(name.to_bytes());
            digest.update(self.named(&path, kind)?);
        }
        Ok(<[u8; 32]>::from(digest.finalize()).into())
    }

    /// What a name in a directory stands for: what kind of thing it is, and two digests.
    fn named(&mut self, path: &Path, kind: FileType) -> Result<Vec<u8>, Unknown> {
        let mut said = Vec::with_capacity(66);
        match kind {
            FileType::Symlink => {
                let target = readlink(path, Vec::new()).map_err(|_| Unknown)?;
                said.push(b'l');
                said.extend_from_slice(Digest::of(target.as_bytes()).as_bytes());
                let around = look(path).is_ok_and(|found| {
                    let found = Stat::new(&found);
                    self.above.contains(&(found.device, found.inode))
                });
                // It leads to a directory that it lies in, which is already told.
                if around {
                    return Ok(said);
                }
            }
            FileType::RegularFile | FileType::Directory => said.push(b'-'),
            _ => {
                said.push(b's');
                return Ok(said);
            }
        }
        let (digest, executable) = self.followed(path);
        said.push(if executable && matches!(digest, PathDigest::File(_)) {
            b'x'
        } else {
            b'-'
        });
        said.extend_from_slice(digest.known().ok_or(Unknown)?.as_bytes());
        Ok(said)
    }
}
