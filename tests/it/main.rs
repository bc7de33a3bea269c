#![allow(clippy::disallowed_methods, reason = "tests")]
mod architecture;
mod generated;
mod library;
