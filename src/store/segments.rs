//! The files of the history: read, written, merged and removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::names::{Kind, Name};
use super::recorder::TaskEnd;
use super::segment::Segment;
use crate::history::{History, KEPT, Record, RunKey, TaskKey, newest_first};
use crate::private_files::{Durability, PrivateDir, Unsafe};

/// Where the history lies below the state of a repository.
pub(super) const BELOW: [&str; 2] = ["v1", "history"];
/// After how many runs their files are merged into one.
const MERGED_AFTER: usize = 16;
/// No more files are read, the newest ones first, however many there are.
const READ_AT_MOST: usize = 256;
/// How often it is looked again where somebody merges files at the same time.
const READ_AGAIN: usize = 4;
/// No file of ours is larger.
const LARGEST: u64 = 8 * 1024 * 1024;
/// About how many ends of tasks are kept when files are merged: those of the newest runs.
const RECORDS_AT_MOST: usize = 20_000;
/// For how long they are kept.
const KEPT_FOR: Duration = Duration::from_hours(24 * 180);
/// What is merged is removed only when the merged file has existed for this long: by then the system has written it to
/// the disk, so that nobody has to wait for that.
const SETTLES_WITHIN: Duration = Duration::from_mins(2);

/// Why a run could not be remembered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory is not one to use.
    #[error(transparent)]
    Directory(#[from] Unsafe),
    /// The file cannot be written.
    #[error("`{}`: {source}", dir.display())]
    Write {
        /// The directory of the history.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What is remembered in the state of a repository. What cannot be read is not remembered.
#[must_use]
#[tracing::instrument(level = "debug", skip_all)]
pub fn load(state: &Path) -> History {
    match PrivateDir::open(state, &BELOW) {
        Ok(dir) => History::new(read(&dir).records.into_iter().collect()),
        Err(reason) => {
            tracing::debug!(%reason, "nothing is remembered");
            History::default()
        }
    }
}

/// Remembers what came of the tasks of a run.
///
/// # Errors
///
/// Where nothing can be written there. That is worth a warning, and no reason to fail.
#[tracing::instrument(level = "debug", skip_all)]
pub fn save(state: &Path, ends: Vec<TaskEnd>) -> Result<(), StoreError> {
    if ends.is_empty() {
        return Ok(());
    }
    let dir = PrivateDir::make(state, &BELOW)?;
    let written = |source| StoreError::Write {
        dir: dir.path().to_owned(),
        source,
    };
    let names = names(&dir);
    let last = names.last().map_or(0, |name| name.key.sequence);
    let run = RunKey {
        sequence: last.saturating_add(1),
        id: random(),
    };
    let mut records: BTreeMap<TaskKey, Vec<Record>> = BTreeMap::new();
    for (key, record) in ends.into_iter().map(|end| end.of_run(run)) {
        records.entry(key).or_default().push(record);
    }
    let segment = Segment {
        started: BTreeMap::from([(run, seconds(SystemTime::now()))]),
        merged: Vec::new(),
        records: records.into_iter().collect(),
    };
    let name = Name {
        key: run,
        kind: Kind::Run,
    };
    write(&dir, name, &segment.to_bytes()).map_err(written)?;
    let merged_up_to = names.iter().rfind(|name| name.kind == Kind::Merged);
    let single = names.iter().filter(|name| {
        name.kind == Kind::Run && merged_up_to.is_none_or(|merged| name.key.sequence > merged.key.sequence)
    });
    if single.count() >= MERGED_AFTER
        && let Err(error) = merge(&dir, SystemTime::now())
    {
        // The next run tries again.
        tracing::debug!(%error, "the history cannot be merged");
    }
    Ok(())
}

/// What was found in the directory.
#[derive(Default)]
pub(super) struct Found {
    /// What came of tasks. What several files hold may be there several times.
    pub(super) records: HashMap<TaskKey, Vec<Record>>,
    pub(super) started: BTreeMap<RunKey, u64>,
    /// The files whose content this is, and those that hold nothing sound.
    pub(super) read: BTreeSet<Name>,
    /// The merged files among them, each with the names of those that it stands for.
    pub(super) merged: Vec<(Name, Vec<Name>)>,
}

/// Reads what is sound: merged files first, so that those which they stand for can be passed over.
pub(super) fn read(dir: &PrivateDir) -> Found {
    let (mut found, mut missed) = read_listed(dir);
    for _ in 0..READ_AGAIN {
        if !missed {
            break;
        }
        // A file that goes away meanwhile has just been merged into one that was not listed yet.
        (found, missed) = read_listed(dir);
    }
    found
}

/// What the listed files hold, and whether one of them was gone.
fn read_listed(dir: &PrivateDir) -> (Found, bool) {
    let mut found = Found::default();
    let mut missed = false;
    let names = names(dir);
    let of_kind = |kind| names.iter().rev().filter(move |name| name.kind == kind);
    for name in of_kind(Kind::Merged).chain(of_kind(Kind::Run)).take(READ_AT_MOST) {
        if found.read.contains(name) {
            continue;
        }
        match dir.read(&name.to_string(), LARGEST) {
            Ok(bytes) => found.add(*name, Segment::from_bytes(&bytes)),
            Err(error) => {
                missed |= error.kind() == io::ErrorKind::NotFound;
                tracing::debug!(%error, %name, "a file of the history cannot be read");
            }
        }
    }
    (found, missed)
}

impl Found {
    fn add(&mut self, name: Name, segment: Option<Segment>) {
        self.read.insert(name);
        let Some(segment) = segment else {
            tracing::debug!(%name, "a file of the history is damaged, and left out");
            return;
        };
        if name.kind == Kind::Merged {
            let merged: Vec<Name> = segment.merged.iter().filter_map(|name| Name::parse(name)).collect();
            self.read.extend(&merged);
            self.merged.push((name, merged));
        }
        self.started.extend(segment.started);
        for (key, mut records) in segment.records {
            self.records.entry(key).or_default().append(&mut records);
        }
    }
}

/// Writes one file that stands for all that are there, and removes those for which an older one stands already.
pub(super) fn merge(dir: &PrivateDir, now: SystemTime) -> io::Result<()> {
    let mut found = read(dir);
    let there = names(dir);
    let sequence = found.read.last().map_or(0, |name| name.key.sequence);
    let name = Name {
        key: RunKey { sequence, id: random() },
        kind: Kind::Merged,
    };
    let records = kept(
        std::mem::take(&mut found.records).into_iter().collect(),
        &found.started,
        seconds(now),
    );
    let runs: BTreeSet<RunKey> = records.values().flatten().map(|record| record.run).collect();
    found.started.retain(|run, _| runs.contains(run));
    let segment = Segment {
        merged: there
            .iter()
            .filter(|name| found.read.contains(name))
            .map(Name::to_string)
            .collect(),
        started: found.started,
        records: records.into_iter().collect(),
    };
    write(dir, name, &segment.to_bytes())?;
    for (merged, stands_for) in &found.merged {
        if dir.is_older(&merged.to_string(), SETTLES_WITHIN, now) {
            for name in there.iter().filter(|name| stands_for.contains(name)) {
                dir.remove(&name.to_string());
            }
        }
    }
    dir.sweep(now);
    Ok(())
}

/// The records that are worth keeping: of each task and size those of the last runs, nothing that is old, and no more than
/// there is room for.
fn kept(
    mut records: BTreeMap<TaskKey, Vec<Record>>,
    started: &BTreeMap<RunKey, u64>,
    now: u64,
) -> BTreeMap<TaskKey, Vec<Record>> {
    let is_recent = |run: &RunKey| {
        // A run of the future, by a clock that was wrong, is not old.
        let started = started.get(run).copied().unwrap_or(0);
        now.saturating_sub(started) < KEPT_FOR.as_secs()
    };
    for records in records.values_mut() {
        newest_first(records);
        let mut of_size: BTreeMap<u32, BTreeSet<RunKey>> = BTreeMap::new();
        records.retain(|record| {
            let runs = of_size.entry(record.extent.size()).or_default();
            is_recent(&record.run) && (runs.contains(&record.run) || (runs.len() < KEPT && runs.insert(record.run)))
        });
    }
    let mut runs: Vec<RunKey> = records.values().flatten().map(|record| record.run).collect();
    runs.sort_unstable();
    if let Some(oldest) = runs.len().checked_sub(RECORDS_AT_MOST).map(|over| runs[over]) {
        for records in records.values_mut() {
            records.retain(|record| record.run >= oldest);
        }
    }
    records.retain(|_, records| !records.is_empty());
    records
}

/// The names of the files, the oldest first.
fn names(dir: &PrivateDir) -> Vec<Name> {
    let mut names: Vec<_> = dir.names().iter().filter_map(|name| Name::parse(name)).collect();
    names.sort_unstable();
    names
}

fn write(dir: &PrivateDir, name: Name, bytes: &[u8]) -> io::Result<()> {
    // Nobody waits for the disk: what a power failure takes away is how long the last tasks took.
    dir.write(&name.to_string(), bytes, Durability::Later)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A number that nobody else has: the system gives each hasher keys of its own.
fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), SystemTime::now()))
}
