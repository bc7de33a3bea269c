//! `cargo xtask verify`: holds what this program works out against what cargo says and does.

mod cargo;
mod closure;
mod dispatch;
mod freshness;
mod members;
mod mutations;
mod random;
mod records;
mod scratch;
mod tree;

pub(crate) use dispatch::verify;
