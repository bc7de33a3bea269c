//! All files of the working tree at one moment.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use fixedbitset::FixedBitSet;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat};

use super::elsewhere::Elsewhere;
use super::stat::{self, Nanoseconds, Stat};
use crate::model::Digest;

/// With fewer files than this for each, starting a thread takes longer than it saves.
const LEAST: usize = 256;

/// All files of the working tree with what they contain, as they were at one moment.
///
/// A file has a place, which is its number in the order of the paths: by their bytes, those relative to the root before
/// those that are absolute.
#[derive(Debug)]
pub struct FileTree {
    pub(super) root: PathBuf,
    /// When the scan began.
    pub(super) began: Nanoseconds,
    pub(super) threads: NonZero<usize>,
    /// The paths, one after the other.
    pub(super) paths: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    pub(super) gaps: Vec<Gap>,
    /// The directories of which all names were seen.
    pub(super) listed: HashSet<Box<[u8]>>,
    /// What else was seen in them.
    pub(super) others: HashSet<Box<[u8]>>,
    pub(super) elsewhere: Arc<Elsewhere>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where its path ends.
    pub(super) end: u32,
    pub(super) stat: Stat,
    pub(super) content: Content,
}

impl Entry {
    fn says_the_same(&self, other: &Self) -> bool {
        let is_same_kind = kind(&self.stat) == kind(&other.stat);
        match (self.content, other.content) {
            (Content::Known(now), Content::Known(then)) => is_same_kind && now == then,
            (Content::Unknown, Content::Unknown) => self.stat == other.stat,
            _ => false,
        }
    }
}

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Became {
    /// It is new.
    New,
    /// It says something else, or is something else.
    Other,
    /// It is gone.
    Gone,
}

impl Became {
    /// The word for it, in whatever programs read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Other => "changed",
            Self::Gone => "gone",
        }
    }
}

/// What is known of the content of a file. It is not comparable, since what is not known is not the same as anything.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// It had this content.
    Known(Digest),
    /// It could not be read, or changed all the time while it was: whatever rests on it must be taken for changed.
    Unknown,
}

impl Content {
    /// The digest, where the content is known. Where it is not, nothing that was found before may be taken for still true.
    #[must_use]
    pub fn known(self) -> Option<Digest> {
        match self {
            Self::Known(digest) => Some(digest),
            Self::Unknown => None,
        }
    }
}

/// What kind of thing has a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file.
    File {
        /// Whether its owner may run it.
        executable: bool,
    },
    /// A symbolic link. Its content is the text that says where it leads.
    Link,
    /// A directory that cannot be read, or something that cannot be looked at: nobody knows what is there. A directory has a
    /// slash at the end of its path.
    Hidden,
}

/// One file of a tree.
#[derive(Clone, Copy, Debug)]
pub struct FileEntry<'t> {
    /// Its path: relative to the root, or absolute where it lies outside.
    pub path: &'t Path,
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub size: u64,
    /// What it contains.
    pub content: Content,
}

/// A question that git did not answer. Files that it tracks although it ignores them may be missing in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where it was asked.
    pub dir: PathBuf,
    /// What it said.
    pub why: String,
}

