//! Decides what starts when: a state machine that is told what happened, and when, and answers what to do.
//!
//! Pure. It knows no clock, starts nothing, and is tested without processes. [`simulate`] drives it through runs that
//! never take place.

mod chance;
mod forecast;
mod job;
mod locks;
mod machine;
mod message;
mod order;
mod outlook;
mod queue;
mod rehearsal;
mod retry;
mod simulate;
mod states;
#[cfg(test)]
mod tests;

pub use forecast::Forecast;
pub use job::{AddError, Job, Rules};
pub use machine::Schedule;
pub use message::{Effect, Message, Verdict};
pub use order::{Agenda, BuiltIn, Situation, Tactics};
pub use outlook::Outlook;
pub use simulate::{Course, Play, Span, simulate};
