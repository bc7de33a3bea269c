//! What waits for what.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Uses;
use super::graph::Need;
use super::task::{Access, Diff, Resource, Task};
use crate::config::Definition;
use crate::model::{CheckName, TaskId};

/// A task, and the definition that it follows.
pub(super) struct Drafted<'a> {
    pub(super) task: Task,
    /// The files that it uses.
    pub(super) uses: Uses,
    pub(super) definition: &'a Definition,
    /// Whether the task before it builds what this one runs. That one waits for what this one would wait for.
    pub(super) built_before: bool,
}

/// What waits for what: judges for the repairs, and the tasks of a check for those of the checks that it names; crate by
/// crate where both work on one crate each.
pub(super) fn needs(tasks: &[Drafted<'_>]) -> Vec<(TaskId, TaskId, Need)> {
    let (repairs, judges): (Vec<_>, Vec<_>) = tasks.iter().partition(|drafted| drafted.task.role.is_of_repair());
    let mut needs = after_repairs(&repairs, &judges);
    for repair in &repairs {
        if let Diff::Applies { printed_by, .. } = &repair.task.handling.diff {
            needs.push((*printed_by, repair.task.head.id, Need::Soft));
        }
    }
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

/// Who has used some files last: whoever has written them, and who has read them since.
#[derive(Default)]
struct Users {
    wrote: Option<TaskId>,
    read: Vec<TaskId>,
}

/// Repairs of the same files run in the order of the plan, and what judges files comes after all that repairs them.
fn after_repairs(repairs: &[&Drafted<'_>], judges: &[&Drafted<'_>]) -> Vec<(TaskId, TaskId, Need)> {
    let mut users: BTreeMap<&Resource, Users> = BTreeMap::new();
    let mut needs = Vec::new();
    for repair in repairs {
        let id = repair.task.head.id;
        needs.extend(
            before(&repair.task, &users)
                .into_iter()
                .map(|other| (other, id, Need::Soft)),
        );
        for (files, access) in files_of(&repair.task) {
            let users = users.entry(files).or_default();
            match access {
                Access::Shared => users.read.push(id),
                Access::Exclusive => {
                    users.wrote = Some(id);
                    users.read.clear();
                }
            }
        }
    }
    for judge in judges.iter().filter(|judge| !judge.built_before) {
        let id = judge.task.head.id;
        needs.extend(
            before(&judge.task, &users)
                .into_iter()
                .map(|repair| (repair, id, Need::Soft)),
        );
    }
    needs
}

/// Those of the users of a task's files that it must not come before. Whoever wrote earlier comes before them.
fn before(task: &Task, users: &BTreeMap<&Resource, Users>) -> BTreeSet<TaskId> {
    let used = files_of(task).filter_map(|(files, access)| Some((users.get(files)?, access)));
    let mut before = BTreeSet::new();
    for (users, access) in used {
        match access {
            Access::Exclusive if !users.read.is_empty() => before.extend(&users.read),
            Access::Shared | Access::Exclusive => before.extend(users.wrote),
        }
    }
    before
}

fn files_of(task: &Task) -> impl Iterator<Item = (&Resource, Access)> {
    let files = task.resources.iter();
    files
        .filter(|(resource, _)| matches!(resource, Resource::Tree | Resource::Files(_)))
        .map(|(resource, access)| (resource, *access))
}

/// Whether one of two tasks has to wait for the other. Tasks of one crate each only where it is the same crate.
fn concern(needed: &Task, by: &Task) -> bool {
    match (needed.crates.as_slice(), by.crates.as_slice()) {
        ([a], [b]) => a == b,
        _ => true,
    }
}
