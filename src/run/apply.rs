//! Applies a diff to the files of the workspace: to all that it names, or to none.
//!
//! Whoever calls this has the files alone, as far as the tasks of this run go. It follows no link, writes nothing outside
//! of the root and nothing that git ignores, and overwrites no file that somebody has changed since it was read. Where it is
//! killed, each file is whole, and what else may lie beside it is removed by the next run.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, statat, unlinkat};

use super::inputs::{Seen, seen};
use super::new_files::{Planned, Unwritten, Workshop};
use crate::changes::Tree;
use crate::patch::{FileChange, Names, read};
use crate::private_files::{Durability, MadeDirs, NewFile, PlainFile, open_plain, permissions, place_of};

/// What is applied, and where.
pub(super) struct Application<'a> {
    pub(super) diff: &'a [u8],
    /// The directory in which the tool ran that printed it.
    pub(super) cwd: &'a Path,
    /// What may be changed: these files, and what lies in these directories. Nothing where all may.
    pub(super) only: Option<&'a [PathBuf]>,
    pub(super) tree: &'a Tree,
    /// Where the state is, if there is any.
    pub(super) state: Option<&'a Path>,
}

/// Why nothing was changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The files are not what the diff was made for. Another one might fit.
    Misfit(String),
    /// It must not, or cannot, be applied, however often it is made.
    Refused(String),
}

/// Applies the diff, and says how many files it has changed.
pub(super) fn apply(application: &Application<'_>) -> Result<usize, Obstacle> {
    let Application { diff, cwd, tree, .. } = *application;
    let names = Names { root: &tree.root, cwd };
    let changes = read(diff, names).map_err(|error| Obstacle::Refused(error.to_string()))?;
    may_be_changed(&changes, application)?;
    let workshop = Workshop::open(&tree.root, application.state);
    let mut made = MadeDirs::default();
    let mut wanted = Vec::new();
    for change in &changes {
        wanted.push(want(change, &tree.root, &mut made)?);
    }
    let ready = prepare(wanted, &workshop)?;
    // From here on, somebody who writes without asking has a moment left, and no more.
    for prepared in &ready {
        prepared.is_as_it_was()?;
    }
    let files = put(ready, &workshop)?;
    made.keep();
    Ok(files)
}

/// Gives all files their names, or none.
fn put(ready: Vec<Prepared>, workshop: &Workshop<'_>) -> Result<usize, Obstacle> {
    let mut done: Vec<Done> = Vec::new();
    for prepared in ready {
        let file = prepared.file.clone();
        match prepared.put() {
            Ok(one) => done.push(one),
            Err(error) => {
                let rest = match undo(done, workshop) {
                    Ok(()) => "nothing is changed".to_owned(),
                    Err(error) => format!("some files are changed already: {error}"),
                };
                return Err(refused(&file, &format!("cannot be written: {error}; {rest}")));
            }
        }
    }
    Ok(done.len())
}

/// Whether all the files are among those that the task has to itself, and are none that nobody would miss.
fn may_be_changed(changes: &[FileChange], application: &Application<'_>) -> Result<(), Obstacle> {
    let Application { only, tree, .. } = *application;
    let files: Vec<&PathBuf> = changes
        .iter()
        .flat_map(|change| change.from.iter().chain(&change.to))
        .collect();
    for file in &files {
        if only.is_some_and(|only| !only.iter().any(|one| file.starts_with(one))) {
            return Err(refused(file, "is changed by the diff, and the check is not about it"));
        }
        if tree.root.join(file).starts_with(&tree.target_dir) {
            return Err(refused(file, "lies in the target directory"));
        }
    }
    match tree.ignored(&files) {
        Ok(None) => Ok(()),
        Ok(Some(file)) => Err(refused(Path::new(&file), "is ignored by git")),
        Err(words) => Err(Obstacle::Refused(format!("git does not say what it ignores: {words}"))),
    }
}

fn refused(file: &Path, why: &str) -> Obstacle {
    Obstacle::Refused(format!("`{}` {why}", file.display()))
}

fn misfit(file: &Path, why: &str) -> Obstacle {
    Obstacle::Misfit(format!("`{}` {why}", file.display()))
}

/// A file as it was read.
struct Old {
    /// For messages.
    file: PathBuf,
    dir: OwnedFd,
    name: PathBuf,
    content: Vec<u8>,
    mode: u32,
    seen: Seen,
}

