//! Finds the files, on several threads, and asks the system about each of them once.

use std::ffi::{CStr, OsStr};
use std::mem;
use std::num::NonZero;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::around::Around;
use super::names::{self, Names};
use super::repository::{Repositories, rules_in};
use super::rules;
use super::stat::Stat;

/// A directory to walk through.
pub(super) struct Base {
    /// Its absolute path.
    pub(super) dir: PathBuf,
    /// What the names of files in it begin with: nothing, or its path with a slash at the end.
    pub(super) shown: Vec<u8>,
    /// What is passed over, by its path from here.
    pub(super) but: Vec<Vec<u8>>,
}

/// What is where.
pub(super) enum Found {
    /// A file or a link.
    Entry(Stat),
    /// Something that cannot be looked at, or a directory that cannot be read.
    Unreadable,
    /// A directory of which all names are told.
    Listed,
    /// Something else of this name: a directory, or what is passed over.
    Other,
}

/// Tells all that is below the bases, in the order of the bases and of the bytes of the paths below each. A directory that
/// cannot be read has a slash at its end.
pub(super) fn walk(
    bases: &[Base],
    repositories: &Repositories<'_>,
    threads: NonZero<usize>,
    mut tell: impl FnMut(&[u8], &Found),
) {
    let walker = Walker {
        bases,
        repositories,
        queue: Mutex::default(),
        changed: Condvar::new(),
    };
    let mut listings = walker.run(threads);
    for (place, base) in bases.iter().enumerate() {
        let mut path = base.shown.clone();
        tell_listing(&mut listings, place, &mut path, &mut tell);
    }
}

/// A listing is dropped when it is told: what it says is then known elsewhere.
fn tell_listing(listings: &mut [Listing], id: usize, path: &mut Vec<u8>, tell: &mut impl FnMut(&[u8], &Found)) {
    let listing = mem::take(&mut listings[id]);
    if listing.unreadable {
        if path.is_empty() {
            path.extend_from_slice(b"./");
        }
        tell(path, &Found::Unreadable);
    }
    let len = path.len();
    if listing.complete {
        tell(path.strip_suffix(b"/").unwrap_or(path), &Found::Listed);
    }
    for (name, item) in &listing.items {
        path.extend_from_slice(&listing.names[name.start as usize..name.end as usize]);
        match item {
            Item::Found(found) => tell(path, found),
            Item::Dir(id) => {
                tell(path, &Found::Other);
                path.push(b'/');
                tell_listing(listings, *id, path, tell);
            }
        }
        path.truncate(len);
    }
}

/// What is in one directory.
#[derive(Default)]
struct Listing {
    /// The names, one after the other.
    names: Vec<u8>,
    items: Vec<(Range<u32>, Item)>,
    unreadable: bool,
    /// Whether every name in it is here.
    complete: bool,
}

enum Item {
    Found(Found),
    Dir(usize),
}

/// A directory that is still to be looked into.
struct Job {
    id: usize,
    base: usize,
    /// Its path from the base.
    path: Vec<u8>,
    around: Around,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    /// How many threads look into a directory, and may find more.
    busy: usize,
    /// How many directories were ever found.
    count: usize,
}

