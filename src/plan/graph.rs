//! The plan: tasks, what each waits for, and the waves that follow from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, algo};

use super::request::CacheUse;
use super::task::{MissingTool, Task};
use crate::affected::Affected;
use crate::config::{Order, Origin, Strategy};
use crate::event::{LeftOut, RunStarted};
use crate::model::{CheckName, TaskId};
use crate::tool_output::Colour;

/// How strongly a task needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The other must have ended.
    Soft,
    /// The other must have passed.
    Hard,
}

/// What a run will do: an acyclic graph of tasks.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the checks come from.
    pub origin: Origin,
    /// What was asked for and does not run, with the reason.
    pub left_out: Vec<LeftOut>,
    /// What must be installed before the plan can run.
    pub missing: Vec<MissingTool>,
    /// What is affected by the changes that it is limited to, where it is.
    pub affected: Option<Arc<Affected>>,
    /// How many tasks run at a time.
    pub slots: u32,
    /// How many jobs all that compiles may run at a time, taken together.
    pub jobs: u32,
    /// Whether tasks write in colour.
    pub colour: Colour,
    /// Whether tasks run in parallel, and whether what earlier runs have taught is used.
    pub strategy: Strategy,
    /// What goes first among the tasks that could start.
    pub order: Order,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Whether the failure of a critical check ends the run.
    pub stop_on_critical_failure: bool,
    /// What use is made of what has passed before.
    pub cache: CacheUse,
    /// How many passes are looked at again, though they are remembered.
    pub doubted: usize,
    /// The tasks that need not run, since they have passed before on the same content. They are numbered after the others,
    /// and nothing waits for them.
    pub cached: Vec<Task>,
    /// The tasks that run, and what waits for what.
    pub(super) tasks: TaskGraph,
}

/// Tasks in the order of the plan; an edge leads from what is needed to what needs it.
#[derive(Clone, Debug)]
pub(super) struct TaskGraph {
    graph: DiGraph<Task, Need, u32>,
    waves: Vec<Vec<TaskId>>,
}

impl TaskGraph {
    /// The graph of these tasks. `needs` holds no circle, since the configuration has none.
    pub(super) fn new(tasks: Vec<Task>, needs: &[(TaskId, TaskId, Need)]) -> Self {
        let mut graph: DiGraph<Task, Need, u32> = DiGraph::with_capacity(tasks.len(), needs.len());
        for task in tasks {
            graph.add_node(task);
        }
        for (needed, by, need) in needs {
            let (from, to) = (NodeIndex::new(needed.index()), NodeIndex::new(by.index()));
            match graph.find_edge(from, to) {
                Some(edge) => graph[edge] = graph[edge].max(*need),
                None => {
                    graph.add_edge(from, to, *need);
                }
            }
        }
        let waves = waves(&graph);
        Self { graph, waves }
    }

    /// Changes what does not decide which task waits for which.
    pub(super) fn change_each(&mut self, change: impl FnMut(&mut Task)) {
        self.graph.node_weights_mut().for_each(change);
    }
}

impl Plan {
    /// A plan that no configuration led to, for tests of what runs plans. It goes on after failures.
    #[cfg(test)]
    pub(crate) fn of_tasks(slots: u32, tasks: Vec<Task>, needs: &[(TaskId, TaskId, Need)]) -> Self {
        Self {
            origin: Origin::Manifest,
            affected: None,
            left_out: Vec::new(),
            missing: Vec::new(),
            slots,
            jobs: slots,
            colour: Colour::Strip,
            strategy: Strategy::Parallel,
            order: Order::Config,
            fail_fast: false,
            stop_on_critical_failure: true,
            cache: CacheUse::Off,
            doubted: 0,
            cached: Vec::new(),
            tasks: TaskGraph::new(tasks, needs),
        }
    }

    /// Gives what need not run numbers that no other task has.
    pub(super) fn number_cached(&mut self) {
        let first = u32::try_from(self.tasks.graph.node_count()).unwrap_or(u32::MAX);
        for (id, task) in (first..).zip(&mut self.cached) {
            Arc::make_mut(&mut task.head).id = TaskId(id);
        }
    }

    /// The tasks that run, in the order of the configuration.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &Task> {
        self.tasks.graph.raw_nodes().iter().map(|node| &node.weight)
    }

    /// The task at this place.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks.graph[NodeIndex::new(id.index())]
    }

    /// What the task needs, and how strongly, in the order of the plan.
    #[must_use]
    pub fn needs_of(&self, id: TaskId) -> Vec<(TaskId, Need)> {
        self.neighbours(id, Direction::Incoming)
    }

    /// What needs the task, and how strongly, in the order of the plan.
    #[must_use]
    pub fn needed_by(&self, id: TaskId) -> Vec<(TaskId, Need)> {
        self.neighbours(id, Direction::Outgoing)
    }

    /// The tasks of equal depth. A way to show the plan: no task waits for a whole wave.
    #[must_use]
    pub fn waves(&self) -> &[Vec<TaskId>] {
        &self.tasks.waves
    }

    /// What a reporter says first.
    #[must_use]
    pub fn started(&self) -> RunStarted {
        let mut checks: Vec<CheckName> = Vec::new();
        let all = || self.tasks().chain(&self.cached);
        for task in all() {
            if !checks.contains(&task.head.check) {
                checks.push(task.head.check.clone());
            }
        }
        let crates: BTreeSet<_> = all()
            .flat_map(|task| task.crates.iter().chain(&task.passed_before))
            .collect();
        RunStarted {
            checks,
            crates: crates.len(),
            tasks: all().count(),
            waves: self.tasks.waves.len(),
            slots: self.slots,
            left_out: self.left_out.clone(),
        }
    }

    fn neighbours(&self, id: TaskId, direction: Direction) -> Vec<(TaskId, Need)> {
        let edges = self.tasks.graph.edges_directed(NodeIndex::new(id.index()), direction);
        let mut neighbours: Vec<_> = edges
            .map(|edge| {
                let other = if direction == Direction::Incoming {
                    edge.source()
                } else {
                    edge.target()
                };
                (task_id(other), *edge.weight())
            })
            .collect();
        neighbours.sort_unstable();
        neighbours
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the graph counts its nodes with 32 bits")]
fn task_id(node: NodeIndex<u32>) -> TaskId {
    TaskId(node.index() as u32)
}

/// The tasks by their depth: the longest way to them from a task that needs nothing.
fn waves(graph: &DiGraph<Task, Need, u32>) -> Vec<Vec<TaskId>> {
    // A circle cannot be: the configuration was refused for it, and tasks only need what their checks need.
    let order = algo::toposort(graph, None).unwrap_or_default();
    debug_assert_eq!(order.len(), graph.node_count(), "the plan has a circle");
    let mut depth = vec![0_usize; graph.node_count()];
    for node in order {
        let needs = graph.neighbors_directed(node, Direction::Incoming);
        depth[node.index()] = needs.map(|need| depth[need.index()] + 1).max().unwrap_or(0);
    }
    let mut waves = vec![Vec::new(); depth.iter().max().map_or(0, |deepest| deepest + 1)];
    for node in graph.node_indices() {
        waves[depth[node.index()]].push(task_id(node));
    }
    waves
}
