//! Why there is no place in which something can be judged.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::changes::Refusal;
use crate::private_files::Unsafe;

/// Why there is nothing in which to judge it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There is no repository.
    #[error("`{}` lies in no repository of git with a working tree", .0.display())]
    NoRepository(PathBuf),
    /// Its working tree is not where its files are.
    #[error("the working tree of the repository in `{}` lies elsewhere, and cannot be judged", .0.display())]
    Moved(PathBuf),
    /// Git did not answer.
    #[error("git does not say {asked}: {words}")]
    Git {
        /// What was asked for.
        asked: &'static str,
        /// What it said instead.
        words: String,
    },
    /// A file or directory cannot be used.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory of ours is not safe.
    #[error(transparent)]
    Unsafe(#[from] Unsafe),
    /// A file of the snapshot is not what it has to be, though it was just written.
    #[error("`{0}` in the snapshot is not as it is in git, even after it was written: the snapshot proves nothing")]
    NotEqual(String),
    /// With the repairs, what is staged would not be what was judged.
    #[error(
        "what would be staged with the repairs ({tree}) is not what was judged ({judged}): something else was staged meanwhile"
    )]
    NotStaged {
        /// What would be staged.
        tree: String,
        /// What was judged.
        judged: String,
    },
    /// Another git has an index to itself, or was killed when it had.
    #[error("`{}` is there: another git writes to the index, or was killed when it did. Where none runs any more, remove that file", .0.display())]
    Locked(PathBuf),
    /// The place for snapshots lies in the repository, where cargo would read what is not judged.
    #[error("`{}`, where snapshots are kept, lies in the repository `{}`: set CARGO_HOOKS_DIR to a directory outside of it", state.display(), top.display())]
    WithinRepository {
        /// The directory of what is remembered.
        state: PathBuf,
        /// The top of the repository.
        top: PathBuf,
    },
    /// A file above the snapshot would count, and is not above the repository.
    #[error("`{}` would count in the snapshot below it, and not in the repository: set CARGO_HOOKS_DIR to another directory, or remove it", .0.display())]
    StrangerAbove(PathBuf),
    /// A configuration above the repository means something else in another place.
    #[error("`{key}` in `{}` is a relative path, which would lead elsewhere from the snapshot: make it absolute", path.display())]
    RelativeAbove {
        /// The configuration.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// The files of a submodule cannot be had.
    #[error("the submodule `{}` cannot be shown as it is recorded: {words}", path.display())]
    Submodule {
        /// Where it lies.
        path: PathBuf,
        /// Why not.
        words: String,
    },
}

/// What to do where a disk is full.
const ROOM: &str = "make room on that disk, and call git again; CARGO_HOOKS_DIR names another place for snapshots";

/// What to do where nothing can be written.
const ACCESS: &str =
    "see that it can be written to, and call git again; CARGO_HOOKS_DIR names another place for snapshots";

/// What git says where it has no room.
const NO_ROOM: [&str; 3] = ["No space left on device", "Out of diskspace", "Disk quota exceeded"];

/// What it says where it has no room for a file of the snapshot, or cannot write it for another reason.
const NO_FILE: &str = "unable to write file";

/// What to do then.
const ROOM_PERHAPS: &str = "see whether the disk of the snapshot is full; CARGO_HOOKS_DIR names another place for it";

/// What it says where it must not write.
const NO_ACCESS: [&str; 2] = ["Read-only file system", "Permission denied"];

impl SnapshotError {
    /// What somebody can do about it, where that can be told and is not said already.
    #[must_use]
    pub fn way_out(&self) -> Option<&'static str> {
        let is_among = |words: &str, known: &[&str]| known.iter().any(|one| words.contains(one));
        match self {
            Self::Io { source, .. } | Self::Unsafe(Unsafe::Io { source, .. }) => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Some(ROOM),
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied | ErrorKind::NotADirectory => Some(ACCESS),
                _ => None,
            },
            Self::Git { words, .. } if is_among(words, &NO_ROOM) => Some(ROOM),
            Self::Git { words, .. } if is_among(words, &NO_ACCESS) => Some(ACCESS),
            Self::Git { words, .. } if words.contains(NO_FILE) => Some(ROOM_PERHAPS),
            _ => None,
        }
    }

    pub(in crate::git_hooks) fn refused(asked: &'static str, refusal: &Refusal) -> Self {
        Self::Git {
            asked,
            words: refusal.words().to_owned(),
        }
    }

    pub(in crate::git_hooks) fn not_understood(asked: &'static str) -> Self {
        Self::Git {
            asked,
            words: "what cannot be read".to_owned(),
        }
    }
}
