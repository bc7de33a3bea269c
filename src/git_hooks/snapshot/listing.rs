//! Reads what git lists of an index and of a tree.
//!
//! Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The mode of a submodule.
pub(super) const SUBMODULE: u32 = 0o160_000;

/// A file of an index, as `git ls-files --stage -v -z` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git_hooks) struct Staged<'l> {
    /// What git is told to think of it, as a letter: `H` for nothing special.
    pub(in crate::git_hooks) tag: u8,
    pub(in crate::git_hooks) mode: u32,
    pub(in crate::git_hooks) object: &'l str,
    /// 0 where it is not in conflict.
    pub(in crate::git_hooks) stage: u8,
    pub(in crate::git_hooks) path: &'l Path,
}

/// A file of a tree, as `git ls-tree -r -z` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InTree<'l> {
    pub(super) mode: u32,
    pub(super) object: &'l str,
    pub(super) path: &'l Path,
}

/// The files of an index; nothing where that is no such list.
pub(in crate::git_hooks) fn staged(listing: &[u8]) -> Option<Vec<Staged<'_>>> {
    records(listing)?
        .map(|record| {
            let (head, path) = record?;
            let [tag, mode, object, stage] = words(head)?;
            let (&[tag], &[digit @ b'0'..=b'3']) = (tag.as_bytes(), stage.as_bytes()) else {
                return None;
            };
            let mode = u32::from_str_radix(mode, 8).ok()?;
            let stage = digit - b'0';
            Some(Staged {
                tag,
                mode,
                object,
                stage,
                path,
            })
        })
        .collect()
}

/// The files of a tree; nothing where that is no such list.
pub(super) fn in_tree(listing: &[u8]) -> Option<Vec<InTree<'_>>> {
    records(listing)?
        .map(|record| {
            let (head, path) = record?;
            let [mode, _, object] = words(head)?;
            let mode = u32::from_str_radix(mode, 8).ok()?;
            Some(InTree { mode, object, path })
        })
        .collect()
}

/// What comes before the tab of each record, and the path after it; nothing for a record that is none.
fn records(listing: &[u8]) -> Option<impl Iterator<Item = Option<(&str, &Path)>>> {
    // A list without its end was cut off.
    let records = match listing {
        [] => None,
        [whole @ .., 0] => Some(whole.split(|byte| *byte == 0)),
        _ => return None,
    };
    Some(records.into_iter().flatten().map(record))
}

fn record(record: &[u8]) -> Option<(&str, &Path)> {
    let tab = memchr::memchr(b'\t', record)?;
    let (head, path) = (std::str::from_utf8(&record[..tab]).ok()?, &record[tab + 1..]);
    (!path.is_empty()).then(|| (head, Path::new(OsStr::from_bytes(path))))
}

fn words<const COUNT: usize>(head: &str) -> Option<[&str; COUNT]> {
    let mut words = head.split_ascii_whitespace();
    let mut found = [""; COUNT];
    for word in &mut found {
        *word = words.next()?;
    }
    words.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_index_is_read_with_all_that_is_said_of_its_files() {
        let listing = b"H 100644 aa 0\ta b\0h 100755 bb 0\t\xff\nx\0S 120000 cc 0\tl\0M 100644 dd 2\tm\0";
        let found = staged(listing).unwrap();
        let seen: Vec<_> = found
            .iter()
            .map(|file| (file.tag, file.mode, file.stage, file.path.as_os_str().as_bytes()))
            .collect();
        assert_eq!(
            seen,
            [
                (b'H', 0o100_644, 0, &b"a b"[..]),
                (b'h', 0o100_755, 0, b"\xff\nx"),
                (b'S', 0o120_000, 0, b"l"),
                (b'M', 0o100_644, 2, b"m"),
            ]
        );
        assert_eq!(staged(b""), Some(Vec::new()));
    }

    #[test]
    fn a_tree_is_read() {
        let found = in_tree(b"100644 blob aa\ta\tb\x00160000 commit bb\tsub\0").unwrap();
        let seen: Vec<_> = found.iter().map(|file| (file.mode, file.object, file.path)).collect();
        assert_eq!(
            seen,
            [
                (0o100_644, "aa", Path::new("a\tb")),
                (SUBMODULE, "bb", Path::new("sub"))
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_not_taken_for_one() {
        let check = |listing: &[u8]| {
            assert_eq!(staged(listing), None, "{}", listing.escape_ascii());
            assert_eq!(in_tree(listing), None, "{}", listing.escape_ascii());
        };
        check(b"\0");
        check(b"H 100644 aa 0\ta");
        check(b"H 100644 aa 0 a\0");
        check(b"H 100644 aa 0\t\0");
        check(b"H 9 aa 0\ta\0");
        check(b"\xff 100644 aa 0\ta\0");
        assert_eq!(staged(b"H 100644 aa 4\ta\0"), None);
        assert_eq!(staged(b"HH 100644 aa 0\ta\0"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(listing: Vec<u8>) {
            let _ = (staged(&listing), in_tree(&listing));
        }
    }
}
