//! What the system knows of processes: `/proc`, and nothing that lasts longer than the answer.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use rustix::process::{Pid, getpid, getppid};

use super::super::job::Job;
use super::tag::limit_in;

/// The children of this process, as often as they are asked for.
pub(super) struct Children {
    /// The list that the kernel keeps, where it does.
    list: Option<File>,
    buffer: Vec<u8>,
}

impl Children {
    /// The children of this process, which has one thread: the list is exact only for what nobody else buries.
    pub(super) fn of_this_process() -> Self {
        let list = File::open(format!("/proc/self/task/{}/children", getpid().as_raw_pid())).ok();
        let buffer = vec![0; 4096];
        Self { list, buffer }
    }

    /// Those that there are now, the dead that are not yet buried among them.
    pub(super) fn now(&mut self) -> Vec<Pid> {
        let Some(list) = &self.list else {
            let own = getpid();
            return all().filter(|pid| parent(*pid) == Some(own)).collect();
        };
        loop {
            let read = list.read_at(&mut self.buffer, 0).unwrap_or(0);
            if read < self.buffer.len() {
                let text = String::from_utf8_lossy(&self.buffer[..read]);
                return text.split_whitespace().filter_map(pid).collect();
            }
            self.buffer.resize(read * 2, 0);
        }
    }
}

/// All processes that can be seen.
pub(super) fn all() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| pid(entry.file_name().to_str()?))
}

/// The process that this text names.
pub(super) fn pid(text: &str) -> Option<Pid> {
    text.parse().ok().and_then(Pid::from_raw)
}

/// The mark that a process carries, if it carries any.
pub(super) fn mark(pid: Pid) -> Option<u64> {
    limit_in(&fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_pid())).ok()?)
}

/// Whether there is such a process, and it has not ended yet.
pub(super) fn lives(pid: Pid) -> bool {
    field(pid, 3).is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// When a process began, in ticks since the system started. With its number it names a process for as long as the system
/// is up.
pub(super) fn start_time(pid: Pid) -> Option<u64> {
    field(pid, 22)?.parse().ok()
}

/// The parent of a process.
pub(in crate::run) fn parent(process: Pid) -> Option<Pid> {
    pid(&field(process, 4)?)
}

/// Whether a process is above this one.
pub(in crate::run) fn is_ancestor(process: Pid) -> bool {
    std::iter::successors(getppid(), |pid| parent(*pid)).any(|pid| pid == process)
}

/// Where a process stands.
pub(in crate::run) fn job(pid: Pid) -> Option<Job> {
    let stat = fs::read(stat_of(pid)).ok()?;
    let number = |number| field_of(&stat, number)?.parse().ok();
    Some(Job {
        group: number(5)?,
        session: number(6)?,
    })
}

/// What names the time since the system was started.
pub(super) fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// A field of `/proc/PID/stat`, counted from 1 as the manual does; from the third on.
fn field(pid: Pid, number: usize) -> Option<String> {
    let stat = fs::read(stat_of(pid)).ok()?;
    field_of(&stat, number)
}

fn stat_of(pid: Pid) -> String {
    format!("/proc/{}/stat", pid.as_raw_pid())
}

/// The name of a process stands in parentheses and may hold anything, parentheses and spaces included.
fn field_of(stat: &[u8], number: usize) -> Option<String> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = String::from_utf8_lossy(&stat[end + 1..]);
    rest.split_whitespace().nth(number.checked_sub(3)?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_hide_the_fields_behind_it() {
        let check = |stat: &[u8], number: usize, expected: Option<&str>| {
            assert_eq!(field_of(stat, number).as_deref(), expected);
        };
        check(b"12 (sh) S 7 12", 3, Some("S"));
        check(b"12 (sh) S 7 12", 4, Some("7"));
        check(b"12 (a) Z 1 (b\xff) R 8 12", 3, Some("R"));
        check(b"12 (a) Z 1 (b\xff) R 8 12", 4, Some("8"));
        check(b"12 (sh) S 7 12", 22, None);
        check(b"12 (sh) S", 2, None);
        check(b"", 3, None);
    }

    #[test]
    fn this_process_is_among_all_and_lives() {
        let own = getpid();
        assert!(all().any(|pid| pid == own) && lives(own));
        assert_eq!(parent(own), getppid());
        assert!(job(own).is_some() && start_time(own).is_some() && boot_id().is_some());
        assert!(is_ancestor(parent(own).unwrap()) && is_ancestor(Pid::INIT) && !is_ancestor(own));
        assert!(start_time(own) >= parent(own).and_then(start_time));
    }
}
