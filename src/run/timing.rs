//! Notes what decides when tasks run, for whoever draws the run afterwards. Nothing here decides anything. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use crate::event::{Timing, Use};
use crate::model::TaskId;
use crate::plan::{Access, Plan, Resource, Task};

/// What is known of the tasks of a run.
#[derive(Debug)]
pub(super) struct Timings {
    /// The wave of each task.
    waves: Vec<u32>,
    /// What some task uses alone, and another one as well: whatever else there is keeps nobody waiting.
    names: BTreeMap<Resource, String>,
    noted: HashMap<TaskId, Noted>,
    side_by_side: bool,
}

/// When a task gave something back before its end.
#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    built: Option<Duration>,
    left: Option<Duration>,
}

impl Timings {
    pub(super) fn of(plan: &Plan, root: &Path) -> Self {
        let mut waves = vec![0; plan.tasks().len()];
        for (number, wave) in (0..).zip(plan.waves()) {
            for task in wave {
                waves[task.index()] = number;
            }
        }
        Self {
            waves,
            names: contended(plan)
                .into_iter()
                .map(|one| (one.clone(), name(one, root)))
                .collect(),
            noted: HashMap::new(),
            side_by_side: plan.slots > 1,
        }
    }

    /// The task starts, for the first time or once more.
    pub(super) fn starts(&mut self, task: TaskId) {
        self.noted.remove(&task);
    }

    /// It has built all that it will, and has given cargo's locks back.
    pub(super) fn built(&mut self, task: TaskId, at: Duration) {
        self.noted.entry(task).or_default().built = Some(at);
    }

    /// It is only judged, and has given its slots back where there is more than one.
    pub(super) fn left(&mut self, task: TaskId, at: Duration) {
        if self.side_by_side {
            self.noted.entry(task).or_default().left = Some(at);
        }
    }

    /// What is known of a task at its end. `last_need` is what it needed that came to its end last, and when that was.
    pub(super) fn of_task(&self, task: &Task, last_need: Option<(Duration, TaskId)>) -> Timing {
        let id = task.head.id;
        let noted = self.noted.get(&id).copied().unwrap_or_default();
        let uses = task.resources.iter().filter_map(|(resource, access)| {
            let alone = *access == Access::Exclusive;
            Some(Use {
                what: self.names.get(resource)?.clone(),
                alone,
                until: noted.built.filter(|_| alone && resource.is_of_cargo()),
            })
        });
        Timing {
            slots: task.weight,
            wave: self.waves[id.index()],
            ready: last_need.map_or(Duration::ZERO, |(at, _)| at),
            after: last_need.map(|(_, need)| need),
            uses: uses.collect(),
            left: noted.left,
            ..Timing::default()
        }
    }
}

fn contended(plan: &Plan) -> Vec<&Resource> {
    let (mut met, mut shared, mut alone) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for task in plan.tasks() {
        for (resource, access) in &task.resources {
            if !met.insert(resource) {
                shared.insert(resource);
            }
            if *access == Access::Exclusive {
                alone.insert(resource);
            }
        }
    }
    shared.intersection(&alone).copied().collect()
}

/// What a person would call it. Two that are not the same have two names.
fn name(resource: &Resource, root: &Path) -> String {
    let below = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    match resource {
        Resource::Tree => "all files".to_owned(),
        Resource::Files(number) => format!("files, group {}", u64::from(*number) + 1),
        Resource::BuildDirectory(path) => format!("build directory {}", below(path)),
        Resource::Programs(path) => format!("programs in {}", below(path)),
        Resource::Named(name) => format!("lock {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn task(id: u32, resources: &[(Resource, Access)]) -> Task {
        let mut task = Task::fixture(id, "a");
        task.resources = resources.to_vec();
        task
    }

    /// What both share keeps nobody waiting, and neither does what one alone uses.
    #[test]
    fn only_what_can_keep_somebody_waiting_is_told() {
        let built = || Resource::BuildDirectory(Arc::from(Path::new("/ws/target/debug")));
        let programs = || Resource::Programs(Arc::from(Path::new("/elsewhere/debug")));
        let named = |name: &str| Resource::Named(name.to_owned());
        let (alone, shared) = (Access::Exclusive, Access::Shared);
        let tasks = vec![
            task(0, &[(Resource::Tree, shared), (built(), alone), (named("only"), alone)]),
            task(1, &[(Resource::Tree, shared), (built(), alone), (programs(), shared)]),
            task(2, &[(Resource::Files(0), shared), (programs(), alone)]),
        ];
        let mut timings = Timings::of(&Plan::of_tasks(2, tasks.clone(), &[]), Path::new("/ws"));
        let at = Duration::from_millis;
        timings.starts(TaskId(1));
        timings.built(TaskId(1), at(7));
        timings.left(TaskId(1), at(9));
        let told = |timings: &Timings, place: usize| {
            let timing = timings.of_task(&tasks[place], None);
            let uses = timing.uses.iter();
            let uses: Vec<_> = uses
                .map(|used| format!("{} {} {:?}", used.what, used.alone, used.until))
                .collect();
            (uses.join(", "), timing.left)
        };
        let directory = "build directory target/debug true";
        assert_eq!(told(&timings, 0), (format!("{directory} None"), None));
        let once = format!("{directory} Some(7ms), programs in /elsewhere/debug false None");
        assert_eq!(told(&timings, 1), (once, Some(at(9))));
        assert_eq!(
            told(&timings, 2),
            ("programs in /elsewhere/debug true None".to_owned(), None)
        );
        timings.starts(TaskId(1));
        assert_eq!(told(&timings, 1).1, None, "another try has given nothing back yet");
    }

    #[test]
    fn on_one_slot_nothing_is_given_back_before_the_end() {
        let tasks = vec![task(0, &[])];
        let mut timings = Timings::of(&Plan::of_tasks(1, tasks.clone(), &[]), Path::new("/ws"));
        timings.left(TaskId(0), Duration::from_millis(1));
        let timing = timings.of_task(&tasks[0], Some((Duration::from_millis(3), TaskId(9))));
        assert_eq!(
            (timing.left, timing.after, timing.ready),
            (None, Some(TaskId(9)), Duration::from_millis(3))
        );
    }
}
