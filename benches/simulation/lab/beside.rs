//! A lower bound from what can run side by side at all: for cases where no simple bound comes near to the schedule.

use std::time::Duration;

use super::graphs::Case;

/// A search for a set looks at so many places at most; then it answers with what may be left.
const STEPS: usize = 20_000;
/// How much each set counts. Less comes nearer to the best bound, and takes longer.
const EXTENT: f64 = 0.1;

/// What no schedule of the case can be faster than, in seconds.
///
/// At each moment, some set of tasks runs whose weights fit the slots, of which no two share a lock or wait for each other.
/// Give each task a worth, and let no such set be worth more than one: then the run takes at least the sum of worth times
/// duration. That holds for any worth; a good one is found by making less of what the worthiest set has in it, in so many
/// rounds.
pub(crate) fn beside(case: &Case, rounds: usize) -> f64 {
    let tasks = Tasks::new(case);
    let mut covered = vec![0.0; tasks.seconds.len()];
    let mut most = 0.0_f64;
    for _ in 0..rounds {
        let worth: Vec<f64> = (covered.iter().zip(&tasks.seconds))
            .map(|(covered, seconds): (&f64, &f64)| (-covered / seconds).exp() / seconds)
            .collect();
        let found = tasks.worthiest(&worth);
        let sum: f64 = worth
            .iter()
            .zip(&tasks.seconds)
            .map(|(worth, seconds)| worth * seconds)
            .sum();
        most = most.max(sum / found.at_most);
        let shortest = found
            .set
            .iter()
            .map(|place| tasks.seconds[*place])
            .fold(f64::INFINITY, f64::min);
        for place in found.set {
            covered[place] += EXTENT * shortest;
        }
        // What is left must neither vanish nor lose its digits.
        let least = (covered.iter().zip(&tasks.seconds)).map(|(covered, seconds)| covered / seconds);
        let least = least.fold(f64::INFINITY, f64::min);
        for (covered, seconds) in covered.iter_mut().zip(&tasks.seconds) {
            *covered -= least * seconds;
        }
    }
    most
}

struct Tasks {
    slots: u32,
    weights: Vec<u32>,
    seconds: Vec<f64>,
    /// Whether two tasks never run beside each other, whatever the slots.
    apart: Vec<Vec<bool>>,
}

/// The worthiest set that was found, and what no set is worth more than.
struct Found {
    set: Vec<usize>,
    at_most: f64,
}

impl Tasks {
    fn new(case: &Case) -> Self {
        let count = case.jobs.len();
        // What each task waits for, all the way: tasks only need such as stand before them.
        let mut waits = vec![vec![false; count]; count];
        for (place, job) in case.jobs.iter().enumerate() {
            for (needed, _) in &job.needs {
                let before = waits[needed.index()].clone();
                for (waits, also) in waits[place].iter_mut().zip(before) {
                    *waits |= also;
                }
                waits[place][needed.index()] = true;
            }
        }
        let are_apart = |a: usize, b: usize| waits[a.max(b)][a.min(b)] || case.excludes(a, b);
        let apart = (0..count)
            .map(|a| (0..count).map(|b| are_apart(a, b)).collect())
            .collect();
        Self {
            slots: case.slots,
            weights: case.jobs.iter().map(|job| job.weight.min(case.slots)).collect(),
            seconds: case.takes.iter().map(Duration::as_secs_f64).collect(),
            apart,
        }
    }

    fn worthiest(&self, worth: &[f64]) -> Found {
        let density = |place: usize| worth[place] / f64::from(self.weights[place]);
        let mut candidates: Vec<usize> = (0..worth.len()).collect();
        candidates.sort_by(|a, b| density(*b).total_cmp(&density(*a)));
        let mut search = Search {
            tasks: self,
            worth,
            set: Vec::new(),
            best: (0.0, Vec::new()),
            open: 0.0,
            steps: 0,
        };
        search.extend(0.0, self.slots, &candidates);
        let Search {
            best: (value, set),
            open,
            ..
        } = search;
        Found {
            set,
            at_most: value.max(open),
        }
    }
}

struct Search<'a> {
    tasks: &'a Tasks,
    worth: &'a [f64],
    set: Vec<usize>,
    best: (f64, Vec<usize>),
    /// What may be worth as much where the search was given up.
    open: f64,
    steps: usize,
}

impl Search<'_> {
    fn extend(&mut self, value: f64, free: u32, candidates: &[usize]) {
        self.steps += 1;
        if value > self.best.0 {
            self.best = (value, self.set.clone());
        }
        for (skipped, place) in candidates.iter().copied().enumerate() {
            let most = value + self.filled(free, &candidates[skipped..]);
            if most <= self.best.0 {
                return;
            }
            if self.steps > STEPS {
                self.open = self.open.max(most);
                return;
            }
            let left = free - self.tasks.weights[place];
            let beside: Vec<usize> = candidates[skipped + 1..]
                .iter()
                .copied()
                .filter(|other| self.tasks.weights[*other] <= left && !self.tasks.apart[place][*other])
                .collect();
            self.set.push(place);
            self.extend(value + self.worth[place], left, &beside);
            self.set.pop();
        }
    }

    /// What would fill the slots as water does. The candidates come by what a slot of them is worth.
    fn filled(&self, free: u32, candidates: &[usize]) -> f64 {
        let (mut left, mut sum) = (free, 0.0);
        for place in candidates {
            let weight = self.tasks.weights[*place];
            if weight > left {
                return sum + self.worth[*place] * f64::from(left) / f64::from(weight);
            }
            left -= weight;
            sum += self.worth[*place];
        }
        sum
    }
}
