//! A working tree of our own, with a repository of its own: it borrows the objects of the user's and nothing else, so that
//! whatever runs in it can ask git and even commit without the user's repository being touched.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

use super::listing::{InTree, SUBMODULE, in_tree};
use super::repository::Repository;
use super::settings::Settings;
use super::strangers::{Names, remove};
use super::{SnapshotError, joined};
use crate::changes::{self, Git, Unstaged, unstaged};

/// How many submodules may lie in each other.
const DEEPEST: usize = 16;

/// What a repository has to say to a copy of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) settings: Settings,
    /// The references, each as its object and its name on a line.
    pub(super) references: Vec<u8>,
    /// The last commit; none before the first one.
    pub(super) head: Option<String>,
}

/// A working tree of ours.
#[derive(Debug)]
pub(super) struct Copy<'r> {
    pub(super) dir: PathBuf,
    /// Where git notes down what it knows of the files. It lies outside of the copy, so that no check rewrites it with its
    /// own calls of git; that of a submodule lies within it.
    pub(super) index: PathBuf,
    repository: &'r Repository,
    depth: usize,
}

impl<'r> Copy<'r> {
    /// Makes the repository of the copy, or brings it up to date.
    pub(super) fn open(dir: &Path, repository: &'r Repository, told: &Told) -> Result<Self, SnapshotError> {
        let copy = Self::at(dir, repository);
        // That of a process which was killed: nobody else works here.
        let lock = copy.index.with_extension("lock");
        remove(&lock).map_err(of(&lock))?;
        copy.write_repository(told)?;
        Ok(copy)
    }

    /// Removes all of a copy.
    pub(super) fn remove(dir: &Path) -> Result<(), SnapshotError> {
        let index = dir.with_file_name("index");
        remove(&index).map_err(of(&index))?;
        remove(dir).and_then(|()| fs::create_dir(dir)).map_err(of(dir))
    }

    /// The copy as it is.
    pub(super) fn at(dir: &Path, repository: &'r Repository) -> Self {
        Self {
            dir: dir.to_owned(),
            index: dir.with_file_name("index"),
            repository,
            depth: DEEPEST,
        }
    }

    /// Git in the copy, wherever it would look by itself.
    pub(super) fn git(&self) -> Git {
        let environment = self.repository.environment.clone();
        let environment = environment
            .with("GIT_DIR", self.git_dir())
            .with("GIT_WORK_TREE", &self.dir)
            .with("GIT_INDEX_FILE", &self.index);
        Git::new(self.repository.program.clone(), environment)
    }

    /// Git in the user's repository, which writes what it has to write into the copy: a tree for what is staged.
    pub(super) fn tree_of(&self, index: &Path) -> Result<String, SnapshotError> {
        let environment = self.repository.environment.clone();
        let environment = environment
            .with("GIT_INDEX_FILE", index)
            .with("GIT_OBJECT_DIRECTORY", self.git_dir().join("objects"));
        let git = Git::new(self.repository.program.clone(), environment);
        let whole = ["-c", "core.splitIndex=false", "write-tree"];
        let answer = git.ask(&self.repository.top, whole);
        let answer = answer.map_err(|refusal| SnapshotError::refused("what is staged", &refusal))?;
        Ok(String::from_utf8_lossy(answer.trim_ascii_end()).into_owned())
    }

    fn git_dir(&self) -> PathBuf {
        self.dir.join(".git")
    }

    fn write_repository(&self, told: &Told) -> Result<(), SnapshotError> {
        let git = self.git_dir();
        // A lock in it is that of a process which was killed: nobody else works here. References, hooks and whatever else there
        // may be is what checks have left.
        clear(
            &git,
            &[
                "index",
                "objects",
                "info",
                "config",
                "HEAD",
                "packed-refs",
                "refs",
                "shallow",
            ],
        )
        .map_err(of(&git))?;
        if fs::symlink_metadata(git.join("index")).is_ok_and(|found| !found.is_file()) {
            // Git would write to where a link leads.
            remove(&git.join("index")).map_err(of(&git))?;
        }
        clear(&git.join("refs"), &[]).map_err(of(&git))?;
        clear(&git.join("objects"), &["info"]).map_err(of(&git))?;
        clear(&git.join("objects/info"), &["alternates"]).map_err(of(&git))?;
        clear(&git.join("info"), &["attributes", "exclude"]).map_err(of(&git))?;
        let common = &self.repository.common;
        let format = format_of(told);
        let config = told.settings.of_snapshot(format, &common.join("lfs"));
        let head = match &told.head {
            Some(commit) => format!("{commit}\n"),
            None => "ref: refs/heads/main\n".to_owned(),
        };
        let mut references = b"# pack-refs with: \n".to_vec();
        references.extend_from_slice(&told.references);
        let borrowed = quoted(&self.repository.objects());
        for (name, content) in [
            ("HEAD", Some(head.into_bytes())),
            ("config", Some(config.into_bytes())),
            ("packed-refs", Some(references)),
            ("objects/info/alternates", Some(borrowed)),
            ("info/attributes", fs::read(common.join("info/attributes")).ok()),
            ("info/exclude", fs::read(common.join("info/exclude")).ok()),
            ("shallow", fs::read(common.join("shallow")).ok()),
        ] {
            put(&git.join(name), content.as_deref()).map_err(of(&git.join(name)))?;
        }
        Ok(())
    }

