//! `cargo hooks check`.

use std::process::ExitCode;

use super::args::{CheckArgs, GlobalArgs};
use super::error::exit;
use super::reporters::Reporters;
use super::verify::Verification;
use super::{CliError, Ended, affected, colour, output, plan, request};
use crate::config::Origin;
use crate::event::{EventKind, RunStats};
use crate::model::CheckName;
use crate::plan::{Plan, Request};
use crate::project::Project;

pub(super) fn check(args: &CheckArgs, global: &GlobalArgs) -> Ended {
    if args.how.dry_run {
        return plan::plan(args, global);
    }
    let mut project = request::load_project_to_run(args, global)?;
    project.ends_with = args.how.ends_with;
    let request = request::request(args, global, &project)?;
    let limited = planned(&project, &request, args, global)?;
    let reporters = |plan: &Plan| Reporters::new(&args.report, &project, plan, global);
    let stats = if args.how.verify {
        let everything = project.plan(&Request {
            changes: None,
            ..request
        })?;
        let mut verification = Verification::new(&everything, &limited);
        let stats = run(&project, &everything, reporters(&everything)?, &mut |event| {
            verification.on_event(event);
        })?;
        if let Some(affected) = &limited.affected {
            verification.report(affected, global);
        }
        stats
    } else {
        run(&project, &limited, reporters(&limited)?, &mut |_| {})?
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
    mut reporters: Reporters,
    listen: &mut dyn FnMut(&EventKind),
) -> Result<RunStats, CliError> {
    let stats = project.run(plan, |event| {
        listen(&event.kind);
        reporters.on_event(event);
    })?;
    // A result that could not be written (to a full disk, say) must not look like a pass.
    reporters.finish()?;
    Ok(stats)
}

/// How the program ends after a run.
pub(super) fn exit_code(stats: &RunStats) -> ExitCode {
    match stats {
        RunStats { interrupted: true, .. } => ExitCode::from(exit::INTERRUPTED),
        stats if stats.is_success() => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::FAILED),
    }
}
