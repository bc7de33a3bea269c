//! The process that a run is to end with: git, where the run is one of its hooks.
//!
//! Git ends at once when it is interrupted, while its hooks still run. When only git is killed, a hook hears nothing of it.

use std::io;
use std::task::{Context, Poll};

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::unix::pipe::Receiver;

use super::guard::is_ancestor;

/// Watches one process, or none.
pub(super) struct Ancestor(State);

enum State {
    /// There is none to watch, or its end was told.
    Nobody,
    /// It has ended.
    Gone,
    Lives(Receiver),
}

impl Ancestor {
    /// Starts watching. One that is not above this process any more has ended before.
    pub(super) fn watch(process: Option<u32>) -> io::Result<Self> {
        let Some(process) = process else {
            return Ok(Self(State::Nobody));
        };
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        let watched = process.and_then(|pid| {
            let process = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
            // Looked at after it was opened: the number can no longer come to mean another process.
            is_ancestor(pid).then_some(process)
        });
        match watched {
            // What is only waited for is as good as a pipe that nobody writes to.
            Some(process) => Ok(Self(State::Lives(Receiver::from_owned_fd_unchecked(process)?))),
            None => Ok(Self(State::Gone)),
        }
    }

    /// Whether it has ended. That is told once.
    pub(super) fn poll_gone(&mut self, context: &mut Context<'_>) -> bool {
        let gone = match &self.0 {
            State::Nobody => false,
            State::Gone => true,
            State::Lives(process) => matches!(process.poll_read_ready(context), Poll::Ready(Ok(()))),
        };
        if gone {
            self.0 = State::Nobody;
        }
        gone
    }
}
