//! The shortest schedule there is, for a few tasks.

use std::time::Duration;

use super::graphs::Case;

/// The shortest time that the case can take, in seconds.
///
/// Every way to place the tasks one after the other, each as early as it fits, is tried, unless it cannot become better
/// than the best so far. One of them is an optimum.
pub(crate) fn optimum(case: &Case, known: f64) -> f64 {
    let seconds: Vec<f64> = case.takes.iter().map(Duration::as_secs_f64).collect();
    let mut tail = seconds.clone();
    for (place, job) in case.jobs.iter().enumerate().rev() {
        for (needed, _) in &job.needs {
            tail[needed.index()] = tail[needed.index()].max(seconds[needed.index()] + tail[place]);
        }
    }
    let mut search = Search {
        case,
        seconds,
        tail,
        start: vec![None; case.jobs.len()],
        best: known,
    };
    search.place_next();
    search.best
}

/// When each task ends in the schedule of the least cost, in seconds: all are tried. What tasks end earlier for must never
/// cost more.
pub(crate) fn least(case: &Case, cost: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut search = Search {
        case,
        seconds: case.takes.iter().map(Duration::as_secs_f64).collect(),
        tail: Vec::new(),
        start: vec![None; case.jobs.len()],
        best: f64::INFINITY,
    };
    let mut best = Vec::new();
    search.place_all(&mut |search, ends| {
        let cost = cost(ends);
        if cost < search.best {
            search.best = cost;
            best = ends.to_vec();
        }
    });
    best
}

struct Search<'a> {
    case: &'a Case,
    seconds: Vec<f64>,
    /// From the start of each task to the end, at least.
    tail: Vec<f64>,
    start: Vec<Option<f64>>,
    best: f64,
}

impl Search<'_> {
    fn place_next(&mut self) {
        let mut open = false;
        for place in 0..self.start.len() {
            if self.start[place].is_some() {
                continue;
            }
            open = true;
            let Some(at) = self.earliest(place) else { continue };
            self.start[place] = Some(at);
            // Whatever is not placed yet comes after what it needs, and before what needs it.
            let least = (0..self.start.len()).filter_map(|other| Some(self.start[other]? + self.tail[other]));
            if least.fold(0.0, f64::max) < self.best - 1e-9 {
                self.place_next();
            }
            self.start[place] = None;
        }
        if !open {
            let ends = (0..self.start.len()).filter_map(|place| Some(self.start[place]? + self.seconds[place]));
            self.best = self.best.min(ends.fold(0.0, f64::max));
        }
    }

    /// Every way to place the tasks one after the other, each as early as it fits.
    fn place_all(&mut self, found: &mut impl FnMut(&mut Self, &[f64])) {
        let open: Vec<usize> = (0..self.start.len())
            .filter(|place| self.start[*place].is_none())
            .collect();
        if open.is_empty() {
            let ends = self.start.iter().zip(&self.seconds);
            let ends: Vec<f64> = ends.filter_map(|(start, seconds)| Some((*start)? + seconds)).collect();
            found(self, &ends);
        }
        for place in open {
            if let Some(at) = self.earliest(place) {
                self.start[place] = Some(at);
                self.place_all(found);
                self.start[place] = None;
            }
        }
    }

    /// The first time at which the task fits; nothing while something that it needs has no place.
    fn earliest(&self, place: usize) -> Option<f64> {
        let mut after = 0.0_f64;
        for (needed, _) in &self.case.jobs[place].needs {
            after = after.max(self.start[needed.index()]? + self.seconds[needed.index()]);
        }
        let ends = (0..self.start.len()).filter_map(|other| Some(self.start[other]? + self.seconds[other]));
        let mut times: Vec<f64> = ends.filter(|end| *end > after).chain([after]).collect();
        times.sort_by(f64::total_cmp);
        times.into_iter().find(|at| self.fits(place, *at))
    }

    fn fits(&self, place: usize, at: f64) -> bool {
        let end = at + self.seconds[place];
        let beside: Vec<usize> = (0..self.start.len())
            .filter(|other| {
                self.start[*other].is_some_and(|start| start < end - 1e-9 && start + self.seconds[*other] > at + 1e-9)
            })
            .collect();
        if beside.iter().any(|other| self.case.locks_out(place, *other)) {
            return false;
        }
        // The most that runs at once while this one would is when it starts, or when another one does.
        let weight = |place: usize| self.case.jobs[place].weight.min(self.case.slots);
        let starts = beside
            .iter()
            .filter_map(|other| self.start[*other])
            .filter(|start| *start > at);
        starts.chain([at]).all(|time| {
            let running = beside.iter().filter(|other| {
                self.start[**other]
                    .is_some_and(|start| start <= time + 1e-9 && start + self.seconds[**other] > time + 1e-9)
            });
            running.map(|other| weight(*other)).sum::<u32>() + weight(place) <= self.case.slots
        })
    }
}
