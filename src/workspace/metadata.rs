//! Asks cargo which crates there are, and reads the files that cargo leaves out of its answer.
//!
//! Runs one process, and writes nothing: with `--no-deps`, cargo resolves nothing and leaves `Cargo.lock` alone.

#![allow(clippy::disallowed_methods, reason = "cargo is a process, and the lock file a file")]

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::SystemTime;

use cargo_metadata::Metadata;

use super::assemble::{Gathered, assemble, local_dirs, member_dirs};
use super::files::Files;
use super::graph::Workspace;
use super::lock::Lock;
use super::manifests::{Manifests, Unread};
use super::outside::{read_outside, unread_note};
use super::patched::patches;
use super::remembered;
use super::witness::Recorder;
use crate::environment::Environment;
use crate::model::Exit;

/// Which workspace, and whom to ask about it.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The cargo to run.
    pub cargo: PathBuf,
    /// Where to run it: the workspace is the one that this directory lies in, unless a manifest is named.
    pub current_dir: PathBuf,
    /// A manifest of the workspace, absolute or relative to `current_dir`.
    pub manifest_path: Option<PathBuf>,
    /// The environment that cargo is given.
    pub environment: Environment,
    /// Where what it says is kept; nowhere, and it is asked each time.
    pub memory: Option<Memory>,
}

/// Where what cargo says of a workspace is kept.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The directory, for this workspace alone.
    pub dir: PathBuf,
    /// The root of the workspace, as the manifests tell it.
    pub root: PathBuf,
}

/// Why there is no workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Cargo could not be started.
    #[error("cannot start `{}`: install cargo, or name another one in CARGO", cargo.display())]
    Start {
        /// What was to be started.
        cargo: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// Cargo was to run in a directory that is none.
    #[error("cannot run cargo in `{}`: it is no directory", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
    },
    /// Cargo did not give an answer; it says why. The message holds its words.
    #[error("`cargo metadata` in `{}` says: {} ({exit})", dir.display(), cargos_words(stderr))]
    Cargo {
        /// Where it ran.
        dir: PathBuf,
        /// How it ended.
        exit: Exit,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// Cargo's answer has a form that is not known.
    #[error("cannot read what `{} metadata` answers: is it cargo, and of a stable version?", cargo.display())]
    Answer {
        /// What was run.
        cargo: PathBuf,
        /// What is wrong with its answer.
        source: serde_json::Error,
    },
}

/// What cargo says, without the word that it begins with.
fn cargos_words(stderr: &str) -> &str {
    let said = stderr.trim();
    said.strip_prefix("error: ").unwrap_or(said)
}

/// What has to be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceErrorKind {
    /// The machine: cargo is missing, or does not work.
    Environment,
    /// The workspace: it is not there, or its manifests are wrong.
    Project,
}

impl WorkspaceError {
    /// What has to be put right.
    #[must_use]
    pub fn kind(&self) -> WorkspaceErrorKind {
        // Cargo ends with 101 where it has something to say about the project; rustup, which stands in for it, with 1.
        match self {
            Self::Cargo {
                exit: Exit::Code(101), ..
            } => WorkspaceErrorKind::Project,
            _ => WorkspaceErrorKind::Environment,
        }
    }
}

/// Loads the workspace. Blocks for as long as cargo takes, which is some 30 ms.
///
/// # Errors
///
/// When cargo cannot be run, or finds no workspace, or one that it cannot read. A file that only this function needs,
/// and cannot read, is no error: the workspace's notes say what follows.
#[tracing::instrument(skip_all, fields(dir = %request.current_dir.display()))]
pub fn load(request: &LoadRequest) -> Result<Workspace, WorkspaceError> {
    if let Some(workspace) = remembered::recall(request) {
        return Ok(workspace);
    }
    let began = SystemTime::now();
    let metadata = ask_cargo(request)?;
    let recorder = Recorder::default();
    let parts = assemble(gather(metadata, &recorder));
    remembered::remember(request, began, recorder, &parts);
    Ok(Workspace::new(parts))
}

