//! `cargo hooks list`.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::json;

use super::args::{GlobalArgs, ListArgs, MessageFormat};
use super::{Ended, colour, output, request};
use crate::config::{Check, Stage, presets};
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
    let head = format!("{:width$}  {purpose}\n", check.name);
    if global.verbose == 0 {
        return head;
    }
    let indent = " ".repeat(width + 2);
    let mut text = head;
    for variant in &check.variants {
        let definition = &variant.definition;
        let stages = stages(definition.stages.as_deref());
        let mut line = |label: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{indent}{label:9}{value}");
            }
        };
        line("run", &definition.run.to_string());
        line(
            "fix",
            &definition.fix.as_ref().map(ToString::to_string).unwrap_or_default(),
        );
        line(
            "instead",
            &variant
                .instead
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        );
        line("scope", &definition.scope.to_string());
        line("stages", &stages.join(", "));
        line(
            "needs",
            &definition
                .depends_on
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        );
        if check.variants.len() > 1 {
            line(
                "crates",
                &variant
                    .crates
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
    }
    text
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
            json!({
                "description": definition.description,
                "run": definition.run.to_string(),
                "fix": definition.fix.as_ref().map(ToString::to_string),
                "scope": definition.scope,
                "stages": stages(definition.stages.as_deref()),
                "depends-on": definition.depends_on,
                "after": definition.after,
                "crates": variant.crates,
            })
        })
        .collect();
    json!({ "format": 1, "check": check.name, "variants": variants })
}
