//! `cargo hooks check`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use super::args::{CheckArgs, GlobalArgs, MessageFormat};
use super::error::exit;
use super::terminal::NoControlEcho;
use super::verify::Verification;
use super::{CliError, Ended, affected, colour, output, plan, request};
use crate::config::Origin;
use crate::event::{Event, EventKind, RunStats};
use crate::model::CheckName;
use crate::plan::{Plan, Request};
use crate::project::Project;
use crate::report::{
    HumanOptions, HumanReporter, JsonReporter, ProgressOptions, ProgressTarget, ProgressView, Reporter, Verbosity,
};
use crate::tool_output::Colour;

pub(super) fn check(args: &CheckArgs, global: &GlobalArgs) -> Ended {
    if args.how.dry_run {
        return plan::plan(args, global);
    }
    let mut project = request::load_project_to_run(args, global)?;
    project.ends_with = args.how.ends_with;
    let request = request::request(args, global, &project)?;
    let limited = planned(&project, &request, args, global)?;
    let format = args.message_format;
    let stats = if args.how.verify {
        let everything = project.plan(&Request {
            changes: None,
            ..request
        })?;
        let mut verification = Verification::new(&everything, &limited);
        let stats = run(&project, &everything, format, global, &mut |event| {
            verification.on_event(event);
        })?;
        if let Some(affected) = &limited.affected {
            verification.report(affected, global);
        }
        stats
    } else {
        run(&project, &limited, format, global, &mut |_| {})?
    };
    Ok(exit_code(&stats))
}

/// The plan for what was asked for. Says what somebody might not expect of it.
fn planned(project: &Project, request: &Request, args: &CheckArgs, global: &GlobalArgs) -> Result<Plan, CliError> {
    let plan = project.plan(request)?;
    notice(&plan, project, args, global);
    Ok(plan)
}

/// Says what somebody might not expect of a plan.
pub(super) fn notice(plan: &Plan, project: &Project, args: &CheckArgs, global: &GlobalArgs) {
    if let Some(affected) = &plan.affected {
        affected::limits(affected, global);
    }
    notice_defaults(plan, project, global);
    notice_empty_stage(plan, args, global);
    notice_doubt(plan, args, global);
}

/// Says once that nothing is configured, and what therefore runs.
fn notice_defaults(plan: &Plan, project: &Project, global: &GlobalArgs) {
    // A package may have added checks of its own.
    let of_workspace = |name: &&CheckName| {
        let check = project.config.check(name.as_str());
        check.is_some_and(|check| check.variants.iter().any(|variant| variant.unowned_files))
    };
    let started = plan.started();
    let names: Vec<_> = started
        .checks
        .iter()
        .filter(of_workspace)
        .map(CheckName::as_str)
        .collect();
    if plan.origin == Origin::Defaults && !names.is_empty() && !global.quiet {
        let text = format!(
            "no checks are configured, so the defaults stand in: {}; `cargo hooks init` writes them down",
            names.join(", ")
        );
        output::stderr(&output::labelled("note", &text, colour::for_stderr(global.color)));
    }
}

/// Says why there is nothing to do where no check has the stage: it may be misunderstood rather than empty.
fn notice_empty_stage(plan: &Plan, args: &CheckArgs, global: &GlobalArgs) {
    let nothing = plan.tasks().len() == 0 && plan.cached.is_empty() && plan.left_out.is_empty();
    if let (true, Some(stage)) = (nothing, args.which.stage) {
        let text = format!("no check has the stage `{stage}`");
        output::stderr(&output::labelled("note", &text, colour::for_stderr(global.color)));
    }
}

/// Says how many passes are looked at again.
fn notice_doubt(plan: &Plan, args: &CheckArgs, global: &GlobalArgs) {
    if args.how.verify_cache.is_some() && !global.quiet {
        let text = match plan.doubted {
            0 => "nothing of this has passed before, so that there is nothing to verify".to_owned(),
            1 => "1 pass that is remembered runs again".to_owned(),
            count => format!("{count} passes that are remembered run again"),
        };
        output::stderr(&output::labelled("note", &text, colour::for_stderr(global.color)));
    }
}

/// Runs a plan, and reports how it goes.
pub(super) fn run(
    project: &Project,
    plan: &Plan,
    format: MessageFormat,
    global: &GlobalArgs,
    listen: &mut dyn FnMut(&EventKind),
) -> Result<RunStats, CliError> {
    let mut reporter: Box<dyn Reporter> = match format {
        MessageFormat::Human => Box::new(HumanReporter::new(human_options(plan.colour, global))),
        MessageFormat::Json => Box::new(JsonReporter::new()),
    };
    let view = (format == MessageFormat::Human).then(|| progress(global)).flatten();
    let _no_echo = view.as_ref().map(|_| NoControlEcho::new());
    let mut stdout = output::Stdout::default();
    let mut written = Ok(());
    let stats = project.run(plan, |event| {
        listen(&event.kind);
        let result = tell(event, reporter.as_mut(), view.as_ref(), &mut stdout);
        written = std::mem::replace(&mut written, Ok(())).and(result);
    })?;
    // A result that could not be written (to a full disk, say) must not look like a pass.
    written?;
    Ok(stats)
}

/// Lets the reporter write into memory first, so that the live view gives way only when there is something to show.
fn tell(
    event: &Event,
    reporter: &mut dyn Reporter,
    view: Option<&ProgressView>,
    stdout: &mut output::Stdout,
) -> std::io::Result<()> {
    if let Some(view) = view {
        view.on_event(event);
    }
    let mut text = Vec::new();
    reporter.on_event(event, &mut text)?;
    if text.is_empty() {
        return Ok(());
    }
    let mut write = || stdout.write_all(&text).and_then(|()| stdout.flush());
    match view {
        Some(view) => view.suspend(write),
        None => write(),
    }
}

/// How much is told, and in which colour.
pub(super) fn human_options(colour: Colour, global: &GlobalArgs) -> HumanOptions {
    let verbosity = match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    };
    let width = terminal_size::terminal_size_of(std::io::stdout()).map_or(usize::MAX, |(width, _)| width.0.into());
    HumanOptions {
        colour,
        width,
        verbosity,
    }
}

/// The live view, on a terminal that somebody watches.
fn progress(global: &GlobalArgs) -> Option<ProgressView> {
    let (width, height) = terminal_size::terminal_size_of(std::io::stderr())?;
    // With a log on the same terminal, lines and live view would tear each other.
    if global.quiet || global.verbose > 1 || in_ci() || !std::io::stderr().is_terminal() {
        return None;
    }
    Some(ProgressView::new(ProgressOptions {
        target: ProgressTarget::Stderr,
        colour: colour::for_stderr(global.color),
        width: width.0.into(),
        height: height.0.into(),
    }))
}

#[expect(clippy::disallowed_methods, reason = "the variable CI is read here and nowhere else")]
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// How the program ends after a run.
pub(super) fn exit_code(stats: &RunStats) -> ExitCode {
    match stats {
        RunStats { interrupted: true, .. } => ExitCode::from(exit::INTERRUPTED),
        stats if stats.is_success() => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::FAILED),
    }
}
