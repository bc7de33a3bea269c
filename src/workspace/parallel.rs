//! Work on many values at a time, on several processors. What comes of it does not depend on how many there are.

use std::thread;

use crate::environment::processors;

/// With fewer values than this for each, starting a thread takes longer than it saves.
const LEAST: usize = 24;

/// More would wait for the same memory.
const MOST: usize = 8;

/// What a job makes of each value, in order.
pub(super) fn map<T: Send, R: Send>(items: Vec<T>, job: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = processors().get().min(MOST).min(items.len() / LEAST);
    if threads < 2 {
        return items.into_iter().map(job).collect();
    }
    let size = items.len().div_ceil(threads);
    let mut items = items.into_iter();
    let mut shares: Vec<Vec<T>> = (0..threads).map(|_| items.by_ref().take(size).collect()).collect();
    let own = shares.pop().unwrap_or_default();
    let job = &job;
    thread::scope(|scope| {
        let work = |share: Vec<T>| scope.spawn(move || share.into_iter().map(job).collect::<Vec<R>>());
        let running: Vec<_> = shares.into_iter().map(work).collect();
        let own: Vec<R> = own.into_iter().map(job).collect();
        let ended = running.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.flatten().chain(own).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept() {
        for count in [0, 1, LEAST, 2 * LEAST, 3 * LEAST + 1, 1000] {
            let expected: Vec<usize> = (0..count).map(|number| number * 2).collect();
            assert_eq!(map((0..count).collect(), |number: usize| number * 2), expected);
        }
    }
}
