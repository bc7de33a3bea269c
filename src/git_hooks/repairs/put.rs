//! Changes files of the user's, each in one step, and gives way to whoever writes to one of them at the same time.
//!
//! What takes the place of a file lies beside it, on the disk, before the two change places. Then what was displaced is looked
//! at: where that is not what was read before, it gets its name back. It is looked at again when all files have been changed,
//! and removed only when no program can write to it any more.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::decide::{Hindrance, Step};
use super::writers::written;
use crate::git_hooks::snapshot::SnapshotError;
use crate::private_files::{
    Displaced, Identity, MadeDirs, NewFile, PlainFile, PrivateDir, Trace, forget_traces, hidden_name, note_traces,
    open_plain, permissions, place_of,
};

/// How often a file is given its name back while somebody gives it to others.
const MOST_TRIES: usize = 1000;

/// What became of each step.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) results: Vec<Result<(), Hindrance>>,
    /// What somebody has written, and has no name any more.
    /// Where that lies now.
    pub(super) rescued: Vec<PathBuf>,
}

/// Keeps what somebody has written, and says where; nothing where there is no room for it.
pub(super) type Keep<'a> = &'a dyn Fn(&[u8]) -> Option<PathBuf>;

/// A step that needs a name that nobody else has.
pub(super) struct Named {
    place: usize,
    /// The file, relative to the top.
    path: PathBuf,
    step: Step,
    hidden: OsString,
}

/// A step that can be made by giving files other names.
pub(super) struct Ready {
    place: usize,
    /// The file, relative to the top.
    path: PathBuf,
    change: Change,
}

enum Change {
    Write {
        old: Box<PlainFile>,
        new: NewFile,
        content: Vec<u8>,
    },
    Make {
        new: NewFile,
        content: Vec<u8>,
        made: MadeDirs,
    },
    Remove {
        old: Box<PlainFile>,
        hidden: OsString,
    },
}

/// A step that was made, and can be taken back.
pub(super) struct Done {
    place: usize,
    path: PathBuf,
    displaced: Displaced,
    old: Box<PlainFile>,
    /// What was put in its place.
    ours: Option<(Identity, Vec<u8>)>,
}

/// Makes the steps, as far as nobody is in the way.
pub(super) fn put(
    top: &Path,
    steps: Vec<(PathBuf, Result<Option<Step>, Hindrance>)>,
    (dir, keep): (&PrivateDir, Keep<'_>),
) -> Result<Outcome, SnapshotError> {
    let mut putting = Putting::new(top, steps.len(), keep);
    let named = putting.named(steps);
    if named.is_empty() {
        return Ok(putting.outcome);
    }
    let begin = |entries: Vec<Trace>| {
        note_traces(dir, &entries).map_err(|source| SnapshotError::Io {
            path: dir.path().to_owned(),
            source,
        })
    };
    begin(named.iter().map(|named| named.entry(top)).collect())?;
    let ready = putting.prepared(named);
    begin(ready.iter().map(|ready| ready.entry(top)).collect())?;
    let ready = putting.filled(ready);
    let done = putting.done(ready);
    putting.settle(done);
    forget_traces(dir);
    Ok(putting.outcome)
}

/// The work on all steps, and what came of it so far.
pub(super) struct Putting<'a> {
    top: &'a Path,
    keep: Keep<'a>,
    pub(super) outcome: Outcome,
}

impl<'a> Putting<'a> {
    pub(super) fn new(top: &'a Path, steps: usize, keep: Keep<'a>) -> Self {
        let outcome = Outcome {
            results: vec![Ok(()); steps],
            rescued: Vec::new(),
        };
        Self { top, keep, outcome }
    }

    fn hinder(&mut self, place: usize, why: Hindrance) {
        self.outcome.results[place] = Err(why);
    }

    /// Finds a name for everything that needs one. Nothing has it yet.
    pub(super) fn named(&mut self, steps: Vec<(PathBuf, Result<Option<Step>, Hindrance>)>) -> Vec<Named> {
        let mut named = Vec::new();
        for (place, (path, step)) in steps.into_iter().enumerate() {
            match step {
                Ok(None) => {}
                Ok(Some(step)) => named.push(Named {
                    place,
                    path,
                    step,
                    hidden: hidden_name(),
                }),
                Err(why) => self.hinder(place, why),
            }
        }
        named
    }

    /// Makes the files that are to take a place, with nothing in them.
    pub(super) fn prepared(&mut self, named: Vec<Named>) -> Vec<Ready> {
        let mut ready = Vec::new();
        for named in named {
            let (place, path) = (named.place, named.path.clone());
            match Change::of(named, self.top) {
                Ok(change) => ready.push(Ready { place, path, change }),
                Err(why) => self.hinder(place, why),
            }
        }
        ready
    }

