//! `cargo hooks install`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{GlobalArgs, InstallArgs};
use super::git::git;
use super::{CliError, Ended, output, request};
use crate::config::{Check, Config, Stage};
use crate::environment::{Environment, locate};
use crate::git_hooks::{Change, InstallError, InstallRequest, Installed, install as put};
use crate::model::Keyword;
use crate::tool_output::{Colour, sanitize};

pub(super) fn install(args: &InstallArgs, global: &GlobalArgs) -> Ended {
    let options = request::load_options(global)?;
    let project = request::load_project(global)?;
    let git = git(&options)?;
    let stages = if args.stages.is_empty() {
        hooks_of(&project.config)
    } else {
        Stage::hooks().filter(|stage| args.stages.contains(stage)).collect()
    };
    if stages.is_empty() {
        return Err(
            CliError::usage("no check has a stage that is a hook of git").hint("`stages` of a check names them")
        );
    }
    let installed = put(&InstallRequest {
        git: &git,
        environment: &options.environment,
        workspace: &project.workspace.root,
        program: this_program(&options.environment, &options.current_dir)?,
        stages,
    })?;
    let said = said(&installed, &project.config);
    output::stdout(&sanitize(said.as_bytes(), Colour::Strip))?;
    Ok(ExitCode::SUCCESS)
}

/// The stages of checks that are hooks of git.
pub(super) fn hooks_of(config: &Config) -> Vec<Stage> {
    Stage::hooks()
        .filter(|stage| checks_of(config, *stage).next().is_some())
        .collect()
}

/// The checks that run in a stage.
fn checks_of(config: &Config, stage: Stage) -> impl Iterator<Item = &Check> {
    let runs = move |check: &&Check| check.variants.iter().any(|variant| variant.definition.runs_in(stage));
    config.checks.iter().filter(runs)
}

/// This program, by the name on the `PATH` where it has one: what that leads to may be another place after an update.
fn this_program(environment: &Environment, dir: &Path) -> Result<PathBuf, CliError> {
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map_err(|error| CliError::environment(format!("it is not known where this program is: {error}")))?;
    let named = locate(["cargo-hooks"], environment, dir).remove("cargo-hooks");
    let named = named.filter(|named| named.is_absolute() && named.canonicalize().is_ok_and(|real| real == program));
    Ok(named.unwrap_or(program))
}

/// What git runs from now on, hook by hook, and the commands of the checks.
fn said(installed: &Installed, config: &Config) -> String {
    let hooks = &installed.hooks;
    let mut text = format!("hooks in {}\n", installed.place.dir.display());
    let width = hooks.iter().map(|(stage, ..)| stage.word().len()).max().unwrap_or(0);
    for (stage, change, first) in hooks {
        let change = match change {
            Change::New => "new",
            Change::Renewed => "renewed",
            Change::None => "unchanged",
        };
        let names = first.iter().filter_map(|first| first.file_name());
        let names = names.map(|name| format!("the hook that was there ({})", name.display()));
        let names = names.chain(checks_of(config, *stage).map(|check| check.name.to_string()));
        let names: Vec<_> = names.collect();
        let names = if names.is_empty() {
            "no check".to_owned()
        } else {
            names.join(", ")
        };
        let _ = writeln!(text, "  {stage:width$}  {change:9}  runs {names}");
    }
    let checks: Vec<_> = config
        .checks
        .iter()
        .filter(|check| {
            hooks
                .iter()
                .any(|(stage, ..)| checks_of(config, *stage).any(|other| other.name == check.name))
        })
        .collect();
    let width = checks.iter().map(|check| check.name.as_str().len()).max().unwrap_or(0);
    text.push_str("commands\n");
    for check in checks {
        for variant in &check.variants {
            let _ = writeln!(text, "  {:width$}  {}", check.name, variant.definition.run);
        }
    }
    text.push_str("`cargo hooks uninstall` takes them away again\n");
    text
}

impl From<InstallError> for CliError {
    fn from(error: InstallError) -> Self {
        let message = error.to_string();
        match error {
            InstallError::Unsuitable { hint, .. } => Self::environment(message).hint(&hint),
            InstallError::InTheWay(_) => Self::environment(message).hint("nothing was changed"),
            InstallError::Place(_) | InstallError::Io { .. } | InstallError::NotReached { .. } => {
                Self::environment(message)
            }
        }
    }
}
