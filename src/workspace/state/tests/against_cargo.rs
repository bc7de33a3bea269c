//! What is read from manifests is what cargo reads from them.

#![allow(clippy::disallowed_methods, reason = "cargo is to run as it does here")]

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::super::manifests::find_root;
use super::super::super::metadata::{LoadRequest, load};
use super::super::super::worktree::Worktree;
use super::super::super::{Crate, TargetKind, Workspace};
use super::*;
use crate::environment::Environment;

/// Writes the files, and reads the workspace around the first of them in three ways: from cargo, from the manifests on
/// the disk, and from the same manifests in memory. Nothing where cargo refuses them.
fn read_both(entries: &[(String, String)]) -> Option<(Workspace, State)> {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap().join("top");
    let mut in_memory = MemoryFiles::default();
    for (path, text) in entries {
        let path = normal(&top.join(path));
        let dir = path.parent().unwrap();
        fs::create_dir_all(dir).unwrap();
        fs::write(&path, text).unwrap();
        in_memory = in_memory.with(&path, text);
        if path.ends_with("Cargo.toml") && text.contains("[package]") {
            fs::create_dir_all(dir.join("src")).unwrap();
            fs::write(dir.join("src/lib.rs"), "").unwrap();
            in_memory = in_memory.with(dir.join("src/lib.rs"), "");
        }
    }
    let request = LoadRequest {
        memory: None,
        cargo: PathBuf::from(env!("CARGO")),
        current_dir: top.clone(),
        manifest_path: None,
        environment: Environment::without_leaks(std::env::vars_os(), None)
            .with("CARGO_NET_OFFLINE", "true")
            .without("CARGO_TARGET_DIR"),
    };
    let workspace = load(&request).ok()?;
    let files = Worktree::default();
    assert_eq!(find_root(&files, &top), Some(workspace.root.clone()));
    let state = State::read(&files, &workspace.root).unwrap();
    let remembered = State::read(&in_memory, &workspace.root).unwrap();
    assert_eq!(state.crates(), remembered.crates());
    Some((workspace, state))
}

fn script(member: &Crate) -> Option<PathBuf> {
    let mut scripts = member
        .targets
        .iter()
        .filter(|target| target.kind == TargetKind::BuildScript);
    scripts.next().map(|target| target.source.clone())
}

fn compare(workspace: &Workspace, state: &State) {
    let told = |id: CrateId| {
        let member = &workspace[id];
        let edges: Vec<_> = workspace
            .dependencies(id)
            .map(|(id, edge)| (id, edge.clone()))
            .collect();
        (
            member.name.clone(),
            member.version.clone(),
            member.dir.clone(),
            script(member),
            edges,
        )
    };
    let read = |id: CrateId| {
        let member = &state[id];
        let edges: Vec<_> = state.dependencies(id).map(|(id, edge)| (id, edge.clone())).collect();
        (
            member.name.clone(),
            member.version.clone(),
            member.dir.clone(),
            member.build_script.clone(),
            edges,
        )
    };
    assert_eq!(
        workspace
            .crates()
            .iter()
            .map(|member| told(member.id))
            .collect::<Vec<_>>(),
        state.crates().iter().map(|member| read(member.id)).collect::<Vec<_>>()
    );
    assert_eq!(workspace.root, state.root);
    assert_eq!(workspace.root_crate(), state.root_crate());
    assert_eq!(workspace.outside, state.outside);
    assert_eq!(workspace.notes, state.notes);
    for (theirs, ours) in workspace.crates().iter().zip(state.crates()) {
        let known = |source: &PathBuf| theirs.targets.iter().any(|target| target.source == *source);
        assert!(ours.sources.iter().chain(&ours.test_sources).all(known), "{ours:?}");
        let programs = theirs.targets.iter().filter(|target| target.kind == TargetKind::Bin);
        let programs = programs.filter(|target| !target.source.to_string_lossy().contains("/src/bin/"));
        let programs: BTreeSet<String> = programs.map(|target| target.name.clone()).collect();
        assert_eq!(programs, ours.programs);
    }
}

fn check(entries: &[(&str, &str)], expected: &str) {
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let (workspace, state) = read_both(&entries).unwrap_or_else(|| panic!("cargo refuses {entries:?}"));
    compare(&workspace, &state);
    let above = state.root.parent().unwrap().to_str().unwrap();
    assert_eq!(names(&state).replace(above, ".."), expected);
}

