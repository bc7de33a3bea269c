//! `cargo hooks affected`.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::args::{AffectedArgs, GlobalArgs};
use super::{CliError, Ended, colour, output, request};
use crate::affected::{Affected, AffectedCrate, Step};
use crate::changes::Comparison;
use crate::config::{Check, Kind, Kinds, Scope};
use crate::diagnostic::nearest;
use crate::project::{Survey, survey};

/// In which form crates are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AffectedFormat {
    /// Their names, one a line.
    #[default]
    Names,
    /// Crates, reasons and checks as one JSON object.
    Json,
    /// Arguments for cargo, such as `-p a -p b`; none where no crate is affected: `xargs -r` then runs nothing.
    CargoArgs,
    /// A filterset for `cargo nextest run -E`.
    Nextest,
    /// A matrix for a job of GitHub Actions.
    GithubMatrix,
}

pub(super) fn affected(args: &AffectedArgs, global: &GlobalArgs) -> Ended {
    let options = request::load_options(global)?;
    let this_branch = Comparison::Branch { base: None };
    let comparison = args.comparison.comparison_or(this_branch, &options.current_dir)?;
    let survey = survey(&options, &comparison)?;
    if global.verbose > 0 {
        limits(&survey.affected, global);
    } else {
        notes(&survey.affected, global);
    }
    let names = selected(&survey, args.check.as_deref())?;
    let text = match args.format {
        AffectedFormat::Names => names.iter().map(|krate| format!("{}\n", krate.name)).collect(),
        AffectedFormat::Json => format!("{}\n", as_json(&survey)),
        AffectedFormat::CargoArgs => cargo_args(&survey, &names),
        AffectedFormat::Nextest => nextest(&names),
        AffectedFormat::GithubMatrix => matrix(&survey.affected, &names),
    };
    if !text.is_empty() {
        output::stdout(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says on standard error what was compared where that is not plain, and what was widened.
pub(super) fn notes(affected: &Affected, global: &GlobalArgs) {
    let colour = colour::for_stderr(global.color);
    for note in affected.notes.iter().filter(|_| !global.quiet) {
        output::stderr(&output::labelled("note", note, colour));
    }
}

/// What is compared, in a line.
pub(super) fn compared(affected: &Affected) -> String {
    format!("comparing {} with {}", affected.to, affected.from)
}

/// A name as it can be shown in a line: it may hold anything.
pub(super) fn printable(path: &Path) -> String {
    let text = path.to_string_lossy();
    let shown = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(shown).collect()
}

/// Says what a run is limited to.
pub(super) fn limits(affected: &Affected, global: &GlobalArgs) {
    if !global.quiet && affected.everything.is_none() {
        let touched = affected
            .crates()
            .filter(|krate| krate.kinds.meets(Kinds::BUILT))
            .count();
        let (files, of) = (affected.files.len(), affected.members().len());
        let files = if files == 1 {
            "1 file differs".to_owned()
        } else {
            format!("{files} files differ")
        };
        let text = format!("{files}, {touched} of {of} crates are affected; {}", compared(affected));
        output::stderr(&output::labelled("note", &text, colour::for_stderr(global.color)));
    }
    notes(affected, global);
}

/// The crates that a check works on; without one, those whose compiled code or tests are touched.
fn selected<'s>(survey: &'s Survey, check: Option<&str>) -> Result<Vec<&'s AffectedCrate>, CliError> {
    let affected = &survey.affected;
    let Some(name) = check else {
        return Ok(affected
            .crates()
            .filter(|krate| krate.kinds.meets(Kinds::BUILT))
            .collect());
    };
    let Some(check) = survey.config.check(name) else {
        let names = survey.config.checks.iter().map(|check| check.name.as_str());
        let near = nearest(name, names).map(|near| format!("; did you mean `{near}`?"));
        return Err(CliError::usage(format!(
            "there is no check `{name}`{}",
            near.unwrap_or_default()
        )));
    };
    let wanted = of_check(affected, check).1;
    Ok(affected
        .members()
        .iter()
        .filter(|krate| wanted.contains(&krate.name))
        .collect())
}

/// Whether a check has anything to do, and on which crates where it works on crates.
pub(super) fn of_check(
    affected: &Affected,
    check: &Check,
) -> (bool, std::collections::BTreeSet<crate::model::CrateName>) {
    let mut runs = false;
    let mut crates = std::collections::BTreeSet::new();
    for variant in &check.variants {
        let selected = affected.select(&check.name, &variant.definition, variant);
        runs |= selected.runs;
        if matches!(variant.definition.scope, Scope::Package | Scope::Packages) {
            crates.extend(selected.crates);
        }
    }
    (runs, crates)
}

fn cargo_args(survey: &Survey, crates: &[&AffectedCrate]) -> String {
    let words: Vec<String> = crates
        .iter()
        .map(|krate| format!("-p {}", survey.spec(&krate.name)))
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        words.join(" ") + "\n"
    }
}

fn nextest(crates: &[&AffectedCrate]) -> String {
    let terms: Vec<String> = crates.iter().map(|krate| format!("package(={})", krate.name)).collect();
    if terms.is_empty() {
        "none()\n".to_owned()
    } else {
        terms.join(" | ") + "\n"
    }
}

fn matrix(affected: &Affected, crates: &[&AffectedCrate]) -> String {
    let include: Vec<Json> = crates
        .iter()
        .map(|krate| json!({ "crate": krate.name, "dir": dir(affected, &krate.dir) }))
        .collect();
    format!("{}\n", json!({ "include": include }))
}

fn dir(affected: &Affected, dir: &Path) -> String {
    let shown = affected.shown(dir).to_string_lossy().into_owned();
    if shown.is_empty() { ".".to_owned() } else { shown }
}

fn as_json(survey: &Survey) -> Json {
    let affected = &survey.affected;
    let path = |path: &Path| affected.shown(&affected.root.join(path)).to_string_lossy().into_owned();
    let krate = |krate: &AffectedCrate| {
        // What makes it compile again tells most.
        let why = affected
            .why(&krate.name, Kinds::BUILT)
            .or_else(|| affected.why(&krate.name, krate.kinds));
        let (touch, start, steps) = why?;
        let chain = std::iter::once(start).chain(steps.iter().map(|step: &Step| &step.to));
        Some(json!({
            "name": krate.name,
            "dir": dir(affected, &krate.dir),
            "kinds": krate.kinds.iter().collect::<Vec<Kind>>(),
            "reason": {
                "file": touch.file.as_deref().map(path),
                "rule": touch.cause.to_string(),
                "chain": chain.collect::<Vec<_>>(),
            },
        }))
    };
    let checks = survey.config.checks.iter().map(|check| {
        let (runs, crates) = of_check(affected, check);
        json!({ "check": check.name, "runs": runs, "crates": crates })
    });
    let mut object = json!({
        "version": 1,
        "from": affected.from,
        "to": affected.to,
        "notes": affected.notes,
        "files": affected.files.iter().map(|file| json!({ "path": path(&file.path) })).collect::<Vec<_>>(),
        "crates": affected.crates().filter_map(krate).collect::<Vec<_>>(),
        "removed": affected.removed().iter().map(|krate| &krate.name).collect::<Vec<_>>(),
        "checks": checks.collect::<Vec<_>>(),
    });
    if let Some(why) = &affected.everything {
        object["everything"] = Json::from(why.as_str());
    }
    object
}
