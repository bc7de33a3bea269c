//! `cargo hooks doctor`.

mod hooks;

use std::process::ExitCode;

use anstyle::AnsiColor;

use super::args::GlobalArgs;
use super::error::exit;
use super::{Ended, colour, output, request};
use crate::config::Origin;
use crate::environment::{NOT_INSTALLED, version};
use crate::plan::checks_to_batch;
use crate::project::Project;
use crate::tool_output::{Colour, sanitize};

pub(super) fn doctor(global: &GlobalArgs) -> Ended {
    let project = request::load_project(global)?;
    let mut lines = vec![
        program(&project, "cargo", &["-V"]),
        program(&project, "rustc", &["-V"]),
        installed_git(&project),
        Line::new(Health::Ok, "workspace", &workspace(&project)),
        Line::new(Health::Ok, "checks", &checks(&project)),
    ];
    lines.extend(hooks::hooks(&project, global)?);
    for tool in project.tools() {
        // Cargo, git and rustc have their line already.
        if lines.iter().any(|line| line.name == tool.name) {
            continue;
        }
        let hint = tool
            .hint
            .map(|hint| format!("; to install it: {hint}"))
            .unwrap_or_default();
        lines.push(match tool.path {
            Some(path) => Line::new(Health::Ok, &tool.name, &path.display().to_string()),
            None if tool.optional => Line::new(
                Health::Absent,
                &tool.name,
                &format!("not installed, and not needed{hint}"),
            ),
            None => Line::new(Health::Missing, &tool.name, &format!("not installed{hint}")),
        });
    }
    // In a workspace of one crate there is nothing to put together.
    if project.workspace.crates().len() > 1 {
        let advice =
            "starts cargo once for each crate; with `{packages}` for `-p {package}` it would start it once for all";
        let checks = checks_to_batch(&project.config).into_iter();
        lines.extend(checks.map(|check| Line::new(Health::Advice, check.as_str(), advice)));
    }
    let healthy = lines.iter().all(|line| line.health != Health::Missing);
    output::stdout(&draw(&lines, colour::for_stdout(global.color)))?;
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::ENVIRONMENT)
    })
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Ok,
    /// Well, and could be better.
    Advice,
    /// Not there, and the checks do without it.
    Absent,
    Missing,
}

struct Line {
    health: Health,
    name: String,
    text: String,
}

impl Line {
    fn new(health: Health, name: &str, text: &str) -> Self {
        Self {
            health,
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }
}

fn program(project: &Project, name: &str, arguments: &[&str]) -> Line {
    match version(name, arguments, project.environment(), &project.workspace.root) {
        Ok(text) => Line::new(Health::Ok, name, &text),
        Err(problem) => Line::new(Health::Missing, name, &problem),
    }
}

/// Git knows which files there are; without it, the rules of `.gitignore` files do.
fn installed_git(project: &Project) -> Line {
    let line = program(project, "git", &["--version"]);
    match line.health {
        Health::Missing if line.text == NOT_INSTALLED => {
            Line::new(Health::Absent, "git", "not installed, and not needed")
        }
        _ => line,
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
            let mark = match line.health {
                Health::Ok => output::status("ok", AnsiColor::Green, colour),
                Health::Advice => output::status("advice", AnsiColor::Cyan, colour),
                Health::Absent => output::status("absent", AnsiColor::Yellow, colour),
                Health::Missing => output::status("missing", AnsiColor::Red, colour),
            };
            format!("{mark} {:width$}  {}\n", line.name, line.text)
        })
        .collect();
    sanitize(text.as_bytes(), colour)
}
