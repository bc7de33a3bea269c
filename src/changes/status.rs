//! Reads what `git status --porcelain=v2 --branch -z` answers.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::entry::{Entry, Unreadable, mode, object_id};

/// How the last commit, the index and the working tree of a repository differ. Paths are relative to its top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The last commit; none before the first one.
    pub(super) head: Option<String>,
    /// The branch that is checked out, if one is.
    pub(super) branch: Option<String>,
    /// What the branch follows, whether that exists or not.
    pub(super) upstream: Option<String>,
    /// How many commits the branch has that its upstream has not. Not known where the upstream does not exist.
    pub(super) ahead: Option<u64>,
    /// Tracked files that are not the same everywhere.
    pub(super) tracked: BTreeMap<PathBuf, Tracked>,
    /// Files that are neither tracked nor ignored. A repository inside this one is there as a directory.
    pub(super) untracked: Vec<PathBuf>,
}

/// A file that is not the same everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tracked {
    /// In the last commit.
    pub(super) head: Entry,
    /// In the index. Nothing that counts where the file is not merged.
    pub(super) index: Entry,
    /// In the working tree.
    pub(super) work: Entry,
    /// Whether it is in conflict.
    pub(super) unmerged: bool,
}

/// The answer, understood. Headers that are not known are left out, as git asks of those who read it.
pub(super) fn parse(answer: &[u8]) -> Result<Status, Unreadable> {
    let mut status = Status::default();
    let mut records = answer.split_inclusive(|byte| *byte == 0);
    while let Some(record) = records.next() {
        let unreadable = || Unreadable::record(record);
        // A record without its end was cut off.
        let text = record.strip_suffix(b"\0").ok_or_else(unreadable)?;
        let (kind, rest) = split_at_space(text).ok_or_else(unreadable)?;
        match kind {
            b"#" => status.header(rest),
            b"?" => status.untracked.push(path(rest).ok_or_else(unreadable)?),
            b"!" => {}
            b"1" => status.ordinary(rest).ok_or_else(unreadable)?,
            b"u" => status.unmerged(rest).ok_or_else(unreadable)?,
            b"2" => {
                let origin = records.next().and_then(|record| path(record.strip_suffix(b"\0")?));
                status
                    .renamed(rest, origin.ok_or_else(unreadable)?)
                    .ok_or_else(unreadable)?;
            }
            _ => return Err(unreadable()),
        }
    }
    Ok(status)
}

impl Status {
    fn header(&mut self, line: &[u8]) {
        let Some((name, value)) = split_at_space(line) else {
            return;
        };
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"branch.oid" => self.head = object_id(value).map(str::to_owned),
            b"branch.head" if value != b"(detached)" => self.branch = Some(text()),
            b"branch.upstream" => self.upstream = Some(text()),
            b"branch.ab" => self.ahead = ahead(value),
            _ => {}
        }
    }

    /// `XY sub mH mI mW hH hI path`
    fn ordinary(&mut self, line: &[u8]) -> Option<()> {
        let ([states, _, head, index, work, head_id, index_id], name) = fields::<7>(line)?;
        let index = Entry::tracked(mode(index)?, object_id(index_id)?);
        let work = work_entry(states, &index, mode(work)?)?;
        let head = Entry::tracked(mode(head)?, object_id(head_id)?);
        let tracked = Tracked {
            head,
            index,
            work,
            unmerged: false,
        };
        self.tracked.insert(path(name)?, tracked);
        Some(())
    }

    /// `XY sub mH mI mW hH hI score path`, and the path of the origin. Nobody asks for these, but a file that was renamed
    /// is there under both names.
    fn renamed(&mut self, line: &[u8], origin: PathBuf) -> Option<()> {
        let ([states, _, head, index, work, head_id, index_id, score], name) = fields::<8>(line)?;
        let index = Entry::tracked(mode(index)?, object_id(index_id)?);
        let work = work_entry(states, &index, mode(work)?)?;
        let head = Entry::tracked(mode(head)?, object_id(head_id)?);
        let tracked = Tracked {
            index,
            work,
            ..Tracked::default()
        };
        self.tracked.insert(path(name)?, tracked);
        if score.starts_with(b"R") {
            self.tracked.entry(origin).or_default().head = head;
        }
        Some(())
    }

    /// `XY sub m1 m2 m3 mW h1 h2 h3 path`, of which the second is ours.
    fn unmerged(&mut self, line: &[u8]) -> Option<()> {
        let ([_, _, _, head, _, work, _, head_id, _], name) = fields::<9>(line)?;
        let tracked = Tracked {
            head: Entry::tracked(mode(head)?, object_id(head_id)?),
            index: Entry::Absent,
            work: Entry::on_disk(mode(work)?),
            unmerged: true,
        };
        self.tracked.insert(path(name)?, tracked);
        Some(())
    }
}

/// The working tree has what the index has, unless the second column says otherwise.
fn work_entry(states: &[u8], index: &Entry, mode: u32) -> Option<Entry> {
    let [_, column] = states else { return None };
    Some(if *column == b'.' {
        index.clone()
    } else {
        Entry::on_disk(mode)
    })
}

/// The number after the plus of `+1 -2`.
fn ahead(value: &[u8]) -> Option<u64> {
    let (ahead, _) = split_at_space(value)?;
    std::str::from_utf8(ahead.strip_prefix(b"+")?).ok()?.parse().ok()
}

/// The first fields of a line, and the rest of it.
fn fields<const COUNT: usize>(line: &[u8]) -> Option<([&[u8]; COUNT], &[u8])> {
    let mut fields: [&[u8]; COUNT] = [&[]; COUNT];
    let mut rest = line;
    for field in &mut fields {
        (*field, rest) = split_at_space(rest)?;
    }
    Some((fields, rest))
}

fn split_at_space(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..at], &text[at + 1..]))
}

fn path(name: &[u8]) -> Option<PathBuf> {
    (!name.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(name)))
}

#[cfg(test)]
mod tests;
