//! Records on disk: whatever happens to a run or to its file, all other runs are as they were, and what is told is true.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::entry::Begin;
use super::place::{Placed, place};
use super::tidy::{Limits, collect};
use super::{Journal, Journals, RunSummary, Standing, journals, read, verify};
use crate::event::{Event, EventKind, RunStats, TaskFinished};
use crate::report::fixtures::{at, ended, exit, finished, head, started, task, wrote};

/// When the runs of these tests began.
const BEGAN: u64 = 1_795_293_054_000;

fn begin(began: u64) -> Begin {
    Begin {
        began,
        limited: false,
        repairs: false,
        version: "0.1.0".to_owned(),
    }
}

/// A run of two tasks, of which the second one fails where that is asked for.
fn events(fails: bool) -> Vec<Event> {
    let second = if fails {
        exit(1, None)
    } else {
        crate::event::Outcome::Passed
    };
    let begun = |id: u32, name: &str| {
        let task = std::sync::Arc::new(head(id, name, ""));
        at(1, EventKind::TaskStarted { task })
    };
    let output = wrote("what it wrote\n");
    vec![
        started(&["one", "two"], &[]),
        begun(0, "one"),
        finished(11, task(head(0, "one", ""), crate::event::Outcome::Passed, 10)),
        begun(1, "two"),
        finished(
            31,
            TaskFinished {
                output,
                ..task(head(1, "two", ""), second, 30)
            },
        ),
        ended(
            32,
            RunStats {
                passed: 2 - usize::from(fails),
                failed: usize::from(fails),
                ..RunStats::default()
            },
        ),
    ]
}

/// A directory for the state of a repository, which is not there yet.
struct State(tempfile::TempDir);

impl State {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("repo-1")
    }

    fn journal(&self) -> Journal {
        Journal::new(&self.path(), &begin(BEGAN))
    }

    /// A run of these events. Its number.
    fn run(&self, events: &[Event]) -> u64 {
        let mut journal = self.journal();
        for event in events {
            journal.hear(event);
        }
        journal.close().unwrap().number
    }

    /// The bytes of such a run as the record of a new one, whose writer is gone.
    fn broken_run(&self, bytes: &[u8]) -> u64 {
        let Placed { number, path, .. } = place(&self.path()).unwrap();
        fs::write(path, bytes).unwrap();
        number
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path()
            .join(format!("v1/runs/{:06}/{number}/events", number / 100 * 100))
    }

    fn all(&self) -> Journals {
        journals(&self.path(), usize::MAX)
    }

    fn numbers(&self) -> Vec<u64> {
        self.all().runs.iter().map(|run| run.number).collect()
    }

    fn summary(&self, number: u64) -> Option<RunSummary> {
        self.all().runs.into_iter().find(|run| run.number == number)
    }

    fn troubles(&self) -> usize {
        verify(&self.path()).unwrap().troubles.len()
    }
}

#[test]
fn a_run_is_read_as_it_was_heard() {
    let state = State::new();
    assert_eq!(state.all(), Journals::default());
    assert!(!state.path().exists(), "who only looks writes nothing");
    for fails in [false, true] {
        let events = events(fails);
        let number = state.run(&events);
        let run = read(&state.path(), number).unwrap();
        assert_eq!((run.standing, run.damaged, run.missing), (Standing::Ended, 0, 0));
        assert_eq!(run.begin, begin(BEGAN));
        let told = |events: &[Event]| events.iter().map(|event| event.at).collect::<Vec<_>>();
        assert_eq!(told(&run.events), told(&events));
        assert_eq!(run.events.last(), events.last());
    }
    let second = state.summary(2).unwrap();
    assert!(second.has_ended() && !second.stats.is_success(), "{second:?}");
    assert_eq!((second.took.as_millis(), second.busy.as_millis()), (32, 40));
    assert_eq!(second.longest.unwrap().label, "two");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(state.file(1)), 0o600);
    assert_eq!(mode(state.path().join("v1/runs/000000/1")), 0o700);
    assert_eq!(read(&state.path(), 3), None);
}

