//! What cargo has compiled, and where it may take that for what is there now.
//!
//! Cargo goes by the times of files, and so does the first answer here ([`stale`](super::stale)). Times can be wrong: a clock
//! was set back, a directory that was renamed has got another file since. They also tell of changes that are none, as of a
//! file that is a program now. What was compiled while we looked is therefore remembered by its content, and that is the
//! better answer for as long as cargo has not compiled it again. Without it, the times alone count.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::stale::{Nanoseconds, came_there, changed, lag, modified};
use crate::model::Digest;
use crate::private_files::{Durability, PrivateDir};
use crate::readers::normal;

/// Where it is remembered below the state of a repository.
const FILE: &str = "compiled-1";
/// So many units are remembered, and those that are there in any case.
const MOST: usize = 20_000;
/// No such file of ours is larger.
const LARGEST: u64 = 64 * 1024 * 1024;
/// The units that are written down.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    units: Vec<Unit>,
    /// Those that a file has a part in.
    of_file: BTreeMap<PathBuf, Vec<usize>>,
    /// What the clock shows.
    now: Nanoseconds,
}

/// Something that was compiled, or a build script that has run.
#[derive(Debug)]
struct Unit {
    /// Where that is written down, with what the system says of it: no other compilation has the same.
    name: Digest,
    /// When.
    time: Nanoseconds,
    /// When anything of that file last changed: only the clock of the system sets this one.
    noted: Nanoseconds,
    /// What it was made from: files, and directories with all that is in them.
    made_from: BTreeSet<PathBuf>,
    /// The same with all that is in the directories.
    places: BTreeSet<PathBuf>,
    proof: Proof,
}

/// What is known of the contents that a unit was compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nothing: only times tell.
    None,
    /// They are there now.
    Same,
    /// Others are there now.
    Other,
}

/// What contents are compared by.
pub(super) struct Comparison<'c> {
    pub(super) root: &'c Path,
    pub(super) state_dir: &'c Path,
    /// When the run began after which it is asked.
    pub(super) began: Nanoseconds,
    /// What is at a path now, where that is known.
    pub(super) content: &'c dyn Fn(&Path) -> Option<Digest>,
}

impl Compiled {
    /// None yet, at this moment.
    pub(super) fn at(now: Nanoseconds) -> Self {
        Self { now, ..Self::default() }
    }

    /// Adds a unit that was made from these, of which directories have these files and directories in them.
    pub(super) fn add(&mut self, record: (&Path, &Metadata), made_from: &[PathBuf], below: &[PathBuf]) {
        let made_from: BTreeSet<PathBuf> = made_from.iter().map(|path| normal(path)).collect();
        let places: BTreeSet<PathBuf> = (made_from.iter().cloned())
            .chain(below.iter().map(|path| normal(path)))
            .collect();
        for place in &places {
            self.of_file.entry(place.clone()).or_default().push(self.units.len());
        }
        let (path, found) = record;
        let stamp = format!("{} {} {} {}", modified(found), changed(found), found.ino(), found.len());
        self.units.push(Unit {
            name: Digest::of(&[path.as_os_str().as_bytes(), b"\0", stamp.as_bytes()].concat()),
            time: modified(found),
            noted: changed(found),
            made_from,
            places,
            proof: Proof::None,
        });
    }

    /// Compares what there is with what units were compiled from, as far as that is remembered, and remembers what was
    /// compiled now.
    pub(super) fn compare(&mut self, with: &Comparison<'_>) {
        let known = load(with.state_dir);
        let mut remembered = BTreeMap::new();
        for unit in &mut self.units {
            let Some(content) = unit.content(with.content) else {
                continue;
            };
            match known.get(&unit.name) {
                Some(then) => {
                    unit.proof = if *then == content { Proof::Same } else { Proof::Other };
                    remembered.insert(unit.name, *then);
                }
                None if unit.is_new(with.began, self.now) && unit.is_older_than(with.began, with.root) => {
                    unit.proof = Proof::Same;
                    remembered.insert(unit.name, content);
                }
                None => {}
            }
        }
        if remembered.keys().any(|name| !known.contains_key(name)) {
            // Other target directories have units as well.
            let others = known.into_iter().take(MOST.saturating_sub(remembered.len()));
            remembered.extend(others.collect::<Vec<_>>());
            save(with.state_dir, &remembered);
        }
    }

