//! Which tasks need not run, and what is remembered of those that ran.
//!
//! It puts together what other rooms know: the files (`digests`), what they mean (`fingerprint`), what has passed
//! (`results`). [`Glance`] is what there is, [`Look`] what it means: all that keys are made of. [`Glance::passed`] says what
//! has passed before, and [`Look::keep`] remembers what passes now, after it has looked once more whether everything is still
//! as it was; what failed now and had passed on the same is forgotten.
//!
//! Nothing here makes a pass of what is none. What is not known makes a miss, and what cannot be written is one warning.

mod compiled;
mod contradictions;
mod explain;
mod keep;
mod look;
mod memory;
mod records;
mod replays;
mod stale;
mod surroundings;
mod toolchain;
mod understanding;

pub use contradictions::Contradiction;
pub use explain::{Change, Difference, Explanation, Standing, unexplained};
pub use keep::Ends;
pub use look::{Glance, KeyDigests, Keys, Known, Look, LookRequest};
pub use understanding::Understood;
