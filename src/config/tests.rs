//! Manifests in, mistakes or meaning out.

mod meaning;
mod mistakes;
mod presets;
mod properties;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Check, Config, ConfigInput, Definition, Member, resolve};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::model::CrateName;

/// The members of the workspace that the tests configure, each in the directory of its name.
const MEMBERS: [&str; 5] = ["a", "b", "c", "db", "db-core"];

/// The root manifest of a workspace, and those of members that have a table.
fn workspace(root: &str, tables: &[(&str, &str)]) -> ConfigInput {
    let table = |name: &str| tables.iter().find(|(owner, _)| *owner == name);
    let member = |name: &str| Member {
        name: CrateName::from(name),
        dir: PathBuf::from(name),
        manifest: table(name).map(|(_, text)| manifest(&format!("{name}/Cargo.toml"), text)),
    };
    ConfigInput {
        root: manifest("Cargo.toml", root),
        members: MEMBERS.map(member).into(),
    }
}

/// A repository of one crate.
fn single_crate(text: &str) -> ConfigInput {
    ConfigInput {
        root: manifest("Cargo.toml", text),
        members: vec![Member {
            name: CrateName::from("a"),
            dir: PathBuf::new(),
            manifest: None,
        }],
    }
}

fn manifest(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile {
        path: path.into(),
        text: text.to_owned(),
    })
}

/// A workspace whose checks these are; the first of them stands in line 2.
fn checks(text: &str) -> ConfigInput {
    workspace(&in_workspace(text), &[])
}

fn in_workspace(checks: &str) -> String {
    format!("[workspace.metadata.hooks.checks]\n{checks}")
}

fn in_package(checks: &str) -> String {
    format!("[package.metadata.hooks.checks]\n{checks}")
}

fn valid(input: &ConfigInput) -> Config {
    resolve(input).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The only definition of a check.
fn definition<'c>(config: &'c Config, name: &str) -> &'c Definition {
    match config.check(name) {
        Some(Check { variants, .. }) if variants.len() == 1 => &variants[0].definition,
        other => panic!("`{name}` has no definition, or several: {other:?}"),
    }
}

/// Every mistake: where, what kind, what it says and the way out; then the text that is underlined, and the remark
/// beside it; then the other places that take part.
fn mistakes(input: &ConfigInput) -> String {
    let mistakes = resolve(input).err().unwrap_or_default();
    render(&mistakes)
}

fn render(mistakes: &Diagnostics) -> String {
    let mut text = String::new();
    for mistake in mistakes.iter() {
        let Diagnostic { code, message, .. } = mistake;
        let help = mistake
            .help
            .as_ref()
            .map(|help| format!(" ({help})"))
            .unwrap_or_default();
        writeln!(text, "{} {code}: {message}{help}", position(&mistake.span)).unwrap();
        let label = mistake
            .label
            .as_ref()
            .map(|label| format!(" ← {label}"))
            .unwrap_or_default();
        writeln!(text, "    {}{label}", underlined(&mistake.span)).unwrap();
        for (span, remark) in &mistake.related {
            writeln!(text, "    {} {} ← {remark}", position(span), underlined(span)).unwrap();
        }
    }
    text
}

/// Line and column, after the directory of the manifest where it is not the root's.
fn position(span: &Span) -> String {
    let (line, column) = span.file.position(span.range.start);
    let dir = span.file.path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.map(|dir| format!("{}:", dir.display())).unwrap_or_default();
    format!("{dir}{line}:{column}")
}

fn underlined(span: &Span) -> String {
    span.file.text[span.range.clone()].replace('\n', "⏎")
}
