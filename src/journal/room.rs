//! How much of an event is recorded: all that tells how the run went, and of what tools wrote as much as there is room for.
//! Pure.

use std::borrow::Cow;

use crate::event::{Event, EventKind, Output, TaskFinished};

/// Of one output, so much of its beginning is recorded,
const HEAD: usize = 16 * 1024;
/// and so much of its end, where tools sum up.
const TAIL: usize = 48 * 1024;
/// All outputs of a run have no more than this.
const OUTPUTS: usize = 1024 * 1024;
/// A task has no more findings than this.
const FINDINGS: usize = 200;

/// What room a run has left.
#[derive(Debug)]
pub(super) struct Room {
    outputs: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { outputs: OUTPUTS }
    }
}

impl Room {
    /// What is recorded of an event, if anything is. A line of a live view is not: it comes again with the output.
    pub(super) fn kept<'e>(&mut self, event: &'e Event) -> Option<Cow<'e, Event>> {
        let has_text = match &event.kind {
            EventKind::TaskSaid { .. } => return None,
            EventKind::TaskFinished(finished) => has_text(finished),
            EventKind::TaskRetries(retries) => has_text(&retries.failed),
            _ => false,
        };
        if !has_text {
            return Some(Cow::Borrowed(event));
        }
        let mut event = event.clone();
        match &mut event.kind {
            EventKind::TaskFinished(finished) => self.cut(finished),
            EventKind::TaskRetries(retries) => self.cut(&mut retries.failed),
            _ => {}
        }
        Some(Cow::Owned(event))
    }

    fn cut(&mut self, finished: &mut TaskFinished) {
        finished.findings.truncate(FINDINGS);
        let output = &mut finished.output;
        // What passed and what somebody can look up elsewhere is not worth its room.
        let (head, tail) = if finished.outcome.is_failure() {
            (HEAD.min(self.outputs / 4), TAIL.min(self.outputs / 4 * 3))
        } else {
            (0, 0)
        };
        cut(output, head, tail);
        self.outputs -= output.bytes.len().min(self.outputs);
    }
}

fn has_text(finished: &TaskFinished) -> bool {
    !finished.output.bytes.is_empty() || finished.findings.len() > FINDINGS
}

/// Takes the middle out of an output that is too long, and counts it.
fn cut(output: &mut Output, head: usize, tail: usize) {
    let length = output.bytes.len();
    if length > head + tail {
        let from = length - tail;
        output.dropped = output.dropped.saturating_add((from - head) as u64);
        output.bytes.drain(head..from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;
    use crate::report::fixtures::{any_events, exit, finished, head, task, wrote};
    use proptest::prelude::*;

    fn kept(room: &mut Room, outcome: Outcome, length: usize) -> Output {
        let event = finished(
            1,
            TaskFinished {
                output: wrote(&"x".repeat(length)),
                ..task(head(0, "a", ""), outcome, 1)
            },
        );
        match room.kept(&event).unwrap().into_owned().kind {
            EventKind::TaskFinished(finished) => finished.output,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_failed_is_kept_within_bounds_and_what_passed_is_not() {
        let mut room = Room::default();
        let check = |room: &mut Room, outcome: Outcome, length: usize, expected: (usize, u64)| {
            let output = kept(room, outcome, length);
            assert_eq!((output.bytes.len(), output.dropped), expected);
        };
        check(&mut room, Outcome::Passed, 10, (0, 10));
        check(&mut room, exit(1, None), 10, (10, 0));
        check(
            &mut room,
            exit(1, None),
            100_000,
            (HEAD + TAIL, 100_000 - (HEAD + TAIL) as u64),
        );
        for _ in 0..40 {
            kept(&mut room, exit(1, None), 100_000);
        }
        assert!(room.outputs < 100_000, "{room:?}");
        assert!(kept(&mut room, exit(1, None), 100_000).bytes.len() < HEAD);
    }

    proptest! {
        #[test]
        fn all_but_text_is_kept(events in any_events()) {
            let mut room = Room::default();
            for event in &events {
                let kept = room.kept(event);
                prop_assert_eq!(kept.is_none(), matches!(event.kind, EventKind::TaskSaid { .. }));
                if let (Some(kept), EventKind::TaskFinished(before)) = (kept, &event.kind) {
                    let EventKind::TaskFinished(after) = &kept.kind else { panic!() };
                    let length = |output: &Output| (output.bytes.len() as u64).saturating_add(output.dropped);
                    prop_assert_eq!(length(&after.output), length(&before.output));
                    prop_assert_eq!(&after.outcome, &before.outcome);
                }
            }
        }
    }
}
