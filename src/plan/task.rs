//! A task: the smallest thing that runs and has a verdict.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::basis::Basis;
use super::cargo::{
    Place, Split, Words, locks, locks_anywhere, locks_to_run, names_others, recognise, runs_what_it_builds, split,
    take_denied_warnings, targets,
};
use super::command_line::{fill, places_of_file};
use super::files::reach;
use super::identity;
use super::jobs::{self, Jobs};
use super::units::{Scene, Unit, joined};
use crate::config::{Command, Cwd, Definition, FileFilter, Retry};
use crate::environment::Given;
use crate::event::TaskHead;
use crate::history::{Estimate, Extent, TaskKey};
use crate::model::{CheckName, CrateName, Dialect, Finding, TaskId};
use crate::tool_output::Targets;

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
    /// How long it may take, as somebody has said; [`Plan::limit_of`](super::Plan::limit_of) is what holds.
    pub timeout: Option<Duration>,
    /// How often it is tried again when it fails.
    pub retry: Retry,
    /// What goes first: more before less.
    pub priority: i32,
    /// How many slots it takes.
    pub weight: u32,
    /// What it uses, alone or with others.
    pub resources: Vec<(Resource, Access)>,
    /// Whether its failure ends the run.
    pub critical: bool,
    /// What makes it the same as a task of another run.
    pub key: TaskKey,
    /// How much it does.
    pub extent: Extent,
    /// What earlier runs let expect of it, where there were any.
    pub estimate: Option<Estimate>,
    /// The files that must be the same afterwards, for a check that generates them.
    pub unchanged: Option<FileFilter>,
    /// What is special about how it is run and judged.
    pub handling: Handling,
    /// What its verdict rests upon; nothing where a pass of it is not remembered.
    pub basis: Option<Arc<Basis>>,
    /// The crates that it would work on as well, had they not passed before on the same content.
    pub passed_before: Vec<CrateName>,
    /// What these, or the whole task, said when they passed.
    pub replay: Replay,
}

/// What a task said when it passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// What its pass meant.
    pub note: Option<String>,
    /// What it found.
    pub findings: Vec<Finding>,
    /// What it wrote.
    pub output: Vec<u8>,
}

/// What is special about how a task is run and judged. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// The file that is to hold what it writes to standard output, once it has passed.
    pub kept_output: Option<PathBuf>,
    /// Whether a warning of a lint fails it, though its tool is content.
    pub deny_warnings: bool,
    /// Whether it calls cargo, which may have to wait for locks that somebody else holds.
    pub cargo: CargoUse,
    /// The targets of each crate that it builds, where its command tells.
    pub targets: Option<Targets>,
    /// Whether its command may name other crates than those that the task is about, so that nothing can be said of single
    /// ones.
    pub names_others: bool,
    /// How it takes part in the jobs of the run.
    pub jobs: Jobs,
    /// What it has to do with a diff that a fixer prints.
    pub diff: Diff,
}

/// What a task has to do with a diff that a fixer prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Diff {
    /// Nothing.
    #[default]
    No,
    /// It prints one.
    Prints,
    /// It applies the one that another task has printed. Only where that does not fit any more, it runs its command, which
    /// prints another one.
    Applies {
        /// The task that printed it.
        printed_by: TaskId,
        /// What it may change: these files, and what lies in these directories, relative to the root of the workspace.
        /// Nothing where it may change every file.
        only: Option<Vec<PathBuf>>,
    },
}

/// What a task does with cargo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CargoUse {
    /// Nothing that can be seen.
    #[default]
    NotCalled,
    /// It calls it.
    Called,
    /// It calls it and runs what was built, and the reader of its output sees when that begins. It needs cargo's locks no
    /// longer then.
    RunsWhatItBuilt,
}

/// What a task is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says whether all is well.
    Judge,
    /// It builds what the task after it runs. Its pass says nothing of the check, and is of no use without what it built.
    Build,
    /// It prints, as a diff, what is to be repaired, and leaves all files as they are.
    Propose,
    /// It repairs what it can. The task that judges comes after it and has the last word.
    Repair,
}

impl Role {
    /// Whether it is a part of repairing. Then its failure fails nothing: the task that judges has the last word.
    #[must_use]
    pub fn is_of_repair(self) -> bool {
        matches!(self, Self::Propose | Self::Repair)
    }
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
    /// Which variables of the environment of the run it is given.
    pub given: Given,
    /// The variables that it is given on top of these.
    pub env: BTreeMap<String, String>,
    /// The files that it is run for, where it is a filter.
    pub over: Option<OverFiles>,
}

/// What a filter is run for: once for each file, which it reads on its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverFiles {
    /// The root of the workspace, absolute. No file outside of it is read.
    pub root: PathBuf,
    /// The files, each as it is named to the command: from the directory in which that runs, or absolute.
    pub files: Vec<OsString>,
    /// Where the arguments have `{file}`, which the name of the file takes the place of.
    pub named_at: Vec<FilePlace>,
    /// How many of them are run at a time.
    pub at_a_time: u32,
}

