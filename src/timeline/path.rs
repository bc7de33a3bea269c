//! Why the run took as long as it did: from its end back to its begin, always to what had to end first.

use super::timeline::{Segment, Timeline, Wait};

/// One of the attempts without which the run would have been shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which, among [`Timeline::attempts`].
    pub attempt: usize,
    /// Why it did not start earlier.
    pub why: Why,
}

/// Why an attempt did not start earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The run had only just begun, or nothing is known.
    Begin,
    /// It needs what came before it.
    Need,
    /// What came before it used what it uses.
    Lock,
    /// What came before it had the slots.
    Slot,
    /// It failed before, and some time had to pass.
    Retry,
}

/// The attempts that led to the end, the first one first.
pub(super) fn path(timeline: &Timeline) -> Vec<Link> {
    let all = timeline.attempts.iter().enumerate();
    let last = all.max_by_key(|(number, attempt)| (attempt.end, *number));
    let mut next = last.map(|(number, _)| number);
    let mut path = Vec::new();
    while let Some(attempt) = next {
        let (why, before) = cause(timeline, attempt);
        // What was there first has started first: this has an end.
        next = before.filter(|before| *before < attempt);
        let why = if next.is_some() { why } else { Why::Begin };
        path.push(Link { attempt, why });
    }
    path.reverse();
    path
}

/// Why this attempt did not start earlier, and what had to end for that.
fn cause(timeline: &Timeline, number: usize) -> (Why, Option<usize>) {
    let attempt = &timeline.attempts[number];
    let row = &timeline.rows[attempt.row];
    let before = row.segments.iter().rev().find(|segment| segment.to <= attempt.start);
    match before.map(|segment| (&segment.what, segment)) {
        Some((Wait::Lock { by, .. }, _)) => (Why::Lock, *by),
        Some((Wait::Slot, segment)) => slot_or(timeline, number, segment),
        Some((Wait::Backoff | Wait::Ran { .. }, _)) => (Why::Retry, earlier(timeline, number)),
        Some((Wait::Need { by }, _)) => (Why::Need, by.and_then(|row| last_of(timeline, row))),
        Some((Wait::Job | Wait::Cargo { .. } | Wait::Unknown, _)) | None => (Why::Begin, None),
    }
}

/// Whoever gave back slots while it waited for them, the last one. Where nobody did, or where the wait is no more than the
/// time that it takes to start something, what was before it says why.
fn slot_or(timeline: &Timeline, number: usize, waited: &Segment) -> (Why, Option<usize>) {
    let attempt = &timeline.attempts[number];
    if waited.to.saturating_sub(waited.from) > super::locks::GRAIN {
        let others = timeline.attempts[..number].iter().enumerate();
        let freed = others
            .filter(|(_, other)| other.row != attempt.row && (waited.from..=attempt.start).contains(&other.released));
        if let Some((last, _)) = freed.max_by_key(|(number, other)| (other.released, *number)) {
            return (Why::Slot, Some(last));
        }
    }
    let row = &timeline.rows[attempt.row];
    let before = row.segments.iter().rev().find(|segment| segment.to <= waited.from);
    match before.map(|segment| &segment.what) {
        Some(Wait::Need { by }) => (Why::Need, by.and_then(|row| last_of(timeline, row))),
        Some(Wait::Backoff | Wait::Ran { .. }) => (Why::Retry, earlier(timeline, number)),
        Some(Wait::Lock { by, .. }) => (Why::Lock, *by),
        _ => (Why::Begin, None),
    }
}

fn earlier(timeline: &Timeline, number: usize) -> Option<usize> {
    let row = &timeline.rows[timeline.attempts[number].row];
    let place = row.attempts.iter().position(|one| *one == number)?;
    row.attempts.get(place.checked_sub(1)?).copied()
}

fn last_of(timeline: &Timeline, row: usize) -> Option<usize> {
    timeline.rows.get(row)?.attempts.last().copied()
}
