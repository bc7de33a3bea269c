//! What is merged and left out, and what is not.

use std::collections::BTreeSet;

use super::*;

const NEVER: Duration = Duration::from_hours(24 * 365 * 100);

fn small() -> Limits {
    Limits {
        files: 4,
        ..Limits::USUAL
    }
}

fn count(state: &State, extension: &str) -> usize {
    state
        .files()
        .iter()
        .filter(|file| file.extension().is_some_and(|found| found == extension))
        .count()
}

#[test]
fn files_are_merged_and_go_only_when_what_stands_for_them_has_settled() {
    let state = State::new();
    let names = ["a", "b", "c", "d"];
    for name in &names[..3] {
        state.save(&[pass("fmt", name, name)]);
    }
    state.tidy_after(Duration::ZERO, &small());
    assert_eq!((count(&state, "run"), count(&state, "merged")), (3, 0));
    state.save(&[pass("fmt", "d", "d")]);
    state.tidy_after(Duration::ZERO, &small());
    assert_eq!((count(&state, "run"), count(&state, "merged")), (4, 1));
    // The merged file may be lost in a crash: what it stands for is still there.
    let merged = state
        .files()
        .into_iter()
        .find(|file| file.extension().unwrap() == "merged")
        .unwrap();
    let bytes = fs::read(&merged).unwrap();
    fs::write(&merged, b"").unwrap();
    assert!(names.iter().all(|name| state.find(&key(name)).len() == 1));
    fs::write(&merged, bytes).unwrap();
    // A run that has listed the directory before still finds everything.
    let before = state.open();
    state.tidy_after(Duration::from_mins(1), &small());
    assert_eq!((count(&state, "run"), count(&state, "merged")), (4, 1));
    state.tidy_after(Duration::from_mins(10), &small());
    assert_eq!((count(&state, "run"), count(&state, "merged")), (0, 1));
    for name in names {
        assert_eq!(state.find(&key(name)).len(), 1);
        assert_eq!(before.find(&key(name)).filter_map(Hit::into_pass).count(), 1);
        let (digest, blob) = blob_of(&key(name));
        assert_eq!(state.open().blob(&digest), Some(blob));
    }
    state.save(&[pass("fmt", "e", "e")]);
    let last = state.open().last(&"fmt".into(), "", Some(&"alpha".into())).unwrap();
    assert_eq!(last.output, b"e", "what comes after a merge is newer");
}

#[test]
fn of_each_subject_the_newest_are_kept() {
    let state = State::new();
    state.save(&[pass("rare", "rare", "rare")]);
    for n in 0..20 {
        state.save(&[pass("fmt", &n.to_string(), "")]);
    }
    let limits = Limits {
        per_subject: 5,
        ..Limits::USUAL
    };
    let collected = state.collect_after(Duration::ZERO, &limits);
    assert_eq!((collected.before.passes, collected.after.passes), (21, 6));
    assert_eq!((collected.before.files, collected.after.files), (21, 1));
    assert!(collected.after.bytes < collected.before.bytes);
    assert_eq!(state.find(&key("rare")).len(), 1);
    let kept: Vec<_> = (0..20)
        .filter(|n| !state.find(&key(&n.to_string())).is_empty())
        .collect();
    assert_eq!(kept, [15, 16, 17, 18, 19]);
    assert_eq!(
        state.open().blob(&blob_of(&key("3")).0),
        None,
        "the blobs of what is gone go as well"
    );
    // There is nothing more to do.
    let file = state.file();
    assert_eq!(state.collect_after(Duration::ZERO, &limits).before, collected.after);
    assert_eq!(state.file(), file);
}

#[test]
fn of_all_together_there_is_no_more_than_there_is_room_for() {
    let state = State::new();
    for n in 0..10 {
        state.save(&[pass(&n.to_string(), &n.to_string(), &"x".repeat(1000))]);
    }
    let limits = Limits { bytes: 5000, ..small() };
    state.tidy_after(Duration::ZERO, &limits);
    state.tidy_after(Duration::from_mins(10), &limits);
    let kept: Vec<_> = (0..10)
        .filter(|n| !state.find(&key(&n.to_string())).is_empty())
        .collect();
    assert_eq!(kept, [7, 8, 9]);
    let bytes: u64 = state.files().iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes < 5500, "{bytes}");
}

