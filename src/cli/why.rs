//! `cargo hooks why`: why a crate is affected, or what a file would affect. `why_check` answers for checks.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value as Json, json};

use super::affected::{compared, notes, of_check, printable};
use super::args::{GlobalArgs, MessageFormat, WhyArgs};
use super::comparison::absolute;
use super::why_check::{project_with_check, why_check};
use super::{CliError, Ended, colour, output, request};
use crate::affected::{Affected, AffectedCrate, Touch};
use crate::changes::Comparison;
use crate::config::Kinds;
use crate::diagnostic::nearest;
use crate::model::CrateName;
use crate::project::{LoadOptions, Survey, survey};
use crate::tool_output::{Colour, sanitize};

/// How many crates are listed by name.
const NAMED: usize = 12;

pub(super) fn why(args: &WhyArgs, global: &GlobalArgs) -> Ended {
    if let Some((project, check)) = project_with_check(args, global)? {
        return why_check(&project, &check, args, global);
    }
    let options = request::load_options(global)?;
    let this_branch = Comparison::Branch { base: None };
    let comparison = args.comparison.comparison_or(this_branch, &options.current_dir)?;
    let survey_of_changes = survey(&options, &comparison)?;
    let name = args.subject.to_str().map(CrateName::from);
    let answer = match name.filter(|name| survey_of_changes.affected.by_name(name).is_some()) {
        Some(name) => Answer::Crate(survey_of_changes, name),
        None => of_file(&args.subject, &options, &survey_of_changes)?,
    };
    let colour = colour::for_stdout(global.color);
    let text = match (&answer, args.message_format) {
        (Answer::Crate(survey, name), MessageFormat::Human) => {
            notes(&survey.affected, global);
            crate_text(survey, name, colour)
        }
        (Answer::Crate(survey, name), MessageFormat::Json) => format!("{}\n", crate_json(survey, name)),
        (Answer::File(survey, file), MessageFormat::Human) => file_text(survey, file, colour),
        (Answer::File(survey, file), MessageFormat::Json) => format!("{}\n", file_json(survey, file)),
    };
    output::stdout(&text)?;
    Ok(ExitCode::SUCCESS)
}

enum Answer {
    /// What the changes do to a crate.
    Crate(Survey, CrateName),
    /// What would come of a change of this file.
    File(Survey, PathBuf),
}

/// What a change of a file would do; the file need not exist, since it may be about to.
fn of_file(subject: &Path, options: &LoadOptions, of_changes: &Survey) -> Result<Answer, CliError> {
    let file = absolute(&options.current_dir, subject);
    // No crate has a dot in its name.
    let has_dot = subject.as_os_str().as_encoded_bytes().contains(&b'.');
    let looks_like_file = subject.components().count() > 1 || has_dot || file.symlink_metadata().is_ok();
    if !looks_like_file {
        let names = of_changes.affected.members().iter().map(|krate| krate.name.as_str());
        let subject = subject.to_string_lossy();
        let checks = of_changes.config.checks.iter().map(|check| check.name.as_str());
        let near = nearest(&subject, names.chain(checks)).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_default();
        return Err(CliError::usage(format!(
            "`{subject}` is no crate of the workspace, no check and no file{near}"
        )));
    }
    Ok(Answer::File(
        survey(options, &Comparison::Files(vec![file.clone()]))?,
        file,
    ))
}

fn crate_text(survey: &Survey, name: &CrateName, colour: Colour) -> String {
    let affected = &survey.affected;
    let compared = compared(affected);
    let bold = bold(colour);
    let mut text = String::new();
    let Some(krate) = affected.by_name(name).filter(|krate| !krate.kinds.is_empty()) else {
        let _ = writeln!(
            text,
            "{bold}{name}{bold:#} is not affected: nothing that it is made of differs\n{compared}"
        );
        return clean(&text, colour);
    };
    let _ = writeln!(
        text,
        "{bold}{name}{bold:#} is affected: {}\n{compared}\n",
        words(krate.kinds)
    );
    let chain = affected
        .why(name, Kinds::BUILT)
        .filter(|(_, _, steps)| !steps.is_empty());
    for touch in &krate.touches {
        let _ = writeln!(text, "  {}", touch_text(affected, touch));
        let _ = writeln!(text, "    {bold}{name}{bold:#}: {}", words(touch.kinds));
    }
    if let Some((touch, start, steps)) = chain {
        let _ = writeln!(text, "  {}", touch_text(affected, touch));
        let _ = writeln!(text, "    {bold}{start}{bold:#}");
        for step in steps {
            let _ = writeln!(text, "    {bold}{}{bold:#} {}", step.to, step.link);
        }
    }
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for check in &survey.config.checks {
        let list = if of_check(affected, check).1.contains(name) {
            &mut on
        } else {
            &mut off
        };
        list.push(check.name.as_str());
    }
    let _ = writeln!(text, "\nchecks that run on it: {}", listed(&on));
    if !off.is_empty() {
        let _ = writeln!(text, "checks that do not: {}", listed(&off));
    }
    clean(&text, colour)
}