#[test]
fn a_run_in_which_nothing_starts_is_one_file_written_at_once() {
    let state = State::new();
    let all = events(false);
    let mut journal = state.journal();
    journal.hear(&all[0]);
    journal.hear(&all[2]);
    assert!(!state.path().exists());
    journal.hear(&all[5]);
    assert_eq!(journal.close().unwrap().number, 1);
    assert_eq!(read(&state.path(), 1).unwrap().events.len(), 3);
}

#[test]
fn a_run_goes_on_as_long_as_somebody_holds_it_and_has_broken_off_else() {
    let state = State::new();
    let all = events(false);
    let mut journal = state.journal();
    for event in &all[..3] {
        journal.hear(event);
    }
    // Its thread writes when it comes to it.
    let standing = |state: &State| read(&state.path(), 1).map(|run| (run.standing, run.events.len()));
    while standing(&state) != Some((Standing::GoesOn, 3)) {
        thread::yield_now();
    }
    let going_on = state.summary(1).unwrap();
    assert!(going_on.goes_on() && !going_on.stats.interrupted);
    assert!(!state.path().join("v1/runs/000000/index").exists(), "it is not over");
    assert_eq!(verify(&state.path()).unwrap().going_on, 1);
    drop(journal);
    assert_eq!(standing(&state), Some((Standing::BrokenOff, 3)));
    let broken_off = state.summary(1).unwrap();
    assert!(broken_off.stats.interrupted && !broken_off.stats.is_success() && !broken_off.goes_on());
    assert_eq!((broken_off.stats.passed, broken_off.stats.tasks), (1, 2));
    assert_eq!(state.troubles(), 0);
}

