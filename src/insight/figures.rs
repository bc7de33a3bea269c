//! From runs and what their tasks came to, to figures.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::journal::{Durations, Journals, RunSummary, Tally};
use crate::model::{CheckName, CrateName};

/// Figures about all runs that are recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How many runs are over.
    pub runs: u64,
    /// How many of them passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
    /// How many were interrupted, by somebody or since they were killed.
    pub interrupted: u64,
    /// When the first of them began, in milliseconds since 1970.
    pub since: Option<u64>,
    /// How many tasks ran to an end of their own.
    pub ran: u64,
    /// How many did not have to, since they had passed before on the same content.
    pub cached: u64,
    /// How long the runs took in which something ran.
    pub elapsed: Duration,
    /// How long their tasks took together.
    pub busy: Duration,
    /// How long all of their slots together could have been used.
    pub slots: Duration,
    /// How long their tasks waited for locks that another cargo held.
    pub waited: Duration,
    /// How long the tasks would have taken that did not have to run: as long as each check usually takes.
    pub saved_by_cache: Duration,
    /// How long the runs that were limited to changes would have taken beyond that, if they had been about everything.
    pub saved_by_selection: Duration,
    /// How much of the time of the runs that had more than one task one of them alone took, by its name: of those which
    /// often ran longest.
    pub dominant: Option<Dominant>,
    /// The checks, by name.
    pub checks: Vec<CheckFigures>,
}

/// A task that takes most of the time of many runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dominant {
    /// Its name.
    pub label: String,
    /// In how many runs it took more than half of the time.
    pub runs: u64,
    /// Of so many.
    pub of: u64,
}

/// Figures about a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckFigures {
    /// Its name.
    pub check: CheckName,
    /// What its tasks came to.
    pub tally: Tally,
    /// Its crates, as far as anything is known of single ones, by name.
    pub crates: Vec<CrateFigures>,
}

/// Figures about a crate in a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CrateFigures {
    /// Its name.
    pub krate: CrateName,
    /// What came of it.
    pub tally: Tally,
}

/// A part of a whole, from 0 to 1; 0 where there is no whole.
#[expect(clippy::cast_precision_loss, reason = "it is shown with three digits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn ratio(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() {
        0.0
    } else {
        part.as_secs_f64() / whole.as_secs_f64()
    }
}

impl Figures {
    /// The share of the tasks that did not have to run.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        share(self.cached, self.cached + self.ran)
    }

    /// How much of their slots the runs used.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        ratio(self.busy, self.slots)
    }

    /// How many times as fast the runs were as one task after the other.
    #[must_use]
    pub fn speed_up(&self) -> f64 {
        ratio(self.busy, self.elapsed)
    }
}

impl Tally {
    /// The share of its runs that failed.
    #[must_use]
    pub fn failure_rate(&self) -> f64 {
        share(self.failed + self.timed_out, self.ran())
    }

    /// The share of its runs that passed only when tried again.
    #[must_use]
    pub fn flaky_rate(&self) -> f64 {
        share(self.flaky, self.ran())
    }
}

/// What the runs say.
#[must_use]
pub fn figures(journals: &Journals) -> Figures {
    let usual = Usual::of(&journals.tallies.checks);
    let mut figures = Figures::default();
    let mut longest: BTreeMap<&str, u64> = BTreeMap::new();
    let mut with_several = 0;
    for run in journals.runs.iter().filter(|run| !run.goes_on()) {
        figures.add(run, &usual);
        if !run.busy.is_zero() && run.stats.tasks > run.stats.cached + 1 {
            with_several += 1;
            if let Some(task) = run.longest.as_ref().filter(|task| task.took * 2 > run.took) {
                *longest.entry(&task.label).or_default() += 1;
            }
        }
    }
    let most = longest.into_iter().max_by_key(|(_, runs)| *runs);
    figures.dominant = most.map(|(label, runs)| Dominant {
        label: label.to_owned(),
        runs,
        of: with_several,
    });
    figures.checks = checks(journals);
    for check in &figures.checks {
        figures.ran += check.tally.ran();
        figures.cached += check.tally.cached;
    }
    figures
}

impl Figures {
    fn add(&mut self, run: &RunSummary, usual: &Usual) {
        self.runs += 1;
        self.since = Some(self.since.map_or(run.began, |since| since.min(run.began)));
        let end = match &run.stats {
            stats if stats.interrupted || !run.has_ended() => &mut self.interrupted,
            stats if stats.is_success() => &mut self.passed,
            _ => &mut self.failed,
        };
        *end += 1;
        if !run.busy.is_zero() {
            self.elapsed = self.elapsed.saturating_add(run.took);
            self.slots = self.slots.saturating_add(run.took.saturating_mul(run.slots));
        }
        self.busy = self.busy.saturating_add(run.busy);
        self.waited = self.waited.saturating_add(run.waited);
        let by_cache = usual.of_cached(run);
        self.saved_by_cache = self.saved_by_cache.saturating_add(by_cache);
        if run.limited && run.has_ended() && !run.stats.interrupted {
            let all = usual.of_everything(run);
            let saved = all.saturating_sub(run.busy).saturating_sub(by_cache);
            self.saved_by_selection = self.saved_by_selection.saturating_add(saved);
        }
    }
}

/// How long checks usually take.
struct Usual<'t>(&'t BTreeMap<CheckName, Tally>);

impl<'t> Usual<'t> {
    fn of(tallies: &'t BTreeMap<CheckName, Tally>) -> Self {
        Self(tallies)
    }

    fn typical(&self, check: &CheckName, which: impl Fn(&Tally) -> &Durations) -> Duration {
        let tally = self.0.get(check);
        tally.and_then(|tally| which(tally).percentile(50)).unwrap_or_default()
    }

    /// What of a run did not have to run.
    fn of_cached(&self, run: &RunSummary) -> Duration {
        let tasks = run.cached.iter().map(|(check, count)| {
            let times = u32::try_from(*count).unwrap_or(u32::MAX);
            self.typical(check, |tally| &tally.took).saturating_mul(times)
        });
        tasks.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// The checks of a run, and those that it left out, on everything.
    fn of_everything(&self, run: &RunSummary) -> Duration {
        let checks = run.checks.iter().chain(&run.left_out);
        checks.fold(Duration::ZERO, |sum, check| {
            sum.saturating_add(self.typical(check, |tally| &tally.whole))
        })
    }
}

fn checks(journals: &Journals) -> Vec<CheckFigures> {
    let checks = journals.tallies.checks.iter();
    checks
        .map(|(check, tally)| {
            let crates = journals.tallies.crates.get(check).into_iter().flatten();
            CheckFigures {
                check: check.clone(),
                tally: tally.clone(),
                crates: crates
                    .map(|(krate, tally)| CrateFigures {
                        krate: krate.clone(),
                        tally: tally.clone(),
                    })
                    .collect(),
            }
        })
        .collect()
}
