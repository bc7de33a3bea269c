//! Puts an index in the place of another one, by git's own rule: whoever has made the file `index.lock` may do that, and nobody
//! else. While it is there no git writes the index, so that what was looked at last is what is replaced.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::put::{identity_of, like};
use crate::git_hooks::snapshot::{PrivateIndex, SnapshotError};
use crate::private_files::{Durability, NewFile, PrivateDir, Trace, forget_traces, hidden_name, note_traces};

/// How often somebody looks whether another git is done, and how long he waits before that.
const LOOKS: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// All of them are in their places.
    All,
    /// Somebody has written to one of them meanwhile, and nothing has changed.
    Nothing,
}

/// An index that is to take the place of another one.
struct New<'c> {
    /// Which was made of a copy of that.
    copy: &'c PrivateIndex,
    file: NewFile,
}

/// Gives each index what was made of its copy, where all of them are still what was copied.
pub(super) fn put_in_place(copies: &[PrivateIndex], dir: &PrivateDir) -> Result<Put, SnapshotError> {
    let noted = |entries: Vec<Trace>| note_traces(dir, &entries).map_err(failed(dir.path()));
    let names: Vec<OsString> = copies.iter().map(|_| hidden_name()).collect();
    let dirs: Vec<_> = copies
        .iter()
        .map(|copy| copy.source.parent().unwrap_or(Path::new("")))
        .collect();
    let named = dirs.iter().zip(&names);
    noted(
        named
            .map(|(dir, name)| Trace::new(dir, name, None, Some(b"")))
            .collect(),
    )?;
    let mut ready = Vec::new();
    for (copy, name) in copies.iter().zip(&names) {
        let file = empty(&copy.source, name).map_err(failed(&copy.source))?;
        ready.push(New { copy, file });
    }
    let mut entries = Vec::new();
    for (new, dir) in ready.iter().zip(&dirs) {
        let found = new.file.file().metadata().map_err(failed(&new.copy.source))?;
        entries.push(Trace::new(dir, new.file.temporary(), Some(identity_of(&found)), None));
    }
    noted(entries)?;
    for new in &mut ready {
        new.fill().map_err(failed(&new.copy.source))?;
    }
    // From here on no other git writes to them. Where this is killed now, that stays so until somebody removes the lock, as
    // where git is killed.
    for new in &mut ready {
        new.lock()?;
    }
    let is_unchanged = ready.iter().all(|new| new.copy.is_unchanged());
    if is_unchanged {
        for New { copy, file } in ready {
            file.put(Durability::Later).map_err(failed(&copy.source))?;
        }
    }
    forget_traces(dir);
    Ok(if is_unchanged { Put::All } else { Put::Nothing })
}

/// A new file beside an index, with the owner and the permissions of that.
fn empty(index: &Path, hidden: &OsString) -> io::Result<NewFile> {
    let name = index.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let dir = File::open(index.parent().unwrap_or(Path::new("")))?;
    let new = NewFile::hidden(dir.into(), name, hidden.clone())?;
    like(new.file(), &fs::metadata(index)?, None)?;
    Ok(new)
}

impl New<'_> {
    /// Writes what the copy says by now, with its time: git looks into files that were written later than the index was, and
    /// a later one would hide that a file has changed in the same moment.
    fn fill(&mut self) -> io::Result<()> {
        let mut from = File::open(&self.copy.path)?;
        let modified = from.metadata()?.modified()?;
        io::copy(&mut from, &mut self.file)?;
        self.file.flush()?;
        self.file.file().set_times(FileTimes::new().set_modified(modified))?;
        self.file.file().sync_all()
    }

    /// Makes it the lock. An editor or a prompt that asks git for the status has one for a moment.
    fn lock(&mut self) -> Result<(), SnapshotError> {
        let mut name = self.copy.source.clone().into_os_string();
        name.push(".lock");
        let path = Path::new(&name);
        let own = path.file_name().unwrap_or(&name);
        for _ in 0..LOOKS {
            match self.file.rename(own) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => sleep(PAUSE),
                renamed => return renamed.map_err(failed(path)),
            }
        }
        Err(SnapshotError::Locked(path.to_owned()))
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError + use<> {
    let path = path.to_owned();
    move |source| SnapshotError::Io { path, source }
}
