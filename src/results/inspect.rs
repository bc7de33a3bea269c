//! What is in the results, whether it is sound, and how to be rid of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::index::Entry;
use super::open::{Opened, names};
use super::pass::{Pass, encode};
use super::place::Place;
use super::segment::{Damage, Fault, Segment};
use super::tidy::{Extent, extent};
use crate::model::{CheckName, CrateName};
use crate::store::{StoreError, Unsafe};

/// What is in the results.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Where they lie. Nothing need be there.
    pub dir: PathBuf,
    /// How much there is.
    pub extent: Extent,
    /// When the oldest pass was.
    pub oldest: Option<SystemTime>,
    /// When the newest pass was.
    pub newest: Option<SystemTime>,
    /// The same for each check.
    pub checks: BTreeMap<CheckName, CheckSummary>,
    /// What cannot be used, as far as it was met.
    pub damage: Vec<Damage>,
}

/// What is in the results of one check.
#[derive(Clone, Debug, Default)]
pub struct CheckSummary {
    /// How many passes.
    pub passes: usize,
    /// Of which crates.
    pub crates: BTreeSet<CrateName>,
    /// How many bytes they have.
    pub bytes: u64,
    /// When the newest pass was.
    pub newest: Option<SystemTime>,
}

/// Says what is in the results.
///
/// # Errors
///
/// Where the directory cannot be used. That there is none is no error.
pub fn summarize(state: &Path) -> Result<Summary, StoreError> {
    let mut summary = Summary {
        dir: Place::of(state),
        ..Summary::default()
    };
    let Some(place) = opened(state)? else {
        return Ok(summary);
    };
    let files = Opened::read(&place).map_err(|error| failed(&place, error))?;
    summary.extent = extent(&place, &files);
    summary.damage = files.unusable().map(|(_, damage)| damage.clone()).collect();
    for segment in &files.live {
        for entry in segment.index.entries() {
            match segment.head(&entry) {
                Ok(head) => summary.add(head.pass, &entry),
                Err(damage) => summary.damage.push(damage),
            }
        }
    }
    Ok(summary)
}

impl Summary {
    fn add(&mut self, pass: Pass, entry: &Entry) {
        let check = self.checks.entry(pass.check).or_default();
        check.passes += 1;
        check.bytes += entry.size();
        check.crates.extend(pass.krate);
        check.newest = check.newest.max(Some(pass.at));
        self.newest = self.newest.max(Some(pass.at));
        self.oldest = Some(self.oldest.map_or(pass.at, |oldest| oldest.min(pass.at)));
    }
}

/// What came of reading all of the results.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// How many files were read.
    pub files: usize,
    /// How many passes in them are sound.
    pub passes: usize,
    /// How many blobs in them are sound.
    pub blobs: usize,
    /// What is damaged.
    pub damage: Vec<Damage>,
}

/// Reads all of the results, those that others stand for included.
///
/// # Errors
///
/// Where the directory cannot be used. That there is none is no error.
pub fn verify(state: &Path) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    let Some(place) = opened(state)? else {
        return Ok(verified);
    };
    for name in names(&place).map_err(|error| failed(&place, error))? {
        match Segment::open(&place, name) {
            Ok(segment) => verified.read(&segment),
            // Somebody else has just removed it.
            Err(Fault::Gone) => continue,
            Err(Fault::Unreadable(damage) | Fault::Unsound(damage)) => verified.damage.push(damage),
        }
        verified.files += 1;
    }
    Ok(verified)
}

impl Verified {
    fn read(&mut self, segment: &Segment) {
        for entry in segment.index.entries() {
            match read_whole(segment, &entry) {
                // The index says the same as the pass itself.
                Ok(pass) if encode(&pass, entry.run).entry == (Entry { offset: 0, ..entry }) => self.passes += 1,
                Ok(_) => self.damage.push(Damage {
                    file: segment.path().to_owned(),
                    what: "the index is about another pass".to_owned(),
                }),
                Err(damage) => self.damage.push(damage),
            }
        }
        for blob in segment.index.blobs() {
            match segment.blob(&blob) {
                Ok(_) => self.blobs += 1,
                Err(damage) => self.damage.push(damage),
            }
        }
    }
}

fn read_whole(segment: &Segment, entry: &Entry) -> Result<Pass, Damage> {
    let head = segment.head(entry)?;
    let output = segment.output(entry, &head)?;
    Ok(Pass { output, ..head.pass })
}

/// Removes the results, and nothing else that lies beside them. What a run writes meanwhile stays.
///
/// # Errors
///
/// Where the directory cannot be used, or a file cannot be removed. That there is none is no error.
pub fn clear(state: &Path) -> Result<Extent, StoreError> {
    let Some(place) = opened(state)? else {
        return Ok(Extent::default());
    };
    let files = Opened::read(&place).map_err(|error| failed(&place, error))?;
    let removed = extent(&place, &files);
    files.names.iter().for_each(|name| place.remove(&name.to_string()));
    place.sweep(SystemTime::now());
    let there = names(&place).map_err(|error| failed(&place, error))?;
    match there.intersection(&files.names).next() {
        Some(name) => Err(failed(&place, io::Error::other(format!("`{name}` cannot be removed")))),
        None => Ok(removed),
    }
}

/// The directory, if there is one.
fn opened(state: &Path) -> Result<Option<Place>, StoreError> {
    match Place::open(state) {
        Ok(place) => Ok(Some(place)),
        Err(Unsafe::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(reason.into()),
    }
}

fn failed(place: &Place, source: io::Error) -> StoreError {
    StoreError::Write {
        dir: place.path().to_owned(),
        source,
    }
}
