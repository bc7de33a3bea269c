//! From a working tree to what all its files contain.

use std::collections::HashSet;
use std::fs;
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fixedbitset::FixedBitSet;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::elsewhere::Elsewhere;
use super::memory;
use super::read::{self, Read};
use super::repository::Repositories;
use super::stat::{self, Nanoseconds, Stat};
use super::stored::{self, Record, Stored};
use super::tree::{Content, FileTree, order};
use super::walk::{self, Base, Found};
use crate::environment::{Environment, processors};
use crate::model::{Digest, fnv1a};

/// More threads would wait for the same locks of the system.
const MOST_THREADS: usize = 8;

/// Which files to look at, and how.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The root of the workspace, absolute.
    pub root: PathBuf,
    /// Directories of members that do not lie below it, absolute.
    pub outside: Vec<PathBuf>,
    /// What is never part of it, absolute: target directories, and what is our own.
    pub but: Vec<PathBuf>,
    /// Git, where it is installed: it alone knows what it tracks.
    pub git: Option<PathBuf>,
    /// The environment that git is given.
    pub environment: Environment,
    /// A directory of ours in which to remember what was found; without one, nothing is remembered.
    pub state_dir: Option<PathBuf>,
    /// On how many threads to look.
    pub threads: NonZero<usize>,
}

/// As many threads as this machine has processors for, and as pay.
#[must_use]
pub fn threads() -> NonZero<usize> {
    let processors = processors();
    processors.min(NonZero::new(MOST_THREADS).unwrap_or(processors))
}

/// What is known before anything is read.
pub(super) trait Known {
    fn len(&self) -> usize;
    fn path(&self, place: usize) -> &[u8];
    /// What was once read, if it is the content of every file of which the system says the same.
    fn content(&self, place: usize) -> Option<(Stat, Digest)>;
}

/// What comes of comparing a tree with what is known.
struct Misses {
    places: Vec<usize>,
    /// Whether all that is known was found again.
    complete: bool,
}

impl Scan {
    /// All files that git tracks or does not ignore, with what they contain now.
    ///
    /// Only what the stat cache does not know is read, and no process is started unless git's index or configuration has
    /// changed. What cannot be read is [`Content::Unknown`]; nothing here fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[must_use]
    pub fn tree(&self) -> FileTree {
        self.tree_at(stat::now())
    }

    pub(super) fn tree_at(&self, now: Nanoseconds) -> FileTree {
        let stored = memory::load(self.state_dir.as_deref(), &self.file(), stored::KIND);
        let stored = stored.and_then(|content| Stored::new(content, self.root.as_os_str().as_bytes()));
        let elsewhere = Arc::new(Elsewhere::new(self));
        let Some(stored) = stored else {
            return self.filled(now, &Nothing, elsewhere);
        };
        if !stat::went_back(stored.newest(), now) {
            return self.filled(now, &stored, elsewhere);
        }
        tracing::warn!("the clock was set back: all files are read again");
        let tree = self.filled(now, &Nothing, elsewhere);
        // Else it would be said again until the clock shows that time once more.
        self.save(&tree);
        tree
    }

    fn filled(&self, now: Nanoseconds, known: &impl Known, elsewhere: Arc<Elsewhere>) -> FileTree {
        let mut tree = self.walked(now, elsewhere);
        let misses = recall(&mut tree, known);
        let read = self.read(&mut tree, &misses.places);
        // What is not settled yet is not kept, and so nothing new.
        if !misses.complete || read.iter().any(|place| is_kept(&tree, *place)) {
            self.save(&tree);
        }
        remove_gone(&mut tree);
        tree
    }

