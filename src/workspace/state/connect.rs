//! Which members are built from which, and from what else on this machine. Pure.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use cargo_metadata::semver::VersionReq;
use toml::{Table, Value};

use super::super::dependency::DependencyGraph;
use super::super::edges::{self, Declared, Known, Node};
use super::super::graph::OutsideCrate;
use super::super::lock::Lock;
use super::super::manifests::Manifests;
use super::super::member::CrateId;
use super::super::outside::{read_outside, unread_note};
use super::super::patched::patches;
use super::{DependencyKey, LockFile, StateCrate};

/// Where to search.
pub(super) struct Sources<'a, 'f> {
    /// The members.
    pub(super) crates: &'a [StateCrate],
    /// The directory of the root manifest.
    pub(super) root: &'a Path,
    /// The root manifest, or what of it may hold patches.
    pub(super) manifest: &'a Table,
    /// Asked only where it can matter.
    pub(super) lock: &'a LockFile,
    /// For the manifests of crates that are no members.
    pub(super) manifests: &'a mut Manifests<'f>,
}

/// What came of the search.
pub(super) struct Connected {
    pub(super) graph: DependencyGraph,
    pub(super) outside: Vec<OutsideCrate>,
    pub(super) notes: Vec<String>,
}

/// Finds the edges between members, and the crates outside that they are built from.
pub(super) fn connect(sources: &mut Sources<'_, '_>) -> Connected {
    let (crates, root) = (sources.crates, sources.root);
    let mut notes = Vec::new();
    let patches = patches(sources.manifests, sources.manifest, root);
    let dependencies = crates.iter().flat_map(|member| member.dependencies.values());
    // Many depend on the same: as texts they are quickly told apart.
    let local: HashSet<&str> = dependencies.filter_map(|value| value.get("path")?.as_str()).collect();
    let mut local: BTreeSet<PathBuf> = local.into_iter().map(PathBuf::from).collect();
    local.extend(patches.iter().map(|patch| patch.dir.clone()));
    let members: HashSet<&Path> = crates.iter().map(|member| member.dir.as_path()).collect();
    let outside = read_outside(sources.manifests, local, &members, &mut notes);
    // It is large, and without these every dependency between members says itself where it leads.
    let is_lock_needed = !patches.is_empty() || !outside.is_empty();
    let lock = is_lock_needed.then(|| parse(sources.lock, root, &mut notes)).flatten();
    let declared: Vec<Declared> = (crates.iter())
        .flat_map(|member| member.dependencies.iter().map(|(key, value)| (member.id, key, value)))
        .filter(|(_, _, value)| is_lock_needed || value.get("path").is_some())
        .map(|(from, key, value)| declared(from, key, value))
        .collect();
    let nodes: Vec<Node<'_>> = crates.iter().map(node).collect();
    let found = edges::find(
        &declared,
        &Known {
            crates: &nodes,
            lock: lock.as_ref(),
            patches: &patches,
            outside: &outside,
        },
    );
    notes.extend(found.notes);
    Connected {
        graph: DependencyGraph::new(crates.len(), found.edges),
        outside: found.outside,
        notes,
    }
}

fn parse(lock: &LockFile, root: &Path, notes: &mut Vec<String>) -> Option<Lock> {
    if matches!(lock, LockFile::Absent) {
        return None;
    }
    let parsed = lock.parse();
    parsed
        .map_err(|why| notes.push(unread_note(&root.join("Cargo.lock"), &why)))
        .ok()
}

fn node(member: &StateCrate) -> Node<'_> {
    Node {
        id: member.id,
        name: &member.name,
        version: &member.version,
        dir: &member.dir,
    }
}

fn declared(from: CrateId, key: &DependencyKey, value: &Table) -> Declared {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    Declared {
        from,
        name: text("package").unwrap_or(&key.name).to_owned(),
        req: text("version")
            .and_then(|version| VersionReq::parse(version).ok())
            .unwrap_or(VersionReq::STAR),
        kind: key.kind,
        optional: value.get("optional").and_then(Value::as_bool) == Some(true),
        path: path(value),
    }
}

/// Paths are absolute and without `..` by now.
fn path(dependency: &Table) -> Option<PathBuf> {
    dependency.get("path").and_then(Value::as_str).map(PathBuf::from)
}
