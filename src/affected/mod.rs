//! Which crates a change touches, in which way, and why.
//!
//! Pure: one function of two states of the workspace and what differs between them. Nothing here asks git or cargo,
//! reads a file or knows what will run. Where something is not known, the answer is the wider one and says so.

mod attribution;
mod closure;
mod compute;
#[cfg(test)]
pub(crate) mod fixture;
mod links;
mod locks;
mod manifests;
mod outcome;
mod owned;
mod rules;
mod select;

#[cfg(test)]
mod tests;

pub(crate) use attribution::{Attribution, FileTouches};
pub(crate) use closure::Links;
pub use compute::{Input, affected};
pub(crate) use manifests::{parts, root_parts};
pub(crate) use outcome::from_root;
pub use outcome::{Affected, AffectedCrate, Cause, ChangedFile, Link, Step, Touch};
pub use rules::{FILE_RULES, FileRule, Meaning};
pub use select::{Selected, SelectedFiles};