struct Walker<'a> {
    bases: &'a [Base],
    repositories: &'a Repositories<'a>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Walker<'_> {
    fn run(&self, threads: NonZero<usize>) -> Vec<Listing> {
        let fds: Vec<_> = self
            .bases
            .iter()
            .map(|base| open(CWD, base.dir.as_os_str().as_bytes(), OFlags::empty()))
            .collect();
        let jobs = self.bases.iter().enumerate().map(|(id, base)| {
            let repository = Arc::new(self.repositories.around(&base.dir));
            let around = Around::new(repository, 0);
            Job {
                id,
                base: id,
                path: Vec::new(),
                around,
            }
        });
        let jobs: Vec<Job> = jobs.collect();
        *self.queue() = Queue {
            count: jobs.len(),
            jobs,
            busy: 0,
        };
        let work = || self.work(&fds);
        let found = thread::scope(|scope| {
            let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
            let mut found = work();
            for other in others {
                match other.join() {
                    Ok(more) => found.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            found
        });
        let mut listings: Vec<Listing> = Vec::new();
        listings.resize_with(self.queue().count, Listing::default);
        for (id, listing) in found {
            listings[id] = listing;
        }
        listings
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next directory; nothing when there will be none.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop() {
                queue.busy += 1;
                return Some(job);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, fds: &[Result<OwnedFd, Errno>]) -> Vec<(usize, Listing)> {
        let mut found = Vec::new();
        let mut scratch = Scratch::default();
        while let Some(mut job) = self.next() {
            // Whoever panics must not leave the others waiting.
            let done = Done(self);
            let base = &fds[job.base];
            let listing = self.look(&mut job, base, &mut scratch);
            found.push((job.id, listing));
            drop(done);
        }
        found
    }

    fn look(&self, job: &mut Job, base: &Result<OwnedFd, Errno>, scratch: &mut Scratch) -> Listing {
        let unreadable = || Listing {
            unreadable: true,
            ..Listing::default()
        };
        let opened = match base {
            Ok(base) if job.path.is_empty() => open(base, b".", OFlags::NOFOLLOW),
            Ok(base) => open(base, &job.path, OFlags::NOFOLLOW),
            Err(error) => Err(*error),
        };
        let dir = match opened {
            Ok(dir) => dir,
            // It is gone in the meantime.
            Err(Errno::NOENT) => return Listing::default(),
            Err(error) => return told(job, error, unreadable()),
        };
        if let Err(error) = names::read(&dir, &mut scratch.names) {
            return told(job, error, unreadable());
        }
        self.enter(job, &scratch.names);
        self.list(job, &dir, scratch)
    }

    /// Takes in the rules of the directory, and the repository that may have its top here.
    fn enter(&self, job: &mut Job, names: &Names) {
        let has = |name: &CStr, expected| names.iter().any(|(other, kind)| other == name && expected == kind);
        let dir = || self.bases[job.base].dir.join(OsStr::from_bytes(&job.path));
        let git =
            has(c".git", FileType::Directory) || has(c".git", FileType::RegularFile) || has(c".git", FileType::Symlink);
        if git
            && !job.path.is_empty()
            && let Some(repository) = self.repositories.within(&dir())
        {
            job.around = Around::new(Arc::new(repository), job.path.len() + 1);
        }
        if !job.around.ignored && has(c".gitignore", FileType::RegularFile) {
            let text = rules_in(&dir());
            let skip = job.around.seen_from_top(&job.path).len();
            job.around.rules = rules::with(job.around.rules.take(), &text, skip);
        }
    }

    fn list(&self, job: &Job, dir: &OwnedFd, scratch: &mut Scratch) -> Listing {
        let base = &self.bases[job.base];
        let mut listing = Listing {
            complete: true,
            ..Listing::default()
        };
        let mut children = Vec::new();
        let Scratch { names, path, from_top } = scratch;
        path.clear();
        path.extend_from_slice(&job.path);
        if !path.is_empty() {
            path.push(b'/');
        }
        let len = path.len();
        *from_top = job.around.seen_from_top(&job.path);
        let top_len = from_top.len();
        for (name, kind) in names.iter() {
            path.truncate(len);
            path.extend_from_slice(name.to_bytes());
            from_top.truncate(top_len);
            from_top.extend_from_slice(name.to_bytes());
            let item = match kind {
                _ if name == c".git" || base.but.contains(path) => Item::Found(Found::Other),
                FileType::Directory => match job.around.below(path, from_top) {
                    Some(around) => {
                        children.push(Job {
                            id: 0,
                            base: job.base,
                            path: path.clone(),
                            around,
                        });
                        Item::Dir(0)
                    }
                    None => Item::Found(Found::Other),
                },
                FileType::RegularFile | FileType::Symlink if job.around.has(path, from_top) => {
                    // What is gone by now may come back.
                    Item::Found(looked_at(dir, name).unwrap_or(Found::Other))
                }
                _ => Item::Found(Found::Other),
            };
            listing.add(name, item);
        }
        self.push(children, &mut listing);
        listing
    }

    /// Gives the children the numbers under which they will be found, and hands them out.
    fn push(&self, mut children: Vec<Job>, listing: &mut Listing) {
        if children.is_empty() {
            return;
        }
        let mut queue = self.queue();
        let ids = queue.count..;
        queue.count += children.len();
        let dirs = listing.items.iter_mut().filter_map(|(_, item)| match item {
            Item::Dir(id) => Some(id),
            Item::Found(_) => None,
        });
        for ((id, child), place) in ids.zip(&mut children).zip(dirs) {
            child.id = id;
            *place = id;
        }
        // The last one comes first: the tree is walked from top to bottom.
        queue.jobs.extend(children.into_iter().rev());
        drop(queue);
        self.changed.notify_all();
    }
}

/// Says that a thread is done with a directory.
struct Done<'a>(&'a Walker<'a>);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.busy -= 1;
        if queue.busy == 0 && queue.jobs.is_empty() {
            drop(queue);
            self.0.changed.notify_all();
        }
    }
}

impl Listing {
    fn add(&mut self, name: &CStr, item: Item) {
        let position = |names: &Vec<u8>| u32::try_from(names.len()).unwrap_or(u32::MAX);
        let start = position(&self.names);
        self.names.extend_from_slice(name.to_bytes());
        self.items.push((start..position(&self.names), item));
    }
}

/// What a thread uses again for each directory.
#[derive(Default)]
struct Scratch {
    names: Names,
    path: Vec<u8>,
    from_top: Vec<u8>,
}

fn open(at: impl rustix::fd::AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    openat(
        at,
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | flags,
        Mode::empty(),
    )
}

fn told(job: &Job, error: Errno, listing: Listing) -> Listing {
    let dir = OsStr::from_bytes(&job.path);
    tracing::warn!(%error, dir = %dir.display(), "a directory cannot be read: what is in it counts as unknown");
    listing
}

/// Nothing where it is gone.
fn looked_at(dir: &OwnedFd, name: &CStr) -> Option<Found> {
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => {
            let stat = Stat::new(&found);
            let is_entry = matches!(stat.file_type(), FileType::RegularFile | FileType::Symlink);
            // A directory that was a file just now is one whose content nobody knows.
            Some(if is_entry {
                Found::Entry(stat)
            } else {
                Found::Unreadable
            })
        }
        Err(Errno::NOENT) => None,
        Err(_) => Some(Found::Unreadable),
    }
}
