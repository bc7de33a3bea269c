//! How large the files of an index are for git. What is said once of an object is true for ever, and is remembered.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};

use super::SnapshotError;
use super::copy::of;
use super::listing::{SUBMODULE, Staged};
use super::repository::Repository;
use crate::digests::FileTree;
use crate::private_files::{Durability, PrivateDir};

/// The form of the file. Another one is another name.
const NAME: &str = "sizes-1";

/// No file of ours is larger: a repository of a million files needs a third of it.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Whether a file of the working tree has not as many bytes as what git has of it. All that line ends lose on their way to git
/// is bytes: where both have as many, they are the same, and nothing has to be read. `seen` has the sizes of the files that
/// somebody has looked at.
pub(super) fn differ(
    repository: &Repository,
    entries: &[Staged<'_>],
    seen: Option<&FileTree>,
    dir: &PrivateDir,
) -> Result<bool, SnapshotError> {
    let files: Vec<_> = entries.iter().filter(|entry| entry.mode != SUBMODULE).collect();
    let text = dir.read(NAME, LONGEST).unwrap_or_default();
    let known = known(&text);
    let found = sizes(repository, &files, seen)?;
    let unknown: Vec<_> = files
        .iter()
        .zip(&found)
        .filter(|(file, size)| known.get(file.object) != Some(size))
        .collect();
    if unknown.is_empty() {
        return Ok(false);
    }
    let answer = asked(repository, unknown.iter().map(|(file, _)| file.object))?;
    let sizes = answer.lines().map(|line| line.parse::<u64>().ok());
    if !sizes.eq(unknown.iter().map(|(_, size)| Some(**size))) {
        return Ok(true);
    }
    let mut text = String::new();
    for (file, size) in files.iter().zip(&found) {
        let _ = writeln!(text, "{} {size}", file.object);
    }
    if let Err(error) = dir.write(NAME, text.as_bytes(), Durability::Later) {
        tracing::debug!(%error, "sizes are not remembered");
    }
    Ok(false)
}

/// How large the files of the working tree are. What is not there has no size.
fn sizes(repository: &Repository, files: &[&Staged<'_>], seen: Option<&FileTree>) -> Result<Vec<u64>, SnapshotError> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = openat(CWD, &repository.top, flags, Mode::empty()).map_err(|error| of(&repository.top)(error.into()))?;
    let root = seen.and_then(|seen| seen.root().strip_prefix(&repository.top).ok());
    // Both lists are in the order of the names.
    let mut entries = seen.into_iter().flat_map(FileTree::entries).peekable();
    let size = |file: &&Staged<'_>| {
        let below = root.and_then(|root| file.path.strip_prefix(root).ok());
        let is_before = |path: &Path| below.is_some_and(|below| path.as_os_str() < below.as_os_str());
        while entries.next_if(|entry| is_before(entry.path)).is_some() {}
        if let Some(entry) = entries.peek().filter(|entry| Some(entry.path) == below) {
            return entry.size;
        }
        let found = statat(&top, file.path, AtFlags::SYMLINK_NOFOLLOW).ok();
        found
            .and_then(|found| u64::try_from(found.st_size).ok())
            .unwrap_or(u64::MAX)
    };
    Ok(files.iter().map(size).collect())
}

/// What is remembered. A line that is damaged is none.
fn known(text: &[u8]) -> HashMap<&str, u64> {
    let lines = std::str::from_utf8(text).unwrap_or_default().lines();
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs
        .filter_map(|(object, size)| Some((object, size.parse().ok()?)))
        .collect()
}

/// What git says of these objects, line by line.
fn asked<'o>(repository: &Repository, objects: impl Iterator<Item = &'o str>) -> Result<String, SnapshotError> {
    let question: String = objects.flat_map(|object| [object, "\n"]).collect();
    let answer = thread::scope(|scope| {
        let (questions, mut writer) = io::pipe().map_err(of(&repository.top))?;
        // Where git does not read them all, it says why.
        scope.spawn(move || drop(writer.write_all(question.as_bytes())));
        let words = ["cat-file", "--buffer", "--batch-check=%(objectsize)"];
        let answer = repository
            .git()
            .ask_from(&repository.top, words, OwnedFd::from(questions).into());
        answer.map_err(|refusal| SnapshotError::refused("how large files are", &refusal))
    })?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