    /// Moves the copy to another tree. Only what differs is written, and what is written has a time of now. When its files
    /// are there, it is asked what else is to stay: the files that were found beside the tree are removed.
    pub(super) fn move_to(
        &self,
        tree: &str,
        kept: &dyn Fn(&HashSet<&Path>) -> Vec<PathBuf>,
    ) -> Result<(), SnapshotError> {
        let git = self.git();
        let (moved, listing) = thread::scope(|scope| {
            let listing = scope.spawn(|| git.ask(&self.dir, ["ls-tree", "-r", "-z", "--full-tree", tree]));
            let question = ["read-tree", "--reset", "-u", "--no-recurse-submodules", tree];
            (git.ask(&self.dir, question), joined(listing))
        });
        moved.map_err(|refusal| SnapshotError::refused("the files of the snapshot", &refusal))?;
        let listing = listing.map_err(|refusal| SnapshotError::refused("the names of the files", &refusal))?;
        let files = in_tree(&listing).ok_or_else(|| SnapshotError::not_understood("the names of the files"))?;
        for file in files.iter().filter(|file| file.mode == SUBMODULE) {
            self.fill_submodule(file)?;
        }
        let kept = kept(&files.iter().map(|file| file.path).collect());
        thread::scope(|scope| {
            let proof = scope.spawn(|| self.prove(tree));
            let mut names = Names::of(files);
            for file in &kept {
                names.add(file);
            }
            self.remove_strangers(&names)?;
            joined(proof)
        })?;
        self.lend_index()
    }

    /// Gives the repository of the copy an index of its own, for checks that ask git.
    fn lend_index(&self) -> Result<(), SnapshotError> {
        let own = self.git_dir().join("index");
        if own == self.index {
            return Ok(());
        }
        self.lend_index_to(&own).map_err(of(&own))
    }

    /// Removes all that is no part of the tree.
    fn remove_strangers(&self, names: &Names) -> Result<(), SnapshotError> {
        let strangers = names.strangers(&self.dir).map_err(of(&self.dir))?;
        for stranger in strangers {
            let path = self.dir.join(stranger);
            tracing::debug!(path = %path.display(), "removes what is no part of the tree");
            remove(&path).map_err(of(&path))?;
        }
        Ok(())
    }

    /// Makes sure that every file of the tree is there as the tree has it: git goes by all that the system says of a file,
    /// and looks into those that were written in the same moment as its index.
    fn prove(&self, tree: &str) -> Result<(), SnapshotError> {
        let question = [
            "diff-index",
            "--raw",
            "-z",
            "--no-renames",
            "--ignore-submodules=none",
            tree,
            "--",
        ];
        let differences = self.git().ask(&self.dir, question);
        let differences = differences.map_err(|refusal| SnapshotError::refused("what differs", &refusal))?;
        if differences.is_empty() {
            return Ok(());
        }
        let name = differences.split(|byte| *byte == 0).nth(1).unwrap_or_default();
        Err(SnapshotError::NotEqual(String::from_utf8_lossy(name).into_owned()))
    }

