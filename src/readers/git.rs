//! Reads what git says about commits. Pure.

/// One file of a commit, or a difference between two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'o> {
    /// Its path from the top of the repository.
    pub(super) path: &'o [u8],
    /// What there is.
    pub(super) kind: Kind,
    /// Whether there was nothing before.
    pub(super) added: bool,
}

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Link,
    Nothing,
    /// A submodule, whose files are not git's here.
    Other,
}

/// Reads the lines of `git ls-tree -r -z`: `100644 blob 1a2b3c\tpath`.
pub(super) fn listed(output: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    records(output).filter_map(|record| {
        let tab = memchr::memchr(b'\t', record)?;
        let kind = kind(record.get(..6)?);
        Some(Entry {
            path: &record[tab + 1..],
            kind,
            added: true,
        })
    })
}

/// Reads the pairs of `git diff-tree -r -z`: `:100644 100644 1a2b3c 4d5e6f M` and a path.
pub(super) fn differences(output: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut records = records(output);
    std::iter::from_fn(move || {
        let head = records.next()?;
        let path = records.next()?;
        let added = head.get(1..7)? == b"000000";
        Some(Entry {
            path,
            kind: kind(head.get(8..14)?),
            added,
        })
    })
}

fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

fn kind(mode: &[u8]) -> Kind {
    match mode {
        b"000000" => Kind::Nothing,
        b"120000" => Kind::Link,
        mode if mode.starts_with(b"100") => Kind::File,
        _ => Kind::Other,
    }
}