    /// The files without their contents.
    fn walked(&self, now: Nanoseconds, elsewhere: Arc<Elsewhere>) -> FileTree {
        let repositories = Repositories {
            git: self.git.as_deref(),
            environment: &self.environment,
            state_dir: self.state_dir.as_deref(),
            now,
            gaps: Mutex::default(),
        };
        let mut tree = FileTree {
            root: self.root.clone(),
            began: now,
            threads: self.threads,
            paths: Vec::new(),
            entries: Vec::new(),
            gaps: Vec::new(),
            listed: HashSet::new(),
            others: HashSet::new(),
            elsewhere,
        };
        walk::walk(&self.bases(), &repositories, self.threads, |path, found| match found {
            Found::Entry(stat) => tree.push(path, *stat),
            Found::Unreadable => tree.push(path, Stat::default()),
            Found::Listed => drop(tree.listed.insert(path.into())),
            Found::Other => drop(tree.others.insert(path.into())),
        });
        tree.gaps = repositories.gaps.into_inner().unwrap_or_else(PoisonError::into_inner);
        tree
    }

    /// The root, and the directories outside that are not part of another one.
    fn bases(&self) -> Vec<Base> {
        let mut outside: Vec<&PathBuf> = self.outside.iter().filter(|dir| !dir.starts_with(&self.root)).collect();
        outside.sort_unstable_by_key(|dir| [dir.as_os_str().as_bytes(), b"/"].concat());
        outside.dedup_by(|dir, above| dir.starts_with(above));
        let dirs = [(&self.root, false)]
            .into_iter()
            .chain(outside.into_iter().map(|dir| (dir, true)));
        let bases = dirs.map(|(dir, is_outside)| {
            // The root is a base of its own, also where a member lies above it.
            let but = self.but.iter().chain(is_outside.then_some(&self.root));
            Base {
                dir: dir.clone(),
                shown: if is_outside {
                    [dir.as_os_str().as_bytes(), b"/"].concat()
                } else {
                    Vec::new()
                },
                but: but.filter_map(|path| below(path, dir)).collect(),
            }
        });
        bases.collect()
    }

    /// Reads files, and says of which the content is now known.
    pub(super) fn read(&self, tree: &mut FileTree, places: &[usize]) -> Vec<usize> {
        let Ok(root) = openat(CWD, &self.root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) else {
            return Vec::new();
        };
        let wanted = places
            .iter()
            .map(|place| (*place, tree.path(*place), tree.entries[*place].stat.size));
        let read = read::read_all(&root, wanted.collect(), self.threads);
        let mut known = Vec::with_capacity(read.len());
        for (place, read) in read {
            let entry = &mut tree.entries[place];
            match read {
                Read::Content(stat, digest) => {
                    (entry.stat, entry.content) = (stat, Content::Known(digest));
                    known.push(place);
                }
                Read::Gone => entry.stat = GONE,
                Read::Unknown => {}
            }
        }
        known
    }

    /// Scans again, and reads these files of the earlier tree again whatever the system says of them: a write through a
    /// mapping of memory changes no time. So it reads those that were [unsettled](FileTree::unsettled).
    pub(super) fn tree_after(&self, before: &FileTree, distrusted: &FixedBitSet, now: Nanoseconds) -> FileTree {
        let back = stat::went_back(before.began, now);
        let known = Before {
            tree: before,
            distrusted,
            back,
        };
        self.filled(now, &known, Arc::clone(&before.elsewhere))
    }

    /// The name of the file that remembers this tree: worktrees of one repository do not share one.
    fn file(&self) -> String {
        format!("tree-{:016x}", fnv1a(self.root.as_os_str().as_bytes().iter().copied()))
    }

    fn save(&self, tree: &FileTree) {
        if self.state_dir.is_none() {
            return;
        }
        let records = (0..tree.len())
            .filter(|place| is_kept(tree, *place))
            .filter_map(|place| {
                let entry = &tree.entries[place];
                Some(Record {
                    path: tree.path(place),
                    stat: entry.stat,
                    digest: entry.content.known()?,
                })
            });
        if let Some(file) = stored::encoded(self.root.as_os_str().as_bytes(), tree.began, records) {
            memory::save(self.state_dir.as_deref(), &self.file(), file);
        }
    }
}

/// Stands for a file that is gone: no file has this mode.
const GONE: Stat = Stat {
    size: 0,
    modified: 0,
    changed: 0,
    inode: 0,
    device: 0,
    mode: u32::MAX,
};

