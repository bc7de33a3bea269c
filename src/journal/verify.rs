//! Reads all that is recorded, and says what is damaged.

use std::path::Path;

use super::index::{INDEX, Index};
use super::place::{BELOW, numbers, shelf_name, shelves};
use super::read::{Recorded, Standing, read_on_shelf};
use super::summary::{RunSummary, summarize};
use super::tally::Tallies;
use crate::private_files::{PrivateDir, Unsafe};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many runs were read.
    pub runs: usize,
    /// How many events they have.
    pub events: usize,
    /// How many of the runs have no end, since they were killed.
    pub broken_off: usize,
    /// How many go on.
    pub going_on: usize,
    /// How many were killed before they had begun.
    pub never_begun: usize,
    /// What is wrong.
    pub troubles: Vec<Trouble>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The run, or the first one of those that share a directory.
    pub run: u64,
    /// What.
    pub what: String,
}

/// Reads all runs. An index that does not agree with them is removed: it is only a cache, and is made anew.
///
/// # Errors
///
/// Where the directory is there, and not one to use.
pub fn verify(state: &Path) -> Result<Verified, Unsafe> {
    let mut verified = Verified::default();
    let runs = match PrivateDir::open(state, &BELOW) {
        Err(Unsafe::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(verified),
        opened => opened?,
    };
    for first in shelves(&runs) {
        let shelf = runs.below(&shelf_name(first))?;
        verified.look(&shelf, first);
    }
    Ok(verified)
}

impl Verified {
    fn look(&mut self, shelf: &PrivateDir, first: u64) {
        let index = Index::read(shelf);
        let mut summaries: Vec<RunSummary> = Vec::new();
        let mut tallies = Tallies::default();
        for number in numbers(shelf) {
            match read_on_shelf(shelf, number) {
                Ok(Some(run)) => {
                    self.count(&run);
                    let summary = summarize(&run);
                    if index.as_ref().is_some_and(|index| index.runs.contains(&summary)) {
                        tallies.add(&run);
                    }
                    summaries.push(summary);
                }
                Ok(None) if is_empty(shelf, number) => self.never_begun += 1,
                Ok(None) => self.trouble(
                    number,
                    "its beginning is damaged, so that nothing can be said of it".to_owned(),
                ),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.never_begun += 1,
                Err(error) => self.trouble(number, error.to_string()),
            }
        }
        let agrees = |index: &Index| index.runs.iter().all(|run| summaries.contains(run)) && index.tallies == tallies;
        if index.is_some_and(|index| !agrees(&index)) {
            self.trouble(
                first,
                "the index does not agree with the runs, and is made anew".to_owned(),
            );
            shelf.remove(INDEX);
        }
    }

    fn count(&mut self, run: &Recorded) {
        self.runs += 1;
        self.events += run.events.len();
        self.broken_off += usize::from(run.standing == Standing::BrokenOff);
        self.going_on += usize::from(run.standing == Standing::GoesOn);
        // Who is killed while writing leaves half a line; who is writing has not finished his.
        let torn = usize::from(run.standing != Standing::Ended).min(run.damaged);
        let damaged = run.damaged - torn;
        if damaged > 0 || run.missing > 0 {
            self.trouble(
                run.number,
                format!("{damaged} damaged, and {} missing of its events", run.missing),
            );
        }
    }

    fn trouble(&mut self, run: u64, what: String) {
        self.troubles.push(Trouble { run, what });
    }
}

/// Whether nothing was ever written of a run.
fn is_empty(shelf: &PrivateDir, number: u64) -> bool {
    let run = shelf.below(&number.to_string()).ok();
    let file = run.and_then(|run| run.own_file(super::place::EVENTS).ok());
    let metadata = file.and_then(|file| file.metadata().ok());
    metadata.is_some_and(|metadata| metadata.len() == 0)
}
