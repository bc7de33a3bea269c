//! Merges files, and leaves out what is of no use any more.
//!
//! What is written stands for the files that it is made of, and names them. In passing, they are removed only when it has
//! existed for a while: a run that has just listed the directory finds what it has listed. Whoever finds a file gone looks
//! again, so that also [`collect`], which removes them at once, takes nothing from a run.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::index::{NewPass, NewSegment};
use super::keep::{Candidate, Kept, Limits, Use, all_in_groups, useful, worth_rewriting};
use super::open::{Opened, names};
use super::pass::since_1970;
use super::place::{Durability, Place, random};
use super::segment::{LARGEST_FILE, Segment};
use crate::history::RunKey;
use crate::model::Digest;
use crate::store::names::{Kind, Name};
use crate::store::{StoreError, Unsafe};

/// What is merged is removed only when the merged file has existed for this long. By then the system has written it to the
/// disk, so that nobody has to wait for that.
const SETTLES_WITHIN: Duration = Duration::from_mins(2);

/// What was made of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What there was before.
    pub before: Extent,
    /// What there is now.
    pub after: Extent,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many files.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many passes can be found in them.
    pub passes: usize,
}

/// Merges files where there are many, a bounded part of them at a time, and removes those that have been merged long enough
/// ago. It is made for the end of a run, when its verdict is out; that it cannot be done is no matter for anybody.
#[tracing::instrument(name = "tidy_results", level = "debug", skip_all)]
pub fn tidy(state: &Path) {
    let tidied = Place::open(state).map(|place| tidy_place(&place, SystemTime::now(), &Limits::USUAL));
    match tidied {
        Ok(Ok(())) => {}
        // The next run tries again.
        Ok(Err(error)) => tracing::debug!(%error, "the results cannot be tidied"),
        Err(reason) => tracing::debug!(%reason, "there are no results to tidy"),
    }
}

pub(super) fn tidy_place(place: &Place, now: SystemTime, limits: &Limits) -> io::Result<()> {
    let opened = Opened::read(place)?;
    let (kept, uses) = weigh(&opened, now, limits, &BTreeSet::new());
    let chosen = worth_rewriting(uses, limits);
    let has_settled = |name: &Name| place.is_older(&name.to_string(), SETTLES_WITHIN, now);
    let mut gone: BTreeSet<Name> = opened.unsound.iter().map(|(name, _)| *name).collect();
    if rewrite(place, &opened, &chosen, &kept, Durability::Later)? == Rewritten::IntoNothing {
        gone.extend(chosen.iter().map(|file| opened.live[*file].name));
    }
    gone.retain(has_settled);
    for merged in opened.live.iter().filter(|segment| has_settled(&segment.name)) {
        gone.extend(merged.index.stands_for());
    }
    remove(place, gone.intersection(&opened.names));
    place.sweep(now);
    Ok(())
}

/// Merges everything now, leaves out what is of no use, and removes what has been merged.
///
/// # Errors
///
/// Where the directory cannot be used, or nothing can be written there.
#[tracing::instrument(name = "collect_results", level = "debug", skip_all)]
pub fn collect(state: &Path) -> Result<Collected, StoreError> {
    let place = match Place::open(state) {
        Ok(place) => place,
        Err(Unsafe::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Collected::default()),
        Err(reason) => return Err(reason.into()),
    };
    let collected = collect_place(&place, SystemTime::now(), &Limits::USUAL);
    collected.map_err(|source| StoreError::Write {
        dir: place.path().to_owned(),
        source,
    })
}

/// Leaves out all passes of these keys, and whatever else is of no use.
///
/// # Errors
///
/// Where the directory cannot be used, or nothing can be written there.
#[tracing::instrument(name = "forget_results", level = "debug", skip_all)]
pub fn forget(state: &Path, keys: &BTreeSet<Digest>) -> Result<(), StoreError> {
    let place = Place::open(state)?;
    let collected = collect_but(&place, SystemTime::now(), &Limits::USUAL, keys);
    collected.map(|_| ()).map_err(|source| StoreError::Write {
        dir: place.path().to_owned(),
        source,
    })
}

pub(super) fn collect_place(place: &Place, now: SystemTime, limits: &Limits) -> io::Result<Collected> {
    collect_but(place, now, limits, &BTreeSet::new())
}

/// The same, without the passes of some keys.
fn collect_but(place: &Place, now: SystemTime, limits: &Limits, but: &BTreeSet<Digest>) -> io::Result<Collected> {
    let opened = Opened::read(place)?;
    let before = extent(place, &opened);
    let (kept, uses) = weigh(&opened, now, limits, but);
    // What has not settled yet must be on the disk before what it stands for goes.
    opened.live.iter().try_for_each(Segment::sync)?;
    place.sync()?;
    let mut gone: BTreeSet<Name> = opened.unsound.iter().map(|(name, _)| *name).collect();
    gone.extend(opened.live.iter().flat_map(|segment| segment.index.stands_for()));
    for chosen in all_in_groups(uses, limits) {
        if rewrite(place, &opened, &chosen, &kept, Durability::Now)? != Rewritten::GivenUp {
            gone.extend(chosen.iter().map(|file| opened.live[*file].name));
        }
    }
    remove(place, gone.intersection(&opened.names));
    place.sweep(now);
    let after = extent(place, &Opened::read(place)?);
    Ok(Collected { before, after })
}

