//! Tries whether a hook of ours gets through to this program. Nothing is checked for that.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::config::Stage;
use crate::environment::Environment;

/// The value of `CARGO_HOOKS` with which a hook of ours only says that it was reached.
pub(crate) const REACHED: &str = "reached";

/// What it says then.
pub(crate) fn reached(stage: Stage) -> String {
    format!("cargo-hooks: {stage} is reached, and nothing was checked")
}

/// Runs a hook that way, from the top of the working tree as git does. Says what happened instead, where it did not get
/// through.
pub(super) fn reach(hook: &Path, stage: Stage, top: &Path, environment: &Environment) -> Result<(), String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "only running it shows that the system starts it, and where it leads"
    )]
    let tried = Command::new(hook)
        .current_dir(top)
        .env_clear()
        .envs(environment.iter())
        .env("CARGO_HOOKS", REACHED)
        .stdin(Stdio::null())
        .output();
    let tried = tried.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&tried.stderr);
    let expected = reached(stage);
    if tried.status.success() && said.lines().any(|line| line == expected) {
        Ok(())
    } else {
        let first = said.trim().lines().next().unwrap_or_default();
        Err(format!("it said `{first}`, and ended with {}", tried.status))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_does_not_answer_is_not_reached() {
        let dir = tempfile::tempdir().unwrap();
        let check = |hook: &str, expected: &str| {
            let hook = dir.path().join(hook);
            let tried = reach(&hook, Stage::PreCommit, dir.path(), &Environment::default());
            let problem = tried.unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        };
        symlink("/bin/sh", dir.path().join("silent")).unwrap();
        std::fs::write(dir.path().join("no-program"), "").unwrap();
        check("silent", "it said ``");
        check("no-program", "denied");
        check("absent", "No such file");
    }
}