fn file_text(survey: &Survey, file: &Path, colour: Colour) -> String {
    let affected = &survey.affected;
    let bold = bold(colour);
    let mut text = format!("if {bold}{}{bold:#} changes:\n\n", printable(&affected.shown(file)));
    let touched: Vec<&AffectedCrate> = affected
        .members()
        .iter()
        .filter(|krate| !krate.touches.is_empty())
        .collect();
    for krate in touched.iter().take(NAMED) {
        for touch in &krate.touches {
            let _ = writeln!(
                text,
                "  {bold}{}{bold:#}: {}: {}",
                krate.name,
                words(touch.kinds),
                touch.cause
            );
        }
    }
    if touched.is_empty() {
        text.push_str("  no crate is touched\n");
    } else if touched.len() > NAMED {
        let _ = writeln!(text, "  and {} more crates", touched.len() - NAMED);
    }
    text.push('\n');
    for check in &survey.config.checks {
        let (runs, crates) = of_check(affected, check);
        let names: Vec<&str> = crates.iter().map(CrateName::as_str).collect();
        let what = match (runs, names.len()) {
            (false, _) => "has nothing to do".to_owned(),
            (true, 0) => "runs".to_owned(),
            (true, count) if count == affected.members().len() => "runs on every crate".to_owned(),
            (true, count) if count > NAMED => format!("runs on {count} crates"),
            (true, _) => format!("runs on {}", listed(&names)),
        };
        let _ = writeln!(text, "{} {what}", check.name);
    }
    for note in &affected.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    clean(&text, colour)
}

fn touch_text(affected: &Affected, touch: &Touch) -> String {
    let file = touch
        .file
        .as_ref()
        .map(|file| printable(&affected.shown(&affected.root.join(file))));
    match file {
        Some(file) => format!("{file}: {}", touch.cause),
        None => touch.cause.to_string(),
    }
}

fn crate_json(survey: &Survey, name: &CrateName) -> Json {
    let affected = &survey.affected;
    let krate = affected.by_name(name);
    let kinds = krate.map(|krate| krate.kinds).unwrap_or_default();
    let chain = affected.why(name, Kinds::BUILT).map(|(touch, start, steps)| {
        let steps = steps
            .iter()
            .map(|step| json!({ "crate": step.to, "because": step.link.to_string() }));
        json!({ "touch": touch_json(affected, touch), "start": start, "steps": steps.collect::<Vec<_>>() })
    });
    let touches = krate.iter().flat_map(|krate| &krate.touches);
    let runs = |check: &&crate::config::Check| of_check(affected, check).1.contains(name);
    json!({
        "version": 1,
        "crate": name,
        "from": affected.from,
        "to": affected.to,
        "kinds": kinds.iter().collect::<Vec<_>>(),
        "touches": touches.map(|touch| touch_json(affected, touch)).collect::<Vec<_>>(),
        "chain": chain,
        "checks": survey.config.checks.iter().filter(runs).map(|check| &check.name).collect::<Vec<_>>(),
    })
}

fn file_json(survey: &Survey, file: &Path) -> Json {
    let affected = &survey.affected;
    let crates = affected.members().iter().filter(|krate| !krate.touches.is_empty());
    let crates = crates.map(|krate| {
        let touches = krate.touches.iter().map(|touch| touch_json(affected, touch));
        json!({ "crate": krate.name, "touches": touches.collect::<Vec<_>>() })
    });
    let checks = survey.config.checks.iter().map(|check| {
        let (runs, crates) = of_check(affected, check);
        json!({ "check": check.name, "runs": runs, "crates": crates })
    });
    json!({
        "version": 1,
        "file": affected.shown(file).to_string_lossy(),
        "crates": crates.collect::<Vec<_>>(),
        "checks": checks.collect::<Vec<_>>(),
        "notes": affected.notes,
    })
}

fn touch_json(affected: &Affected, touch: &Touch) -> Json {
    let file = touch
        .file
        .as_ref()
        .map(|file| affected.shown(&affected.root.join(file)).to_string_lossy().into_owned());
    json!({ "file": file, "rule": touch.cause.to_string(), "kinds": touch.kinds.iter().collect::<Vec<_>>() })
}

fn words(kinds: Kinds) -> String {
    let words: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
    words.join(", ")
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

pub(super) fn bold(colour: Colour) -> Style {
    match colour {
        Colour::Keep => Style::new().bold(),
        Colour::Strip => Style::new(),
    }
}

/// Names of files are data: none of them may speak to the terminal.
pub(super) fn clean(text: &str, colour: Colour) -> String {
    let lines = text.lines().map(|line| sanitize(line.as_bytes(), colour) + "\n");
    lines.collect()
}