    /// Brings the files of a submodule in, where the user has it: else it is an empty directory, as after a clone.
    fn fill_submodule(&self, file: &InTree<'_>) -> Result<(), SnapshotError> {
        let (from, to) = (self.repository.top.join(file.path), self.dir.join(file.path));
        real_dir(&self.dir, file.path).map_err(of(&to))?;
        if !changes::is_top(&from) {
            return clear(&to, &[]).map_err(of(&to));
        }
        let no_place = || SnapshotError::Submodule {
            path: file.path.to_owned(),
            words: "too many submodules lie in each other".to_owned(),
        };
        let depth = self.depth.checked_sub(1).ok_or_else(no_place)?;
        let repository = Repository::at(from, &self.repository.program, &self.repository.environment)?;
        let told = Told {
            settings: settings(&repository)?,
            references: Vec::new(),
            head: Some(file.object.to_owned()),
        };
        let inner = Copy {
            index: to.join(".git/index"),
            dir: to,
            repository: &repository,
            depth,
        };
        inner.write_repository(&told)?;
        inner
            .move_to(file.object, &|_| Vec::new())
            .map_err(|error| SnapshotError::Submodule {
                path: file.path.to_owned(),
                words: error.to_string(),
            })
    }

    /// What differs now from the tree that the copy was moved to: what is ignored, as in any working tree, does not count.
    pub(super) fn changed(&self) -> Result<Unstaged, SnapshotError> {
        unstaged(&self.git(), &self.dir).map_err(|refusal| SnapshotError::refused("what has changed", &refusal))
    }
}

/// What the configuration of a repository says.
pub(super) fn settings(repository: &Repository) -> Result<Settings, SnapshotError> {
    let list = repository.git().ask(&repository.top, ["config", "-z", "--list"]);
    let list = list.map_err(|refusal| SnapshotError::refused("the configuration", &refusal))?;
    Ok(Settings::parse(&list))
}

/// The references of a repository. That some of them mean nothing any more is no reason to stop.
pub(super) fn references(repository: &Repository) -> Vec<u8> {
    let question = [
        "for-each-ref",
        "--format=%(objectname) %(refname)",
        "refs/heads",
        "refs/remotes",
        "refs/tags",
    ];
    // A tree can be judged without them: only what is called like a tag would differ.
    repository
        .git()
        .ask(&repository.top, question)
        .unwrap_or_else(|refusal| {
            tracing::debug!(why = refusal.words(), "the snapshot has no references");
            Vec::new()
        })
}

/// What names of objects are made with, where that is not what git has always done.
fn format_of(told: &Told) -> Option<&'static str> {
    let declared = told.settings.get("extensions.objectformat");
    declared
        .is_some_and(|format| format.eq_ignore_ascii_case("sha256"))
        .then_some("sha256")
}

/// Makes sure that all of a path below a directory are directories, and no links to others: what is written there is to be
/// written nowhere else.
pub(super) fn real_dir(base: &Path, below: &Path) -> io::Result<()> {
    let mut dir = base.to_owned();
    for name in below {
        dir.push(name);
        match fs::symlink_metadata(&dir) {
            Ok(found) if found.is_dir() => continue,
            Ok(_) => fs::remove_file(&dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::create_dir(&dir)?;
    }
    Ok(())
}

/// An error of the system, about this path.
pub(super) fn of(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError + use<> {
    let path = path.to_owned();
    move |source| SnapshotError::Io { path, source }
}

/// Leaves nothing in a directory but these names; makes it where it is not there.
fn clear(dir: &Path, but: &[&str]) -> io::Result<()> {
    if fs::symlink_metadata(dir).is_ok_and(|found| !found.is_dir()) {
        fs::remove_file(dir)?;
    }
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if !but.iter().any(|name| *name == entry.file_name()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Gives a file this content, or takes it away.
fn put(path: &Path, content: Option<&[u8]>) -> io::Result<()> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    match content {
        Some(content) if is_file && fs::read(path)? == content => Ok(()),
        Some(content) => {
            remove(path)?;
            fs::write(path, content)
        }
        None => remove(path),
    }
}

/// A path as git reads it in its list of further places for objects: in quotes it may have any byte.
fn quoted(path: &Path) -> Vec<u8> {
    let mut text = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            b' '..=b'~' => text.push(*byte),
            other => text.extend(format!("\\{other:03o}").into_bytes()),
        }
    }
    text.extend(b"\"\n");
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_path_of_any_bytes_can_be_quoted() {
        let check = |path: &[u8], expected: &str| {
            let quoted = quoted(Path::new(OsStr::from_bytes(path)));
            assert_eq!(String::from_utf8(quoted).unwrap(), expected);
        };
        check(b"/a b/.git", "\"/a b/.git\"\n");
        check(b"/a\nb\"\\\xff", "\"/a\\012b\\\"\\\\\\377\"\n");
    }
}
