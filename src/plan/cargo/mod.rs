//! What is known of cargo: which calls of it a command makes, what it builds where, and how its commands can be made
//! better without a change of what they say.
//!
//! Pure. What of it depends on files and the environment stands in [`CargoSettings`].

mod call;
mod judged;
mod locks;
mod nextest;
mod settings;

pub(super) use call::{Call, Words, is_shell, recognise};
pub(super) use judged::{names_others, runs_what_it_builds, take_denied_warnings, targets};
pub(super) use locks::{Place, locks, locks_anywhere, locks_to_run};
pub(super) use nextest::{Split, split};
pub use settings::{CargoSettings, ConfigText};
