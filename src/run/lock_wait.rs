//! The time for which a task waits for a lock that another cargo holds: a clock that stands meanwhile. Pure, but for the
//! moments that it is given.

use std::time::Duration;

use tokio::time::Instant;

/// Nobody is told of a wait that is over sooner. Cargo waits for moments all the time, for its cache of packages.
const TOLD_AFTER: Duration = Duration::from_secs(1);
/// How often it is said again.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// The waits of one task.
pub(super) struct LockWait {
    /// When the one began that is not over yet.
    since: Option<Instant>,
    /// When somebody is to be told of it.
    pub(super) tell_at: Instant,
    /// Whether somebody was.
    told: bool,
    /// All waits that are over.
    pub(super) total: Duration,
}

/// What the end of a wait means for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Over {
    /// How long it was: what is to come at a certain time comes that much later.
    pub(super) waited: Duration,
    /// Whether somebody has been told that it began.
    pub(super) told: bool,
}

impl LockWait {
    /// For a task that does not wait yet.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: None,
            tell_at: now,
            told: false,
            total: Duration::ZERO,
        }
    }

    /// Whether the task waits.
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// Takes note of whether the task waits now. Where it has just ceased to, says what that means.
    pub(super) fn note(&mut self, waits: bool, now: Instant) -> Over {
        match (self.since, waits) {
            (None, true) => {
                (self.since, self.tell_at, self.told) = (Some(now), now + TOLD_AFTER, false);
                Over::default()
            }
            (Some(since), false) => {
                let (waited, told) = (now.saturating_duration_since(since), self.told);
                self.since = None;
                self.total += waited;
                Over { waited, told }
            }
            (None, false) | (Some(_), true) => Over::default(),
        }
    }

    /// Somebody is told of it now. For how long it has waited, this time.
    pub(super) fn tell(&mut self, now: Instant) -> Duration {
        self.told = true;
        self.tell_at = now + TOLD_EVERY;
        self.since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// The whole run has stood still for so long: that is no part of the wait.
    pub(super) fn shift(&mut self, pause: Duration) {
        self.tell_at += pause;
        self.since = self.since.map(|since| since + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_summed_without_the_pauses_of_the_run() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut wait = LockWait::new(start);
        assert_eq!(wait.note(false, at(1)), Over::default());
        assert_eq!(wait.note(true, at(2)), Over::default());
        assert!(wait.is_on());
        assert_eq!(wait.tell_at, at(3));
        assert_eq!(wait.tell(at(3)), Duration::from_secs(1));
        assert_eq!(wait.tell_at, at(63));
        // It says so again, since it waits for another lock: the clock stands as it did.
        assert_eq!(wait.note(true, at(4)), Over::default());
        wait.shift(Duration::from_secs(100));
        assert_eq!(wait.tell_at, at(163));
        let waited = Duration::from_secs(5);
        assert_eq!(wait.note(false, at(107)), Over { waited, told: true });
        assert_eq!((wait.is_on(), wait.total), (false, waited));
        let _ = wait.note(true, at(200));
        let waited = Duration::from_millis(10);
        assert_eq!(wait.note(false, at(200) + waited), Over { waited, told: false });
        assert_eq!(wait.total, Duration::from_millis(5010));
    }
}
