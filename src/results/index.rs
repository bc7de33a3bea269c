//! The index at the beginning of a segment, as bytes and as values: what is in the segment, and where. Pure.
//!
//! ```text
//! magic 16 · checksum of the rest 8 · length of the file 8 · numbers of the records 3 × 4 · zero 4
//! files that this one stands for   24 each: sequence 8, id 8, kind 8
//! passes, by their keys            96 each: see `Entry`
//! blobs, by their digests          48 each: digest 32, offset 8, length 4, zero 4
//! ```
//!
//! The bodies follow: of each pass its head and its output, and the blobs.

use super::bytes::{Reader, Writer, length};
use crate::history::RunKey;
use crate::model::{Digest, checksum};
use crate::store::names::{Kind, Name};

const MAGIC: &[u8; 16] = b"hooks results 1\n";
/// What the checksum is about begins here.
const CHECKED_FROM: usize = 24;
pub(super) const HEADER: usize = 48;
const NAME: usize = 24;
const ENTRY: usize = 96;
const BLOB: usize = 48;

/// What the index says of one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Digest,
    /// The place of its run among the others: what has a greater one is newer, whatever clocks say.
    pub(super) run: u64,
    /// When it passed, in seconds since 1970.
    pub(super) at: i64,
    /// Which check, part and crate, in short.
    pub(super) subject: u64,
    /// What was recorded, in short: of the passes of one key, those that differ in it stand beside each other.
    pub(super) variant: u64,
    /// Where the head begins. The output follows it.
    pub(super) offset: u64,
    pub(super) head: u32,
    pub(super) output: u32,
    /// The first half of the digest of the head.
    pub(super) check: [u8; 16],
}

impl Entry {
    /// How much room it takes.
    pub(super) fn size(&self) -> u64 {
        ENTRY as u64 + u64::from(self.head) + u64::from(self.output)
    }

    fn read(mut bytes: Reader<'_>) -> Option<Self> {
        Some(Self {
            key: bytes.digest()?,
            run: bytes.u64()?,
            at: bytes.i64()?,
            subject: bytes.u64()?,
            variant: bytes.u64()?,
            offset: bytes.u64()?,
            head: bytes.u32()?,
            output: bytes.u32()?,
            check: bytes.array()?,
        })
    }

    fn write(&self, to: &mut Writer) {
        to.digest(&self.key);
        to.u64(self.run);
        to.i64(self.at);
        to.u64(self.subject);
        to.u64(self.variant);
        to.u64(self.offset);
        to.u32(self.head);
        to.u32(self.output);
        to.0.extend_from_slice(&self.check);
    }
}

/// What the index says of one blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlobEntry {
    pub(super) digest: Digest,
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// How long an index is, and the file that it stands in, as the first bytes say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) index: u64,
    pub(super) file: u64,
    names: usize,
    passes: usize,
    blobs: usize,
}

impl Header {
    /// Reads the first bytes of a file, if it is one of ours. Nothing of it is sure yet.
    pub(super) fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let mut bytes = Reader(bytes);
        if &bytes.array::<16>()? != MAGIC {
            return None;
        }
        let (_checksum, file) = (bytes.u64()?, bytes.u64()?);
        let mut count = || usize::try_from(bytes.u32()?).ok();
        let (names, passes, blobs) = (count()?, count()?, count()?);
        let length = |count: usize, size: usize| count as u64 * size as u64;
        let records = length(names, NAME) + length(passes, ENTRY) + length(blobs, BLOB);
        Some(Self {
            index: HEADER as u64 + records,
            file,
            names,
            passes,
            blobs,
        })
    }
}

/// An index that is whole and sound. It stays bytes: of thousands of records, a run looks at a few.
#[derive(Debug)]
pub(super) struct Index {
    bytes: Vec<u8>,
    header: Header,
    /// The beginnings of the keys: to look for one among them touches little memory.
    beginnings: Vec<u64>,
}

impl Index {
    /// The index of these bytes, which begin with those of the header.
    pub(super) fn read(header: Header, bytes: Vec<u8>) -> Option<Self> {
        let written = Reader(bytes.get(16..)?).u64()?;
        let is_sound = bytes.len() as u64 == header.index && checksum(bytes.get(CHECKED_FROM..)?) == written;
        let mut index = is_sound.then_some(Self {
            bytes,
            header,
            beginnings: Vec::new(),
        })?;
        let keys = index.passes().iter().map(|record| beginning(&record[..32]));
        index.beginnings = keys.collect();
        Some(index)
    }

    /// The length of the file.
    pub(super) fn file(&self) -> u64 {
        self.header.file
    }

    fn records(&self, before: usize, count: usize, size: usize) -> &[u8] {
        let start = HEADER + before;
        self.bytes.get(start..start + count * size).unwrap_or_default()
    }

    fn passes(&self) -> &[[u8; ENTRY]] {
        let records = self.records(self.header.names * NAME, self.header.passes, ENTRY);
        records.as_chunks().0
    }

    fn blob_records(&self) -> &[[u8; BLOB]] {
        let before = self.header.names * NAME + self.header.passes * ENTRY;
        self.records(before, self.header.blobs, BLOB).as_chunks().0
    }

    /// The files that this one stands for.
    pub(super) fn stands_for(&self) -> impl Iterator<Item = Name> {
        let records = self.records(0, self.header.names, NAME).as_chunks::<NAME>().0;
        records.iter().filter_map(|record| {
            let mut record = Reader(record);
            let (sequence, id) = (record.u64()?, record.u64()?);
            let kind = match record.u64()? {
                0 => Kind::Run,
                1 => Kind::Merged,
                _ => return None,
            };
            let key = RunKey { sequence, id };
            Some(Name { key, kind })
        })
    }