#[test]
fn what_is_old_goes_and_a_clock_that_was_wrong_loses_nothing() {
    let state = State::new();
    let now = SystemTime::now();
    let wrong = [SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 120), now];
    for (name, at) in ["future", "now"].iter().zip(wrong) {
        state.save(&[Pass {
            at,
            ..pass("fmt", name, "")
        }]);
    }
    let there = |state: &State| ["future", "now"].map(|name| !state.find(&key(name)).is_empty());
    for clock in [
        SystemTime::UNIX_EPOCH,
        now - Duration::from_hours(1),
        now + Duration::from_hours(24 * 29),
    ] {
        tidy_place(&state.place(), clock, &Limits { files: 1, ..small() }).unwrap();
        collect_place(&state.place(), clock, &small()).unwrap();
        assert_eq!(there(&state), [true, true], "{clock:?}");
    }
    state.tidy_after(Duration::from_hours(24 * 31), &small());
    state.tidy_after(Duration::from_hours(24 * 31), &small());
    assert_eq!(there(&state), [true, false]);
    state.collect_after(NEVER + NEVER, &small());
    assert!(state.files().is_empty(), "of nothing, nothing is left");
}

#[test]
fn only_a_part_is_written_anew_at_a_time() {
    let state = State::new();
    for n in 0..8 {
        state.save(&[pass(&n.to_string(), &n.to_string(), &"x".repeat(10_000))]);
    }
    let limits = Limits {
        at_a_time: 35_000,
        ..small()
    };
    state.tidy_after(Duration::ZERO, &limits);
    let merged = state
        .files()
        .into_iter()
        .find(|file| file.extension().unwrap() == "merged")
        .unwrap();
    assert!(merged.metadata().unwrap().len() < 36_000);
    for _ in 0..4 {
        state.tidy_after(Duration::from_mins(10), &limits);
    }
    assert!(state.files().len() <= 4, "{:?}", state.files());
    assert!((0..8).all(|n| state.find(&key(&n.to_string())).len() == 1));
    // What is large and of use is left as it is.
    let before = state.files();
    let limits = Limits { small: 1000, ..limits };
    state.tidy_after(Duration::from_mins(10), &limits);
    assert_eq!(state.files(), before);
}

#[test]
fn blobs_that_blobs_name_are_kept_with_them() {
    let state = State::new();
    let inner = b"crate alpha\n".to_vec();
    let middle = format!("files {}\n", Digest::of(&inner)).into_bytes();
    let outer = format!("command cargo\nalpha={}\n", Digest::of(&middle)).into_bytes();
    let unnamed = b"nobody names this".to_vec();
    let blobs: BTreeMap<_, _> = [&inner, &middle, &outer, &unnamed]
        .map(|blob| (Digest::of(blob), blob.clone()))
        .into();
    let one = Pass {
        ingredients: Digest::of(&outer),
        ..pass("fmt", "a", "")
    };
    save(&state.path, &[one], &blobs).unwrap();
    state.save(&[pass("fmt", "b", "")]);
    state.collect_after(Duration::ZERO, &Limits::USUAL);
    let results = state.open();
    for blob in [inner, middle, outer] {
        assert_eq!(results.blob(&Digest::of(&blob)), Some(blob));
    }
    assert_eq!(results.blob(&Digest::of(&unnamed)), None);
}

#[test]
fn what_a_killed_writer_left_is_swept_away() {
    let state = State::new();
    state.save(&[pass("fmt", "a", "")]);
    let left = state.results().join(".new-0123");
    fs::write(&left, "half").unwrap();
    state.tidy_after(Duration::ZERO, &Limits::USUAL);
    assert!(left.exists(), "somebody may be writing it");
    assert!(!state.open().is_damaged());
    state.tidy_after(Duration::from_hours(2), &Limits::USUAL);
    assert!(!left.exists());
}

