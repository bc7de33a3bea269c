//! What tasks of many runs come to: counts and durations that can be added up. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{CrateVerdict, EventKind, Outcome, TaskFinished, is_default};
use crate::model::{CheckName, CrateName};

use super::read::Recorded;

/// Durations, each only about as exactly as one eighth of it: enough to say what is usual, and small however many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// How many there are of each size, by [`bucket`].
    #[serde(rename = "n")]
    counts: BTreeMap<u16, u64>,
    /// All of them together, in microseconds.
    #[serde(rename = "sum")]
    total: u64,
    /// The longest, in microseconds.
    #[serde(rename = "max")]
    most: u64,
}

impl Durations {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        *self.counts.entry(bucket(micros)).or_default() += 1;
        self.total = self.total.saturating_add(micros);
        self.most = self.most.max(micros);
    }

    fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            *self.counts.entry(*bucket).or_default() += count;
        }
        self.total = self.total.saturating_add(other.total);
        self.most = self.most.max(other.most);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.total)
    }

    /// The longest.
    #[must_use]
    pub fn most(&self) -> Duration {
        Duration::from_micros(self.most)
    }

    /// The time that so many of a hundred did not exceed; nothing where there are none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        if percent == 100 && self.count() > 0 {
            return Some(self.most());
        }
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut reached = 0;
        let (bucket, _) = self.counts.iter().find(|(_, count)| {
            reached += **count;
            reached >= wanted
        })?;
        Some(Duration::from_micros(middle(*bucket).min(self.most)))
    }
}

/// Eight sizes for each doubling: which of them a number has.
fn bucket(micros: u64) -> u16 {
    if micros < 8 {
        return u16::try_from(micros).unwrap_or(0);
    }
    let doublings = micros.ilog2();
    let eighth = (micros >> (doublings - 3)) & 7;
    u16::try_from(u64::from(doublings - 2) * 8 + eighth).unwrap_or(u16::MAX)
}

/// The middle of the numbers of one size.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 8 {
        return bucket;
    }
    let shift = bucket / 8 - 1;
    let low = (8 + bucket % 8)
        .checked_shl(u32::try_from(shift).unwrap_or(u32::MAX))
        .unwrap_or(u64::MAX);
    low.saturating_add((1_u64.checked_shl(u32::try_from(shift).unwrap_or(u32::MAX)).unwrap_or(0)) / 2)
}

/// What came of a check, or of a crate in a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// How often it ran and passed.
    #[serde(skip_serializing_if = "is_default")]
    pub passed: u64,
    /// How often it ran and failed, without running out of time.
    #[serde(skip_serializing_if = "is_default")]
    pub failed: u64,
    /// How often it ran out of time.
    #[serde(skip_serializing_if = "is_default")]
    pub timed_out: u64,
    /// How often of those that passed it had failed before in the same run.
    #[serde(skip_serializing_if = "is_default")]
    pub flaky: u64,
    /// How often it did not run, since it had passed before on the same content.
    #[serde(skip_serializing_if = "is_default")]
    pub cached: u64,
    /// How long it ran, each time. Of a crate only where it was alone.
    #[serde(skip_serializing_if = "is_default")]
    pub took: Durations,
    /// Of a check: how long its tasks took together, in each run that was about everything and had nothing of it cached.
    #[serde(skip_serializing_if = "is_default")]
    pub whole: Durations,
    /// The number of the last run in which it came to an end.
    #[serde(skip_serializing_if = "is_default")]
    pub last: u64,
    /// The number of the last run in which it failed as in all of its last runs.
    #[serde(skip_serializing_if = "is_default")]
    pub last_quarantined: u64,
}

impl Tally {
    /// How often it ran to an end.
    #[must_use]
    pub fn ran(&self) -> u64 {
        self.passed + self.failed + self.timed_out
    }

    /// Whether it keeps failing.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.last_quarantined > 0 && self.last_quarantined == self.last
    }

    fn merge(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.flaky += other.flaky;
        self.cached += other.cached;
        self.took.merge(&other.took);
        self.whole.merge(&other.whole);
        self.last = self.last.max(other.last);
        self.last_quarantined = self.last_quarantined.max(other.last_quarantined);
    }
}

/// What came of every check, and of every crate in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tallies {
    /// By check.
    pub checks: BTreeMap<CheckName, Tally>,
    /// By check and crate.
    pub crates: BTreeMap<CheckName, BTreeMap<CrateName, Tally>>,
}