    /// Whether cargo may take a file for one that it has compiled, though it is another: then it sees no reason to compile
    /// that unit again.
    pub(super) fn may_be_taken_for_older(&self, root: &Path, file: &Path) -> bool {
        let Some(units) = self.of_file.get(&normal(file)) else {
            return false;
        };
        let found = match fs::metadata(file) {
            Ok(found) => found,
            // Cargo compiles again what it misses a file of. A unit that is of no use any more may name it for ever.
            Err(error) => return error.kind() != io::ErrorKind::NotFound,
        };
        let (written, came) = (modified(&found), came_there(root, file).max(changed(&found)));
        let by_times = |time: Nanoseconds| {
            // What a clock has dated that was ahead seems newer than what was edited since.
            (written <= time && time < came) || self.now < time
        };
        units.iter().any(|unit| {
            let unit = &self.units[*unit];
            let may_be = match unit.proof {
                Proof::None => by_times(unit.time),
                Proof::Same => false,
                Proof::Other => true,
            };
            may_be && !unit.is_overtaken()
        })
    }
}

impl Unit {
    fn content(&self, content: &dyn Fn(&Path) -> Option<Digest>) -> Option<Digest> {
        let mut bytes = Vec::new();
        for path in &self.made_from {
            bytes.extend_from_slice(path.as_os_str().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(content(path)?.as_bytes());
        }
        Some(Digest::of(&bytes))
    }

    /// Whether a file of it is newer or gone: cargo sees that, and compiles it again if it is of any use.
    fn is_overtaken(&self) -> bool {
        self.places.iter().any(|place| match fs::metadata(place) {
            Ok(found) => !found.is_dir() && self.time < modified(&found),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        })
    }

    /// Whether it was compiled between these times.
    fn is_new(&self, began: Nanoseconds, now: Nanoseconds) -> bool {
        [self.time, self.noted].iter().all(|time| (began..=now).contains(time))
    }

    /// Whether nothing of what it was made from has come to be where it is since that time, or shortly before.
    fn is_older_than(&self, time: Nanoseconds, root: &Path) -> bool {
        self.places.iter().all(|place| {
            fs::metadata(place).is_ok_and(|found| came_there(root, place).max(changed(&found)) + lag(&found) < time)
        })
    }
}

/// What is remembered: pairs of digests, after one of all of them.
fn load(state_dir: &Path) -> BTreeMap<Digest, Digest> {
    let read = || {
        let dir = PrivateDir::open(state_dir, &[]).ok()?;
        let bytes = dir.read(FILE, LARGEST).ok()?;
        let (sealed, rest) = bytes.split_first_chunk::<32>()?;
        let (digests, rest_of_one) = rest.as_chunks::<32>();
        let (pairs, half) = digests.as_chunks::<2>();
        let is_whole = Digest::from(*sealed) == Digest::of(rest) && rest_of_one.is_empty() && half.is_empty();
        is_whole.then(|| {
            pairs
                .iter()
                .map(|[name, content]| ((*name).into(), (*content).into()))
                .collect()
        })
    };
    read().unwrap_or_default()
}

fn save(state_dir: &Path, units: &BTreeMap<Digest, Digest>) {
    let digests = units.iter().flat_map(|(name, content)| [name, content]);
    let rest: Vec<u8> = digests.flat_map(|digest| *digest.as_bytes()).collect();
    let bytes = [&Digest::of(&rest).as_bytes()[..], &rest].concat();
    let dir = PrivateDir::make(state_dir, &[]).map_err(io::Error::other);
    if let Err(error) = dir.and_then(|dir| dir.write(FILE, &bytes, Durability::Later)) {
        tracing::debug!(%error, "what was compiled cannot be remembered");
    }
}
