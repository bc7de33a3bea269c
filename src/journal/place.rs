//! Where the record of a run lies, and which number a run gets.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::private_files::{PrivateDir, Unsafe};

/// Where the records lie below the state of a repository.
pub(super) const BELOW: [&str; 2] = ["v1", "runs"];
/// What the file with the events of a run is called.
pub(super) const EVENTS: &str = "events";
/// So many runs share a directory: a run that looks for its number lists two short ones.
pub(super) const SHELF: u64 = 100;
/// How often a number is looked for that somebody else takes at the same time.
const TRIES: u32 = 1000;

/// Why a run could not be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The directory is not one to use.
    #[error(transparent)]
    Directory(#[from] Unsafe),
    /// A file or directory cannot be written.
    #[error("`{}`: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk was slower than the run for so long that there was no room for what happened.
    #[error("{0} events had to be left out, since the disk is slower than the run")]
    TooSlow(u64),
    /// The run had more to tell than a record holds.
    #[error("{0} events had to be left out, since there was no room for more")]
    TooMuch(u64),
}

/// The file of a run that is going on, locked as long as it is held.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) number: u64,
    pub(super) file: File,
    pub(super) path: PathBuf,
}

/// Gives a run the next number, and makes its file.
pub(super) fn place(state: &Path) -> Result<Placed, JournalError> {
    let runs = PrivateDir::make(state, &BELOW)?;
    let failed = |source: io::Error| JournalError::Write {
        path: runs.path().to_owned(),
        source,
    };
    for _ in 0..TRIES {
        let number = next(&runs);
        match try_place(&runs, number) {
            Ok(Some(placed)) => return Ok(placed),
            Ok(None) => {}
            // A shelf that was empty has just been removed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(io::Error::other("others take every number")))
}

/// Nothing where somebody else has just taken the number.
fn try_place(runs: &PrivateDir, number: u64) -> io::Result<Option<Placed>> {
    let shelf = shelf_name(number);
    runs.make_below(&shelf)?;
    let shelf = runs.below(&shelf).map_err(io::Error::other)?;
    if !shelf.make_below(&number.to_string())? {
        return Ok(None);
    }
    let run = shelf.below(&number.to_string()).map_err(io::Error::other)?;
    let file = run.append_to_new(EVENTS)?;
    // Somebody may be looking whether it is held, which takes a moment.
    rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
    let path = run.path().join(EVENTS);
    Ok(Some(Placed { number, file, path }))
}

/// The number after the last one.
fn next(runs: &PrivateDir) -> u64 {
    let Some(shelf) = shelves(runs).last().copied() else {
        return 1;
    };
    let last = runs.below(&shelf_name(shelf)).ok();
    let last = last.and_then(|dir| numbers(&dir).last().copied());
    last.map_or(shelf.max(1), |last| last + 1)
}

/// The first numbers of the shelves, the least first.
pub(super) fn shelves(runs: &PrivateDir) -> Vec<u64> {
    let of_shelf = |name: &String| name.parse().ok().filter(|first| shelf_name(*first) == *name);
    sorted(runs.dir_names().iter().filter_map(of_shelf))
}

/// The numbers of the runs on a shelf, the least first.
pub(super) fn numbers(shelf: &PrivateDir) -> Vec<u64> {
    let of_run = |name: &String| name.parse().ok().filter(|number: &u64| number.to_string() == *name);
    sorted(shelf.dir_names().iter().filter_map(of_run))
}

fn sorted(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// What the shelf is called that a run lies on.
pub(super) fn shelf_name(number: u64) -> String {
    format!("{:06}", number / SHELF * SHELF)
}

/// Whether the run whose file this is goes on. Of a file in which nothing is written yet this says nothing.
pub(super) fn is_held(file: &File) -> bool {
    let held = flock(file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK);
    if !held {
        // Where that fails, it ends with the file.
        let _ = flock(file, FlockOperation::Unlock);
    }
    held
}
