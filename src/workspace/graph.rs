//! The workspace: its members and who depends on whom. Pure: it knows what it was told, and asks nobody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use petgraph::graph::DiGraph;
use serde::{Deserialize, Serialize};

use super::dependency::{DependencyGraph, Edge, Edges};
use super::member::{Crate, CrateId};
use super::ownership::Ownership;
use crate::model::CrateName;

/// A cargo workspace: its members, and which of them depend on which.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The directory of the root manifest, absolute.
    pub root: PathBuf,
    /// The root manifest.
    pub manifest: PathBuf,
    /// Where cargo puts what it builds.
    pub target_dir: PathBuf,
    /// Where cargo builds: `target_dir`, unless somebody wants the two apart.
    pub build_dir: PathBuf,
    /// Whether the root manifest has a `[workspace.metadata.hooks]`.
    pub workspace_has_hooks_metadata: bool,
    /// Crates on this machine that are no members, and that members are built from, in the order of their directories.
    pub outside: Vec<OutsideCrate>,
    /// What was not known for sure, and was taken to be the wider of what it may be: one line each.
    pub notes: Vec<String>,
    crates: Vec<Crate>,
    graph: DependencyGraph,
    ownership: Ownership<CrateId>,
}

/// A crate on this machine that is no member, and that members are built from: a path dependency that is excluded or
/// lies outside of the root, or a patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideCrate {
    /// Where it lies, absolute.
    pub dir: PathBuf,
    /// The members that are built from it.
    pub dependents: BTreeSet<CrateId>,
}

/// What a [`Workspace`] is made of.
#[derive(Serialize, Deserialize)]
pub(super) struct Parts {
    pub(super) root: PathBuf,
    pub(super) target_dir: PathBuf,
    pub(super) build_dir: PathBuf,
    pub(super) workspace_has_hooks_metadata: bool,
    pub(super) outside: Vec<OutsideCrate>,
    pub(super) notes: Vec<String>,
    /// The members, sorted by name, each with its place as its id.
    pub(super) crates: Vec<Crate>,
    #[serde(with = "pairs")]
    pub(super) edges: Edges,
}

/// Edges as a list: JSON has no pairs for keys.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{CrateId, Edge, Edges};

    pub(super) fn serialize<S: Serializer>(edges: &Edges, to: S) -> Result<S::Ok, S::Error> {
        edges.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Edges, D::Error> {
        let pairs = Vec::<((CrateId, CrateId), Edge)>::deserialize(from)?;
        Ok(pairs.into_iter().collect())
    }
}

impl Workspace {
    pub(super) fn new(parts: Parts) -> Self {
        let owners = parts.crates.iter().map(|member| (member.dir.clone(), member.id));
        Self {
            ownership: Ownership::new(&parts.root, owners),
            manifest: parts.root.join("Cargo.toml"),
            root: parts.root,
            target_dir: parts.target_dir,
            build_dir: parts.build_dir,
            workspace_has_hooks_metadata: parts.workspace_has_hooks_metadata,
            outside: parts.outside,
            notes: parts.notes,
            graph: DependencyGraph::new(parts.crates.len(), parts.edges),
            crates: parts.crates,
        }
    }

    /// The members, sorted by name.
    #[must_use]
    pub fn crates(&self) -> &[Crate] {
        &self.crates
    }

    /// The member of this name.
    #[must_use]
    pub fn by_name(&self, name: &CrateName) -> Option<&Crate> {
        let place = self.crates.binary_search_by(|member| member.name.cmp(name)).ok()?;
        self.crates.get(place)
    }

    /// The member whose manifest is the root manifest.
    #[must_use]
    pub fn root_crate(&self) -> Option<CrateId> {
        let is_root = |member: &&Crate| member.manifest == self.manifest;
        self.crates.iter().find(is_root).map(|member| member.id)
    }

    /// Whether the root manifest is of no crate.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        self.root_crate().is_none()
    }

    /// The member that owns a path, which is absolute or relative to the root: the one whose directory is the nearest
    /// above it. A member's directory is its own.
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

    /// Every crate once, after all that it and its build script are built from, else by name.
    ///
    /// Dev-dependencies do not count: cargo lets them close a circle. The other edges form none unless some of them
    /// were guessed; such a circle is opened at its first name.
    #[must_use]
    pub fn in_dependency_order(&self) -> Vec<CrateId> {
        self.graph.in_dependency_order()
    }
}

