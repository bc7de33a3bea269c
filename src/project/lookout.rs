//! What a workspace looks like at one moment, for those who watch it: which files there are and what they contain, what lies
//! elsewhere and counts, and what git says where that is asked for.
//!
//! It looks at what the cache looks at, in the same way: what no check can see is no difference here either.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::dirs::{cargo_configs, own_state_dir, target_dirs};
use super::{LoadOptions, Project, reuse};
use crate::changes::{Comparison, Git};
use crate::digests::{Became, FileTree, Scan, threads};
use crate::environment::{Environment, locate};
use crate::model::Digest;

/// So many directories outside of the workspace are watched, and no more: what lies elsewhere is rarely written.
const MOST_DIRS_OUTSIDE: usize = 256;

/// Files that say which toolchain is used, in the root or above it.
const TOOLCHAIN: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// Where to look, and for what.
#[derive(Clone, Debug)]
pub struct Lookout {
    scan: Scan,
    /// Files that count and need not be in the tree.
    elsewhere: BTreeSet<PathBuf>,
    /// What is asked of git, where what runs depends on more than the files.
    question: Option<Question>,
}

/// What a comparison depends on beside the working tree.
#[derive(Clone, Debug)]
struct Question {
    git: Git,
    /// Whether the index counts as well as the references.
    index: bool,
    /// Where git keeps these.
    dirs: Vec<PathBuf>,
}

/// What was there at one moment.
#[derive(Debug)]
pub struct Sight {
    tree: FileTree,
    elsewhere: BTreeMap<PathBuf, Option<Digest>>,
    git: Option<(Option<Digest>, Vec<PathBuf>)>,
}

/// Something that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The file with this absolute path.
    File(PathBuf, Became),
    /// What is no file of the workspace and counts all the same: a configuration of cargo, a program, a file that a crate reads.
    Elsewhere(PathBuf),
    /// Something that has no file of its own: what git has staged, or where its references lead.
    Git,
}

impl Lookout {
    /// Looks at a project, for runs that are limited to a comparison or are not. `files` are those that a plan was made from.
    #[must_use]
    pub fn of(project: &Project, comparison: Option<&Comparison>, files: Option<&FileTree>) -> Self {
        let root = &project.workspace.root;
        let scan = reuse::scan(project);
        let mut elsewhere = configuration(root, &project.environment);
        elsewhere.extend(files.into_iter().flat_map(FileTree::files_elsewhere));
        Self {
            question: comparison.and_then(|comparison| Question::of(comparison, &scan)),
            elsewhere,
            scan,
        }
    }

    /// Looks at a workspace of which the manifests cannot be read; nothing where there is none.
    #[must_use]
    pub fn without_project(options: &LoadOptions) -> Option<Self> {
        let root = options.root()?;
        let environment = &options.environment;
        let state_dir = own_state_dir(&root, environment);
        let scan = Scan {
            outside: Vec::new(),
            but: target_dirs(&root, environment)
                .into_iter()
                .chain(state_dir.clone())
                .collect(),
            git: locate(["git"], environment, &root).remove("git"),
            environment: environment.clone(),
            state_dir,
            threads: threads(),
            root,
        };
        Some(Self {
            elsewhere: configuration(&scan.root, environment),
            question: None,
            scan,
        })
    }

    /// The same, which looks as well at what an earlier one has found to count elsewhere.
    #[must_use]
    pub fn with_all_of(mut self, earlier: &Self) -> Self {
        self.elsewhere.extend(earlier.elsewhere.iter().cloned());
        self
    }

    /// Whether the other one looks at the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let of = |lookout: &Self| lookout.question.as_ref().map(|question| question.dirs.clone());
        let (scan, others) = (&self.scan, &other.scan);
        (&scan.root, &scan.outside, &scan.but) == (&others.root, &others.outside, &others.but)
            && self.elsewhere == other.elsewhere
            && of(self) == of(other)
    }

    /// The root of the workspace.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.scan.root
    }

    /// Looks.
    #[must_use]
    pub fn look(&self) -> Sight {
        let tree = self.scan.tree();
        let is_beside = |path: &&PathBuf| tree.find(path).is_none();
        let digest = |path: &PathBuf| (path.clone(), tree.of_path(path).known());
        Sight {
            elsewhere: self.elsewhere.iter().filter(is_beside).map(digest).collect(),
            git: self.question.as_ref().map(|question| question.ask(&self.scan.root)),
            tree,
        }
    }

    /// Whether an event about this path may be about something that counts. Of directories that lie elsewhere, only the files
    /// that are known to count do.
    #[must_use]
    pub fn may_count(&self, path: &Path) -> bool {
        let is_within = |dirs: &[PathBuf]| dirs.iter().any(|dir| path.starts_with(dir));
        if is_within(&self.scan.but) {
            return self.elsewhere.contains(path);
        }
        if let Some(question) = &self.question
            && is_within(&question.dirs)
        {
            // A lock is what git is about to put in the place of the file.
            return path.extension().is_none_or(|extension| extension != "lock");
        }
        path.starts_with(&self.scan.root)
            || is_within(&self.scan.outside)
            || self.elsewhere.iter().any(|file| file.starts_with(path))
    }
}