impl Tallies {
    /// Adds what came of a run. What neither passed nor failed says nothing.
    pub fn add(&mut self, run: &Recorded) {
        let mut whole: BTreeMap<&CheckName, Option<Duration>> = BTreeMap::new();
        for event in &run.events {
            if let EventKind::TaskFinished(finished) = &event.kind {
                self.add_task(finished, run.number);
                let is_told = finished.outcome.is_pass() && finished.cached == crate::event::Cached::No;
                let so_far = whole.entry(&finished.task.check).or_insert(Some(Duration::ZERO));
                *so_far = so_far.filter(|_| is_told).map(|sum| sum.saturating_add(finished.took));
            }
        }
        for (check, took) in whole {
            if let Some(took) = took.filter(|_| !run.begin.limited && run.has_ended()) {
                self.checks.entry(check.clone()).or_default().whole.add(took);
            }
        }
    }

    fn add_task(&mut self, finished: &TaskFinished, run: u64) {
        let check = self.checks.entry(finished.task.check.clone()).or_default();
        let is_whole = finished.cached == crate::event::Cached::Whole;
        let end = match &finished.outcome {
            Outcome::Passed if is_whole => &mut check.cached,
            Outcome::Passed => &mut check.passed,
            Outcome::Failed(_) => &mut check.failed,
            Outcome::TimedOut { .. } => &mut check.timed_out,
            Outcome::Blocked { .. } | Outcome::Cancelled => return,
        };
        *end += 1;
        if !is_whole {
            check.took.add(finished.took);
            check.flaky += u64::from(finished.is_flaky());
        }
        check.last = check.last.max(run);
        if finished.quarantined {
            check.last_quarantined = check.last_quarantined.max(run);
        }
        self.add_crates(finished, run, is_whole);
    }

    fn add_crates(&mut self, finished: &TaskFinished, run: u64, is_whole: bool) {
        if finished.crates.is_empty() {
            return;
        }
        let crates = self.crates.entry(finished.task.check.clone()).or_default();
        for (name, verdict) in &finished.crates {
            let krate = crates.entry(name.clone()).or_default();
            let end = match verdict {
                CrateVerdict::Passed if is_whole => &mut krate.cached,
                CrateVerdict::Passed => &mut krate.passed,
                CrateVerdict::Failed => &mut krate.failed,
                CrateVerdict::NotReached | CrateVerdict::Unknown => continue,
            };
            *end += 1;
            krate.last = krate.last.max(run);
            if finished.crates.len() == 1 && !is_whole {
                krate.took.add(finished.took);
                krate.flaky += u64::from(finished.is_flaky());
            }
        }
    }

    /// Adds what came of other runs.
    pub fn merge(&mut self, other: &Self) {
        for (name, tally) in &other.checks {
            self.checks.entry(name.clone()).or_default().merge(tally);
        }
        for (check, crates) in &other.crates {
            let into = self.crates.entry(check.clone()).or_default();
            for (name, tally) in crates {
                into.entry(name.clone()).or_default().merge(tally);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn durations(micros: &[u64]) -> Durations {
        let mut durations = Durations::default();
        for micros in micros {
            durations.add(Duration::from_micros(*micros));
        }
        durations
    }

    #[test]
    fn nothing_has_no_usual_duration() {
        assert_eq!(Durations::default().percentile(50), None);
        assert_eq!(durations(&[5]).percentile(50), Some(Duration::from_micros(5)));
        assert_eq!(
            durations(&[u64::MAX, 0])
                .percentile(100)
                .map(|most| most > Duration::from_hours(1)),
            Some(true)
        );
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_an_eighth(mut micros in prop::collection::vec(0..10_000_000_000_u64, 1..40), percent in 1..=100_u64) {
            let found = durations(&micros).percentile(percent).unwrap().as_micros();
            micros.sort_unstable();
            let wanted = usize::try_from((micros.len() as u64 * percent).div_ceil(100)).unwrap() - 1;
            let exact = u128::from(micros[wanted]);
            prop_assert!(found.abs_diff(exact) <= exact / 8 + 1, "{found} for {exact}");
        }

        #[test]
        fn durations_can_be_added_in_parts(one in prop::collection::vec(any::<u64>(), 0..20), other in prop::collection::vec(any::<u64>(), 0..20)) {
            let mut merged = durations(&one);
            merged.merge(&durations(&other));
            prop_assert_eq!(merged, durations(&[one, other].concat()));
        }
    }
}
