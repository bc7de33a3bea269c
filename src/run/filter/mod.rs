//! Filters: tools that read a file on their standard input and write what it should be.
//!
//! The process of such a task is this same program, started again with one argument as the guard is. It starts the tool for
//! each file, compares, and prints what differs as a unified diff. So the task is one whose tool prints diffs, and all that
//! ends, limits, hears and judges processes, and all that applies diffs, need not know of filters.
//!
//! `call` is what such a process is told, `serve` what it does. It writes no file, follows no link, and says how it ended by
//! exit codes of its own: a program that was started and is no filter has passed nothing.

mod call;
mod serve;
mod source;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

pub(super) use call::Call;
pub(super) use serve::serve;

use crate::model::Exit;
use crate::plan::{OverFiles, Program, TaskCommand};

/// How a process ends that has found every file as it should be,
const FORMATTED: i32 = 60;
/// one that has not,
const UNFORMATTED: i32 = 61;
/// and one that could not tell of some file.
const FAILED: i32 = 62;

/// Variables that have a tool write in colour, even into a file.
const COLOURING: [&str; 2] = ["CLICOLOR_FORCE", "FORCE_COLOR"];
/// What tells it not to.
const PLAIN: [(&str, &str); 2] = [("CARGO_TERM_COLOR", "never"), ("NO_COLOR", "1")];

/// Whether a variable of the environment is none for a filter.
pub(super) fn is_withheld(name: &OsStr) -> bool {
    COLOURING.iter().any(|colouring| name == *colouring)
}

/// The command that does what another one is to do over files, by this program.
pub(super) fn command(command: &TaskCommand, over: &OverFiles, this_program: Option<&Path>) -> io::Result<TaskCommand> {
    let this_program = this_program.ok_or_else(|| {
        io::Error::other(
            "it is a filter, and this program cannot run one: its `main` has to call `Guard::of_this_program`",
        )
    })?;
    let mut env = command.env.clone();
    for (name, value) in PLAIN {
        env.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    Ok(TaskCommand {
        program: Program {
            name: command.program.name.clone(),
            path: Some(this_program.to_owned()),
        },
        args: Call::of(command, over).into_arguments().collect::<Vec<OsString>>(),
        cwd: command.cwd.clone(),
        given: command.given.clone(),
        env,
        over: None,
    })
}

/// How the tool of a filter has ended, by how its process has.
pub(super) fn told(exit: Exit) -> io::Result<Exit> {
    match exit {
        Exit::Code(FORMATTED) => Ok(Exit::Code(0)),
        Exit::Code(UNFORMATTED) => Ok(Exit::Code(1)),
        Exit::Code(FAILED) => Ok(Exit::Code(2)),
        Exit::Signal(_) => Ok(exit),
        Exit::Code(_) => Err(io::Error::other(format!(
            "what was started to run the filter has not done so: {exit}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_filter_passes() {
        for (code, expected) in [
            (60, Some(0)),
            (61, Some(1)),
            (62, Some(2)),
            (0, None),
            (1, None),
            (101, None),
        ] {
            assert_eq!(told(Exit::Code(code)).ok(), expected.map(Exit::Code), "{code}");
        }
        assert_eq!(told(Exit::Signal(9)).unwrap(), Exit::Signal(9));
    }
}
