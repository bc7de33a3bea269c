//! Which files there are, and which of them changed.

mod tree;

pub use tree::{Tree, TreeState};
