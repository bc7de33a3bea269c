//! What git is in the middle of.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::changes::Git;
use crate::config::{Operation, Stage};

/// What git is in the middle of while it runs a hook: what it has noted down in the directory of the repository.
pub(crate) fn during(git: &Git, dir: &Path, stage: Stage) -> Vec<Operation> {
    let answer = git.ask(dir, ["rev-parse", "--git-dir"]).unwrap_or_default();
    let name = answer.strip_suffix(b"\n").unwrap_or(&answer);
    let git_dir = dir.join(OsStr::from_bytes(name));
    let has = |name: &str| git_dir.join(name).exists();
    let mut during = Vec::new();
    // The first hook of a merge comes before git notes the merge down.
    if stage == Stage::PreMergeCommit || has("MERGE_HEAD") {
        during.push(Operation::Merge);
    }
    // The other directory is that of `git am` as well.
    if has("rebase-merge") || has("rebase-apply/rebasing") {
        during.push(Operation::Rebase);
    }
    during
}
