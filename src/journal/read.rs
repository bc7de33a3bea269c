//! The record of one run, as it is read again.

use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Begin, Content};
use super::place::{BELOW, EVENTS, is_held, shelf_name};
use crate::event::Event;
use crate::private_files::PrivateDir;

/// No record is larger.
pub(super) const LARGEST: u64 = 64 * 1024 * 1024;

/// What has become of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It came to its end.
    Ended,
    /// It goes on.
    GoesOn,
    /// It has neither an end nor anybody who could still write one: it was killed, or could not be recorded any further.
    BrokenOff,
}

/// The record of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its number.
    pub number: u64,
    /// What it is.
    pub begin: Begin,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What has become of it.
    pub standing: Standing,
    /// How many lines of the record are damaged. That of which somebody was killed is one.
    pub damaged: usize,
    /// How many lines are missing between the others.
    pub missing: u64,
    /// How large the record is.
    pub bytes: u64,
}

/// The record of the run with this number; nothing where there is none, or where it does not even say what it is.
#[must_use]
pub fn read(state: &Path, number: u64) -> Option<Recorded> {
    let runs = PrivateDir::open(state, &BELOW).ok()?;
    let shelf = runs.below(&shelf_name(number)).ok()?;
    read_on_shelf(&shelf, number)
        .inspect_err(|error| tracing::debug!(%error, number, "the record of a run cannot be read"))
        .ok()?
}

/// The same, on a shelf that is open. An error is about the file; nothing is said of a run that never began.
pub(super) fn read_on_shelf(shelf: &PrivateDir, number: u64) -> io::Result<Option<Recorded>> {
    let run = shelf.below(&number.to_string()).map_err(io::Error::other)?;
    let mut file = run.own_file(EVENTS)?;
    // Whoever writes an end lets go of the lock afterwards: without a lock, all that will ever be there can be read.
    let is_held = is_held(&file);
    let mut bytes = Vec::new();
    (&mut file).take(LARGEST).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(Content::of(&bytes).map(|content| Recorded {
        number,
        standing: match (content.has_end(), is_held) {
            (true, _) => Standing::Ended,
            (false, true) => Standing::GoesOn,
            (false, false) => Standing::BrokenOff,
        },
        begin: content.begin,
        events: content.events,
        damaged: content.damaged,
        missing: content.missing,
        bytes: size,
    }))
}
