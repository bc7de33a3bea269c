//! Over real repositories in temporary directories.
#![allow(clippy::disallowed_methods, reason = "tests make repositories")]

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::changes::{Instead, Objects, StateFiles};
use crate::environment::Environment;
use crate::workspace::Files;

mod bases;
mod odd;
mod random;
mod sides;
mod submodules;

/// A repository, its clones and whatever lies beside them.
struct Sandbox {
    dir: TempDir,
    /// The repository that is looked at, below the directory.
    repo: PathBuf,
}

impl Sandbox {
    /// A directory without a repository.
    fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repo = dir.path().canonicalize().unwrap().join("repo");
        fs::create_dir(&repo).unwrap();
        Self { dir, repo }
    }

    /// A repository on `main`, with one commit of these files; a file contains its own path.
    fn new(files: &[&str]) -> Self {
        let sandbox = Self::bare();
        sandbox.git("init -q -b main");
        for file in files {
            sandbox.write(file, file);
        }
        if !files.is_empty() {
            sandbox.commit("first");
        }
        sandbox
    }

    /// A clone of a repository with these files, and a branch `topic` that follows `origin/main`.
    fn cloned(files: &[&str]) -> Self {
        let mut sandbox = Self::new(files);
        sandbox.git("config receive.denyCurrentBranch ignore");
        sandbox.clone_as("clone", &[]);
        sandbox.git("switch -q -c topic --track origin/main");
        sandbox
    }

    fn clone_as(&mut self, name: &str, options: &[&str]) {
        let clone = self.beside(name);
        let from = format!("file://{}", self.repo.display());
        let mut arguments = vec!["clone", "-q"];
        arguments.extend(options);
        arguments.extend([from.as_str(), clone.to_str().unwrap()]);
        Self::git_in(&self.repo, &arguments);
        self.repo = clone;
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.repo.join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap();
    }

    fn link(&self, file: &str, target: &str) {
        symlink(target, self.path(file)).unwrap();
    }

    fn mode(&self, file: &str, mode: u32) {
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Commits all that there is.
    fn commit(&self, message: &str) {
        self.git("add -A");
        self.git(&format!("commit -q --allow-empty -m {message}"));
    }

    fn git(&self, arguments: &str) -> String {
        let arguments: Vec<_> = arguments.split(' ').collect();
        Self::git_in(&self.repo, &arguments)
    }

    fn git_in(dir: &Path, arguments: &[&str]) -> String {
        let (succeeded, said) = Self::try_git(dir, arguments);
        assert!(succeeded, "{arguments:?}: {said}");
        said
    }

    /// A merge may fail.
    fn git_fails(&self, arguments: &str) {
        let arguments: Vec<_> = arguments.split(' ').collect();
        assert!(!Self::try_git(&self.repo, &arguments).0);
    }

    fn try_git(dir: &Path, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(dir)
            .env_clear()
            .envs(environment().iter())
            .output()
            .unwrap();
        let said = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        (
            output.status.success(),
            String::from_utf8_lossy(&said).trim().to_owned(),
        )
    }

    fn request(&self, comparison: Comparison) -> ChangeRequest {
        ChangeRequest {
            comparison,
            root: self.repo.clone(),
            git: Some("git".into()),
            environment: environment(),
            ahead: None,
            default_base: None,
        }
    }

    fn gather(&self, comparison: Comparison) -> ChangeSet {
        gather(&self.request(comparison)).unwrap()
    }

    /// What changed on the branch, one file after the other.
    fn branch(&self) -> String {
        shown(&self.gather(branch()), &self.repo)
    }

    fn staged(&self) -> String {
        shown(&self.gather(Comparison::Staged), &self.repo)
    }

    fn since(&self, revision: &str) -> String {
        shown(&self.gather(Comparison::Since(revision.to_owned())), &self.repo)
    }

    fn range(&self, range: &str) -> String {
        shown(&self.gather(Comparison::Range(range.to_owned())), &self.repo)
    }

    /// The subcommands of git that a request takes, and those that git itself starts.
    fn questions(&self, request: ChangeRequest) -> String {
        let log = self.beside("trace");
        let request = ChangeRequest {
            environment: request.environment.with("GIT_TRACE", &log),
            ..request
        };
        gather(&request).unwrap();
        traced(&log)
    }
}

/// The subcommands that a trace of git speaks of.
fn traced(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let _ = fs::remove_file(log);
    let commands = text
        .lines()
        .filter_map(|line| line.split_once("trace: built-in: git ")?.1.split(' ').next());
    commands.collect::<Vec<_>>().join(" ")
}

fn branch() -> Comparison {
    Comparison::Branch { base: None }
}

fn onto(base: &str) -> Comparison {
    Comparison::Branch {
        base: Some(base.to_owned()),
    }
}

