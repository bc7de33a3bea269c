//! Workspaces in memory and changes of them, for tests of what is made of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Affected, Input, affected};
use crate::changes::{ChangeSet, FileChange, Presence, Side};
use crate::config::{Config, ConfigInput, Member, resolve};
use crate::diagnostic::SourceFile;
use crate::readers::Readers;
use crate::workspace::{Files, MemoryFiles, State};

/// Files below `/ws`, by their names from there.
pub(crate) type Tree = BTreeMap<String, String>;

/// A workspace: `name -> dependency dependency(dev)` for each crate, apart by `;`. Its directory is its name.
pub(crate) fn tree(crates: &str) -> Tree {
    let mut tree = Tree::new();
    let mut names = Vec::new();
    for krate in crates.split(';').map(str::trim) {
        let (name, dependencies) = krate.split_once("->").unwrap_or((krate, ""));
        let name = name.trim();
        names.push(name.to_owned());
        let mut manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        for dependency in dependencies.split_whitespace() {
            let (to, kind) = dependency.split_once('(').unwrap_or((dependency, "normal)"));
            let table = match kind.trim_end_matches(')') {
                "dev" => "dev-dependencies",
                "build" => "build-dependencies",
                "windows" => "target.'cfg(windows)'.dependencies",
                _ => "dependencies",
            };
            let optional = kind.starts_with("optional");
            let _ = write!(manifest, "[{table}.{to}]\npath = \"../{to}\"\noptional = {optional}\n");
        }
        tree.insert(format!("{name}/Cargo.toml"), manifest);
        tree.insert(format!("{name}/src/lib.rs"), format!("//! {name}\n"));
    }
    tree.insert(
        "Cargo.toml".to_owned(),
        format!("[workspace]\nmembers = {names:?}\nresolver = \"3\"\n"),
    );
    tree
}

pub(crate) fn files(tree: &Tree) -> MemoryFiles {
    MemoryFiles::new(tree.iter().map(|(path, text)| (format!("/ws/{path}"), text.as_str())))
}

pub(crate) fn changes(before: &Tree, after: &Tree) -> ChangeSet {
    let presence = |tree: &Tree, path: &String| {
        if tree.contains_key(path) {
            Presence::File
        } else {
            Presence::Absent
        }
    };
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = all.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let change = |path: &String| FileChange {
        before: presence(before, path),
        after: presence(after, path),
    };
    ChangeSet {
        top: "/ws".into(),
        from: "before".to_owned(),
        to: "after".to_owned(),
        files: differ
            .map(|path| (PathBuf::from(format!("/ws/{path}")), change(path)))
            .collect(),
        everything: None,
        notes: Vec::new(),
        before: Some(Side::default()),
        after: Side::default(),
        head: None,
    }
}

pub(crate) fn config(state: &State, hooks: &str) -> Config {
    let text = format!("[workspace.metadata.hooks]\n{hooks}");
    let members = state.crates().iter().map(|krate| Member {
        name: krate.name.clone(),
        dir: krate.dir.strip_prefix("/ws").unwrap().to_owned(),
        manifest: None,
    });
    let input = ConfigInput {
        root: SourceFile {
            path: "Cargo.toml".into(),
            text,
        }
        .into(),
        members: members.collect(),
    };
    resolve(&input).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

pub(crate) fn compare(before: &Tree, after: &Tree, hooks: &str) -> Affected {
    let (old_files, new_files) = (files(before), files(after));
    let root = Path::new("/ws");
    let (old, new) = (
        State::read(&old_files, root).unwrap(),
        State::read(&new_files, root).unwrap(),
    );
    let changes = changes(before, after);
    affected(&Input {
        before: Some(&old),
        after: &new,
        changes: &changes,
        readers: &Readers::default(),
        config: &config(&new, hooks),
        same_meaning: &BTreeSet::new(),
        workspace: None,
        has_manifest: &|dir| {
            [&old_files, &new_files]
                .iter()
                .any(|files| files.has(&dir.join("Cargo.toml")))
        },
    })
}

/// The text of a change: `path = text`, `path + text` at the end, `- path`, one a line.
pub(crate) fn changed(before: &Tree, edits: &str) -> Tree {
    let mut tree = before.clone();
    for edit in edits.lines().map(str::trim).filter(|edit| !edit.is_empty()) {
        if let Some(path) = edit.strip_prefix("- ") {
            tree.remove(path).unwrap();
        } else if let Some((path, text)) = edit.split_once(" + ") {
            let file = tree.entry(path.to_owned()).or_default();
            let _ = write!(file, "\n{}\n", text.replace("\\n", "\n"));
        } else {
            let (path, text) = edit.split_once(" = ").unwrap();
            tree.insert(path.to_owned(), text.replace("\\n", "\n"));
        }
    }
    tree
}

/// A lock file: `name dependency dependency`, one a line; `name@version` comes from a registry.
pub(crate) fn lock(lines: &str) -> String {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        let head = words.next().unwrap();
        let (name, version) = head.split_once('@').unwrap_or((head, ""));
        let (version, checksum) = version.split_once('#').unwrap_or((version, "0"));
        let source = if version.is_empty() {
            "version = \"0.1.0\"\n".to_owned()
        } else {
            format!("version = \"{version}\"\nsource = \"registry+x\"\nchecksum = \"{checksum}\"\n")
        };
        format!(
            "[[package]]\nname = \"{name}\"\n{source}dependencies = {:?}\n\n",
            words.collect::<Vec<_>>()
        )
    };
    format!(
        "version = 4\n\n{}",
        lines.split(';').map(|line| package(line.trim())).collect::<String>()
    )
}

