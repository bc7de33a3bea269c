//! What a valid configuration means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use globset::Glob;

use super::command::{Command, Hole, Word};
use super::raw::RawCheck;
use super::reader::listed;
use super::words::{OnMissing, Platform, Scope, Stage, Strategy, TargetNeed};
use crate::diagnostic::{Diagnostic, Diagnostics, Located, Span};
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
    /// How many slots there are; without it, as many as the machine has processors.
    pub max_parallel: Option<u32>,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Whether the failure of a critical check ends the run.
    pub stop_on_critical_failure: bool,
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
    /// The definitions that run instead where what each of them requires is installed.
    pub instead: Vec<(CheckName, Definition)>,
}

/// What a check does, in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// What it is for.
    pub description: Option<String>,
    /// The command.
    pub run: Command,
    /// The command that repairs.
    pub fix: Option<Command>,
    /// What one task works on.
    pub scope: Scope,
    /// When it runs; nothing where the configuration does not say.
    pub stages: Option<Vec<Stage>>,
    /// The files that it is about.
    pub files: Option<FileFilter>,
    /// The target that a crate must have.
    pub with_target: Option<TargetNeed>,
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
    /// How many slots a task takes.
    pub weight: u32,
    /// What only one task may use at a time.
    pub locks: Vec<String>,
    /// Whether it uses the target directory alone; nothing where the command tells.
    pub builds: Option<bool>,
    /// Whether it writes files of the workspace.
    pub generates: bool,
    /// How its tool speaks.
    pub output: Dialect,
    /// The programs that it needs.
    pub requires: Vec<Requirement>,
    /// What happens when one is not installed.
    pub on_missing: OnMissing,
    /// The systems on which it runs; empty for all.
    pub platforms: Vec<Platform>,
}

impl Definition {
    /// Whether the check can only be planned by looking at the files of the workspace.
    #[must_use]
    pub fn needs_files(&self) -> bool {
        self.files.is_some() || self.scope == Scope::Files
    }
}

/// Which files a check is about. The patterns are relative to the workspace root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFilter {
    /// It is about files that match one of these; about all where there are none.
    pub include: Vec<Glob>,
    /// But about none that matches one of these.
    pub exclude: Vec<Glob>,
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

/// What the definition of a check is made from.
pub(super) struct Draft<'a> {
    /// The name, for messages.
    pub(super) name: &'a Located<CheckName>,
    /// Everything that was written about it, presets included.
    pub(super) raw: &'a RawCheck,
    /// The directory of the manifest that it is written in, relative to the workspace root.
    pub(super) manifest_dir: PathBuf,
    /// Whether that manifest is a package's, and the check that package's own.
    pub(super) of_package: bool,
    /// The timeout of the settings.
    pub(super) timeout: Option<Duration>,
}

