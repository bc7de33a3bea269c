//! A workspace from a line of text, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::dependency::{DependencyKind, Edge, Edges};
use super::graph::{Parts, Workspace};
use super::member::{Crate, CrateId, Target, TargetKind};
use super::memory::MemoryFiles;
use crate::model::CrateName;

/// The workspace in `/ws` that a text describes: statements apart by `;`, each a crate and what it depends on.
///
/// `a -> b, c(dev); b -> c(build optional); d@libs/d`: what is in brackets are the kinds of the dependency (`normal`
/// where none is given) and whether it is optional; after `@` stands the directory, else it is the name; `@.` is the
/// root. A crate is there as soon as it is named, has version 0.1.0 and a library.
pub(crate) fn fixture(text: &str) -> Workspace {
    let described = Described::parse(text);
    let id = |name: &str| CrateId::at(described.dirs.keys().position(|other| *other == name).unwrap());
    let mut edges = Edges::new();
    for (from, to, edge) in described.declared.iter().filter(|(from, to, _)| from != to) {
        let known = edges.entry((id(from), id(to))).or_insert_with(|| edge.clone());
        known.kinds.extend(edge.kinds.iter().copied());
        known.optional &= edge.optional;
    }
    let crates = described.dirs.iter().map(|(name, dir)| member(id(name), name, dir));
    workspace(crates.collect(), edges)
}

/// The same workspace as manifests with path dependencies, each crate with a library.
pub(crate) fn fixture_files(text: &str) -> MemoryFiles {
    let described = Described::parse(text);
    let place = |name: &str| dir_of(name, described.dirs[name]);
    let mut manifests: BTreeMap<PathBuf, String> = BTreeMap::new();
    for name in described.dirs.keys() {
        let package = format!("[package]\nname = {name:?}\nversion = '0.1.0'\nedition = '2024'\n");
        manifests.insert(place(name), package);
    }
    let mut tables: BTreeMap<(&str, DependencyKind, &str), bool> = BTreeMap::new();
    for (from, to, edge) in &described.declared {
        for kind in &edge.kinds {
            *tables.entry((from, *kind, to)).or_insert(true) &= edge.optional;
        }
    }
    for ((from, kind, to), optional) in tables {
        let table = match kind {
            DependencyKind::Normal => "dependencies",
            DependencyKind::Build => "build-dependencies",
            DependencyKind::Dev => "dev-dependencies",
        };
        let optional = if optional { "optional = true\n" } else { "" };
        let dependency = format!("[{table}.{to}]\npath = {:?}\n{optional}", place(to));
        manifests.get_mut(&place(from)).unwrap().push_str(&dependency);
    }
    let sources: Vec<_> = manifests
        .keys()
        .map(|dir| (dir.join("src/lib.rs"), String::new()))
        .collect();
    let members: Vec<_> = manifests
        .keys()
        .filter(|dir| *dir != Path::new("/ws"))
        .cloned()
        .collect();
    let root = manifests.entry(PathBuf::from("/ws")).or_default();
    write!(root, "[workspace]\nresolver = '3'\nmembers = {members:?}\n").unwrap();
    let manifests = manifests.into_iter().map(|(dir, text)| (dir.join("Cargo.toml"), text));
    MemoryFiles::new(manifests.chain(sources))
}

/// What the text says, as it says it.
struct Described<'a> {
    dirs: BTreeMap<&'a str, &'a str>,
    declared: Vec<(&'a str, &'a str, Edge)>,
}

impl<'a> Described<'a> {
    fn parse(text: &'a str) -> Self {
        let mut dirs: BTreeMap<&str, &str> = BTreeMap::new();
        let mut declared = Vec::new();
        for statement in text.split(';').map(str::trim).filter(|text| !text.is_empty()) {
            let (head, dependencies) = statement.split_once("->").unwrap_or((statement, ""));
            let (name, dir) = head.trim().split_once('@').unwrap_or((head.trim(), ""));
            let known = dirs.entry(name).or_default();
            *known = if dir.is_empty() { known } else { dir };
            for dependency in dependencies.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                let (to, words) = dependency.split_once('(').unwrap_or((dependency, "normal)"));
                dirs.entry(to).or_default();
                declared.push((name, to, edge(words.trim_end_matches(')'))));
            }
        }
        Self { dirs, declared }
    }
}

/// The workspace in `/ws` of these crates, which depend on nothing.
pub(crate) fn fixture_of(crates: Vec<Crate>) -> Workspace {
    workspace(crates, Edges::new())
}

fn workspace(crates: Vec<Crate>, edges: Edges) -> Workspace {
    Workspace::new(Parts {
        root: PathBuf::from("/ws"),
        target_dir: PathBuf::from("/ws/target"),
        build_dir: PathBuf::from("/ws/target"),
        workspace_has_hooks_metadata: false,
        outside: Vec::new(),
        notes: Vec::new(),
        crates,
        edges,
    })
}

fn edge(words: &str) -> Edge {
    let mut edge = Edge::default();
    for word in words.split_whitespace() {
        match word {
            "normal" => _ = edge.kinds.insert(DependencyKind::Normal),
            "build" => _ = edge.kinds.insert(DependencyKind::Build),
            "dev" => _ = edge.kinds.insert(DependencyKind::Dev),
            "optional" => edge.optional = true,
            other => panic!("no kind of dependency: {other}"),
        }
    }
    if edge.kinds.is_empty() {
        edge.kinds = BTreeSet::from([DependencyKind::Normal]);
    }
    edge
}

fn dir_of(name: &str, dir: &str) -> PathBuf {
    match dir {
        "" => Path::new("/ws").join(name),
        "." => PathBuf::from("/ws"),
        dir => Path::new("/ws").join(dir),
    }
}

fn member(id: CrateId, name: &str, dir: &str) -> Crate {
    let dir = dir_of(name, dir);
    Crate {
        id,
        name: CrateName::from(name),
        version: "0.1.0".to_owned(),
        manifest: dir.join("Cargo.toml"),
        package_id: format!("path+file://{}#{name}@0.1.0", dir.display()),
        edition: "2024".to_owned(),
        targets: vec![Target {
            name: name.replace('-', "_"),
            kind: TargetKind::Lib,
            source: dir.join("src/lib.rs"),
            edition: "2024".to_owned(),
            doctest: true,
            doc: true,
            test: true,
        }],
        publishable: true,
        has_hooks_metadata: false,
        spec: name.to_owned(),
        dir,
    }
}