    /// Writes what is new. Where somebody has a file open to write to it, nothing is begun.
    pub(super) fn filled(&mut self, ready: Vec<Ready>) -> Vec<Ready> {
        let files = ready.iter().filter_map(|ready| ready.change.old());
        let in_use = written(&files.map(|old| identity_of(&old.metadata)).collect());
        let mut filled = Vec::new();
        for mut ready in ready {
            let is_in_use = |old: &PlainFile| in_use.contains(&identity_of(&old.metadata));
            if ready.change.old().is_some_and(is_in_use) {
                self.hinder(ready.place, Hindrance::InUse);
            } else if let Err(error) = ready.change.fill() {
                self.hinder(ready.place, Hindrance::Failed(format!("it cannot be written: {error}")));
            } else {
                filled.push(ready);
            }
        }
        filled
    }

    /// Gives the files their names.
    pub(super) fn done(&mut self, ready: Vec<Ready>) -> Vec<Done> {
        let mut done = Vec::new();
        for Ready { place, path, change } in ready {
            let made = match change {
                Change::Write { old, new, content } => exchanged(new, content).and_then(|(displaced, ours)| {
                    let ours = Some(ours);
                    self.unless_changed(Done {
                        place,
                        path,
                        displaced,
                        old,
                        ours,
                    })
                    .map(Some)
                }),
                Change::Make { new, mut made, .. } => match new.put_new() {
                    Ok(()) => {
                        made.keep();
                        Ok(None)
                    }
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Hindrance::Taken),
                    Err(error) => Err(Hindrance::failed("written", &error)),
                },
                Change::Remove { old, hidden } => taken(&old, hidden).and_then(|displaced| {
                    let ours = None;
                    self.unless_changed(Done {
                        place,
                        path,
                        displaced,
                        old,
                        ours,
                    })
                    .map(Some)
                }),
            };
            match made {
                Ok(one) => done.extend(one),
                Err(why) => self.hinder(place, why),
            }
        }
        done
    }

    fn unless_changed(&mut self, done: Done) -> Result<Done, Hindrance> {
        if done.is_unchanged() {
            return Ok(done);
        }
        self.give_back(&done)?;
        Err(Hindrance::Newer)
    }

    /// Looks once more at what was displaced. What nobody can write to any more, and nobody has, is of no use.
    pub(super) fn settle(&mut self, done: Vec<Done>) {
        let in_use = written(&done.iter().map(|done| identity_of(&done.old.metadata)).collect());
        for done in done {
            let place = done.place;
            let why = if in_use.contains(&identity_of(&done.old.metadata)) {
                Hindrance::InUse
            } else if !done.is_unchanged() {
                Hindrance::Newer
            } else {
                if let Err(error) = done.displaced.remove() {
                    tracing::warn!(%error, file = %done.displaced.hidden().display(), "what was displaced cannot be removed");
                }
                if done.ours.is_none() {
                    remove_empty(self.top, &done.path);
                }
                continue;
            };
            let given = self.give_back(&done);
            self.hinder(place, given.err().unwrap_or(why));
        }
    }

    /// Gives what was displaced its name back. Where somebody else has given that to something newer meanwhile, that keeps it.
    fn give_back(&mut self, done: &Done) -> Result<(), Hindrance> {
        let given = match &done.ours {
            None => done.displaced.put_back(),
            Some((ours, content)) => self.exchange_back(done, *ours, content),
        };
        given.or_else(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(Hindrance::failed("given back", &error));
            }
            // Something new has the name, and what had it before is kept elsewhere.
            self.rescue(done, None);
            Ok(())
        })
    }

    fn exchange_back(&mut self, done: &Done, ours: Identity, content: &[u8]) -> io::Result<()> {
        let displaced = &done.displaced;
        let mut expected = ours;
        for _ in 0..MOST_TRIES {
            let back = displaced.identity()?;
            match displaced.exchange() {
                // Somebody has removed what was there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return displaced.put_back(),
                exchanged => exchanged?,
            }
            if displaced.identity()? == expected {
                self.rescue(done, Some(content).filter(|_| expected == ours));
                return Ok(());
            }
            // What somebody else has put there is the newest.
            expected = back;
        }
        Err(io::Error::other("somebody goes on giving its name to other files"))
    }

    /// Removes what has no name any more, and keeps what it contains unless that is known. What cannot be kept stays where it is.
    fn rescue(&mut self, done: &Done, known: Option<&[u8]>) {
        let content = contained(&done.displaced);
        let is_known = content.as_ref().is_ok_and(|content| Some(content.as_slice()) == known);
        if !is_known {
            let Some(kept) = content.ok().and_then(|content| (self.keep)(&content)) else {
                let beside = dir_of(self.top, &done.path).join(done.displaced.hidden());
                self.outcome.rescued.push(beside);
                return;
            };
            self.outcome.rescued.push(kept);
        }
        if let Err(error) = done.displaced.remove() {
            tracing::warn!(%error, file = %done.displaced.hidden().display(), "what was displaced cannot be removed");
        }
    }
}

/// Gives a new file its name, and says what it displaced and which file it is itself.
fn exchanged(new: NewFile, content: Vec<u8>) -> Result<(Displaced, (Identity, Vec<u8>)), Hindrance> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Hindrance::Newer,
        _ => Hindrance::failed("written", &error),
    };
    let ours = identity_of(&new.file().metadata().map_err(failed)?);
    Ok((new.exchange().map_err(failed)?, (ours, content)))
}

