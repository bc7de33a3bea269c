//! The files that may count, and places among them.

use std::fmt::Write as _;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;

use crate::model::Digest;

/// A file that may count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// From the root of the workspace, or absolute where it is outside.
    pub path: PathBuf,
    /// Of its content, or of what a link leads to; nothing where it cannot be read.
    pub digest: Option<Digest>,
    /// How many bytes it has.
    pub size: u64,
    /// Whether it is a program.
    pub executable: bool,
    /// Whether it is a symbolic link.
    pub link: bool,
}

impl InputFile {
    /// Writes a line that tells it from all others.
    fn write(&self, to: &mut String) {
        to.push_str(match (self.link, self.executable) {
            (true, _) => "link ",
            (false, true) => "program ",
            (false, false) => "file ",
        });
        let _ = match &self.digest {
            Some(digest) => write!(to, "{digest} "),
            None => write!(to, "unreadable "),
        };
        let path = self.path.as_os_str().as_bytes();
        match std::str::from_utf8(path) {
            // What need not be escaped is most of what there is.
            Ok(plain) if path.iter().all(|byte| is_plain(*byte)) => to.push_str(plain),
            _ => {
                let _ = write!(to, "{}", path.escape_ascii());
            }
        }
        to.push('\n');
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'"' | b'\'')
}

/// All files that may count, sorted by their paths.
#[derive(Debug)]
pub(super) struct Files {
    all: Vec<InputFile>,
    /// A line for each, one after the other.
    lines: String,
    /// Where the line of each ends.
    ends: Vec<usize>,
}

impl Files {
    /// The files are sorted by their paths.
    pub(super) fn new(all: Vec<InputFile>) -> Self {
        let mut lines = String::with_capacity(all.len() * 128);
        let ends = all.iter().map(|file| {
            file.write(&mut lines);
            lines.len()
        });
        Self {
            ends: ends.collect(),
            all,
            lines,
        }
    }

    pub(super) fn all(&self) -> &[InputFile] {
        &self.all
    }

    /// Lines that say all of some files.
    pub(super) fn lines(&self, places: &Places) -> impl Iterator<Item = &str> {
        let start = |place: u32| place.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        (places.0.iter()).map(move |range| &self.lines[start(range.start)..start(range.end)])
    }

    pub(super) fn place_of(&self, path: &Path) -> Option<usize> {
        self.all.binary_search_by(|file| file.path.as_path().cmp(path)).ok()
    }

    pub(super) fn matching(&self, is_wanted: impl Fn(&InputFile) -> bool) -> Places {
        let files = self.all.iter().enumerate();
        files
            .filter(|(_, file)| is_wanted(file))
            .map(|(place, _)| place)
            .collect()
    }

    /// The first of some files whose content is not known.
    pub(super) fn unreadable(&self, places: &Places) -> Option<&InputFile> {
        let mut files = places.iter().map(|place| &self.all[place]);
        files.find(|file| file.digest.is_none())
    }
}

/// Places of files, in order: the files of one crate lie together, so that few ranges say which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<Range<u32>>);

impl Places {
    /// The first places, so many of them.
    pub(super) fn first(count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Self((count > 0).then_some(0..count).into_iter().collect())
    }

    /// Adds a place that is none before the last.
    pub(super) fn push(&mut self, place: usize) {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        match self.0.last_mut() {
            Some(last) if place < last.end => {}
            Some(last) if place == last.end => last.end += 1,
            _ => self.0.push(place..place + 1),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The places, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().flat_map(|range| range.start as usize..range.end as usize)
    }

    /// Adds them to others, of which there may be no more than there are files.
    pub fn add_to(&self, bits: &mut FixedBitSet) {
        for range in &self.0 {
            bits.insert_range(range.start as usize..range.end as usize);
        }
    }
}

impl FromIterator<usize> for Places {
    /// The places are in order.
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        let mut found = Self::default();
        for place in places {
            found.push(place);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsStr;

    use proptest::prelude::*;

    use super::*;

    fn file(path: &[u8]) -> InputFile {
        InputFile {
            path: PathBuf::from(OsStr::from_bytes(path)),
            digest: Some(Digest::of(path)),
            size: 0,
            executable: false,
            link: false,
        }
    }

    #[test]
    fn a_line_has_no_path_that_is_more_than_one() {
        for path in [
            &b"a b"[..],
            b"a\nb",
            b"a\\b",
            b"it's",
            b"\"",
            b"\xff",
            "\u{e4}".as_bytes(),
            b"plain.rs",
        ] {
            let mut line = String::new();
            file(path).write(&mut line);
            assert_eq!(
                line,
                format!("file {} {}\n", Digest::of(path), path.escape_ascii()),
                "{path:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn places_are_those_that_were_put_in(wanted in prop::collection::btree_set(0_usize..60, 0..40)) {
            let places: Places = wanted.iter().copied().collect();
            prop_assert_eq!(places.iter().collect::<BTreeSet<_>>(), wanted.clone());
            let mut bits = FixedBitSet::with_capacity(60);
            places.add_to(&mut bits);
            prop_assert_eq!(bits.ones().collect::<Places>(), places.clone());
            let files = Files::new((0..60).map(|n| file(format!("f{n}").as_bytes())).collect());
            let mut lines = String::new();
            for place in wanted {
                files.all()[place].write(&mut lines);
            }
            prop_assert_eq!(files.lines(&places).collect::<String>(), lines);
        }
    }
}
