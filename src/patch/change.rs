//! What becomes of one file.

use std::path::PathBuf;

/// What becomes of one file: it is changed, or made, or taken away, or gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What it was called, relative to the root of the workspace; nothing where it is new.
    pub from: Option<PathBuf>,
    /// What it is called then; nothing where it is taken away.
    pub to: Option<PathBuf>,
    /// Whether it can be executed then, where that is said.
    pub executable: Option<bool>,
    pub(super) hunks: Vec<Hunk>,
}

/// Lines that stand in the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    /// How many lines come before.
    pub(super) at: usize,
    /// How many lines are replaced.
    pub(super) count: usize,
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

/// Why a change does not fit a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The file does not contain what is to be replaced.
    #[error("line {0} and what follows it is not what the diff says")]
    OtherLines(usize),
    /// Something would be left of a file that is to be taken away.
    #[error("something would be left of it, and the diff takes it away")]
    NotEmpty,
}

impl FileChange {
    /// What the file contains after the change; nothing where it is gone then. A file that is new contained nothing.
    ///
    /// # Errors
    ///
    /// Where the file does not contain, line by line, what the diff says.
    pub fn applied(&self, content: &[u8]) -> Result<Option<Vec<u8>>, Misfit> {
        let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        let mut changed = Vec::with_capacity(content.len());
        let mut next = 0;
        for hunk in &self.hunks {
            let misfit = Misfit::OtherLines(hunk.at + 1);
            let kept = lines.get(next..hunk.at).ok_or(misfit)?;
            changed.extend(kept.iter().copied().flatten());
            next = hunk.at + hunk.count;
            let replaced = lines.get(hunk.at..next).ok_or(misfit)?;
            // A line that ends without a newline is the last one: nothing can stand after it.
            let follows_half_a_line = !hunk.after.is_empty() && changed.last().is_some_and(|byte| *byte != b'\n');
            let is_half_a_line = next < lines.len() && hunk.after.last().is_some_and(|byte| *byte != b'\n');
            if replaced.concat() != hunk.before || follows_half_a_line || is_half_a_line {
                return Err(misfit);
            }
            changed.extend(&hunk.after);
        }
        changed.extend(lines[next..].iter().copied().flatten());
        match self.to {
            Some(_) => Ok(Some(changed)),
            None if changed.is_empty() => Ok(None),
            None => Err(Misfit::NotEmpty),
        }
    }
}