/// A place in arguments: of `{file}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePlace {
    /// The argument, without the program.
    pub argument: usize,
    /// How many bytes of it come before.
    pub byte: usize,
}

impl OverFiles {
    /// What stands in the place of a name.
    pub const FILE: &str = "{file}";
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
    /// The files of the workspace: alone to what may write any of them, and shared by all others.
    Tree,
    /// Some of the files, by a number that means something in one plan only: alone to what writes them, shared by what
    /// may read one of them. Nobody writes files that are in none of these, but who has the tree alone.
    Files(u32),
    /// A directory that cargo builds in. Where it holds a lock of cargo's (`target/debug`), the second command would wait
    /// for it unseen. Whoever uses one shares the target directory above it, which is alone to what may use all of it.
    BuildDirectory(Arc<Path>),
    /// The programs that a build puts into a directory: alone to what builds them, shared by tests that start them.
    Programs(Arc<Path>),
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
        let repairs = purpose.role.is_of_repair();
        let generates = definition.generates && !repairs;
        let (key, extent) = (identity::key(purpose, unit), identity::extent(purpose, unit));
        let mut command = command(purpose, unit, scene);
        let mut handling = handling(purpose, unit, scene, &mut command);
        let resources = resources(purpose, &command, scene, purpose.role == Role::Repair || generates);
        handling.jobs = jobs::of(&command, &resources, &scene.facts.cargo);
        handling.diff = diff(purpose, unit, scene, &command);
        let basis = Basis::new(purpose, unit, scene, &command, &handling).map(Arc::new);
        Self {
            basis,
            passed_before: Vec::new(),
            replay: Replay::default(),
            head: Arc::new(head(purpose, unit, scene)),
            crates: unit.crates.clone(),
            role: purpose.role,
            output: definition.output,
            timeout: scene.request.timeout.or(definition.timeout),
            retry: if repairs {
                Retry::NEVER
            } else {
                retry(definition, scene)
            },
            priority: definition.priority,
            weight: definition.weight,
            resources,
            command,
            critical: definition.critical && !repairs,
            estimate: scene.facts.history.estimate(&key, extent),
            key,
            extent,
            unchanged: generates.then(|| definition.files.clone().unwrap_or_else(FileFilter::everything)),
            handling,
        }
    }

    /// The task that builds what this one runs, which is then changed to run it only; nothing where the two are one.
    ///
    /// A check that may fail stays whole: what follows a task that may fail goes on after its failure, and tests must not
    /// run that were not built.
    pub(super) fn build_first(&mut self, definition: &Definition, scene: &Scene<'_>) -> Option<Self> {
        let settings = &scene.facts.cargo;
        if self.role != Role::Judge
            || definition.builds.is_some()
            || definition.allow_failure
            || definition.generates
            || definition.filter
        {
            return None;
        }
        let Split { build, run, list } = split(&self.command, settings, &scene.workspace.root)?;
        let mut first = self.clone();
        let head = Arc::make_mut(&mut first.head);
        head.unit = joined(&[&head.unit, "build"]);
        head.fix = None;
        first.role = Role::Build;
        first.basis = None;
        first.key.part = joined(&[&first.key.part, "build"]);
        first.estimate = scene.facts.history.estimate(&first.key, first.extent);
        first.output = Dialect::Nextest;
        first.command = build;
        first.handling.kept_output = Some(list);
        first.handling.cargo = CargoUse::Called;
        self.handling.cargo = CargoUse::Called;
        if let Words::Cargo(call) = recognise(&first.command.program.name, &first.command.args, settings) {
            let place = Place {
                settings,
                set_env: &first.command.env,
                cwd: &first.command.cwd,
            };
            self.resources.retain(|(resource, _)| !resource.is_of_cargo());
            self.resources.extend(locks_to_run(&call, &place));
        }
        self.command = run;
        self.handling.jobs = jobs::of(&self.command, &self.resources, settings);
        Some(first)
    }
}

#[cfg(test)]
impl Task {
    /// A task of a check that runs `true` and is about nothing, for tests of what carries tasks about.
    pub(crate) fn fixture(id: u32, check: &str) -> Self {
        Self {
            head: Arc::new(TaskHead {
                id: TaskId(id),
                check: check.into(),
                unit: String::new(),
                may_fail: false,
                rerun: String::new(),
                fix: None,
            }),
            crates: Vec::new(),
            role: Role::Judge,
            command: TaskCommand {
                program: Program {
                    name: "true".to_owned(),
                    path: None,
                },
                args: Vec::new(),
                cwd: PathBuf::from("/ws"),
                given: Given::All,
                env: BTreeMap::new(),
                over: None,
            },
            output: Dialect::Plain,
            timeout: None,
            retry: Retry::NEVER,
            priority: 0,
            weight: 1,
            resources: Vec::new(),
            critical: false,
            key: TaskKey {
                check: check.into(),
                part: String::new(),
                subject: crate::history::Subject::Workspace,
                repairs: false,
            },
            extent: Extent::whole(0),
            estimate: None,
            unchanged: None,
            handling: Handling::default(),
            basis: None,
            passed_before: Vec::new(),
            replay: Replay::default(),
        }
    }
}

