//! Runs programs: with a directory, an environment and streams of their own.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cargo_hooks::environment::{Environment, locate};

/// Where programs run, and what they see.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
}

impl Programs {
    pub(crate) fn new(dir: &Path, environment: &Environment) -> Self {
        Self {
            dir: dir.to_owned(),
            environment: environment.clone(),
        }
    }

    /// Where a program is.
    pub(crate) fn locate(&self, program: &str) -> Result<PathBuf, Box<dyn Error>> {
        let found = locate([program], &self.environment, &self.dir).remove(program);
        Ok(found.ok_or_else(|| format!("there is no {program}"))?)
    }

    /// Runs a program to its end, however it ends.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts what is verified against"
    )]
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        let output = Command::new(self.locate(program)?)
            .args(arguments)
            .current_dir(&self.dir)
            .env_clear()
            .envs(self.environment.iter())
            .stdin(Stdio::null())
            .output()?;
        Ok(output)
    }

    /// What a program writes that succeeds.
    pub(crate) fn text(&self, program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = self.run(program, arguments)?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`{program} {}`: {}", arguments.join(" "), words.trim()).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
