//! Decides what starts when: a state machine that is told what happened and answers what to do.
//!
//! Pure. It knows no clock, starts nothing, and is tested without processes.

mod forecast;
mod machine;
mod resources;
#[cfg(test)]
mod tests;

pub use forecast::Forecast;
pub use machine::{Effect, Message, Schedule, Verdict};
