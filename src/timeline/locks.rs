//! Which waits were for something that another task used.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::Use;

/// What is shorter lies in the nature of the matter: a lock that is given back is not taken at the same moment.
pub(super) const GRAIN: Duration = Duration::from_millis(1);

/// A use of something, from when to when, by which attempt.
#[derive(Clone, Copy, Debug)]
struct Hold {
    from: Duration,
    to: Duration,
    attempt: usize,
}

/// Everything that was used while the run went on.
#[derive(Debug, Default)]
pub(super) struct Locks<'a>(BTreeMap<&'a str, Lock>);

#[derive(Debug, Default)]
struct Lock {
    /// What keeps from it who wants it alone.
    any: Holds,
    /// What keeps from it who would share it.
    alone: Holds,
}

#[derive(Debug, Default)]
struct Holds {
    holds: Vec<Hold>,
    /// When somebody held it, in pieces that do not touch each other.
    times: Vec<(Duration, Duration)>,
}

/// A part of a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// What somebody else used, and the attempt that gave it back last. Nothing where only slots were missing.
    pub(super) lock: Option<(&'a str, Option<usize>)>,
}

impl<'a> Locks<'a> {
    /// Somebody uses this from then on, until it is given back or until the end.
    pub(super) fn used(&mut self, used: &'a Use, (from, end): (Duration, Duration), attempt: usize) {
        let to = used.until.map_or(end, |until| until.clamp(from, end));
        let lock = self.0.entry(&used.what).or_default();
        let hold = Hold { from, to, attempt };
        lock.any.holds.push(hold);
        if used.alone {
            lock.alone.holds.push(hold);
        }
    }

    /// All that was used is known.
    pub(super) fn complete(&mut self) {
        for lock in self.0.values_mut() {
            lock.any.complete();
            lock.alone.complete();
        }
    }

    /// What a task waited for that could have started at `from` and did at `to`, piece by piece, without gaps.
    pub(super) fn waits<'u>(&self, uses: &'u [Use], from: Duration, to: Duration) -> Vec<Piece<'u>> {
        let mut held: Vec<(Duration, Duration, &'u Use)> = Vec::new();
        for wanted in uses {
            let times = self.holds(wanted).map_or(&[][..], |holds| holds.within(from, to));
            held.extend(times.iter().map(|(a, b)| ((*a).max(from), (*b).min(to), wanted)));
        }
        held.sort_unstable_by_key(|(a, b, wanted)| (*a, std::cmp::Reverse(*b), &wanted.what));
        let mut pieces: Vec<Piece<'u>> = Vec::new();
        let mut at = from;
        for (a, b, wanted) in held.into_iter().filter(|(a, b, _)| a < b) {
            if b <= at {
                continue;
            }
            if a > at + GRAIN {
                pieces.push(slot(at, a));
                at = a;
            }
            let by = self.holds(wanted).and_then(|holds| holds.last_before(b.max(at), to));
            pieces.push(Piece {
                from: at,
                to: b,
                lock: Some((&wanted.what, by)),
            });
            at = b;
        }
        match pieces.last_mut() {
            // What is left of it is how long it takes to start something.
            Some(last) if last.lock.is_some() && to <= at + GRAIN => last.to = to,
            _ if to > at => pieces.push(slot(at, to)),
            _ => {}
        }
        pieces
    }

    fn holds(&self, wanted: &Use) -> Option<&Holds> {
        let lock = self.0.get(wanted.what.as_str())?;
        Some(if wanted.alone { &lock.any } else { &lock.alone })
    }
}

fn slot<'a>(from: Duration, to: Duration) -> Piece<'a> {
    let lock = None;
    Piece { from, to, lock }
}

impl Holds {
    fn complete(&mut self) {
        self.holds.sort_unstable_by_key(|hold| (hold.from, hold.to));
        for hold in &self.holds {
            match self.times.last_mut() {
                Some((_, to)) if hold.from <= *to + GRAIN => *to = (*to).max(hold.to),
                _ => self.times.push((hold.from, hold.to)),
            }
        }
        self.holds.sort_unstable_by_key(|hold| (hold.to, hold.attempt));
    }

    /// The times that reach into this one.
    fn within(&self, from: Duration, to: Duration) -> &[(Duration, Duration)] {
        let first = self.times.partition_point(|(_, end)| *end <= from);
        let after = self.times.partition_point(|(begin, _)| *begin < to);
        &self.times[first..after.max(first)]
    }

    /// Who gave it back last, up to `end`, and had it before `start`.
    fn last_before(&self, end: Duration, start: Duration) -> Option<usize> {
        let known = self.holds.partition_point(|hold| hold.to <= end);
        let mut before = self.holds[..known].iter().rev();
        before.find(|hold| hold.from < start).map(|hold| hold.attempt)
    }
}
