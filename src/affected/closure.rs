//! From the crates that are touched to those that depend on them.

use std::collections::VecDeque;

use fixedbitset::FixedBitSet;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::outcome::Link;

/// Who depends on whom, by dense places: an edge leads from a crate to what it depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links(DiGraph<(), Link>);

/// Where a change gets to from some crates.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    /// What is built from them, they included.
    pub(super) built: FixedBitSet,
    /// What only has tests that are built from something in `built`.
    pub(super) tested: FixedBitSet,
    /// For each crate, the dependency through which the change came, by the shortest way.
    pub(super) from: Vec<Option<(usize, Link)>>,
}

/// What one crate is built from.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// What its library, its programs and its build script are, without itself.
    pub(crate) built: FixedBitSet,
    /// What only its tests are, directly or further down.
    pub(crate) tested: FixedBitSet,
}

impl Links {
    /// What a crate is built from: the other way round than [`Links::spread`], and the same relation.
    pub(crate) fn reach(&self, place: usize) -> Reach {
        let count = self.0.node_count();
        let mut built = FixedBitSet::with_capacity(count);
        self.follow(vec![place], &mut built);
        let mut tested = FixedBitSet::with_capacity(count);
        let edges = self.0.edges_directed(NodeIndex::new(place), Direction::Outgoing);
        let for_tests = edges.filter(|edge| !edge.weight().builds());
        self.follow(for_tests.map(|edge| edge.target().index()).collect(), &mut tested);
        built.set(place, false);
        Reach { built, tested }
    }

    /// Adds what these crates are built from, and themselves.
    fn follow(&self, mut next: Vec<usize>, found: &mut FixedBitSet) {
        while let Some(place) = next.pop() {
            if !found.put(place) {
                let edges = self.0.edges_directed(NodeIndex::new(place), Direction::Outgoing);
                let building = edges.filter(|edge| edge.weight().builds());
                next.extend(building.map(|edge| edge.target().index()));
            }
        }
    }

    pub(super) fn new(count: usize) -> Self {
        let mut graph = DiGraph::with_capacity(count, 0);
        for _ in 0..count {
            graph.add_node(());
        }
        Self(graph)
    }

    /// Notes a dependency. One that is already known is kept beside it: the wider one decides.
    pub(super) fn add(&mut self, dependent: usize, dependency: usize, link: Link) {
        if dependent != dependency {
            self.0
                .add_edge(NodeIndex::new(dependent), NodeIndex::new(dependency), link);
        }
    }

    /// Everything that is built from the crates of `seeds`. What is for tests only reaches those tests and goes no
    /// further: nobody is built from a test.
    pub(super) fn spread(&self, seeds: &FixedBitSet) -> Spread {
        let count = self.0.node_count();
        let mut spread = Spread {
            built: seeds.clone(),
            tested: FixedBitSet::with_capacity(count),
            from: vec![None; count],
        };
        spread.built.grow(count);
        let mut next: VecDeque<usize> = seeds.ones().collect();
        while let Some(dependency) = next.pop_front() {
            // petgraph walks from the newest edge to the oldest: the order of names is the reverse.
            let mut edges: Vec<_> = self
                .0
                .edges_directed(NodeIndex::new(dependency), Direction::Incoming)
                .collect();
            edges.reverse();
            for edge in edges {
                let (dependent, link) = (edge.source().index(), *edge.weight());
                if link.builds() {
                    if !spread.built.put(dependent) {
                        spread.from[dependent] = Some((dependency, link));
                        next.push_back(dependent);
                    }
                } else if !spread.tested.put(dependent) && !spread.built.contains(dependent) {
                    spread.from[dependent] = Some((dependency, link));
                }
            }
        }
        spread
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn naive(edges: &[(usize, usize, Link)], seeds: &BTreeSet<usize>) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let mut built = seeds.clone();
        loop {
            let more: BTreeSet<usize> = (edges.iter())
                .filter(|(_, to, link)| link.builds() && built.contains(to))
                .map(|(from, ..)| *from)
                .filter(|from| !built.contains(from))
                .collect();
            if more.is_empty() {
                break;
            }
            built.extend(more);
        }
        let tested = edges
            .iter()
            .filter(|(from, to, link)| from != to && !link.builds() && built.contains(to));
        (built.clone(), tested.map(|(from, ..)| *from).collect())
    }

    proptest! {
        #[test]
        fn it_is_the_naive_closure_on_any_graph(
            raw in prop::collection::vec((0..14_usize, 0..14_usize, 0..5_usize), 0..60),
            seeds in prop::collection::btree_set(0..14_usize, 0..4),
            more in 0..14_usize,
        ) {
            let kinds = [Link::Normal, Link::Build, Link::Dev, Link::Starts { builds: false }, Link::Uses];
            let edges: Vec<_> = raw.into_iter().map(|(from, to, kind)| (from, to, kinds[kind])).collect();
            let mut links = Links::new(14);
            for (from, to, link) in &edges {
                links.add(*from, *to, *link);
            }
            let bits = |places: &BTreeSet<usize>| places.iter().copied().collect::<FixedBitSet>();
            let spread = links.spread(&bits(&seeds));
            let (built, tested) = naive(&edges, &seeds);
            prop_assert_eq!(spread.built.ones().collect::<BTreeSet<_>>(), built.clone());
            prop_assert_eq!(spread.tested.ones().collect::<BTreeSet<_>>(), tested);
            // Every crate that was reached can say through whom, and the way leads to a seed without a circle.
            for place in &built {
                let (mut here, mut steps) = (*place, 0);
                while let Some((dependency, link)) = spread.from[here].filter(|_| !seeds.contains(&here)) {
                    prop_assert!(link.builds() && spread.built.contains(dependency));
                    (here, steps) = (dependency, steps + 1);
                    prop_assert!(steps <= 14);
                }
                prop_assert!(seeds.contains(&here));
            }
            for place in 0..14 {
                let reach = links.reach(place);
                let is_built = built.contains(&place) && !seeds.contains(&place);
                prop_assert_eq!(reach.built.ones().any(|below| seeds.contains(&below)), is_built || {
                    // A seed may be built from another one.
                    seeds.contains(&place) && reach.built.ones().any(|below| seeds.contains(&below))
                });
                let is_tested = spread.tested.contains(place);
                prop_assert_eq!(reach.tested.ones().any(|below| seeds.contains(&below)), is_tested);
            }
            let mut wider = seeds.clone();
            wider.insert(more);
            prop_assert!(links.spread(&bits(&wider)).built.is_superset(&spread.built));
        }
    }
}