#[test]
fn two_that_merge_at_the_same_time_leave_everything() {
    let state = State::new();
    for name in ["a", "b", "c", "d"] {
        state.save(&[pass("fmt", name, name)]);
    }
    let runs: Vec<_> = state
        .files()
        .into_iter()
        .map(|file| (file.clone(), fs::read(file).unwrap()))
        .collect();
    state.collect_after(Duration::ZERO, &small());
    // As the other one saw it, and as the first one does not know.
    for (file, bytes) in &runs {
        fs::write(file, bytes).unwrap();
    }
    let first = state
        .files()
        .into_iter()
        .find(|file| file.extension().unwrap() == "merged")
        .unwrap();
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    state.tidy_after(Duration::ZERO, &small());
    fs::write(&first, bytes).unwrap();
    assert_eq!(count(&state, "merged"), 2);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(state.find(&key(name)).len(), 1, "nothing is there twice");
    }
    state.collect_after(Duration::ZERO, &small());
    assert_eq!(state.files().len(), 1);
    assert_eq!(summarize(&state.path).unwrap().extent.passes, 4);
}

/// Something that can happen to the files.
#[derive(Clone, Debug)]
enum Step {
    Save {
        subject: u8,
        key: u8,
    },
    Tidy {
        minutes: u64,
    },
    Collect,
    Damage {
        file: prop::sample::Index,
        length: prop::sample::Index,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u8, 0..12_u8).prop_map(|(subject, key)| Step::Save { subject, key }),
        2 => (0..6_u64).prop_map(|minutes| Step::Tidy { minutes }),
        1 => Just(Step::Collect),
        1 => any::<(prop::sample::Index, prop::sample::Index)>()
            .prop_map(|(file, length)| Step::Damage { file, length }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However runs are merged and whatever is damaged: nothing wrong is found, and without damage the newest of each
    /// subject are all found.
    #[test]
    fn merging_keeps_what_it_must(steps in prop::collection::vec(any_step(), 1..40)) {
        let state = State::new();
        let limits = Limits { per_subject: 3, files: 3, ..Limits::USUAL };
        // What was saved, the oldest first.
        let mut saved: Vec<Pass> = Vec::new();
        let mut is_damaged = false;
        for step in steps {
            match step {
                Step::Save { subject, key } => {
                    let name = format!("{subject}-{key}");
                    let pass = pass(&subject.to_string(), &name, &format!("{name} in run {}", saved.len()));
                    state.save(std::slice::from_ref(&pass));
                    saved.push(pass);
                }
                Step::Tidy { minutes } if !saved.is_empty() => state.tidy_after(Duration::from_mins(minutes), &limits),
                Step::Collect if !saved.is_empty() => drop(state.collect_after(Duration::ZERO, &limits)),
                Step::Damage { file, length } if !saved.is_empty() && !state.files().is_empty() => {
                    let (files, bytes) = (state.files(), fs::read(file.get(&state.files())).unwrap());
                    fs::write(file.get(&files), &bytes[..length.index(bytes.len().max(1)).min(bytes.len())]).unwrap();
                    is_damaged = true;
                }
                Step::Tidy { .. } | Step::Collect | Step::Damage { .. } => {}
            }
        }
        let mut seen: BTreeMap<_, BTreeSet<Digest>> = BTreeMap::new();
        for pass in saved.iter().rev() {
            let keys = seen.entry(pass.check.clone()).or_default();
            let must_be_there = keys.len() < limits.per_subject && keys.insert(pass.key) && !is_damaged;
            let found = state.find(&pass.key);
            prop_assert!(found.iter().all(|found| saved.contains(found)));
            prop_assert!(!must_be_there || found.first() == Some(pass), "{:?} is not {:?}", found.first(), pass);
        }
    }
}
