//! What a dependency between members is, and the graph of them. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use serde::{Deserialize, Serialize};

use super::member::CrateId;

/// Why one crate is built from another: all the dependencies that it declares on it, as one.
///
/// A crate that depends on itself (as dev-dependencies may) has no edge for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The kinds of the dependencies.
    pub kinds: BTreeSet<DependencyKind>,
    /// Whether every one of them is optional.
    pub optional: bool,
}

impl Edge {
    /// Whether only tests, examples and benchmarks are built from it.
    #[must_use]
    pub fn is_dev_only(&self) -> bool {
        self.kinds.iter().all(|kind| *kind == DependencyKind::Dev)
    }
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DependencyKind {
    /// The crate itself.
    Normal,
    /// Its build script.
    Build,
    /// Its tests, examples and benchmarks.
    Dev,
}

/// The edges by who depends and on whom.
pub(super) type Edges = BTreeMap<(CrateId, CrateId), Edge>;

/// Which members depend on which.
#[derive(Clone, Debug, Default)]
pub(super) struct DependencyGraph(DiGraph<CrateId, Edge>);

impl DependencyGraph {
    /// The graph of as many crates, whose ids are their places.
    pub(super) fn new(crates: usize, edges: Edges) -> Self {
        let mut graph = DiGraph::with_capacity(crates, edges.len());
        for place in 0..crates {
            graph.add_node(CrateId::at(place));
        }
        // petgraph walks the edges of a node from the newest to the oldest: added backwards, they come in order.
        for ((from, to), edge) in edges.into_iter().rev() {
            graph.add_edge(node(from), node(to), edge);
        }
        Self(graph)
    }

    /// An edge leads from a crate to what it depends on, and the index of a node is the index of its crate.
    pub(super) fn inner(&self) -> &DiGraph<CrateId, Edge> {
        &self.0
    }

    /// What a crate depends on itself, sorted by name.
    pub(super) fn dependencies(&self, id: CrateId) -> impl Iterator<Item = (CrateId, &Edge)> {
        let edges = self.0.edges_directed(node(id), Direction::Outgoing);
        edges.map(|edge| (self.0[edge.target()], edge.weight()))
    }

    /// Which crates depend on a crate themselves, sorted by name.
    pub(super) fn dependents(&self, id: CrateId) -> impl Iterator<Item = (CrateId, &Edge)> {
        let edges = self.0.edges_directed(node(id), Direction::Incoming);
        edges.map(|edge| (self.0[edge.source()], edge.weight()))
    }

    /// Every crate once, after all that it and its build script are built from, else by name.
    pub(super) fn in_dependency_order(&self) -> Vec<CrateId> {
        let builds = |(_, edge): &(CrateId, &Edge)| !edge.is_dev_only();
        let crates = || self.0.node_weights().copied();
        let mut missing: Vec<usize> = crates()
            .map(|id| self.dependencies(id).filter(builds).count())
            .collect();
        let mut ready: BinaryHeap<_> = crates().filter(|id| missing[id.index()] == 0).map(Reverse).collect();
        let mut waiting: BTreeSet<_> = crates().collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(next) = (ready.pop().map(|Reverse(id)| id)).or_else(|| waiting.first().copied()) {
            // What a circle was opened at becomes ready again when the circle is closed.
            if !waiting.remove(&next) {
                continue;
            }
            order.push(next);
            for (dependent, _) in self.dependents(next).filter(builds) {
                missing[dependent.index()] -= 1;
                if missing[dependent.index()] == 0 {
                    ready.push(Reverse(dependent));
                }
            }
        }
        order
    }
}

fn node(id: CrateId) -> NodeIndex {
    NodeIndex::new(id.index())
}
