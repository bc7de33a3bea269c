//! Makes ready what a hook is about, so that checks can run on it.
//!
//! The one place that decides on which files they run.

use super::stage::Subject;
use crate::changes::Comparison;
use crate::project::{LoadError, LoadOptions, Project, load, load_to_compare};

/// A project to run checks in, and the changes that they are limited to; nothing where all of it counts.
pub(crate) struct Scene {
    pub(crate) project: Project,
    pub(crate) changes: Option<Comparison>,
    /// What it is, where there is more than one, in words.
    pub(crate) name: Option<String>,
}

/// What has to be checked for a subject, one after the other.
pub(crate) fn prepare(options: &LoadOptions, subject: &Subject) -> Result<Vec<Scene>, LoadError> {
    let scene = |changes: Option<Comparison>, name| {
        let project = if changes.is_some() {
            load_to_compare(options)?
        } else {
            load(options)?
        };
        Ok(Scene { project, changes, name })
    };
    match subject {
        Subject::Index { file } => {
            // Git builds another index where not all that is staged is committed, or more than that.
            let is_usual = file.as_ref().is_none_or(|file| file.ends_with("index"));
            Ok(vec![scene(is_usual.then_some(Comparison::Staged), None)?])
        }
        Subject::Tree => Ok(vec![scene(None, None)?]),
        Subject::Commits(commits) => {
            let several = commits.len() > 1;
            let of_commit = |pushed: &super::stage::Pushed| {
                let range = pushed.since.as_ref().map(|since| format!("{since}..{}", pushed.commit));
                scene(range.map(Comparison::Range), several.then(|| pushed.commit.clone()))
            };
            commits.iter().map(of_commit).collect()
        }
    }
}
