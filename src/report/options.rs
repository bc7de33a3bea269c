//! How much is told to a person, and how it is laid out. Pure.

use crate::tool_output::Colour;

/// How it is told.
#[derive(Clone, Copy, Debug)]
pub struct HumanOptions {
    /// Whether there are colours: our own, and those in the output of tools.
    pub colour: Colour,
    /// The columns of the terminal. Where nothing is to be broken or cut to fit, `usize::MAX`.
    pub width: usize,
    /// How much is told.
    pub verbosity: Verbosity,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Nothing, unless something went wrong: then the failures and the summary.
    Quiet,
    /// A line for each task that ran, the failures, and the summary.
    Normal,
    /// Also what starts, what passing tasks wrote, and all of what failing tasks wrote.
    Verbose,
}
