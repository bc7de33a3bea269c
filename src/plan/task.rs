//! A task: the smallest thing that runs and has a verdict.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::event::TaskHead;
use crate::model::{CheckName, CrateName, Dialect};

/// One unit of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What reporters need to know of it.
    pub head: Arc<TaskHead>,
    /// The crates that it works on; empty where it is about the whole workspace or about files.
    pub crates: Vec<CrateName>,
    /// Whether it judges or repairs.
    pub role: Role,
    /// What it runs.
    pub command: TaskCommand,
    /// How its tool speaks.
    pub output: Dialect,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How many slots it takes.
    pub weight: u32,
    /// What it uses, alone or with others.
    pub resources: Vec<(Resource, Access)>,
    /// Whether its failure ends the run.
    pub critical: bool,
    /// The files that must be the same afterwards, for a check that generates them.
    pub unchanged: Option<crate::config::FileFilter>,
}

/// What a task is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says whether all is well.
    Judge,
    /// It repairs what it can. The task that judges comes after it and has the last word.
    Repair,
}

/// The command of a task, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCommand {
    /// The program.
    pub program: Program,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The directory in which it runs, absolute.
    pub cwd: PathBuf,
    /// The variables that it is given on top of the environment of the run.
    pub env: BTreeMap<String, String>,
}

/// A program, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// As the configuration names it.
    pub name: String,
    /// Where it is. Nothing for a path, which the system looks up from the directory of the command.
    pub path: Option<PathBuf>,
}

/// Something that tasks cannot all use at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The files of the workspace: read by all, written by what repairs or generates.
    Tree,
    /// Cargo's build directory. Cargo would let the second command wait unseen.
    BuildDirectory,
    /// What the configuration names in `locks`.
    Named(String),
}

/// How a task uses a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Together with others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// A program that a check needs and that is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTool {
    /// Its name.
    pub tool: String,
    /// The command that installs it.
    pub hint: Option<String>,
    /// The first check that needs it.
    pub check: CheckName,
}
