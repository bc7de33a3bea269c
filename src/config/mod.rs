//! From the text of the manifests to a valid [`Config`], or to all that is wrong with them at once.
//!
//! Pure. `raw` holds what a person may write, key by key; `definition` what it means; `resolve` brings the
//! workspace's table, the packages' tables and the presets together. Nothing here knows which files exist, which
//! tools are installed or which crates changed.

mod command;
mod cycle;
mod declared;
mod definition;
mod draft;
mod file_filter;
mod filter;
mod follows;
mod raw;
mod reader;
mod resolve;
mod schema;
mod stages;
mod subcommand;
mod tables;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub(crate) use command::TAKING_A_VALUE;
pub use command::{Command, Hole, Piece, Word};
pub use definition::{Check, Config, Cwd, Declared, Definition, Origin, Requirement, Retry, Rule, Settings, Variant};
pub use file_filter::FileFilter;
pub(crate) use file_filter::glob_set;
pub use resolve::{presets, resolve};
pub use schema::schema;
pub use stages::Repairs;
pub use subcommand::{Builds, RestsOn, Subcommand, built_in_alias, subcommand};
pub use tables::{ConfigInput, Member, syntax_mistakes};
pub(crate) use value::path_below;
pub use words::{Affects, Kind, Kinds, OnMissing, Operation, Order, Platform, Scope, Stage, Strategy, TargetNeed};
