//! What the runs of a shelf come to, kept so that nobody has to read them again. Only a cache.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::line;
use super::place::numbers;
use super::read::{Standing, read_on_shelf};
use super::summary::{RunSummary, summarize};
use super::tally::Tallies;
use crate::private_files::{Durability, PrivateDir};

/// What the file is called.
pub(super) const INDEX: &str = "index";
/// What is kept here, as a version: another one is made anew.
const FORMAT: u32 = 2;
/// No index is larger.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What the runs of a shelf come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    format: u32,
    /// Those that are over.
    pub(super) runs: Vec<RunSummary>,
    /// What their tasks came to.
    pub(super) tallies: Tallies,
}

/// What is on a shelf.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) index: Index,
    /// The runs that go on.
    pub(super) going_on: Vec<RunSummary>,
    /// The numbers of those of which nothing can be read: they were killed before they had begun, or are damaged.
    pub(super) unreadable: Vec<u64>,
}

impl Index {
    /// The index of a shelf; nothing where there is none, or none to rely on.
    pub(super) fn read(shelf: &PrivateDir) -> Option<Self> {
        let bytes = shelf.read(INDEX, LARGEST).ok()?;
        let (lines, _) = line::read(&bytes);
        let index: Self = serde_json::from_str(lines.first()?.body).ok()?;
        (index.format == FORMAT).then_some(index)
    }

    fn write(&self, shelf: &PrivateDir) {
        let mut bytes = Vec::new();
        line::write(&mut bytes, 0, &serde_json::to_vec(self).unwrap_or_default());
        if let Err(error) = shelf.write(INDEX, &bytes, Durability::Later) {
            // Then somebody reads the runs again the next time.
            tracing::debug!(%error, "what runs come to cannot be kept");
        }
    }
}

impl Shelf {
    /// What is on this shelf. What the index does not know yet is read, and is known from then on.
    pub(super) fn look(shelf: &PrivateDir) -> Self {
        let there = numbers(shelf);
        let index = Index::read(shelf).filter(|index| is_about(index, &there));
        let mut found = Self {
            index: index.unwrap_or_default(),
            ..Self::default()
        };
        found.index.format = FORMAT;
        let known: BTreeSet<u64> = found.index.runs.iter().map(|run| run.number).collect();
        for number in there.into_iter().filter(|number| !known.contains(number)) {
            found.add(shelf, number);
        }
        if found.index.runs.len() > known.len() {
            found.index.runs.sort_unstable_by_key(|run| run.number);
            found.index.write(shelf);
        }
        found
    }

    fn add(&mut self, shelf: &PrivateDir, number: u64) {
        match read_on_shelf(shelf, number) {
            Ok(Some(run)) if run.standing == Standing::GoesOn => self.going_on.push(summarize(&run)),
            Ok(Some(run)) => {
                self.index.tallies.add(&run);
                self.index.runs.push(summarize(&run));
            }
            Ok(None) => self.unreadable.push(number),
            Err(error) => {
                tracing::debug!(%error, number, "the record of a run cannot be read");
                self.unreadable.push(number);
            }
        }
    }
}

/// Whether all runs that it knows are still there: what it says of the tasks is about all of them.
fn is_about(index: &Index, there: &[u64]) -> bool {
    index.runs.iter().all(|run| there.binary_search(&run.number).is_ok())
}
