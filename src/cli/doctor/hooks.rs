//! Which hooks git runs.

use super::{Health, Line};
use crate::cli::{CliError, git, install, request};
use crate::config::Stage;
use crate::git_hooks::{Look, Place, State, configured_hooks, look};
use crate::model::Keyword;
use crate::project::Project;

/// A line for each hook that there is something to say about. Where there is no repository there are none.
pub(super) fn hooks(project: &Project, global: &super::GlobalArgs) -> Result<Vec<Line>, CliError> {
    let options = request::load_options(global)?;
    let Ok(git) = git::git(&options) else {
        return Ok(Vec::new());
    };
    let Ok(place) = Place::find(&git, &project.workspace.root) else {
        return Ok(Vec::new());
    };
    let wanted = install::hooks_of(&project.config);
    let all: Vec<_> = Stage::hooks().collect();
    let configured = configured_hooks(&git, &place);
    let mut lines = Vec::new();
    for found in look(&place, &all, &options.environment) {
        let (stage, wanted) = (found.stage, wanted.contains(&found.stage));
        let said = shadowed(&place, &found).or_else(|| said(found, wanted));
        lines.extend(said.map(|(health, text)| line(stage, health, &text)));
        for (name, _) in configured.iter().filter(|(_, event)| event == stage.word()) {
            let text = format!("hook.{name} of git's configuration runs as well, from git 2.54 on");
            lines.push(line(stage, Health::Advice, &text));
        }
    }
    Ok(lines)
}

/// A tool may have the name of a hook.
fn line(stage: Stage, health: Health, text: &str) -> Line {
    Line::new(health, &format!("hook {stage}"), text)
}

/// That git does not find a hook of ours.
fn shadowed(place: &Place, found: &Look) -> Option<(Health, String)> {
    let (ours, dir) = (found.shadowed.as_ref()?.display(), place.dir.display());
    let text = format!("`{ours}` is ours, but git looks for hooks in `{dir}`: core.hooksPath says so");
    Some((Health::Missing, text))
}

/// What git runs for one hook.
fn said(found: Look, wanted: bool) -> Option<(Health, String)> {
    let file = found.hook.display().to_string();
    let first = found.first.map(|first| format!(", after {}", first.display()));
    let first = first.unwrap_or_default();
    Some(match found.state {
        State::Absent if wanted => (
            Health::Absent,
            "git runs no checks here; `cargo hooks install` changes that".to_owned(),
        ),
        State::Absent => return None,
        State::Ours { gone: None } => (Health::Ok, format!("{file} runs the checks{first}")),
        State::Ours { gone: Some(gone) } => {
            let gone = gone.display();
            let text = format!("{file} runs the checks{first}, though {gone} is gone; `cargo hooks install` renews it");
            (Health::Advice, text)
        }
        State::OfOtherVersion => (
            Health::Advice,
            format!("{file} was written by another version or changed; `cargo hooks install` renews it"),
        ),
        State::Broken { problem } => (Health::Missing, format!("{file} does not run the checks: {problem}")),
        State::Managed(name) if wanted => (
            Health::Advice,
            format!("{file} belongs to {name}, and need not run the checks"),
        ),
        State::Other if wanted => (
            Health::Advice,
            format!("{file} is none of ours; `cargo hooks install` keeps it and lets it run first"),
        ),
        State::Managed(name) => (Health::Ok, format!("{file} belongs to {name}")),
        State::Other => (Health::Ok, format!("{file} is none of ours")),
        State::NotRun => (
            Health::Advice,
            format!("git does not run {file}, which is not executable"),
        ),
        State::Unknown(error) => (Health::Missing, format!("{file}: {error}")),
    })
}
