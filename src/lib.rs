//! Runs the checks of a Rust workspace.

pub mod diagnostic;
pub mod event;
pub mod model;
