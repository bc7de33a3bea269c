//! A workspace and its configuration, ready to be asked for plans. The façade that `lib.rs` shows.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod compare;
mod dirs;
mod foreseen;
mod image;
mod lookout;
mod remember;
mod reuse;

pub use compare::{Survey, SurveyError, survey};
pub use image::Image;
pub use lookout::{Difference, Lookout, Sight};

pub(crate) use dirs::own_state_dir;
pub(crate) use foreseen::Foreseen;

use crate::affected::Affected;
use crate::cache::{Explanation, Understood};
use crate::changes::{Ahead, Comparison, Tree};
use crate::config::{Config, ConfigInput, Definition, Member, OnMissing, Requirement, resolve, syntax_mistakes};
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::digests::FileTree;
use crate::environment::{Environment, argument_bytes, locate, processors};
use crate::event::{Event, RunStats};
use crate::history::History;
use crate::model::CrateName;
use crate::plan::{
    CacheUse, Facts, Mode, Passed, Plan, PlanError, Request, definitions, plan, requirements, with_what_passed,
};
use crate::run::{Guard, Recall, RunContext, RunError};
use crate::schedule::Tactics;
use crate::store::{self, Recorder};
use crate::tool_output::{Attribution, Colour, CrateShape, Secrets};
use crate::workspace::{self, LoadRequest, Memory, Workspace, WorkspaceError, Worktree, find_root};

/// Where to look for the workspace.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The directory to start from. Cargo looks for the workspace here and above.
    pub current_dir: PathBuf,
    /// The manifest to use instead.
    pub manifest_path: Option<PathBuf>,
    /// The environment that checks run in.
    pub environment: Environment,
    /// Who sees to it that no process outlives a run.
    pub guard: Guard,
    /// What the workspace stands for, where it is an image of another one.
    pub image: Option<Image>,
}

impl LoadOptions {
    /// The workspace of the current directory, in the environment of this process without what leaked into it.
    ///
    /// # Errors
    ///
    /// Where there is no current directory any more.
    pub fn from_process() -> std::io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the library looks at the process it is in"
        )]
        let (variables, current_dir, executable) = (
            std::env::vars_os(),
            std::env::current_dir()?,
            std::env::current_exe().ok(),
        );
        let environment = Environment::without_leaks(variables, executable.as_deref());
        Ok(Self {
            current_dir,
            manifest_path: None,
            environment,
            guard: Guard::none(),
            image: None,
        })
    }
}

impl LoadOptions {
    /// Says that a run will follow, whose tools are to write in colour or without it. What it needs is started already, and
    /// is there when the plan is.
    pub fn expect_run(&self, colour: Colour) {
        self.guard.call(&in_colour(self.run_environment(), colour));
    }

    /// The directory to start from.
    fn start(&self) -> PathBuf {
        let manifest = self.manifest_path.as_ref().map(|path| self.current_dir.join(path));
        let dir = manifest.as_deref().and_then(Path::parent);
        dir.unwrap_or(&self.current_dir).to_owned()
    }

    /// The root of the workspace, as far as files tell it without cargo.
    pub(crate) fn root(&self) -> Option<PathBuf> {
        find_root(&Worktree::default(), &self.start())
    }

    /// The environment in which cargo and the checks run.
    fn run_environment(&self) -> Environment {
        image::run_environment(self.image.as_ref(), &self.environment)
    }
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Cargo is not installed.
    #[error("`cargo` is not installed, or not on the PATH")]
    NoCargo,
    /// Cargo finds no workspace, or refuses it.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A manifest cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The configuration is wrong.
    #[error("{0}")]
    Config(Diagnostics),
}

/// A workspace and its configuration.
#[derive(Clone, Debug)]
pub struct Project {
    /// The workspace.
    pub workspace: Workspace,
    /// The configuration.
    pub config: Config,
    /// The process that runs are to end with, if it is above this one: git, for one of its hooks. Only on Linux.
    pub ends_with: Option<u32>,
    /// What ends a run from another thread, where nobody waits for its verdict any more.
    pub recall: Option<Recall>,
    ahead: Option<Ahead>,
    /// What its manifests say, where somebody has read them already.
    state: Option<foreseen::ReadState>,
    environment: Environment,
    guard: Guard,
    image: Option<Image>,
    understood: Understood,
}

