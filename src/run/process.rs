//! One process and all that it starts: its own group, its pipes, its end.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout};

use crate::environment::Environment;
use crate::model::Exit;
use crate::plan::TaskCommand;

/// How long a process that was asked to end may take.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// A running process and its group.
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
}

impl Process {
    /// Starts the command: no standard input, pipes for its output, a group of its own.
    pub(super) fn start(
        command: &TaskCommand,
        environment: &Environment,
    ) -> std::io::Result<(Self, ChildStdout, ChildStderr)> {
        let program = command
            .program
            .path
            .as_deref()
            .unwrap_or_else(|| command.program.name.as_ref());
        #[expect(
            clippy::disallowed_methods,
            reason = "this is where the processes of tasks are started"
        )]
        let mut child = tokio::process::Command::new(program)
            .args(&command.args)
            .current_dir(&command.cwd)
            .env_clear()
            .envs(environment.iter())
            .envs(&command.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || std::io::Error::other("the process has no pipe");
        let stdout = child.stdout.take().ok_or_else(no_pipe)?;
        let stderr = child.stderr.take().ok_or_else(no_pipe)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok((Self { child, group }, stdout, stderr))
    }

    /// Waits for the process itself; what it has started may go on.
    pub(super) async fn wait(&mut self) -> std::io::Result<Exit> {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().await?;
        let signal = status.signal().map(Exit::Signal);
        Ok(status.code().map(Exit::Code).or(signal).unwrap_or(Exit::Code(-1)))
    }

    /// Asks the whole group to end.
    pub(super) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends the whole group.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group
            && let Err(error) = kill_process_group(group, signal)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(?group, %error, "a process group cannot be signalled");
        }
    }
}

impl Drop for Process {
    /// No process outlives its task, whichever way that ends.
    fn drop(&mut self) {
        self.kill();
    }
}
