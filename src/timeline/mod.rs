//! How a run went, ready to be drawn: what ran when and where, and what each task waited for.
//!
//! Pure: a [`Timeline`] is made from the events of a run, as they happened or as they were recorded, and from nothing else.
//! `gather` reads the events, `lanes` finds a place for what ran, `locks` says which waits were for what somebody else used,
//! `path` goes back from the end to what the run would have been shorter without, and `load` adds up what was busy.

mod gather;
mod lanes;
mod load;
mod locks;
mod path;
#[cfg(test)]
mod tests;
#[expect(clippy::module_inception, reason = "it holds what the room is named after")]
mod timeline;
mod trend;

pub use gather::Gatherer;
pub use load::{Load, Step};
pub use path::{Link, Why};
pub use timeline::{Attempt, Row, Segment, State, Timeline, Wait};
pub use trend::{Point, Trend};
