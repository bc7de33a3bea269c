//! Keeps the long outputs of tasks that fail in files: what memory and a report have no room for.
//!
//! ```text
//! STATE/v1/output/0000000065f0a1b2-9f2c61d84b03aa5e/1-test.log     one directory for each run, one file for each task
//! ```
//!
//! Files and directories are bounded, in size and in number, and private. Nothing here decides a verdict: what cannot be
//! written is one warning.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::event::SavedOutput;
use crate::private_files::PrivateDir;

/// Where the files lie below the state of a repository.
const BELOW: [&str; 2] = ["v1", "output"];
/// No file has more of the beginning of an output than this. More than that nobody reads.
const HEAD_LIMIT: u64 = 31 * MIB;
/// Nor more of its end.
const TAIL_LIMIT: u64 = MIB;
/// The files of a run have no more than this in all.
const RUN_LIMIT: u64 = 256 * MIB;
/// Files of earlier runs are removed, the oldest first, as far as there are more runs than this with any,
const MOST_RUNS: usize = 20;
/// as all runs have more than this,
const MOST_BYTES: u64 = 512 * MIB;
/// or as they are older than this.
const KEPT_FOR: Duration = Duration::from_hours(24 * 7);
/// What the name of a file shows of the name of its task, in characters.
const NAME_LIMIT: usize = 60;
const MIB: u64 = 1024 * 1024;

/// The files of a run.
pub(super) struct Spills {
    /// The directory of the state; nothing where there is none.
    state: Option<PathBuf>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The directory of this run, as soon as there is one.
    dir: Option<PathBuf>,
    /// How many files have been begun.
    begun: u32,
    /// How much may still be written.
    room: u64,
    /// Whether something has gone wrong already, so that nothing more is tried.
    given_up: bool,
}

/// What is kept of one task. It is gone when this is dropped, unless it was handed on.
pub(super) struct Spill<'s> {
    spills: &'s Spills,
    label: String,
    file: Option<SpillFile>,
    /// The end of what the file has no room for.
    tail: VecDeque<u8>,
    /// How much of what came before that is nowhere.
    left_out: u64,
}

struct SpillFile {
    path: PathBuf,
    file: File,
    /// What of the room of the run is taken.
    taken: u64,
    written: u64,
}

impl Spills {
    /// For a run with this directory of the state.
    pub(super) fn new(state: Option<PathBuf>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                dir: None,
                begun: 0,
                room: RUN_LIMIT,
                given_up: state.is_none(),
            }),
            state,
        }
    }

    /// For a task of this name.
    pub(super) fn spill(&self, label: String) -> Spill<'_> {
        Spill {
            spills: self,
            label,
            file: None,
            tail: VecDeque::new(),
            left_out: 0,
        }
    }

    /// The run is over: removes what nobody wants any more of earlier ones.
    pub(super) fn close(&self) {
        let Some(state) = &self.state else { return };
        if let Some(dir) = &self.locked().dir {
            // Only where it is empty.
            let _ = fs::remove_dir(dir);
        }
        if let Ok(all) = PrivateDir::open(state, &BELOW) {
            prune(all.path(), MOST_RUNS, MOST_BYTES);
        }
    }

    /// A task that panicked has left a number or a path as it was.
    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, label: &str) -> Option<SpillFile> {
        let mut inner = self.locked();
        let state = self.state.as_ref().filter(|_| !inner.given_up)?;
        let begun = if inner.room < TAIL_LIMIT {
            Err(format!("those of this run have {} MiB already", RUN_LIMIT / MIB))
        } else {
            create(state, &mut inner, label).map_err(|error| error.to_string())
        };
        match begun {
            Ok((path, file)) => {
                inner.room -= TAIL_LIMIT;
                Some(SpillFile {
                    path,
                    file,
                    taken: TAIL_LIMIT,
                    written: 0,
                })
            }
            Err(reason) => {
                give_up(&mut inner, &reason);
                None
            }
        }
    }

    /// Takes of the room of the run as much as there is, up to so many bytes.
    fn take(&self, bytes: u64) -> u64 {
        let mut inner = self.locked();
        let taken = inner.room.min(bytes);
        inner.room -= taken;
        taken
    }
}