/// What is to be changed.
struct Wanted {
    /// For messages.
    file: PathBuf,
    old: Option<Old>,
    new: Option<Planned>,
    /// Where the new one will be, if that is another place.
    place: Option<(OwnedFd, PathBuf)>,
}

/// A change that can be made by giving a file its name.
struct Prepared {
    /// For messages.
    file: PathBuf,
    old: Option<Old>,
    new: Option<NewFile>,
    /// Where the new one will be, if that is another place.
    place: Option<(OwnedFd, PathBuf)>,
}

/// A change that was made, and can be taken back.
struct Done {
    old: Option<Old>,
    place: Option<(OwnedFd, PathBuf)>,
}

fn want(change: &FileChange, root: &Path, made: &mut MadeDirs) -> Result<Wanted, Obstacle> {
    let old = change.from.as_ref().map(|from| Old::read(root, from)).transpose()?;
    let file = change.to.as_ref().or(change.from.as_ref()).cloned().unwrap_or_default();
    let content = old.as_ref().map_or(&[][..], |old| &old.content);
    let after = change
        .applied(content)
        .map_err(|misfit| self::misfit(&file, &format!("does not fit: {misfit}")))?;
    let (Some(to), Some(content)) = (&change.to, after) else {
        let (new, place) = (None, None);
        return Ok(Wanted { file, old, new, place });
    };
    let failed = |error: io::Error| refused(to, &format!("cannot be written: {error}"));
    let (dir, name) = place_of(root, to, Some(made)).map_err(failed)?;
    let is_new = change.from.as_ref() != Some(to);
    if is_new && statat(&dir, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(misfit(to, "is there already"));
    }
    let new = Planned {
        dir: dir.try_clone().map_err(failed)?,
        file: to.clone(),
        content,
        mode: permissions(old.as_ref().map(|old| old.mode), change.executable),
    };
    Ok(Wanted {
        file,
        old,
        new: Some(new),
        place: is_new.then_some((dir, name)),
    })
}

/// Writes all files that are to be put in a place.
fn prepare(wanted: Vec<Wanted>, workshop: &Workshop<'_>) -> Result<Vec<Prepared>, Obstacle> {
    let (mut planned, mut rest) = (Vec::new(), Vec::new());
    for Wanted { file, old, new, place } in wanted {
        rest.push((file, old, place, new.is_some()));
        planned.extend(new);
    }
    let written = workshop.written(planned);
    let written =
        written.map_err(|Unwritten { file, error }| refused(&file, &format!("cannot be written: {error}")))?;
    let mut written = written.into_iter();
    let ready = rest.into_iter().map(|(file, old, place, is_written)| Prepared {
        file,
        old,
        new: is_written.then(|| written.next()).flatten(),
        place,
    });
    Ok(ready.collect())
}

impl Old {
    fn read(root: &Path, file: &Path) -> Result<Self, Obstacle> {
        let found = PlainFile::read(root, file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => misfit(file, "is not there"),
            io::ErrorKind::InvalidInput => refused(file, "is no plain file"),
            _ => refused(file, &format!("cannot be read: {error}")),
        })?;
        Ok(Self {
            file: file.to_owned(),
            dir: found.dir,
            name: found.name,
            content: found.content,
            mode: found.metadata.permissions().mode(),
            seen: seen(&found.metadata),
        })
    }

    fn is_as_it_was(&self) -> bool {
        let opened = open_plain(&self.dir, &self.name);
        opened.is_ok_and(|now| now.metadata().is_ok_and(|now| seen(&now) == self.seen))
    }
}

impl Prepared {
    fn is_as_it_was(&self) -> Result<(), Obstacle> {
        let is_old = self.old.as_ref().is_none_or(Old::is_as_it_was);
        let is_free = |(dir, name): &(OwnedFd, PathBuf)| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).is_err();
        if is_old && self.place.as_ref().is_none_or(is_free) {
            Ok(())
        } else {
            Err(misfit(&self.file, "was changed meanwhile"))
        }
    }

    fn put(self) -> io::Result<Done> {
        let Self { old, new, place, .. } = self;
        let stays = new.is_some() && place.is_none();
        if let Some(new) = new {
            new.put(Durability::Later)?;
        }
        if let Some(old) = old.as_ref().filter(|_| !stays) {
            unlinkat(&old.dir, &old.name, AtFlags::empty())?;
        }
        Ok(Done { old, place })
    }
}

