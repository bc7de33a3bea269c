//! Writes files of the user's beside those whose places they are to take, so that a run which is killed leaves nothing for long:
//! names are noted down before anything has them, and whoever comes next removes what has one of them.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::private_files::{NewFile, PrivateDir, Trace, forget_traces, hidden_name, note_traces, remove_traces};

/// Where the names are noted down below the state of a repository.
const BELOW: [&str; 2] = ["v1", "applied"];

/// A file that is to take a place.
pub(super) struct Planned {
    /// The directory of it.
    pub(super) dir: OwnedFd,
    /// Its name, relative to the root.
    pub(super) file: PathBuf,
    pub(super) content: Vec<u8>,
    /// Its permissions, where they are not those of any new file.
    pub(super) mode: Option<u32>,
}

/// A file that could not be written. None was.
pub(super) struct Unwritten {
    pub(super) file: PathBuf,
    pub(super) error: io::Error,
}

/// Where files are written. One run is at work in it at a time.
pub(super) struct Workshop<'r> {
    root: &'r Path,
    /// Where names are noted down. Without a state, what a run that is killed has left stays.
    notes: Option<PrivateDir>,
}

impl<'r> Workshop<'r> {
    /// Waits until no other run is at work, and removes what one that was killed has left.
    pub(super) fn open(root: &'r Path, state: Option<&Path>) -> Self {
        let notes = state.and_then(|state| {
            let dir = PrivateDir::make(state, &BELOW).map_err(|error| error.to_string());
            let dir = dir.and_then(|dir| dir.lock().map(|()| dir).map_err(|error| error.to_string()));
            dir.inspect_err(|error| tracing::warn!(%error, "what is left of this run where it is killed will stay"))
                .ok()
        });
        notes.iter().for_each(remove_traces);
        Self { root, notes }
    }

    /// Writes all of these files, each under a name of its own.
    pub(super) fn written(&self, planned: Vec<Planned>) -> Result<Vec<NewFile>, Unwritten> {
        let named: Vec<(OsString, Planned)> = planned.into_iter().map(|one| (hidden_name(), one)).collect();
        self.note(named.iter().map(|(hidden, one)| {
            let dir = self.dir_of(&one.file);
            Trace::new(&dir, hidden, None, Some(b""))
        }));
        let mut files = Vec::new();
        for (hidden, one) in named {
            match empty(&one, hidden) {
                Ok(file) => files.push((file, one)),
                Err(error) => return Err(Unwritten { file: one.file, error }),
            }
        }
        self.note(files.iter().map(|(file, one)| {
            let found = file.file().metadata().ok();
            let ours = found.map(|found| (found.dev(), found.ino()));
            Trace::new(&self.dir_of(&one.file), file.temporary(), ours, None)
        }));
        let fill = |(file, one)| match filled(file, &one) {
            Ok(file) => Ok(file),
            Err(error) => Err(Unwritten { file: one.file, error }),
        };
        files.into_iter().map(fill).collect()
    }

    fn dir_of(&self, file: &Path) -> PathBuf {
        self.root.join(file.parent().unwrap_or(Path::new("")))
    }

    fn note(&self, traces: impl Iterator<Item = Trace>) {
        let Some(notes) = &self.notes else { return };
        if let Err(error) = note_traces(notes, &traces.collect::<Vec<_>>()) {
            tracing::warn!(%error, "what is left of this run where it is killed will stay");
        }
    }
}

impl Drop for Workshop<'_> {
    fn drop(&mut self) {
        self.notes.iter().for_each(forget_traces);
    }
}

/// Removes what a run that was killed has left, unless another one is at work.
pub(super) fn remove_left(state: Option<&Path>) {
    let notes = state.and_then(|state| PrivateDir::open(state, &BELOW).ok());
    if let Some(notes) = notes.filter(|notes| notes.try_lock().unwrap_or(false)) {
        remove_traces(&notes);
    }
}

fn empty(planned: &Planned, hidden: OsString) -> io::Result<NewFile> {
    let name = planned.file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    NewFile::hidden(planned.dir.try_clone()?, name, hidden)
}

fn filled(mut file: NewFile, planned: &Planned) -> io::Result<NewFile> {
    file.write_all(&planned.content)?;
    if let Some(mode) = planned.mode {
        file.file().set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::mem::forget;

    use super::*;

    #[test]
    fn what_a_run_that_was_killed_has_left_is_removed_by_the_next_one() {
        type Next = fn(&Path, &Path);
        let next: [Next; 2] = [
            |root, state| drop(Workshop::open(root, Some(state))),
            |_, state| remove_left(Some(state)),
        ];
        for next in next {
            let dir = tempfile::tempdir().unwrap();
            let (root, state) = (dir.path().join("root"), dir.path().join("state"));
            fs::create_dir_all(root.join("below")).unwrap();
            fs::write(root.join("below/x"), "old").unwrap();
            let mut workshop = Workshop::open(&root, Some(&state));
            let planned = Planned {
                dir: File::open(root.join("below")).unwrap().into(),
                file: "below/x".into(),
                content: b"new".to_vec(),
                mode: Some(0o600),
            };
            forget(workshop.written(vec![planned]).ok().unwrap());
            let names = || fs::read_dir(root.join("below")).unwrap().count();
            assert_eq!(names(), 2);
            remove_left(Some(&state));
            assert_eq!(names(), 2, "it is at work");
            // The system closes what a run that is killed had open.
            drop(workshop.notes.take());
            next(&root, &state);
            assert_eq!(names(), 1);
            assert_eq!(fs::read(root.join("below/x")).unwrap(), b"old");
        }
    }
}