#[tracing::instrument(skip_all)]
fn ask_cargo(request: &LoadRequest) -> Result<Metadata, WorkspaceError> {
    let mut command = Command::new(&request.cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--color", "never"]);
    if let Some(manifest) = &request.manifest_path {
        command.arg("--manifest-path").arg(manifest);
    }
    command.current_dir(&request.current_dir).stdin(Stdio::null());
    command.env_clear().envs(request.environment.iter());
    let output = command.output().map_err(|source| not_started(request, source))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(WorkspaceError::Cargo {
            dir: request.current_dir.clone(),
            exit: exit(output.status),
            stderr: stderr.into_owned(),
        });
    }
    if !stderr.is_empty() {
        tracing::debug!(stderr = %stderr.trim_end(), "cargo remarks");
    }
    serde_json::from_slice(&output.stdout).map_err(|source| WorkspaceError::Answer {
        cargo: request.cargo.clone(),
        source,
    })
}

/// The operating system has the same words for a missing program and a missing directory.
fn not_started(request: &LoadRequest, source: io::Error) -> WorkspaceError {
    if request.current_dir.is_dir() {
        let cargo = request.cargo.clone();
        WorkspaceError::Start { cargo, source }
    } else {
        let dir = request.current_dir.clone();
        WorkspaceError::Directory { dir }
    }
}