/// Nothing of this machine's configuration.
fn environment() -> Environment {
    let variables = [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.org"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ("LC_ALL", "C"),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
    let environment = Environment::without_leaks(variables.into_iter().chain([path]), None);
    assert!(environment.get("GIT_DIR").is_none());
    environment
}

/// `+a` for what is new, `-a` for what is gone, `a` for what is another; `@` is a link, `/` a submodule, `!` everything.
fn shown(set: &ChangeSet, below: &Path) -> String {
    if let Some(reason) = &set.everything {
        return format!("! {reason}");
    }
    let shown: Vec<_> = set
        .files
        .iter()
        .map(|(path, change)| one(path, *change, below))
        .collect();
    shown.join(" ")
}

fn one(path: &Path, change: FileChange, below: &Path) -> String {
    let name = path.strip_prefix(below).unwrap_or(path).to_string_lossy().into_owned();
    let kind = |presence| match presence {
        Presence::Absent | Presence::File => "",
        Presence::Link => "@",
        Presence::Submodule => "/",
        Presence::Unknown => "?",
    };
    let (before, after) = (kind(change.before), kind(change.after));
    match (change.before, change.after) {
        (Presence::Absent, Presence::Absent) => format!("0{name}"),
        (Presence::Absent, _) => format!("+{name}{after}"),
        (_, Presence::Absent) => format!("-{name}{before}"),
        _ if before == after => format!("{name}{after}"),
        _ => format!("{name}{before}>{after}"),
    }
}

#[test]
fn nothing_has_changed() {
    let sandbox = Sandbox::cloned(&["a", "b/c"]);
    let set = sandbox.gather(branch());
    assert_eq!(shown(&set, &sandbox.repo), "");
    assert_eq!((set.notes.as_slice(), set.everything), ([].as_slice(), None));
    assert_eq!(set.head, Some(sandbox.git("rev-parse HEAD")));
    assert_eq!(set.top, sandbox.repo);
    assert_eq!(set.to, "the working tree");
    assert_eq!(sandbox.staged(), "");
}

#[test]
fn what_is_staged_unstaged_untracked_and_committed_counts() {
    let sandbox = Sandbox::cloned(&["a", "b", "c/d", "e", "f", "ignored/.gitignore", "old"]);
    sandbox.write("ignored/.gitignore", "*.log\n");
    sandbox.git("mv old new");
    sandbox.commit("ignores");
    sandbox.write("ignored/x.log", "");
    sandbox.write("a", "staged");
    sandbox.write("added", "");
    sandbox.git("add a added");
    sandbox.write("b", "unstaged");
    sandbox.remove("c/d");
    sandbox.git("rm -q e");
    sandbox.write("untracked/dir/file", "");
    assert_eq!(
        sandbox.branch(),
        "a +added b -c/d -e ignored/.gitignore +new -old +untracked/dir/file"
    );
    assert_eq!(sandbox.staged(), "a +added -e");
    assert_eq!(sandbox.since("HEAD"), "a +added b -c/d -e +untracked/dir/file");
    assert_eq!(sandbox.range("@{u}..HEAD"), "ignored/.gitignore +new -old");
}

#[test]
fn what_was_changed_twice_is_compared_as_it_is_now() {
    let sandbox = Sandbox::cloned(&["reverted", "twice", "gone", "mode", "swapped"]);
    for file in ["reverted", "twice", "gone", "mode", "fleeting"] {
        sandbox.write(file, "staged");
    }
    sandbox.git("add -A");
    sandbox.write("reverted", "reverted");
    sandbox.write("twice", "again");
    sandbox.remove("gone");
    sandbox.remove("fleeting");
    sandbox.write("mode", "mode");
    sandbox.mode("mode", 0o755);
    assert_eq!(sandbox.branch(), "-gone mode twice");
    assert_eq!(sandbox.staged(), "+fleeting gone mode reverted twice");
}

#[test]
fn many_files_that_were_changed_twice_are_compared_too() {
    let files: Vec<_> = (0..40).map(|number| format!("dir/*{number}")).collect();
    let names: Vec<_> = files.iter().map(String::as_str).collect();
    let sandbox = Sandbox::cloned(&names);
    for count in [3, 40] {
        for file in &files[..count] {
            sandbox.write(file, "staged");
        }
        sandbox.git("add -A");
        for file in &files[1..count] {
            sandbox.write(file, file);
        }
        assert_eq!(sandbox.branch(), "dir/*0");
        let below = ChangeRequest {
            root: sandbox.path("dir"),
            ..sandbox.request(branch())
        };
        assert_eq!(shown(&gather(&below).unwrap(), &sandbox.repo), "dir/*0");
        sandbox.git("reset -q --hard");
    }
}

#[test]
fn what_was_committed_and_then_reverted_is_no_change() {
    let sandbox = Sandbox::cloned(&["a", "b", "c"]);
    sandbox.write("a", "other");
    sandbox.write("b", "other");
    sandbox.write("d", "d");
    sandbox.commit("second");
    sandbox.write("a", "a");
    sandbox.write("b", "third");
    sandbox.remove("d");
    sandbox.git("add b");
    assert_eq!(sandbox.branch(), "b");
    let set = sandbox.gather(branch());
    assert_eq!(names(&set.after.beyond_head, &sandbox), "a b d");
    assert_eq!(names(&set.before.unwrap().beyond_head, &sandbox), "a b d");
}

#[test]
fn kinds_and_modes_are_changes() {
    let sandbox = Sandbox::cloned(&["mode", "to-link", "target", "dir/file"]);
    sandbox.link("to-file", "target");
    sandbox.link("moved", "target");
    sandbox.commit("links");
    sandbox.git("push -q origin HEAD:other");
    sandbox.git("branch -q --set-upstream-to=origin/other");
    sandbox.mode("mode", 0o755);
    for file in ["to-link", "to-file", "moved", "dir/file"] {
        sandbox.remove(file);
    }
    fs::remove_dir(sandbox.path("dir")).unwrap();
    sandbox.link("to-link", "target");
    sandbox.write("to-file", "target");
    sandbox.link("moved", "mode");
    sandbox.write("dir", "a file now");
    assert_eq!(sandbox.branch(), "+dir -dir/file mode moved@ to-file@> to-link>@");
    sandbox.git("add -A");
    assert_eq!(sandbox.staged(), "+dir -dir/file mode moved@ to-file@> to-link>@");
}

#[test]
fn names_are_bytes() {
    let sandbox = Sandbox::cloned(&["a b", "new\nline", "ü", "\"quoted\"", "tab\t"]);
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(sandbox.repo.join(odd), "").unwrap();
    for file in ["a b", "new\nline", "ü", "\"quoted\"", "tab\t"] {
        sandbox.write(file, "other");
    }
    let set = sandbox.gather(branch());
    assert!(set.files.contains_key(&sandbox.repo.join(odd)));
    assert_eq!(
        shown(&set, &sandbox.repo),
        "\"quoted\" a b +caf\u{fffd} new\nline tab\t ü"
    );
    sandbox.commit("odd");
    let committed = sandbox.gather(branch());
    assert_eq!(committed.files, set.files);
}

#[test]
fn a_rename_by_case_has_both_names() {
    let sandbox = Sandbox::cloned(&["readme.md"]);
    sandbox.git("mv readme.md README.md");
    assert_eq!(sandbox.branch(), "+README.md -readme.md");
    assert_eq!(sandbox.staged(), "+README.md -readme.md");
}

#[test]
fn what_is_only_to_be_added_is_in_the_working_tree_alone() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.write("b", "");
    sandbox.git("add -N b");
    assert_eq!(sandbox.branch(), "+b");
    let staged = sandbox.gather(Comparison::Staged);
    assert_eq!(shown(&staged, &sandbox.repo), "");
    assert_eq!(staged.after.instead.get(&sandbox.path("b")), Some(&Instead::Nothing));
}

