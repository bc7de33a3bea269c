//! The checks that are built in, as data.
//!
//! A preset is a check that we wrote: `presets.toml` speaks the language of the configuration and is read by the same
//! code. A new preset needs a new table there and nothing else.

/// The table of all presets.
pub const TOML: &str = include_str!("presets.toml");