fn exit(status: ExitStatus) -> Exit {
    // A process that has ended has one or the other.
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

#[tracing::instrument(skip_all)]
fn gather(metadata: Metadata, files: &Recorder) -> Gathered {
    let root = metadata.workspace_root.as_std_path();
    let mut notes = Vec::new();
    let lock = read_lock(&root.join("Cargo.lock"), files, &mut notes);
    let mut manifests = Manifests::new(files);
    let patches = match manifests.load(root) {
        Ok(table) => patches(&mut manifests, &table, root),
        Err(Unread::Missing) => Vec::new(),
        Err(Unread::Wrong(why)) => {
            notes.push(unread_note(&root.join("Cargo.toml"), &why));
            Vec::new()
        }
    };
    let first = local_dirs(&metadata, &patches);
    let outside = read_outside(&mut manifests, first, &member_dirs(&metadata), &mut notes);
    Gathered {
        metadata,
        lock,
        patches,
        outside,
        notes,
    }
}

/// Reads the lock file. That it is missing is no wonder; that it cannot be read is worth a note.
fn read_lock(path: &Path, files: &dyn Files, notes: &mut Vec<String>) -> Option<Lock> {
    let text = String::from_utf8(files.read(path)?).map_err(|error| error.to_string());
    match text.and_then(|text| Lock::parse(&text).map_err(|error| error.to_string())) {
        Ok(lock) => Some(lock),
        Err(why) => {
            notes.push(unread_note(path, &why));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use tempfile::TempDir;

    use super::super::member::{CrateId, TargetKind};
    use super::*;
    use crate::model::CrateName;

    const MEMBERS: &str = "[workspace]\nmembers = ['crates/*']\nresolver = '3'\n";

    /// A directory with these files. A manifest gets an empty library beside it, unless it is virtual.
    fn project(files: &[(&str, &str)]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            let parent = path.parent().unwrap();
            fs::create_dir_all(parent.join("src")).unwrap();
            fs::write(&path, text).unwrap();
            if text.contains("[package]") && path.ends_with("Cargo.toml") {
                fs::write(parent.join("src/lib.rs"), "").unwrap();
            }
        }
        dir
    }

    /// A manifest of a crate, version 0.1.0, and what follows its `[package]`.
    fn package(name: &str, rest: &str) -> String {
        format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n{rest}")
    }

    fn request(dir: &Path) -> LoadRequest {
        LoadRequest {
            cargo: PathBuf::from(env!("CARGO")),
            current_dir: dir.canonicalize().unwrap_or_else(|_| dir.to_owned()),
            manifest_path: None,
            environment: Environment::without_leaks(std::env::vars_os(), None)
                .with("CARGO_NET_OFFLINE", "true")
                .without("CARGO_TARGET_DIR"),
            memory: None,
        }
    }

    fn loaded(dir: &TempDir) -> Workspace {
        load(&request(dir.path())).unwrap()
    }

    fn names(workspace: &Workspace) -> String {
        let names: Vec<_> = workspace.crates().iter().map(|member| member.name.as_str()).collect();
        names.join(" ")
    }

    /// The edges as text: `a->b` and how, in the order of names.
    fn edges(workspace: &Workspace) -> String {
        let mut words = Vec::new();
        for member in workspace.crates() {
            for (to, edge) in workspace.dependencies(member.id) {
                let kinds: Vec<_> = edge
                    .kinds
                    .iter()
                    .map(|kind| format!("{kind:?}").to_lowercase())
                    .collect();
                let optional = if edge.optional { " optional" } else { "" };
                let to = &workspace[to].name;
                words.push(format!("{}->{to}({}{optional})", member.name, kinds.join(" ")));
            }
        }
        words.join(", ")
    }

    fn id(workspace: &Workspace, name: &str) -> CrateId {
        workspace.by_name(&CrateName::from(name)).unwrap().id
    }

    #[test]
    fn a_single_crate() {
        let rest = "publish = false\n[package.metadata.hooks]\nx = 1\n[lib]\nproc-macro = true\ndoctest = false\n";
        let dir = project(&[
            ("Cargo.toml", &package("solo", rest)),
            ("build.rs", "fn main() {}"),
            ("src/bin/tool.rs", "fn main() {}"),
            ("tests/it.rs", ""),
            ("examples/ex.rs", "fn main() {}"),
            ("benches/speed.rs", "fn main() {}"),
        ]);
        let workspace = loaded(&dir);
        let root = dir.path().canonicalize().unwrap();
        assert_eq!(workspace.root, root);
        assert_eq!(workspace.manifest, root.join("Cargo.toml"));
        assert_eq!(workspace.target_dir, root.join("target"));
        assert!(!workspace.workspace_has_hooks_metadata && !workspace.is_virtual());
        assert_eq!(workspace.notes, [""; 0]);
        let solo = &workspace[workspace.root_crate().unwrap()];
        assert_eq!(
            (solo.name.as_str(), solo.version.as_str(), solo.spec.as_str()),
            ("solo", "0.1.0", "solo")
        );
        assert!(solo.has_hooks_metadata && !solo.publishable);
        assert_eq!((&solo.dir, solo.edition.as_str()), (&root, "2024"));
        let mut targets: Vec<_> = (solo.targets.iter())
            .map(|target| {
                (
                    target.kind,
                    target.name.as_str(),
                    target.source.strip_prefix(&root).unwrap(),
                )
            })
            .collect();
        targets.sort_unstable();
        let expected = [
            (TargetKind::ProcMacro, "solo", "src/lib.rs"),
            (TargetKind::Bin, "tool", "src/bin/tool.rs"),
            (TargetKind::Example, "ex", "examples/ex.rs"),
            (TargetKind::Test, "it", "tests/it.rs"),
            (TargetKind::Bench, "speed", "benches/speed.rs"),
            (TargetKind::BuildScript, "build-script-build", "build.rs"),
        ];
        assert_eq!(
            targets,
            expected.map(|(kind, name, source)| (kind, name, Path::new(source)))
        );
        let library = solo
            .targets
            .iter()
            .find(|target| target.kind == TargetKind::ProcMacro)
            .unwrap();
        assert!(library.doc && library.test && !library.doctest);
        assert!(!dir.path().join("Cargo.lock").exists());
    }

    #[test]
    fn a_workspace_from_anywhere() {
        let manifest = format!("{MEMBERS}[workspace.metadata.hooks]\n");
        let dir = project(&[
            ("Cargo.toml", &manifest),
            ("crates/b/Cargo.toml", &package("b", "")),
            ("crates/a/Cargo.toml", &package("a", "")),
            ("crates/a/src/deep/x.rs", ""),
        ]);
        let check = |workspace: &Workspace| {
            assert_eq!(names(workspace), "a b");
            assert_eq!(workspace.root, dir.path().canonicalize().unwrap());
            assert!(workspace.is_virtual() && workspace.workspace_has_hooks_metadata);
            assert_eq!(
                workspace.owner(Path::new("crates/a/src/deep/x.rs")),
                Some(id(workspace, "a"))
            );
            assert_eq!(workspace.owner(Path::new("Cargo.toml")), None);
        };
        check(&loaded(&dir));
        check(&load(&request(&dir.path().join("crates/a/src/deep"))).unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        let mut request = request(elsewhere.path());
        request.manifest_path = Some(dir.path().canonicalize().unwrap().join("crates/b/Cargo.toml"));
        check(&load(&request).unwrap());
        request.current_dir = dir.path().join("crates");
        request.manifest_path = Some(PathBuf::from("b/Cargo.toml"));
        check(&load(&request).unwrap());
    }

    #[test]
    fn nested_members_and_the_root_package() {
        let root = package(
            "root",
            "[workspace]\nmembers = ['a', 'a/macros']\nexclude = ['a/fuzz']\n",
        );
        let dir = project(&[
            ("Cargo.toml", &root),
            ("a/Cargo.toml", &package("a", "")),
            ("a/macros/Cargo.toml", &package("macros", "")),
            ("a/fuzz/Cargo.toml", &package("fuzz", "")),
        ]);
        let workspace = loaded(&dir);
        assert_eq!(names(&workspace), "a macros root");
        assert_eq!(workspace.root_crate(), Some(id(&workspace, "root")));
        let check = |path: &str, owner: &str| {
            assert_eq!(workspace.owner(Path::new(path)), Some(id(&workspace, owner)), "{path}");
        };
        check("src/lib.rs", "root");
        check("a/src/lib.rs", "a");
        check("a/macros/src/lib.rs", "macros");
        check("a/fuzz/src/lib.rs", "a");
    }

    #[test]
    fn every_way_to_depend_on_a_directory() {
        let workspace_table = format!("{MEMBERS}[workspace.dependencies]\nb = {{ path = 'crates/b' }}\n");
        let a = "[dependencies]\nb.workspace = true\nsee = { package = 'c', path = '../c', optional = true }\n\
                 [target.'cfg(windows)'.dependencies]\nd = { path = '../x/../d', optional = true }\n\
                 [build-dependencies]\nd = { path = '../d' }\n\
                 [dev-dependencies]\na = { path = '.' }\ne = { version = '0.1', path = '../e' }\n";
        let dir = project(&[
            ("Cargo.toml", &workspace_table),
            ("crates/a/Cargo.toml", &package("a", a)),
            ("crates/b/Cargo.toml", &package("b", "")),
            ("crates/c/Cargo.toml", &package("c", "[features]\nx = []\n")),
            ("crates/d/Cargo.toml", &package("d", "")),
            (
                "crates/e/Cargo.toml",
                &package("e", "[dependencies]\na = { path = '../a' }\n"),
            ),
        ]);
        let workspace = loaded(&dir);
        assert_eq!(
            edges(&workspace),
            "a->b(normal), a->c(normal optional), a->d(normal build), a->e(dev), e->a(normal)"
        );
        assert_eq!(workspace.notes, [""; 0]);
        let order: Vec<_> = (workspace.in_dependency_order().into_iter())
            .map(|id| workspace[id].name.as_str())
            .collect();
        assert_eq!(order, ["b", "c", "d", "a", "e"]);
    }

    #[test]
    fn crates_outside_lead_back_to_members() {
        let manifest = format!("{MEMBERS}exclude = ['libs']\n");
        let dir = project(&[
            ("Cargo.toml", &manifest),
            (
                "crates/a/Cargo.toml",
                &package("a", "[dependencies]\nx = { path = '../../libs/x' }\n"),
            ),
            ("crates/b/Cargo.toml", &package("b", "")),
            (
                "libs/x/Cargo.toml",
                &package("x", "[dependencies]\ny = { path = '../y' }\n[workspace]\n"),
            ),
            (
                "libs/y/Cargo.toml",
                &package("y", "[dependencies]\nb = { path = '../../crates/b' }\n"),
            ),
        ]);
        let workspace = loaded(&dir);
        assert_eq!(
            (names(&workspace).as_str(), edges(&workspace).as_str()),
            ("a b", "a->b(normal)")
        );
        let libs = workspace.root.join("libs");
        let outside: Vec<_> = workspace.outside.iter().map(|outside| outside.dir.clone()).collect();
        assert_eq!(outside, [libs.join("x"), libs.join("y")]);
        assert_eq!(workspace.outside[1].dependents, [id(&workspace, "a")].into());
        assert_eq!(workspace.owner(Path::new("libs/x/src/lib.rs")), None);
    }

    #[test]
    fn members_that_depend_on_each_other_by_version() {
        let manifest = format!("{MEMBERS}[patch.crates-io]\nb = {{ path = 'crates/b' }}\n");
        let check = |lock: Option<&str>, expected: &str, notes: usize| {
            let dir = project(&[
                ("Cargo.toml", &manifest),
                (
                    "crates/a/Cargo.toml",
                    &package("a", "[dependencies]\nbee = { package = 'b', version = '0.1' }\n"),
                ),
                ("crates/b/Cargo.toml", &package("b", "")),
            ]);
            let path = dir.path().join("Cargo.lock");
            if let Some(lock) = lock {
                fs::write(&path, lock).unwrap();
            }
            let workspace = loaded(&dir);
            assert_eq!(edges(&workspace), expected, "{lock:?}");
            assert_eq!(workspace.notes.len(), notes, "{:?}", workspace.notes);
            assert!(workspace.notes.iter().all(|note| !note.contains('\n')));
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), lock);
        };
        let locked = "version = 4\n[[package]]\nname = 'a'\nversion = '0.1.0'\ndependencies = ['b']\n\
                      [[package]]\nname = 'b'\nversion = '0.1.0'\n";
        let registry = "version = 4\n[[package]]\nname = 'a'\nversion = '0.1.0'\ndependencies = ['b 0.1.3']\n\
                        [[package]]\nname = 'b'\nversion = '0.1.0'\n\
                        [[package]]\nname = 'b'\nversion = '0.1.3'\nsource = 'registry+https://example.com'\n";
        let stale = "version = 4\n[[package]]\nname = 'b'\nversion = '0.1.0'\n";
        check(Some(locked), "a->b(normal)", 0);
        check(Some(registry), "", 0);
        check(Some(stale), "a->b(normal)", 1);
        check(None, "a->b(normal)", 1);
        check(Some("version = 4\n<<<<<<< HEAD\n"), "a->b(normal)", 2);
    }

    #[test]
    fn a_namesake_in_the_lock_file_needs_a_longer_spec() {
        let check = |versions: &[&str], expected: &str| {
            let mut lock = "version = 4\n[[package]]\nname = 'log'\nversion = '0.1.0'\n".to_owned();
            for version in versions {
                let source = "source = 'registry+x'";
                writeln!(lock, "[[package]]\nname = 'log'\nversion = '{version}'\n{source}").unwrap();
            }
            let dir = project(&[("Cargo.toml", &package("log", "")), ("Cargo.lock", &lock)]);
            let workspace = loaded(&dir);
            let log = &workspace[CrateId(0)];
            let expected = expected.replace("ID", &log.package_id);
            assert_eq!(log.spec, expected, "{versions:?}");
        };
        check(&[], "log");
        check(&["0.4.20"], "log@0.1.0");
        check(&["0.1.0"], "ID");
    }

    #[test]
    fn cargo_says_what_is_wrong() {
        let check = |files: &[(&str, &str)], expected: &str| {
            let dir = project(files);
            let error = load(&request(dir.path())).unwrap_err();
            assert_eq!(error.kind(), WorkspaceErrorKind::Project);
            assert!(error.to_string().contains(expected), "{error}");
            let WorkspaceError::Cargo { exit, stderr, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(exit, Exit::Code(101));
            assert!(stderr.contains(expected) && !stderr.contains('\x1b'), "{stderr}");
        };
        check(&[], "could not find `Cargo.toml`");
        check(&[("Cargo.toml", "[package\n")], "Cargo.toml");
        check(&[("Cargo.toml", "[workspace]\nmembers = ['gone']\n")], "gone");
    }

    #[test]
    fn what_is_not_cargo_is_told_apart() {
        let dir = project(&[("Cargo.toml", &package("a", ""))]);
        let check = |change: &dyn Fn(&mut LoadRequest), expected: &str| {
            let mut request = request(dir.path());
            change(&mut request);
            let error = load(&request).unwrap_err();
            assert_eq!(error.kind(), WorkspaceErrorKind::Environment);
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(
            &|request| request.cargo = "/gone/cargo".into(),
            "cannot start `/gone/cargo`",
        );
        check(
            &|request| request.current_dir = "/gone".into(),
            "cannot run cargo in `/gone`",
        );
        check(
            &|request| request.cargo = "true".into(),
            "cannot read what `true metadata` answers",
        );
        check(&|request| request.cargo = "false".into(), "`cargo metadata` in `");
    }

    #[test]
    fn the_environment_reaches_cargo() {
        let dir = project(&[("Cargo.toml", &package("a", ""))]);
        let mut request = request(dir.path());
        request.environment = request.environment.with("CARGO_TARGET_DIR", "/elsewhere/target");
        assert_eq!(load(&request).unwrap().target_dir, Path::new("/elsewhere/target"));
    }
}
