//! Says which hook git would run for each stage, as things stand.

use std::io;
use std::path::PathBuf;

use super::existing::{Existing, existing, is_run};
use super::install::kept;
use super::place::Place;
use super::reach::reach;
use crate::changes::Git;
use crate::config::Stage;
use crate::environment::Environment;
use crate::model::Keyword;

/// What there is for one hook.
#[derive(Debug)]
pub(crate) struct Look {
    /// The hook.
    pub(crate) stage: Stage,
    /// The file that git runs for it, if it runs one.
    pub(crate) hook: PathBuf,
    /// What that is.
    pub(crate) state: State,
    /// The hook that was there before ours and runs first.
    pub(crate) first: Option<PathBuf>,
    /// One of ours that git does not find, since it looks elsewhere.
    pub(crate) shadowed: Option<PathBuf>,
}

/// What git finds in the place of a hook.
#[derive(Debug)]
pub(crate) enum State {
    /// Nothing.
    Absent,
    /// Ours, and it gets through.
    Ours {
        /// The program that it names, where that is gone and another one stands in.
        gone: Option<PathBuf>,
    },
    /// Ours, as another version has written it.
    OfOtherVersion,
    /// Ours, and it does not get through.
    Broken {
        /// What happens instead.
        problem: String,
    },
    /// What another program manages.
    Managed(&'static str),
    /// Somebody's own.
    Other,
    /// Something that git does not run, since it is not executable.
    NotRun,
    /// Nobody can tell.
    Unknown(io::Error),
}

/// Looks at each of these hooks.
pub(crate) fn look(place: &Place, stages: &[Stage], environment: &Environment) -> Vec<Look> {
    stages.iter().map(|stage| look_at(place, *stage, environment)).collect()
}

fn look_at(place: &Place, stage: Stage, environment: &Environment) -> Look {
    let hook = place.hook(stage);
    let state = match existing(&hook, stage) {
        Ok(Existing::Nothing) => State::Absent,
        Ok(_) if !is_run(&hook) => State::NotRun,
        Ok(Existing::Ours { shim, text }) if shim.text() == text => {
            match reach(&hook, stage, &place.top, environment) {
                Ok(()) => State::Ours {
                    gone: Some(shim.program).filter(|program| !is_run(program)),
                },
                Err(problem) => State::Broken { problem },
            }
        }
        Ok(Existing::Ours { .. }) => State::OfOtherVersion,
        Ok(Existing::Managed(manager)) => State::Managed(manager.name),
        Ok(Existing::Other | Existing::NoFile) => State::Other,
        Err(error) => State::Unknown(error),
    };
    let usual = place.shadowed().map(|dir| dir.join(stage.word()));
    let is_ours = |hook: &PathBuf| matches!(existing(hook, stage), Ok(Existing::Ours { .. }));
    Look {
        stage,
        first: Some(kept(&hook)).filter(|kept| is_run(kept)),
        hook,
        state,
        shadowed: usual.filter(is_ours),
    }
}

/// The hooks that git's configuration has, with what each runs for. Older gits than 2.54 do not know them.
pub(crate) fn configured_hooks(git: &Git, place: &Place) -> Vec<(String, String)> {
    let question = ["config", "-z", "--get-regexp", "^hook\\..*\\.event$"];
    let answer = git.ask(&place.top, question).unwrap_or_default();
    let entries = answer.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let hook = |entry: &str| {
        let (key, event) = entry.split_once('\n')?;
        let name = key.strip_prefix("hook.")?.strip_suffix(".event")?;
        Some((name.to_owned(), event.to_owned()))
    };
    entries.filter_map(|entry| hook(&entry)).collect()
}
