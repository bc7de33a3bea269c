//! What is asked for, and what cannot be asked.

use std::path::PathBuf;

use super::ahead::Ahead;
use super::set::Comparison;
use crate::environment::Environment;

/// Which comparison is asked for, and with what it is to be made.
#[derive(Clone, Debug)]
pub struct ChangeRequest {
    /// What is compared with what.
    pub comparison: Comparison,
    /// The root of the workspace, absolute. It need not be the top of a repository.
    pub root: PathBuf,
    /// Git, where it is installed.
    pub git: Option<PathBuf>,
    /// The environment that git is given.
    pub environment: Environment,
    /// The first question to git, where it was asked already.
    pub ahead: Option<Ahead>,
    /// The `base` of the configuration.
    pub default_base: Option<String>,
}

/// Why a question about changes has no answer: it is about something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A revision that was given does not exist.
    #[error("`{revision}` is no revision that git knows here: {words}")]
    Revision {
        /// The revision.
        revision: String,
        /// What git said.
        words: String,
    },
    /// A range is not written as one.
    #[error("`{range}` is no range of commits: write `A..B`, or `A...B` for what `B` has changed since it left `A`")]
    Range {
        /// What was given.
        range: String,
    },
}