impl FileTree {
    /// The directory that paths are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The files in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = FileEntry<'_>> + DoubleEndedIterator + Clone {
        (0..self.len()).map(|place| self.entry(place))
    }

    /// The file in a place.
    ///
    /// # Panics
    ///
    /// Where there is no such place.
    #[must_use]
    pub fn entry(&self, place: usize) -> FileEntry<'_> {
        let Entry { stat, content, .. } = self.entries[place];
        FileEntry {
            path: path(self.path(place)),
            kind: kind(&stat),
            size: stat.size,
            content,
        }
    }

    /// The place of the file with a path: relative to the root, or absolute.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<usize> {
        let path = self.named(path);
        let place = self.partition_point(|other| order(other, path).is_lt());
        (place < self.len() && self.path(place) == path).then_some(place)
    }

    /// Whether it was seen that there is nothing at this path, also nothing that git ignores. Where that was not seen, there
    /// may be nothing all the same.
    #[must_use]
    pub fn is_seen_to_lack(&self, path: &Path) -> bool {
        let named = self.named(path);
        let (dir, name) = match named.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (&named[..slash], &named[slash + 1..]),
            None => (&named[..0], named),
        };
        let is_name = ![&b""[..], b".", b".."].contains(&name);
        is_name && self.listed.contains(dir) && !self.others.contains(named) && self.find(path).is_none()
    }

    /// The places of all files below a directory, whose path is relative to the root or absolute. Below the empty path are
    /// all that are relative.
    #[must_use]
    pub fn below(&self, dir: &Path) -> Range<usize> {
        let dir = self.named(dir);
        if dir.is_empty() {
            return 0..self.partition_point(|path| path.first() != Some(&b'/'));
        }
        let prefix = [dir.strip_suffix(b"/").unwrap_or(dir), b"/"].concat();
        let start = self.partition_point(|path| order(path, &prefix).is_lt());
        let end = self.partition_point(|path| order(path, &prefix).is_lt() || path.starts_with(&prefix));
        start..end
    }

    /// What git did not say.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Those of these places whose files are not what they were when the tree was scanned, by all that the system says of
    /// them, or are gone; in order. It shows a file that was changed and changed back as well. What was not known is not
    /// what it was.
    ///
    /// A file that was written shortly before the scan, and again in the same tick of the clock after it, can look the same:
    /// [`unsettled`](Self::unsettled) names those. A write through a mapping of memory can leave no trace.
    #[must_use]
    pub fn touched(&self, places: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let root = openat(CWD, &self.root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok();
        let is_touched = |place: &usize| {
            let entry = &self.entries[*place];
            let found = root
                .as_ref()
                .map(|root| statat(root, self.path(*place), AtFlags::SYMLINK_NOFOLLOW));
            entry.content.known().is_none() || !matches!(found, Some(Ok(found)) if Stat::new(&found) == entry.stat)
        };
        let places: Vec<usize> = places.into_iter().collect();
        let threads = self.threads.get().min(places.len() / LEAST).max(1);
        let size = places.len().div_ceil(threads).max(1);
        let mut touched: Vec<usize> = thread::scope(|scope| {
            let mut shares = places.chunks(size);
            let own = shares.next().unwrap_or_default();
            let work = |share: &[usize]| share.iter().copied().filter(is_touched).collect::<Vec<_>>();
            let others: Vec<_> = shares.map(|share| scope.spawn(move || work(share))).collect();
            let mut touched = work(own);
            for other in others {
                match other.join() {
                    Ok(more) => touched.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            touched
        });
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Whether no file had changed since a moment before the scan when it was seen. What is not known has changed.
    #[must_use]
    pub fn was_unchanged_since(&self, moment: SystemTime) -> bool {
        self.was_unchanged_since_then(stat::at(moment))
    }

    pub(super) fn was_unchanged_since_then(&self, moment: Nanoseconds) -> bool {
        let is_old = |entry: &Entry| entry.stat.is_settled(moment) && entry.content.known().is_some();
        !stat::went_back(moment, self.began) && self.entries.iter().all(is_old)
    }

    /// The files that may change within the tick of the clock in which they last changed, so that only their content shows
    /// it: those that were written within two seconds before the scan, or have a time in the future.
    #[must_use]
    pub fn unsettled(&self) -> FixedBitSet {
        let mut places = FixedBitSet::with_capacity(self.len());
        let unsettled = |(_, entry): &(usize, &Entry)| !entry.stat.is_settled(self.began);
        places.extend(
            self.entries
                .iter()
                .enumerate()
                .filter(unsettled)
                .map(|(place, _)| place),
        );
        places
    }

    /// The directories of which all names were seen: relative to the root, or absolute where they lie outside. None of them
    /// is ignored.
    pub fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.listed.iter().map(|dir| path(dir))
    }

    /// The files that are not what they were in an earlier tree, in order. One whose content nobody knows is what it was as
    /// long as the system says the same of it.
    pub fn differences<'t>(&'t self, before: &'t Self) -> impl Iterator<Item = (&'t Path, Became)> {
        let (mut now, mut then) = (0, 0);
        std::iter::from_fn(move || {
            while now < self.len() || then < before.len() {
                let order = match (now < self.len(), then < before.len()) {
                    (true, true) => order(self.path(now), before.path(then)),
                    (true, false) => Ordering::Less,
                    (false, _) => Ordering::Greater,
                };
                let (new, old) = (now, then);
                now += usize::from(order.is_le());
                then += usize::from(order.is_ge());
                match order {
                    Ordering::Less => return Some((path(self.path(new)), Became::New)),
                    Ordering::Greater => return Some((path(before.path(old)), Became::Gone)),
                    Ordering::Equal if !self.entries[new].says_the_same(&before.entries[old]) => {
                        return Some((path(self.path(new)), Became::Other));
                    }
                    Ordering::Equal => {}
                }
            }
            None
        })
    }

    pub(super) fn path(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].end);
        &self.paths[start as usize..self.entries[place].end as usize]
    }

    /// Adds a file that comes after all others.
    pub(super) fn push(&mut self, path: &[u8], stat: Stat) {
        self.paths.extend_from_slice(path);
        let end = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry {
            end,
            stat,
            content: Content::Unknown,
        });
    }

    /// The path as it stands here.
    fn named<'p>(&self, path: &'p Path) -> &'p [u8] {
        path.strip_prefix(&self.root).unwrap_or(path).as_os_str().as_bytes()
    }

    fn partition_point(&self, is_before: impl Fn(&[u8]) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            if is_before(self.path(middle)) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }
}

/// The order of paths.
pub(super) fn order(left: &[u8], right: &[u8]) -> Ordering {
    let is_absolute = |path: &[u8]| path.first() == Some(&b'/');
    is_absolute(left).cmp(&is_absolute(right)).then_with(|| left.cmp(right))
}

fn kind(stat: &Stat) -> Kind {
    match stat.file_type() {
        FileType::RegularFile => Kind::File {
            executable: stat.is_executable(),
        },
        FileType::Symlink => Kind::Link,
        _ => Kind::Hidden,
    }
}

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
