//! `cargo hooks init`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::args::{GlobalArgs, InitArgs};
use super::{CliError, Ended, output, request};
use crate::private_files::{Durability, NewFile};
use crate::project::Project;
use crate::tool_output::{Colour, sanitize};

/// What is written, below a heading that depends on the manifest.
const TEMPLATE: &str = include_str!("../../templates/init.toml");

pub(super) fn init(args: &InitArgs, global: &GlobalArgs) -> Ended {
    let project = request::load_project(global)?;
    // A link stays a link: what it leads to is written.
    let path = &fs::canonicalize(&project.workspace.manifest)?;
    let failed = |error: std::io::Error| CliError::environment(format!("{}: {error}", path.display()));
    let before = fs::read_to_string(path).map_err(failed)?;
    let owner = owner_of(&project);
    let after = with_template(&before, owner).map_err(|refused| {
        let error = CliError::usage(format!("{}: {}", path.display(), refused.problem));
        error.hint(&refused.hint)
    })?;
    if args.dry_run {
        output::stdout(after.strip_prefix(&before).unwrap_or(&after).trim_start())?;
    } else {
        replace(path, &after).map_err(failed)?;
        let said = format!("wrote [{owner}.metadata.hooks] into {}", path.display());
        output::stdout(&sanitize(said.as_bytes(), Colour::Strip))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the file as a whole or not at all, whatever happens meanwhile.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = NewFile::beside(path)?;
    file.file().set_permissions(fs::metadata(path)?.permissions())?;
    file.write_all(text.as_bytes())?;
    file.put(Durability::Now)
}

/// Whether the workspace or its only package has the table.
fn owner_of(project: &Project) -> &'static str {
    let single = project.workspace.crates().len() == 1 && !project.workspace.is_virtual();
    if single { "package" } else { "workspace" }
}

/// Why a manifest is left alone, and the way out.
struct Refused {
    problem: String,
    hint: String,
}

/// The manifest with the template after everything else. What was there stays as it was, byte for byte.
fn with_template(manifest: &str, owner: &str) -> Result<String, Refused> {
    if let Some(owner) = ["workspace", "package"]
        .into_iter()
        .find(|owner| has_hooks(manifest, owner))
    {
        return Err(Refused {
            problem: format!("there is a [{owner}.metadata.hooks] already"),
            hint: "change it by hand; docs/configuration.md says how".to_owned(),
        });
    }
    let end_of_line = if manifest.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = end_of_line.repeat(if manifest.ends_with('\n') { 1 } else { 2 });
    let added = TEMPLATE.replace("{owner}", owner).replace('\n', end_of_line);
    let written = format!("{manifest}{gap}{added}");
    // An inline table ends with its brace: what is outside cannot add to it.
    if written.parse::<toml::Table>().is_err() {
        return Err(Refused {
            problem: format!("`{owner}` or its `metadata` is an inline table, which cannot be added to from outside"),
            hint: format!("write it as [{owner}] and [{owner}.metadata], or write `hooks` into it yourself"),
        });
    }
    Ok(written)
}

fn has_hooks(manifest: &str, owner: &str) -> bool {
    let document: toml::Table = manifest.parse().unwrap_or_default();
    let metadata = document.get(owner).and_then(|owner| owner.get("metadata"));
    metadata.and_then(|metadata| metadata.get("hooks")).is_some()
}
