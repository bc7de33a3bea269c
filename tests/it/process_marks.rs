//! Processes that do all they can to survive, and a way to see whether they did.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::eventually;

/// How many processes [`Mark::nasty`] starts that stay.
pub(crate) const NASTY: usize = 9;

/// How long marked processes sleep: a number of seconds that nothing else on the machine sleeps. They are known by their
/// arguments, which have nothing to do with how the program itself knows them.
///
/// Whatever is still there at the end of a test, which has then failed, is killed.
pub(crate) struct Mark(String);

impl Mark {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        Self(format!("86400.{:07}{nanos:09}{count:05}", std::process::id()))
    }

    /// The argument of `sleep`.
    pub(crate) fn seconds(&self) -> &str {
        &self.0
    }

    /// Lines of a script that start one process of each kind: a child, one that ignores all that asks, one with a session
    /// of its own, ones that forked twice, with and without that, ones whose environment is empty, and one that stopped.
    /// All hold standard output open.
    pub(crate) fn nasty(&self) -> String {
        let sleep = format!("sleep {}", self.0);
        format!(
            "{sleep} &\n\
             (trap '' TERM INT HUP QUIT; exec {sleep}) &\n\
             setsid {sleep} &\n\
             ({sleep} &)\n\
             (setsid sh -c 'trap \"\" TERM HUP; {sleep} & exec {sleep}' &)\n\
             env -i \"$(command -v setsid)\" \"$(command -v sleep)\" {seconds} &\n\
             (env -i \"$(command -v setsid)\" \"$(command -v sh)\" -c \"$(command -v sleep) {seconds} & exit\" &)\n\
             {sleep} &\n\
             until read -r name </proc/$!/comm && [ \"$name\" = sleep ]; do :; done\n\
             kill -STOP $!\n",
            seconds = self.0
        )
    }

    /// The processes that live.
    pub(crate) fn living(&self) -> Vec<Pid> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
        pids.filter(|pid| self.marks(*pid) && !has_ended(*pid)).collect()
    }

    /// Waits until as many live.
    pub(crate) fn are(&self, count: usize) {
        eventually("the marked processes are there", || self.living().len() >= count);
    }

    /// Waits until none lives.
    pub(crate) fn gone(&self) {
        eventually("no marked process is left", || self.living().is_empty());
    }

    /// A shell has the script that it was given in its arguments: only `sleep` counts.
    fn marks(&self, pid: Pid) -> bool {
        let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid())).unwrap_or_default();
        let words: Vec<_> = line.split(|byte| *byte == 0).collect();
        words.len() == 3 && words[0].ends_with(b"sleep") && words[1] == self.0.as_bytes()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        for pid in self.living() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// The letter for the state of a process, and what comes after it; nothing where it is gone.
pub(crate) fn state(pid: Pid) -> String {
    let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    let stat = String::from_utf8_lossy(&stat).into_owned();
    stat.rsplit(") ").next().unwrap_or_default().to_owned()
}

/// The parent of a process, as long as there is one.
pub(crate) fn parent(pid: Pid) -> Option<Pid> {
    Pid::from_raw(state(pid).split_whitespace().nth(1)?.parse().ok()?)
}

/// Whether a process is no more. One that has ended and that nobody has buried counts as gone: the first process of a
/// container may bury nobody.
pub(crate) fn has_ended(pid: Pid) -> bool {
    let state = state(pid);
    state.is_empty() || state.starts_with(['Z', 'X'])
}

/// The guard of a run, as soon as it is there.
pub(crate) fn guard_of(run: Pid) -> Pid {
    let mut guard = None;
    eventually("the guard is there", || {
        guard = children(run).into_iter().find(|pid| is_guard(*pid));
        guard.is_some()
    });
    guard.unwrap()
}

fn is_guard(pid: Pid) -> bool {
    let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid())).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(b"__guard")
}

/// The children of a process.
pub(crate) fn children(pid: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid()))
        .into_iter()
        .flatten();
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let all: String = lists.collect();
    all.split_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}
