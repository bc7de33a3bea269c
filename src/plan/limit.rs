//! How long a task may take: what somebody has said, else what earlier runs let expect.

use std::time::Duration;

use super::graph::Plan;
use super::task::{Diff, Resource, Task};
use crate::config::Strategy;
use crate::history::Estimate;
use crate::model::TaskId;

/// From so many runs on, history is trusted with ending a task.
const ENOUGH_RUNS: u32 = 5;
/// A task that takes so many times as long as it hardly ever does is taken to hang.
const FACTOR: u32 = 5;
/// No task is ended sooner: a machine that was asleep or busy is no reason.
const FLOOR: Duration = Duration::from_mins(2);
/// No task that builds is ended sooner. History may know only builds of little; after a new toolchain, all is built.
const FLOOR_OF_BUILDS: Duration = Duration::from_mins(30);

/// How long a task may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The time.
    pub time: Duration,
    /// Whether it follows from earlier runs, rather than from what somebody has said.
    pub calibrated: bool,
}

impl Plan {
    /// How long the task may take; nothing where there is no limit.
    ///
    /// A limit that nobody has given follows from the history of the task, where the strategy is to learn from that.
    #[must_use]
    pub fn limit_of(&self, id: TaskId) -> Option<Limit> {
        let task = self.task(id);
        let given = task.timeout.map(|time| Limit {
            time,
            calibrated: false,
        });
        let learns = self.strategy == Strategy::Adaptive;
        // What is mostly done in no time says nothing of the times when its command has to run again.
        let repeats = !matches!(task.handling.diff, Diff::Applies { .. });
        given.or_else(|| calibrated(task.estimate.filter(|_| learns && repeats)?, floor(task)))
    }
}

fn floor(task: &Task) -> Duration {
    let builds = |(resource, _): &(Resource, _)| matches!(resource, Resource::BuildDirectory(_));
    if task.resources.iter().any(builds) {
        FLOOR_OF_BUILDS
    } else {
        FLOOR
    }
}

fn calibrated(estimate: Estimate, floor: Duration) -> Option<Limit> {
    let time = whole_seconds(estimate.high.saturating_mul(FACTOR).max(floor));
    (estimate.runs >= ENOUGH_RUNS).then_some(Limit { time, calibrated: true })
}

/// A time that reads well, and is no shorter.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)))
}

#[cfg(test)]
mod tests {

    use super::*;

    use crate::history::Chance;

    #[test]
    fn a_limit_follows_from_enough_runs_and_is_never_tight() {
        let check = |runs, high_secs, floor, expected: Option<u64>| {
            let estimate = Estimate {
                runs,
                expected: Duration::from_secs(1),
                high: Duration::from_secs(high_secs),
                failure: Chance::default(),
                failing: 0,
            };
            let limit = calibrated(estimate, floor);
            assert_eq!(limit.map(|limit| limit.time.as_secs()), expected);
            assert!(limit.is_none_or(|limit| limit.calibrated));
        };
        check(4, 100, FLOOR, None);
        check(5, 100, FLOOR, Some(500));
        check(5, 1, FLOOR, Some(120));
        check(50, 100, FLOOR_OF_BUILDS, Some(1800));
        check(50, 1000, FLOOR_OF_BUILDS, Some(5000));
        check(50, u64::MAX, FLOOR, Some(u64::MAX));
    }

    #[test]
    fn what_somebody_has_said_holds_and_only_adaptive_plans_learn() {
        let check = |strategy, timeout: Option<u64>, expected: Option<(u64, bool)>| {
            let mut plan = Plan::of_tasks(1, vec![task(timeout.map(Duration::from_secs))], &[]);
            plan.strategy = strategy;
            let limit = plan.limit_of(TaskId(0));
            assert_eq!(limit.map(|limit| (limit.time.as_secs(), limit.calibrated)), expected);
        };
        for strategy in [Strategy::Adaptive, Strategy::Parallel, Strategy::Sequential] {
            check(strategy, Some(3), Some((3, false)));
        }
        check(Strategy::Adaptive, None, Some((500, true)));
        check(Strategy::Parallel, None, None);
        check(Strategy::Sequential, None, None);
    }

    /// A task that hardly ever takes longer than 100 seconds.
    fn task(timeout: Option<Duration>) -> Task {
        let estimate = Estimate {
            runs: 9,
            expected: Duration::from_secs(10),
            high: Duration::from_secs(100),
            failure: Chance::default(),
            failing: 0,
        };
        Task {
            timeout,
            estimate: Some(estimate),
            ..Task::fixture(0, "x")
        }
    }
}