#[test]
fn any_number_of_runs_at_once_have_numbers_of_their_own() {
    let state = State::new();
    let numbers: Vec<u64> = thread::scope(|scope| {
        let run = |fails: bool| {
            let state = &state;
            move || {
                (0..20)
                    .map(|_| {
                        let number = state.run(&events(fails));
                        assert!(state.numbers().contains(&number));
                        number
                    })
                    .collect::<Vec<_>>()
            }
        };
        let runs: Vec<_> = (0..8).map(|writer| scope.spawn(run(writer % 2 == 0))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(distinct, (1..=160).collect());
    assert_eq!(state.numbers(), distinct.into_iter().collect::<Vec<_>>());
    let all = state.all();
    let of = |name: &str| all.tallies.checks[name].clone();
    assert_eq!((of("one").passed, of("two").passed, of("two").failed), (160, 80, 80));
    assert_eq!(state.troubles(), 0);
}

#[test]
fn the_index_is_only_a_cache() {
    let state = State::new();
    for run in 0..5 {
        state.run(&events(run % 2 == 0));
    }
    let all = state.all();
    let index = state.path().join("v1/runs/000000/index");
    let bytes = fs::read(&index).unwrap();
    for damage in [&b""[..], b"something", &bytes[..bytes.len() / 2]] {
        fs::write(&index, damage).unwrap();
        assert_eq!(state.all(), all);
    }
    fs::remove_file(&index).unwrap();
    assert_eq!(state.all(), all);
    assert_eq!(fs::read(&index).unwrap(), bytes);
    // What is deleted by hand is not told of.
    fs::remove_dir_all(state.file(3).parent().unwrap()).unwrap();
    assert_eq!(state.numbers(), [1, 2, 4, 5]);
    assert_eq!(state.all().tallies.checks["one"].passed, 4);
    // One that says something else is found, and made anew.
    let lie = String::from_utf8(fs::read(&index).unwrap()).unwrap();
    let body = lie[lie.find('{').unwrap()..].replace("\"passed\":4", "\"passed\":9");
    let mut lie = Vec::new();
    super::line::write(&mut lie, 0, body.as_bytes());
    fs::write(&index, lie).unwrap();
    assert_eq!(state.all().tallies.checks["one"].passed, 9);
    assert_eq!(state.troubles(), 1);
    assert_eq!(state.all().tallies.checks["one"].passed, 4);
    assert_eq!(state.troubles(), 0);
}

#[test]
fn what_is_damaged_is_told_and_takes_no_other_run_along() {
    let state = State::new();
    for _ in 0..4 {
        state.run(&events(false));
    }
    let damage = |number: u64, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(state.file(number)).unwrap();
        change(&mut bytes);
        fs::write(state.file(number), bytes).unwrap();
    };
    damage(1, &|bytes| bytes[30] ^= 1);
    damage(2, &|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    fs::remove_file(state.file(3)).unwrap();
    let verified = verify(&state.path()).unwrap();
    assert_eq!((verified.runs, verified.never_begun), (2, 1));
    let wrong: Vec<u64> = verified.troubles.iter().map(|trouble| trouble.run).collect();
    assert_eq!(wrong, [1, 2], "{verified:?}");
    assert_eq!(state.numbers(), [2, 4]);
    assert_eq!(read(&state.path(), 2).unwrap().missing, 1);
}

#[test]
fn what_is_too_old_too_many_or_too_much_goes_the_oldest_first() {
    let state = State::new();
    for _ in 0..210 {
        state.run(&events(false)[..1]);
    }
    let held = place(&state.path()).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(BEGAN);
    let limits = Limits::default();
    let collect = |limits: Limits, now: SystemTime| collect(&state.path(), limits, now).unwrap();
    let all = collect(limits, now);
    assert_eq!((all.runs, all.removed), (210, 0));
    assert_eq!(
        collect(limits, SystemTime::UNIX_EPOCH).removed,
        0,
        "a clock that went back"
    );
    let few = collect(Limits { runs: 105, ..limits }, now);
    assert_eq!((few.runs, few.removed), (105, 105));
    assert_eq!(state.numbers(), (106..=210).collect::<Vec<_>>());
    assert!(!state.path().join("v1/runs/000000").exists());
    assert_eq!(state.all().tallies, super::Tallies::default());
    let bytes = few.bytes / 105 * 60;
    assert_eq!(collect(Limits { bytes, ..limits }, now).runs, 60);
    assert_eq!(state.troubles(), 0);
    // The next run has a number that no other ever had, however much is gone.
    assert_eq!(collect(limits, now + Duration::from_hours(24 * 181)).runs, 0);
    assert_eq!(state.numbers(), [0_u64; 0]);
    assert_eq!(state.run(&events(false)), 212);
    assert!(held.path.exists(), "somebody has just begun with it");
}

#[test]
fn what_cannot_be_recorded_is_one_error_in_the_end() {
    let state = State::new();
    state.run(&events(false));
    fs::set_permissions(state.path().join("v1/runs"), fs::Permissions::from_mode(0o777)).unwrap();
    for events in [&events(false)[..], &events(false)[..1]] {
        let mut journal = state.journal();
        for event in events {
            journal.hear(event);
        }
        let error = journal.close().unwrap_err().to_string();
        assert!(error.starts_with("others can write to"), "{error}");
    }
    assert_eq!(state.all(), Journals::default(), "it may not be ours");
}

#[test]
fn a_run_without_end_is_bounded() {
    let state = State::new();
    let all = events(true);
    let mut journal = state.journal();
    journal.hear(&all[1]);
    let long = finished(
        1,
        TaskFinished {
            note: Some("n".repeat(1_000_000)),
            ..task(head(0, "one", ""), exit(1, None), 1)
        },
    );
    for _ in 0..40 {
        // Whether it is the record that is full or memory depends on the disk.
        journal.hear(&long);
    }
    journal.hear(&all[5]);
    let error = journal.close().unwrap_err().to_string();
    assert!(error.contains("left out"), "{error}");
    let run = read(&state.path(), 1).unwrap();
    assert!(
        run.bytes < 33 * 1024 * 1024 && run.standing == Standing::Ended,
        "{}",
        run.bytes
    );
    assert!(run.missing > 0);
}

/// What can happen to the runs of a repository.
#[derive(Clone, Debug)]
enum Step {
    /// A run comes to its end.
    Whole { fails: bool },
    /// A run is killed: of what it has written, only so much is there.
    Killed { at: prop::sample::Index },
    /// A run is killed between making its directory and making its file.
    KilledAtOnce,
    /// Somebody asks.
    Look,
    /// Somebody was killed while making the index anew.
    TornIndex { at: prop::sample::Index },
    /// Old runs go.
    Collect { keep: usize },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|fails| Step::Whole { fails }),
        4 => any::<prop::sample::Index>().prop_map(|at| Step::Killed { at }),
        1 => Just(Step::KilledAtOnce),
        2 => Just(Step::Look),
        1 => any::<prop::sample::Index>().prop_map(|at| Step::TornIndex { at }),
        1 => (1..12_usize).prop_map(|keep| Step::Collect { keep }),
    ]
}

/// What must be true of a run that was killed when so much of it had been written.
fn check_prefix(whole: &[u8], cut: usize, found: Option<&RunSummary>) -> Result<(), TestCaseError> {
    let first = whole[1..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // Without its first line nobody knows of it.
    prop_assert_eq!(found.is_some(), cut >= first, "cut at {} of {}", cut, whole.len());
    if let Some(run) = found {
        prop_assert_eq!(run.has_ended(), cut == whole.len());
        prop_assert_eq!(run.stats.interrupted, cut < whole.len());
        prop_assert!(
            cut == whole.len() || !run.stats.is_success(),
            "what was killed has not passed"
        );
        prop_assert!(run.stats.passed <= 2 && run.stats.failed == 0);
    }
    Ok(())
}

#[test]
fn wherever_a_run_is_killed_it_is_told_as_what_it_is() {
    let state = State::new();
    let number = state.run(&events(false));
    let whole = fs::read(state.file(number)).unwrap();
    let is_near_a_line = |cut: usize| whole[cut.saturating_sub(2)..whole.len().min(cut + 2)].contains(&b'\n');
    for cut in (0..=whole.len()).filter(|cut| cut % 41 == 0 || *cut == whole.len() || is_near_a_line(*cut)) {
        fs::write(state.file(number), &whole[..cut]).unwrap();
        let _ = fs::remove_file(state.path().join("v1/runs/000000/index"));
        check_prefix(&whole, cut, state.summary(number).as_ref()).unwrap();
        let verified = verify(&state.path()).unwrap();
        let is_in_first_line = verified.runs + verified.never_begun == 0;
        assert_eq!(
            verified.troubles.len(),
            usize::from(is_in_first_line),
            "at {cut}: {verified:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Whatever is killed when, each run is told as what it is, and no other is touched.
    #[test]
    fn whatever_is_killed_the_history_is_consistent(steps in prop::collection::vec(any_step(), 1..24)) {
        let state = State::new();
        let sample = State::new();
        sample.run(&events(false));
        let whole = fs::read(sample.file(1)).unwrap();
        // What must be told of each run, the oldest first: whether it ended, and passed.
        let mut expected: Vec<(u64, bool, bool)> = Vec::new();
        for step in steps {
            match step {
                Step::Whole { fails } => expected.push((state.run(&events(fails)), true, !fails)),
                Step::Killed { at } => {
                    let cut = at.index(whole.len());
                    let number = state.broken_run(&whole[..cut]);
                    let found = state.summary(number);
                    check_prefix(&whole, cut, found.as_ref())?;
                    if found.is_some() {
                        expected.push((number, false, false));
                    }
                }
                Step::KilledAtOnce => drop(fs::remove_file(place(&state.path()).unwrap().path)),
                Step::Look => drop(state.all()),
                Step::TornIndex { at } => {
                    let index = state.path().join("v1/runs/000000/index");
                    if let Ok(bytes) = fs::read(&index) {
                        fs::write(&index, &bytes[..at.index(bytes.len())]).unwrap();
                    }
                }
                Step::Collect { keep } => {
                    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(BEGAN);
                    let _ = collect(&state.path(), Limits { runs: keep, ..Limits::default() }, now);
                    expected.drain(..expected.len().saturating_sub(keep));
                }
            }
            let all = state.all();
            let told: Vec<_> = all.runs.iter().map(|run| (run.number, run.has_ended(), run.stats.is_success())).collect();
            prop_assert_eq!(&told, &expected);
        }
        let all = state.all();
        prop_assert_eq!(all, state.all());
    }
}