    /// All passes, by their keys.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.passes().iter().filter_map(|record| Entry::read(Reader(record)))
    }

    /// The passes of this key.
    pub(super) fn find(&self, key: &Digest) -> impl Iterator<Item = Entry> {
        let (key, wanted) = (*key, beginning(key.as_bytes()));
        let first = first_at_least(&self.beginnings, wanted);
        let records = self.passes().iter().zip(&self.beginnings).skip(first);
        let similar = records.take_while(move |(_, beginning)| **beginning == wanted);
        let of_key = similar.filter(move |(record, _)| record[..32] == key.as_bytes()[..]);
        of_key.filter_map(|(record, _)| Entry::read(Reader(record)))
    }

    /// All blobs, by their digests.
    pub(super) fn blobs(&self) -> impl Iterator<Item = BlobEntry> {
        self.blob_records().iter().filter_map(blob_entry)
    }

    /// The blob of this digest.
    pub(super) fn blob(&self, digest: &Digest) -> Option<BlobEntry> {
        let blobs = self.blob_records();
        let place = blobs
            .binary_search_by(|record| record[..32].cmp(&digest.as_bytes()[..]))
            .ok()?;
        blob_entry(&blobs[place])
    }
}

fn beginning(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// The first place whose number is not below the wanted one. Digests lie evenly, so it is near the place where it would be if
/// they did so exactly: it is looked for from there, in steps that grow.
fn first_at_least(numbers: &[u64], wanted: u64) -> usize {
    let guess = (u128::from(wanted) * numbers.len() as u128) >> u64::BITS;
    let guess = usize::try_from(guess).unwrap_or(0);
    let (mut low, mut high, mut step) = (guess, guess, 8);
    while low > 0 && numbers[low - 1] >= wanted {
        (low, high) = (low.saturating_sub(step), low);
        step *= 2;
    }
    while high < numbers.len() && numbers[high] < wanted {
        (low, high) = (high, (high + step).min(numbers.len()));
        step *= 2;
    }
    low + numbers[low..high].partition_point(|number| *number < wanted)
}

fn blob_entry(record: &[u8; BLOB]) -> Option<BlobEntry> {
    let mut record = Reader(record);
    Some(BlobEntry {
        digest: record.digest()?,
        offset: record.u64()?,
        length: record.u32()?,
    })
}

/// A pass that is to be written: its entry without an offset, and its body.
pub(super) struct NewPass {
    pub(super) entry: Entry,
    /// The head and the output.
    pub(super) body: Vec<u8>,
}

/// A segment that is to be written.
pub(super) struct NewSegment<B> {
    index: Vec<u8>,
    passes: Vec<NewPass>,
    blobs: Vec<(Digest, B)>,
}

impl<B: AsRef<[u8]>> NewSegment<B> {
    /// One with this content. Blobs are in the order of their digests.
    pub(super) fn new(stands_for: &[Name], mut passes: Vec<NewPass>, blobs: Vec<(Digest, B)>) -> Self {
        passes.sort_by(|a, b| (a.entry.key, b.entry.run).cmp(&(b.entry.key, a.entry.run)));
        let index = index_bytes(stands_for, &passes, &blobs);
        Self { index, passes, blobs }
    }

    /// Its bytes, in parts that follow each other: together they would be in memory twice.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let bodies = self.passes.iter().map(|pass| pass.body.as_slice());
        let blobs = self.blobs.iter().map(|(_, blob)| blob.as_ref());
        std::iter::once(self.index.as_slice()).chain(bodies).chain(blobs)
    }
}

/// The beginning of a segment, which says where everything is.
fn index_bytes(stands_for: &[Name], passes: &[NewPass], blobs: &[(Digest, impl AsRef<[u8]>)]) -> Vec<u8> {
    let header = HEADER + stands_for.len() * NAME;
    let index = header + passes.len() * ENTRY + blobs.len() * BLOB;
    let bodies: usize = passes.iter().map(|pass| pass.body.len()).sum();
    let file = index + bodies + blobs.iter().map(|(_, blob)| blob.as_ref().len()).sum::<usize>();

    let mut to = Writer(Vec::with_capacity(index));
    to.0.extend_from_slice(MAGIC);
    to.u64(0);
    to.u64(file as u64);
    to.u32(length(stands_for));
    to.u32(length(passes));
    to.u32(length(blobs));
    to.u32(0);
    for Name { key, kind } in stands_for {
        to.u64(key.sequence);
        to.u64(key.id);
        to.u64(u64::from(*kind == Kind::Merged));
    }
    let mut offset = index as u64;
    for pass in passes {
        Entry { offset, ..pass.entry }.write(&mut to);
        offset += pass.body.len() as u64;
    }
    for (digest, blob) in blobs {
        let blob = blob.as_ref();
        to.digest(digest);
        to.u64(offset);
        to.u32(length(blob));
        to.u32(0);
        offset += blob.len() as u64;
    }
    let sum = checksum(&to.0[CHECKED_FROM..]);
    to.0[16..CHECKED_FROM].copy_from_slice(&sum.to_le_bytes());
    to.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_found_wherever_it_is(mut numbers in prop::collection::vec(0..40_u64, 0..60), scale in 0..60, wanted in 0..42_u64) {
            // Close together at one end, or far apart.
            let scaled = |number: u64| number << scale;
            numbers = numbers.into_iter().map(scaled).collect();
            numbers.sort_unstable();
            let wanted = scaled(wanted);
            prop_assert_eq!(first_at_least(&numbers, wanted), numbers.partition_point(|number| *number < wanted));
        }
    }
}
