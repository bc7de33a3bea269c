//! What a valid configuration means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use globset::Glob;

use super::command::Command;
use super::file_filter::FileFilter;
use super::stages::Repairs;
use super::words::{Affects, Kinds, OnMissing, Operation, Order, Platform, Scope, Stage, Strategy, TargetNeed};
use crate::environment::Given;
use crate::model::{CheckName, CrateName, Dialect};

/// A valid configuration: nothing in it refers to what does not exist.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the checks come from.
    pub origin: Origin,
    /// The settings of a run.
    pub settings: Settings,
    /// The checks, in the order of the configuration.
    pub checks: Vec<Check>,
    /// What packages declare about themselves.
    pub declared: BTreeMap<CrateName, Declared>,
}

impl Config {
    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name.as_str() == name)
    }
}

/// Where the checks of a configuration come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A manifest has a table of checks.
    Manifest,
    /// No manifest has one, and the default checks stand in.
    Defaults,
}

/// The settings of a whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many tasks run at a time.
    pub strategy: Strategy,
    /// What goes first; without it, that follows from the strategy.
    pub order: Option<Order>,
    /// How many slots there are; without it, as many as the machine has processors.
    pub max_parallel: Option<u32>,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Whether the failure of a critical check ends the run.
    pub stop_on_critical_failure: bool,
    /// What `--changed-only` compares with; without it, the upstream of the branch, else the default branch.
    pub base: Option<String>,
    /// Files that are not committed and that checks need, relative to the workspace root.
    pub snapshot_includes: Vec<PathBuf>,
    /// The stages whose hooks repair what is committed, and what becomes of that.
    pub repairs: BTreeMap<Stage, Repairs>,
    /// What files mean to crates that do not own them.
    pub rules: Vec<Rule>,
}

/// What some files mean to crates, whoever owns them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The files, relative to the workspace root.
    pub files: Vec<Glob>,
    /// The crates that one of them touches, as if it were their source. Where there are none, such a file touches nobody.
    pub crates: BTreeSet<CrateName>,
}

/// What nobody can see of a crate, as its manifest declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Files outside of it that it reads, relative to the workspace root.
    pub reads: Vec<Glob>,
    /// The crates whose programs its tests start.
    pub uses: BTreeSet<CrateName>,
}

/// A check: one definition for the workspace, and others for the packages that refine it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: CheckName,
    /// Its definitions. No crate is in two of them.
    pub variants: Vec<Variant>,
}

/// A definition of a check, and the crates that it holds for.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The definition.
    pub definition: Definition,
    /// The crates.
    pub crates: BTreeSet<CrateName>,
    /// Whether it holds for files of no crate as well, such as those in the root of the workspace.
    pub unowned_files: bool,
    /// The definitions that run instead where what each of them requires is installed.
    pub instead: Vec<(CheckName, Definition)>,
}

/// What a check does, in full.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a person writes")]
pub struct Definition {
    /// What it is for.
    pub description: Option<String>,
    /// The command.
    pub run: Command,
    /// The command that repairs.
    pub fix: Option<Command>,
    /// Whether that one writes nothing, but prints a diff.
    pub diff: bool,
    /// Whether the command reads a file on its standard input and writes what that should be. It then repairs as well, and
    /// prints a diff for that.
    pub filter: bool,
    /// What one task works on.
    pub scope: Scope,
    /// When it runs; nothing where the configuration does not say.
    pub stages: Option<Vec<Stage>>,
    /// What git is in the middle of where a hook leaves it out.
    pub skip_in: Vec<Operation>,
    /// The files that it is about.
    pub files: Option<FileFilter>,
    /// Which crates a change selects.
    pub affects: Affects,
    /// In which ways a crate has to be touched for that.
    pub kinds: Kinds,
    /// Further files that count, relative to the workspace root.
    pub inputs: Vec<Glob>,
    /// The target that a crate must have.
    pub with_target: Option<TargetNeed>,
    /// Which variables of the environment its command is given.
    pub env: Given,
    /// Environment variables for its command.
    pub set_env: BTreeMap<String, String>,
    /// Where it runs.
    pub cwd: Cwd,
    /// The checks that must have passed before.
    pub depends_on: Vec<CheckName>,
    /// The checks that must have ended before.
    pub after: Vec<CheckName>,
    /// Whether a failure ends the run.
    pub critical: bool,
    /// Whether the run succeeds all the same.
    pub allow_failure: bool,
    /// How long a task may take.
    pub timeout: Option<Duration>,
    /// How often a task that failed is tried again, and when.
    pub retry: Retry,
    /// Whether a pass is remembered.
    pub cache: bool,
    /// What goes first: more before less.
    pub priority: i32,
    /// How many slots a task takes.
    pub weight: u32,
    /// What only one task may use at a time.
    pub locks: Vec<String>,
    /// Whether it uses the target directory alone; nothing where the command tells.
    pub builds: Option<bool>,
    /// Whether it writes files of the workspace.
    pub generates: bool,
    /// Whether a warning of a lint fails it, though its tool is content.
    pub deny_warnings: bool,
    /// How its tool speaks.
    pub output: Dialect,
    /// The programs that it needs.
    pub requires: Vec<Requirement>,
    /// What happens when one is not installed.
    pub on_missing: OnMissing,
    /// The systems on which it runs; empty for all.
    pub platforms: Vec<Platform>,
}

/// How often a task that failed is tried again, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often at most, after the first time.
    pub times: u32,
    /// How long it waits before the first of them; before each further one, twice as long.
    pub backoff: Duration,
}

impl Retry {
    /// Not at all.
    pub const NEVER: Self = Self {
        times: 0,
        backoff: Duration::from_secs(1),
    };
}

impl Definition {
    /// Whether it runs in this stage.
    #[must_use]
    pub fn runs_in(&self, stage: Stage) -> bool {
        self.stages.as_deref().unwrap_or(&Stage::DEFAULT).contains(&stage)
    }

    /// Whether the check can only be planned by looking at the files of the workspace.
    #[must_use]
    pub fn needs_files(&self) -> bool {
        self.files.is_some() || self.scope == Scope::Files
    }
}

/// The directory in which a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cwd {
    /// A directory, relative to the workspace root.
    At(PathBuf),
    /// The directory of the crate.
    Package,
}

/// A program that a check needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its name.
    pub tool: String,
    /// The command that installs it.
    pub hint: Option<String>,
}
