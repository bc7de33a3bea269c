//! Git, for the subcommands that are about its hooks.

use super::CliError;
use crate::changes::Git;
use crate::environment::locate;
use crate::git_hooks::PlaceError;
use crate::project::LoadOptions;

/// Git as it is installed, which is asked for nothing that it would have to fetch.
pub(super) fn git(options: &LoadOptions) -> Result<Git, CliError> {
    let found = locate(["git"], &options.environment, &options.current_dir).remove("git");
    let program = found.ok_or_else(|| CliError::environment("`git` is not installed, or not on the PATH"))?;
    let environment = options.environment.clone().with("GIT_NO_LAZY_FETCH", "1");
    Ok(Git::new(program, environment))
}

impl From<PlaceError> for CliError {
    fn from(error: PlaceError) -> Self {
        Self::environment(error.to_string())
    }
}
