//! From what was typed to the project and the request that it means.

use super::args::{CheckArgs, GlobalArgs};
use super::reporters::RunFormat;
use super::{CliError, colour};
use crate::changes::Comparison;
use crate::config::{Order, Strategy};
use crate::model::CheckName;
use crate::plan::{CacheUse, CargoOption, CrateSelection, Mode, Request};
use crate::project::{LoadOptions, Project, load, load_to_compare};
use crate::tool_output::Colour;

/// Finds the project as the command line says.
pub(super) fn load_project(global: &GlobalArgs) -> Result<Project, CliError> {
    Ok(noting(load(&load_options(global)?)?))
}

/// The same, for a run.
pub(super) fn load_project_to_run(args: &CheckArgs, global: &GlobalArgs) -> Result<Project, CliError> {
    let options = load_options(global)?;
    let how = &args.how;
    if how.no_cache || how.force || how.fix || how.verify_cache.is_some() {
        // Otherwise there may be nothing to run.
        options.expect_run(colour_of_tools(args, global));
    }
    let project = match args.comparison.comparison(&options.current_dir) {
        Ok(None | Some(Comparison::Files(_) | Comparison::Everything)) | Err(_) => load(&options)?,
        Ok(Some(_)) => load_to_compare(&options)?,
    };
    Ok(noting(project))
}

fn noting(project: Project) -> Project {
    for note in &project.workspace.notes {
        // So far the edges between crates only decide which of two crates comes first.
        tracing::debug!(note, "the edges between crates are not known for sure");
    }
    project
}

/// Where to look for the project.
pub(super) fn load_options(global: &GlobalArgs) -> Result<LoadOptions, CliError> {
    let mut options = LoadOptions::from_process()
        .map_err(|_| CliError::environment("the current directory does not exist any more, or cannot be read"))?;
    options.manifest_path.clone_from(&global.manifest_path);
    options.guard = global.guard.clone();
    if let Some(directory) = &global.directory {
        options.current_dir.push(directory);
    }
    Ok(options)
}

/// What was typed, as a request.
pub(super) fn request(args: &CheckArgs, global: &GlobalArgs, project: &Project) -> Result<Request, CliError> {
    let how = &args.how;
    let options = [
        (how.locked, CargoOption::Locked),
        (how.offline, CargoOption::Offline),
        (how.frozen, CargoOption::Frozen),
    ];
    let strategy = match (how.serial, how.parallel) {
        (true, _) => Some(Strategy::Sequential),
        (_, true) => Some(Strategy::Parallel),
        (false, false) => how.strategy,
    };
    Ok(Request {
        checks: args.checks.iter().map(|name| CheckName::from(name.as_str())).collect(),
        skip: args
            .which
            .skip
            .iter()
            .map(|name| CheckName::from(name.as_str()))
            .chain(skipped_by_environment(project))
            .collect(),
        crates: CrateSelection {
            include: args.which.package.clone(),
            exclude: args.which.exclude.clone(),
        },
        stage: args.which.stage,
        hook: None,
        mode: if how.fix { Mode::Fix } else { Mode::Check },
        timeout: how.timeout,
        fail_fast: (how.fail_fast || how.no_fail_fast).then_some(how.fail_fast),
        max_workers: how.max_workers,
        strategy,
        order: how.order.or(how.no_optimize.then_some(Order::Config)),
        retries: how.retries,
        cache: match (how.no_cache, how.force, how.verify_cache) {
            (true, ..) => CacheUse::Off,
            (_, true, _) => CacheUse::Refresh,
            (.., Some(percent)) => CacheUse::Doubt(percent),
            (false, false, None) => CacheUse::Reuse,
        },
        colour: colour_of_tools(args, global),
        rerun_with: rerun_with(global, &options),
        rerun: None,
        cargo_options: options
            .into_iter()
            .filter(|(given, _)| *given)
            .map(|(_, option)| option)
            .collect(),
        changes: args.comparison.comparison(&load_options(global)?.current_dir)?,
    })
}

/// Whether tools are to write in colour.
fn colour_of_tools(args: &CheckArgs, global: &GlobalArgs) -> Colour {
    match args.report.message_format {
        RunFormat::Human | RunFormat::Github => colour::for_stdout(global.color),
        RunFormat::Json => Colour::Strip,
    }
}

/// The checks that `SKIP` names. It is shared with other tools, so that a name which is no check of ours is not a mistake.
#[expect(
    clippy::disallowed_methods,
    reason = "the variable SKIP is read here and nowhere else"
)]
fn skipped_by_environment(project: &Project) -> Vec<CheckName> {
    let skip = std::env::var("SKIP").unwrap_or_default();
    let names = skip
        .split(',')
        .map(str::trim)
        .filter(|name| project.config.check(name).is_some());
    names.map(CheckName::from).collect()
}

/// What was typed for the whole run, and is needed to run a part of it again.
fn rerun_with(global: &GlobalArgs, options: &[(bool, CargoOption)]) -> Vec<String> {
    let manifest = global.manifest_path.iter();
    let manifest = manifest.flat_map(|path| ["--manifest-path".to_owned(), path.display().to_string()]);
    let given = options
        .iter()
        .filter(|(given, _)| *given)
        .map(|(_, option)| option.to_string());
    manifest.chain(given).collect()
}
