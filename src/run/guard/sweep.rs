//! Ends the processes of a run whose guard is gone: whoever carries its mark, wherever it has ended up.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::system::{all, lives, mark};
use super::tag::RunTag;

/// How often what was killed is looked for again.
const AGAIN: Duration = Duration::from_millis(2);
/// How long something may take to die of a kill before it is given up.
const GIVE_UP: Duration = Duration::from_secs(5);

/// How often nothing must be found. A list of all processes is no picture of one moment: one that was just forked can have
/// a number that the list is past already, by a parent that is gone when the list comes to it.
const LOOKS: usize = 3;

/// Kills everything that carries the mark of the run, and whatever that starts meanwhile, until there is nothing left.
/// How many processes it were.
pub(super) fn sweep(tag: RunTag) -> usize {
    let until = Instant::now() + GIVE_UP;
    let (mut killed, mut empty) = (Vec::new(), 0);
    while empty < LOOKS && Instant::now() < until {
        let left: Vec<Pid> = all().filter(|pid| is_of(*pid, tag) && lives(*pid)).collect();
        empty = if left.is_empty() { empty + 1 } else { 0 };
        for pid in left {
            if end(pid, tag) && !killed.contains(&pid) {
                killed.push(pid);
            }
        }
        thread::sleep(AGAIN);
    }
    killed.len()
}

fn is_of(pid: Pid, tag: RunTag) -> bool {
    mark(pid).is_some_and(|mark| tag.task(mark).is_some())
}

/// Kills a process that carries the mark. Its number may have come to mean another one since it was looked at: therefore
/// it is looked at again through what can only mean the one that is signalled.
fn end(pid: Pid, tag: RunTag) -> bool {
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
        return false;
    };
    is_of(pid, tag) && pidfd_send_signal(process, Signal::KILL).is_ok()
}
