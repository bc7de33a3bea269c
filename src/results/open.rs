//! The results of earlier runs, as a run asks for them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::index::Entry;
use super::pass::{Head, Pass, Recorded, subject};
use super::place::Place;
use super::segment::{Damage, Fault, Segment};
use crate::model::{CheckName, CrateName, Digest};
use crate::store::Unsafe;
use crate::store::names::{Kind, Name};

/// No more files are read, the newest ones first, however many there are: each of them is held open.
const READ_AT_MOST: usize = 128;
/// How often it is looked again where somebody removes files at the same time.
const READ_AGAIN: usize = 16;

/// The results of earlier runs. They are read once: what other runs add meanwhile is not seen, and what they remove stays.
#[derive(Debug, Default)]
pub struct Results {
    segments: Vec<Arc<Segment>>,
    remarks: Arc<Remarks>,
}

/// Says that something is damaged, once.
#[derive(Debug, Default)]
struct Remarks(AtomicBool);

impl Remarks {
    fn damaged(&self, damage: &Damage) {
        tracing::debug!(%damage, "a result cannot be used");
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                first = %damage,
                "some results of earlier runs are damaged, and not used; `cargo hooks cache verify` shows all of them"
            );
        }
    }
}

impl Results {
    /// Opens what is there, and reads what stands at the beginning of each file. What cannot be read is left out, with one
    /// warning.
    #[must_use]
    #[tracing::instrument(name = "open_results", level = "debug", skip_all)]
    pub fn open(state: &Path) -> Self {
        Self::opened(state, Remarks::default())
    }

    /// The same, for a run that has opened them before: whatever is wrong with them has been said.
    #[must_use]
    pub fn open_again(state: &Path) -> Self {
        Self::opened(state, Remarks(AtomicBool::new(true)))
    }

    fn opened(state: &Path, remarks: Remarks) -> Self {
        let results = Self {
            remarks: Arc::new(remarks),
            ..Self::default()
        };
        let place = match Place::open(state) {
            Ok(place) => place,
            Err(Unsafe::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return results,
            Err(reason) => {
                // Who runs something says so when what passed cannot be kept there either.
                tracing::debug!(%reason, "the results of earlier runs cannot be used");
                return results;
            }
        };
        match Opened::read(&place) {
            Ok(opened) => {
                for (_, damage) in opened.unusable() {
                    results.remarks.damaged(damage);
                }
                let segments = opened.live.into_iter().map(Arc::new).collect();
                Self { segments, ..results }
            }
            Err(error) => {
                if !results.remarks.0.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, dir = %place.path().display(), "the results of earlier runs cannot be used");
                }
                results
            }
        }
    }

    /// The passes of this key, the newest first: there are several where what they recorded differs.
    pub fn find(&self, key: &Digest) -> impl Iterator<Item = Hit> + use<> {
        let segments = self.segments.iter();
        let found = segments.flat_map(|segment| segment.index.find(key).map(|entry| (Arc::clone(segment), entry)));
        let mut found: Vec<_> = found.collect();
        newest_first(&mut found);
        let mut known = BTreeSet::new();
        found.retain(|(_, entry)| known.insert((entry.variant, entry.check)));
        let remarks = Arc::clone(&self.remarks);
        found.into_iter().filter_map(move |(segment, entry)| {
            let head = segment.head(&entry).inspect_err(|damage| remarks.damaged(damage));
            Some(Hit {
                head: head.ok()?,
                segment,
                entry,
                remarks: Arc::clone(&remarks),
            })
        })
    }

    /// The newest pass of this check, part and crate, whatever its key is.
    #[must_use]
    pub fn last(&self, check: &CheckName, part: &str, krate: Option<&CrateName>) -> Option<Pass> {
        let wanted = subject(check, part, krate);
        let mut found = Vec::new();
        for segment in &self.segments {
            let entries = segment.index.entries().filter(|entry| entry.subject == wanted);
            found.extend(entries.map(|entry| (Arc::clone(segment), entry)));
        }
        newest_first(&mut found);
        found.into_iter().find_map(|(segment, entry)| {
            let head = segment
                .head(&entry)
                .inspect_err(|damage| self.remarks.damaged(damage))
                .ok()?;
            let is_it = head.pass.check == *check && head.pass.part == part && head.pass.krate.as_ref() == krate;
            let remarks = Arc::clone(&self.remarks);
            is_it
                .then_some(Hit {
                    head,
                    segment,
                    entry,
                    remarks,
                })?
                .into_pass()
        })
    }

    /// A blob.
    #[must_use]
    pub fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.segments.iter().find_map(|segment| {
            let content = segment.blob(&segment.index.blob(digest)?);
            content.inspect_err(|damage| self.remarks.damaged(damage)).ok()
        })
    }

    /// Whether anything damaged was met so far.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.remarks.0.load(Ordering::Relaxed)
    }
}

