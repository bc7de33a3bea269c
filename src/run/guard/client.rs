//! The tool's side of the guard: what the rest of a run uses.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::link::{Ended, Launched, Link, Wish};
use super::program::Guard;
use super::tag::next_task;
use super::wire::{Command, Order};
use crate::environment::Environment;
use crate::plan::TaskCommand;
use crate::run::jobs::Pool;
use crate::run::process::Lost;

/// A guard at work.
pub(in crate::run) struct Client {
    wishes: mpsc::UnboundedSender<Wish>,
    link: JoinHandle<()>,
    last: AtomicU32,
}

impl Client {
    /// Starts the guard, in the environment that tasks are to have, and waits until it is there. One that has been called
    /// before need not be started.
    pub(in crate::run) async fn launch(
        guard: &Guard,
        environment: &Environment,
        state: Option<&Path>,
        jobs: Option<&Pool>,
    ) -> io::Result<Self> {
        let (wishes, wished) = mpsc::unbounded_channel();
        let launched = match (guard.called(environment), guard.program()) {
            (Some(launched), _) => launched,
            (None, Some(program)) => Launched::start(program, environment)?,
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        let mut link = Link::to(launched, state)?;
        if let Some(pool) = jobs {
            link.hand_on(pool, environment)?;
        }
        link.until_ready().await?;
        let link = tokio::spawn(link.run(wished));
        let last = AtomicU32::new(0);
        Ok(Self { wishes, link, last })
    }

    /// Whether the guard has ended though nobody wanted that.
    pub(in crate::run) fn is_gone(&self) -> bool {
        self.wishes.is_closed()
    }

    /// Has a task started, which may take jobs of the run or not. Nobody waits for that: that it could not be started is one
    /// of the ways in which it can be over.
    pub(in crate::run) fn start(
        &self,
        command: &TaskCommand,
        withheld: Vec<OsString>,
        jobs: bool,
    ) -> io::Result<(Leader, ChildStdout, ChildStderr)> {
        let task = next_task(self.last.load(Ordering::Relaxed));
        self.last.store(task, Ordering::Relaxed);
        let (stdout, theirs) = io::pipe()?;
        let (stderr, theirs_too) = io::pipe()?;
        let (ended, ends) = oneshot::channel();
        let wish = Wish::Start {
            task,
            command: wired(command, withheld, jobs),
            pipes: [theirs, theirs_too].map(OwnedFd::from),
            ended,
        };
        // Where nobody is left to hear it, its end is what nobody will have seen.
        let _ = self.wishes.send(wish);
        let wishes = self.wishes.clone();
        let stdout = ChildStdout::from_std(OwnedFd::from(stdout).into())?;
        let stderr = ChildStderr::from_std(OwnedFd::from(stderr).into())?;
        Ok((Leader { task, wishes, ends }, stdout, stderr))
    }

    /// Stops all tasks until [`Self::resume`], and comes back when they stand still.
    pub(in crate::run) async fn suspend(&self) {
        let (done, stands) = oneshot::channel();
        let _ = self.wishes.send(Wish::Suspend(done));
        let _ = stands.await;
    }

    /// Lets all tasks go on.
    pub(in crate::run) fn resume(&self) {
        let _ = self.wishes.send(Wish::Say(Order::Resume));
    }

    /// Sends the guard home, and comes back when it is gone and with it all that was left.
    pub(in crate::run) async fn close(self) {
        let _ = self.wishes.send(Wish::Close);
        let _ = self.link.await;
    }
}

/// A task that the guard starts.
pub(in crate::run) struct Leader {
    task: u32,
    wishes: mpsc::UnboundedSender<Wish>,
    ends: oneshot::Receiver<io::Result<Ended>>,
}

impl Leader {
    /// Waits until it has ended, and nothing of it is left.
    pub(in crate::run) async fn wait(&mut self) -> Result<Ended, Lost> {
        let ended = (&mut self.ends).await.map_err(|_| Lost::Unseen(gone()))?;
        ended.map_err(Lost::NotStarted)
    }

    /// Asks it to end.
    pub(in crate::run) fn ask(&self) {
        let _ = self.wishes.send(Wish::Say(Order::Ask { task: self.task }));
    }

    /// Kills it and all that it started.
    pub(in crate::run) fn kill(&self) {
        let _ = self.wishes.send(Wish::Say(Order::Kill { task: self.task }));
    }
}

fn gone() -> io::Error {
    io::Error::other("the guard process was killed, and with it whoever saw how the tool ends")
}

fn wired(command: &TaskCommand, withheld: Vec<OsString>, jobs: bool) -> Command {
    let program = command.program.path.as_ref().map(|path| path.as_os_str().to_owned());
    let pairs = command.env.iter();
    Command {
        program: program.unwrap_or_else(|| command.program.name.as_str().into()),
        args: command.args.clone(),
        cwd: command.cwd.as_os_str().to_owned(),
        jobs,
        withheld,
        env: pairs.flat_map(|(name, value)| [name.into(), value.into()]).collect(),
    }
}