/// Why there is no plan for a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It names what does not exist.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It is about changes that cannot be looked at.
    #[error(transparent)]
    Survey(#[from] SurveyError),
}

/// A program that checks need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The command that installs it.
    pub hint: Option<String>,
    /// Whether the checks do without it: left out, or in another way.
    pub optional: bool,
    /// Where it is, if it is anywhere.
    pub path: Option<PathBuf>,
}

/// Finds the workspace and reads its configuration.
///
/// # Errors
///
/// Where there is no workspace, or anything is wrong with its configuration.
#[tracing::instrument(level = "debug", skip_all)]
pub fn load(options: &LoadOptions) -> Result<Project, LoadError> {
    let request = load_request(options)?;
    let workspace = workspace::load(&request).map_err(|error| refused_manifest(options, error))?;
    project_of(workspace, options)
}

/// The same, where cargo need not be asked and nothing is wrong.
fn load_remembered(options: &LoadOptions) -> Option<Project> {
    let workspace = workspace::recall(&load_request(options).ok()?)?;
    project_of(workspace, options).ok()
}

fn load_request(options: &LoadOptions) -> Result<LoadRequest, LoadError> {
    let dir = &options.current_dir;
    let tools = locate(["cargo"], &options.environment, dir);
    Ok(LoadRequest {
        cargo: tools.get("cargo").cloned().ok_or(LoadError::NoCargo)?,
        current_dir: dir.clone(),
        manifest_path: options.manifest_path.clone(),
        environment: options.run_environment(),
        memory: memory(options),
    })
}

fn project_of(workspace: Workspace, options: &LoadOptions) -> Result<Project, LoadError> {
    let config = resolve(&config_input(&workspace, &options.current_dir)?).map_err(LoadError::Config)?;
    Ok(Project {
        workspace,
        config,
        ends_with: None,
        recall: None,
        ahead: None,
        state: None,
        environment: options.environment.clone(),
        guard: options.guard.clone(),
        image: options.image.clone(),
        understood: Understood::default(),
    })
}

/// Why there is no directory in which anything is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoStateError {
    /// No workspace is known to keep anything of.
    #[error("there is no Cargo.toml in `{}` or above it", .0.display())]
    NoWorkspace(PathBuf),
    /// The environment names no place.
    #[error("there is no place to keep anything in: neither CARGO_HOOKS_DIR nor XDG_CACHE_HOME nor HOME names one")]
    NoPlace,
}

/// The directory in which what runs leave of a workspace is kept. Nothing need be there. Neither cargo nor git is asked, and
/// the configuration may be wrong.
///
/// # Errors
///
/// Where there is no workspace, or no place.
pub fn state_dir(options: &LoadOptions) -> Result<PathBuf, NoStateError> {
    if let Some(image) = &options.image {
        return Ok(image.state_dir.clone());
    }
    let root = options
        .root()
        .ok_or_else(|| NoStateError::NoWorkspace(options.start()))?;
    own_state_dir(&root, &options.environment).ok_or(NoStateError::NoPlace)
}

/// The same, for a project that is then asked at once what changes affect: git looks at the working tree meanwhile.
///
/// # Errors
///
/// Where there is no workspace, or anything is wrong with its configuration.
pub fn load_to_compare(options: &LoadOptions) -> Result<Project, LoadError> {
    let ahead = ask_ahead(options);
    Ok(Project {
        ahead,
        ..load(options)?
    })
}

fn ask_ahead(options: &LoadOptions) -> Option<Ahead> {
    // Another manifest may lie in another repository.
    if options.manifest_path.is_some() {
        return None;
    }
    let root = find_root(&Worktree::default(), &options.current_dir)?;
    let git = locate(["git"], &options.environment, &root).remove("git")?;
    Some(Ahead::ask(git, root, options.environment.clone()))
}

/// Where what cargo says is kept, for the workspace that the manifests tell of.
fn memory(options: &LoadOptions) -> Option<Memory> {
    let root = find_root(&Worktree::default(), &options.current_dir)?;
    let dir = match &options.image {
        // What cargo says of the image is about other directories than what it says of the workspace.
        Some(image) => image.own_dir.clone(),
        None => own_state_dir(&root, &options.environment)?,
    };
    Some(Memory { dir, root })
}

