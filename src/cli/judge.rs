//! Judges what is going to be committed or pushed: what hooks of git come to.

use std::process::ExitCode;

use super::args::{GlobalArgs, JudgeArgs};
use super::{CliError, Ended, affected, check, colour, output, request};
use crate::event::RunStats;
use crate::git_hooks::{Part, Pushed, Subject, Trial, prepare};
use crate::plan::Request;
use crate::project::LoadOptions;

/// `cargo hooks __judge`.
pub(super) fn judge(args: &JudgeArgs, global: &GlobalArgs) -> Ended {
    let subject = if args.pushed.is_empty() {
        Subject::Index {
            file: args.index_file.clone(),
        }
    } else {
        Subject::Commits(args.pushed.iter().map(|range| pushed(range)).collect())
    };
    judge_subject(&subject, args, global)
}

fn pushed(range: &str) -> Pushed {
    let (base, tip) = match range.split_once("..") {
        Some((base, tip)) => (Some(base.to_owned()), tip),
        None => (None, range),
    };
    Pushed {
        base,
        tip: tip.to_owned(),
    }
}

/// Judges all parts of a subject, and ends as the worst of them.
pub(super) fn judge_subject(subject: &Subject, args: &JudgeArgs, global: &GlobalArgs) -> Ended {
    let options = request::load_options(global)?;
    for part in subject.parts() {
        let verdict = judge_part(&part, &options, args, global)?;
        if verdict != ExitCode::SUCCESS {
            return Ok(verdict);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn judge_part(part: &Part, options: &LoadOptions, args: &JudgeArgs, global: &GlobalArgs) -> Ended {
    let mut trial = prepare(options, part)?;
    if let Some(told) = trial.told().filter(|_| !global.quiet) {
        output::stderr(&output::labelled("note", &told, colour::for_stderr(global.color)));
    }
    let stats = run(&trial, args, global).map_err(|error| error.renamed(|text| trial.shown(text)))?;
    if let Some(moved) = trial.moved()? {
        let text = format!("the verdict is uncertain, since it is not about what is judged any more: {moved}");
        output::stderr(&output::labelled("error", &text, colour::for_stderr(global.color)));
        if stats.is_success() {
            return Ok(ExitCode::from(super::error::exit::FAILED));
        }
    }
    Ok(check::exit_code(&stats))
}

fn run(trial: &Trial, args: &JudgeArgs, global: &GlobalArgs) -> Result<RunStats, CliError> {
    let mut project = trial.load()?;
    project.ends_with = args.check.how.ends_with;
    let request = Request {
        changes: trial.comparison().cloned(),
        ..request::request(&args.check, global, &project)?
    };
    let plan = project.plan(&request)?;
    trial.accepts(&plan)?;
    if let Some(affected) = &plan.affected {
        affected::limits(affected, global);
    }
    check::notice_defaults(&plan, &project, global);
    check::notice_empty_stage(&plan, &args.check, global);
    check::run(&project, &plan, args.check.message_format, global, &mut |_| {})
}
