//! The schedule, told what happens by scripts and by chance.

mod scripts;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::event::TaskHead;
use crate::model::{Dialect, TaskId};
use crate::plan::{Access, Need, Plan, Program, Resource, Role, Task, TaskCommand};

/// What matters to the schedule about a task.
#[derive(Clone, Debug)]
struct TaskSpec {
    name: String,
    /// The places of the tasks that it waits for.
    needs: Vec<(usize, Need)>,
    weight: u32,
    resources: Vec<(Resource, Access)>,
    may_fail: bool,
    critical: bool,
}

impl TaskSpec {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            needs: Vec::new(),
            weight: 1,
            resources: Vec::new(),
            may_fail: false,
            critical: false,
        }
    }

    fn task(&self, id: TaskId) -> Task {
        let head = TaskHead {
            id,
            check: self.name.as_str().into(),
            unit: String::new(),
            may_fail: self.may_fail,
            rerun: String::new(),
            fix: None,
        };
        let command = TaskCommand {
            program: Program {
                name: "true".to_owned(),
                path: None,
            },
            args: Vec::new(),
            cwd: PathBuf::from("/ws"),
            env: BTreeMap::new(),
        };
        Task {
            head: Arc::new(head),
            crates: Vec::new(),
            role: Role::Judge,
            command,
            output: Dialect::Plain,
            timeout: None,
            weight: self.weight,
            resources: self.resources.clone(),
            critical: self.critical,
            unchanged: None,
        }
    }
}

fn plan(slots: u32, specs: &[TaskSpec]) -> Plan {
    let id = |place: usize| TaskId(u32::try_from(place).unwrap());
    let tasks = specs.iter().enumerate().map(|(place, spec)| spec.task(id(place)));
    let needs = specs.iter().enumerate().flat_map(|(place, spec)| {
        let needs = spec.needs.iter();
        needs.map(move |(needed, need)| (id(*needed), id(place), *need))
    });
    Plan::of_tasks(slots, tasks.collect(), &needs.collect::<Vec<_>>())
}
