//! The record of a run that is going on, for the case that the tool and its guard are killed both at once.
//!
//! It lies in the directory of the state, and is taken away at the end of the run. A later run that finds it looks whether
//! the two still live; where they do not, it ends what carries the mark of that run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, getpid};

use super::sweep::sweep;
use super::system::{boot_id, lives, pid, start_time};
use super::tag::RunTag;

/// After how long the record of a run elsewhere is taken away.
const OLD: Duration = Duration::from_hours(24 * 7);
/// Where the records lie, in the directory of the state.
const DIRECTORY: &str = "running";

/// A record on disk. It is gone when it is dropped.
pub(super) struct Record(PathBuf);

impl Record {
    /// Writes down that this process and its guard are at work. A disk that is full or cannot be written costs only the
    /// record: the run does not depend on it.
    pub(super) fn write(state: &Path, tag: RunTag, guard: Pid) -> Option<Self> {
        let dir = state.join(DIRECTORY);
        let path = dir.join(tag.to_text());
        let text = text(&place()?, [getpid(), guard].map(|pid| (pid, start_time(pid))));
        // Whole or not at all: half a record would say that nobody is at work.
        let half = dir.join(format!(".{}", tag.to_text()));
        let written = fs::write(&half, &text).or_else(|_| {
            fs::create_dir_all(&dir)?;
            fs::write(&half, &text)
        });
        let written = written.and_then(|()| fs::rename(&half, &path));
        if let Err(error) = &written {
            tracing::debug!(path = %path.display(), %error, "the record of the run cannot be written");
        }
        written.ok().map(|()| Self(path))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Ends what runs have left behind whose tool and guard were killed both at once. How many processes it were.
pub(in crate::run) fn end_leftovers(state: &Path) -> usize {
    let entries = fs::read_dir(state.join(DIRECTORY)).into_iter().flatten().flatten();
    let records = entries.filter_map(|entry| {
        let tag = RunTag::from_text(entry.file_name().to_str()?)?;
        let text = fs::read_to_string(entry.path()).ok()?;
        Some((tag, entry.path(), text))
    });
    let mut ended = 0;
    for (tag, path, text) in records {
        match what_of(&text) {
            Found::AtWork => continue,
            Found::Elsewhere if !is_old(&path) => continue,
            Found::Elsewhere => {}
            Found::Dead => ended += sweep(tag),
        }
        let _ = fs::remove_file(path);
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

/// Whether nobody can be interested in a file any more.
fn is_old(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > OLD))
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
        let path = record.0.clone();
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