impl Resource {
    /// Whether it stands for something that cargo builds or locks.
    #[must_use]
    pub fn is_of_cargo(&self) -> bool {
        matches!(self, Self::BuildDirectory(_) | Self::Programs(_))
    }
}

fn retry(definition: &Definition, scene: &Scene<'_>) -> Retry {
    Retry {
        times: scene.request.retries.unwrap_or(definition.retry.times),
        ..definition.retry
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
    let rerun = match &scene.request.rerun {
        Some(whole) => whole.clone(),
        None => format!("cargo hooks check {check}{packages}{options}"),
    };
    let repairs = purpose.role.is_of_repair();
    let does = match purpose.role {
        Role::Judge | Role::Build => "",
        Role::Propose => "diff",
        Role::Repair => "fix",
    };
    let fix = purpose.definition.fix.as_ref().filter(|_| !repairs);
    TaskHead {
        id: TaskId(0),
        check: check.clone(),
        unit: joined(&[purpose.part, &unit.label, does]),
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
        given: purpose.definition.env.clone(),
        env: purpose.definition.set_env.clone(),
        over: purpose.definition.filter.then(|| OverFiles {
            root: root.clone(),
            files: unit.filling.files.clone(),
            named_at: places_of_file(purpose.command, &unit.filling),
            at_a_time: purpose.definition.weight.min(scene.slots),
        }),
    }
}

/// How the task is handled. Takes out of its command what is done here in its place.
fn handling(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>, command: &mut TaskCommand) -> Handling {
    let settings = &scene.facts.cargo;
    let definition = purpose.definition;
    let speaks = definition.output == Dialect::Cargo;
    let denied = speaks && take_denied_warnings(command, purpose.role, settings);
    let words = recognise(&command.program.name, &command.args, settings);
    let cargo = cargo_use(&words, definition);
    let call = match words {
        Words::Cargo(call) => Some(call),
        Words::NoCargo | Words::Opaque => None,
    };
    Handling {
        kept_output: None,
        cargo,
        deny_warnings: purpose.role == Role::Judge && (denied || definition.deny_warnings),
        targets: call.as_ref().filter(|_| speaks).and_then(targets),
        names_others: call.is_some_and(|call| names_others(&call, &unit.filling.packages)),
        jobs: Jobs::default(),
        diff: Diff::No,
    }
}

fn diff(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>, command: &TaskCommand) -> Diff {
    match purpose.role {
        Role::Propose => Diff::Prints,
        Role::Repair if purpose.definition.diff => Diff::Applies {
            // The other task gets its place later, as this one does.
            printed_by: TaskId(0),
            only: reach(purpose, unit, command, scene),
        },
        Role::Judge | Role::Build | Role::Repair => Diff::No,
    }
}

fn cargo_use(words: &Words, definition: &Definition) -> CargoUse {
    match words {
        Words::NoCargo => CargoUse::NotCalled,
        Words::Cargo(call) if definition.builds.is_none() && runs_what_it_builds(call, definition.output) => {
            CargoUse::RunsWhatItBuilt
        }
        Words::Cargo(_) | Words::Opaque => CargoUse::Called,
    }
}

fn resources(purpose: &Purpose<'_>, command: &TaskCommand, scene: &Scene<'_>, writes: bool) -> Vec<(Resource, Access)> {
    let tree = if writes { Access::Exclusive } else { Access::Shared };
    let named = purpose.definition.locks.iter().cloned().map(Resource::Named);
    let mut resources = vec![(Resource::Tree, tree)];
    resources.extend(build_locks(purpose.definition, command, scene));
    resources.extend(named.map(|resource| (resource, Access::Exclusive)));
    resources
}

/// The locks of cargo that a command takes, as far as the configuration leaves that to the command.
fn build_locks(definition: &Definition, command: &TaskCommand, scene: &Scene<'_>) -> Vec<(Resource, Access)> {
    let settings = &scene.facts.cargo;
    let place = Place {
        settings,
        set_env: &command.env,
        cwd: &command.cwd,
    };
    let said = definition.builds;
    let found = match recognise(&command.program.name, &command.args, settings) {
        _ if said == Some(false) => Vec::new(),
        Words::Cargo(call) => locks(&call, &place),
        Words::Opaque => locks_anywhere(&place),
        Words::NoCargo => Vec::new(),
    };
    if found.is_empty() && said == Some(true) {
        locks_anywhere(&place)
    } else {
        found
    }
}
