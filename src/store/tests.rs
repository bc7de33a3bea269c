//! The history on disk: whatever happens to its files, what is sound is read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::names::{Kind, Name};
use super::recorder::{Recorder, TaskEnd};
use super::segments::{BELOW, Found, load, merge, read, save};
use crate::event::{Event, EventKind, Failure, Outcome, Output, TaskFinished};
use crate::history::{Extent, Subject, TaskKey, newest_first};
use crate::model::Exit;
use crate::plan::{Plan, Task};
use crate::private_files::PrivateDir;

/// A plan of tasks that are about nothing, named by letters.
fn plan(names: &str) -> Plan {
    let task = |(place, name): (u32, char)| Task {
        key: key(&name.to_string()),
        ..Task::fixture(place, &name.to_string())
    };
    Plan::of_tasks(1, (0..).zip(names.chars()).map(task).collect(), &[])
}

fn key(check: &str) -> TaskKey {
    TaskKey {
        check: check.into(),
        part: String::new(),
        subject: Subject::Workspace,
        repairs: false,
    }
}

/// What came of the tasks of a run, each in so many milliseconds.
fn ends(names: &str, outcome: &Outcome, millis: u64) -> Vec<TaskEnd> {
    let plan = plan(names);
    let mut recorder = Recorder::new(&plan);
    for task in plan.tasks() {
        let finished = TaskFinished {
            task: Arc::clone(&task.head),
            outcome: outcome.clone(),
            attempts: 1,
            quarantined: false,
            waited: Duration::ZERO,
            took: Duration::from_millis(millis),
            note: None,
            findings: Vec::new(),
            crates: std::collections::BTreeMap::new(),
            leaked: 0,
            cached: crate::event::Cached::No,
            output: Output::default(),
            timing: crate::event::Timing::default(),
        };
        recorder.hear(&Event {
            at: Duration::from_millis(millis + 1),
            kind: EventKind::TaskFinished(Box::new(finished)),
        });
    }
    recorder.ends()
}

struct State {
    #[expect(dead_code, reason = "what it holds on to is the directory")]
    dir: tempfile::TempDir,
    path: PathBuf,
}

impl State {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("repo-1");
        Self { dir, path }
    }

    fn history(&self) -> PathBuf {
        self.path.join("v1/history")
    }

    fn save(&self, names: &str, millis: u64) {
        save(&self.path, ends(names, &Outcome::Passed, millis)).unwrap();
    }

    fn dir(&self) -> PrivateDir {
        PrivateDir::make(&self.path, &BELOW).unwrap()
    }

    fn read(&self) -> Found {
        read(&self.dir())
    }

    /// The milliseconds of all that is remembered of a task, the oldest first.
    fn times(&self, check: &str) -> Vec<u128> {
        let found = self.read();
        let mut records = found.records.get(&key(check)).cloned().unwrap_or_default();
        newest_first(&mut records);
        records.iter().rev().map(|record| record.took.as_millis()).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.history()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn merge_after(&self, time: Duration) {
        merge(&self.dir(), SystemTime::now() + time).unwrap();
    }

    fn count(&self, kind: Kind) -> usize {
        let name = |path: &PathBuf| Name::parse(path.file_name().unwrap().to_str().unwrap());
        self.files()
            .iter()
            .filter_map(name)
            .filter(|name| name.kind == kind)
            .count()
    }
}

#[test]
fn what_came_to_an_end_of_its_own_is_remembered() {
    let exit = Failure::Exit {
        exit: Exit::Code(1),
        meaning: None,
    };
    let check = |outcome: Outcome, expected: usize| {
        assert_eq!(ends("a", &outcome, 5).len(), expected, "{outcome:?}");
    };
    check(Outcome::Passed, 1);
    check(Outcome::Failed(exit), 1);
    check(Outcome::Failed(Failure::Regenerated), 1);
    check(
        Outcome::TimedOut {
            limit: Duration::ZERO,
            calibrated: false,
        },
        1,
    );
    check(Outcome::Failed(Failure::Start { error: String::new() }), 0);
    check(Outcome::Blocked { by: "b".into() }, 0);
    check(Outcome::Cancelled, 0);
}

