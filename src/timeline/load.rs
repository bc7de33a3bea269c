//! How much was busy: slots, as exactly as they were taken, and processors, as far as that is known.

use std::time::Duration;

use super::timeline::{Attempt, Timeline};

/// What was busy over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// The time of slots that tasks took.
    pub slots: Duration,
    /// The time of processors that their processes took; nothing where that is known of none.
    pub processors: Option<Duration>,
}

/// What is busy from some point in time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// From when on.
    pub at: Duration,
    /// How many slots.
    pub slots: u32,
    /// How many processors, as if every process took its time evenly from its start to its end.
    pub processors: f64,
}

impl Timeline {
    /// What was busy over the whole run.
    #[must_use]
    pub fn load(&self) -> Load {
        let known = self.attempts.iter().filter_map(|attempt| attempt.processor);
        Load {
            slots: self.attempts.iter().map(slot_time).sum(),
            processors: known.clone().next().map(|_| known.sum()),
        }
    }

    /// What was busy, as it changed.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut changes: Vec<(Duration, i64, f64)> = Vec::new();
        for attempt in &self.attempts {
            let slots = i64::from(attempt.slots);
            changes.push((attempt.start, slots, 0.0));
            changes.push((attempt.released, -slots, 0.0));
            if let Some((rate, (from, to))) = rate(attempt) {
                changes.push((from, 0, rate));
                changes.push((to, 0, -rate));
            }
        }
        changes.sort_by_key(|(at, ..)| *at);
        let (mut slots, mut processors) = (0_i64, 0.0_f64);
        let mut steps: Vec<Step> = Vec::new();
        for (at, more, rate) in changes {
            slots += more;
            processors += rate;
            let step = Step {
                at,
                slots: u32::try_from(slots).unwrap_or(0),
                // What is added and taken away again need not come to nothing by the last digit.
                processors: if processors < 1e-9 { 0.0 } else { processors },
            };
            match steps.last_mut().filter(|last| last.at == at) {
                Some(last) => *last = step,
                None => steps.push(step),
            }
        }
        steps
    }
}

fn slot_time(attempt: &Attempt) -> Duration {
    attempt.released.saturating_sub(attempt.start) * attempt.slots
}

/// How many processors an attempt kept busy, and from when to when.
fn rate(attempt: &Attempt) -> Option<(f64, (Duration, Duration))> {
    let (from, to) = (attempt.began, attempt.released);
    let took = to.checked_sub(from).filter(|took| !took.is_zero())?;
    let share = attempt.processor?.as_secs_f64() / took.as_secs_f64();
    Some((share, (from, to)))
}