impl Draft<'_> {
    /// The definition, or nothing once every mistake has been noted.
    pub(super) fn define(&self, mistakes: &mut Diagnostics) -> Option<Definition> {
        let raw = self.raw;
        let known = mistakes.len();
        let run = self.command(mistakes);
        let fix = raw.fix.as_ref().map(|fix| self.with_args(&fix.0));
        self.check_stages(mistakes);
        let files = self.files(mistakes);
        let cwd = self.cwd(mistakes);
        let (run, cwd) = (run?, cwd?);
        let scope = self.scope(&run, fix.as_ref(), &cwd, mistakes);
        if mistakes.len() > known {
            return None;
        }
        Some(Definition {
            description: plain(raw.description.as_ref()),
            fix,
            scope,
            stages: raw
                .stages
                .as_ref()
                .map(|stages| stages.iter().map(|stage| stage.value).collect()),
            files,
            with_target: plain(raw.with_target.as_ref()),
            set_env: plain(raw.set_env.as_ref()).unwrap_or_default(),
            cwd,
            depends_on: values(raw.depends_on.as_ref()),
            after: values(raw.after.as_ref()),
            critical: plain(raw.critical.as_ref()).unwrap_or(false),
            allow_failure: plain(raw.allow_failure.as_ref()).unwrap_or(false),
            timeout: plain(raw.timeout.as_ref()).or(self.timeout),
            weight: raw.weight.as_ref().map_or(1, |weight| weight.0),
            locks: values(raw.locks.as_ref()),
            builds: plain(raw.builds.as_ref()),
            generates: plain(raw.generates.as_ref()).unwrap_or(false),
            output: plain(raw.output.as_ref()).unwrap_or(Dialect::Plain),
            requires: values(raw.requires.as_ref()),
            on_missing: plain(raw.on_missing.as_ref()).unwrap_or(OnMissing::Fail),
            platforms: values(raw.platforms.as_ref()),
            run,
        })
    }

    fn command(&self, mistakes: &mut Diagnostics) -> Option<Command> {
        match (&self.raw.run, &self.raw.shell) {
            (Some(run), Some(shell)) => {
                let message = format!("`{}` has two commands", self.name.value);
                let diagnostic = Diagnostic::new("two-commands", shell.span.clone(), message)
                    .related(run.span.clone(), "the other one")
                    .help("keep `run`, or `shell` where the command needs a shell");
                mistakes.push(diagnostic);
                None
            }
            (Some(run), None) => Some(self.with_args(&run.0)),
            (None, Some(shell)) => {
                if let Some(args) = &self.raw.args {
                    let diagnostic =
                        Diagnostic::new("bad-args", args.span.clone(), "a script takes no further arguments")
                            .help("write them into the script");
                    mistakes.push(diagnostic);
                    return None;
                }
                Some(Command::Shell(shell.0.clone()))
            }
            (None, None) => {
                let message = format!("`{}` has no command", self.name.value);
                let diagnostic = Diagnostic::new("no-command", self.name.span.clone(), message)
                    .help("give it `run`, or a `preset` to start from");
                mistakes.push(diagnostic);
                None
            }
        }
    }

    fn with_args(&self, words: &[Word]) -> Command {
        let args = self.raw.args.iter().flat_map(|args| &args.0);
        Command::Argv(words.iter().cloned().chain(args.map(Word::text)).collect())
    }

    fn check_stages(&self, mistakes: &mut Diagnostics) {
        if let Some(stages) = &self.raw.stages
            && stages.is_empty()
        {
            let message = format!("`{}` can never run: it has no stage", self.name.value);
            let diagnostic = Diagnostic::new("never-matches", stages.span.clone(), message).help(
                "leave `stages` out, or write `stages = [\"manual\"]` for a check that runs only when it is asked for",
            );
            mistakes.push(diagnostic);
        }
    }

    fn files(&self, mistakes: &mut Diagnostics) -> Option<FileFilter> {
        let (include, exclude) = (&self.raw.files, &self.raw.exclude);
        let include_all = include.is_none();
        let patterns = |list: &Option<Located<Vec<Located<super::value::Pattern>>>>| -> Vec<Glob> {
            let patterns = list.iter().flat_map(|list| &list.value);
            patterns.filter_map(|pattern| self.glob(&pattern.0)).collect()
        };
        let filter = FileFilter {
            include: patterns(include),
            exclude: patterns(exclude),
        };
        let nothing_left = filter.include.iter().all(|glob| filter.exclude.contains(glob)) && !include_all;
        if let (Some(include), true) = (include, nothing_left) {
            let message = format!("`{}` can never match a file", self.name.value);
            let mut diagnostic = Diagnostic::new("never-matches", include.span.clone(), message);
            if let Some(exclude) = exclude.as_ref().filter(|_| !include.is_empty()) {
                diagnostic = diagnostic.related(exclude.span.clone(), "all of it is excluded here");
            }
            mistakes.push(diagnostic);
        }
        (include.is_some() || exclude.is_some()).then_some(filter)
    }

    /// The pattern from the workspace root. One without a `/` means a file of that name at any depth.
    fn glob(&self, pattern: &str) -> Option<Glob> {
        let anywhere = if pattern.contains('/') { "" } else { "**/" };
        let dir = self
            .manifest_dir
            .to_str()
            .map(globset::escape)
            .filter(|dir| !dir.is_empty());
        let dir = dir.map(|dir| dir + "/").unwrap_or_default();
        globset::GlobBuilder::new(&format!("{dir}{anywhere}{pattern}"))
            .literal_separator(true)
            .build()
            .ok()
    }

    fn cwd(&self, mistakes: &mut Diagnostics) -> Option<Cwd> {
        let Some(cwd) = &self.raw.cwd else {
            return Some(Cwd::At(self.default_cwd()));
        };
        if cwd.value == "{package-dir}" {
            return Some(Cwd::Package);
        }
        let problem = if cwd.value.contains(['{', '}']) {
            "the only placeholder for a directory is `{package-dir}`, and it stands alone"
        } else if PathBuf::from(&cwd.value).is_absolute() || cwd.value.split('/').any(|part| part == "..") {
            "the directory must lie below that of the manifest"
        } else {
            return Some(Cwd::At(self.manifest_dir.join(&cwd.value)));
        };
        mistakes.push(Diagnostic::new("bad-directory", cwd.span.clone(), problem));
        None
    }

    /// A package's own check runs in the directory of the package, any other in the root of the workspace.
    fn default_cwd(&self) -> PathBuf {
        if self.of_package {
            self.manifest_dir.clone()
        } else {
            PathBuf::new()
        }
    }

    /// The scope that was given, or that follows from the placeholders; and whether the two agree.
    fn scope(&self, run: &Command, fix: Option<&Command>, cwd: &Cwd, mistakes: &mut Diagnostics) -> Scope {
        let holes: BTreeSet<Hole> = run.holes().chain(fix.iter().flat_map(|fix| fix.holes())).collect();
        let mut wanted: Vec<(Scope, String)> = holes
            .iter()
            .filter_map(|hole| Some((scope_of(*hole)?, format!("{{{hole}}}"))))
            .collect();
        if *cwd == Cwd::Package {
            wanted.push((Scope::Package, "cwd = \"{package-dir}\"".to_owned()));
        }
        let given = self.raw.scope.as_ref();
        let unsaid = if self.of_package {
            Scope::Package
        } else {
            Scope::Workspace
        };
        let scope = given.map_or_else(
            || wanted.first().map_or(unsaid, |(scope, _)| *scope),
            |given| given.value,
        );
        let span = given.map_or(self.command_span(), |given| &given.span);
        if let Some((other, hole)) = wanted.iter().find(|(other, _)| *other != scope) {
            let message = format!(
                "`{hole}` means one task for each {}, but the scope is `{scope}`",
                noun(*other)
            );
            mistakes.push(Diagnostic::new("bad-scope", span.clone(), message).help(scope_help(&wanted)));
        }
        if wanted.is_empty() && matches!(scope, Scope::Packages | Scope::Files) {
            let message = format!("the scope is `{scope}`, but the command does not say where they go");
            let help = format!("write `{{{scope}}}` where they go");
            mistakes.push(Diagnostic::new("bad-scope", span.clone(), message).help(help));
        }
        if holes.contains(&Hole::Roots) != holes.contains(&Hole::Edition) {
            let message = "`{roots}` and `{edition}` go together: sources of two editions need two commands";
            mistakes.push(Diagnostic::new("bad-scope", self.command_span().clone(), message));
        }
        scope
    }

    fn command_span(&self) -> &Span {
        let run = self.raw.run.as_ref().map(|run| &run.span);
        run.or(self.raw.shell.as_ref().map(|shell| &shell.span))
            .unwrap_or(&self.name.span)
    }
}

