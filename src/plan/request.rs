//! What somebody asks for, and what is known about the machine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cargo::CargoSettings;
use super::reuse::Passed;
use crate::affected::Affected;
use crate::changes::Comparison;
use crate::config::{Operation, Order, Stage, Strategy};
use crate::history::History;
use crate::model::{CheckName, keyword};
use crate::tool_output::Colour;

/// What to run, and how. The default is every check on every crate, without colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The checks to run; every check of the stage where there are none.
    pub checks: Vec<CheckName>,
    /// The checks not to run.
    pub skip: Vec<CheckName>,
    /// The crates to work on.
    pub crates: CrateSelection,
    /// Only what differs between two states of the tree; everything where nothing is compared.
    pub changes: Option<Comparison>,
    /// Only checks of this stage.
    pub stage: Option<Stage>,
    /// What git has handed to the hook that this is for, if it is for one.
    pub hook: Option<HookInput>,
    /// Whether to repair first.
    pub mode: Mode,
    /// A time limit for every task, in the place of the configured ones.
    pub timeout: Option<Duration>,
    /// Whether the first failure ends the run, in the place of the configured setting.
    pub fail_fast: Option<bool>,
    /// How many slots there are, in the place of the configured number.
    pub max_workers: Option<u32>,
    /// The strategy, in the place of the configured one.
    pub strategy: Option<Strategy>,
    /// What goes first, in the place of the configured order.
    pub order: Option<Order>,
    /// How often a task that failed is tried again, in the place of the configured numbers.
    pub retries: Option<u32>,
    /// What use is made of what has passed before.
    pub cache: CacheUse,
    /// Whether tools write in colour.
    pub colour: Colour,
    /// Options for cargo.
    pub cargo_options: Vec<CargoOption>,
    /// What somebody who runs a task again has to type as well, such as `--manifest-path x/Cargo.toml`.
    pub rerun_with: Vec<String>,
    /// The command that runs all of it again, where `cargo hooks check` would look at something else.
    pub rerun: Option<String>,
}

/// What git hands to one of its hooks, as far as checks can see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookInput {
    /// The arguments.
    pub args: Vec<OsString>,
    /// The file with the message of the commit, absolute; some hooks are given one.
    pub message_file: Option<PathBuf>,
    /// What git is in the middle of.
    pub during: Vec<Operation>,
}

/// Which crates to work on, as names with `*` and `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateSelection {
    /// Only these; all where there are none.
    pub include: Vec<String>,
    /// But none of these.
    pub exclude: Vec<String>,
}

impl CrateSelection {
    /// Whether somebody asked for certain crates.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }
}

/// Whether a run looks or repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Checks only.
    #[default]
    Check,
    /// Repairs what can be repaired, then checks.
    Fix,
    /// Repairs what can be repaired, and checks nothing: what was repaired is looked at elsewhere.
    Repair,
}

impl Mode {
    /// Whether what can be repaired is repaired.
    pub(crate) fn repairs(self) -> bool {
        self != Self::Check
    }
}

/// What use a run makes of what has passed before on the same content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheUse {
    /// It does not run again, and what passes now is remembered.
    #[default]
    Reuse,
    /// The same, but so many of a hundred of those that need not run do run, chosen by chance, to see whether they still pass.
    Doubt(u8),
    /// Everything runs, and what passes is remembered.
    Refresh,
    /// Everything runs, and nothing is remembered.
    Off,
}

keyword! {
    /// An option that every cargo command understands which resolves dependencies.
    pub enum CargoOption {
        /// The lock file must be up to date.
        Locked = "--locked",
        /// The network is not used.
        Offline = "--offline",
        /// Both.
        Frozen = "--frozen",
    }
}

/// What is known about the machine and the files. Gathered by the shell, so that planning looks at nothing itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The programs that were found, by the name that they were looked up by.
    pub tools: BTreeMap<String, PathBuf>,
    /// The files of the workspace, relative to its root. Empty where no check needs them.
    pub files: Vec<PathBuf>,
    /// What the changes that were asked for touch; nothing where everything is to be worked on.
    pub affected: Option<Arc<Affected>>,
    /// The operating system, as [`std::env::consts::OS`] names it.
    pub system: String,
    /// How many tasks the machine can run at a time.
    pub parallelism: u32,
    /// Where cargo builds, and what its subcommands are called.
    pub cargo: CargoSettings,
    /// How many bytes of arguments one command may have.
    pub argument_bytes: usize,
    /// What earlier runs have taught.
    pub history: Arc<History>,
    /// What need not run, since it has passed before on the same content.
    pub passed: Passed,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A check that does not exist.
    #[error("there is no check `{name}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownCheck {
        /// What was asked for.
        name: String,
        /// The check that is probably meant.
        nearest: Option<String>,
    },
    /// A crate that does not exist.
    #[error("no crate of the workspace is named `{name}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownCrate {
        /// What was asked for.
        name: String,
        /// The crate that is probably meant.
        nearest: Option<String>,
    },
    /// A crate pattern that cannot be read.
    #[error("`{pattern}` is no pattern for names of crates: {problem}")]
    BadPattern {
        /// What was asked for.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A check with an argument that no command line can hold.
    #[error("`{check}` has an argument of {bytes} bytes, and its command has room for {limit} on this system")]
    ArgumentTooLong {
        /// The check.
        check: CheckName,
        /// What the argument takes, with what the system adds to it.
        bytes: usize,
        /// What the rest of the command leaves of the space for arguments.
        limit: usize,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|nearest| format!("; did you mean `{nearest}`?"))
        .unwrap_or_default()
}
