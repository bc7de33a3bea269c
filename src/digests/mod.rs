//! What the files of the working tree contain, without reading those that have not changed.
//!
//! A [`Scan`] walks through the tree once, asks the system about each file (`walk`), and reads only those of which it does
//! not say the same as when they were last read (`read`, `stored`). Nothing here is an error, and whatever is not known is
//! said to be so: what rests on it is then taken for changed.

mod around;
mod elsewhere;
mod memory;
mod names;
mod read;
mod repository;
mod rules;
mod scan;
mod stat;
mod stored;
mod tree;
mod walk;

pub use elsewhere::PathDigest;
pub use scan::{Scan, threads};
pub use tree::{Became, Content, FileEntry, FileTree, Gap, Kind};

#[cfg(test)]
mod tests;