/// The scope that a command with this hole must have.
fn scope_of(hole: Hole) -> Option<Scope> {
    match hole {
        Hole::Package | Hole::PackageDir => Some(Scope::Package),
        Hole::Packages | Hole::Roots | Hole::Edition => Some(Scope::Packages),
        Hole::Files => Some(Scope::Files),
        Hole::Color | Hole::MessageFormat | Hole::CargoOptions => None,
    }
}

fn noun(scope: Scope) -> &'static str {
    match scope {
        Scope::Workspace => "workspace",
        Scope::Package => "crate",
        Scope::Packages => "set of crates",
        Scope::Files => "set of files",
    }
}

fn scope_help(wanted: &[(Scope, String)]) -> String {
    let scopes: BTreeSet<_> = wanted.iter().map(|(scope, _)| *scope).collect();
    if scopes.len() == 1 {
        return "leave `scope` out: it follows from the placeholder".to_owned();
    }
    let holes: Vec<_> = wanted.iter().map(|(_, hole)| hole.as_str()).collect();
    format!("keep one of {}", listed(&holes))
}

fn plain<T: Clone>(value: Option<&Located<T>>) -> Option<T> {
    value.map(|located| located.value.clone())
}

fn values<T: Clone>(list: Option<&Located<Vec<Located<T>>>>) -> Vec<T> {
    list.iter()
        .flat_map(|list| &list.value)
        .map(|item| item.value.clone())
        .collect()
}
