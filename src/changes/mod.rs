//! Which files there are, and which of them changed.

mod tree;

pub use tree::{TreeState, files};
