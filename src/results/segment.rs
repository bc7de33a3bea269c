//! One file of results, opened: its index is in memory, and its bodies are read where they are asked for.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::index::{BlobEntry, Entry, HEADER, Header, Index};
use super::pass::{self, Head, check_of};
use super::place::Place;
use crate::model::Digest;
use crate::store::names::Name;

/// No file of ours is larger.
pub(super) const LARGEST_FILE: u64 = 96 * 1024 * 1024;

/// What cannot be used of the results.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {what}", file.display())]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// Why a file is not one of the results.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not there any more.
    Gone,
    /// It cannot be read, which may be another time.
    Unreadable(Damage),
    /// What it says is not what was written.
    Unsound(Damage),
}

/// A file of results.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: Name,
    path: PathBuf,
    file: File,
    pub(super) index: Index,
}

impl Segment {
    /// Opens a file and reads its index.
    pub(super) fn open(place: &Place, name: Name) -> Result<Self, Fault> {
        let path = place.path().join(name.to_string());
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Gone,
            _ => Fault::Unreadable(Damage {
                file: path.clone(),
                what: error.to_string(),
            }),
        };
        let file = place.own_file(&name.to_string()).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let index = read_index(&file, length).map_err(unreadable)?;
        let index = index.ok_or_else(|| {
            Fault::Unsound(Damage {
                file: path.clone(),
                what: "the index is damaged".to_owned(),
            })
        })?;
        Ok(Self {
            name,
            path,
            file,
            index,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a pass says of itself but for its output.
    pub(super) fn head(&self, entry: &Entry) -> Result<Head, Damage> {
        let bytes = self.read(entry.offset, entry.head)?;
        let head = pass::decode(&bytes).filter(|_| check_of(&bytes) == entry.check);
        let fits = |head: &Head| head.pass.key == entry.key;
        head.filter(fits).ok_or_else(|| self.damage("a pass is damaged"))
    }

    /// What the tool wrote.
    pub(super) fn output(&self, entry: &Entry, head: &Head) -> Result<Vec<u8>, Damage> {
        let bytes = self.read(entry.offset.saturating_add(entry.head.into()), entry.output)?;
        if Digest::of(&bytes) == head.output {
            Ok(bytes)
        } else {
            Err(self.damage("an output is damaged"))
        }
    }

    /// A pass as it stands in the file, once it is sure that all of it is sound.
    pub(super) fn body(&self, entry: &Entry) -> Result<Vec<u8>, Damage> {
        let head = self.head(entry)?;
        self.output(entry, &head)?;
        let length = entry.head.checked_add(entry.output);
        self.read(entry.offset, length.ok_or_else(|| self.damage("a pass is damaged"))?)
    }

    /// The content of a blob.
    pub(super) fn blob(&self, entry: &BlobEntry) -> Result<Vec<u8>, Damage> {
        let bytes = self.read(entry.offset, entry.length)?;
        if Digest::of(&bytes) == entry.digest {
            Ok(bytes)
        } else {
            Err(self.damage("a blob is damaged"))
        }
    }

    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Damage> {
        let end = offset.checked_add(length.into());
        if end.is_none_or(|end| end > self.index.file()) {
            return Err(self.damage("the index names what is not there"));
        }
        let mut bytes = vec![0; length as usize];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(|error| self.damage(&error.to_string()))?;
        Ok(bytes)
    }

    /// Brings the file to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn damage(&self, what: &str) -> Damage {
        Damage {
            file: self.path.clone(),
            what: what.to_owned(),
        }
    }
}

/// The index at the beginning of a file of this length, unless it is not sound.
fn read_index(file: &File, length: u64) -> io::Result<Option<Index>> {
    let mut header = [0; HEADER];
    if length < HEADER as u64 || length > LARGEST_FILE {
        return Ok(None);
    }
    file.read_exact_at(&mut header, 0)?;
    let read = Header::read(&header).filter(|header| header.file == length && header.index <= length);
    let Some((header, index)) = read.and_then(|header| Some((header, usize::try_from(header.index).ok()?))) else {
        return Ok(None);
    };
    let mut bytes = vec![0; index];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(Index::read(header, bytes))
}
