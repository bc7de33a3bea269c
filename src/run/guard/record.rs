//! The record of a run that is going on, for the case that the tool and its guard are killed both at once.
//!
//! It lies in the directory of the state, and is taken away at the end of the run. A later run that finds it looks whether
//! the two still live; where they do not, it ends what carries the mark of that run.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, getpid};

use super::sweep::sweep;
use super::system::{boot_id, lives, pid, start_time};
use super::tag::RunTag;
use crate::private_files::{Durability, PrivateDir};

/// After how long the record of a run elsewhere is taken away.
const OLD: Duration = Duration::from_hours(24 * 7);
/// Where the records lie, in the directory of the state.
const BELOW: [&str; 1] = ["running"];
/// No record is larger.
const LARGEST: u64 = 4096;

/// A record on disk. It is gone when it is dropped.
pub(super) struct Record {
    dir: PrivateDir,
    name: String,
}

impl Record {
    /// Writes down that this process and its guard are at work. A disk that is full or cannot be written costs only the
    /// record: the run does not depend on it.
    pub(super) fn write(state: &Path, tag: RunTag, guard: Pid) -> Option<Self> {
        let text = text(&place()?, [getpid(), guard].map(|pid| (pid, start_time(pid))));
        let name = tag.to_text();
        let dir = PrivateDir::make(state, &BELOW);
        let dir = dir.inspect_err(|reason| tracing::debug!(%reason, "the run cannot be written down"));
        let dir = dir.ok()?;
        // Whole or not at all: half a record would say that nobody is at work.
        match dir.write(&name, text.as_bytes(), Durability::Later) {
            Ok(()) => Some(Self { dir, name }),
            Err(error) => {
                tracing::debug!(dir = %dir.path().display(), %error, "the run cannot be written down");
                None
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.dir.remove(&self.name);
    }
}

/// Ends what runs have left behind whose tool and guard were killed both at once. How many processes it were.
pub(in crate::run) fn end_leftovers(state: &Path) -> usize {
    let Ok(dir) = PrivateDir::open(state, &BELOW) else {
        return 0;
    };
    let now = SystemTime::now();
    dir.sweep(now);
    let mut ended = 0;
    for name in dir.names() {
        let text = dir
            .read(&name, LARGEST)
            .ok()
            .and_then(|text| String::from_utf8(text).ok());
        let (Some(tag), Some(text)) = (RunTag::from_text(&name), text) else {
            continue;
        };
        match what_of(&text) {
            Found::AtWork => continue,
            Found::Elsewhere if !dir.is_older(&name, OLD, now) => continue,
            Found::Elsewhere => {}
            Found::Dead => ended += sweep(tag),
        }
        dir.remove(&name);
    }
    ended
}

/// What has become of a run with a record.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Its tool or its guard lives, and sees to everything itself.
    AtWork,
    /// It was killed, and some of its processes may live.
    Dead,
    /// It was begun before the system was, or on another one that shares this directory: numbers of processes mean
    /// nothing here.
    Elsewhere,
}

fn what_of(text: &str) -> Found {
    let mut lines = text.lines();
    let here = place();
    if here.is_none() || lines.next() != here.as_deref() {
        return Found::Elsewhere;
    }
    let at_work = lines.any(|line| {
        let (number, start) = line.split_once(' ').unwrap_or_default();
        let start = start.parse::<u64>().ok();
        start.is_some() && pid(number).is_some_and(|pid| lives(pid) && start_time(pid) == start)
    });
    if at_work { Found::AtWork } else { Found::Dead }
}

/// Where and since when numbers of processes mean what they do: this start of the system, and this container.
fn place() -> Option<String> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot_id()?, namespace.display()))
}

fn text(place: &str, processes: [(Pid, Option<u64>); 2]) -> String {
    let lines = processes
        .iter()
        .filter_map(|(pid, start)| Some(format!("{} {}\n", pid.as_raw_pid(), (*start)?)));
    format!("{place}\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_at_work_as_long_as_one_of_its_two_processes_lives() {
        let here = place().unwrap();
        let own = getpid();
        let began = start_time(own);
        let gone = (Pid::from_raw(i32::MAX).unwrap(), Some(1));
        let check = |processes, expected| assert_eq!(what_of(&text(&here, processes)), expected);
        check([(own, began), gone], Found::AtWork);
        check([gone, (own, began)], Found::AtWork);
        check([gone, gone], Found::Dead);
        // The number of a process that lives, which is another one.
        check([(own, began.map(|began| began + 1)), gone], Found::Dead);
        check([(own, None), gone], Found::Dead);
        let elsewhere = text("another system", [(own, began), gone]);
        assert_eq!(what_of(&elsewhere), Found::Elsewhere);
    }

    #[test]
    fn a_record_is_there_while_its_run_is() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(end_leftovers(state.path()), 0);
        let record = Record::write(state.path(), RunTag::random(), getpid()).unwrap();
        let path = record.dir.path().join(&record.name);
        assert_eq!(end_leftovers(state.path()), 0);
        assert!(path.exists(), "a run that is at work keeps its record");
        drop(record);
        assert!(!path.exists());
        let dead = text(&place().unwrap(), [(getpid(), Some(0)); 2]);
        for (name, text, stays) in [
            ("0123456789a", "", true),
            ("12345678901", dead.as_str(), false),
            ("something else", dead.as_str(), true),
        ] {
            let path = path.with_file_name(name);
            fs::write(&path, text).unwrap();
            assert_eq!(end_leftovers(state.path()), 0);
            assert_eq!(path.exists(), stays, "{name}");
        }
    }
}