#[test]
fn odd_members() {
    let plain = |name: &str| package(name, "");
    let on = |name: &str, path: &str| {
        package(
            name,
            &format!("[dependencies]\nd = {{ package = 'dep', path = '{path}' }}"),
        )
    };
    check(&[("Cargo.toml", &plain("solo"))], "solo@");
    check(
        &[("Cargo.toml", &on("solo", "dep")), ("dep/Cargo.toml", &plain("dep"))],
        "solo@",
    );
    let root = package(
        "root",
        "[workspace]\nmembers = ['x/*', '../beside', './y/']\nexclude = ['x/out', 'z']",
    );
    check(
        &[
            ("Cargo.toml", &root),
            ("x/a/Cargo.toml", &on("a", "../../z")),
            ("x/.b/Cargo.toml", &on("b", "in")),
            ("x/.b/in/Cargo.toml", &plain("dep")),
            ("x/out/Cargo.toml", &plain("out")),
            ("x/file", ""),
            ("y/Cargo.toml", &plain("y")),
            ("z/Cargo.toml", &plain("dep")),
            ("../beside/Cargo.toml", &package("beside", "workspace = '../top'")),
        ],
        "a@x/a b@x/.b beside@../beside dep@x/.b/in root@ y",
    );
    check(
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = ['x', 'y/**/c', 'w/[!a-m]?']\nexclude = ['x/ex', 'y/no']",
            ),
            ("x/Cargo.toml", &on("x", "ex")),
            ("x/ex/Cargo.toml", &plain("dep")),
            ("y/c/Cargo.toml", &plain("c1")),
            ("y/p/q/c/Cargo.toml", &plain("c2")),
            ("y/no/c/Cargo.toml", &plain("c3")),
            ("w/n1/Cargo.toml", &plain("n1")),
            ("w/a1/Cargo.toml", &plain("a1")),
        ],
        "c1@y/c c2@y/p/q/c dep@x/ex n1@w/n1 x",
    );
    // A nested workspace of its own, and one that a path dependency outside of the root asks for.
    check(
        &[
            ("Cargo.toml", "[workspace]\nmembers = ['a']\nexclude = ['fuzz']"),
            ("a/Cargo.toml", &on("a", "../../far")),
            (
                "../far/Cargo.toml",
                &package(
                    "dep",
                    "workspace = '../top'\n[dependencies]\nf = { path = '../top/fuzz' }",
                ),
            ),
            ("fuzz/Cargo.toml", &package("f", "[workspace]")),
        ],
        "a dep@../far",
    );
}

#[test]
fn odd_crates() {
    let shared = "[workspace]\nmembers = ['a', 'b']\n[workspace.package]\nversion = '1.2.3-rc.1'\nedition = '2021'\n\
                  [workspace.dependencies]\nc = { path = 'libs/c', default-features = false }\nb2 = { path = 'b', package = 'b' }\n";
    let a = "[package]\nname = 'a'\nversion.workspace = true\nedition.workspace = true\nbuild = 'make/build.rs'\n\
             [dependencies]\nc = { workspace = true, optional = true, features = ['f'] }\n\
             [target.'cfg(windows)'.dev-dependencies]\nb2.workspace = true\n[build-dependencies]\nd.path = '../libs/d'\n\
             [[bin]]\nname = 'tool'\npath = 'tool.rs'\n[lib]\npath = 'lib/a.rs'\n[[test]]\nname = 't'\npath = 'lib/t.rs'\n";
    let b = "[package]\nname = 'b'\nbuild = false\nedition = '2018'\nautobins = false\n[build_dependencies]\nx = { path = '../libs/c', package = 'c' }\n\
             [dev_dependencies]\na = { path = '../a', version = '1.2.3-rc.1' }\n[dependencies]\nb.path = '.'\n";
    check(
        &[
            ("Cargo.toml", shared),
            ("a/Cargo.toml", a),
            ("a/make/build.rs", "fn main() {}"),
            ("a/src/main.rs", "fn main() {}"),
            ("a/src/bin/other.rs", "fn main() {}"),
            ("a/tool.rs", "fn main() {}"),
            ("a/lib/a.rs", ""),
            ("a/lib/t.rs", ""),
            ("b/Cargo.toml", b),
            ("b/build.rs", "fn main() {}"),
            ("b/src/main.rs", "fn main() {}"),
            (
                "libs/c/Cargo.toml",
                &package("c", "[features]\nf = []\n[lib]\nproc-macro = true"),
            ),
            ("libs/c/build.rs", "fn main() {}"),
            (
                "libs/d/Cargo.toml",
                &package("d", "[dependencies]\nc = { path = '../c', optional = true }"),
            ),
        ],
        "a b c@libs/c d@libs/d",
    );
}

