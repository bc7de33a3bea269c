//! `cargo hooks list`.

use std::fmt::Write;
use std::process::ExitCode;

use globset::Glob;
use serde_json::json;

use super::args::{GlobalArgs, ListArgs, MessageFormat};
use super::{Ended, colour, output, request};
use crate::config::{Check, Definition, Kind, Stage, Variant, presets};
use crate::tool_output::sanitize;

pub(super) fn list(args: &ListArgs, global: &GlobalArgs) -> Ended {
    let checks = if args.presets {
        presets()
    } else {
        request::load_project(global)?.config.checks
    };
    let text = match args.message_format {
        MessageFormat::Human => checks.iter().map(|check| entry(check, &checks, global)).collect(),
        MessageFormat::Json => checks
            .iter()
            .map(|check| format!("{}\n", as_json(check)))
            .collect::<String>(),
    };
    let text = sanitize(text.as_bytes(), colour::for_stdout(global.color));
    output::stdout(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn entry(check: &Check, all: &[Check], global: &GlobalArgs) -> String {
    let width = all.iter().map(|check| check.name.as_str().len()).max().unwrap_or(0);
    let purpose = check
        .variants
        .iter()
        .find_map(|variant| variant.definition.description.clone());
    let purpose = purpose.unwrap_or_else(|| {
        check
            .variants
            .first()
            .map(|first| first.definition.run.to_string())
            .unwrap_or_default()
    });
    let mut text = format!("{:width$}  {purpose}\n", check.name);
    if global.verbose == 0 {
        return text;
    }
    let indent = " ".repeat(width + 2);
    for variant in &check.variants {
        let crates = (check.variants.len() > 1).then(|| listed(&variant.crates));
        let lines = details(variant)
            .into_iter()
            .chain(crates.map(|crates| ("crates", crates)));
        for (label, value) in lines.filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "{indent}{label:9}{value}");
        }
    }
    text
}

/// What there is to know about a definition, line by line. A line without a value says nothing.
fn details(variant: &Variant) -> [(&'static str, String); 11] {
    let definition = &variant.definition;
    let (include, exclude) = patterns(definition);
    [
        ("run", definition.run.to_string()),
        (
            "fix",
            definition.fix.as_ref().map(ToString::to_string).unwrap_or_default(),
        ),
        ("instead", listed(variant.instead.iter().map(|(name, _)| name))),
        ("scope", definition.scope.to_string()),
        ("stages", stages(definition.stages.as_deref()).join(", ")),
        ("needs", listed(&definition.depends_on)),
        ("files", listed(include)),
        ("exclude", listed(exclude)),
        ("affects", definition.affects.to_string()),
        ("kinds", listed(definition.kinds.iter())),
        ("inputs", listed(&definition.inputs)),
    ]
}

/// The patterns of the files that a definition is about, and of those that it is not.
fn patterns(definition: &Definition) -> (&[Glob], &[Glob]) {
    let files = definition.files.as_ref();
    files.map_or((&[], &[]), |files| (&files.include, &files.exclude))
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    words.join(", ")
}

fn stages(stages: Option<&[Stage]>) -> Vec<String> {
    stages
        .unwrap_or(&Stage::DEFAULT)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn as_json(check: &Check) -> serde_json::Value {
    let variants: Vec<_> = check
        .variants
        .iter()
        .map(|variant| {
            let definition = &variant.definition;
            let (include, exclude) = patterns(definition);
            let texts = |globs: &[Glob]| globs.iter().map(ToString::to_string).collect::<Vec<_>>();
            json!({
                "description": definition.description,
                "run": definition.run.to_string(),
                "filter": definition.filter,
                "fix": definition.fix.as_ref().map(ToString::to_string),
                "scope": definition.scope,
                "stages": stages(definition.stages.as_deref()),
                "depends-on": definition.depends_on,
                "after": definition.after,
                "files": texts(include),
                "exclude": texts(exclude),
                "affects": definition.affects,
                "kinds": definition.kinds.iter().collect::<Vec<Kind>>(),
                "inputs": texts(&definition.inputs),
                "crates": variant.crates,
            })
        })
        .collect();
    json!({ "format": 1, "check": check.name, "variants": variants })
}
