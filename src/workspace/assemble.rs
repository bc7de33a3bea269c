//! From what cargo and the files say to a [`Workspace`]. Pure: the asking is done elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, Metadata, Package};

use super::dependency::DependencyKind;
use super::edges::{self, Declared, Known, Node};
use super::graph::Parts;
use super::lock::Lock;
use super::manifest::OutsideManifest;
use super::member::{Crate, CrateId, Target, TargetKind};
use super::ownership::normal;
use super::patched::Patch;
use crate::model::CrateName;

/// What was gathered about a workspace.
pub(super) struct Gathered {
    /// What `cargo metadata --no-deps` says.
    pub(super) metadata: Metadata,
    /// `Cargo.lock`, where there is one that can be read.
    pub(super) lock: Option<Lock>,
    /// The patches of the root manifest.
    pub(super) patches: Vec<Patch>,
    /// The crates that are no members, by directory.
    pub(super) outside: BTreeMap<PathBuf, OutsideManifest>,
    /// What could not be read.
    pub(super) notes: Vec<String>,
}

/// Puts together what a workspace is made of.
pub(super) fn assemble(gathered: Gathered) -> Parts {
    let mut metadata = gathered.metadata;
    metadata.packages.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let packages = metadata.packages.iter().enumerate();
    let crates: Vec<Crate> = packages
        .clone()
        .map(|(place, package)| member(CrateId::at(place), package, gathered.lock.as_ref()))
        .collect();
    let declared: Vec<Declared> = packages
        .flat_map(|(place, package)| package.dependencies.iter().map(move |dependency| (place, dependency)))
        .map(|(place, dependency)| declared(CrateId::at(place), dependency))
        .collect();
    let nodes: Vec<Node<'_>> = crates.iter().map(Crate::node).collect();
    let known = Known {
        crates: &nodes,
        lock: gathered.lock.as_ref(),
        patches: &gathered.patches,
        outside: &gathered.outside,
    };
    let found = edges::find(&declared, &known);
    let mut notes = gathered.notes;
    notes.extend(found.notes);
    let target_dir = metadata.target_directory.into_std_path_buf();
    let build_dir = metadata
        .build_directory
        .map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf);
    Parts {
        root: metadata.workspace_root.into_std_path_buf(),
        build_dir: build_dir.unwrap_or_else(|| target_dir.clone()),
        target_dir,
        workspace_has_hooks_metadata: metadata.workspace_metadata.get("hooks").is_some(),
        outside: found.outside,
        notes,
        crates,
        edges: found.edges,
    }
}

/// The directories that members and patches lead to.
pub(super) fn local_dirs(metadata: &Metadata, patches: &[Patch]) -> BTreeSet<PathBuf> {
    let dependencies = metadata.packages.iter().flat_map(|package| &package.dependencies);
    let mut dirs: BTreeSet<PathBuf> = dependencies.filter_map(path).collect();
    dirs.extend(patches.iter().map(|patch| patch.dir.clone()));
    dirs
}

/// The directories of the members.
pub(super) fn member_dirs(metadata: &Metadata) -> HashSet<&Path> {
    let manifests = metadata.packages.iter().map(|package| &package.manifest_path);
    manifests
        .filter_map(|manifest| manifest.as_std_path().parent())
        .collect()
}

fn path(dependency: &Dependency) -> Option<PathBuf> {
    let path = dependency.path.as_ref()?;
    Some(normal(path.as_std_path()))
}

fn declared(from: CrateId, dependency: &Dependency) -> Declared {
    Declared {
        from,
        name: dependency.name.clone(),
        req: dependency.req.clone(),
        kind: match dependency.kind {
            cargo_metadata::DependencyKind::Development => DependencyKind::Dev,
            cargo_metadata::DependencyKind::Build => DependencyKind::Build,
            _ => DependencyKind::Normal,
        },
        optional: dependency.optional,
        path: path(dependency),
    }
}

fn member(id: CrateId, package: &Package, lock: Option<&Lock>) -> Crate {
    let manifest = package.manifest_path.as_std_path();
    Crate {
        id,
        name: CrateName::from(package.name.as_str()),
        version: package.version.to_string(),
        dir: manifest.parent().unwrap_or(manifest).to_owned(),
        manifest: manifest.to_owned(),
        package_id: package.id.repr.clone(),
        edition: package.edition.to_string(),
        targets: package.targets.iter().map(target).collect(),
        publishable: package.publish.as_ref().is_none_or(|registries| !registries.is_empty()),
        has_hooks_metadata: package.metadata.get("hooks").is_some(),
        spec: match lock {
            Some(lock) => lock.spec(package.name.as_str(), &package.version.to_string(), &package.id.repr),
            None => package.name.to_string(),
        },
    }
}

fn target(target: &cargo_metadata::Target) -> Target {
    Target {
        name: target.name.clone(),
        kind: target_kind(target),
        source: target.src_path.as_std_path().to_owned(),
        edition: target.edition.to_string(),
        doctest: target.doctest,
        doc: target.doc,
        test: target.test,
    }
}

/// A library has its crate types for kinds, and cargo may learn new ones; all the other kinds have a word.
fn target_kind(target: &cargo_metadata::Target) -> TargetKind {
    match target.kind.first() {
        Some(cargo_metadata::TargetKind::Bin) => TargetKind::Bin,
        Some(cargo_metadata::TargetKind::Example) => TargetKind::Example,
        Some(cargo_metadata::TargetKind::Test) => TargetKind::Test,
        Some(cargo_metadata::TargetKind::Bench) => TargetKind::Bench,
        Some(cargo_metadata::TargetKind::CustomBuild) => TargetKind::BuildScript,
        Some(cargo_metadata::TargetKind::ProcMacro) => TargetKind::ProcMacro,
        _ => TargetKind::Lib,
    }
}
