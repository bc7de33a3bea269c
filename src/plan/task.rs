//! A task: the smallest thing that runs and has a verdict.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::command_line::fill;
use super::units::{Scene, Unit, joined};
use crate::config::{Command, Cwd, Definition, FileFilter};
use crate::event::TaskHead;
use crate::model::{CheckName, CrateName, Dialect, TaskId};

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
    pub unchanged: Option<FileFilter>,
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

/// What a task is made for.
pub(super) struct Purpose<'a> {
    pub(super) check: &'a CheckName,
    /// The preset that runs in the place of the check, if one does.
    pub(super) part: &'a str,
    pub(super) definition: &'a Definition,
    pub(super) role: Role,
    /// What it runs: the command of the definition, or the one that repairs.
    pub(super) command: &'a Command,
}

impl Task {
    /// The task for a unit. It gets its place later.
    pub(super) fn new(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>) -> Self {
        let definition = purpose.definition;
        let repairs = purpose.role == Role::Repair;
        let generates = definition.generates && !repairs;
        Self {
            head: Arc::new(head(purpose, unit, scene)),
            crates: unit.crates.clone(),
            role: purpose.role,
            command: command(purpose, unit, scene),
            output: definition.output,
            timeout: scene.request.timeout.or(definition.timeout),
            weight: definition.weight,
            resources: resources(purpose, repairs || generates),
            critical: definition.critical && !repairs,
            unchanged: generates.then(|| definition.files.clone().unwrap_or_else(FileFilter::everything)),
        }
    }
}

fn head(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>) -> TaskHead {
    let check = purpose.check;
    let named = unit.crates.iter().filter(|_| !unit.whole);
    let packages: String = named.flat_map(|krate| [" -p ", krate.as_str()]).collect();
    let options = scene
        .request
        .rerun_with
        .iter()
        .map(|word| format!(" {}", shell_words::quote(word)));
    let options: String = options.collect();
    let rerun = format!("cargo hooks check {check}{packages}{options}");
    let repairs = purpose.role == Role::Repair;
    let fix = purpose.definition.fix.as_ref().filter(|_| !repairs);
    TaskHead {
        id: TaskId(0),
        check: check.clone(),
        unit: joined(&[purpose.part, &unit.label, if repairs { "fix" } else { "" }]),
        may_fail: purpose.definition.allow_failure || repairs,
        fix: fix.map(|_| format!("{rerun} --fix")),
        rerun,
    }
}

fn command(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>) -> TaskCommand {
    let (name, args) = fill(purpose.command, &unit.filling);
    let root = &scene.workspace.root;
    let cwd = match (&purpose.definition.cwd, unit.filling.package) {
        (Cwd::Package, Some((_, dir))) => dir.to_owned(),
        (Cwd::Package, None) => root.clone(),
        (Cwd::At(dir), _) if dir.as_os_str().is_empty() => root.clone(),
        (Cwd::At(dir), _) => root.join(dir),
    };
    let path = scene.facts.tools.get(&name).cloned();
    TaskCommand {
        program: Program { name, path },
        args,
        cwd,
        env: purpose.definition.set_env.clone(),
    }
}

fn resources(purpose: &Purpose<'_>, writes: bool) -> Vec<(Resource, Access)> {
    let definition = purpose.definition;
    let tree = if writes { Access::Exclusive } else { Access::Shared };
    let builds = definition.builds.unwrap_or_else(|| purpose.command.builds());
    let named = definition.locks.iter().cloned().map(Resource::Named);
    let exclusive = builds.then_some(Resource::BuildDirectory).into_iter().chain(named);
    std::iter::once((Resource::Tree, tree))
        .chain(exclusive.map(|resource| (resource, Access::Exclusive)))
        .collect()
}
