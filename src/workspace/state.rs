//! The workspace as the manifests of one state of the tree describe it: that of the working tree, of the index or of a
//! commit. Pure: files are read through [`Files`], and nobody asks cargo, which only knows the working tree.

mod canonical;
mod connect;
mod describe;
mod glob;
mod members;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use petgraph::graph::DiGraph;
use toml::{Table, Value};

use self::canonical::SharedDependencies;
use self::connect::{Sources, connect};
use self::describe::{Surroundings, describe, settings};
use super::dependency::{DependencyGraph, DependencyKind, Edge};
use super::files::Files;
use super::graph::OutsideCrate;
use super::lock::Lock;
use super::manifest::Shared;
use super::manifests::{Manifests, Unread, package};
use super::member::CrateId;
use super::outside::unread_note;
use super::ownership::{Ownership, normal};
use super::parallel;
use crate::model::CrateName;

/// What the manifests of one state of the tree say.
#[derive(Clone, Debug)]
pub struct State {
    /// The directory of the root manifest.
    pub root: PathBuf,
    /// What the root manifest says for the whole workspace.
    pub settings: RootSettings,
    /// `Cargo.lock`.
    pub lock: LockFile,
    /// Crates on this machine that are no members, and that members are built from.
    pub outside: Vec<OutsideCrate>,
    /// What was not known for sure, and was taken to be the wider of what it may be: one line each.
    pub notes: Vec<String>,
    crates: Vec<StateCrate>,
    graph: DependencyGraph,
    ownership: Ownership<CrateId>,
}

/// Why the manifests of a state describe no workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// There is no root manifest.
    #[error("there is no `{}`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A manifest cannot be read.
    #[error("`{}` cannot be read: {problem}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it, in a line.
        problem: String,
    },
}

/// `Cargo.lock` in a state of the tree.
#[derive(Clone, Debug)]
pub enum LockFile {
    /// There is none.
    Absent,
    /// There is one that nobody can read, and why.
    Unreadable(String),
    /// There is one. It is parsed where somebody asks.
    Text(String),
}

/// What a root manifest says for the whole workspace, each part as a TOML value so that two can be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootSettings {
    /// `[profile]`.
    pub profile: Option<Value>,
    /// `[patch]` and `[replace]`.
    pub patch: Option<Value>,
    /// The resolver, given or implied by the edition of the root package.
    pub resolver: Option<Value>,
    /// `[workspace.metadata.hooks]`, ours.
    pub hooks: Option<Value>,
    /// The rest of `[workspace.metadata]`.
    pub metadata: Option<Value>,
    /// Whatever else stands at the top of the manifest and is for no package and no workspace, such as `cargo-features`.
    pub other: Table,
}

/// A member, and what its manifest says once everything that it inherits has been put in.
#[derive(Clone, Debug, PartialEq)]
pub struct StateCrate {
    /// Its place among the members, which are sorted by name.
    pub id: CrateId,
    /// Its name.
    pub name: CrateName,
    /// Its version.
    pub version: String,
    /// The directory of its manifest.
    pub dir: PathBuf,
    /// The same directory without symbolic links on the way to it.
    pub real_dir: PathBuf,
    /// Its build script, where it has one.
    pub build_script: Option<PathBuf>,
    /// The sources that the manifest names for libraries and programs (`[lib] path`, `[[bin]] path`).
    pub sources: BTreeSet<PathBuf>,
    /// The sources that the manifest names for tests, examples and benchmarks.
    pub test_sources: BTreeSet<PathBuf>,
    /// The names of the programs that its manifest names, beside those that cargo finds in `src/bin`; a package with a
    /// `src/main.rs` has one of its own name.
    pub programs: BTreeSet<String>,
    /// `[package]` without `metadata`.
    pub package: Table,
    /// `[package.metadata.hooks]`, ours.
    pub hooks: Option<Value>,
    /// The rest of `[package.metadata]`.
    pub metadata: Option<Value>,
    /// Every dependency that it declares.
    /// Each as a table, in one form for each meaning: with what it inherits, its path absolute, its features sorted, and
    /// nothing that is the default. Those that say no more than that they inherit share one.
    pub dependencies: BTreeMap<DependencyKey, Arc<Table>>,
    /// `[features]`.
    pub features: Option<Value>,
    /// `[lints]`.
    pub lints: Option<Value>,
    /// `[lib]`, `[[bin]]`, `[[test]]`, `[[example]]` and `[[bench]]`, by key.
    pub targets: Table,
    /// Whatever else stands at the top of its manifest; for the root package, without what is in [`RootSettings`].
    pub other: Table,
}

/// Where a dependency is declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DependencyKey {
    /// What it is for.
    pub kind: DependencyKind,
    /// The platform, where it is for one only.
    pub target: Option<String>,
    /// What the crate calls it.
    pub name: String,
}

impl State {
    /// Reads the workspace whose root manifest lies in `root`.
    ///
    /// # Errors
    ///
    /// Where the root manifest is missing, or describes neither a package nor a workspace. A member that cannot be read
    /// is a member all the same, with nothing but its directory's name, and a note says so.
    #[tracing::instrument(level = "debug", skip_all, fields(root = %root.display()))]
    pub fn read(files: &dyn Files, root: &Path) -> Result<Self, StateError> {
        let root = normal(root);
        let mut manifests = Manifests::new(files);
        let manifest = root_manifest(&mut manifests, &root)?;
        let found = members::find(&mut manifests, &root, &manifest);
        let mut notes = found.notes;
        let settings = settings(&manifest, &root);
        // The rest of it is only the root package's, which takes it apart: it may be large.
        let kept = manifest
            .iter()
            .filter(|(key, _)| ["workspace", "patch"].contains(&key.as_str()));
        let kept: Table = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        drop(manifest);
        let shared = SharedDependencies::new(Shared::new(&kept, &root));
        let mut crates = read_crates(&mut manifests, found.dirs, &shared, &mut notes);
        if let Some(own) = crates.iter_mut().find(|member| member.dir == root) {
            own.other.retain(|key, _| !settings.other.contains_key(key));
        }
        let lock = LockFile::read(files, &root);
        let connected = connect(&mut Sources {
            crates: &crates,
            root: &root,
            manifest: &kept,
            lock: &lock,
            manifests: &mut manifests,
        });
        notes.extend(connected.notes);
        Ok(Self {
            ownership: ownership(&root, &crates),
            root,
            settings,
            lock,
            outside: connected.outside,
            notes,
            crates,
            graph: connected.graph,
        })
    }

