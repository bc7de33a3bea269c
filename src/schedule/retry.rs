//! Whether and when what failed is tried again.

use std::time::Duration;

use super::chance::Dice;
use super::states::Again;
use crate::config::Retry;
use crate::event::{Failure, Outcome};
use crate::model::TaskId;

/// The longest wait, whatever the backoff has grown to.
const LONGEST: Duration = Duration::from_mins(5);

/// Whether a task that has failed so many times is tried again.
///
/// What changed files that were to be up to date is not: the files are up to date now, and it would pass without
/// having been right.
pub(super) fn again(retry: Retry, attempts: u32, outcome: &Outcome) -> Again {
    match outcome {
        Outcome::Failed(Failure::Exit { .. } | Failure::Start { .. }) | Outcome::TimedOut { .. }
            if attempts <= retry.times =>
        {
            Again::Yes
        }
        _ => Again::No,
    }
}

/// How long a task waits after so many attempts: the backoff, doubled for each attempt after the first, of which
/// chance takes away up to a half. Tasks that failed together, over a network say, then do not come back together.
pub(super) fn wait(retry: Retry, attempts: u32, task: TaskId, seed: u64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let most = retry
        .backoff
        .saturating_mul(1 << doublings)
        .min(LONGEST.max(retry.backoff));
    let half = most / 2;
    let place = Dice::new(u64::from(task.0) << 32 | u64::from(attempts)).number();
    let chance = Dice::new(seed ^ place).half();
    // 32 bits of chance as a share of the half.
    let nanos = (half.as_nanos() * u128::from(chance)) >> 32;
    most.saturating_sub(half) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exit;

    fn retry(times: u32) -> Retry {
        Retry {
            times,
            backoff: Duration::from_secs(1),
        }
    }

    #[test]
    fn what_can_be_chance_is_tried_as_often_as_was_said() {
        let exit = Outcome::Failed(Failure::Exit {
            exit: Exit::Code(1),
            meaning: None,
        });
        let late = Outcome::TimedOut {
            limit: Duration::from_secs(1),
            calibrated: false,
        };
        let start = Outcome::Failed(Failure::Start { error: String::new() });
        for outcome in [exit, late, start] {
            assert_eq!(again(retry(0), 1, &outcome), Again::No);
            assert_eq!(again(retry(2), 1, &outcome), Again::Yes);
            assert_eq!(again(retry(2), 2, &outcome), Again::Yes);
            assert_eq!(again(retry(2), 3, &outcome), Again::No);
        }
        assert_eq!(again(retry(9), 1, &Outcome::Failed(Failure::Regenerated)), Again::No);
        assert_eq!(again(retry(9), 1, &Outcome::Cancelled), Again::No);
    }

    #[test]
    fn waits_double_and_are_scattered_but_not_by_chance_alone() {
        for (attempts, most) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (99, 300)] {
            let most = Duration::from_secs(most);
            let waits: Vec<_> = (0..50).map(|task| wait(retry(99), attempts, TaskId(task), 7)).collect();
            assert!(waits.iter().all(|wait| (most / 2..=most).contains(wait)), "{waits:?}");
            let mut different = waits.clone();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), 50);
            assert!(different[49] > different[0] + most / 4, "{different:?}");
            assert_eq!(wait(retry(99), attempts, TaskId(3), 7), waits[3]);
            assert_ne!(wait(retry(99), attempts, TaskId(3), 8), waits[3]);
        }
        // Who asks for a longer wait gets it.
        let long = Retry {
            times: 1,
            backoff: Duration::from_hours(1),
        };
        assert!(wait(long, 1, TaskId(0), 1) >= Duration::from_mins(30));
        assert!(wait(long, 5, TaskId(0), 1) <= Duration::from_hours(1));
    }
}
