//! What a run of a plan will most likely come to: the schedule itself, in a time that only passes on paper.

use std::time::Duration;

use super::machine::Schedule;
use super::simulate::{Play, simulate};
use crate::plan::{CriticalPath, Plan, Task};

/// What a run of a plan will most likely come to, if every task passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// How long each task takes, by its place in the plan.
    pub took: Vec<Duration>,
    /// The time that a task counts for which has never run; nothing where each has.
    pub assumed: Option<Duration>,
    /// How many tasks have never run.
    pub unknown: usize,
    /// The longest way through the plan.
    pub critical: CriticalPath,
    /// All tasks, one after the other.
    pub sequential: Duration,
    /// On the slots of the plan.
    pub elapsed: Duration,
}

impl Forecast {
    /// The forecast for a plan. A task that has never run counts for the median of those that have, or for its timeout where
    /// that is less; where none has run, all count for the same.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut known: Vec<Duration> = plan.tasks().filter_map(expected).collect();
        known.sort_unstable();
        let unknown = plan.tasks().len() - known.len();
        let assumed = known.get(known.len() / 2).copied().unwrap_or(EQUAL);
        let took: Vec<Duration> = plan
            .tasks()
            .map(|task| expected(task).unwrap_or_else(|| task.timeout.map_or(assumed, |limit| limit.min(assumed))))
            .collect();
        Self {
            assumed: (unknown > 0 && !known.is_empty()).then_some(assumed),
            unknown,
            critical: plan.critical_path(&took),
            sequential: took.iter().fold(Duration::ZERO, |sum, took| sum.saturating_add(*took)),
            elapsed: elapsed(plan, &took),
            took,
        }
    }

    /// Whether nothing is known: no task has run before, and times only say how tasks compare that take equally long.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.unknown == self.took.len()
    }

    /// How many times as fast as one task after the other.
    #[must_use]
    pub fn speed_up(&self) -> f64 {
        if self.elapsed.is_zero() {
            1.0
        } else {
            self.sequential.as_secs_f64() / self.elapsed.as_secs_f64()
        }
    }
}

/// What every task counts for where nothing is known of any.
const EQUAL: Duration = Duration::from_secs(1);

fn expected(task: &Task) -> Option<Duration> {
    task.estimate.map(|estimate| estimate.expected)
}

/// How long the plan takes, if each task takes so long and passes.
fn elapsed(plan: &Plan, took: &[Duration]) -> Duration {
    let mut schedule = Schedule::of_plan(plan, None, 0);
    simulate(&mut schedule, |task, _| Play::passes_after(took[task.index()])).makespan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Need;
    use crate::schedule::tests::timed;

    /// Seconds of tasks, or `?`, with the places of what each waits for: `3 2<0 ?<0,1`.
    fn forecast(slots: u32, tasks: &str) -> Forecast {
        Forecast::of(&plan(slots, tasks))
    }

    fn plan(slots: u32, tasks: &str) -> Plan {
        let mut needs = Vec::new();
        let words = tasks.split_whitespace().enumerate();
        let times = words.map(|(place, word)| {
            let (seconds, waits) = word.split_once('<').unwrap_or((word, ""));
            let waits = waits.split(',').filter(|wait| !wait.is_empty());
            needs.extend(waits.map(|needed| (needed.parse().unwrap(), place, Need::Hard)));
            seconds.parse().ok().map(Duration::from_secs_f64)
        });
        let times: Vec<_> = times.collect();
        timed(slots, &times, &needs)
    }

    #[test]
    fn the_classical_cases() {
        let check = |slots, tasks: &str, elapsed: f64, sequential: f64, critical: &[u32]| {
            let forecast = forecast(slots, tasks);
            let path: Vec<_> = forecast.critical.tasks.iter().map(|id| id.0).collect();
            let found = (forecast.elapsed.as_secs_f64(), forecast.sequential.as_secs_f64());
            assert_eq!((found, path.as_slice()), ((elapsed, sequential), critical), "{tasks}");
            assert!(forecast.critical.length <= forecast.elapsed && forecast.elapsed <= forecast.sequential);
        };
        // Ten tasks of three seconds.
        check(1, "3 3 3 3 3 3 3 3 3 3", 30.0, 30.0, &[0]);
        check(4, "3 3 3 3 3 3 3 3 3 3", 9.0, 30.0, &[0]);
        // Two chains and one task: nothing waits for a whole wave.
        check(8, "3 2 1 3<0 2<1", 6.0, 11.0, &[0, 3]);
        check(8, "3 2 1 3<0 4<1", 6.0, 13.0, &[0, 3]);
        check(2, "1 2<0 4<0 1<1,2", 6.0, 8.0, &[0, 2, 3]);
        check(2, "", 0.0, 0.0, &[]);
    }

    #[test]
    fn two_levels_of_nine_and_six() {
        // black, isort, yamllint and six more; mypy and flake8 after isort, bandit after black, three after yamllint.
        let tasks = "1 1 1 1 1 1 1 1 1 1<1 1<1 1<0 1<2 1<2 1<2";
        let plan = plan(9, tasks);
        assert_eq!(plan.waves().iter().map(Vec::len).collect::<Vec<_>>(), [9, 6]);
        // 7.5 tasks a wave.
        assert_eq!(plan.tasks().len() * 10, plan.waves().len() * 75);
        let forecast = Forecast::of(&plan);
        assert!((forecast.speed_up() - 7.5).abs() < 1e-9 && forecast.unknown == 0);
        // The same without anything known.
        let forecast = Forecast::of(&self::plan(9, "? ? ? ? ? ? ? ? ? ?<1 ?<1 ?<0 ?<2 ?<2 ?<2"));
        assert!(forecast.is_guess() && (forecast.speed_up() - 7.5).abs() < 1e-9);
    }

    #[test]
    fn what_has_never_run_counts_for_the_median() {
        let forecast = forecast(4, "2 10 4 ?");
        assert_eq!((forecast.unknown, forecast.assumed), (1, Some(Duration::from_secs(4))));
        assert_eq!(forecast.took[3], Duration::from_secs(4));
        assert!(!forecast.is_guess());
        assert_eq!(super::Forecast::of(&plan(4, "1 2")).assumed, None);
        assert!((super::Forecast::of(&plan(4, "0 0")).speed_up() - 1.0).abs() < 1e-9);
    }
}