    /// The members, sorted by name.
    #[must_use]
    pub fn crates(&self) -> &[StateCrate] {
        &self.crates
    }

    /// The member of this name.
    #[must_use]
    pub fn by_name(&self, name: &CrateName) -> Option<&StateCrate> {
        let place = self.crates.binary_search_by(|member| member.name.cmp(name)).ok()?;
        self.crates.get(place)
    }

    /// The member whose manifest is the root manifest.
    #[must_use]
    pub fn root_crate(&self) -> Option<CrateId> {
        let own = self.crates.iter().find(|member| member.dir == self.root);
        own.map(|member| member.id)
    }

    /// The member that owns a path, which is absolute or relative to the root: the one whose directory, by either name,
    /// is the nearest above it.
    #[must_use]
    pub fn owner(&self, path: &Path) -> Option<CrateId> {
        self.ownership.owner(path).copied()
    }

    /// The graph: an edge leads from a crate to what it depends on, and the index of a node is the index of its crate.
    #[must_use]
    pub fn graph(&self) -> &DiGraph<CrateId, Edge> {
        self.graph.inner()
    }

    /// What a crate depends on itself, sorted by name.
    pub fn dependencies(&self, id: CrateId) -> impl Iterator<Item = (CrateId, &Edge)> {
        self.graph.dependencies(id)
    }

    /// Which crates depend on a crate themselves, sorted by name.
    pub fn dependents(&self, id: CrateId) -> impl Iterator<Item = (CrateId, &Edge)> {
        self.graph.dependents(id)
    }
}

impl std::ops::Index<CrateId> for State {
    type Output = StateCrate;

    /// The crate of an id of this state.
    fn index(&self, id: CrateId) -> &StateCrate {
        &self.crates[id.index()]
    }
}

impl LockFile {
    fn read(files: &dyn Files, root: &Path) -> Self {
        match files.read(&root.join("Cargo.lock")).map(String::from_utf8) {
            None => Self::Absent,
            Some(Ok(text)) => Self::Text(text),
            Some(Err(error)) => Self::Unreadable(error.to_string()),
        }
    }

    /// The packages, or why they are not known.
    ///
    /// # Errors
    ///
    /// Where there is no file, or none that can be read: a line that says so.
    pub fn parse(&self) -> Result<Lock, String> {
        match self {
            Self::Absent => Err("there is no `Cargo.lock`".to_owned()),
            Self::Unreadable(why) => Err(why.clone()),
            Self::Text(text) => Lock::parse(text).map_err(|error| error.to_string()),
        }
    }
}

fn root_manifest(manifests: &mut Manifests<'_>, root: &Path) -> Result<Rc<Table>, StateError> {
    let path = root.join("Cargo.toml");
    match manifests.load(root) {
        Ok(table) if package(&table).is_some() || table.contains_key("workspace") => Ok(table),
        Ok(_) => Err(StateError::Manifest {
            path,
            problem: "it has neither a `[package]` nor a `[workspace]`".to_owned(),
        }),
        Err(Unread::Missing) => Err(StateError::Missing { path }),
        Err(Unread::Wrong(problem)) => Err(StateError::Manifest { path, problem }),
    }
}

/// What the manifests in these directories say, sorted by name.
fn read_crates(
    manifests: &mut Manifests<'_>,
    dirs: HashSet<PathBuf>,
    shared: &SharedDependencies<'_>,
    notes: &mut Vec<String>,
) -> Vec<StateCrate> {
    let mut dirs: Vec<PathBuf> = dirs.into_iter().collect();
    // As text, which is faster than as components; any order will do, so long as it is one.
    dirs.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    let members: Vec<_> = (dirs.into_iter())
        .map(|dir| {
            let around = Surroundings::look(manifests.files(), &dir);
            (read_member(manifests, &dir, notes), around, dir)
        })
        .collect();
    let mut crates = parallel::map(members, |(manifest, around, dir)| {
        describe(manifest, &dir, around, shared)
    });
    crates.sort_by(|a, b| (&a.name, &a.dir).cmp(&(&b.name, &b.dir)));
    for (place, member) in crates.iter_mut().enumerate() {
        member.id = CrateId::at(place);
    }
    crates
}

/// The manifest of a member, or an empty one where it cannot be read.
fn read_member(manifests: &mut Manifests<'_>, dir: &Path, notes: &mut Vec<String>) -> Table {
    manifests.take(dir).unwrap_or_else(|unread| {
        if let Unread::Wrong(why) = unread {
            notes.push(unread_note(&dir.join("Cargo.toml"), &why));
        }
        Table::new()
    })
}

/// Where a directory has two names, both are the crate's; what is the name of another crate's directory stays its own.
fn ownership(root: &Path, crates: &[StateCrate]) -> Ownership<CrateId> {
    let real = crates.iter().map(|member| (member.real_dir.clone(), member.id));
    let named = crates.iter().map(|member| (member.dir.clone(), member.id));
    Ownership::new(root, real.chain(named))
}