/// Takes its name away from a file.
fn taken(old: &PlainFile, hidden: OsString) -> Result<Displaced, Hindrance> {
    let dir = old.dir.as_fd().try_clone_to_owned();
    let displaced = dir.and_then(|dir| Displaced::take(dir, old.name.as_os_str(), hidden));
    displaced.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Hindrance::Newer,
        _ => Hindrance::failed("removed", &error),
    })
}

impl Named {
    /// What may be found under its name as long as nothing was written to it.
    pub(super) fn entry(&self, top: &Path) -> Trace {
        let known: &[u8] = match &self.step {
            Step::Remove(old) => &old.content,
            Step::Write { .. } | Step::Make { .. } => b"",
        };
        Trace::new(&dir_of(top, &self.path), &self.hidden, None, Some(known))
    }
}

impl Ready {
    /// What may be found of it, where this is the last that is heard of it.
    pub(super) fn entry(&self, top: &Path) -> Trace {
        let dir = dir_of(top, &self.path);
        let ours = |new: &NewFile| new.file().metadata().ok().map(|found| identity_of(&found));
        match &self.change {
            Change::Write { old, new, .. } => Trace::new(&dir, new.temporary(), ours(new), Some(&old.content)),
            Change::Make { new, .. } => Trace::new(&dir, new.temporary(), ours(new), None),
            Change::Remove { old, hidden } => Trace::new(&dir, hidden, None, Some(&old.content)),
        }
    }
}

fn dir_of(top: &Path, file: &Path) -> PathBuf {
    top.join(file.parent().unwrap_or(Path::new("")))
}

impl Change {
    /// The change that a step means. What it makes has a name of its own by now, and nothing in it.
    fn of(named: Named, top: &Path) -> Result<Self, Hindrance> {
        let failed = |error: io::Error| match error.kind() {
            // A link or a file in the place of a directory.
            io::ErrorKind::NotADirectory => Hindrance::Taken,
            _ => Hindrance::Failed(format!("it cannot be written: {error}")),
        };
        let hidden = named.hidden;
        Ok(match named.step {
            Step::Remove(old) => Self::Remove { old, hidden },
            Step::Write {
                old,
                content,
                executable,
            } => {
                let dir = old.dir.as_fd().try_clone_to_owned().map_err(failed)?;
                let new = NewFile::hidden(dir, old.name.as_os_str(), hidden).map_err(failed)?;
                like(new.file(), &old.metadata, executable).map_err(failed)?;
                Self::Write { old, new, content }
            }
            Step::Make { content, executable } => {
                let mut made = MadeDirs::default();
                let (dir, name) = place_of(top, &named.path, Some(&mut made)).map_err(failed)?;
                let new = NewFile::hidden(dir, name.as_os_str(), hidden).map_err(failed)?;
                if let Some(mode) = permissions(None, Some(executable)) {
                    new.file()
                        .set_permissions(Permissions::from_mode(mode))
                        .map_err(failed)?;
                }
                Self::Make { new, content, made }
            }
        })
    }

    /// What is there before.
    fn old(&self) -> Option<&PlainFile> {
        match self {
            Self::Write { old, .. } | Self::Remove { old, .. } => Some(old),
            Self::Make { .. } => None,
        }
    }

    /// Writes what is new, under its own name.
    fn fill(&mut self) -> io::Result<()> {
        match self {
            Self::Write { new, content, .. } | Self::Make { new, content, .. } => {
                new.write_all(content)?;
                new.file().sync_all()
            }
            Self::Remove { .. } => Ok(()),
        }
    }
}

impl Done {
    /// Whether what was displaced is what was read before, and still says the same.
    fn is_unchanged(&self) -> bool {
        let now = open_plain(self.displaced.dir(), self.displaced.hidden());
        let now = now.and_then(|mut file| {
            let found = file.metadata()?;
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            Ok((identity_of(&found), found.permissions(), content))
        });
        let old = &self.old;
        let known = (identity_of(&old.metadata), old.metadata.permissions());
        now.is_ok_and(|(identity, permissions, content)| (identity, permissions) == known && content == old.content)
    }
}

/// Gives a new file the owner and the permissions of another one, but for what changes.
pub(super) fn like(new: &File, wanted: &fs::Metadata, executable: Option<bool>) -> io::Result<()> {
    let found = new.metadata()?;
    if (found.uid(), found.gid()) != (wanted.uid(), wanted.gid()) {
        fchown(new, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    match permissions(Some(wanted.permissions().mode()), executable) {
        Some(mode) => new.set_permissions(Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

pub(super) fn identity_of(found: &fs::Metadata) -> Identity {
    (found.dev(), found.ino())
}

fn contained(displaced: &Displaced) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_plain(displaced.dir(), displaced.hidden())?.read_to_end(&mut content)?;
    Ok(content)
}

/// Removes the directories above a file that nothing lies in any more, as git does.
fn remove_empty(top: &Path, file: &Path) {
    for dir in file.ancestors().skip(1).take_while(|dir| !dir.as_os_str().is_empty()) {
        // Where something lies in it, it stays.
        if fs::remove_dir(top.join(dir)).is_err() {
            return;
        }
    }
}
