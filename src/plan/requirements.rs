//! What a check needs of the machine.

use super::request::Mode;
use crate::config::{Command, Definition, Platform, Requirement};

/// The programs that a definition needs: what it names, and the program that it runs.
#[must_use]
pub fn requirements(definition: &Definition, mode: Mode) -> Vec<Requirement> {
    let fix = definition.fix.as_ref().filter(|_| mode.repairs());
    let programs = std::iter::once(&definition.run).chain(fix).filter_map(program);
    let programs = programs.map(|tool| Requirement { tool, hint: None });
    definition.requires.iter().cloned().chain(programs).collect()
}

/// The program of a command, where it is to be looked up rather than a path.
fn program(command: &Command) -> Option<String> {
    let name = match command {
        Command::Argv(words) => words.first()?.literal()?,
        Command::Shell(_) => "sh",
    };
    (!name.contains('/')).then(|| name.to_owned())
}

/// Whether this is the kind of a system, as [`std::env::consts::OS`] names it.
pub(super) fn platform_is(platform: Platform, system: &str) -> bool {
    match platform {
        Platform::Unix => system != "windows",
        Platform::Linux => system == "linux",
        Platform::Macos => system == "macos",
        Platform::Windows => system == "windows",
        Platform::Freebsd => system == "freebsd",
    }
}
