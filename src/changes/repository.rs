//! Asks git about one repository.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::entry::Unreadable;
use super::git::{Git, Refusal};
use super::raw_diff::{self, Differences};
use super::status::{self, Status};

/// The tree with nothing in it, which git knows in every repository: for object names of 40 digits, and of 64.
const EMPTY_TREE: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

/// What all the questions about differences have in common: both names of what was renamed, and submodules in full.
const RAW: [&str; 4] = ["--raw", "-z", "--no-renames", "--ignore-submodules=none"];

/// Asks for what a tag stands for, and for whether the object is there at all.
const PEELED: &str = "^{}";

/// A repository that git can be asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repository<'a> {
    pub(super) git: &'a Git,
    /// A directory in its working tree.
    pub(super) dir: &'a Path,
}

/// The commits from which two lines of work come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fork {
    /// The first of the two.
    pub(super) first: String,
    /// The second of the two.
    pub(super) second: String,
    /// The commits where they parted. None where they have none in common.
    pub(super) common: Vec<String>,
}

impl Repository<'_> {
    pub(super) fn status(&self) -> Result<Status, Refusal> {
        let answer = self.git.ask(
            self.dir,
            [
                "status",
                "--porcelain=v2",
                "--branch",
                "-z",
                "--ahead-behind",
                "--no-renames",
                "--untracked-files=all",
                "--ignore-submodules=none",
            ],
        )?;
        status::parse(&answer).map_err(|problem| refused(&problem))
    }

    /// How two commits or trees differ.
    pub(super) fn between(&self, before: &str, after: &str) -> Result<Differences, Refusal> {
        self.differences(&["diff-tree", "-r"], [before, after].map(OsStr::new))
    }

    /// How a commit and the working tree differ, in files that are tracked now or were then; only in those of the given
    /// names, where there are any. Looks at contents, not only at times.
    pub(super) fn with_work_tree<'p>(
        &self,
        commit: &'p str,
        names: impl IntoIterator<Item = &'p Path>,
    ) -> Result<Differences, Refusal> {
        let names = names.into_iter().map(Path::as_os_str);
        let of = [commit, "--"].map(OsStr::new).into_iter().chain(names);
        self.differences(&["diff", "--no-abbrev", "--no-ext-diff", "--no-color"], of)
    }

    /// How a commit and the index differ.
    pub(super) fn with_index(&self, commit: &str) -> Result<Differences, Refusal> {
        self.differences(&["diff-index", "--cached"], [commit, "--"].map(OsStr::new))
    }

    fn differences<'p>(
        &self,
        question: &'static [&'static str],
        of: impl IntoIterator<Item = &'p OsStr>,
    ) -> Result<Differences, Refusal> {
        let question = question.iter().chain(&RAW).map(|word| OsStr::new(*word));
        raw_diff::parse(&self.git.ask(self.dir, question.chain(of))?).map_err(|problem| refused(&problem))
    }

    /// The objects that revisions mean: those of commits or trees, also where a tag stands for them.
    pub(super) fn objects<const COUNT: usize>(&self, revisions: [&str; COUNT]) -> Result<[String; COUNT], Refusal> {
        // Whatever comes after a colon is text.
        let peeled = |revision: &str| revision.to_owned() + if revision.contains(':') { "" } else { PEELED };
        let asked = revisions.map(peeled);
        let question = ["rev-parse"]
            .into_iter()
            .chain(asked.iter().map(String::as_str))
            .chain(["--"]);
        let answer = self
            .git
            .ask(self.dir, question)
            .map_err(|refusal| refusal.without(PEELED))?;
        let objects: Vec<_> = lines(&answer).collect();
        objects.try_into().map_err(|_| said_nothing(&revisions.join(" ")))
    }

    /// Where two revisions parted.
    pub(super) fn fork(&self, first: &str, second: &str) -> Result<Fork, Refusal> {
        let range = format!("{first}...{second}");
        let answer = self.git.ask(self.dir, ["rev-parse", &range, "--"])?;
        let (common, mut tips): (Vec<_>, Vec<_>) = lines(&answer).partition(|line| line.starts_with('^'));
        // Git names the second one first.
        let (first, second) = (tips.pop(), tips.pop());
        Ok(Fork {
            first: first.ok_or_else(|| said_nothing(&range))?,
            second: second.ok_or_else(|| said_nothing(&range))?,
            common: common.iter().map(|line| line[1..].to_owned()).collect(),
        })
    }

    /// Those of these references that exist: name, object, and the reference that it stands for.
    pub(super) fn references(&self, names: &[&str]) -> Result<Vec<[String; 3]>, Refusal> {
        let question = ["for-each-ref", "--format=%(refname) %(objectname) %(symref)"];
        let answer = self
            .git
            .ask(self.dir, question.into_iter().chain(names.iter().copied()))?;
        let fields = lines(&answer).map(|line| {
            let mut fields = line.split(' ').map(str::to_owned);
            [(); 3].map(|()| fields.next().unwrap_or_default())
        });
        Ok(fields.collect())
    }

    /// What the configuration says, if it says anything.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let answer = self.git.ask(self.dir, ["config", "--get", name]).ok()?;
        lines(&answer).next()
    }

    /// Whether only the newest commits were fetched.
    pub(super) fn is_shallow(&self) -> bool {
        let answer = self.git.ask(self.dir, ["rev-parse", "--is-shallow-repository"]);
        answer.is_ok_and(|answer| answer.starts_with(b"true"))
    }

    /// The top of its working tree, without links on the way.
    pub(super) fn top(&self) -> Result<PathBuf, Refusal> {
        let answer = self.git.ask(self.dir, ["rev-parse", "--show-toplevel"])?;
        let name = answer.strip_suffix(b"\n").unwrap_or(&answer);
        Ok(PathBuf::from(OsStr::from_bytes(name)))
    }
}

/// The tree with nothing in it, in a repository whose objects are named as this one.
pub(super) fn empty_tree(like: &str) -> &'static str {
    EMPTY_TREE[usize::from(like.len() > EMPTY_TREE[0].len())]
}

fn lines(answer: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let lines: Vec<_> = text.lines().filter(|line| *line != "--").map(str::to_owned).collect();
    lines.into_iter()
}

fn refused(problem: &Unreadable) -> Refusal {
    Refusal::Said(format!("what cannot be read: {}", problem.0))
}

fn said_nothing(revision: &str) -> Refusal {
    Refusal::Said(format!("nothing of `{revision}`"))
}