impl std::ops::Index<CrateId> for Workspace {
    type Output = Crate;

    /// The crate of an id of this workspace.
    fn index(&self, id: CrateId) -> &Crate {
        &self.crates[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::dependency::DependencyKind;
    use super::super::fixture;
    use super::*;

    fn names(workspace: &Workspace, ids: impl IntoIterator<Item = CrateId>) -> String {
        let names: Vec<_> = ids.into_iter().map(|id| workspace[id].name.as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn neighbours_are_sorted_and_know_why() {
        let workspace = fixture("d -> c, a(dev), b(build optional); c -> a; e -> a(dev)");
        let id = |name: &str| workspace.by_name(&CrateName::from(name)).unwrap().id;
        let ids = |edges: Vec<(CrateId, &Edge)>| names(&workspace, edges.into_iter().map(|(id, _)| id));
        assert_eq!(ids(workspace.dependencies(id("d")).collect()), "a b c");
        assert_eq!(ids(workspace.dependents(id("a")).collect()), "c d e");
        assert_eq!(ids(workspace.dependencies(id("a")).collect()), "");
        let edges: Vec<_> = workspace.dependencies(id("d")).map(|(_, edge)| edge.clone()).collect();
        assert!(edges[0].is_dev_only() && !edges[0].optional);
        assert!(!edges[1].is_dev_only() && edges[1].optional);
        assert_eq!(edges[2].kinds, BTreeSet::from([DependencyKind::Normal]));
    }

    #[test]
    fn order_puts_dependencies_first() {
        let check = |text: &str, expected: &str| {
            let workspace = fixture(text);
            assert_eq!(names(&workspace, workspace.in_dependency_order()), expected, "{text}");
        };
        check("", "");
        check("c; a; b", "a b c");
        check("a -> b; b -> c", "c b a");
        check("a -> c; b", "b c a");
        check("a -> b(build); b -> c(dev); c -> a(dev)", "b a c");
        check("a -> b(dev normal); b -> a(dev)", "b a");
        // Cargo would not have it, but a guessed edge may close such a circle.
        check("a -> b; b -> a; c -> b; d", "d a b c");
    }

    #[test]
    fn the_root_may_be_a_crate() {
        let check = |text: &str, expected: Option<&str>| {
            let workspace = fixture(text);
            let root = workspace.root_crate().map(|id| workspace[id].name.as_str());
            assert_eq!(root, expected, "{text}");
            assert_eq!(workspace.is_virtual(), expected.is_none());
        };
        check("a; b", None);
        check("a; b@.", Some("b"));
    }

    proptest! {
        #[test]
        fn order_is_topological_whatever_the_dev_dependencies(
            size in 1..12_usize,
            pairs in prop::collection::vec((0..12_usize, 0..12_usize, any::<bool>()), 0..40),
            shift in 0..12_usize,
        ) {
            // Names are shifted against the edges, so that the order of names does not give the answer away.
            let name = |index: usize| format!("c{:02}", (index + shift) % size);
            let mut text = (0..size).map(&name).collect::<Vec<_>>().join("; ");
            for (from, to, dev) in pairs {
                let (from, to) = (from % size, to % size);
                let kind = if dev { "dev" } else { "normal" };
                if dev || from > to {
                    write!(text, "; {} -> {}({kind})", name(from), name(to)).unwrap();
                }
            }
            let workspace = fixture(&text);
            let order = workspace.in_dependency_order();
            prop_assert_eq!(&order, &fixture(&text).in_dependency_order());
            prop_assert_eq!(order.len(), size);
            prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), size);
            let place = |id: CrateId| order.iter().position(|other| *other == id);
            for member in workspace.crates() {
                for (dependency, edge) in workspace.dependencies(member.id) {
                    prop_assert!(edge.is_dev_only() || place(dependency) < place(member.id));
                }
            }
        }
    }
}
