//! What git has under a name.

use super::differing::Version;
use super::set::{Instead, Presence};

/// The bits of git's mode that say what kind of thing it is.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// The mode of a file that nobody can run.
pub(super) const PLAIN_FILE: u32 = 0o100_644;
/// The mode of a file that can be run.
pub(super) const EXECUTABLE: u32 = 0o100_755;
/// The mode of a symbolic link.
pub(super) const SYMBOLIC_LINK: u32 = LINK;

/// What there is under a name in one state of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nothing.
    #[default]
    Absent,
    /// A file or link whose content is an object of git.
    Object { mode: u32, id: String },
    /// A file or link whose content only the disk knows.
    OnDisk { mode: u32 },
    /// A submodule, at this commit; without one, it is what is checked out.
    Submodule(Option<String>),
}

impl Entry {
    /// What git has under a name of which it knows mode and object.
    pub(super) fn tracked(mode: u32, id: &str) -> Self {
        let known = !id.bytes().all(|digit| digit == b'0');
        match (mode, known) {
            (0, _) => Self::Absent,
            (mode, known) if mode & KIND == SUBMODULE => Self::Submodule(known.then(|| id.to_owned())),
            (mode, true) => Self::Object {
                mode,
                id: id.to_owned(),
            },
            (mode, false) => Self::OnDisk { mode },
        }
    }

    /// What lies in the working tree and differs from the index.
    pub(super) fn on_disk(mode: u32) -> Self {
        Self::tracked(mode, "")
    }

    /// What that is to those who ask what changed.
    pub(super) fn presence(&self) -> Presence {
        match self {
            Self::Absent => Presence::Absent,
            Self::Object { mode, .. } | Self::OnDisk { mode } if mode & KIND == LINK => Presence::Link,
            Self::Object { .. } | Self::OnDisk { .. } => Presence::File,
            Self::Submodule(_) => Presence::Submodule,
        }
    }

    /// What a tree has under the name, as it is in the tree.
    pub(super) fn into_version(self) -> Option<Version> {
        match self {
            Self::Object { mode, id } => Some(Version { mode, id }),
            Self::Submodule(Some(id)) => Some(Version { mode: SUBMODULE, id }),
            // No tree has a file that only the disk knows.
            Self::Absent | Self::OnDisk { .. } | Self::Submodule(None) => None,
        }
    }

    /// What to read in the place of what is on the disk. A submodule that is not known file by file is read as it lies
    /// there.
    pub(super) fn instead(&self) -> Option<Instead> {
        match self {
            Self::Absent => Some(Instead::Nothing),
            Self::Object { mode, id } => Some(Instead::Object {
                id: id.clone(),
                link: mode & KIND == LINK,
            }),
            Self::OnDisk { .. } | Self::Submodule(_) => None,
        }
    }

    pub(super) fn is_submodule(&self) -> bool {
        matches!(self, Self::Submodule(_))
    }

    /// The mode, where there is one.
    pub(super) fn mode(&self) -> Option<u32> {
        match self {
            Self::Object { mode, .. } | Self::OnDisk { mode } => Some(*mode),
            Self::Absent | Self::Submodule(_) => None,
        }
    }
}

/// An answer of git that does not look as its documentation says: the record that nobody understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

impl Unreadable {
    pub(super) fn record(record: &[u8]) -> Self {
        const ENOUGH: usize = 80;
        let shown = &record[..record.len().min(ENOUGH)];
        Self(format!("`{}`", String::from_utf8_lossy(shown).escape_debug()))
    }
}

/// A mode as git writes it.
pub(super) fn mode(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 8).ok()
}

/// The name of an object, in full.
pub(super) fn object_id(digits: &[u8]) -> Option<&str> {
    let whole = [40, 64].contains(&digits.len());
    let hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits).ok().filter(|_| whole && hexadecimal)
}
