//! With real cargo: what is remembered is what cargo would say, whatever has changed since.

#![allow(clippy::disallowed_methods, reason = "the test runs cargo as a person would")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::metadata::{LoadRequest, Memory, load};
use super::*;
use crate::environment::Environment;

/// A workspace, a place to remember, and a cargo that counts how often it is asked.
struct Sandbox {
    dir: TempDir,
    request: LoadRequest,
}

impl Sandbox {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let log = top.join("asked");
        let cargo = top.join("cargo");
        let script = format!(
            "#!/bin/sh\necho >>'{}'\nexec '{}' \"$@\"\n",
            log.display(),
            env!("CARGO")
        );
        fs::write(&cargo, script).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        let root = top.join("ws");
        let environment = Environment::without_leaks(std::env::vars_os(), None)
            .with("CARGO_NET_OFFLINE", "true")
            .with("CARGO_HOME", top.join("home").to_str().unwrap())
            .without("CARGO_TARGET_DIR");
        let request = LoadRequest {
            cargo,
            current_dir: root.clone(),
            manifest_path: None,
            environment,
            memory: Some(Memory {
                dir: top.join("memory"),
                root,
            }),
        };
        let sandbox = Self { dir, request };
        sandbox.write("Cargo.toml", "[workspace]\nmembers = ['crates/*']\nresolver = '3'\n");
        sandbox.write(
            "crates/a/Cargo.toml",
            &package("a", "[dependencies]\nb.path = '../b'\n"),
        );
        sandbox.write("crates/a/src/lib.rs", "");
        sandbox.write("crates/b/Cargo.toml", &package("b", ""));
        sandbox.write("crates/b/src/lib.rs", "");
        sandbox
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("ws").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn asked(&self) -> usize {
        fs::read_to_string(self.dir.path().join("asked")).map_or(0, |log| log.lines().count())
    }

    /// Loads until cargo is no longer asked: what has just been written is not trusted yet.
    fn warm(&self) {
        let begun = Instant::now();
        loop {
            let before = self.asked();
            load(&self.request).unwrap();
            if self.asked() == before {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it is never remembered");
        }
    }

    /// What cargo says now.
    fn truth(&self) -> Workspace {
        let request = LoadRequest {
            memory: None,
            ..self.request.clone()
        };
        load(&request).unwrap()
    }
}

fn package(name: &str, rest: &str) -> String {
    format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n{rest}")
}

/// What of a workspace shows, as text.
fn shown(workspace: &Workspace) -> String {
    let edges = workspace
        .crates()
        .iter()
        .map(|member| workspace.dependencies(member.id).collect::<Vec<_>>());
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        workspace.root,
        workspace.target_dir,
        workspace.crates(),
        edges.collect::<Vec<_>>(),
        workspace.outside,
        workspace.notes
    )
}

type Change = Box<dyn Fn(&Sandbox)>;

#[test]
fn whatever_changes_the_answer_has_cargo_asked_again() {
    let sandbox = Sandbox::new();
    let check = |what: &str, change: &dyn Fn()| {
        sandbox.warm();
        let before = shown(&sandbox.truth());
        change();
        let truth = shown(&sandbox.truth());
        assert_ne!(before, truth, "{what} changes nothing");
        assert_eq!(shown(&load(&sandbox.request).unwrap()), truth, "{what}");
    };
    let write = |path: &'static str, text: &'static str| move |sandbox: &Sandbox| sandbox.write(path, text);
    let changes: Vec<(&str, Change)> = vec![
        ("a new program", Box::new(write("crates/a/src/main.rs", "fn main() {}"))),
        ("a new test", Box::new(write("crates/a/tests/it.rs", ""))),
        (
            "a new example",
            Box::new(write("crates/a/examples/x/main.rs", "fn main() {}")),
        ),
        (
            "a directory becomes a program",
            Box::new(|sandbox| {
                sandbox.write("crates/a/src/bin/tool/other.rs", "");
                sandbox.warm();
                sandbox.write("crates/a/src/bin/tool/main.rs", "fn main() {}");
            }),
        ),
        ("a build script", Box::new(write("crates/b/build.rs", "fn main() {}"))),
        (
            "a build script goes",
            Box::new(|sandbox| fs::remove_file(sandbox.path("crates/b/build.rs")).unwrap()),
        ),
        (
            "a member",
            Box::new(|sandbox| {
                sandbox.write("crates/c/src/lib.rs", "");
                sandbox.write("crates/c/Cargo.toml", &package("c", ""));
            }),
        ),
        (
            "a version",
            Box::new(|sandbox| {
                sandbox.write(
                    "crates/c/Cargo.toml",
                    &package("c", "description = 'x'\n").replace("0.1.0", "0.2.0"),
                );
            }),
        ),
        (
            "a target directory",
            Box::new(write(".cargo/config.toml", "[build]\ntarget-dir = 'out'\n")),
        ),
        (
            "a lock file",
            Box::new(write(
                "Cargo.lock",
                "version = 4\n[[package]]\nname = 'a'\nversion = '0.1.0'\ndependencies = ['b']\n[[package]]\nname = 'b'\nversion = '0.1.0'\n\
             [[package]]\nname = 'b'\nversion = '9.0.0'\nsource = 'registry+https://github.com/rust-lang/crates.io-index'\n\
             [[package]]\nname = 'c'\nversion = '0.2.0'\n",
            )),
        ),
        (
            "a crate outside",
            Box::new(|sandbox| {
                sandbox.write("../outside/Cargo.toml", &package("outside", "[workspace]\n"));
                sandbox.write("../outside/src/lib.rs", "");
                sandbox.write(
                    "crates/b/Cargo.toml",
                    &package("b", "[dependencies]\noutside.path = '../../../outside'\n"),
                );
            }),
        ),
        (
            "hooks",
            Box::new(|sandbox| {
                sandbox.write(
                    "crates/a/Cargo.toml",
                    &package("a", "[dependencies]\nb.path = '../b'\n[package.metadata.hooks]\n"),
                );
            }),
        ),
        (
            "a member goes",
            Box::new(|sandbox| fs::remove_dir_all(sandbox.path("crates/c")).unwrap()),
        ),
    ];
    for (what, change) in changes {
        check(what, &|| change(&sandbox));
    }
}

