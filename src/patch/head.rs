//! The lines of a diff that say where changes are.

use std::path::PathBuf;

use super::name::Names;
use super::read::read;

/// What the first line of changes says: `@@ -1,2 +3,4 @@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HunkHead {
    /// The first line that follows, of the file before; the line before the change where none follows.
    pub line: u32,
    /// How many lines of the file before follow.
    pub before: u32,
    /// How many lines of the file after.
    pub after: u32,
}

impl HunkHead {
    /// Reads such a line. A count of one may be left out.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let words = String::from_utf8_lossy(line.strip_prefix(b"@@ ")?);
        let mut words = words.trim_end().split(' ');
        let range = |word: &str, sign: char| {
            let word = word.strip_prefix(sign)?;
            let (line, count) = word.split_once(',').unwrap_or((word, "1"));
            Some((line.parse().ok()?, count.parse().ok()?))
        };
        let (line, before) = range(words.next()?, '-')?;
        let (_, after): (u32, _) = range(words.next()?, '+')?;
        (words.next()? == "@@").then_some(Self { line, before, after })
    }

    /// Takes a line of the changes, by its first character: how many lines it stands for of either side. Nothing where none is
    /// to come any more, or this is none: then nothing more is to come.
    pub fn take(&mut self, sign: Option<&u8>) -> Option<(u32, u32)> {
        if (self.before, self.after) == (0, 0) {
            return None;
        }
        let taken = match sign {
            Some(b'-') => (1, 0),
            Some(b'+') => (0, 1),
            Some(b'\\') => (0, 0),
            // Some tools write nothing for a line without content.
            Some(b' ' | b'\n') | None => (1, 1),
            Some(_) => {
                (self.before, self.after) = (0, 0);
                return None;
            }
        };
        self.line = self.line.saturating_add(taken.0);
        self.before = self.before.saturating_sub(taken.0);
        self.after = self.after.saturating_sub(taken.1);
        Some(taken)
    }
}

/// The file that the two lines before the changes of a file are about: `--- old` and `+++ new`.
#[must_use]
pub fn headed(lines: &[u8], names: Names<'_>) -> Option<PathBuf> {
    let change = read(&[lines, b"@@ -1 +1 @@\n-a\n+b\n"].concat(), names).ok()?.pop()?;
    change.to.or(change.from)
}

/// A diff that git has not written, with an empty line before each file. Where a file ends with a line that has no end, the
/// parser would take the names of the next one for further lines.
pub(super) fn apart(text: &[u8]) -> Vec<u8> {
    let mut apart = Vec::with_capacity(text.len());
    let mut hunk = None::<HunkHead>;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let is_change = hunk.as_mut().is_some_and(|hunk| hunk.take(line.first()).is_some());
        if !is_change {
            hunk = HunkHead::read(line);
            if line.starts_with(b"--- ") {
                apart.push(b'\n');
            }
        }
        apart.extend_from_slice(line);
    }
    apart
}