/// Any workspace of seven crates.
pub(crate) fn crates() -> impl Strategy<Value = String> {
    prop::collection::vec((0..7_usize, 0..7_usize, 0..5_usize), 0..14).prop_map(|edges| {
        let mut needs: BTreeMap<usize, Vec<String>> = (0..7).map(|krate| (krate, Vec::new())).collect();
        let mut seen = BTreeSet::new();
        for (a, b, kind) in edges {
            let kind = ["", "(build)", "(dev)", "(optional)", "(windows)"][kind];
            // Only dev-dependencies may close a circle.
            let (from, to) = if kind == "(dev)" { (a, b) } else { (a.max(b), a.min(b)) };
            if from != to && seen.insert((from, to)) {
                needs.get_mut(&from).unwrap().push(format!("c{to}{kind}"));
            }
        }
        let crates: Vec<String> = needs
            .iter()
            .map(|(krate, needs)| format!("c{krate} -> {}", needs.join(" ")))
            .collect();
        crates.join("; ")
    })
}

/// Some changes of it.
pub(crate) fn edits() -> impl Strategy<Value = Vec<String>> {
    let krate = || (0..7_usize).prop_map(|krate| format!("c{krate}"));
    let edit = prop_oneof![
        krate().prop_map(|krate| format!("{krate}/src/lib.rs + fn f() {{}}")),
        krate().prop_map(|krate| format!("{krate}/src/new.rs = x")),
        krate().prop_map(|krate| format!("{krate}/tests/it.rs = x")),
        krate().prop_map(|krate| format!("{krate}/README.md = x")),
        krate().prop_map(|krate| format!("{krate}/data.json = x")),
        krate().prop_map(|krate| format!("- {krate}/src/lib.rs")),
        krate().prop_map(|krate| format!("{krate}/Cargo.toml + [lints.rust]\\nx = \"warn\"")),
        krate().prop_map(|krate| format!("{krate}/Cargo.toml + [features]\\nx = []")),
        krate().prop_map(|krate| format!("{krate}/Cargo.toml + # comment")),
        krate().prop_map(|krate| format!("{krate}/inner/Cargo.toml = [package]\\nname = \"{krate}x\"")),
        Just("Cargo.toml + [profile.dev]\\ndebug = 0".to_owned()),
        Just("Cargo.toml + [workspace.package]\\nversion = \"2.0.0\"".to_owned()),
        Just("docs/x.md = y".to_owned()),
    ];
    prop::collection::vec(edit, 0..4).prop_map(|mut edits| {
        edits.sort_unstable();
        edits.dedup();
        // TOML has each table once.
        let mut lints = BTreeSet::new();
        edits.retain(|edit| lints.insert(edit.split(" + ").next().unwrap().to_owned()));
        edits
    })
}
