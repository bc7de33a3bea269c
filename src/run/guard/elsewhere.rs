//! What stands for the guard on systems where there can be none: nothing can be made of it.
#![expect(
    clippy::unused_async,
    reason = "the same functions as where there is something to wait for"
)]

use std::ffi::OsString;
use std::io;
use std::path::Path;

use rustix::process::Pid;
use tokio::process::{ChildStderr, ChildStdout};

use super::super::job::Job;
use super::super::process::Lost;
use super::program::Guard;
use crate::environment::Environment;
use crate::model::Exit;
use crate::plan::TaskCommand;
use crate::run::jobs::Pool;

/// There is none.
pub(in crate::run) enum Client {}

/// There is none.
pub(in crate::run) enum Leader {}

/// How a task has ended.
pub(in crate::run) struct Ended {
    pub(in crate::run) exit: Exit,
    pub(in crate::run) leaked: u32,
    pub(in crate::run) processor: std::time::Duration,
}

impl Client {
    /// Refuses.
    pub(in crate::run) async fn launch(
        _: &Guard,
        _: &Environment,
        _: Option<&Path>,
        _: Option<&Pool>,
    ) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in crate::run) fn is_gone(&self) -> bool {
        match *self {}
    }

    pub(in crate::run) fn start(
        &self,
        _: &TaskCommand,
        _: Vec<OsString>,
        _: bool,
    ) -> io::Result<(Leader, ChildStdout, ChildStderr)> {
        match *self {}
    }

    pub(in crate::run) async fn suspend(&self) {
        match *self {}
    }

    pub(in crate::run) fn resume(&self) {
        match *self {}
    }

    pub(in crate::run) async fn close(self) {
        match self {}
    }
}

impl Leader {
    pub(in crate::run) async fn wait(&mut self) -> Result<Ended, Lost> {
        match *self {}
    }

    pub(in crate::run) fn ask(&self) {
        match *self {}
    }

    pub(in crate::run) fn kill(&self) {
        match *self {}
    }
}

/// Nothing is ever written down.
pub(in crate::run) fn end_leftovers(_: &Path) -> usize {
    0
}

/// The system does not say.
pub(in crate::run) fn parent(_: Pid) -> Option<Pid> {
    None
}

/// Where a process stands.
pub(in crate::run) fn job(pid: Pid) -> Option<Job> {
    use rustix::process::{getpgid, getsid};
    Some(Job {
        group: getpgid(Some(pid)).ok()?.as_raw_pid(),
        session: getsid(Some(pid)).ok()?.as_raw_pid(),
    })
}