#[test]
fn what_git_no_longer_tracks_and_the_disk_still_has_may_have_changed() {
    let sandbox = Sandbox::cloned(&["a", "b"]);
    sandbox.git("rm -q --cached a");
    assert_eq!(sandbox.branch(), "a");
    let staged = sandbox.gather(Comparison::Staged);
    assert_eq!(shown(&staged, &sandbox.repo), "-a");
    assert_eq!(staged.after.instead.get(&sandbox.path("a")), Some(&Instead::Nothing));
}

#[test]
fn files_can_be_given_without_any_repository() {
    let sandbox = Sandbox::bare();
    sandbox.write("a", "");
    sandbox.write("dir/b", "");
    sandbox.link("link", "nowhere");
    let files = ["a", "gone", "link", "dir"].map(|file| sandbox.path(file)).to_vec();
    let request = ChangeRequest {
        git: None,
        ..sandbox.request(Comparison::Files(files))
    };
    let set = gather(&request).unwrap();
    assert_eq!(shown(&set, &sandbox.repo), "a?> dir?>/ -gone? link?>@");
    assert_eq!((set.before, set.head, set.everything), (None, None, None));
    assert_eq!(set.top, sandbox.repo);
}

fn names(paths: &std::collections::BTreeSet<PathBuf>, sandbox: &Sandbox) -> String {
    let names = paths
        .iter()
        .map(|path| path.strip_prefix(&sandbox.repo).unwrap().to_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}
