//! `cargo hooks plan`, and `cargo hooks check --dry-run`.

use std::process::ExitCode;

use super::affected::limits;
use super::args::{CheckArgs, GlobalArgs};
use super::reporters::RunFormat;
use super::{CliError, Ended, colour, output, request};
use crate::report::{PlanDetail, plan_json, plan_text};

pub(super) fn plan(args: &CheckArgs, global: &GlobalArgs) -> Ended {
    if args.report.want_a_file() {
        return Err(CliError::usage("nothing runs, so that there is nothing to report"));
    }
    let project = request::load_project(global)?;
    let plan = project.plan(&request::request(args, global, &project)?)?;
    if let Some(affected) = &plan.affected {
        limits(affected, global);
    }
    let text = match args.report.message_format {
        RunFormat::Human | RunFormat::Github => {
            let detail = if global.verbose > 0 {
                PlanDetail::Whole
            } else {
                PlanDetail::FittingTheTerminal
            };
            let width =
                terminal_size::terminal_size_of(std::io::stdout()).map_or(usize::MAX, |(width, _)| width.0.into());
            plan_text(&plan, detail, width, colour::for_stdout(global.color))
        }
        RunFormat::Json => plan_json(&plan),
    };
    output::stdout(&text)?;
    Ok(ExitCode::SUCCESS)
}
