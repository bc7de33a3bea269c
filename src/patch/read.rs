//! From the text of a diff to what becomes of each file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use diffy::patch_set::{FileMode, FileOperation, FilePatch, ParseOptions, PatchKind, PatchSet};
use diffy::{Hunk as TextHunk, Line};

use super::change::{FileChange, Hunk};
use super::head::apart;
use super::name::{Names, lone_name, one_name};

/// How the header of a file begins where git, or who speaks like it, has written the diff.
const GIT: &[u8] = b"diff --git ";
/// How every group of changed lines begins. No line of a file can be taken for it: those have a character before them.
const HUNK: &[u8] = b"@@ -";

/// Why a diff is not applied to anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// It cannot be read.
    #[error("it is no unified diff: {0}")]
    Malformed(String),
    /// It is about something else than lines of plain files.
    #[error("it changes `{0}`, and that is more than lines of a plain file")]
    NotText(String),
    /// It names a file outside of the workspace, or none, or one of git's own.
    #[error("it names `{0}`, which is no file of the workspace")]
    Outside(String),
    /// The names before and after the change are those of two files.
    #[error("it names `{0}` and `{1}` for one file")]
    TwoNames(String, String),
    /// It changes a file twice.
    #[error("it changes `{}` twice", .0.display())]
    Twice(PathBuf),
}

/// What a diff says, file by file. There is nothing in a text that holds no diff.
///
/// # Errors
///
/// Where it is refused, as a whole.
pub fn read(text: &[u8], names: Names<'_>) -> Result<Vec<FileChange>, PatchError> {
    let begins = |beginning: &[u8]| {
        text.split(|byte| *byte == b'\n')
            .filter(move |line| line.starts_with(beginning))
            .count()
    };
    let (by_git, hunks) = (begins(GIT), begins(HUNK));
    let options = match (by_git, hunks) {
        (0, 0) => return Ok(Vec::new()),
        (0, _) => ParseOptions::unidiff(),
        _ => ParseOptions::gitdiff(),
    };
    let apart = (by_git == 0).then(|| apart(text));
    let text = apart.as_deref().unwrap_or(text);
    let mut changes = Vec::new();
    for patch in PatchSet::parse_bytes(text, options) {
        let patch = patch.map_err(|error| PatchError::Malformed(error.to_string()))?;
        changes.push(change(&patch, names)?);
    }
    // What cannot be read is passed over by the parser, and would be lost without a word.
    let read: usize = changes.iter().map(|change| change.hunks.len()).sum();
    if read != hunks || by_git > 0 && by_git != changes.len() {
        let message = format!("of {hunks} changes in it {read} can be read");
        return Err(PatchError::Malformed(message));
    }
    each_once(&changes)?;
    Ok(changes)
}

fn change(patch: &FilePatch<'_, [u8]>, names: Names<'_>) -> Result<FileChange, PatchError> {
    let (from, to) = files(patch.operation(), names)?;
    let described = || {
        to.as_ref()
            .or(from.as_ref())
            .map_or_else(String::new, |file| file.display().to_string())
    };
    let mode = |mode: Option<&FileMode>| match mode {
        None => Ok(None),
        Some(FileMode::Regular) => Ok(Some(false)),
        Some(FileMode::Executable) => Ok(Some(true)),
        Some(FileMode::Symlink | FileMode::Gitlink) => Err(PatchError::NotText(described())),
    };
    mode(patch.old_mode())?;
    let executable = mode(patch.new_mode())?;
    let PatchKind::Text(text) = patch.patch() else {
        return Err(PatchError::NotText(described()));
    };
    let hunks = text.hunks().iter().map(|found| hunk(found).ok_or_else(half_a_line));
    let hunks = hunks.collect::<Result<_, _>>()?;
    Ok(FileChange {
        from,
        to,
        executable,
        hunks,
    })
}

/// The names before and after.
fn files(
    operation: &FileOperation<'_, [u8]>,
    names: Names<'_>,
) -> Result<(Option<PathBuf>, Option<PathBuf>), PatchError> {
    let file = |name: &[u8]| names.file(name).ok_or_else(|| PatchError::Outside(shown(name)));
    Ok(match operation {
        FileOperation::Create(name) => (None, Some(file(lone_name(name, b"b/"))?)),
        FileOperation::Delete(name) => (Some(file(lone_name(name, b"a/"))?), None),
        FileOperation::Modify { original, modified } => {
            let two = || PatchError::TwoNames(shown(original), shown(modified));
            let name = file(one_name(original, modified).ok_or_else(two)?)?;
            (Some(name.clone()), Some(name))
        }
        FileOperation::Rename { from, to } => (Some(file(from)?), Some(file(to)?)),
        FileOperation::Copy { to, .. } => return Err(PatchError::NotText(shown(to))),
    })
}

/// The lines before and after, unless one without a newline stands anywhere but at their end.
fn hunk(found: &TextHunk<'_, [u8]>) -> Option<Hunk> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut add = |to_before: bool, to_after: bool, line: &[u8]| {
        for (_, side) in [(to_before, &mut before), (to_after, &mut after)]
            .into_iter()
            .filter(|(wanted, _)| *wanted)
        {
            if side.last().is_some_and(|byte| *byte != b'\n') {
                return None;
            }
            side.extend(line);
        }
        Some(())
    };
    for line in found.lines() {
        match line {
            Line::Context(line) => add(true, true, line)?,
            Line::Delete(line) => add(true, false, line)?,
            Line::Insert(line) => add(false, true, line)?,
        }
    }
    let range = found.old_range();
    // Where no line is replaced, the number is that of the line before.
    let at = if range.is_empty() {
        range.start()
    } else {
        range.start().checked_sub(1)?
    };
    Some(Hunk {
        at,
        count: range.len(),
        before,
        after,
    })
}

fn half_a_line() -> PatchError {
    PatchError::Malformed("a line without an end stands before another one".to_owned())
}

fn each_once(changes: &[FileChange]) -> Result<(), PatchError> {
    let mut met: BTreeSet<&Path> = BTreeSet::new();
    for change in changes {
        let to = change.to.iter().filter(|to| change.from.as_ref() != Some(to));
        for file in change.from.iter().chain(to) {
            if !met.insert(file) {
                return Err(PatchError::Twice(file.clone()));
            }
        }
    }
    Ok(())
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
