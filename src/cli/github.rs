//! What GitHub's runner says in the environment of a job, and the file in which it takes the summary.

use std::fs;
use std::path::PathBuf;

use super::report_file::ReportFile;
use crate::project::Project;
use crate::report::{GithubSummary, Places};

/// The summary of one step has so many bytes. Of a larger one nothing is shown.
const SUMMARY: u64 = 1024 * 1024;

/// How files are called in the repository that the job has checked out.
pub(super) fn places(project: &Project) -> Places {
    Places {
        workspace: project.workspace.root.clone(),
        checkout: variable("GITHUB_WORKSPACE"),
    }
}

/// The summary of the job, where the runner takes one. What others have put there has its room.
pub(super) fn summary() -> Result<Option<ReportFile>, String> {
    let Some(path) = variable("GITHUB_STEP_SUMMARY") else {
        return Ok(None);
    };
    let taken = fs::metadata(&path).map_or(0, |file| file.len());
    let room = usize::try_from(SUMMARY.saturating_sub(taken)).unwrap_or(usize::MAX);
    ReportFile::appended(&path, Box::new(GithubSummary::new(room))).map(Some)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variables of GitHub are read here and nowhere else"
)]
fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}