impl Project {
    /// The same, where somebody has asked git already what there is to compare. `answer` is given the root of the workspace.
    pub(crate) fn told(self, answer: impl FnOnce(&Path, &Environment) -> Option<Ahead>) -> Self {
        let ahead = answer(&self.workspace.root, &self.environment);
        Self { ahead, ..self }
    }

    /// What a request would run.
    ///
    /// # Errors
    ///
    /// Where the request names what does not exist.
    pub fn plan(&self, request: &Request) -> Result<Plan, RequestError> {
        self.plan_and_files(request).map(|(plan, _)| plan)
    }

    /// The same, and the files that it was made from, where they were looked at.
    ///
    /// # Errors
    ///
    /// Where the request names what does not exist.
    #[tracing::instrument(name = "plan", level = "debug", skip_all)]
    pub fn plan_and_files(&self, request: &Request) -> Result<(Plan, Option<Arc<FileTree>>), RequestError> {
        // What the files contain is found out meanwhile: the plan does not rest upon it.
        let (planned, seen) = std::thread::scope(|scope| {
            let seeing = scope.spawn(|| reuse::see(self, request));
            let planned = self.planned(request);
            let seen = seeing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (planned, seen)
        });
        let (facts, first) = planned?;
        let files = seen.as_ref().map(|seen| Arc::clone(&seen.tree));
        let Some(known) = seen.and_then(|seen| reuse::passed(self, &first, seen)) else {
            return Ok((first, files));
        };
        let facts = Facts {
            passed: known.passed,
            ..facts
        };
        let mut again = plan(&self.config, &self.workspace, request, &facts)?;
        again.doubted = known.doubted;
        Ok((with_what_passed(&first, again, &facts.passed, &known.replays), files))
    }

    /// Everything that was asked for, whatever has passed before, and what it was made from.
    fn planned(&self, request: &Request) -> Result<(Facts, Plan), RequestError> {
        let facts = self.facts(request)?;
        let plan = plan(&self.config, &self.workspace, request, &facts)?;
        Ok((facts, plan))
    }

    /// What is remembered of each task that a request would run, whatever has passed before.
    ///
    /// # Errors
    ///
    /// Where the request names what does not exist.
    pub fn explain(&self, request: &Request) -> Result<Vec<Explanation>, RequestError> {
        let everything = Request {
            cache: CacheUse::Off,
            ..request.clone()
        };
        Ok(reuse::explain(self, &self.plan(&everything)?))
    }

