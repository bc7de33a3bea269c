//! The terminal while the live view is on it.

use std::io::stderr;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// Keeps the terminal from writing `^C` into the live view, which would then no longer know where its lines are.
#[must_use]
pub(super) struct NoControlEcho(Option<Termios>);

impl NoControlEcho {
    /// From now until it is dropped; without effect where the terminal is not ours to change.
    pub(super) fn new() -> Self {
        // A program in the background that changes the terminal is stopped for it.
        let in_foreground = tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp());
        let before = tcgetattr(stderr()).ok().filter(|_| in_foreground);
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHOCTL);
            set(&quiet);
        }
        Self(before)
    }
}

impl Drop for NoControlEcho {
    fn drop(&mut self) {
        self.0.iter().for_each(set);
    }
}

fn set(modes: &Termios) {
    // What the terminal shows of a key is no reason to fail.
    let _ = tcsetattr(stderr(), OptionalActions::Now, modes);
}