/// Makes all files what they were.
fn undo(done: Vec<Done>, workshop: &Workshop<'_>) -> io::Result<()> {
    let (old, places): (Vec<_>, Vec<_>) = done.into_iter().map(|done| (done.old, done.place)).unzip();
    let back = old.into_iter().flatten().map(|old| Planned {
        dir: old.dir,
        file: old.file,
        content: old.content,
        mode: Some(old.mode),
    });
    for file in workshop.written(back.collect()).map_err(|unwritten| unwritten.error)? {
        file.put(Durability::Later)?;
    }
    for (dir, name) in places.into_iter().flatten() {
        unlinkat(dir, &name, AtFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    /// A directory with these files, and what is ready to be put into it of a diff that changes each from `a` to `b`.
    fn ready(names: &[&str]) -> (tempfile::TempDir, Vec<Prepared>) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for name in names {
            fs::write(root.join(name), "a\n").unwrap();
        }
        let of = |name: &&str| format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-a\n+b\n");
        let diff: String = names.iter().map(of).collect();
        let changes = read(diff.as_bytes(), Names { root, cwd: root }).unwrap();
        let mut made = MadeDirs::default();
        let wanted = changes.iter().map(|change| want(change, root, &mut made).unwrap());
        let ready = prepare(wanted.collect(), &Workshop::open(root, None)).unwrap();
        (dir, ready)
    }

    fn put(ready: Vec<Prepared>, dir: &Path) -> Result<usize, Obstacle> {
        super::put(ready, &Workshop::open(dir, None))
    }

    fn contents(dir: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
        let files = entries.filter(|entry| entry.path().is_file());
        let named = |entry: fs::DirEntry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(entry.path()).unwrap())
        };
        let mut all: Vec<_> = files.map(named).collect();
        all.sort();
        all
    }

    fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        files.iter().map(own).collect()
    }

    #[test]
    fn what_somebody_has_written_meanwhile_is_not_overwritten() {
        type Edit = fn(&Path);
        let edits: [Edit; 4] = [
            |file| fs::write(file, "c\n").unwrap(),
            |file| fs::remove_file(file).unwrap(),
            |file| {
                fs::write(file.with_extension("new"), "a\n").unwrap();
                fs::rename(file.with_extension("new"), file).unwrap();
            },
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
        ];
        for edit in edits {
            let (dir, ready) = ready(&["x"]);
            assert_eq!(ready[0].is_as_it_was(), Ok(()));
            edit(&dir.path().join("x"));
            let after = contents(dir.path()).len();
            let changed = Obstacle::Misfit("`x` was changed meanwhile".to_owned());
            assert_eq!(ready[0].is_as_it_was(), Err(changed));
            drop(ready);
            assert!(contents(dir.path()).len() < after, "the new file is gone");
        }
    }

    #[test]
    fn where_one_file_cannot_be_written_the_others_are_as_they_were() {
        let (dir, ready) = ready(&["x", "y", "z"]);
        let mode = Permissions::from_mode(0o640);
        // Nothing can be put in the place of a directory.
        fs::remove_file(dir.path().join("y")).unwrap();
        fs::create_dir(dir.path().join("y")).unwrap();
        fs::set_permissions(dir.path().join("z"), mode).unwrap();
        let Err(Obstacle::Refused(why)) = put(ready, dir.path()) else {
            panic!("it could be written");
        };
        assert!(
            why.starts_with("`y` cannot be written: ") && why.ends_with("; nothing is changed"),
            "{why}"
        );
        assert_eq!(contents(dir.path()), named(&[("x", "a\n"), ("z", "a\n")]));
    }

    #[test]
    fn what_can_be_written_is() {
        let (dir, ready) = ready(&["x", "y"]);
        assert_eq!(put(ready, dir.path()), Ok(2));
        assert_eq!(contents(dir.path()), named(&[("x", "b\n"), ("y", "b\n")]));
    }

    #[test]
    fn directories_that_were_made_for_nothing_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut made = MadeDirs::default();
        let (_, name) = place_of(dir.path(), Path::new("a/b/c"), Some(&mut made)).unwrap();
        assert_eq!(name, Path::new("c"));
        assert!(dir.path().join("a/b").is_dir());
        drop(made);
        assert!(!dir.path().join("a").exists());
    }
}
