//! Whether there is a workspace at all in what a hook is about.
//!
//! A repository may have branches without one: for a web site, say. There is nothing to check in them, and that is said. Where
//! there is a manifest anywhere, or git does not answer, a workspace is taken to be there: whatever is wrong comes out then.

use std::ffi::OsStr;
use std::path::Path;

use super::judge::Subject;
use crate::changes::Git;
use crate::workspace::{Worktree, find_root};

const MANIFEST: &str = "Cargo.toml";

/// Where a hook runs.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) git: &'a Git,
    /// The directory in which git runs it.
    pub(crate) dir: &'a Path,
    /// That of the workspace, from there.
    pub(crate) workspace: &'a Path,
}

/// What is left of a subject; nothing where no part of it has a workspace. Says what is left out.
pub(crate) fn present(site: Site<'_>, subject: Subject) -> (Option<Subject>, Vec<String>) {
    let nothing = |whose: &str| {
        (
            None,
            vec![format!(
                "there is no Cargo.toml in {whose}, so there is nothing to check"
            )],
        )
    };
    let workspace = site.dir.join(site.workspace);
    let in_tree = |git: &Git| find_root(&Worktree::default(), &workspace).is_some() || site.has(git, &["ls-files"]);
    match subject {
        Subject::Index { file: Some(file) } if !in_tree(&site.git.with_index(&file)) => {
            nothing("what is to be committed")
        }
        Subject::Index { file: None } if !in_tree(site.git) => nothing("what is to be committed"),
        Subject::Nothing if !in_tree(site.git) => nothing("the working tree"),
        Subject::Commits(commits) => {
            let has = |commit: &str| site.has(site.git, &["ls-tree", "-r", "--name-only", commit]);
            let (with, without): (Vec<_>, Vec<_>) = commits.into_iter().partition(|pushed| has(&pushed.tip));
            let notes = without.iter().flat_map(|pushed| nothing(&pushed.tip).1);
            let notes = notes.collect();
            (Some(Subject::Commits(with)), notes)
        }
        subject => (Some(subject), Vec::new()),
    }
}

impl Site<'_> {
    /// Whether what git lists has a manifest. Most often it is where it is looked for first.
    fn has(&self, git: &Git, list: &[&str]) -> bool {
        let manifest = self.workspace.join(MANIFEST);
        let list = list.iter().copied().chain(["-z"]).map(OsStr::new);
        let first = list.clone().chain([OsStr::new("--"), manifest.as_os_str()]);
        let lists = |question: Vec<&OsStr>| {
            let answer = git.ask(self.dir, question);
            answer.map_or(true, |names| names.split(|byte| *byte == 0).any(is_manifest))
        };
        lists(first.collect()) || lists(list.collect())
    }
}

fn is_manifest(name: &[u8]) -> bool {
    name.rsplit(|byte| *byte == b'/').next() == Some(MANIFEST.as_bytes())
}