fn newest_first(found: &mut [(Arc<Segment>, Entry)]) {
    found.sort_by_key(|(segment, entry)| std::cmp::Reverse((entry.run, segment.name, entry.offset)));
}

/// An earlier pass of a key: it counts if all that it recorded is the same now.
#[derive(Debug)]
pub struct Hit {
    head: Head,
    segment: Arc<Segment>,
    entry: Entry,
    remarks: Arc<Remarks>,
}

impl Hit {
    /// What the run turned out to read beyond what the key is made of.
    #[must_use]
    pub fn recorded(&self) -> &[Recorded] {
        &self.head.pass.recorded
    }

    /// What the tool said of itself in a few words.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.head.pass.note.as_deref()
    }

    /// How long it took then.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.head.pass.took
    }

    /// When it passed.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.head.pass.at
    }

    /// What the tool wrote, byte for byte: read now, and nothing where it is damaged. Then this is no hit.
    #[must_use]
    pub fn output(&self) -> Option<Vec<u8>> {
        let output = self.segment.output(&self.entry, &self.head);
        output.inspect_err(|damage| self.remarks.damaged(damage)).ok()
    }

    /// The whole pass with its output, which is read now.
    #[must_use]
    pub fn into_pass(self) -> Option<Pass> {
        let output = self.output()?;
        Some(Pass {
            output,
            ..self.head.pass
        })
    }
}

/// The files of the directory, opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Those that no other one stands for, the oldest first.
    pub(super) live: Vec<Segment>,
    /// All that there are.
    pub(super) names: BTreeSet<Name>,
    /// Those whose content cannot be right.
    pub(super) unsound: Vec<(Name, Damage)>,
    /// Those that cannot be read now.
    pub(super) unreadable: Vec<(Name, Damage)>,
}

impl Opened {
    /// Opens what is sound: merged files first, so that those which they stand for can be passed over.
    pub(super) fn read(place: &Place) -> io::Result<Self> {
        let (mut opened, mut missed) = Self::read_listed(place)?;
        for _ in 0..READ_AGAIN {
            if !missed {
                break;
            }
            // A file that goes away meanwhile has just been merged into one that was not listed yet.
            (opened, missed) = Self::read_listed(place)?;
        }
        Ok(opened)
    }

    fn read_listed(place: &Place) -> io::Result<(Self, bool)> {
        let names = names(place)?;
        let mut opened = Self::default();
        let mut covered: BTreeSet<Name> = BTreeSet::new();
        let mut missed = false;
        let of_kind = |kind| names.iter().rev().filter(move |name| name.kind == kind);
        for name in of_kind(Kind::Merged).chain(of_kind(Kind::Run)) {
            if covered.contains(name) || opened.live.len() >= READ_AT_MOST {
                continue;
            }
            match Segment::open(place, *name) {
                Ok(segment) => {
                    covered.extend(segment.index.stands_for());
                    opened.live.push(segment);
                }
                Err(Fault::Gone) => missed = true,
                Err(Fault::Unsound(damage)) => opened.unsound.push((*name, damage)),
                Err(Fault::Unreadable(damage)) => opened.unreadable.push((*name, damage)),
            }
        }
        opened.live.retain(|segment| !covered.contains(&segment.name));
        opened.live.sort_by_key(|segment| segment.name);
        opened.names = names;
        Ok((opened, missed))
    }

    /// What is there and cannot be used.
    pub(super) fn unusable(&self) -> impl Iterator<Item = &(Name, Damage)> {
        self.unsound.iter().chain(&self.unreadable)
    }
}

/// The names of the files, the oldest first.
pub(super) fn names(place: &Place) -> io::Result<BTreeSet<Name>> {
    Ok(place.names()?.iter().filter_map(|name| Name::parse(name)).collect())
}