#[test]
fn a_variable_and_another_cargo_are_heeded() {
    let mut sandbox = Sandbox::new();
    sandbox.warm();
    sandbox.request.environment = sandbox
        .request
        .environment
        .clone()
        .with("CARGO_TARGET_DIR", "/elsewhere");
    assert_eq!(load(&sandbox.request).unwrap().target_dir, Path::new("/elsewhere"));
    sandbox.warm();
    let before = sandbox.asked();
    sandbox.request.environment = sandbox.request.environment.clone().with("CARGO_HOOKS_LOG", "debug");
    load(&sandbox.request).unwrap();
    assert_eq!(sandbox.asked(), before, "a variable of ours");
    fs::copy(&sandbox.request.cargo, sandbox.path("cargo")).unwrap();
    sandbox.request.cargo = sandbox.path("cargo");
    load(&sandbox.request).unwrap();
    assert_eq!(sandbox.asked(), before + 1);
}

#[test]
fn what_changes_no_answer_asks_nobody() {
    let sandbox = Sandbox::new();
    sandbox.warm();
    let before = sandbox.asked();
    let check = |dir: &str| {
        let request = LoadRequest {
            current_dir: sandbox.path(dir),
            ..sandbox.request.clone()
        };
        assert_eq!(shown(&load(&request).unwrap()), shown(&load(&sandbox.request).unwrap()));
    };
    sandbox.write("crates/a/src/lib.rs", "//! changed\n");
    sandbox.write("crates/a/src/deep/new.rs", "");
    sandbox.write("README.md", "changed");
    sandbox.write("Cargo.toml", "[workspace]\nmembers = ['crates/*']\nresolver = '3'\n");
    check("");
    check("crates/a/src/deep");
    assert_eq!(sandbox.asked(), before);
    // A configuration of its own may lead elsewhere.
    sandbox.write("crates/a/.cargo/config.toml", "");
    check("crates/a");
    assert_eq!(sandbox.asked(), before + 1);
}

#[test]
fn what_is_damaged_is_asked_for_again() {
    let sandbox = Sandbox::new();
    sandbox.warm();
    let file = sandbox.request.memory.as_ref().unwrap().dir.join(NAME);
    let whole = fs::read(&file).unwrap();
    let truth = shown(&sandbox.truth());
    for place in (0..whole.len()).step_by(whole.len() / 50) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(&file, &damaged).unwrap();
        assert!(recall(&sandbox.request).is_none(), "at {place}");
        fs::write(&file, &whole[..place]).unwrap();
        assert!(recall(&sandbox.request).is_none(), "cut at {place}");
    }
    assert_eq!(shown(&load(&sandbox.request).unwrap()), truth);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn where_nothing_can_be_kept_cargo_is_asked_each_time() {
    let mut sandbox = Sandbox::new();
    sandbox.request.memory.as_mut().unwrap().dir = sandbox.path("Cargo.toml/no");
    for _ in 0..2 {
        let before = sandbox.asked();
        load(&sandbox.request).unwrap();
        assert_eq!(sandbox.asked(), before + 1);
    }
}
