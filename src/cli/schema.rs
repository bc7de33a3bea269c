//! `cargo hooks schema`.

use std::process::ExitCode;

use clap::ValueEnum;

use super::args::SchemaArgs;
use super::{Ended, output};
use crate::report::json_schema;

/// What a schema is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// The configuration, for editors.
    #[default]
    Configuration,
    /// A line of `check --message-format json`, for programs that read them.
    Output,
}

/// The JSON schema of the configuration, as text.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", crate::config::schema())
}

/// The JSON schema of the lines of a run, as text.
#[must_use]
pub fn output_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

pub(super) fn schema(args: &SchemaArgs) -> Ended {
    output::stdout(&match args.of {
        SchemaOf::Configuration => schema_text(),
        SchemaOf::Output => output_schema_text(),
    })?;
    Ok(ExitCode::SUCCESS)
}
