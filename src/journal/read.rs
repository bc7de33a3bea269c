//! The record of one run, as it is read again.

use std::fs::File;
use std::io::{self, Read, Seek};
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
    let mut bytes = all(&mut file)?;
    let Some(mut content) = Content::of(&bytes) else {
        return Ok(None);
    };
    let mut standing = Standing::Ended;
    // Whoever writes holds the lock from before the first line until after the last one: where there is a line and no lock, all
    // is there that will ever be, once it is read again.
    if !content.has_end() && is_held(&file) {
        standing = Standing::GoesOn;
    } else if !content.has_end() {
        bytes = all(&mut file)?;
        let Some(whole) = Content::of(&bytes) else {
            return Ok(None);
        };
        content = whole;
        if !content.has_end() {
            standing = Standing::BrokenOff;
        }
    }
    Ok(Some(Recorded {
        number,
        standing,
        begin: content.begin,
        events: content.events,
        damaged: content.damaged,
        missing: content.missing,
        bytes: bytes.len() as u64,
    }))
}

/// All that is in a file by now.
fn all(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
