//! Makes repairs part of a commit: they come into every index that git reads for it, or into none.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::changes::Version;
use crate::git_hooks::snapshot::{Repaired, RepairedFile, Side, Snapshot, SnapshotError, Staged, staged};
use crate::private_files::Durability;

/// How many files are named in one question, so that it is none too long for the system.
const FILES_AT_ONCE: usize = 200;

/// How the name of the index begins of which git makes a commit of some paths alone. What is to be staged after that lies in
/// another one.
const OF_PATHS: &str = "next-index-";

/// What becomes the index of the working tree once git has committed.
const NEXT: &str = "index.lock";

/// Where words for git are written, in the directory of the snapshot.
const WORDS: &str = "words";

/// Stages all repairs. Where one of them is about something that is not staged any more, or not in all of them, nothing is
/// staged, and this says which.
pub(in crate::git_hooks) fn stage(
    snapshot: &Snapshot,
    repaired: &Repaired,
) -> Result<Result<(), PathBuf>, SnapshotError> {
    let Some(source) = snapshot.index() else {
        return Err(SnapshotError::not_understood("what is staged"));
    };
    let indexes = indexes(source);
    for index in &indexes {
        if !index.is_file() {
            // Git has given up, and an index that were made now would be in the way of the next one.
            return Err(SnapshotError::Git {
                asked: "what is staged",
                words: format!("`{}` is gone", index.display()),
            });
        }
        if let Some(other) = another(snapshot, repaired, index)? {
            return Ok(Err(other));
        }
    }
    let after: Vec<&Side> = repaired.files.iter().filter_map(|file| file.after.as_ref()).collect();
    keep_objects(snapshot, &after)?;
    let words = words(&repaired.files);
    for index in &indexes {
        let question = ["update-index", "-z", "--index-info"];
        tell(snapshot, index, &question, &words)?;
    }
    // What git commits now has to be what was judged.
    let tree = snapshot.tree_of_index()?;
    if tree != repaired.tree {
        return Err(SnapshotError::NotStaged {
            tree,
            judged: repaired.tree.clone(),
        });
    }
    Ok(Ok(()))
}

/// The indexes that git reads: the one that it makes the commit of, and the one that is staged after that.
fn indexes(source: &Path) -> Vec<PathBuf> {
    let is_of_paths = source
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(OF_PATHS.as_bytes()));
    let next = is_of_paths.then(|| source.with_file_name(NEXT));
    std::iter::once(source.to_owned()).chain(next).collect()
}

/// The first file of which an index does not have what was repaired.
fn another(snapshot: &Snapshot, repaired: &Repaired, index: &Path) -> Result<Option<PathBuf>, SnapshotError> {
    for some in repaired.files.chunks(FILES_AT_ONCE) {
        let question = ["ls-files", "--stage", "-v", "-z", "--"].map(OsStr::new);
        let names = some.iter().map(|file| file.path.as_os_str());
        let git = snapshot.git_with_index(index);
        let listing = git.ask(snapshot.original(), question.into_iter().chain(names));
        let listing = listing.map_err(|refusal| SnapshotError::refused("what is staged", &refusal))?;
        let entries = staged(&listing).ok_or_else(|| SnapshotError::not_understood("what is staged"))?;
        let other = some.iter().find(|file| !is_staged(file, &entries));
        if let Some(other) = other {
            return Ok(Some(other.path.clone()));
        }
    }
    Ok(None)
}

/// Whether what was repaired is what is staged of a file. A name that was a directory has other files in its place.
fn is_staged(file: &RepairedFile, entries: &[Staged<'_>]) -> bool {
    let mut found = entries.iter().filter(|entry| entry.path == file.path);
    match (&file.before, found.next(), found.next()) {
        (None, None, None) => true,
        (Some(Side { version, .. }), Some(entry), None) => {
            entry.stage == 0 && (entry.mode, entry.object) == (version.mode, version.id.as_str())
        }
        _ => false,
    }
}

/// Writes the objects of the repaired files into the user's repository.
fn keep_objects(snapshot: &Snapshot, sides: &[&Side]) -> Result<(), SnapshotError> {
    let name = |at: usize| format!("object-{at}");
    for (at, side) in sides.iter().enumerate() {
        let written = snapshot.dir().write(&name(at), &side.object, Durability::Later);
        written.map_err(|source| snapshot.failed(&name(at), source))?;
    }
    let paths: Vec<PathBuf> = (0..sides.len())
        .map(|at| snapshot.dir().path().join(name(at)))
        .collect();
    let mut ids = Vec::new();
    let mut kept = Ok(());
    for some in paths.chunks(FILES_AT_ONCE) {
        let question = ["hash-object", "-w", "--no-filters", "--"].map(OsString::from);
        let names = some.iter().map(|path| path.clone().into_os_string());
        match snapshot
            .users_git()
            .ask(snapshot.original(), question.into_iter().chain(names))
        {
            Ok(answer) => ids.extend(String::from_utf8_lossy(&answer).lines().map(str::to_owned)),
            Err(refusal) => {
                kept = Err(SnapshotError::refused("that it keeps what was repaired", &refusal));
                break;
            }
        }
    }
    for at in 0..sides.len() {
        snapshot.dir().remove(&name(at));
    }
    kept?;
    let expected = sides.iter().map(|side| side.version.id.as_str());
    if ids.iter().map(String::as_str).eq(expected) {
        Ok(())
    } else {
        Err(SnapshotError::not_understood("what it keeps of the repairs"))
    }
}

/// What git is told of the files.
fn words(files: &[RepairedFile]) -> Vec<u8> {
    let mut words = Vec::new();
    for file in files {
        let id = |side: &Side| side.version.id.clone();
        let (mode, id) = match (&file.before, &file.after) {
            (
                _,
                Some(Side {
                    version: Version { mode, id },
                    ..
                }),
            ) => (*mode, id.clone()),
            (before, None) => (0, "0".repeat(before.as_ref().map(id).map_or(40, |id| id.len()))),
        };
        words.extend(format!("{mode:o} {id}\t").into_bytes());
        words.extend_from_slice(file.path.as_os_str().as_encoded_bytes());
        words.push(0);
    }
    words
}

fn tell(snapshot: &Snapshot, index: &Path, question: &[&str], words: &[u8]) -> Result<(), SnapshotError> {
    let dir = snapshot.dir();
    let written = dir.write(WORDS, words, Durability::Later);
    let input = written.and_then(|()| File::open(dir.path().join(WORDS)));
    let input = input.map_err(|source| snapshot.failed(WORDS, source))?;
    let answer = snapshot
        .git_with_index(index)
        .ask_from(snapshot.original(), question, input);
    dir.remove(WORDS);
    match answer {
        Ok(_) => Ok(()),
        Err(refusal) => Err(SnapshotError::refused("that it stages what was repaired", &refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_of_paths_has_two_indexes() {
        let check = |source: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(indexes(Path::new(source)), expected, "{source}");
        };
        check("/r/.git/index", &["/r/.git/index"]);
        check("/r/.git/index.lock", &["/r/.git/index.lock"]);
        check("/elsewhere/own", &["/elsewhere/own"]);
        check(
            "/r/.git/next-index-12.lock",
            &["/r/.git/next-index-12.lock", "/r/.git/index.lock"],
        );
    }
}
