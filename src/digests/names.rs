//! The names in a directory, in the order in which the paths below it have.

use std::cmp::Ordering;
use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

/// Names with what they stand for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Each with a null at its end.
    bytes: Vec<u8>,
    places: Vec<Place>,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
    kind: FileType,
}

impl Names {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CStr, FileType)> {
        let named = |place: &Place| {
            Some((
                CStr::from_bytes_with_nul(&self.bytes[place.start..place.end]).ok()?,
                place.kind,
            ))
        };
        self.places.iter().filter_map(named)
    }

    fn add(&mut self, name: &CStr, kind: FileType) {
        if name == c"." || name == c".." {
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.to_bytes_with_nul());
        self.places.push(Place {
            start,
            end: self.bytes.len(),
            kind,
        });
    }

    fn sort(&mut self) {
        let Self { bytes, places, .. } = self;
        places.sort_unstable_by(|left, right| compare(bytes, *left, *right));
    }
}

/// As if a slash came after the name of a directory, as it does in the paths below it.
fn compare(bytes: &[u8], left: Place, right: Place) -> Ordering {
    let name = |place: Place| &bytes[place.start..place.end - 1];
    let (one, other) = (name(left), name(right));
    let common = one.len().min(other.len());
    let end = |place: Place| if place.kind == FileType::Directory { b'/' } else { 0 };
    let next = |name: &[u8], place: Place| name.get(common).copied().unwrap_or(end(place));
    one[..common]
        .cmp(&other[..common])
        .then_with(|| next(one, left).cmp(&next(other, right)))
}

/// Reads the names in a directory in the place of those that were there.
pub(super) fn read(dir: &OwnedFd, names: &mut Names) -> Result<(), Errno> {
    names.bytes.clear();
    names.places.clear();
    each(dir, names)?;
    // Not every file system says what a name stands for.
    for place in 0..names.places.len() {
        let Place { start, end, kind } = names.places[place];
        if kind == FileType::Unknown
            && let Ok(name) = CStr::from_bytes_with_nul(&names.bytes[start..end])
            && let Ok(found) = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
        {
            names.places[place].kind = FileType::from_raw_mode(found.st_mode);
        }
    }
    names.sort();
    Ok(())
}

/// A large buffer that is used again saves calls of the system, and a name needs no memory of its own.
#[cfg(target_os = "linux")]
fn each(dir: &OwnedFd, names: &mut Names) -> Result<(), Errno> {
    const ROOM: usize = 32 * 1024;
    let mut buffer = std::mem::take(&mut names.buffer);
    buffer.reserve(ROOM);
    let mut entries = rustix::fs::RawDir::new(dir, buffer.spare_capacity_mut());
    let result = loop {
        match entries.next() {
            Some(Ok(entry)) => names.add(entry.file_name(), entry.file_type()),
            Some(Err(error)) => break Err(error),
            None => break Ok(()),
        }
    };
    names.buffer = buffer;
    result
}

#[cfg(not(target_os = "linux"))]
fn each(dir: &OwnedFd, names: &mut Names) -> Result<(), Errno> {
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        names.add(entry.file_name(), entry.file_type());
    }
    Ok(())
}
