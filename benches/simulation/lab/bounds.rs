//! What no schedule can be faster than.

use std::collections::BTreeMap;
use std::time::Duration;

use cargo_hooks::plan::Access;

use super::graphs::Case;

/// Lower bounds of a case, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The longest of: the critical path, all work over all slots, the work on any one lock.
    pub(crate) simple: f64,
    /// As before, with more that follows from weights and from when work can begin and must end.
    pub(crate) refined: f64,
}

impl Bounds {
    pub(crate) fn of(case: &Case) -> Self {
        let view = View::new(case);
        let longest_way =
            (0..view.seconds.len()).map(|place| view.head[place] + view.tail[place] + view.seconds[place]);
        let path = longest_way.fold(0.0, f64::max);
        let all: Vec<usize> = (0..view.seconds.len()).collect();
        let locks = view.locks(case);
        let locked = locks.iter().map(|places| view.sum(places)).fold(0.0, f64::max);
        let simple = path.max(view.energy(&all, |weight| weight)).max(locked);

        let slots = f64::from(case.slots);
        let mut refined = simple;
        for places in &locks {
            refined = refined.max(view.between(places, |_| slots));
        }
        // Weights do not fill the slots as water does. A function of weights in which whatever fits together adds up to
        // no more than the slots gives a bound as well as the weights themselves.
        refined = refined.max(view.between(&all, |weight| weight));
        refined = refined.max(view.pairs(case));
        if case.has_weights {
            for k in 1..=case.slots {
                let k = f64::from(k);
                refined = refined.max(view.between(&all, |weight| threshold(weight, k, slots)));
                refined = refined.max(view.between(&all, |weight| rounding(weight, k, slots)));
            }
        }
        Self { simple, refined }
    }
}

/// What leaves less than `k` beside it counts as all, and what is less than `k` as nothing.
fn threshold(weight: f64, k: f64, slots: f64) -> f64 {
    if 2.0 * k > slots {
        weight
    } else if weight > slots - k {
        slots
    } else if weight >= k {
        weight
    } else {
        0.0
    }
}

/// How many more than `k` of the weight would be too many.
fn rounding(weight: f64, k: f64, slots: f64) -> f64 {
    let times = (k + 1.0) * weight / slots;
    if (times - times.round()).abs() < 1e-9 {
        weight
    } else {
        times.floor() * slots / k
    }
}

/// When work can begin and must end, for each task.
#[derive(Clone)]
pub(super) struct View {
    slots: f64,
    seconds: Vec<f64>,
    weights: Vec<f64>,
    /// What must pass before each task, and after it.
    head: Vec<f64>,
    tail: Vec<f64>,
}

impl View {
    pub(super) fn new(case: &Case) -> Self {
        let seconds: Vec<f64> = case.takes.iter().map(Duration::as_secs_f64).collect();
        let count = seconds.len();
        let (mut head, mut tail) = (vec![0.0_f64; count], vec![0.0_f64; count]);
        // Tasks only need such as stand before them.
        for (place, job) in case.jobs.iter().enumerate() {
            for (needed, _) in &job.needs {
                head[place] = head[place].max(head[needed.index()] + seconds[needed.index()]);
            }
        }
        for (place, job) in case.jobs.iter().enumerate().rev() {
            for (needed, _) in &job.needs {
                tail[needed.index()] = tail[needed.index()].max(tail[place] + seconds[place]);
            }
        }
        let weights = case.jobs.iter().map(|job| f64::from(job.weight.min(case.slots)));
        Self {
            slots: f64::from(case.slots),
            weights: weights.collect(),
            seconds,
            head,
            tail,
        }
    }

    /// Sets of tasks of which no two run beside each other.
    fn locks(&self, case: &Case) -> Vec<Vec<usize>> {
        let mut locks: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, job) in case.jobs.iter().enumerate() {
            for (resource, _) in job.resources.iter().filter(|(_, access)| *access == Access::Exclusive) {
                locks.entry(resource.clone()).or_default().push(place);
            }
        }
        debug_assert_eq!(self.seconds.len(), case.jobs.len());
        locks.into_values().collect()
    }

    /// Two tasks that exclude each other run one after the other, in one order or in the other.
    fn pairs(&self, case: &Case) -> f64 {
        let weight = |place: usize| case.jobs[place].weight.min(case.slots);
        let mut most = 0.0_f64;
        for a in (0..case.jobs.len()).filter(|place| weight(*place) > 1) {
            for b in (0..case.jobs.len()).filter(|b| *b != a && weight(a) + weight(*b) > case.slots) {
                // Where one leads to the other, this is no more than the critical path.
                most = most.max(self.in_turn(a, b).min(self.in_turn(b, a)));
            }
        }
        most
    }

    /// How long the run takes at least where one task comes before the other.
    pub(super) fn in_turn(&self, first: usize, second: usize) -> f64 {
        self.head[first] + self.seconds[first] + self.seconds[second] + self.tail[second]
    }

    /// How long the run takes at least, for this task.
    pub(super) fn through(&self, place: usize) -> f64 {
        self.head[place] + self.seconds[place] + self.tail[place]
    }

    /// One task waits for the other. Whether that makes a difference to either.
    pub(super) fn put_before(&mut self, first: usize, second: usize) -> bool {
        let (head, tail) = (
            self.head[first] + self.seconds[first],
            self.tail[second] + self.seconds[second],
        );
        let moved = head > self.head[second] + 1e-12 || tail > self.tail[first] + 1e-12;
        self.head[second] = self.head[second].max(head);
        self.tail[first] = self.tail[first].max(tail);
        moved
    }

    /// What all that holds a lock, or takes slots, takes between the times at which it can begin and must end.
    pub(super) fn most_between(&self, case: &Case) -> f64 {
        let all: Vec<usize> = (0..self.seconds.len()).collect();
        let locks = self.locks(case);
        let locked = locks.iter().map(|places| self.between(places, |_| self.slots));
        let half = (self.slots / 2.0).floor();
        let sizes = [
            self.between(&all, |weight| weight),
            self.between(&all, |weight| threshold(weight, half, self.slots)),
        ];
        locked.chain(sizes).fold(0.0, f64::max)
    }

    fn sum(&self, places: &[usize]) -> f64 {
        places.iter().map(|place| self.seconds[*place]).sum()
    }

    fn energy(&self, places: &[usize], size: impl Fn(f64) -> f64) -> f64 {
        let energy = places
            .iter()
            .map(|place| size(self.weights[*place]) * self.seconds[*place]);
        energy.sum::<f64>() / self.slots
    }

    /// The work of those that begin after some time and end before some time, between these two times. A few of all
    /// times are tried.
    fn between(&self, places: &[usize], size: impl Fn(f64) -> f64) -> f64 {
        let some = |times: &[f64]| -> Vec<f64> {
            let mut times: Vec<f64> = places.iter().map(|place| times[*place]).collect();
            times.sort_by(f64::total_cmp);
            times.dedup();
            let step = times.len().div_ceil(12).max(1);
            times.into_iter().step_by(step).collect()
        };
        let mut most = 0.0_f64;
        for head in some(&self.head) {
            for tail in some(&self.tail) {
                let among = |place: &&usize| self.head[**place] >= head && self.tail[**place] >= tail;
                let among: Vec<usize> = places.iter().filter(among).copied().collect();
                if !among.is_empty() {
                    most = most.max(head + self.energy(&among, &size) + tail);
                }
            }
        }
        most
    }
}
