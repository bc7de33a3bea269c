//! Over real trees in temporary directories.
#![allow(clippy::disallowed_methods, reason = "tests make repositories")]

use std::ffi::OsStr;
use std::fs;
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use fixedbitset::FixedBitSet;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use tempfile::TempDir;

use super::scan::Scan;
use super::stat::{self, Nanoseconds};
use super::{Content, FileTree, Kind, PathDigest};
use crate::environment::Environment;
use crate::model::Digest;

mod cache;
mod differences;
mod files;
mod paths;
mod random;

const SECOND: Nanoseconds = 1_000_000_000;

/// A directory with a tree, one for what is remembered, and a home.
struct Sandbox {
    _dir: TempDir,
    base: PathBuf,
    root: PathBuf,
}

impl Sandbox {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for name in ["root", "home"] {
            fs::create_dir(base.join(name)).unwrap();
        }
        Self {
            root: base.join("root"),
            _dir: dir,
            base,
        }
    }

    /// With these files; a file contains its own path.
    fn with(files: &[&str]) -> Self {
        let sandbox = Self::new();
        for file in files {
            sandbox.write(file, file);
        }
        sandbox
    }

    fn write(&self, file: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.root.join(file)).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        self.git_in(&self.root, arguments);
    }

    fn git_in(&self, dir: &Path, arguments: &[&str]) {
        let mut command = Command::new("git");
        for (name, value) in self.environment().iter() {
            command.env(name, value);
        }
        let settings = [
            "init.defaultBranch=main",
            "protocol.file.allow=always",
            "user.name=a",
            "user.email=a@b",
        ];
        let status = command
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .current_dir(dir)
            .status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }

    fn environment(&self) -> Environment {
        let home = ("HOME".into(), self.base.join("home").into());
        let system = ("GIT_CONFIG_SYSTEM".into(), "/dev/null".into());
        let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
        Environment::without_leaks([home, system, path], None)
    }

    fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    fn scan(&self) -> Scan {
        Scan {
            root: self.root.clone(),
            outside: Vec::new(),
            but: vec![self.root.join("target"), self.state()],
            git: Some("git".into()),
            environment: self.environment(),
            state_dir: Some(self.state()),
            threads: NonZero::new(2).unwrap(),
        }
    }

    fn without_git(&self) -> Scan {
        Scan {
            git: None,
            ..self.scan()
        }
    }

    /// The names of all files in it.
    fn listed(&self) -> String {
        names(&self.scan().tree())
    }
}

fn names(tree: &FileTree) -> String {
    let names: Vec<_> = tree
        .entries()
        .map(|entry| entry.path.to_str().unwrap().to_owned())
        .collect();
    names.join(" ")
}

/// All that a tree says, in a form that can be compared.
fn told(tree: &FileTree) -> Vec<(PathBuf, Kind, u64, Option<Digest>)> {
    let told = |entry: super::FileEntry<'_>| (entry.path.to_owned(), entry.kind, entry.size, entry.content.known());
    tree.entries().map(told).collect()
}

fn digest(tree: &FileTree, path: &str) -> Digest {
    let place = tree
        .find(Path::new(path))
        .unwrap_or_else(|| panic!("{path} is not there"));
    tree.entry(place)
        .content
        .known()
        .unwrap_or_else(|| panic!("{path} is not known"))
}

/// A moment at which all that is written now is settled.
fn later() -> Nanoseconds {
    stat::now() + 10 * SECOND
}

/// Gives a file both times back that anybody can set.
fn set_times(path: &Path, times: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time(times.atime(), times.atime_nsec()),
        last_modification: time(times.mtime(), times.mtime_nsec()),
    };
    utimensat(CWD, path, &times, AtFlags::empty()).unwrap();
}

fn places(tree: &FileTree, paths: &[&str]) -> FixedBitSet {
    let mut places = FixedBitSet::with_capacity(tree.len());
    places.extend(paths.iter().map(|path| tree.find(Path::new(path)).unwrap()));
    places
}