/// How much there is.
pub(super) fn extent(place: &Place, opened: &Opened) -> Extent {
    let length = |name: &Name| {
        place
            .path()
            .join(name.to_string())
            .symlink_metadata()
            .map_or(0, |file| file.len())
    };
    Extent {
        files: opened.names.len(),
        bytes: opened.names.iter().map(length).sum(),
        passes: opened.live.iter().map(|segment| segment.index.entries().count()).sum(),
    }
}

/// Which passes are worth keeping, those of these keys aside, and how much of each file they are.
fn weigh(opened: &Opened, now: SystemTime, limits: &Limits, but: &BTreeSet<Digest>) -> (Kept, Vec<Use>) {
    let mut candidates = Vec::new();
    for (file, segment) in opened.live.iter().enumerate() {
        let blobs: u64 = segment.index.blobs().map(|blob| u64::from(blob.length)).sum();
        let entries: Vec<_> = segment.index.entries().collect();
        let share = blobs / (entries.len() as u64).max(1);
        candidates.extend(entries.into_iter().enumerate().map(|(place, entry)| Candidate {
            file,
            place,
            entry,
            size: entry.size() + share,
        }));
    }
    let mut uses: Vec<_> = (0..opened.live.len())
        .map(|file| Use { file, size: 0, used: 0 })
        .collect();
    let wanted = candidates
        .iter()
        .filter(|candidate| !but.contains(&candidate.entry.key));
    let kept = useful(wanted.copied().collect(), since_1970(now).0, limits);
    for Candidate { file, place, size, .. } in candidates {
        uses[file].size += size;
        if kept.contains(&(file, place)) {
            uses[file].used += size;
        }
    }
    (kept, uses)
}

/// What came of files that were to be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rewritten {
    /// One file stands for them now.
    IntoOne,
    /// There was nothing in them to be kept.
    IntoNothing,
    /// Somebody else has removed some of them meanwhile.
    GivenUp,
}

/// Writes one file that stands for these, with what is worth keeping of them.
fn rewrite(place: &Place, opened: &Opened, chosen: &[usize], kept: &Kept, how: Durability) -> io::Result<Rewritten> {
    let files: Vec<&Segment> = chosen.iter().map(|file| &opened.live[*file]).collect();
    let mut passes = Vec::new();
    let mut wanted = BTreeSet::new();
    for (file, segment) in chosen.iter().zip(&files) {
        let entries = segment.index.entries().enumerate();
        for (_, entry) in entries.filter(|(place, _)| kept.contains(&(*file, *place))) {
            // What is damaged is left out.
            if let (Ok(head), Ok(body)) = (segment.head(&entry), segment.body(&entry)) {
                wanted.insert(head.pass.ingredients);
                passes.push(NewPass { entry, body });
            }
        }
    }
    if passes.is_empty() {
        return Ok(Rewritten::IntoNothing);
    }
    let bodies: u64 = passes.iter().map(|pass| pass.body.len() as u64).sum();
    // A little less than there may be: the index needs room as well.
    let blobs = named_blobs(&files, wanted, (LARGEST_FILE / 2).saturating_sub(bodies));
    let mut stands_for: BTreeSet<Name> = files.iter().map(|segment| segment.name).collect();
    let sequence = stands_for.last().map_or(0, |name| name.key.sequence);
    let there = names(place)?;
    if !stands_for.is_subset(&there) {
        return Ok(Rewritten::GivenUp);
    }
    stands_for.extend(files.iter().flat_map(|segment| segment.index.stands_for()));
    let stands_for: Vec<Name> = stands_for.intersection(&there).copied().collect();
    let name = Name {
        key: RunKey { sequence, id: random() },
        kind: Kind::Merged,
    };
    let segment = NewSegment::new(&stands_for, passes, blobs);
    place.write(&name.to_string(), segment.parts(), how)?;
    Ok(Rewritten::IntoOne)
}

/// The blobs of these digests, and those that they name, as far as there is room.
fn named_blobs(files: &[&Segment], wanted: BTreeSet<Digest>, mut room: u64) -> Vec<(Digest, Vec<u8>)> {
    let mut known = wanted.clone();
    let mut open: Vec<Digest> = wanted.into_iter().collect();
    let mut found = Vec::new();
    while let Some(digest) = open.pop() {
        let content = files
            .iter()
            .find_map(|segment| segment.blob(&segment.index.blob(&digest)?).ok());
        let Some(content) = content else { continue };
        let Some(rest) = room.checked_sub(content.len() as u64) else {
            break;
        };
        room = rest;
        open.extend(digests_in(&content).filter(|named| known.insert(*named)));
        found.push((digest, content));
    }
    found.sort_unstable();
    found
}

/// The digests that a text names, each as a word of 64 digits.
fn digests_in(text: &[u8]) -> impl Iterator<Item = Digest> {
    let words = text
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| word.len() == 64);
    words.filter_map(|word| Digest::from_hex(std::str::from_utf8(word).ok()?))
}

fn remove<'n>(place: &Place, names: impl Iterator<Item = &'n Name>) {
    for name in names {
        place.remove(&name.to_string());
    }
}
