//! The reference pages of the documentation, from the definitions that the program itself uses.

use std::fmt::Write;

use clap::CommandFactory;
use serde_json::Value as Json;

use super::args::Cli;
use crate::config::{Hole, presets, schema};
use crate::model::Keyword;

/// docs/cli.md: the help of every subcommand.
#[must_use]
pub fn cli_reference() -> String {
    let mut page = String::from(
        "# Command line\n\n\
         This page is written by `cargo xtask codegen`, from the same definitions as `--help`.\n\n\
         | exit code | meaning |\n|---|---|\n\
         | 0 | all passed |\n\
         | 1 | a check failed; for `cache verify`, a result is damaged |\n\
         | 2 | the command line or the configuration is wrong; nothing was run |\n\
         | 3 | the machine lacks something: no cargo, a tool that is not installed |\n\
         | 130 | interrupted |\n\n\
         Results are written to standard output, progress and remarks to standard error. `NO_COLOR`, `CLICOLOR_FORCE`,\n\
         `CARGO_TERM_COLOR` and `CI` are honoured, `SKIP=a,b` leaves checks out, and `CARGO_HOOKS_LOG=debug` logs what\n\
         takes how long.\n",
    );
    let mut command = Cli::command().term_width(100);
    command.build();
    section(&mut page, "cargo hooks", &command);
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let name = format!("cargo hooks {}", subcommand.get_name());
        section(&mut page, &name, subcommand);
        // `help` has all the others below it.
        for below in subcommand.get_subcommands().filter(|_| subcommand.get_name() != "help") {
            if below.get_name() != "help" {
                section(&mut page, &format!("{name} {}", below.get_name()), below);
            }
        }
    }
    page
}

fn section(page: &mut String, name: &str, command: &clap::Command) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let _ = write!(
        page,
        "\n## {name}\n\n```text\n{}```\n",
        help.trim_end().to_owned() + "\n"
    );
}

/// docs/configuration-reference.md: every key, placeholder and preset.
#[must_use]
pub fn configuration_reference() -> String {
    let schema = schema();
    let definitions = &schema["definitions"];
    let mut page = String::from(
        "# Configuration reference\n\n\
         This page is written by `cargo xtask codegen`, from the lists that the parser itself reads by.\n\
         [The guide](configuration.md) says how the keys play together.\n\n\
         ## `[workspace.metadata.hooks]` and `[package.metadata.hooks]`\n\n",
    );
    keys(&mut page, &definitions["package"]["properties"]);
    page.push_str("\n`skip`, `reads` and `uses` exist in a package's table only.\n\n## A check\n\n");
    page.push_str("`name = true` is the preset of that name, `name = \"command\"` and `name = [\"command\", \"argument\"]` a command, and a table\nhas these keys:\n\n");
    keys(&mut page, &definitions["check"]["oneOf"][3]["properties"]);
    page.push_str("\n## Placeholders\n\nIn `run`, `fix` and `shell`:\n\n| placeholder | what fills it |\n|---|---|\n");
    for (hole, word, about) in Hole::ALL {
        let list = if hole.is_list() {
            " Any number of arguments."
        } else {
            ""
        };
        let _ = writeln!(page, "| `{{{word}}}` | {about}{list} |");
    }
    page.push_str("\n## Presets\n\n| preset | what it checks | command | repair |\n|---|---|---|---|\n");
    for preset in presets() {
        for variant in &preset.variants {
            let definition = &variant.definition;
            let about = definition.description.as_deref().unwrap_or_default();
            let fix = definition
                .fix
                .as_ref()
                .map(|fix| format!("`{fix}`"))
                .unwrap_or_default();
            let _ = writeln!(page, "| `{}` | {about} | `{}` | {fix} |", preset.name, definition.run);
        }
    }
    page.push_str("\n`codegen` has no command of its own: `{ preset = \"codegen\", run = \"…\" }` names the generator, and the check fails\nwhere a file that `files` names is not the same afterwards.\n");
    page
}

fn keys(page: &mut String, properties: &Json) {
    page.push_str("| key | value | meaning |\n|---|---|---|\n");
    for (key, schema) in properties.as_object().into_iter().flatten() {
        let about = schema["description"].as_str().unwrap_or_default();
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(page, "| `{key}` | {} | {about} |", value(schema));
    }
}

/// The kind of value that a schema accepts, in a few words.
fn value(schema: &Json) -> String {
    let examples = schema["examples"].as_array();
    if let Some(example) = examples.and_then(|examples| examples.first()) {
        return format!("such as `{example}`");
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let words: Vec<_> = options
            .iter()
            .filter_map(|option| option["const"].as_str())
            .map(|word| format!("`\"{word}\"`"))
            .collect();
        if !words.is_empty() {
            return words.join(", ");
        }
        return "a string, or a list of strings".to_owned();
    }
    if schema["$ref"].is_string() {
        return "the name of a preset".to_owned();
    }
    match schema["type"].as_str() {
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => format!("a number from {} to {}", schema["minimum"], schema["maximum"]),
        Some("array") => format!("a list: {}", value(&schema["items"])),
        Some("object") => match schema["properties"].as_object() {
            Some(keys) => {
                let keys: Vec<_> = keys.keys().map(|key| format!("`{key}`")).collect();
                format!("a table with {}", keys.join(" and "))
            }
            None => "a table".to_owned(),
        },
        _ => "a string".to_owned(),
    }
}