    /// What changes affect.
    ///
    /// # Errors
    ///
    /// Where what was to be compared does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub fn affected(&self, comparison: &Comparison) -> Result<Affected, SurveyError> {
        compare::of_project(self, comparison)
    }

    /// Runs a plan to its end. The reporter hears everything that happens, in order, without the values of secret variables.
    ///
    /// From then on, signals that would end the program (`SIGINT` and its like) only end runs: a program that goes on
    /// afterwards has to listen for them itself.
    ///
    /// # Errors
    ///
    /// Where nothing could run. A check that fails is no error.
    pub fn run(&self, plan: &Plan, mut on_event: impl FnMut(&Event)) -> Result<RunStats, RunError> {
        self.run_with_context(plan, self.run_context(plan), &mut on_event)
    }

    /// What earlier runs have taught about tasks.
    #[must_use]
    pub fn history(&self) -> History {
        self.state_dir().map(|dir| store::load(&dir)).unwrap_or_default()
    }

    /// Runs a plan as [`Project::run`] does, with an order and a strategy of the program's own.
    ///
    /// # Errors
    ///
    /// Where nothing could run. A check that fails is no error.
    pub fn run_with(
        &self,
        plan: &Plan,
        tactics: Arc<dyn Tactics>,
        mut on_event: impl FnMut(&Event),
    ) -> Result<RunStats, RunError> {
        let context = RunContext {
            tactics: Some(tactics),
            ..self.run_context(plan)
        };
        self.run_with_context(plan, context, &mut on_event)
    }

    fn run_with_context(
        &self,
        plan: &Plan,
        context: RunContext,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<RunStats, RunError> {
        let mut recorder = Recorder::new(plan);
        let mut journal = remember::journal(self, plan);
        let (stats, kept) = reuse::watched(self, plan, context, &mut |event| {
            recorder.hear(event);
            if let Some(journal) = &mut journal {
                journal.hear(event);
            }
            on_event(event);
        })?;
        remember::remember(self, recorder, kept, journal);
        Ok(stats)
    }

    /// The directory of what is remembered, if there is a place for one.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        let own = || own_state_dir(&self.workspace.root, &self.environment);
        self.image
            .as_ref()
            .map_or_else(own, |image| Some(image.state_dir.clone()))
    }

    /// The environment in which cargo and the checks run, which may build elsewhere than the user says.
    fn run_environment(&self) -> Environment {
        image::run_environment(self.image.as_ref(), &self.environment)
    }

    /// The environment of the user, from which that of the checks is made.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The programs that the checks need, each once.
    #[must_use]
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools: Vec<Tool> = Vec::new();
        for (definition, optional) in self.definitions_with_alternatives() {
            for Requirement { tool: name, hint } in requirements(definition, Mode::Fix) {
                let optional = optional || definition.on_missing == OnMissing::Skip;
                match tools.iter_mut().find(|known| known.name == name) {
                    // What says how to install a tool says more than what only runs it.
                    Some(known) => {
                        known.hint = known.hint.take().or(hint);
                        known.optional &= optional;
                    }
                    None => {
                        let path = None;
                        tools.push(Tool {
                            name,
                            hint,
                            optional,
                            path,
                        });
                    }
                }
            }
        }
        let names = tools.iter().map(|tool| tool.name.as_str());
        let mut found = locate(names, &self.environment, &self.workspace.root);
        for tool in &mut tools {
            tool.path = found.remove(&tool.name);
        }
        tools
    }

    /// Every definition, and whether another one stands in where its tools are missing.
    fn definitions_with_alternatives(&self) -> impl Iterator<Item = (&Definition, bool)> {
        let variants = self.config.checks.iter().flat_map(|check| &check.variants);
        variants.flat_map(|variant| {
            let instead = variant.instead.iter().map(|(_, other)| (other, true));
            std::iter::once((&variant.definition, false)).chain(instead)
        })
    }

    /// Looks at the machine, and at the files where a check of the request needs them.
    fn facts(&self, request: &Request) -> Result<Facts, RequestError> {
        let wanted = definitions(&self.config, request)?;
        let (affected, history) = self.affected_and_history(request)?;
        let tools: BTreeSet<String> = wanted
            .iter()
            .flat_map(|definition| requirements(definition, request.mode))
            .map(|needed| needed.tool)
            .collect();
        Ok(Facts {
            tools: locate(
                tools.iter().map(String::as_str),
                &self.environment,
                &self.workspace.root,
            ),
            files: if wanted.iter().any(|definition| definition.needs_files()) {
                self.tree().files()
            } else {
                Vec::new()
            },
            affected: affected.map(Arc::new),
            system: std::env::consts::OS.to_owned(),
            parallelism: u32::try_from(processors().get()).unwrap_or(u32::MAX),
            cargo: dirs::cargo_settings(&self.workspace, &self.run_environment()),
            argument_bytes: argument_bytes(&self.environment),
            history: Arc::new(history),
            passed: Passed::default(),
        })
    }

    /// What changes affect, if that is asked, and what is remembered, which is read while git looks.
    fn affected_and_history(&self, request: &Request) -> Result<(Option<Affected>, History), SurveyError> {
        let Some(changes) = &request.changes else {
            return Ok((None, self.history()));
        };
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| self.history());
            let affected = self.affected(changes)?;
            let history = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok((Some(affected), history))
        })
    }

    fn tree(&self) -> Tree {
        let git = locate(["git"], &self.environment, &self.workspace.root).remove("git");
        Tree {
            root: self.workspace.root.clone(),
            outside: self.dirs_outside(),
            target_dir: self.workspace.target_dir.clone(),
            git,
            environment: self.environment.clone(),
        }
    }

    /// The directories of members that do not lie below the root.
    fn dirs_outside(&self) -> Vec<PathBuf> {
        let dirs = self.workspace.crates().iter().map(|krate| krate.dir.clone());
        dirs.filter(|dir| !dir.starts_with(&self.workspace.root)).collect()
    }

    /// What cargo builds from each crate, and on which others it depends.
    fn shapes(&self) -> Vec<(CrateName, CrateShape)> {
        let shape = |krate: &workspace::Crate| {
            let needs = self.workspace.dependencies(krate.id);
            CrateShape {
                targets: krate.targets.clone(),
                needs: needs.map(|(needed, _)| self.workspace[needed].name.clone()).collect(),
            }
        };
        let crates = self.workspace.crates().iter();
        crates.map(|krate| (krate.name.clone(), shape(krate))).collect()
    }

    /// What a run of this plan must not tell: of the environment, and of what checks are given beside it.
    fn secrets(&self, plan: &Plan) -> Secrets {
        let given = plan.tasks().flat_map(|task| &task.command.env);
        let given = given.map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        Secrets::of(self.environment.iter().chain(given))
    }

    fn run_context(&self, plan: &Plan) -> RunContext {
        let crates = self.workspace.crates().iter();
        let crates = crates.map(|krate| (krate.name.clone(), krate.dir.clone(), krate.package_id.clone()));
        RunContext {
            environment: in_colour(self.run_environment(), plan.colour),
            attribution: Arc::new(Attribution::new(self.workspace.root.clone(), crates).with_shapes(self.shapes())),
            tree: self.tree(),
            tactics: None,
            guard: self.guard.clone(),
            state_dir: self.state_dir(),
            ends_with: self.ends_with,
            recall: self.recall.clone(),
            inputs: None,
            secrets: self.secrets(plan),
        }
    }
}

