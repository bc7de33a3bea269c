mod against_cargo;
mod edges;
mod meaning;
mod membership;
mod properties;

use std::path::Path;

use super::super::memory::MemoryFiles;
use super::*;

/// Files in `/ws`: each entry is a path and its text.
fn files(entries: &[(&str, &str)]) -> MemoryFiles {
    MemoryFiles::new(entries.iter().map(|(path, text)| (Path::new("/ws").join(path), *text)))
}

/// A manifest of a crate, version 0.1.0, and what follows its `[package]`.
fn package(name: &str, rest: &str) -> String {
    format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n{rest}")
}

fn read(files: &MemoryFiles) -> State {
    State::read(files, Path::new("/ws")).unwrap()
}

/// The state of one crate, whose manifest this is, in a workspace whose root manifest that is.
fn one(root: &str, member: &str) -> StateCrate {
    let root = format!("[workspace]\nmembers = ['a']\n{root}");
    let state = read(&files(&[("Cargo.toml", &root), ("a/Cargo.toml", member)]));
    assert_eq!(state.notes, [""; 0], "{member}");
    state.crates()[0].clone()
}

/// The names of the members with their directories, where these are not of the same name.
fn names(state: &State) -> String {
    let words = state.crates().iter().map(|member| {
        let dir = member
            .dir
            .strip_prefix(&state.root)
            .unwrap_or(&member.dir)
            .to_str()
            .unwrap();
        let name = member.name.as_str();
        let is_own = dir == name;
        if is_own {
            name.to_owned()
        } else {
            format!("{name}@{dir}")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The edges as text: `a->b` and how, in the order of names.
fn edges(state: &State) -> String {
    let mut words = Vec::new();
    for member in state.crates() {
        for (to, edge) in state.dependencies(member.id) {
            let kinds: Vec<_> = (edge.kinds.iter())
                .map(|kind| format!("{kind:?}").to_lowercase())
                .collect();
            let optional = if edge.optional { " optional" } else { "" };
            let to = &state[to].name;
            words.push(format!("{}->{to}({}{optional})", member.name, kinds.join(" ")));
        }
    }
    words.join(", ")
}
