//! Writes what has passed in a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::index::{NewPass, NewSegment};
use super::open::names;
use super::pass::{Pass, encode};
use super::place::{Durability, Place, random};
use crate::history::RunKey;
use crate::model::Digest;
use crate::store::StoreError;
use crate::store::names::{Kind, Name};
use crate::tool_output::{HEAD_LIMIT, TAIL_LIMIT};

/// A pass with a longer output is not stored, and runs again: what is replayed is replayed whole. It is all that is ever kept
/// of an output, so only what was cut while it ran is longer.
pub const LARGEST_OUTPUT: usize = HEAD_LIMIT + TAIL_LIMIT;
/// A longer blob is not stored: it only explains.
pub const LARGEST_BLOB: usize = 1024 * 1024;
/// What a pass says of itself but for its output may be no longer.
const LARGEST_HEAD: usize = 1024 * 1024;
/// How much one run leaves: of more, what is largest is not stored.
const LARGEST_RUN: usize = 32 * 1024 * 1024;

/// What was stored of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// How many passes.
    pub stored: usize,
    /// How many passes are too large to be stored.
    pub too_large: usize,
}

/// Leaves the passes of a run for later ones, in a file of their own. The blobs are those that the passes name, and those that
/// such blobs name: all of them, also where earlier runs have left them already. For nothing, nothing is written.
///
/// # Errors
///
/// Where nothing can be written there. That is worth a warning, and no reason to fail.
#[tracing::instrument(name = "save_results", level = "debug", skip_all)]
pub fn save(state: &Path, passes: &[Pass], blobs: &BTreeMap<Digest, Vec<u8>>) -> Result<Saved, StoreError> {
    if passes.is_empty() {
        return Ok(Saved::default());
    }
    let place = Place::make(state)?;
    let written = |source| StoreError::Write {
        dir: place.path().to_owned(),
        source,
    };
    let last = names(&place)
        .map_err(written)?
        .last()
        .map_or(0, |name| name.key.sequence);
    let run = last.saturating_add(1);
    let (stored, mut room) = fitting(passes, run);
    let saved = Saved {
        stored: stored.len(),
        too_large: passes.len() - stored.len(),
    };
    if stored.is_empty() {
        return Ok(saved);
    }
    let mut kept = Vec::new();
    for (digest, blob) in blobs {
        if let Some(rest) = room.checked_sub(blob.len())
            && blob.len() <= LARGEST_BLOB
            && Digest::of(blob) == *digest
        {
            room = rest;
            kept.push((*digest, blob));
        }
    }
    let name = Name {
        key: RunKey {
            sequence: run,
            id: random(),
        },
        kind: Kind::Run,
    };
    let segment = NewSegment::new(&[], stored, kept);
    place
        .write(&name.to_string(), segment.parts(), Durability::Now)
        .map_err(written)?;
    Ok(saved)
}

/// The passes that there is room for, the smallest first, and how much room is left.
fn fitting(passes: &[Pass], run: u64) -> (Vec<NewPass>, usize) {
    let short = passes.iter().filter(|pass| pass.output.len() <= LARGEST_OUTPUT);
    let encoded = short.map(|pass| encode(pass, run));
    let mut encoded: Vec<_> = encoded
        .filter(|pass| pass.entry.head as usize <= LARGEST_HEAD)
        .collect();
    encoded.sort_by_key(|pass| pass.body.len());
    let mut room = LARGEST_RUN;
    let fits = encoded.iter().take_while(|pass| {
        let rest = room.checked_sub(pass.body.len());
        room = rest.unwrap_or(room);
        rest.is_some()
    });
    let count = fits.count();
    encoded.truncate(count);
    (encoded, room)
}
