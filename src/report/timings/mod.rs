//! Draws how a run went: as one page that needs nothing else, and as a trace for programs that show such.
//!
//! What names, tools and configurations have written is data in both: it is made harmless, embedded as JSON, and becomes
//! text of the page and nothing else. The page lets no script in but its own.

mod data;
mod page;
mod reporter;
#[cfg(test)]
mod tests;
mod trace;

pub use page::timings_page;
pub use reporter::{TimingsForm, TimingsReporter};
pub use trace::timings_trace;

use crate::timeline::Trend;

/// What is to be known of a run, apart from its events.
#[derive(Clone, Debug, Default)]
pub struct TimingsAbout {
    /// Its number, where it has one already.
    pub run: Option<u64>,
    /// When it began, as people write it.
    pub began: String,
    /// Whether it was limited to what changes touch.
    pub limited: bool,
    /// Whether it repaired first.
    pub repairs: bool,
    /// How its checks went in the runs before it, and in itself where it has a number.
    pub trends: Vec<Trend>,
}
