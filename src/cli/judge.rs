//! Judges what a hook is about: in a place where exactly that lies, and with a look afterwards whether it still does.

use std::process::ExitCode;
use std::sync::Arc;

use super::args::{CheckArgs, GlobalArgs};
use super::error::exit;
use super::reporters::Reporters;
use super::{CliError, Ended, check, colour, output, repair, request};
use crate::digests::FileTree;
use crate::event::RunStats;
use crate::git_hooks::{Part, Trial, prepare, prepare_apart};
use crate::plan::{HookInput, Plan, Request};
use crate::project::{LoadOptions, Project};

/// What is asked of each part of what a hook is about.
pub(super) struct Question<'a> {
    /// How a project of the working tree is loaded.
    pub(super) options: LoadOptions,
    /// What somebody would have typed.
    pub(super) typed: CheckArgs,
    /// Whether somebody has asked for repairs, whatever is configured.
    pub(super) repair: bool,
    /// What checks of a project can see of the hook.
    pub(super) hook: &'a dyn Fn(&Project) -> HookInput,
}

/// What would run in the place of a trial.
pub(super) struct Prospect {
    pub(super) project: Project,
    pub(super) request: Request,
    pub(super) plan: Plan,
    /// The files that it was made from, where they were looked at.
    files: Option<Arc<FileTree>>,
}

/// Judges one part.
pub(super) fn judge(part: &Part, question: &Question<'_>, global: &GlobalArgs) -> Ended {
    let mut trial = prepare(&question.options, part)?;
    tell(&trial, global);
    let mut prospect = prospect(&trial, part, question, global)?;
    if trial.is_converted(prospect.files.as_deref())? {
        trial = prepare_apart(&question.options, part)?;
        tell(&trial, global);
        prospect = self::prospect(&trial, part, question, global)?;
    }
    if let Some(wish) = repair::wish(part, &prospect, question) {
        return repair::judge(trial, &prospect, &wish, &repair::Hook { part, question, global });
    }
    Ok(match verdict(&mut trial, &prospect, question, global)? {
        Verdict::Certain(stats) => check::exit_code(&stats),
        Verdict::Uncertain(code) => code,
    })
}

/// Says where the checks run, where that is not where they always run.
pub(super) fn tell(trial: &Trial, global: &GlobalArgs) {
    if let Some(told) = trial.told().filter(|_| !global.quiet) {
        output::stderr(&output::labelled("note", &told, colour::for_stderr(global.color)));
    }
}

/// Plans what runs in the place of a trial.
pub(super) fn prospect(
    trial: &Trial,
    part: &Part,
    question: &Question<'_>,
    global: &GlobalArgs,
) -> Result<Prospect, CliError> {
    let made = || {
        let mut project = trial.load()?;
        project.ends_with = question.typed.how.ends_with;
        let request = Request {
            changes: trial.comparison().cloned(),
            hook: Some((question.hook)(&project)),
            rerun: rerun(trial, part, question),
            ..request::request(&question.typed, global, &project)?
        };
        let (plan, files) = project.plan_and_files(&request)?;
        trial.accepts(&plan)?;
        Ok(Prospect {
            project,
            request,
            plan,
            files,
        })
    };
    made().map_err(|error: CliError| error.renamed(|text| trial.shown(text)))
}

/// What judges the same again: `cargo hooks check` is about the working tree, and a snapshot about what is staged. An index that
/// git has made for one commit is gone after that.
fn rerun(trial: &Trial, part: &Part, question: &Question<'_>) -> Option<String> {
    let stage = question.typed.which.stage?;
    (is_usual_index(part) && trial.can_be_repaired()).then(|| format!("cargo hooks git-hook {stage}"))
}

/// Whether it is the index that stays, and not one that git has made for a single commit.
pub(super) fn is_usual_index(part: &Part) -> bool {
    match part {
        Part::Index(None) => true,
        Part::Index(Some(file)) => file.file_name().is_some_and(|name| name == "index"),
        Part::Commits(_) | Part::WorkTree => false,
    }
}

/// What came of the checks.
pub(super) enum Verdict {
    /// They are about what is judged.
    Certain(RunStats),
    /// They are not: the run ends with this.
    Uncertain(ExitCode),
}

/// Runs the checks.
pub(super) fn verdict(
    trial: &mut Trial,
    prospect: &Prospect,
    question: &Question<'_>,
    global: &GlobalArgs,
) -> Result<Verdict, CliError> {
    let Prospect {
        project, plan, files, ..
    } = prospect;
    check::notice(plan, project, &question.typed, global);
    let reporters = Reporters::new(&question.typed.report, project, plan, global)?;
    let stats = check::run(project, plan, reporters, &mut |_| {})?;
    // What passed before has passed on the files that were seen: where nothing ran, they are all that counts.
    if plan.tasks().len() == 0 && files.as_ref().is_some_and(|files| trial.is_shown_by(files)) {
        return Ok(Verdict::Certain(stats));
    }
    let Some(moved) = trial.moved()? else {
        return Ok(Verdict::Certain(stats));
    };
    let text = format!("the verdict is uncertain, since it is not about what is judged any more: {moved}");
    output::stderr(&output::labelled("error", &text, colour::for_stderr(global.color)));
    Ok(Verdict::Uncertain(if stats.is_success() {
        ExitCode::from(exit::FAILED)
    } else {
        check::exit_code(&stats)
    }))
}
