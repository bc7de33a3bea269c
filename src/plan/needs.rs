//! What waits for what.

use std::collections::BTreeMap;

use super::graph::Need;
use super::task::{Role, Task};
use crate::config::Definition;
use crate::model::{CheckName, TaskId};

/// A task, and the definition that it follows.
pub(super) struct Drafted<'a> {
    pub(super) task: Task,
    pub(super) definition: &'a Definition,
    /// Whether the task before it builds what this one runs. That one waits for what this one would wait for.
    pub(super) built_before: bool,
}

/// What waits for what: judges for the repairs, and the tasks of a check for those of the checks that it names; crate by
/// crate where both work on one crate each.
pub(super) fn needs(tasks: &[Drafted<'_>]) -> Vec<(TaskId, TaskId, Need)> {
    let (repairs, judges): (Vec<_>, Vec<_>) = tasks.iter().partition(|drafted| drafted.task.role == Role::Repair);
    let mut needs = after_repairs(&repairs, &judges);
    for pair in judges.windows(2).filter(|pair| pair[1].built_before) {
        needs.push((pair[0].task.head.id, pair[1].task.head.id, Need::Hard));
    }
    let mut of_check: BTreeMap<&CheckName, Vec<&Task>> = BTreeMap::new();
    for judge in &judges {
        of_check.entry(&judge.task.head.check).or_default().push(&judge.task);
    }
    for Drafted { task, definition, .. } in judges.into_iter().filter(|judge| !judge.built_before) {
        let hard = definition.depends_on.iter().map(|name| (name, Need::Hard));
        let soft = definition.after.iter().map(|name| (name, Need::Soft));
        for (name, need) in hard.chain(soft) {
            let needed = of_check.get(name).into_iter().flatten();
            let needed = needed.filter(|needed| concern(needed, task));
            needs.extend(needed.map(|needed| (needed.head.id, task.head.id, need)));
        }
    }
    needs
}

/// Repairs run one after the other, and all that judges comes after the last.
fn after_repairs(repairs: &[&Drafted<'_>], judges: &[&Drafted<'_>]) -> Vec<(TaskId, TaskId, Need)> {
    let id = |drafted: &Drafted<'_>| drafted.task.head.id;
    let in_turn = repairs.windows(2).map(|pair| (id(pair[0]), id(pair[1])));
    let last = repairs.last().into_iter();
    let first = judges.iter().filter(|judge| !judge.built_before);
    let after_all = last.flat_map(|last| first.clone().map(move |judge| (id(last), id(judge))));
    in_turn.chain(after_all).map(|(a, b)| (a, b, Need::Soft)).collect()
}

/// Whether one of two tasks has to wait for the other. Tasks of one crate each only where it is the same crate.
fn concern(needed: &Task, by: &Task) -> bool {
    match (needed.crates.as_slice(), by.crates.as_slice()) {
        ([a], [b]) => a == b,
        _ => true,
    }
}
