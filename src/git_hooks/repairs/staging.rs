//! Makes repairs part of a commit: they come into every index that git reads for it, or into none.
//!
//! Git stages them in copies. What was made of a copy takes the place of the index that it is one of, where that is still the
//! same: whoever stages something at the same time is never overwritten.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::new_index::{Put, put_in_place};
use crate::changes::Version;
use crate::git_hooks::snapshot::{PrivateIndex, Repaired, RepairedFile, Side, Snapshot, SnapshotError, Staged, staged};
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

/// How often all is done again where somebody stages something at the same time.
const MOST_TRIES: usize = 10;

/// Stages all repairs. Where one of them is about something that is not staged any more, or not in all of them, nothing is
/// staged, and this says which.
pub(in crate::git_hooks) fn stage(
    snapshot: &Snapshot,
    repaired: &Repaired,
) -> Result<Result<(), PathBuf>, SnapshotError> {
    let Some(source) = snapshot.index() else {
        return Err(SnapshotError::not_understood("what is staged"));
    };
    for _ in 0..MOST_TRIES {
        let mut ready = Vec::new();
        for index in indexes(source) {
            match repaired_copy(snapshot, repaired, &index)? {
                Ok(copy) => ready.push(copy),
                Err(other) => return Ok(Err(other)),
            }
        }
        // What git commits then has to be what was judged.
        let tree = snapshot.tree_of_index(&ready[0].path)?;
        if tree != repaired.tree {
            return Err(SnapshotError::NotStaged {
                tree,
                judged: repaired.tree.clone(),
            });
        }
        let after: Vec<&Side> = repaired.files.iter().filter_map(|file| file.after.as_ref()).collect();
        keep_objects(snapshot, &after)?;
        if put_in_place(&ready, snapshot.dir())? == Put::All {
            return Ok(Ok(()));
        }
    }
    Err(SnapshotError::Git {
        asked: "what is staged",
        words: "it changes again and again".to_owned(),
    })
}

/// A copy of an index in which the repairs are staged; else the file that is not staged in it as it was judged.
fn repaired_copy(
    snapshot: &Snapshot,
    repaired: &Repaired,
    index: &Path,
) -> Result<Result<PrivateIndex, PathBuf>, SnapshotError> {
    // Git writes to where a link leads. Where nothing is there, it has given up, and an index that were made now would be in
    // the way of the next one.
    let index = fs::canonicalize(index).map_err(|_| SnapshotError::Git {
        asked: "what is staged",
        words: format!("`{}` is gone", index.display()),
    })?;
    let copy = snapshot.copy_of_index(&index)?;
    let mut flags = Flags::default();
    for some in repaired.files.chunks(FILES_AT_ONCE) {
        let listing = listed(snapshot, some, &copy.path)?;
        let entries = staged(&listing).ok_or_else(|| SnapshotError::not_understood("what is staged"))?;
        if let Some(other) = some.iter().find(|file| !is_staged(file, &entries)) {
            return Ok(Err(other.path.clone()));
        }
        flags.note(some, &entries);
    }
    let words = words(&repaired.files);
    tell(snapshot, &copy.path, &["update-index", "-z", "--index-info"], &words)?;
    // What is staged anew has lost what git was told of it.
    for (flag, files) in [
        ("--skip-worktree", &flags.left_out),
        ("--assume-unchanged", &flags.unwatched),
    ] {
        if !files.is_empty() {
            tell(snapshot, &copy.path, &["update-index", flag, "-z", "--stdin"], files)?;
        }
    }
    Ok(Ok(copy))
}

/// The indexes that git reads: the one that it makes the commit of, and the one that is staged after that.
fn indexes(source: &Path) -> Vec<PathBuf> {
    let is_of_paths = source
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(OF_PATHS.as_bytes()));
    let next = is_of_paths.then(|| source.with_file_name(NEXT));
    std::iter::once(source.to_owned()).chain(next).collect()
}

/// What git was told of files, by their names, each with a zero byte after it.
#[derive(Default)]
struct Flags {
    /// The working tree is not to have them.
    left_out: Vec<u8>,
    /// Git is not to look at them.
    unwatched: Vec<u8>,
}

impl Flags {
    /// Notes down what holds for files that stay.
    fn note(&mut self, files: &[RepairedFile], entries: &[Staged<'_>]) {
        for file in files.iter().filter(|file| file.after.is_some()) {
            let Some(entry) = entries.iter().find(|entry| entry.path == file.path) else {
                continue;
            };
            let name = [file.path.as_os_str().as_encoded_bytes(), b"\0"].concat();
            if entry.tag.eq_ignore_ascii_case(&b'S') {
                self.left_out.extend_from_slice(&name);
            }
            if entry.tag.is_ascii_lowercase() {
                self.unwatched.extend_from_slice(&name);
            }
        }
    }
}

/// What an index has of files.
fn listed(snapshot: &Snapshot, files: &[RepairedFile], index: &Path) -> Result<Vec<u8>, SnapshotError> {
    let question = ["ls-files", "--stage", "-v", "-z", "--"].map(OsStr::new);
    let names = files.iter().map(|file| file.path.as_os_str());
    let git = snapshot.git_with_index(index);
    let listing = git.ask(snapshot.original(), question.into_iter().chain(names));
    listing.map_err(|refusal| SnapshotError::refused("what is staged", &refusal))
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
