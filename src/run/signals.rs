//! The signals that a run hears, and the end of the process that it is to end with.

use std::fs;
use std::future::poll_fn;
use std::task::{Context, Poll};

use rustix::process::{getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ancestor::Ancestor;
use super::guard::{job, parent};

/// What a run is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// To come to its end.
    End,
    /// To stand still.
    Suspend,
}

/// Hears the signals that ask a program to end or to stand still.
pub(super) struct Signals {
    end: Vec<Signal>,
    suspend: Vec<Signal>,
    go_on: Signal,
    ancestor: Ancestor,
}

impl Signals {
    /// Starts listening. What this program was started to ignore, as `nohup` does it, stays ignored. What it was started to
    /// block, this thread does not: it could not hear how its children end, and they and their tools would have it from us.
    /// The end of `ends_with` counts as a signal to end.
    pub(super) fn listen(ends_with: Option<u32>) -> std::io::Result<Self> {
        nix::sys::signal::SigSet::empty().thread_set_mask()?;
        let ignored = ignored();
        let heard = |kinds: &[SignalKind]| {
            let kinds = kinds.iter().filter(|kind| !ignored.contains(&kind.as_raw_value()));
            kinds.map(|kind| signal(*kind)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            end: heard(&[
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
                SignalKind::quit(),
            ])?,
            suspend: heard(&[SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw())])?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            ancestor: Ancestor::watch(ends_with)?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Heard {
        poll_fn(|context| {
            if any(&mut self.end, context) || self.ancestor.poll_gone(context) {
                Poll::Ready(Heard::End)
            } else if any(&mut self.suspend, context) {
                Poll::Ready(Heard::Suspend)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Stops this process, and comes back when somebody lets it go on.
    pub(super) async fn stand_still(&mut self) {
        // An earlier one is not what is waited for.
        poll_fn(|context| {
            while self.go_on.poll_recv(context).is_ready() {}
            Poll::Ready(())
        })
        .await;
        if kill_process(getpid(), rustix::process::Signal::STOP).is_ok() {
            self.go_on.recv().await;
        }
    }
}

fn any(signals: &mut [Signal], context: &mut Context<'_>) -> bool {
    // Each is asked: one that is not would not wake anybody.
    let came = signals
        .iter_mut()
        .filter_map(|signal| signal.poll_recv(context).is_ready().then_some(()));
    came.count() > 0
}

/// The numbers of the signals that this process was started to ignore, where the system tells.
pub(super) fn ignored() -> Vec<i32> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status)
}

fn ignored_in(status: &str) -> Vec<i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    (1..=64)
        .filter(|number| mask.unwrap_or(0) >> (number - 1) & 1 == 1)
        .collect()
}

/// Whether somebody could let this process go on if it stopped: a shell with job control. Where nobody could, the system
/// does not let the terminal stop a process either.
pub(super) fn somebody_watches() -> bool {
    use rustix::process::{getpid, getppid};
    let above = std::iter::successors(getppid(), |pid| parent(*pid));
    job(getpid()).is_some_and(|own| own.is_watched(above.map_while(job)))
}

#[cfg(test)]
mod tests {
    use super::ignored_in;

    #[test]
    fn ignored_signals_are_those_of_the_mask() {
        let check = |status: &str, expected: &[i32]| assert_eq!(ignored_in(status), expected, "{status:?}");
        check(
            "Name:\tsh\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000000003\n",
            &[1, 2],
        );
        check("SigIgn:\t8000000000001000\n", &[13, 64]);
        check("SigIgn:\t0000000000000000\n", &[]);
        check("SigIgn:\tnonsense\n", &[]);
        check("", &[]);
    }
}