/// The manifests that have a table for us: cargo has said which.
fn config_input(workspace: &Workspace, dir: &Path) -> Result<ConfigInput, LoadError> {
    let root = &workspace.root;
    let mut members = Vec::new();
    for krate in workspace.crates() {
        let below = krate
            .dir
            .strip_prefix(root)
            .map_or_else(|_| krate.dir.clone(), Path::to_owned);
        let separate = krate.has_hooks_metadata && krate.manifest != workspace.manifest;
        let manifest = if separate {
            Some(source(&krate.manifest, dir)?)
        } else {
            None
        };
        members.push(Member {
            name: krate.name.clone(),
            dir: below,
            manifest,
        });
    }
    Ok(ConfigInput {
        root: source(&workspace.manifest, dir)?,
        members,
    })
}

/// A manifest under the name by which somebody in `dir` knows it.
fn source(path: &Path, dir: &Path) -> Result<Arc<SourceFile>, LoadError> {
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|source| LoadError::Manifest {
        path: path.to_owned(),
        source,
    })?;
    let shown = path.strip_prefix(dir).unwrap_or(path).to_owned();
    Ok(Arc::new(SourceFile { path: shown, text }))
}

/// Where cargo refuses a manifest for its syntax, all that is wrong with it rather than the first thing.
fn refused_manifest(options: &LoadOptions, error: WorkspaceError) -> LoadError {
    let dir = &options.current_dir;
    let given = options.manifest_path.iter().map(|path| dir.join(path));
    for path in given.chain(dir.ancestors().map(|above| above.join("Cargo.toml"))) {
        if let Ok(file) = source(&path, dir) {
            let mistakes = syntax_mistakes(&file);
            if !mistakes.is_empty() {
                return LoadError::Config(mistakes);
            }
        }
    }
    LoadError::Workspace(error)
}

/// The environment for tools whose output is shown in colour, or without.
fn in_colour(environment: Environment, colour: Colour) -> Environment {
    let environment = environment.with("CARGO_TERM_PROGRESS_WHEN", "never");
    match colour {
        Colour::Keep => {
            let forced = environment.with("CLICOLOR_FORCE", "1").with("FORCE_COLOR", "1");
            forced.with("CARGO_TERM_COLOR", "always").without("NO_COLOR")
        }
        Colour::Strip => {
            let unforced = environment.without("CLICOLOR_FORCE").without("FORCE_COLOR");
            unforced.with("CARGO_TERM_COLOR", "never")
        }
    }
}