impl Sight {
    /// The directories in which something that counts is, or could come to be.
    #[must_use]
    pub fn dirs(&self) -> BTreeSet<PathBuf> {
        let mut dirs: BTreeSet<PathBuf> = self.tree.dirs().map(|dir| self.tree.root().join(dir)).collect();
        let outside = self.elsewhere.keys().filter_map(|file| file.parent());
        let outside: BTreeSet<&Path> = outside.filter(|dir| !dirs.contains(*dir) && dir.is_dir()).collect();
        if outside.len() > MOST_DIRS_OUTSIDE {
            tracing::debug!(
                count = outside.len(),
                "not all directories outside of the workspace are watched"
            );
        }
        let outside: Vec<PathBuf> = outside
            .into_iter()
            .take(MOST_DIRS_OUTSIDE)
            .map(Path::to_owned)
            .collect();
        dirs.extend(outside);
        dirs.extend(self.git.iter().flat_map(|(_, dirs)| dirs.iter().cloned()));
        dirs
    }

    /// What is not what it was, in order. What nobody can read is not looked at for what it says.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<Difference> {
        let in_tree = self.tree.differences(&before.tree);
        let in_tree = in_tree.map(|(path, became)| Difference::File(self.tree.root().join(path), became));
        let mut found: BTreeSet<Difference> = in_tree.collect();
        for (path, now) in &self.elsewhere {
            if before.elsewhere.get(path).is_some_and(|then| then != now) {
                found.insert(Difference::Elsewhere(path.clone()));
            }
        }
        if let (Some((now, _)), Some((then, _))) = (&self.git, &before.git)
            && now != then
        {
            found.insert(Difference::Git);
        }
        found.into_iter().collect()
    }
}

impl Question {
    /// What there is to ask; nothing where there is no git, or nothing of it counts.
    fn of(comparison: &Comparison, scan: &Scan) -> Option<Self> {
        let index = match comparison {
            Comparison::Staged => true,
            Comparison::Branch { .. } | Comparison::Since(_) | Comparison::Range(_) => false,
            Comparison::Everything | Comparison::Files(_) => return None,
        };
        let git = Git::new(scan.git.clone()?, scan.environment.clone());
        let asked = ["rev-parse", "--git-dir", "--git-common-dir"];
        let answer = String::from_utf8(git.ask(&scan.root, asked).ok()?).ok()?;
        let dirs = answer.lines().map(|dir| scan.root.join(dir)).collect();
        Some(Self { git, index, dirs })
    }

    fn ask(&self, root: &Path) -> (Option<Digest>, Vec<PathBuf>) {
        let mut digest = Sha256::new();
        let index: &[&str] = if self.index {
            &["ls-files", "--stage", "-z"]
        } else {
            &[]
        };
        let questions = [&["show-ref", "--head"][..], index].into_iter();
        for question in questions.filter(|question| !question.is_empty()) {
            // A repository without a commit has no reference, and says so by an error.
            let answer = self.git.ask(root, question).unwrap_or_default();
            digest.update((answer.len() as u64).to_le_bytes());
            digest.update(answer);
        }
        let mut dirs = self.dirs.clone();
        let mut further: Vec<PathBuf> = self.dirs.iter().map(|dir| dir.join("refs")).collect();
        while let Some(dir) = further.pop() {
            let Ok(entries) = std::fs::read_dir(&dir) else { continue };
            let below = entries.filter_map(Result::ok);
            let below = below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            further.extend(below.map(|entry| entry.path()));
            dirs.push(dir);
        }
        (Some(<[u8; 32]>::from(digest.finalize()).into()), dirs)
    }
}

/// What configures cargo and says which toolchain there is, wherever it lies.
fn configuration(root: &Path, environment: &Environment) -> BTreeSet<PathBuf> {
    let toolchain = root.ancestors().flat_map(|dir| TOOLCHAIN.map(|name| dir.join(name)));
    cargo_configs(root, environment).into_iter().chain(toolchain).collect()
}