impl Spill<'_> {
    /// Adds to the end. The first call makes the file.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.file.is_none() {
            self.file = self.spills.begin(&self.label);
        }
        let Some(file) = &mut self.file else { return };
        let mut rest = bytes;
        if self.tail.is_empty() {
            let room = (HEAD_LIMIT - file.written).min(bytes.len() as u64);
            let taken = self.spills.take(room);
            file.taken += taken;
            let (now, later) = bytes.split_at(usize::try_from(taken).unwrap_or(usize::MAX).min(bytes.len()));
            let written = file.file.write_all(now);
            file.written += taken;
            rest = later;
            if let Err(error) = written {
                return self.fail(&error);
            }
        }
        self.keep_end(rest);
    }

    /// The task has failed: the file stays.
    pub(super) fn hand_on(&mut self) -> Option<SavedOutput> {
        let tail = self.tail.make_contiguous();
        let file = self.file.as_mut()?;
        let gap = match self.left_out {
            0 => String::new(),
            left_out => format!("\n… {left_out} bytes are left out here …\n"),
        };
        let written = file
            .file
            .write_all(gap.as_bytes())
            .and_then(|()| file.file.write_all(tail));
        // Another run that came after this one may have made room for its own.
        let written = written.and_then(|()| fs::symlink_metadata(&file.path).map(drop));
        if let Err(error) = written {
            self.fail(&error);
            return None;
        }
        let left_out = self.left_out;
        self.file.take().map(|file| SavedOutput {
            path: file.path,
            left_out,
        })
    }

    fn keep_end(&mut self, bytes: &[u8]) {
        let most = usize::try_from(TAIL_LIMIT).unwrap_or(usize::MAX);
        let skipped = bytes.len().saturating_sub(most);
        self.tail.extend(&bytes[skipped..]);
        let surplus = self.tail.len().saturating_sub(most);
        self.tail.drain(..surplus);
        self.left_out += (skipped + surplus) as u64;
    }

    /// A part of the output would pass for the whole: there is no file.
    fn fail(&mut self, error: &io::Error) {
        self.remove();
        give_up(&mut self.spills.locked(), &error.to_string());
    }

    fn remove(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = fs::remove_file(&file.path);
            self.spills.locked().room += file.taken;
        }
    }
}

impl Drop for Spill<'_> {
    /// Nobody asks for the output of what has passed.
    fn drop(&mut self) {
        self.remove();
    }
}

/// Says once that something went wrong, and tries nothing more in this run.
fn give_up(inner: &mut Inner, reason: &str) {
    if !std::mem::replace(&mut inner.given_up, true) {
        tracing::warn!(%reason, "long outputs are not kept in files");
    }
}

fn create(state: &Path, inner: &mut Inner, label: &str) -> Result<(PathBuf, File), Box<dyn std::error::Error>> {
    let dir = match &inner.dir {
        Some(dir) => dir.clone(),
        None => {
            let name = name_of_run();
            PrivateDir::make(state, &[BELOW[0], BELOW[1], &name])?.path().to_owned()
        }
    };
    inner.dir = Some(dir.clone());
    inner.begun += 1;
    let name = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let name: String = name.take(NAME_LIMIT).collect();
    let path = dir.join(format!("{}-{name}.log", inner.begun));
    let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((path, file))
}

/// A name that no other run has, and that comes after those of earlier runs.
fn name_of_run() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = seconds.map_or(0, |since| since.as_secs());
    format!(
        "{seconds:016x}-{:016x}",
        RandomState::new().hash_one(std::process::id())
    )
}

fn is_name_of_run(name: &str) -> bool {
    let is_hex = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('-')
        .is_some_and(|(time, id)| is_hex(time) && is_hex(id))
}

/// Removes the directories of runs that are too old, or too many, or too large together with the newer ones.
fn prune(all: &Path, most_runs: usize, most_bytes: u64) {
    let entries = fs::read_dir(all).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name_of_run));
    let mut dirs: Vec<PathBuf> = ours.map(|entry| entry.path()).collect();
    dirs.sort_unstable_by(|one, other| other.cmp(one));
    let mut bytes = 0;
    for (place, dir) in dirs.iter().enumerate() {
        bytes += size_of(dir);
        if place >= most_runs || bytes > most_bytes || is_old(dir) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum()
}