#[test]
fn odd_patches() {
    let root = "[workspace]\nmembers = ['a', 'b', 'c']\nexclude = ['out']\nresolver = '2'\n\
                [patch.crates-io]\nbee = { path = 'b', package = 'b' }\nout = { path = 'out' }\n";
    let a = package(
        "a",
        "[dependencies]\nb = '0.1'\nmid = '1'\n[dev-dependencies]\nout = '1'\n",
    );
    let manifests = [
        ("Cargo.toml", root),
        ("a/Cargo.toml", &a),
        ("b/Cargo.toml", &package("b", "")),
        ("c/Cargo.toml", &package("c", "[dependencies]\nb = '0.2'")),
        ("out/Cargo.toml", &package("out", "[dependencies]\nc.path = '../c'")),
    ];
    check(&manifests, "a b c");
    let lock = "version = 4\n[[package]]\nname = 'a'\nversion = '0.1.0'\ndependencies = ['b 0.1.0', 'mid', 'out']\n\
                [[package]]\nname = 'b'\nversion = '0.1.0'\n[[package]]\nname = 'b'\nversion = '0.2.0'\nsource = 'registry+x'\n\
                [[package]]\nname = 'c'\nversion = '0.1.0'\ndependencies = ['b 0.2.0']\n\
                [[package]]\nname = 'mid'\nversion = '1.0.0'\nsource = 'registry+x'\ndependencies = ['b 0.1.0']\n\
                [[package]]\nname = 'out'\nversion = '0.1.0'\ndependencies = ['c']\n";
    for lock in [lock, "version = 4", "<<<<<<< HEAD"] {
        check(&[&manifests[..], &[("Cargo.lock", lock)]].concat(), "a b c");
    }
}

const DIRS: [&str; 11] = [
    "a", "b", "x", "x/y", "x/a", "x/b", "x/b/in", "x/y/c", "../o", "x/.d", "e",
];

fn dir() -> impl Strategy<Value = &'static str> {
    prop::sample::select(DIRS.to_vec())
}

fn listed() -> impl Strategy<Value = &'static str> {
    let wild = prop::sample::select(vec![
        "*", "x/y/*", "[a-x]", "**/c", "x/?", "[ab]", "x/[!a]", "x/*/", "./x/y/*",
    ]);
    prop_oneof![dir(), wild]
}

fn excluded() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        dir(),
        prop::sample::select(vec!["x", "x/", "./a", "x/*", "x/../b", "gone"])
    ]
}

/// A dependency on the crate in a directory: in which table, whether it is inherited, and whether it is optional.
type OnDir = (&'static str, &'static str, bool, bool);

fn on_dir() -> impl Strategy<Value = OnDir> {
    let tables = vec![
        "dependencies",
        "dev-dependencies",
        "build-dependencies",
        "target.'cfg(unix)'.dependencies",
        "target.x86_64-pc-windows-msvc.build-dependencies",
    ];
    (dir(), prop::sample::select(tables), any::<bool>(), any::<bool>())
}

fn name_of(dir: &str) -> String {
    let place = DIRS.iter().position(|other| *other == dir).unwrap();
    format!("crate{place}")
}

/// The manifest of the crate in a directory.
fn manifest(dir: &str, dependencies: &[OnDir], is_member: bool) -> String {
    let mut lines: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let up = if dir.is_empty() {
        String::new()
    } else {
        "../".repeat(dir.split('/').filter(|part| *part != "..").count())
    };
    let up = if dir.starts_with("..") {
        "../top/".to_owned()
    } else {
        up
    };
    for (to, table, inherited, optional) in dependencies {
        let name = name_of(to);
        let optional = *optional && !table.contains("dev-");
        let at = if *inherited && is_member {
            "workspace = true".to_owned()
        } else {
            format!("path = '{up}{to}'")
        };
        let line = format!("{name} = {{ {at}, optional = {optional} }}\n");
        let line = if optional {
            line
        } else {
            line.replace(", optional = false", "")
        };
        lines.entry(table).or_default().insert(name, line);
    }
    let tables = lines
        .into_iter()
        .map(|(table, lines)| format!("[{table}]\n{}", lines.into_values().collect::<String>()));
    tables.collect()
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 64, ..Config::default() })]

    #[test]
    fn any_workspace(
        members in prop::collection::vec(listed(), 0..4),
        exclude in prop::collection::vec(excluded(), 0..3),
        crates in prop::collection::vec(prop::collection::vec(on_dir(), 0..3), DIRS.len()),
        root in prop::option::of(prop::collection::vec(on_dir(), 0..3)),
        pointing: bool,
    ) {
        let shared: String = DIRS.iter().map(|dir| format!("{} = {{ path = '{dir}' }}\n", name_of(dir))).collect();
        let mut top = format!("[workspace]\nmembers = {members:?}\nexclude = {exclude:?}\n[workspace.dependencies]\n{shared}");
        if let Some(dependencies) = &root {
            top.push_str(&package("root", &manifest("", dependencies, true)));
        }
        let mut entries = vec![("Cargo.toml".to_owned(), top)];
        for (dir, dependencies) in DIRS.iter().zip(&crates) {
            let pointer = if dir.starts_with("..") && pointing { "workspace = '../top'\n" } else { "" };
            let text = package(&name_of(dir), &format!("{pointer}{}", manifest(dir, dependencies, true)));
            entries.push((format!("{dir}/Cargo.toml"), text));
        }
        // Cargo takes some seven in ten of them.
        if let Some((workspace, state)) = read_both(&entries) {
            compare(&workspace, &state);
        }
    }
}
