//! `cargo hooks why CHECK`: what is remembered of a check, and why it would run.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use anstyle::Style;
use serde_json::{Value as Json, json};

use super::args::{GlobalArgs, MessageFormat, WhyArgs};
use super::cache::{age, seconds};
use super::why::{bold, clean};
use super::{Ended, colour, output, request};
use crate::cache::{Change, Difference, Explanation, Standing};
use crate::model::CheckName;
use crate::plan::{CrateSelection, Request};
use crate::project::Project;
use crate::report::duration::elapsed;
use crate::tool_output::Colour;

/// How many parts of a difference are listed.
const LISTED: usize = 12;

/// The project, where what is asked about is a check of it: crates and files come first where somebody names no crate beside
/// it.
pub(super) fn project_with_check(
    args: &WhyArgs,
    global: &GlobalArgs,
) -> Result<Option<(Project, CheckName)>, super::CliError> {
    let Some(name) = args.subject.to_str() else {
        return Ok(None);
    };
    let project = match request::load_project(global) {
        Ok(project) => project,
        Err(error) if !args.package.is_empty() => return Err(error),
        // A question about crates and files can be answered all the same, or says better what is wrong.
        Err(_) => return Ok(None),
    };
    let is_crate = project
        .workspace
        .crates()
        .iter()
        .any(|krate| krate.name.as_str() == name);
    let is_check = project.config.check(name).is_some();
    Ok((!args.package.is_empty() || is_check && !is_crate).then(|| (project, CheckName::from(name))))
}

pub(super) fn why_check(project: &Project, check: &CheckName, args: &WhyArgs, global: &GlobalArgs) -> Ended {
    let request = Request {
        checks: vec![check.clone()],
        crates: CrateSelection {
            include: args.package.clone(),
            exclude: Vec::new(),
        },
        ..Request::default()
    };
    let mut explained = project.explain(&request)?;
    explained.retain(|one| one.check == *check);
    let text = match args.message_format {
        MessageFormat::Human => {
            let colour = colour::for_stdout(global.color);
            clean(&text(check, &explained, colour, SystemTime::now()), colour)
        }
        MessageFormat::Json => format!("{}\n", as_json(check, &explained)),
    };
    output::stdout(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(check: &CheckName, explained: &[Explanation], colour: Colour, now: SystemTime) -> String {
    let bold = bold(colour);
    if explained.is_empty() {
        return format!("{bold}{check}{bold:#} has nothing to do here\n");
    }
    // What holds for several crates is said once.
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for one in explained {
        let what = standing_text(&one.standing, now, bold);
        let name = match &one.krate {
            Some(krate) => format!("{check} {krate}"),
            None => one.task.clone(),
        };
        match said.iter_mut().find(|(known, _)| *known == what) {
            Some((_, names)) => names.push(name),
            None => said.push((what, vec![name])),
        }
    }
    let paragraphs = said.iter().map(|(what, names)| {
        let more = match names.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = &names[..names.len().min(LISTED)];
        format!("{bold}{}{bold:#}{more}: {what}", names.join(", "))
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn standing_text(standing: &Standing, now: SystemTime, bold: Style) -> String {
    match standing {
        Standing::Passed { at, took } => {
            format!(
                "has passed on the same content {}, in {}\n",
                age(*at, now),
                elapsed(*took)
            )
        }
        Standing::NeverRemembered => "runs each time: its passes are not remembered\n".to_owned(),
        Standing::Unknown(why) => format!("runs each time: {why}\n"),
        Standing::New => "would run: no pass of it is remembered\n".to_owned(),
        Standing::Differs { passed, differences } => {
            let mut text = format!("would run, since it is not what passed {}\n", age(*passed, now));
            for difference in differences {
                let Difference { what, change, parts } = difference;
                let _ = writeln!(text, "  {bold}{what}{bold:#}: {}", change_text(*change));
                for (part, change) in parts.iter().take(LISTED) {
                    let _ = writeln!(text, "    {part}: {}", change_text(*change));
                }
                if parts.len() > LISTED {
                    let _ = writeln!(text, "    and {} more", parts.len() - LISTED);
                }
            }
            text
        }
    }
}

fn change_text(change: Change) -> &'static str {
    match change {
        Change::Differs => "changed",
        Change::New => "new",
        Change::Gone => "gone",
    }
}

fn as_json(check: &CheckName, explained: &[Explanation]) -> Json {
    let tasks = explained.iter().map(|one| {
        let mut task = json!({ "task": one.task, "crate": one.krate });
        let (standing, more) = match &one.standing {
            Standing::Passed { at, took } => (
                "passed",
                json!({ "at": seconds(Some(*at)), "took": took.as_secs_f64() }),
            ),
            Standing::NeverRemembered => ("never-remembered", json!({})),
            Standing::Unknown(why) => ("unknown", json!({ "reason": why })),
            Standing::New => ("new", json!({})),
            Standing::Differs { passed, differences } => {
                let differences: Vec<_> = differences.iter().map(difference_json).collect();
                (
                    "differs",
                    json!({ "at": seconds(Some(*passed)), "differences": differences }),
                )
            }
        };
        task["standing"] = standing.into();
        if let (Json::Object(task), Json::Object(more)) = (&mut task, more) {
            task.extend(more);
        }
        task
    });
    json!({ "version": 1, "check": check, "tasks": tasks.collect::<Vec<_>>() })
}

fn difference_json(difference: &Difference) -> Json {
    let word = |change: Change| match change {
        Change::Differs => "differs",
        Change::New => "new",
        Change::Gone => "gone",
    };
    let parts = difference.parts.iter();
    let parts: Vec<_> = parts
        .map(|(part, change)| json!({ "what": part, "change": word(*change) }))
        .collect();
    json!({ "what": difference.what, "change": word(difference.change), "parts": parts })
}
