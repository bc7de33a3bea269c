//! Removes the records of old runs, so that all of them stay within bounds.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::index::{INDEX, Shelf};
use super::place::{BELOW, EVENTS, JournalError, is_held, shelf_name, shelves};
use super::summary::RunSummary;
use crate::private_files::PrivateDir;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many runs.
    pub runs: usize,
    /// How many bytes.
    pub bytes: u64,
    /// For how long.
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            runs: 10_000,
            bytes: 256 * 1024 * 1024,
            age: Duration::from_hours(24 * 180),
        }
    }
}

/// How much there was, and is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many runs are kept.
    pub runs: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many runs were removed.
    pub removed: usize,
    /// How many bytes these had.
    pub freed: u64,
}

/// Removes the oldest runs as long as there are too many, or too many bytes, and those that are too old. A clock that went
/// back removes nothing.
///
/// # Errors
///
/// Where the directory is not one to use.
#[tracing::instrument(level = "debug", skip_all)]
pub fn collect(state: &Path, limits: Limits, now: SystemTime) -> Result<Collected, JournalError> {
    let runs = PrivateDir::make(state, &BELOW)?;
    let now_millis = millis(now);
    let mut kept = Collected::default();
    let all = shelves(&runs);
    for (place, first) in all.iter().rev().enumerate() {
        let name = shelf_name(*first);
        let dir = runs.below(&name)?;
        let shelf = Shelf::look(&dir);
        dir.sweep(now);
        kept.runs += shelf.going_on.len();
        let mut removal = Removal {
            dir: &dir,
            began: false,
        };
        for run in shelf.index.runs.iter().rev() {
            let age = now_millis.saturating_sub(run.began);
            let is_kept = kept.runs < limits.runs
                && kept.bytes + run.bytes <= limits.bytes
                && u128::from(age) < limits.age.as_millis();
            kept.count(run, is_kept);
            if !is_kept {
                removal.remove(run.number);
            }
        }
        // On the newest one, somebody may just be about to begin.
        if place > 0 {
            for number in shelf.unreadable {
                removal.remove_unless_held(number);
            }
            if super::place::numbers(&dir).is_empty() {
                dir.remove(INDEX);
                runs.remove_below(&name);
            }
        }
    }
    Ok(kept)
}

impl Collected {
    fn count(&mut self, run: &RunSummary, is_kept: bool) {
        if is_kept {
            self.runs += 1;
            self.bytes += run.bytes;
        } else {
            self.removed += 1;
            self.freed += run.bytes;
        }
    }
}

/// Removes runs from a shelf.
struct Removal<'d> {
    dir: &'d PrivateDir,
    began: bool,
}

impl Removal<'_> {
    fn remove(&mut self, number: u64) {
        // The index goes first: it must not tell of runs that are gone.
        if !std::mem::replace(&mut self.began, true) {
            self.dir.remove(INDEX);
        }
        let name = number.to_string();
        if let Ok(run) = self.dir.below(&name) {
            run.remove(EVENTS);
        }
        self.dir.remove_below(&name);
    }

    fn remove_unless_held(&mut self, number: u64) {
        let run = self.dir.below(&number.to_string()).ok();
        let file = run.and_then(|run| run.own_file(EVENTS).ok());
        if file.is_none_or(|file| !is_held(&file)) {
            self.remove(number);
        }
    }
}

/// In milliseconds since the beginning of 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
