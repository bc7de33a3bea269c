//! What the directories above a directory mean for what is in it: the rules, and what git tracks. Pure.

use std::ops::Range;
use std::sync::Arc;

use super::repository::Repository;
use super::rules::{self, Rules};

/// What the directories above a directory mean for it.
#[derive(Clone)]
pub(super) struct Around {
    repository: Arc<Repository>,
    /// How much of a path from the base leads to where the repository is seen from.
    cut: usize,
    pub(super) rules: Option<Arc<Rules>>,
    /// Those of the tracked paths that are below the directory.
    tracked: Range<usize>,
    /// Whether the rules ignore all of it, so that only what is tracked counts.
    pub(super) ignored: bool,
}

impl Around {
    pub(super) fn new(repository: Arc<Repository>, cut: usize) -> Self {
        let rules = repository.rules.clone();
        let tracked = repository.tracked.all();
        Self {
            repository,
            cut,
            rules,
            tracked,
            ignored: false,
        }
    }

    /// The path of a directory from the top of its repository, with a slash at its end.
    pub(super) fn seen_from_top(&self, dir: &[u8]) -> Vec<u8> {
        let below = dir.get(self.cut..).unwrap_or_default();
        let slash: &[u8] = if below.is_empty() { b"" } else { b"/" };
        [&self.repository.prefix, below, slash].concat()
    }

    /// What holds in a directory; nothing where nothing in it counts.
    pub(super) fn below(&self, path: &[u8], from_top: &[u8]) -> Option<Self> {
        let tracked = &self.repository.tracked;
        let seen = &path[self.cut..];
        let inside = if self.tracked.is_empty() {
            self.tracked.clone()
        } else {
            tracked.below(&self.tracked, &[seen, b"/"].concat())
        };
        let ignored = self.ignored || rules::ignores(self.rules.as_deref(), from_top, true);
        // A submodule is tracked as one name.
        let counts = !ignored || !inside.is_empty() || tracked.has(&self.tracked, seen);
        counts.then(|| Self {
            tracked: inside,
            ignored,
            ..self.clone()
        })
    }

    /// Whether a file counts.
    pub(super) fn has(&self, path: &[u8], from_top: &[u8]) -> bool {
        let tracked = || self.repository.tracked.has(&self.tracked, &path[self.cut..]);
        tracked() || !self.ignored && !rules::ignores(self.rules.as_deref(), from_top, false)
    }
}
