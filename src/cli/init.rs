//! `cargo hooks init`.

use std::fs;
use std::process::ExitCode;

use toml_edit::{DocumentMut, Item, Table};

use super::args::{GlobalArgs, InitArgs};
use super::{CliError, Ended, check, output};
use crate::project::Project;

/// What is written, below a heading that depends on the manifest.
const TEMPLATE: &str = include_str!("../../templates/init.toml");

pub(super) fn init(args: &InitArgs, global: &GlobalArgs) -> Ended {
    let project = check::load_project(global)?;
    let path = &project.workspace.manifest;
    let failed = |error: std::io::Error| CliError::environment(format!("{}: {error}", path.display()));
    let before = fs::read_to_string(path).map_err(failed)?;
    let owner = owner_of(&project);
    let after = with_template(&before, owner).map_err(|problem| {
        CliError::usage(format!("{}: {problem}", path.display()))
            .hint("`cargo hooks list` shows the checks that there are")
    })?;
    if args.dry_run {
        output::stdout(after.strip_prefix(&before).unwrap_or(&after))?;
    } else {
        fs::write(path, after).map_err(failed)?;
        output::stdout(&format!("wrote [{owner}.metadata.hooks] into {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the workspace or its only package has the table.
fn owner_of(project: &Project) -> &'static str {
    let single = project.workspace.crates().len() == 1 && !project.workspace.is_virtual();
    if single { "package" } else { "workspace" }
}

/// The manifest with the template's tables after everything else. What was there stays as it was, byte for byte.
fn with_template(manifest: &str, owner: &str) -> Result<String, String> {
    let mut document: DocumentMut = manifest
        .parse()
        .map_err(|error: toml_edit::TomlError| error.to_string())?;
    let template = TEMPLATE.replace("{owner}", owner);
    let template: DocumentMut = template
        .parse()
        .map_err(|error: toml_edit::TomlError| error.to_string())?;
    let metadata = metadata_of(&mut document, owner)?;
    if metadata.contains_key("hooks") {
        return Err(format!("there is a [{owner}.metadata.hooks] already"));
    }
    let hooks = template
        .get(owner)
        .and_then(|owner| owner.get("metadata"))
        .and_then(|metadata| metadata.get("hooks"));
    metadata.insert("hooks", hooks.cloned().unwrap_or_default());
    let end_of_line = if manifest.contains("\r\n") { "\r\n" } else { "\n" };
    let written = document.to_string();
    // A document is written in the order of its tables, and ours come last; anything else would move what was there.
    let kept = manifest.trim_end_matches(['\r', '\n']);
    match written.strip_prefix(kept) {
        Some(added) => Ok(format!(
            "{kept}{end_of_line}{end_of_line}{}",
            added.trim_start().replace("\r\n", "\n").replace('\n', end_of_line)
        )),
        None => Err(format!(
            "the table cannot be added without changing what is there; write [{owner}.metadata.hooks] yourself"
        )),
    }
}

fn metadata_of<'d>(document: &'d mut DocumentMut, owner: &str) -> Result<&'d mut Table, String> {
    let implicit = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let table = document.entry(owner).or_insert_with(implicit).as_table_mut();
    let table = table.ok_or_else(|| format!("`{owner}` is no table"))?;
    let metadata = table.entry("metadata").or_insert_with(implicit).as_table_mut();
    metadata.ok_or_else(|| format!("`{owner}.metadata` is an inline table; write `hooks` into it yourself"))
}
