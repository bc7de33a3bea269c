//! Why there is no place in which something can be judged.

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
        source: std::io::Error,
    },
    /// A directory of ours is not safe.
    #[error(transparent)]
    Unsafe(#[from] Unsafe),
    /// A file of the snapshot is not what it has to be, though it was just written.
    #[error("`{0}` in the snapshot is not as it is in git, even after it was written: the snapshot proves nothing")]
    NotEqual(String),
    /// What is staged after repairs were staged is not what was judged.
    #[error("what is staged now ({tree}) is not what was judged ({judged})")]
    NotStaged {
        /// What is staged.
        tree: String,
        /// What was judged.
        judged: String,
    },
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

impl SnapshotError {
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
