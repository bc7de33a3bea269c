//! Runs git, always in the same way: it must do nothing but answer.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::place;
use crate::environment::Environment;

/// A repository may name programs to run and ways to write in its configuration; an answer needs none of them.
const SETTINGS: [&str; 8] = [
    "core.fsmonitor=false",
    // The rest is what `git diff` and the `git status` that git runs in submodules would take from the configuration.
    "diff.autoRefreshIndex=true",
    "diff.external=",
    "diff.ignoreSubmodules=none",
    "diff.orderFile=/dev/null",
    "diff.relative=false",
    "status.aheadBehind=true",
    "status.showUntrackedFiles=all",
];

/// An answer needs no hooks either.
const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// The option after which the question begins.
const LAST_SETTING: &str = "--literal-pathspecs";

/// Git, and the environment that it runs in.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    pub(super) program: PathBuf,
    pub(super) environment: Environment,
}

/// Why git gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be started.
    NotStarted(String),
    /// It ended with an error, and said this, in a line.
    Said(String),
}

impl Git {
    pub(crate) fn new(program: PathBuf, environment: Environment) -> Self {
        Self { program, environment }
    }

    /// The same with another index than that of the repository.
    pub(crate) fn with_index(&self, index: &Path) -> Self {
        let environment = self.environment.clone().with("GIT_INDEX_FILE", index);
        Self::new(self.program.clone(), environment)
    }

    /// What git answers when it is asked from within a directory.
    pub(crate) fn ask<W: AsRef<OsStr>>(
        &self,
        dir: &Path,
        question: impl IntoIterator<Item = W>,
    ) -> Result<Vec<u8>, Refusal> {
        answer(self.command(dir), question, |status| status.success())
    }

    /// The same as `ask` for a question whose further words are in a file.
    pub(crate) fn ask_from<W: AsRef<OsStr>>(
        &self,
        dir: &Path,
        question: impl IntoIterator<Item = W>,
        input: File,
    ) -> Result<Vec<u8>, Refusal> {
        let mut command = self.command(dir);
        command.stdin(input);
        answered(command, question, |status| status.success())
    }

    /// Those of these files that it ignores, line by line. It says by its exit code that there is none.
    pub(super) fn ignored(&self, dir: &Path, files: &[&PathBuf]) -> Result<Vec<u8>, Refusal> {
        // It refuses to take names for names, as all others do. With this in front, none can be taken for anything else.
        let names = files.iter().map(|file| Path::new(".").join(file).into_os_string());
        let question = ["--no-literal-pathspecs", "check-ignore", "--"].map(OsString::from);
        let question = question.into_iter().chain(names);
        answer(self.command(dir), question, |status| {
            matches!(status.code(), Some(0 | 1))
        })
    }

    /// The same as `ask` for a question about hooks, which are where the configuration has them. It must be one that runs none.
    #[cfg(feature = "cli")]
    pub(crate) fn ask_about_hooks<W: AsRef<OsStr>>(
        &self,
        dir: &Path,
        question: impl IntoIterator<Item = W>,
    ) -> Result<Vec<u8>, Refusal> {
        answer(self.command_with(dir, &[]), question, |status| status.success())
    }

    /// Git in a directory, without its question.
    pub(super) fn command(&self, dir: &Path) -> Command {
        self.command_with(dir, &NO_HOOKS)
    }

    fn command_with(&self, dir: &Path, more: &[&str]) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "only git knows what it tracks, and the one place that asks it"
        )]
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter());
        // Reasons are quoted, and nobody is there to type a password.
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        // Git must not find another repository further up than the one that is meant.
        if let Some(above) = place::top_above(dir).as_deref().and_then(Path::parent) {
            command.env("GIT_CEILING_DIRECTORIES", above);
        }
        command.args(more);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        command
            .args(["--no-pager", "--no-optional-locks", LAST_SETTING])
            .current_dir(dir);
        command
    }
}

/// What git answers to a question.
fn answer<W: AsRef<OsStr>>(
    mut command: Command,
    question: impl IntoIterator<Item = W>,
    is_answer: impl FnOnce(ExitStatus) -> bool,
) -> Result<Vec<u8>, Refusal> {
    command.stdin(Stdio::null());
    answered(command, question, is_answer)
}

/// The same for a command that knows what it reads.
fn answered<W: AsRef<OsStr>>(
    mut command: Command,
    question: impl IntoIterator<Item = W>,
    is_answer: impl FnOnce(ExitStatus) -> bool,
) -> Result<Vec<u8>, Refusal> {
    command.args(question);
    // Not the whole command: the environment may hold secrets, and a log may be for everybody to read.
    let asked = command.get_args().skip_while(|word| *word != LAST_SETTING).skip(1);
    let dir = command.get_current_dir().unwrap_or(Path::new(""));
    tracing::debug!(question = ?asked.collect::<Vec<_>>(), dir = %dir.display(), "asks git");
    let output = command.output().map_err(|error| not_started(&error))?;
    if is_answer(output.status) {
        return Ok(output.stdout);
    }
    let words = words(&output.stderr).unwrap_or_else(|| format!("nothing, and ended with {}", output.status));
    tracing::debug!(%words, "git does not answer");
    Err(Refusal::Said(words))
}

impl Refusal {
    /// What git said, or why it could not say anything.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::NotStarted(words) | Self::Said(words) => words,
        }
    }

    /// The same without what was added to the question.
    pub(super) fn without(self, added: &str) -> Self {
        match self {
            Self::Said(words) => Self::Said(words.replace(added, "")),
            refusal @ Self::NotStarted(_) => refusal,
        }
    }
}

fn not_started(error: &io::Error) -> Refusal {
    tracing::debug!(%error, "git cannot be started");
    Refusal::NotStarted(format!("it cannot be started: {error}"))
}

/// The line in which git says what is wrong, and the one that says why, in brackets: what goes wrong first is behind the rest.
fn words(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let marked = |mark: &'static str| text.lines().filter_map(move |line| line.strip_prefix(mark));
    let trimmed = |line: &str| line.trim().to_owned();
    match (marked("fatal: ").next_back(), marked("error: ").next()) {
        (Some(fatal), Some(error)) => Some(format!("{} ({})", fatal.trim(), error.trim())),
        (Some(fatal), None) => Some(trimmed(fatal)),
        (None, Some(_)) => marked("error: ").next_back().map(trimmed),
        (None, None) => text.lines().find(|line| !line.trim().is_empty()).map(trimmed),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_line_that_matters_is_quoted() {
        let check = |stderr: &str, expected: Option<&str>| assert_eq!(words(stderr.as_bytes()).as_deref(), expected);
        check("", None);
        check("\n\n", None);
        check("fatal: bad revision 'x'\n", Some("bad revision 'x'"));
        check("warning: a\nfatal: c\nTo repair it:\n\tgit x\n", Some("c"));
        check("error: x\nerror: b\nfatal: c\n", Some("c (x)"));
        check("warning: a\nerror: b\n", Some("b"));
        check("what\nnow\n", Some("what"));
    }
}
