//! What to expect of a task.

use std::time::Duration;

/// What earlier runs of a task let expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// How many runs that came to an end of their own this rests on; never none.
    pub runs: u32,
    /// How long it takes, most likely.
    pub expected: Duration,
    /// A time that it hardly ever exceeds.
    pub high: Duration,
    /// How likely it fails.
    pub failure: Chance,
    /// How many of the last runs failed, without a pass between or after them.
    pub failing: u32,
}

/// After so many failures in a row, a task counts as one that keeps failing.
const QUARANTINED_AFTER: u32 = 5;

impl Estimate {
    /// Whether the task keeps failing. That says nothing of its verdict: it is listed as such, and still fails the run.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.failing >= QUARANTINED_AFTER
    }
}

/// How reliable a task has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many runs this rests on; never none.
    pub runs: u32,
    /// How likely it fails.
    pub failure: Chance,
    /// The share of its runs that passed only when it was tried again; recent ones weigh more.
    pub flaky: Chance,
    /// How many of its last runs failed without one between that passed.
    pub failed_in_a_row: u32,
}

impl Standing {
    /// Whether it keeps failing. That is worth telling, and changes no verdict.
    #[must_use]
    pub fn is_quarantined(self) -> bool {
        self.failed_in_a_row >= QUARANTINED_AFTER
    }
}

/// How likely something is, in millionths: equal chances are equal values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u32);

impl Chance {
    const CERTAIN: u32 = 1_000_000;

    /// The chance for a share from 0 to 1; what lies outside of that counts as the nearer end.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share between 0 and 1 makes a number between 0 and a million"
    )]
    pub fn of(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * f64::from(Self::CERTAIN)).round() as u32)
    }

    /// The share, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / f64::from(Self::CERTAIN)
    }
}
