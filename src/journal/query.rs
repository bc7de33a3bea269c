//! What is recorded of the runs of a repository.

use std::path::Path;

use super::index::Shelf;
use super::place::{BELOW, shelf_name, shelves};
use super::summary::RunSummary;
use super::tally::Tallies;
use crate::private_files::PrivateDir;

/// What runs come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journals {
    /// The runs, the oldest first.
    pub runs: Vec<RunSummary>,
    /// What the tasks came to of those that are over.
    pub tallies: Tallies,
}

/// What the newest runs come to: at least so many where there are, and no fewer of any that share a directory with them.
/// Nothing where nothing is recorded, or nothing may be read.
#[must_use]
#[tracing::instrument(level = "debug", skip_all)]
pub fn journals(state: &Path, at_least: usize) -> Journals {
    let mut found = Journals::default();
    let runs = match PrivateDir::open(state, &BELOW) {
        Ok(runs) => runs,
        Err(reason) => {
            tracing::debug!(%reason, "no run is recorded");
            return found;
        }
    };
    for first in shelves(&runs).into_iter().rev() {
        if found.runs.len() >= at_least {
            break;
        }
        let Ok(dir) = runs.below(&shelf_name(first)) else {
            continue;
        };
        let shelf = Shelf::look(&dir);
        found.runs.extend(shelf.index.runs);
        found.runs.extend(shelf.going_on);
        found.tallies.merge(&shelf.index.tallies);
    }
    found.runs.sort_unstable_by_key(|run| run.number);
    found
}
