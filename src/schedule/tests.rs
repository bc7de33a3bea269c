//! The schedule, told what happens by scripts and by chance.

mod arrivals;
mod built;
mod classics;
mod orders;
mod scripts;
mod world;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Retry;
use crate::history::{Chance, Estimate};
use crate::model::TaskId;
use crate::plan::{Access, Need, Plan, Resource, Task};

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
    retry: Retry,
    priority: i32,
    /// How long it is expected to take, and how likely it fails.
    estimate: Option<(Duration, f64)>,
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
            retry: Retry::NEVER,
            priority: 0,
            estimate: None,
        }
    }

    fn task(&self, id: TaskId) -> Task {
        let mut task = Task::fixture(id.0, &self.name);
        Arc::make_mut(&mut task.head).may_fail = self.may_fail;
        Task {
            retry: self.retry,
            priority: self.priority,
            weight: self.weight,
            resources: self.resources.clone(),
            critical: self.critical,
            estimate: self.estimate.map(|(expected, failure)| Estimate {
                runs: 10,
                expected,
                high: expected * 2,
                failure: Chance::of(failure),
                failing: 0,
            }),
            ..task
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

/// A plan of tasks that took this long before, where that is known.
pub(super) fn timed(slots: u32, times: &[Option<Duration>], needs: &[(usize, usize, Need)]) -> Plan {
    let id = |place: usize| TaskId(u32::try_from(place).unwrap());
    let task = |(place, took): (usize, &Option<Duration>)| Task {
        estimate: took.map(|expected| Estimate {
            runs: 1,
            expected,
            high: 2 * expected,
            failure: Chance::default(),
            failing: 0,
        }),
        ..TaskSpec::named(&place.to_string()).task(id(place))
    };
    let needs: Vec<_> = needs
        .iter()
        .map(|(from, to, need)| (id(*from), id(*to), *need))
        .collect();
    Plan::of_tasks(slots, times.iter().enumerate().map(task).collect(), &needs)
}
