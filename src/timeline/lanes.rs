//! Finds a place for everything that ran: a lane is a slot, and holds one thing at a time.

use std::time::Duration;

/// Something that takes lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// How many.
    pub(super) lanes: usize,
}

/// The lanes of each, in the order in which they began, and how many lanes there are. There are at least `lanes`, and more
/// only where more ran beside each other than was said.
pub(super) fn lanes(takers: &[Taker], lanes: usize) -> (Vec<Vec<usize>>, usize) {
    let mut free_from = vec![Duration::ZERO; lanes];
    let mut found = Vec::with_capacity(takers.len());
    for taker in takers {
        let wanted = taker.lanes.max(1);
        let mut taken = neighbours(&free_from, taker.from, wanted);
        if taken.is_empty() {
            let free = free_from.iter().enumerate().filter(|(_, free)| **free <= taker.from);
            taken = free.map(|(lane, _)| lane).take(wanted).collect();
        }
        while taken.len() < wanted {
            taken.push(free_from.len());
            free_from.push(Duration::ZERO);
        }
        for lane in &taken {
            free_from[*lane] = taker.to;
        }
        found.push(taken);
    }
    (found, free_from.len())
}

/// The first free lanes that lie beside each other; none where there are not so many.
fn neighbours(free_from: &[Duration], at: Duration, wanted: usize) -> Vec<usize> {
    let mut places = 0..(free_from.len() + 1).saturating_sub(wanted);
    let first = places.find(|first| free_from[*first..first + wanted].iter().all(|free| *free <= at));
    first.map_or_else(Vec::new, |first| (first..first + wanted).collect())
}
