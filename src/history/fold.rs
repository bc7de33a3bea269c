//! From what is remembered to what is expected.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Chance, End, Estimate, Extent, Record, RunKey, Standing, TaskKey};

/// How many runs of one task and about one extent are worth remembering: older ones would hardly weigh anything.
pub const KEPT: usize = 32;
/// After how many runs what a duration says counts half.
const DURATION_HALF_LIFE: f64 = 8.0;
/// The same for failures: what has just failed is likely to fail again, and what has been repaired is not.
const FAILURE_HALF_LIFE: f64 = 4.0;
/// What is believed of failures before anything is known: as many as this, in so many runs.
const PRIOR: (f64, f64) = (0.2, 2.0);
/// The share of runs that `high` is not to be exceeded in.
const HIGH: f64 = 0.95;
/// What is left out of the average at either end, of what the runs weigh together.
const TRIMMED: f64 = 0.25;

/// What is remembered, ready to be asked. Without anything in it, it knows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    tasks: BTreeMap<TaskKey, Vec<Sample>>,
}

/// One end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    extent: Extent,
    end: End,
    took: Duration,
    attempts: u32,
    /// How many later runs there were of the task, of about the same extent.
    age: u32,
}

impl History {
    /// What the records of each task come to. Neither their order nor what is there twice makes a difference.
    #[must_use]
    pub fn new(records: BTreeMap<TaskKey, Vec<Record>>) -> Self {
        let fold = |(key, records)| (key, samples(records));
        Self {
            tasks: records.into_iter().map(fold).collect(),
        }
    }

    /// What to expect of a task that does this much; nothing where it never came to an end.
    #[must_use]
    pub fn estimate(&self, key: &TaskKey, extent: Extent) -> Option<Estimate> {
        let samples = self.tasks.get(key)?;
        let mut durations: Vec<(f64, f64)> = samples
            .iter()
            .map(|sample| (sample.took.as_secs_f64(), sample.weight(extent, DURATION_HALF_LIFE)))
            .collect();
        durations.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let expected = middle(&durations);
        // What has been seen few times has not been seen at its worst.
        let allowance = 1.0 + 1.0 / f64::from(runs(samples));
        let high = quantile(&durations, HIGH) * allowance;
        Some(Estimate {
            runs: runs(samples),
            expected: Duration::from_secs_f64(expected),
            high: Duration::from_secs_f64(high.max(expected)),
            failure: failure(samples, extent),
            failing: failed_in_a_row(samples, extent),
        })
    }

    /// How reliable a task has been when it did this much; nothing where it never came to an end.
    #[must_use]
    pub fn standing(&self, key: &TaskKey, extent: Extent) -> Option<Standing> {
        let samples = self.tasks.get(key)?;
        let weight = |sample: &Sample| sample.weight(extent, FAILURE_HALF_LIFE);
        let all: f64 = samples.iter().map(weight).sum();
        let flaky = samples
            .iter()
            .filter(|sample| sample.end == End::Passed && sample.attempts > 1);
        Some(Standing {
            runs: runs(samples),
            failure: failure(samples, extent),
            flaky: Chance::of(flaky.map(weight).sum::<f64>() / all),
            failed_in_a_row: failed_in_a_row(samples, extent),
        })
    }

    /// The tasks that are remembered.
    pub fn keys(&self) -> impl Iterator<Item = &TaskKey> {
        self.tasks.keys()
    }
}

/// How many of the last runs about as much failed, without one that passed after them.
fn failed_in_a_row(samples: &[Sample], extent: Extent) -> u32 {
    let failed = samples.iter().filter(|sample| sample.extent.size() == extent.size());
    count(failed.take_while(|sample| sample.end != End::Passed).count())
}

impl Sample {
    fn weight(&self, extent: Extent, half_life: f64) -> f64 {
        self.extent.likeness(extent) * (-f64::from(self.age) / half_life).exp2()
    }
}

/// The records of one task as samples, the newest first, those of each size with an age of their own.
fn samples(mut records: Vec<Record>) -> Vec<Sample> {
    newest_first(&mut records);
    // The last run and its age, for each size. There are few.
    let mut ages: Vec<(u32, RunKey, u32)> = Vec::new();
    let sample = |record: Record| {
        let size = record.extent.size();
        let age = match ages.iter_mut().find(|(of, ..)| *of == size) {
            Some((_, run, age)) => {
                *age += u32::from(*run != record.run);
                *run = record.run;
                *age
            }
            None => {
                ages.push((size, record.run, 0));
                0
            }
        };
        Sample {
            extent: record.extent,
            end: record.end,
            took: record.took,
            attempts: record.attempts,
            age,
        }
    };
    records.into_iter().map(sample).collect()
}

/// Sorts the records of one task by their runs, the newest first, and keeps each only once.
pub fn newest_first(records: &mut Vec<Record>) {
    records.sort_unstable_by_key(|record| Reverse((record.run, record.task)));
    records.dedup_by_key(|record| (record.run, record.task));
}

/// The average of what lies in the middle; `durations` are sorted and each has its weight.
///
/// So much is left out at both ends that a single run, however long or short it was, does not move the average beyond
/// what the others say, once there are three.
fn middle(durations: &[(f64, f64)]) -> f64 {
    let all: f64 = durations.iter().map(|(_, weight)| weight).sum();
    let heaviest = durations.iter().map(|(_, weight)| weight / all).fold(0.0, f64::max);
    // What weighs as much as all others together is not to be left out.
    let trimmed = all * if heaviest < 0.5 { heaviest.max(TRIMMED) } else { TRIMMED };
    let (from, to) = (trimmed, all - trimmed);
    let (mut before, mut sum, mut weighed) = (0.0, 0.0, 0.0);
    for (duration, weight) in durations {
        let share = ((before + weight).min(to) - f64::max(before, from)).max(0.0);
        sum += duration * share;
        weighed += share;
        before += weight;
    }
    // The sums are rounded; the average is not to leave what it is an average of.
    let (least, most) = (durations[0].0, durations[durations.len() - 1].0);
    if weighed > 0.0 {
        (sum / weighed).clamp(least, most)
    } else {
        most
    }
}

/// The least duration that this share of the runs did not exceed.
fn quantile(durations: &[(f64, f64)], share: f64) -> f64 {
    let all: f64 = durations.iter().map(|(_, weight)| weight).sum();
    let mut reached = 0.0;
    let found = durations.iter().find(|(_, weight)| {
        reached += weight;
        reached >= all * share
    });
    found.or(durations.last()).map_or(0.0, |(duration, _)| *duration)
}

fn failure(samples: &[Sample], extent: Extent) -> Chance {
    let (failures, runs) = samples.iter().fold(PRIOR, |(failures, runs), sample| {
        let weight = sample.weight(extent, FAILURE_HALF_LIFE);
        let failed = if sample.end == End::Passed { 0.0 } else { weight };
        (failures + failed, runs + weight)
    });
    Chance::of(failures / runs)
}

fn runs(samples: &[Sample]) -> u32 {
    count(samples.len())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
