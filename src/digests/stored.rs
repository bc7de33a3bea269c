//! Digests as they are kept from one run to the next, each beside what the system said of the file when it was read. Pure.

use super::memory::{self, Content};
use super::stat::{Nanoseconds, Stat};
use crate::model::Digest;

/// The form of the file. Another one is another name.
pub(super) const KIND: [u8; 16] = *b"hooks digests 1\n";

/// Five numbers of eight bytes, the mode, the end of the path, the digest.
const RECORD: usize = 5 * 8 + 4 + 4 + 32;

/// Records in the order of their paths, and the paths one after the other.
#[derive(Debug)]
pub(super) struct Stored {
    content: Content,
    newest: Nanoseconds,
    records: usize,
    paths: usize,
    count: usize,
}

/// What is known of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'s> {
    pub(super) path: &'s [u8],
    pub(super) stat: Stat,
    pub(super) digest: Digest,
}

impl Stored {
    /// Reads a file about this subject, unless it is not whole.
    pub(super) fn new(content: Content, subject: &[u8]) -> Option<Self> {
        let bytes = content.bytes();
        let (newest, rest) = bytes.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (about, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        let count = u32::from_le_bytes(*count) as usize;
        let records = bytes.len() - rest.len();
        let paths = records.checked_add(count.checked_mul(RECORD)?)?;
        let newest = Nanoseconds::from_le_bytes(*newest);
        let whole = about == subject && paths <= bytes.len();
        let stored = Self {
            content,
            newest,
            records,
            paths,
            count,
        };
        let ends = || (0..stored.count).map(|place| stored.end(place));
        let ordered =
            whole && ends().is_sorted() && ends().next_back().unwrap_or(0) <= stored.content.bytes().len() - paths;
        ordered.then_some(stored)
    }

    /// The latest moment at which anything was written into it.
    pub(super) fn newest(&self) -> Nanoseconds {
        self.newest
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn path(&self, place: usize) -> &[u8] {
        let start = if place == 0 { 0 } else { self.end(place - 1) };
        &self.content.bytes()[self.paths + start..self.paths + self.end(place)]
    }

    pub(super) fn get(&self, place: usize) -> Record<'_> {
        let record = self.record(place);
        let number = |at: usize| u64::from_le_bytes(array(&record[8 * at..]));
        let time = |at: usize| Nanoseconds::from_le_bytes(array(&record[8 * at..]));
        let stat = Stat {
            size: number(0),
            modified: time(1),
            changed: time(2),
            inode: number(3),
            device: number(4),
            mode: u32::from_le_bytes(array(&record[40..])),
        };
        let digest = array::<32>(&record[48..]).into();
        Record {
            path: self.path(place),
            stat,
            digest,
        }
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<Record<'_>> {
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.path(middle).cmp(path) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => return Some(self.get(middle)),
            }
        }
        None
    }

    fn record(&self, place: usize) -> &[u8] {
        &self.content.bytes()[self.records + place * RECORD..][..RECORD]
    }

    fn end(&self, place: usize) -> usize {
        u32::from_le_bytes(array(&self.record(place)[44..])) as usize
    }
}

/// The first bytes of a slice that is known to have so many.
fn array<const COUNT: usize>(bytes: &[u8]) -> [u8; COUNT] {
    bytes.first_chunk().copied().unwrap_or([0; COUNT])
}

/// A file about a subject with these records, which are in order.
pub(super) fn encoded<'r>(
    subject: &[u8],
    newest: Nanoseconds,
    records: impl Iterator<Item = Record<'r>> + Clone,
) -> Option<Vec<u8>> {
    let (mut count, mut length) = (0_u32, 0);
    for record in records.clone() {
        count = count.checked_add(1)?;
        length += record.path.len();
    }
    u32::try_from(length).ok()?;
    let mut file = memory::begin(KIND, 16 + subject.len() + count as usize * RECORD + length);
    file.extend_from_slice(&newest.to_le_bytes());
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&u32::try_from(subject.len()).ok()?.to_le_bytes());
    file.extend_from_slice(subject);
    let mut end = 0;
    for Record { path, stat, digest } in records.clone() {
        end += path.len();
        file.extend_from_slice(&stat.size.to_le_bytes());
        file.extend_from_slice(&stat.modified.to_le_bytes());
        file.extend_from_slice(&stat.changed.to_le_bytes());
        file.extend_from_slice(&stat.inode.to_le_bytes());
        file.extend_from_slice(&stat.device.to_le_bytes());
        file.extend_from_slice(&stat.mode.to_le_bytes());
        file.extend_from_slice(&u32::try_from(end).ok()?.to_le_bytes());
        file.extend_from_slice(digest.as_bytes());
    }
    for record in records {
        file.extend_from_slice(record.path);
    }
    Some(file)
}