fn remove_gone(tree: &mut FileTree) {
    if tree.entries.iter().all(|entry| entry.stat != GONE) {
        return;
    }
    let mut left = Vec::with_capacity(tree.len());
    let mut paths = Vec::with_capacity(tree.paths.len());
    for place in 0..tree.len() {
        let mut entry = tree.entries[place];
        if entry.stat == GONE {
            // It may come back.
            tree.others.insert(tree.path(place).into());
        } else {
            paths.extend_from_slice(tree.path(place));
            entry.end = u32::try_from(paths.len()).unwrap_or(u32::MAX);
            left.push(entry);
        }
    }
    (tree.entries, tree.paths) = (left, paths);
}

/// Whether what is known of a file may be used again.
fn is_kept(tree: &FileTree, place: usize) -> bool {
    let entry = &tree.entries[place];
    entry.content.known().is_some() && entry.stat.is_settled(tree.began)
}

/// Takes over what is known.
fn recall(tree: &mut FileTree, known: &impl Known) -> Misses {
    let mut misses = Misses {
        places: Vec::new(),
        complete: true,
    };
    let mut at = 0;
    for place in 0..tree.len() {
        while at < known.len() && order(known.path(at), tree.path(place)).is_lt() {
            misses.complete = false;
            at += 1;
        }
        let same = at < known.len() && known.path(at) == tree.path(place);
        let content = if same { known.content(at) } else { None };
        at += usize::from(same);
        let entry = &mut tree.entries[place];
        match content {
            Some((stat, digest)) if stat == entry.stat && stat.is_settled(tree.began) => {
                entry.content = Content::Known(digest);
            }
            // There is nothing to read.
            _ if entry.stat == Stat::default() => {}
            _ => {
                misses.complete &= !same;
                misses.places.push(place);
            }
        }
    }
    misses.complete &= at == known.len();
    misses
}

/// The path of what is below a directory, from there; nothing where it is not below it. Either may lead through links.
fn below(path: &Path, dir: &Path) -> Option<Vec<u8>> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let rest = match path.strip_prefix(dir) {
        Ok(rest) => rest.to_owned(),
        Err(_) => real(path).strip_prefix(real(dir)).ok()?.to_owned(),
    };
    Some(rest.as_os_str().as_bytes().to_vec()).filter(|rest| !rest.is_empty())
}

/// Nothing is known.
struct Nothing;

impl Known for Nothing {
    fn len(&self) -> usize {
        0
    }

    fn path(&self, _: usize) -> &[u8] {
        &[]
    }

    fn content(&self, _: usize) -> Option<(Stat, Digest)> {
        None
    }
}

impl Known for Stored {
    fn len(&self) -> usize {
        self.len()
    }

    fn path(&self, place: usize) -> &[u8] {
        self.path(place)
    }

    fn content(&self, place: usize) -> Option<(Stat, Digest)> {
        let record = self.get(place);
        record
            .stat
            .is_settled(self.newest())
            .then_some((record.stat, record.digest))
    }
}

/// What an earlier tree says.
struct Before<'t> {
    tree: &'t FileTree,
    distrusted: &'t FixedBitSet,
    /// Whether the clock went back since.
    back: bool,
}

impl Known for Before<'_> {
    fn len(&self) -> usize {
        self.tree.len()
    }

    fn path(&self, place: usize) -> &[u8] {
        self.tree.path(place)
    }

    fn content(&self, place: usize) -> Option<(Stat, Digest)> {
        let entry = &self.tree.entries[place];
        let trusted = !self.back && !self.distrusted.contains(place) && is_kept(self.tree, place);
        trusted.then_some(())?;
        Some((entry.stat, entry.content.known()?))
    }
}

impl FileTree {
    /// Scans again, and reads these files again whatever the system says of them: a write through a mapping of memory
    /// changes no time. It reads those again as well that were [unsettled](Self::unsettled). The places are those of this
    /// tree; the new one may have others.
    #[tracing::instrument(level = "debug", skip_all)]
    #[must_use]
    pub fn again(&self, scan: &Scan, distrusted: &FixedBitSet) -> FileTree {
        scan.tree_after(self, distrusted, stat::now())
    }
}
