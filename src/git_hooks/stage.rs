//! What git hands to each of its hooks: arguments, standard input, an index. Pure.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::judge::Subject;
use crate::config::Stage;
use crate::plan::HookInput;

/// Everything that git hands to a hook when it starts it.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    /// The hook.
    pub(crate) stage: Stage,
    /// The directory in which it runs.
    pub(crate) dir: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// The index that is to be committed, where git names one.
    pub(crate) index: Option<OsString>,
}

/// Whether a hook has something on its standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantsInput {
    /// Lines about references or commits.
    Lines,
    /// Nothing.
    Nothing,
}

impl WantsInput {
    /// What holds for a hook.
    pub(crate) fn of(stage: Stage) -> Self {
        match stage {
            Stage::PrePush | Stage::PostRewrite => Self::Lines,
            _ => Self::Nothing,
        }
    }
}

impl Handed {
    /// What the hook is about, but for a push, whose commits only git can tell.
    pub(crate) fn subject(&self) -> Subject {
        match self.stage {
            Stage::PreCommit | Stage::PreMergeCommit | Stage::PreApplypatch => Subject::Index {
                file: self.index.as_ref().map(|index| self.dir.join(index)),
            },
            _ => Subject::Nothing,
        }
    }

    /// What checks can see of it.
    pub(crate) fn for_checks(&self) -> HookInput {
        let mut args = self.args.clone();
        let file = takes_file(self.stage).then(|| args.first_mut()).flatten();
        // A check may run in another directory.
        let file = file.map(|name| {
            let path = self.dir.join(&*name);
            *name = path.clone().into_os_string();
            path
        });
        HookInput {
            args,
            message_file: file,
            during: Vec::new(),
        }
    }

    /// Where a push goes to: the name of a remote, or its address.
    pub(crate) fn remote(&self) -> &OsStr {
        self.args.first().map_or(OsStr::new(""), OsString::as_os_str)
    }
}

/// Whether the first argument is a file: one with a message, or with a patch that begins with it.
fn takes_file(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::CommitMsg | Stage::PrepareCommitMsg | Stage::ApplypatchMsg | Stage::SendemailValidate
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Keyword;

    fn handed(stage: Stage, args: &[&str]) -> Handed {
        Handed {
            stage,
            dir: "/repo".into(),
            args: args.iter().map(OsString::from).collect(),
            index: None,
        }
    }

    #[test]
    fn a_message_is_named_from_everywhere() {
        let check = |stage, args: &[&str], file: Option<&str>, seen: &[&str]| {
            let input = handed(stage, args).for_checks();
            assert_eq!(input.message_file, file.map(PathBuf::from), "{stage}");
            assert_eq!(input.args, seen, "{stage}");
        };
        check(
            Stage::CommitMsg,
            &[".git/COMMIT_EDITMSG"],
            Some("/repo/.git/COMMIT_EDITMSG"),
            &["/repo/.git/COMMIT_EDITMSG"],
        );
        check(
            Stage::PrepareCommitMsg,
            &["/elsewhere/COMMIT_EDITMSG", "commit", "HEAD"],
            Some("/elsewhere/COMMIT_EDITMSG"),
            &["/elsewhere/COMMIT_EDITMSG", "commit", "HEAD"],
        );
        check(Stage::CommitMsg, &[], None, &[]);
        check(Stage::PrePush, &["origin", "url"], None, &["origin", "url"]);
        check(Stage::PostCheckout, &["a", "b", "1"], None, &["a", "b", "1"]);
    }

    #[test]
    fn the_index_is_the_one_that_git_names() {
        let subject = |stage, index: Option<&str>| {
            let index = index.map(OsString::from);
            Handed {
                index,
                ..handed(stage, &[])
            }
            .subject()
        };
        let file = |path: &str| Subject::Index {
            file: Some(path.into()),
        };
        assert_eq!(subject(Stage::PreCommit, Some(".git/index")), file("/repo/.git/index"));
        assert_eq!(subject(Stage::PreCommit, Some("/a/index.lock")), file("/a/index.lock"));
        assert_eq!(subject(Stage::PreMergeCommit, None), Subject::Index { file: None });
        assert_eq!(subject(Stage::PostCommit, Some(".git/index")), Subject::Nothing);
    }

    #[test]
    fn only_two_hooks_have_lines_to_read() {
        let reading = Stage::ALL
            .iter()
            .filter(|(stage, ..)| WantsInput::of(*stage) == WantsInput::Lines);
        let names: Vec<_> = reading.map(|(_, name, _)| *name).collect();
        assert_eq!(names, ["post-rewrite", "pre-push"]);
    }
}
