//! Holds what the manifests are read as against what cargo says of them.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cargo_hooks::environment::Environment;
use cargo_hooks::workspace::{
    Crate, CrateId, Edge, LoadRequest, State, StateCrate, TargetKind, Workspace, Worktree, find_root, load,
};

use super::cargo::Programs;

/// Loads the workspace of a directory both ways, and prints every difference.
#[expect(
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]
pub(super) fn verify(dir: &Path, environment: &Environment) -> Result<usize, Box<dyn Error>> {
    let workspace = load(&LoadRequest {
        memory: None,
        cargo: Programs::new(dir, environment).locate("cargo")?,
        current_dir: dir.to_owned(),
        manifest_path: None,
        environment: environment.clone(),
    })?;
    let start = Instant::now();
    let files = Worktree::default();
    let root = find_root(&files, dir).ok_or("there is no manifest")?;
    let state = State::read(&files, &root)?;
    let took = start.elapsed();
    let (cargo, ours) = (told_by_cargo(&workspace), told_by_state(&state));
    for line in cargo.difference(&ours) {
        println!("- {line}");
    }
    for line in ours.difference(&cargo) {
        println!("+ {line}");
    }
    let differences = cargo.symmetric_difference(&ours).count();
    let (members, dir) = (state.crates().len(), dir.display());
    println!("{dir}: {members} members in {took:.1?}, {differences} differences");
    for note in &state.notes {
        println!("  note: {note}");
    }
    Ok(differences)
}

fn told_by_cargo(workspace: &Workspace) -> BTreeSet<String> {
    let name = |id: CrateId| workspace[id].name.as_str();
    let mut lines = BTreeSet::from([format!("root {}", workspace.root.display())]);
    lines.extend(workspace.root_crate().map(|id| format!("root crate {}", name(id))));
    for member in workspace.crates() {
        let script = source_of(member, TargetKind::BuildScript);
        lines.insert(crate_line(name(member.id), &member.version, &member.dir, script));
        let edges = workspace.dependencies(member.id);
        lines.extend(edges.map(|(to, edge)| edge_line(name(member.id), name(to), edge)));
    }
    for outside in &workspace.outside {
        lines.insert(outside_line(
            &outside.dir,
            outside.dependents.iter().map(|id| name(*id)),
        ));
    }
    lines
}

fn told_by_state(state: &State) -> BTreeSet<String> {
    let name = |id: CrateId| state[id].name.as_str();
    let mut lines = BTreeSet::from([format!("root {}", state.root.display())]);
    lines.extend(state.root_crate().map(|id| format!("root crate {}", name(id))));
    for StateCrate {
        id,
        version,
        dir,
        build_script,
        ..
    } in state.crates()
    {
        lines.insert(crate_line(name(*id), version, dir, build_script.as_ref()));
        let edges = state.dependencies(*id);
        lines.extend(edges.map(|(to, edge)| edge_line(name(*id), name(to), edge)));
    }
    for outside in &state.outside {
        lines.insert(outside_line(
            &outside.dir,
            outside.dependents.iter().map(|id| name(*id)),
        ));
    }
    lines
}

fn source_of(member: &Crate, kind: TargetKind) -> Option<&PathBuf> {
    let target = member.targets.iter().find(|target| target.kind == kind);
    target.map(|target| &target.source)
}

fn crate_line(name: &str, version: &str, dir: &Path, script: Option<&PathBuf>) -> String {
    let mut line = format!("{name} {version} in {}", dir.display());
    if let Some(script) = script {
        // Writing to a string does not fail.
        _ = write!(line, ", built by {}", script.display());
    }
    line
}

fn edge_line(from: &str, to: &str, edge: &Edge) -> String {
    let kinds: Vec<String> = edge
        .kinds
        .iter()
        .map(|kind| format!("{kind:?}").to_lowercase())
        .collect();
    let optional = if edge.optional { ", optional" } else { "" };
    format!("{from} -> {to} ({}{optional})", kinds.join(" "))
}

fn outside_line<'a>(dir: &Path, dependents: impl Iterator<Item = &'a str>) -> String {
    let dependents: Vec<&str> = dependents.collect();
    format!("outside {} <- {}", dir.display(), dependents.join(" "))
}