#[test]
fn what_is_saved_is_loaded_run_by_run() {
    let state = State::new();
    assert_eq!(load(&state.path).keys().count(), 0);
    save(&state.path, Vec::new()).unwrap();
    assert!(!state.path.exists(), "a run without results leaves nothing");
    for millis in [30, 10, 20] {
        state.save("ab", millis);
    }
    assert_eq!(state.times("a"), [30, 10, 20]);
    let estimate = load(&state.path).estimate(&key("b"), Extent::whole(0)).unwrap();
    assert_eq!((estimate.runs, estimate.expected.as_millis()), (3, 20));
    for file in state.files() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_damaged_is_left_out_alone() {
    let state = State::new();
    for millis in 1..=5 {
        state.save("a", millis);
    }
    let files = state.files();
    let bytes = fs::read(&files[1]).unwrap();
    fs::write(&files[1], &bytes[..bytes.len() / 2]).unwrap();
    fs::write(&files[3], b"").unwrap();
    fs::write(state.history().join("note.txt"), "not ours").unwrap();
    fs::create_dir(state.history().join("00000000000000ff-0000000000000001.run")).unwrap();
    assert_eq!(state.times("a"), [1, 3, 5]);
    // It goes when others are merged, and what is not ours stays.
    state.merge_after(Duration::ZERO);
    state.merge_after(Duration::from_hours(1));
    state.merge_after(Duration::from_hours(2));
    assert_eq!(state.times("a"), [1, 3, 5]);
    assert_eq!(state.count(Kind::Run), 1, "{:?}", state.files());
    assert!(state.history().join("note.txt").exists());
}

#[test]
fn files_are_merged_and_go_only_when_what_stands_for_them_has_settled() {
    let state = State::new();
    for millis in 1..=6 {
        state.save("ab", millis);
    }
    let all: Vec<u128> = (1..=6).collect();
    state.merge_after(Duration::ZERO);
    assert_eq!((state.count(Kind::Run), state.count(Kind::Merged)), (6, 1));
    assert_eq!(state.times("a"), all);
    // The merged file may be lost in a crash: what it stands for is still there.
    let merged = state
        .files()
        .into_iter()
        .find(|file| file.extension().unwrap() == "merged");
    let bytes = fs::read(merged.as_ref().unwrap()).unwrap();
    fs::write(merged.as_ref().unwrap(), b"").unwrap();
    assert_eq!(state.times("b"), all);
    fs::write(merged.as_ref().unwrap(), bytes).unwrap();
    // It is too young to be relied on.
    state.merge_after(Duration::from_mins(1));
    assert_eq!((state.count(Kind::Run), state.count(Kind::Merged)), (6, 2));
    state.merge_after(Duration::from_mins(10));
    assert_eq!((state.count(Kind::Run), state.count(Kind::Merged)), (0, 2));
    assert_eq!(state.times("a"), all);
    state.save("a", 7);
    assert_eq!(state.times("a"), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn many_runs_leave_few_files_and_rare_tasks_are_remembered() {
    let state = State::new();
    state.save("r", 99);
    for millis in 0..150 {
        state.save("a", millis);
        if millis % 40 == 0 {
            // Time goes by: what has been merged settles.
            let old = SystemTime::now() - Duration::from_hours(1);
            for file in state.files() {
                fs::File::options()
                    .write(true)
                    .open(file)
                    .unwrap()
                    .set_modified(old)
                    .unwrap();
            }
        }
    }
    assert!(state.files().len() < 100, "{}", state.files().len());
    assert_eq!(state.times("r"), [99]);
    let times = state.times("a");
    assert!(times.len() < 100 && times.ends_with(&[147, 148, 149]), "{times:?}");
    let estimate = load(&state.path).estimate(&key("a"), Extent::whole(0)).unwrap();
    assert!((120..150).contains(&estimate.expected.as_millis()), "{estimate:?}");
}

#[test]
fn what_is_old_goes_and_a_clock_that_was_wrong_loses_nothing() {
    let state = State::new();
    state.save("a", 1);
    state.merge_after(Duration::from_hours(24 * 179));
    assert_eq!(state.times("a"), [1]);
    merge(&state.dir(), SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(state.times("a"), [1]);
    state.merge_after(Duration::from_hours(24 * 181));
    state.merge_after(Duration::from_hours(24 * 182));
    assert_eq!(state.times("a"), [0_u128; 0]);
}

#[test]
fn what_a_killed_writer_left_is_swept_away() {
    let state = State::new();
    state.save("a", 1);
    let left = state.history().join(".new-0123");
    fs::write(&left, "half").unwrap();
    state.merge_after(Duration::ZERO);
    assert!(left.exists(), "somebody may be writing it");
    state.merge_after(Duration::from_hours(2));
    assert!(!left.exists());
}

#[test]
fn any_number_of_runs_at_once_lose_nothing() {
    let state = State::new();
    state.save("a", 0);
    thread::scope(|scope| {
        for writer in 0..8_u64 {
            let state = &state;
            scope.spawn(move || {
                for run in 0..10 {
                    state.save(&writer.to_string(), run);
                    assert!(!state.times("a").is_empty());
                    if run % 4 == 0 {
                        // As if every merged file had settled: the others are removed under the eyes of readers.
                        state.merge_after(Duration::from_mins(30));
                    }
                }
            });
        }
    });
    assert_eq!(state.times("a"), [0]);
    for writer in 0..8 {
        let times: BTreeSet<u128> = state.times(&writer.to_string()).into_iter().collect();
        assert_eq!(times, (0..10).collect(), "of writer {writer}");
    }
}

#[test]
fn where_nothing_can_be_written_there_is_an_error_and_what_is_known_stays() {
    let state = State::new();
    state.save("a", 1);
    fs::set_permissions(state.history(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = save(&state.path, ends("a", &Outcome::Passed, 2))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("others can write to"), "{error}");
    assert_eq!(load(&state.path).keys().count(), 0, "it may not be ours");
    fs::set_permissions(state.history(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(load(&state.path).keys().count(), 1);
    let in_file = state.files()[0].join("repo-2");
    let error = save(&in_file, ends("a", &Outcome::Passed, 2)).unwrap_err().to_string();
    assert!(error.contains("repo-2`: Not a directory"), "{error}");
    assert_eq!(load(Path::new("/dev/null/x")).keys().count(), 0);
}

/// Something that can happen to the files.
#[derive(Clone, Debug)]
enum Step {
    Save,
    Merge {
        later: u64,
    },
    Damage {
        file: prop::sample::Index,
        length: prop::sample::Index,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let damage = any::<(prop::sample::Index, prop::sample::Index)>();
    prop_oneof![
        4 => Just(Step::Save),
        2 => (0..400_u64).prop_map(|later| Step::Merge { later }),
        1 => damage.prop_map(|(file, length)| Step::Damage { file, length }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However runs are merged and whatever of one run is damaged, no other run is lost.
    #[test]
    fn a_damaged_run_takes_no_other_along(steps in prop::collection::vec(any_step(), 1..24)) {
        let state = State::new();
        let (mut saved, mut damaged) = (0_u64, 0);
        for step in steps {
            match step {
                Step::Save => {
                    state.save("a", saved);
                    saved += 1;
                }
                Step::Merge { later } if saved > 0 => state.merge_after(Duration::from_secs(later)),
                Step::Damage { file, length } if saved > 0 => {
                    // Runs, and not what stands for many of them: that is younger than what it stands for until it settles.
                    let single = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "run");
                    let runs: Vec<_> = state.files().into_iter().filter(single).collect();
                    if !runs.is_empty() {
                        let bytes = fs::read(file.get(&runs)).unwrap();
                        let length = length.index(bytes.len().max(1));
                        fs::write(file.get(&runs), &bytes[..length.min(bytes.len())]).unwrap();
                        damaged += 1;
                    }
                }
                Step::Merge { .. } | Step::Damage { .. } => {}
            }
        }
        let times: BTreeSet<u128> = state.times("a").into_iter().collect();
        prop_assert!(times.len() as u64 + damaged >= saved, "{times:?} of {saved}, {damaged} damaged");
    }
}
