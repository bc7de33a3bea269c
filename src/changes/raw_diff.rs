//! Reads what `git diff --raw -z` and its kin answer.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::entry::{Entry, Unreadable, mode, object_id};

/// The files that differ between two states of a repository, and what each of the two has. Paths are relative to its top.
pub(super) type Differences = BTreeMap<PathBuf, (Entry, Entry)>;

/// The answer, understood.
pub(super) fn parse(answer: &[u8]) -> Result<Differences, Unreadable> {
    let mut differences = Differences::new();
    let mut records = answer.split_inclusive(|byte| *byte == 0);
    while let Some(record) = records.next() {
        let unreadable = || Unreadable::record(record);
        let mut path = || {
            let name = records.next()?.strip_suffix(b"\0")?;
            (!name.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(name)))
        };
        let (old, new, letter) = line(record).ok_or_else(unreadable)?;
        let name = path().ok_or_else(unreadable)?;
        match letter {
            // Nobody asks for these, but a file that was renamed is there under both names.
            b'R' => {
                add(&mut differences, name, old, Entry::Absent);
                add(&mut differences, path().ok_or_else(unreadable)?, Entry::Absent, new);
            }
            b'C' => add(&mut differences, path().ok_or_else(unreadable)?, Entry::Absent, new),
            _ => add(&mut differences, name, old, new),
        }
    }
    Ok(differences)
}

/// A file in conflict is there twice: that it is so, and how it differs.
fn add(differences: &mut Differences, name: PathBuf, old: Entry, new: Entry) {
    let known = differences.entry(name).or_default();
    if old != Entry::Absent {
        known.0 = old;
    }
    if new != Entry::Absent {
        known.1 = new;
    }
}

/// `:mode mode id id letter`
fn line(record: &[u8]) -> Option<(Entry, Entry, u8)> {
    let text = record.strip_suffix(b"\0")?.strip_prefix(b":")?;
    let mut fields = text.split(|byte| *byte == b' ');
    let (old_mode, new_mode) = (mode(fields.next()?)?, mode(fields.next()?)?);
    let (old_id, new_id) = (object_id(fields.next()?)?, object_id(fields.next()?)?);
    let letter = *fields.next()?.first()?;
    let end = fields.next().is_none() && letter.is_ascii_uppercase();
    end.then(|| {
        (
            Entry::tracked(old_mode, old_id),
            Entry::tracked(new_mode, new_id),
            letter,
        )
    })
}

#[cfg(test)]
mod tests;
