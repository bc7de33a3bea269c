//! Judges what a hook is about: in a place where exactly that lies, and with a look afterwards whether it still does.

use std::process::ExitCode;

use super::args::{CheckArgs, GlobalArgs};
use super::error::exit;
use super::{CliError, Ended, check, colour, output, request};
use crate::event::RunStats;
use crate::git_hooks::{Part, Trial, prepare};
use crate::plan::{HookInput, Request};
use crate::project::{LoadOptions, Project};

/// What is asked of each part of what a hook is about.
pub(super) struct Question<'a> {
    /// How a project of the working tree is loaded.
    pub(super) options: LoadOptions,
    /// What somebody would have typed.
    pub(super) typed: CheckArgs,
    /// What checks of a project can see of the hook.
    pub(super) hook: &'a dyn Fn(&Project) -> HookInput,
}

/// Judges one part.
pub(super) fn judge(part: &Part, question: &Question<'_>, global: &GlobalArgs) -> Ended {
    let mut trial = prepare(&question.options, part)?;
    if let Some(told) = trial.told().filter(|_| !global.quiet) {
        output::stderr(&output::labelled("note", &told, colour::for_stderr(global.color)));
    }
    let stats = run(&trial, question, global).map_err(|error| error.renamed(|text| trial.shown(text)))?;
    if let Some(moved) = trial.moved()? {
        let text = format!("the verdict is uncertain, since it is not about what is judged any more: {moved}");
        output::stderr(&output::labelled("error", &text, colour::for_stderr(global.color)));
        if stats.is_success() {
            return Ok(ExitCode::from(exit::FAILED));
        }
    }
    Ok(check::exit_code(&stats))
}

fn run(trial: &Trial, question: &Question<'_>, global: &GlobalArgs) -> Result<RunStats, CliError> {
    let mut project = trial.load()?;
    project.ends_with = question.typed.how.ends_with;
    let request = Request {
        changes: trial.comparison().cloned(),
        hook: Some((question.hook)(&project)),
        ..request::request(&question.typed, global, &project)?
    };
    let plan = check::planned(&project, &request, &question.typed, global)?;
    trial.accepts(&plan)?;
    check::run(&project, &plan, question.typed.message_format, global, &mut |_| {})
}