fn is_old(dir: &Path) -> bool {
    let changed = fs::symlink_metadata(dir).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > KEPT_FOR))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A state, and what a run with it keeps.
    fn spills() -> (tempfile::TempDir, Spills) {
        let dir = tempfile::tempdir().unwrap();
        let spills = Spills::new(Some(dir.path().join("repo-1")));
        (dir, spills)
    }

    fn room(spills: &Spills) -> u64 {
        spills.locked().room
    }

    #[test]
    fn a_file_holds_all_and_only_its_owner_reads_it() {
        let (dir, spills) = spills();
        let mut spill = spills.spill("test crate-a/ü".to_owned());
        assert_eq!(spill.hand_on(), None, "nothing was long");
        spill.write(b"one ");
        spill.write(b"two\n");
        let saved = spill.hand_on().unwrap();
        drop(spill);
        assert_eq!(saved.left_out, 0);
        assert_eq!(fs::read(&saved.path).unwrap(), b"one two\n");
        assert!(saved.path.ends_with("1-test-crate-a--.log"), "{:?}", saved.path);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&saved.path), mode(saved.path.parent().unwrap())), (0o600, 0o700));
        spills.close();
        assert!(saved.path.starts_with(dir.path()) && saved.path.exists());
    }

    #[test]
    fn of_what_is_not_handed_on_nothing_is_left() {
        let (dir, spills) = spills();
        let mut spill = spills.spill("passes".to_owned());
        spill.write(b"long");
        assert!(room(&spills) < RUN_LIMIT);
        drop(spill);
        assert_eq!(room(&spills), RUN_LIMIT);
        spills.close();
        let all = dir.path().join("repo-1/v1/output");
        assert_eq!(fs::read_dir(all).unwrap().count(), 0);
    }

    #[test]
    fn a_file_has_the_beginning_and_the_end_of_what_is_longer_than_any() {
        let (_dir, spills) = spills();
        let mut spill = spills.spill("spams".to_owned());
        spill.write(b"the beginning\n");
        let line = [&[b'x'; 1023][..], b"\n"].concat().repeat(1024);
        (0..40).for_each(|_| spill.write(&line));
        spill.write(b"the end\n");
        let saved = spill.hand_on().unwrap();
        let content = fs::read(&saved.path).unwrap();
        let written = 14 + 40 * MIB + 8;
        assert_eq!(saved.left_out, written - HEAD_LIMIT - TAIL_LIMIT);
        let gap = format!("\n… {} bytes are left out here …\n", saved.left_out);
        assert_eq!(content.len() as u64, HEAD_LIMIT + TAIL_LIMIT + gap.len() as u64);
        assert!(content.starts_with(b"the beginning\n") && content.ends_with(b"\nthe end\n"));
        assert!(content.windows(gap.len()).any(|window| window == gap.as_bytes()));
    }

    #[test]
    fn a_run_has_no_more_than_its_share() {
        let (_dir, spills) = spills();
        spills.locked().room = 3 * MIB;
        let half = vec![b'x'; 3 * 512 * 1024];
        let mut one = spills.spill("one".to_owned());
        one.write(&half);
        let mut other = spills.spill("other".to_owned());
        other.write(&half);
        assert_eq!(other.hand_on(), None, "there is no room for its end");
        one.write(&half);
        let saved = one.hand_on().unwrap();
        assert_eq!((saved.left_out, room(&spills)), (0, 0));
        assert_eq!(fs::read(&saved.path).unwrap().len(), 2 * half.len());
        assert!(spills.locked().given_up, "that was said");
    }

    #[test]
    fn what_cannot_be_written_is_said_once_and_harms_nobody() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for state in [None, Some(dir.path().join("file")), Some(PathBuf::from("/proc/none"))] {
            let spills = Spills::new(state);
            for _ in 0..2 {
                let mut spill = spills.spill("x".to_owned());
                spill.write(b"long");
                assert_eq!(spill.hand_on(), None);
            }
            spills.close();
        }
        let (_dir, spills) = self::spills();
        let mut spill = spills.spill("x".to_owned());
        spill.write(b"long");
        let path = spill.file.as_ref().unwrap().path.clone();
        // Nobody can write to what is open for reading.
        spill.file.as_mut().unwrap().file = File::open(&path).unwrap();
        spill.write(b"more");
        spill.write(b"and more");
        assert_eq!(spill.hand_on(), None);
        assert!(!path.exists(), "a part would pass for the whole");
    }

    #[test]
    fn the_oldest_runs_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let run = |number: u32, bytes: usize| {
            let path = dir.path().join(format!("{number:016x}-{:016x}", 7));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("1-x.log"), vec![b'x'; bytes]).unwrap();
            path
        };
        let runs: Vec<PathBuf> = (1..=5).map(|number| run(number, 100)).collect();
        let foreign = dir.path().join("not-ours");
        fs::create_dir(&foreign).unwrap();
        let left = || runs.iter().map(|run| run.exists()).collect::<Vec<_>>();
        prune(dir.path(), 4, 1000);
        assert_eq!(left(), [false, true, true, true, true]);
        prune(dir.path(), 4, 250);
        assert_eq!(left(), [false, false, false, true, true]);
        let long_ago = SystemTime::now() - KEPT_FOR - Duration::from_mins(1);
        File::open(&runs[3]).unwrap().set_modified(long_ago).unwrap();
        prune(dir.path(), 4, 250);
        assert_eq!(left(), [false, false, false, false, true]);
        assert!(foreign.exists());
    }
}
