//! The states of a task, and what moves it from one to the next: one table, with its guards.
//!
//! Nothing outside of this file can write a state. What is not in the table does not happen.
//!
//! ```text
//! pending → ready → running → passed | failed
//!                   running → retrying → ready
//! pending → blocked;  pending, ready, running → cancelled;  retrying → failed
//! ```

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for so many others; the begin of the run counts as one.
    Pending { unmet: u32 },
    /// It waits for a slot and for what it uses.
    Ready,
    /// It runs.
    Running,
    /// It failed, and waits to be tried again.
    Retrying,
    /// It has come to its end.
    Settled(End),
}

/// How a task has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It passed.
    Passed,
    /// It failed or ran out of time, the last time that it came to an end of its own.
    Failed,
    /// What it needs did not pass.
    Blocked,
    /// The end of the run overtook it.
    Cancelled,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// One of the tasks that it waits for lets it pass.
    NeedMet,
    /// A task that it needs did not pass.
    NeedFailed,
    /// A task that it needs was cancelled.
    NeedCancelled,
    /// It is started.
    Started,
    /// It passed.
    Passed,
    /// It failed or ran out of time.
    Failed(Again),
    /// It was ended because it was to end.
    Stopped,
    /// The time to try it again has come.
    Due,
    /// The run stops.
    RunStops,
}

/// Whether what failed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    No,
}

/// A task on its way. Only [`Life::change`] moves it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    state: State,
    attempts: u32,
}

impl Life {
    /// A task that waits for so many others, and for the run to begin.
    pub(super) fn new(needs: u32) -> Self {
        Self {
            state: State::Pending { unmet: needs + 1 },
            attempts: 0,
        }
    }

    /// A task that is not ready waits for one more.
    pub(super) fn wait_for_one_more(&mut self) {
        if let State::Pending { unmet } = &mut self.state {
            *unmet = unmet.saturating_add(1);
        }
    }

    pub(super) fn state(self) -> State {
        self.state
    }

    /// How often it has been started.
    pub(super) fn attempts(self) -> u32 {
        self.attempts
    }

    /// Moves the task as the table says, and says where it is now; nothing where the table knows no such change.
    pub(super) fn change(&mut self, change: Change) -> Option<State> {
        // The attempt that runs has not failed yet.
        let failures = self.attempts - u32::from(self.state == State::Running);
        self.state = next(self.state, change, failures)?;
        self.attempts += u32::from(change == Change::Started);
        Some(self.state)
    }
}

/// The table. `failures` is how often the task has failed by now.
#[expect(
    clippy::match_same_arms,
    clippy::unnested_or_patterns,
    reason = "a table is read row by row, state by state"
)]
fn next(state: State, change: Change, failures: u32) -> Option<State> {
    use Change as C;
    use State as S;
    Some(match (state, change) {
        (S::Pending { unmet: 0 | 1 }, C::NeedMet) => S::Ready,
        (S::Pending { unmet }, C::NeedMet) => S::Pending { unmet: unmet - 1 },
        (S::Pending { .. }, C::NeedFailed) => S::Settled(End::Blocked),
        (S::Pending { .. }, C::NeedCancelled | C::RunStops) => S::Settled(End::Cancelled),
        (S::Ready, C::Started) => S::Running,
        // What failed, and was about to be tried again, has failed.
        (S::Ready, C::RunStops) if failures > 0 => S::Settled(End::Failed),
        (S::Ready, C::RunStops) => S::Settled(End::Cancelled),
        (S::Running, C::Passed) => S::Settled(End::Passed),
        (S::Running, C::Failed(Again::Yes)) => S::Retrying,
        (S::Running, C::Failed(Again::No)) => S::Settled(End::Failed),
        (S::Running, C::Stopped) if failures > 0 => S::Settled(End::Failed),
        (S::Running, C::Stopped) => S::Settled(End::Cancelled),
        (S::Retrying, C::Due) => S::Ready,
        (S::Retrying, C::RunStops) => S::Settled(End::Failed),
        (S::Pending { .. }, C::Started | C::Passed | C::Failed(_) | C::Stopped | C::Due)
        | (S::Ready, C::NeedMet | C::NeedFailed | C::NeedCancelled)
        | (S::Ready, C::Passed | C::Failed(_) | C::Stopped | C::Due)
        | (S::Running, C::NeedMet | C::NeedFailed | C::NeedCancelled | C::Started | C::Due | C::RunStops)
        | (S::Retrying, C::NeedMet | C::NeedFailed | C::NeedCancelled | C::Started)
        | (S::Retrying, C::Passed | C::Failed(_) | C::Stopped)
        | (S::Settled(_), _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGES: [Change; 10] = [
        Change::NeedMet,
        Change::NeedFailed,
        Change::NeedCancelled,
        Change::Started,
        Change::Passed,
        Change::Failed(Again::Yes),
        Change::Failed(Again::No),
        Change::Stopped,
        Change::Due,
        Change::RunStops,
    ];

    /// What each change leads to; what is not named is not possible.
    fn check(state: State, failures: u32, expected: &[(Change, State)]) {
        for change in CHANGES {
            let wanted = expected.iter().find(|(known, _)| *known == change).map(|(_, to)| *to);
            assert_eq!(next(state, change, failures), wanted, "{state:?} {change:?}");
        }
    }

    #[test]
    fn the_whole_table() {
        use State::{Pending, Ready, Retrying, Running, Settled};
        let (failed, cancelled) = (Settled(End::Failed), Settled(End::Cancelled));
        let lost = [
            (Change::NeedFailed, Settled(End::Blocked)),
            (Change::NeedCancelled, cancelled),
            (Change::RunStops, cancelled),
        ];
        let with = |change, to| [&[(change, to)], lost.as_slice()].concat();
        check(Pending { unmet: 2 }, 0, &with(Change::NeedMet, Pending { unmet: 1 }));
        check(Pending { unmet: 1 }, 0, &with(Change::NeedMet, Ready));
        let started = (Change::Started, Running);
        check(Ready, 0, &[started, (Change::RunStops, cancelled)]);
        check(Ready, 1, &[started, (Change::RunStops, failed)]);
        let ended = [
            (Change::Passed, Settled(End::Passed)),
            (Change::Failed(Again::Yes), Retrying),
            (Change::Failed(Again::No), failed),
        ];
        let stopped = |to| [&[(Change::Stopped, to)], ended.as_slice()].concat();
        check(Running, 0, &stopped(cancelled));
        check(Running, 2, &stopped(failed));
        check(Retrying, 1, &[(Change::Due, Ready), (Change::RunStops, failed)]);
        for end in [End::Passed, End::Failed, End::Blocked, End::Cancelled] {
            check(Settled(end), 1, &[]);
        }
    }

    #[test]
    fn a_life_counts_its_attempts() {
        let mut life = Life::new(1);
        let mut through = |changes: &[Change]| changes.iter().filter_map(|change| life.change(*change)).last();
        assert_eq!(
            through(&[Change::NeedMet, Change::Started]),
            Some(State::Pending { unmet: 1 })
        );
        assert_eq!(through(&[Change::NeedMet, Change::Started]), Some(State::Running));
        assert_eq!(through(&[Change::Failed(Again::Yes), Change::Due]), Some(State::Ready));
        assert_eq!(
            through(&[Change::Started, Change::Stopped]),
            Some(State::Settled(End::Failed))
        );
        assert_eq!(life.attempts(), 2);
    }
}
