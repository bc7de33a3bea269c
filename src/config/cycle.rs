//! Checks that wait for each other in a circle.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::CheckName;

/// One check waits for another, as somebody wrote it.
pub(super) struct Wait {
    pub(super) from: CheckName,
    pub(super) to: CheckName,
    pub(super) span: Span,
}

/// Notes each circle once, with its whole path.
pub(super) fn find(waits: &[Wait], mistakes: &mut Diagnostics) {
    let mut graph: DiGraph<&CheckName, &Span> = DiGraph::new();
    let mut nodes: BTreeMap<&CheckName, NodeIndex> = BTreeMap::new();
    for wait in waits {
        let mut node = |name| *nodes.entry(name).or_insert_with(|| graph.add_node(name));
        let (from, to) = (node(&wait.from), node(&wait.to));
        graph.add_edge(from, to, &wait.span);
    }
    for component in tarjan_scc(&graph) {
        if let Some(path) = circle(&graph, &component) {
            mistakes.push(describe(&path));
        }
    }
}

/// A shortest circle among checks that all reach each other: who waits, and where that is written.
fn circle<'g>(
    graph: &DiGraph<&'g CheckName, &'g Span>,
    component: &[NodeIndex],
) -> Option<Vec<(&'g CheckName, &'g Span)>> {
    let start = *component.iter().min()?;
    let mut came_from = vec![None; graph.node_count()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for edge in graph.edges(at).filter(|edge| component.contains(&edge.target())) {
            if edge.target() == start {
                let mut path = vec![(graph[at], *edge.weight())];
                let mut step = at;
                while let Some((before, span)) = came_from[step.index()] {
                    path.push((graph[before], span));
                    step = before;
                }
                path.reverse();
                return Some(path);
            }
            if came_from[edge.target().index()].is_none() {
                came_from[edge.target().index()] = Some((at, *edge.weight()));
                queue.push_back(edge.target());
            }
        }
    }
    None
}

fn describe(path: &[(&CheckName, &Span)]) -> Diagnostic {
    let names: Vec<_> = path.iter().chain(path.first()).map(|(name, _)| name.as_str()).collect();
    let (message, help) = match path {
        [(only, _)] => (format!("`{only}` waits for itself"), "leave it out"),
        _ => {
            let message = format!("checks wait for each other: {}", names.join(" → "));
            (message, "one of them must not wait")
        }
    };
    let mut steps = path.iter().zip(&names[1..]);
    let first = steps.next();
    let span = first.map_or_else(|| path[0].1.clone(), |((_, span), _)| (*span).clone());
    let mut diagnostic = Diagnostic::new("cycle", span, message);
    if let (Some(((name, _), next)), [_, _, ..]) = (first, path) {
        diagnostic = diagnostic.label(format!("`{name}` waits for `{next}`"));
    }
    for ((name, span), next) in steps {
        diagnostic = diagnostic.related((*span).clone(), format!("`{name}` waits for `{next}`"));
    }
    diagnostic.help(help)
}
