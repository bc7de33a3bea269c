//! The environment that checks run in, and the programs that are found in it.

mod given;
mod leaks;
mod processors;
mod tools;

pub use given::Given;
pub use leaks::Environment;
pub use processors::processors;
pub use tools::{NOT_INSTALLED, argument_bytes, locate, version};
