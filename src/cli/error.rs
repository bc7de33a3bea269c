//! How an error ends the program.

use std::process::ExitCode;

use clap::CommandFactory;

use super::args::{Cli, GlobalArgs};
use super::{colour, diagnostics, output};
use crate::config::presets;
use crate::diagnostic::Diagnostics;
use crate::git_hooks::JudgeError;
use crate::plan::PlanError;
use crate::project::{LoadError, RequestError, SurveyError};
use crate::run::RunError;
use crate::tool_output::Colour;
use crate::workspace::WorkspaceErrorKind;

/// The exit codes. They are a promise: docs/cli.md lists them.
pub(super) mod exit {
    /// A check failed.
    pub(crate) const FAILED: u8 = 1;
    /// The command line or the configuration is wrong.
    pub(crate) const USAGE: u8 = 2;
    /// The machine lacks something.
    pub(crate) const ENVIRONMENT: u8 = 3;
    /// Somebody stopped the run.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// Why a subcommand could not do its work.
#[derive(Debug)]
pub(super) enum CliError {
    /// Mistakes in the configuration.
    Config(Diagnostics),
    /// Anything else.
    Other {
        /// The exit code.
        code: u8,
        /// What is wrong.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
}

impl CliError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Other {
            code: exit::USAGE,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn environment(message: impl Into<String>) -> Self {
        Self::Other {
            code: exit::ENVIRONMENT,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, text: &str) -> Self {
        if let Self::Other { hint, .. } = &mut self {
            *hint = Some(text.to_owned());
        }
        self
    }

    /// Whether the command line is what is wrong.
    pub(super) fn is_usage(&self) -> bool {
        matches!(self, Self::Other { code: exit::USAGE, .. })
    }

    /// The same with other words for the same files.
    pub(super) fn renamed(mut self, shown: impl Fn(&str) -> String) -> Self {
        if let Self::Other { message, .. } = &mut self {
            *message = shown(message);
        }
        self
    }

    /// Says what is wrong, on standard error, and gives the exit code.
    pub(super) fn report(self, global: &GlobalArgs) -> ExitCode {
        output::stderr(&self.text(colour::for_stderr(global.color)));
        match self {
            Self::Config(_) => ExitCode::from(exit::USAGE),
            Self::Other { code, .. } => ExitCode::from(code),
        }
    }

    /// What is wrong, in lines.
    pub(super) fn text(&self, colour: Colour) -> String {
        match self {
            Self::Config(mistakes) => diagnostics::render(mistakes, colour),
            Self::Other { message, hint, .. } => {
                // It may be what another program has said.
                let message = output::secrets().hidden_in(message);
                let error = output::labelled("error", message.trim_end(), colour);
                let hint = hint.iter().map(|hint| output::labelled("help", hint, colour));
                [error].into_iter().chain(hint).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        let message = error.to_string();
        match error {
            LoadError::Config(mistakes) => Self::Config(mistakes),
            LoadError::NoCargo => Self::environment(message).hint("install Rust from https://rustup.rs"),
            LoadError::Workspace(error) if error.kind() == WorkspaceErrorKind::Environment => {
                Self::environment(message)
            }
            LoadError::Workspace(_) | LoadError::Manifest { .. } => Self::usage(message),
        }
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        let message = error.to_string();
        match error {
            PlanError::UnknownCheck { name, .. } if Cli::command().find_subcommand(&name).is_some() => {
                Self::usage(message).hint(&format!("the subcommand comes first: `cargo hooks {name} …`"))
            }
            PlanError::UnknownCheck { name, .. } if presets().iter().any(|preset| preset.name.as_str() == name) => {
                Self::usage(message).hint(&format!(
                    "`{name}` is a preset: `{name} = true` among the checks turns it on"
                ))
            }
            PlanError::UnknownCheck { .. } => Self::usage(message).hint("`cargo hooks list` shows the checks"),
            _ => Self::usage(message),
        }
    }
}

impl From<SurveyError> for CliError {
    fn from(error: SurveyError) -> Self {
        match error {
            SurveyError::Load(error) => error.into(),
            error => Self::usage(error.to_string()),
        }
    }
}

impl From<RequestError> for CliError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Plan(error) => error.into(),
            RequestError::Survey(error) => error.into(),
        }
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        match error {
            RunError::MissingTools(_) => Self::environment(message).hint(
                "`on-missing = \"skip\"` leaves a check out where its tool is not installed; so does `--skip`, once",
            ),
            RunError::System(_) => Self::environment(message),
        }
    }
}

impl From<JudgeError> for CliError {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::Load(error) => error.into(),
            JudgeError::Snapshot(error) => {
                let said = Self::environment(error.to_string());
                error.way_out().into_iter().fold(said, Self::hint)
            }
            error => Self::environment(error.to_string()),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::environment(error.to_string())
    }
}
