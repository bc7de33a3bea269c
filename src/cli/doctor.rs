//! `cargo hooks doctor`.

use std::process::ExitCode;

use super::args::GlobalArgs;
use super::error::exit;
use super::{Ended, check, colour, output};
use crate::config::Origin;
use crate::environment::version;
use crate::project::Project;
use crate::tool_output::{Colour, sanitize};

pub(super) fn doctor(global: &GlobalArgs) -> Ended {
    let project = check::load_project(global)?;
    let mut lines = vec![
        program(&project, "cargo", &["-V"]),
        program(&project, "rustc", &["-V"]),
        program(&project, "git", &["--version"]),
        Line::ok("workspace", &workspace(&project)),
        Line::ok("checks", &checks(&project)),
    ];
    for (requirement, path) in project.tools() {
        // Cargo, git and rustc have their line already.
        if lines.iter().any(|line| line.name == requirement.tool) {
            continue;
        }
        lines.push(match (path, requirement.hint) {
            (Some(path), _) => Line::ok(&requirement.tool, &path.display().to_string()),
            (None, Some(hint)) => Line::bad(&requirement.tool, &format!("not installed; to install it: {hint}")),
            (None, None) => Line::bad(&requirement.tool, "not installed"),
        });
    }
    let healthy = lines.iter().all(|line| line.ok);
    output::stdout(&draw(&lines, colour::for_stdout(global.color)))?;
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::ENVIRONMENT)
    })
}

struct Line {
    ok: bool,
    name: String,
    text: String,
}

impl Line {
    fn ok(name: &str, text: &str) -> Self {
        Self {
            ok: true,
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    fn bad(name: &str, text: &str) -> Self {
        Self {
            ok: false,
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }
}

fn program(project: &Project, name: &str, arguments: &[&str]) -> Line {
    match version(name, arguments, project.environment(), &project.workspace.root) {
        Ok(text) => Line::ok(name, &text),
        Err(problem) => Line::bad(name, &problem),
    }
}

fn workspace(project: &Project) -> String {
    let crates = project.workspace.crates().len();
    let plural = if crates == 1 { "" } else { "s" };
    format!("{} ({crates} crate{plural})", project.workspace.root.display())
}

fn checks(project: &Project) -> String {
    let names: Vec<_> = project.config.checks.iter().map(|check| check.name.as_str()).collect();
    let origin = match project.config.origin {
        Origin::Manifest => "",
        Origin::Defaults => " (the defaults, since none are configured)",
    };
    format!("{}{origin}", names.join(", "))
}

fn draw(lines: &[Line], colour: Colour) -> String {
    let width = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let text: String = lines
        .iter()
        .map(|line| {
            let mark = if line.ok {
                output::status("ok", true, colour)
            } else {
                output::status("missing", false, colour)
            };
            format!("{mark} {:width$}  {}\n", line.name, line.text)
        })
        .collect();
    sanitize(text.as_bytes(), colour)
}
