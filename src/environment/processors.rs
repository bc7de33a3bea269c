//! How many processors there are for this process.

use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

/// As many as the system grants, which may be fewer than the machine has: asked once, since the answer lies in several files.
#[must_use]
pub fn processors() -> NonZero<usize> {
    static GRANTED: OnceLock<NonZero<usize>> = OnceLock::new();
    *GRANTED.get_or_init(|| thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN))
}
