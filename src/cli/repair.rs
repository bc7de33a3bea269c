//! Repairs what is going to be committed before it is judged, and brings that back to where it came from.

use std::process::ExitCode;

use super::args::GlobalArgs;
use super::error::exit;
use super::judge::{Prospect, Question, Verdict, is_usual_index, prospect, tell, verdict};
use super::reporters::Reporters;
use super::{CliError, Ended, check, colour, output};
use crate::config::Repairs;
use crate::event::RunStats;
use crate::git_hooks::{BroughtBack, Part, Repaired, Trial, prepare_to_repair};
use crate::model::CheckName;
use crate::plan::{Mode, Request};

/// What a hook is about, and how it is asked.
pub(super) struct Hook<'a> {
    pub(super) part: &'a Part,
    pub(super) question: &'a Question<'a>,
    pub(super) global: &'a GlobalArgs,
}

/// What is to be repaired, and what becomes of that.
pub(super) struct Wish {
    /// The checks whose fixers run.
    checks: Vec<CheckName>,
    repairs: Repairs,
}

/// What is to be repaired, if anything is. What has passed before needs no repair.
pub(super) fn wish(part: &Part, prospect: &Prospect, question: &Question<'_>) -> Option<Wish> {
    let configured = &prospect.project.config.settings.repairs;
    let stage = question.typed.which.stage?;
    let repairs = configured.get(&stage).copied();
    let repairs = repairs.or(question.repair.then_some(Repairs::Shown))?;
    let mut checks: Vec<CheckName> = Vec::new();
    for task in prospect.plan.tasks() {
        if task.head.fix.is_some() && !checks.contains(&task.head.check) {
            checks.push(task.head.check.clone());
        }
    }
    (matches!(part, Part::Index(_)) && !checks.is_empty()).then_some(Wish { checks, repairs })
}

/// Repairs, and judges what came of it.
pub(super) fn judge(mut trial: Trial, judged: &Prospect, wish: &Wish, hook: &Hook<'_>) -> Ended {
    let Hook { part, question, global } = *hook;
    let mut own = None;
    if !trial.can_be_repaired()
        && let Some(made) = prepare_to_repair(&question.options, part)?
    {
        own = Some((prospect(&made, part, question, global)?, made));
    }
    let is_own = own.is_some();
    let (before, copy) = match &mut own {
        Some((prospect, own)) => (&*prospect, own),
        None => (judged, &mut trial),
    };
    let fixed = fix(before, wish, hook)?;
    if fixed.interrupted {
        return Ok(check::exit_code(&fixed));
    }
    let Some(repaired) = copy.repaired()? else {
        // There is no need to know that anything was tried.
        return Ok(match verdict(&mut trial, judged, question, global)? {
            Verdict::Certain(stats) => check::exit_code(&stats),
            Verdict::Uncertain(code) => code,
        });
    };
    if is_own {
        tell(copy, global);
    }
    let after = prospect(copy, part, question, global)?;
    let stats = match verdict(copy, &after, question, global)? {
        Verdict::Certain(stats) if stats.interrupted => return Ok(check::exit_code(&stats)),
        Verdict::Certain(stats) => stats,
        Verdict::Uncertain(code) => {
            say("note", "nothing of what was repaired is brought back", global);
            return Ok(code);
        }
    };
    if fixed.passed < fixed.tasks {
        let patch = copy.keep(&repaired)?;
        let text = format!(
            "what was repaired is not brought back, since a fixer has failed; it lies in {}",
            patch.display()
        );
        say("error", &text, global);
        return Ok(ExitCode::from(exit::FAILED));
    }
    let back = copy.bring_back(&repaired)?;
    tell_back(&back, part, global);
    if !stats.is_success() {
        return Ok(check::exit_code(&stats));
    }
    if !back.left.is_empty() {
        return Ok(ExitCode::from(exit::FAILED));
    }
    conclude(copy, &repaired, wish.repairs, global)
}

/// Runs the fixers. What is wrong with them shows in the verdict about what they leave.
fn fix(prospect: &Prospect, wish: &Wish, hook: &Hook<'_>) -> Result<RunStats, CliError> {
    let request = Request {
        checks: wish.checks.clone(),
        mode: Mode::Repair,
        ..prospect.request.clone()
    };
    let plan = prospect.project.plan(&request)?;
    let quiet = GlobalArgs {
        quiet: true,
        ..hook.global.clone()
    };
    let reporters = Reporters::new(&hook.question.typed.report, &prospect.project, &plan, &quiet)?;
    check::run(&prospect.project, &plan, reporters, &mut |_| {})
}

/// What is in the working tree by now stops the commit, or becomes part of it.
fn conclude(copy: &Trial, repaired: &Repaired, repairs: Repairs, global: &GlobalArgs) -> Ended {
    match repairs {
        Repairs::Shown => {
            let text = "nothing is committed yet: look at what was repaired, and stage it";
            say("error", text, global);
            Ok(ExitCode::from(exit::FAILED))
        }
        Repairs::Staged => match copy.stage(repaired)? {
            Ok(()) => {
                if !global.quiet {
                    say("note", "what was repaired is part of the commit", global);
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(file) => {
                let text = format!(
                    "nothing is committed yet: `{}` is staged in another form beside what is committed, so that its repair \
                     cannot be staged",
                    file.display()
                );
                say("error", &text, global);
                Ok(ExitCode::from(exit::FAILED))
            }
        },
    }
}

/// Says what became of the repairs in the working tree.
fn tell_back(back: &BroughtBack, part: &Part, global: &GlobalArgs) {
    if let Some(first) = back.repaired.first().filter(|_| !global.quiet) {
        let others = match back.repaired.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        say("note", &format!("repaired `{}`{others}", first.display()), global);
    }
    for left in &back.left {
        let text = format!(
            "`{}` stays as it is in the working tree: {}",
            left.file.display(),
            left.why
        );
        say("error", &text, global);
    }
    match &back.patch {
        Some(Ok(patch)) => say("note", &told_patch(&patch.display().to_string(), part), global),
        Some(Err(error)) => {
            say("error", &format!("its repair cannot be kept: {error}"), global);
            if let Some(way_out) = error.way_out() {
                say("help", way_out, global);
            }
        }
        None => {}
    }
    for rescued in &back.rescued {
        let text = format!("what somebody has written meanwhile lies in {}", rescued.display());
        say("warning", &text, global);
    }
}

/// Where the repair lies, and what it is good for.
fn told_patch(patch: &str, part: &Part) -> String {
    if is_usual_index(part) {
        format!("its repair lies in {patch}; `git apply --cached {patch}` repairs what is staged")
    } else {
        // What it is a patch for is staged only as long as git makes this commit.
        format!("its repair lies in {patch}")
    }
}

fn say(label: &str, text: &str, global: &GlobalArgs) {
    output::stderr(&output::labelled(label, text, colour::for_stderr(global.color)));
}
