//! `cargo hooks schema`.

use std::process::ExitCode;

use super::{Ended, output};

/// The JSON schema of the configuration, as text.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", crate::config::schema())
}

pub(super) fn schema() -> Ended {
    output::stdout(&schema_text())?;
    Ok(ExitCode::SUCCESS)
}
