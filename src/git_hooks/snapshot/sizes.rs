//! How large the files of an index are for git. What is said once of an object is true for ever, and is remembered.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::thread;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};

use super::SnapshotError;
use super::copy::of;
use super::listing::{SUBMODULE, Staged};
use super::repository::Repository;
use crate::private_files::{Durability, PrivateDir};

/// The form of the file. Another one is another name.
const NAME: &str = "sizes-1";

/// No file of ours is larger: a repository of a million files needs a third of it.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Whether a file of the working tree has not as many bytes as what git has of it. All that line ends lose on their way to git
/// is bytes: where both have as many, they are the same, and nothing has to be read.
pub(super) fn differ(repository: &Repository, entries: &[Staged<'_>], dir: &PrivateDir) -> Result<bool, SnapshotError> {
    let files: Vec<_> = entries.iter().filter(|entry| entry.mode != SUBMODULE).collect();
    let text = dir.read(NAME, LONGEST).unwrap_or_default();
    let known = known(&text);
    let mut found = Vec::with_capacity(files.len());
    let mut unknown = Vec::new();
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = openat(CWD, &repository.top, flags, Mode::empty()).map_err(|error| of(&repository.top)(error.into()))?;
    for (place, file) in files.iter().enumerate() {
        // What is not there has no size.
        let size = statat(&top, file.path, AtFlags::SYMLINK_NOFOLLOW);
        let size = size
            .ok()
            .and_then(|found| u64::try_from(found.st_size).ok())
            .unwrap_or(u64::MAX);
        found.push(size);
        if known.get(file.object) != Some(&size) {
            unknown.push(place);
        }
    }
    if unknown.is_empty() {
        return Ok(false);
    }
    let answer = asked(repository, unknown.iter().map(|place| files[*place].object))?;
    let sizes = answer.lines().map(|line| line.parse::<u64>().ok());
    if !sizes.eq(unknown.iter().map(|place| Some(found[*place]))) {
        return Ok(true);
    }
    let mut text = String::new();
    for (file, size) in files.iter().zip(found) {
        let _ = writeln!(text, "{} {size}", file.object);
    }
    if let Err(error) = dir.write(NAME, text.as_bytes(), Durability::Later) {
        tracing::debug!(%error, "sizes are not remembered");
    }
    Ok(false)
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
