//! A lower bound from what must run one after the other, in one order or in the other: for cases where no simple bound
//! comes near to the schedule.

use super::bounds::View;
use super::graphs::Case;

/// So many places of the search are looked at for one time.
const STEPS: usize = 6_000;
/// How near the bound comes to the longest time that can be refuted.
const NEAR: f64 = 0.002;

/// What no schedule of the case can be faster than, in seconds; between a bound that is known and a schedule.
///
/// A time is too short where each order of the tasks that cannot run side by side leads to a contradiction: some task would
/// begin too early or end too late, or there is too much to do between two moments.
pub(crate) fn in_turn(case: &Case, bound: f64, schedule: f64) -> f64 {
    let view = View::new(case);
    let mut pairs = Vec::new();
    for a in 0..case.jobs.len() {
        pairs.extend((0..a).filter(|b| case.excludes(a, *b)).map(|b| (b, a)));
    }
    let needs = case.jobs.iter().enumerate();
    let waits = needs.flat_map(|(place, job)| job.needs.iter().map(move |(needed, _)| (needed.index(), place)));
    let waits: Vec<_> = waits.collect();
    let (mut refuted, mut open) = (bound, schedule);
    while open - refuted > NEAR * refuted {
        let time = f64::midpoint(refuted, open);
        let mut search = Search { case, time, steps: 0 };
        if search.refutes(view.clone(), waits.clone(), pairs.clone()) {
            refuted = time;
        } else {
            open = time;
        }
    }
    refuted
}

/// An attempt to show that a time is too short.
struct Search<'a> {
    case: &'a Case,
    time: f64,
    steps: usize,
}

impl Search<'_> {
    /// Whether every way to order these pairs, with these that wait for others, takes longer than the time.
    fn refutes(&mut self, mut view: View, mut waits: Vec<(usize, usize)>, mut pairs: Vec<(usize, usize)>) -> bool {
        self.steps += 1;
        if self.steps > STEPS {
            return false;
        }
        if self.contradicts(&mut view, &mut waits, &mut pairs) || view.most_between(self.case) > self.time + 1e-9 {
            return true;
        }
        // The pair that leaves the least time, so that it shows soon.
        let least = |pair: &(usize, usize)| {
            let (one, other) = (view.in_turn(pair.0, pair.1), view.in_turn(pair.1, pair.0));
            one.min(other)
        };
        let hardest = (0..pairs.len()).max_by(|a, b| least(&pairs[*a]).total_cmp(&least(&pairs[*b])));
        let Some(hardest) = hardest else { return false };
        let (a, b) = pairs.swap_remove(hardest);
        [(a, b), (b, a)].into_iter().all(|order| {
            let waits = waits.iter().copied().chain([order]).collect();
            self.refutes(view.clone(), waits, pairs.clone())
        })
    }

    /// Moves what waits for others to when it can begin and must end, and orders the pairs for which only one order is left.
    fn contradicts(&self, view: &mut View, waits: &mut Vec<(usize, usize)>, pairs: &mut Vec<(usize, usize)>) -> bool {
        loop {
            let mut moved = false;
            for (first, second) in waits.iter().copied() {
                moved |= view.put_before(first, second);
                if view.through(first).max(view.through(second)) > self.time + 1e-9 {
                    return true;
                }
            }
            let before = pairs.len();
            pairs.retain(|(a, b)| {
                let fits = |a, b| view.in_turn(a, b) <= self.time + 1e-9;
                match (fits(*a, *b), fits(*b, *a)) {
                    (true, true) => return true,
                    (true, false) => waits.push((*a, *b)),
                    (false, _) => waits.push((*b, *a)),
                }
                false
            });
            if !moved && pairs.len() == before {
                return false;
            }
        }
    }
}
