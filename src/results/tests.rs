//! The results on disk: what is found is what was saved, whatever happens to the files.

mod at_once;
mod damage;
mod tidying;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use tempfile::TempDir;

use super::keep::Limits;
use super::pass::{decode, encode};
use super::place::Place;
use super::tidy::{collect_place, tidy_place};
use super::*;
use crate::model::Digest;

/// A state with results in it.
struct State {
    #[expect(dead_code, reason = "what it holds on to is the directory")]
    dir: TempDir,
    path: PathBuf,
}

impl State {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("repo-1");
        Self { dir, path }
    }

    fn save(&self, passes: &[Pass]) {
        let blobs = passes.iter().map(|pass| blob_of(&pass.key)).collect();
        let saved = save(&self.path, passes, &blobs).unwrap();
        assert_eq!((saved.stored, saved.too_large), (passes.len(), 0));
    }

    fn open(&self) -> Results {
        Results::open(&self.path)
    }

    /// All passes of a key, the newest first.
    fn find(&self, key: &Digest) -> Vec<Pass> {
        let results = self.open();
        let found = results.find(key).map(Hit::into_pass).collect::<Option<_>>();
        found.expect("nothing is damaged")
    }

    fn results(&self) -> PathBuf {
        self.path.join("v1/results")
    }

    fn place(&self) -> Place {
        Place::open(&self.path).unwrap()
    }

    /// The files, by their names.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.results()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    fn tidy_after(&self, time: Duration, limits: &Limits) {
        tidy_place(&self.place(), SystemTime::now() + time, limits).unwrap();
    }

    fn collect_after(&self, time: Duration, limits: &Limits) -> Collected {
        collect_place(&self.place(), SystemTime::now() + time, limits).unwrap()
    }
}

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// The ingredients of a key.
fn blob_of(key: &Digest) -> (Digest, Vec<u8>) {
    let text = format!("key {key}\n").into_bytes();
    (Digest::of(&text), text)
}

/// A pass of a check, by the name of its key.
fn pass(check: &str, name: &str, output: &str) -> Pass {
    Pass {
        key: key(name),
        check: check.into(),
        part: String::new(),
        krate: Some("alpha".into()),
        recorded: Vec::new(),
        ingredients: blob_of(&key(name)).0,
        output: output.as_bytes().to_vec(),
        note: None,
        took: Duration::from_millis(1234),
        at: SystemTime::now(),
    }
}

fn reads(path: &str, content: &str) -> Recorded {
    Recorded::File {
        path: path.into(),
        digest: Some(key(content)),
    }
}

#[test]
fn what_is_saved_is_found() {
    let state = State::new();
    assert_eq!(save(&state.path, &[], &BTreeMap::new()).unwrap(), Saved::default());
    assert!(!state.path.exists(), "a run without passes leaves nothing");
    assert_eq!(state.open().find(&key("a")).count(), 0);
    let (one, other) = (pass("fmt", "a", "fine"), pass("clippy", "b", ""));
    state.save(&[one.clone(), other.clone()]);
    assert_eq!(state.find(&one.key), std::slice::from_ref(&one));
    assert_eq!(state.find(&other.key), std::slice::from_ref(&other));
    assert_eq!(state.find(&key("c")), []);
    let results = state.open();
    assert_eq!(results.blob(&one.ingredients), Some(blob_of(&one.key).1));
    assert_eq!(results.blob(&key("c")), None);
    assert_eq!(results.last(&"fmt".into(), "", Some(&"alpha".into())), Some(one));
    assert_eq!(results.last(&"fmt".into(), "", None), None);
    assert_eq!(results.last(&"fmt".into(), "doc", Some(&"alpha".into())), None);
    assert!(!results.is_damaged());
    assert_eq!(state.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn passes_of_one_key_differ_in_what_they_recorded_and_the_newest_comes_first() {
    let state = State::new();
    let with = |content: &str, output: &str| Pass {
        recorded: vec![reads("/etc/hosts", content)],
        ..pass("test", "k", output)
    };
    state.save(&[with("x", "first")]);
    state.save(&[with("y", "second")]);
    // The same again: only the newer one counts.
    state.save(&[with("x", "third")]);
    let outputs: Vec<_> = state.find(&key("k")).into_iter().map(|pass| pass.output).collect();
    assert_eq!(outputs, [&b"third"[..], b"second", b"first"]);
    state.collect_after(Duration::ZERO, &Limits::USUAL);
    assert_eq!(
        state.find(&key("k")),
        [with("x", "third"), with("y", "second")].map(|pass| Pass {
            at: state
                .find(&key("k"))
                .into_iter()
                .find(|found| found.output == pass.output)
                .unwrap()
                .at,
            ..pass
        })
    );
    let last = state.open().last(&"test".into(), "", Some(&"alpha".into())).unwrap();
    assert_eq!(last.output, b"third");
}

#[test]
fn the_order_of_runs_decides_what_is_newer_and_no_clock() {
    let state = State::new();
    let at = |name: &str, at| Pass {
        at,
        ..pass("fmt", name, name)
    };
    state.save(&[at("old", SystemTime::now() + Duration::from_hours(1))]);
    state.save(&[at("new", SystemTime::UNIX_EPOCH + Duration::from_secs(1))]);
    let last = |state: &State| {
        state
            .open()
            .last(&"fmt".into(), "", Some(&"alpha".into()))
            .unwrap()
            .output
    };
    assert_eq!(last(&state), b"new");
}

#[test]
fn what_is_too_large_is_not_stored_rather_than_cut() {
    let state = State::new();
    let with = |name: &str, length: usize| Pass {
        output: vec![b'x'; length],
        ..pass("test", name, "")
    };
    let passes = [with("a", LARGEST_OUTPUT), with("b", LARGEST_OUTPUT + 1), with("c", 0)];
    let blobs = BTreeMap::from([LARGEST_BLOB, LARGEST_BLOB + 1].map(|length| {
        let blob = vec![b'x'; length];
        (Digest::of(&blob), blob)
    }));
    assert_eq!(
        save(&state.path, &passes, &blobs).unwrap(),
        Saved {
            stored: 2,
            too_large: 1
        }
    );
    assert_eq!(state.find(&key("a")), &passes[..1]);
    assert_eq!(state.find(&key("b")), []);
    let kept: Vec<_> = blobs
        .keys()
        .map(|digest| state.open().blob(digest).map(|blob| blob.len()))
        .collect();
    assert!(kept.contains(&Some(LARGEST_BLOB)) && kept.contains(&None), "{kept:?}");
    // Of too many, the largest stay away.
    let many: Vec<_> = (0..12).map(|n| with(&n.to_string(), LARGEST_OUTPUT - n)).collect();
    let saved = save(&state.path, &many, &BTreeMap::new()).unwrap();
    assert!(saved.stored >= 7 && saved.stored + saved.too_large == 12, "{saved:?}");
    assert_eq!(state.find(&key("11")).len(), 1);
    assert_eq!(state.find(&key("0")).len(), 0);
    let only_too_large = State::new();
    let _ = save(&only_too_large.path, &passes[1..2], &BTreeMap::new()).unwrap();
    assert!(only_too_large.files().is_empty());
}

fn any_recorded() -> impl Strategy<Value = Recorded> {
    let digest = || prop::option::of(any::<[u8; 32]>().prop_map(Digest::from));
    let path = prop::collection::vec(1..=255_u8, 0..40).prop_map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)));
    prop_oneof![
        (path, digest()).prop_map(|(path, digest)| Recorded::File { path, digest }),
        (".{0,20}", digest()).prop_map(|(name, digest)| Recorded::Variable { name, digest }),
    ]
}

fn any_time() -> impl Strategy<Value = SystemTime> {
    any::<(i32, u32)>().prop_map(|(seconds, nanos)| {
        let whole = Duration::new(seconds.unsigned_abs().into(), nanos % 1_000_000_000);
        if seconds < 0 {
            SystemTime::UNIX_EPOCH - whole
        } else {
            SystemTime::UNIX_EPOCH + whole
        }
    })
}

/// Of few keys, so that some are the same.
fn any_pass() -> impl Strategy<Value = Pass> {
    let about = (0..6_u8, ".{0,12}", ".{0,6}", prop::option::of(".{0,8}"));
    let said = (prop::collection::vec(any::<u8>(), 0..300), prop::option::of(".{0,20}"));
    let times = (any::<(u64, u32)>(), any_time());
    let recorded = prop::collection::vec(any_recorded(), 0..4);
    (about, said, times, recorded, any::<[u8; 32]>()).prop_map(|(about, said, times, recorded, ingredients)| {
        let ((name, check, part, krate), (output, note), ((seconds, nanos), at)) = (about, said, times);
        Pass {
            key: key(&name.to_string()),
            check: check.into(),
            part,
            krate: krate.map(Into::into),
            recorded,
            ingredients: ingredients.into(),
            output,
            note,
            took: Duration::new(seconds, nanos % 1_000_000_000),
            at,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_pass_is_read_as_it_was_written(pass in any_pass()) {
        let written = encode(&pass, 7);
        let (head, output) = written.body.split_at(written.entry.head as usize);
        let read = decode(head).unwrap();
        prop_assert_eq!(Digest::of(output), read.output);
        prop_assert_eq!(Pass { output: output.to_vec(), ..read.pass }, pass);
        prop_assert!((0..head.len()).all(|length| decode(&head[..length]).is_none()));
    }

    /// Whatever several runs save is found, exactly and by its key, before and after everything is merged.
    #[test]
    fn what_runs_save_is_found_exactly(runs in prop::collection::vec(prop::collection::vec(any_pass(), 1..6), 1..4)) {
        let state = State::new();
        let mut expected: BTreeMap<Digest, Vec<Pass>> = BTreeMap::new();
        for run in &runs {
            // Within a run nothing is newer than anything else.
            let mut of_run: BTreeMap<_, Pass> = BTreeMap::new();
            for pass in run {
                of_run.insert((pass.key, pass.recorded.clone()), pass.clone());
            }
            let passes: Vec<_> = of_run.into_values().collect();
            save(&state.path, &passes, &BTreeMap::new()).unwrap();
            for pass in passes {
                let known = expected.entry(pass.key).or_default();
                known.retain(|known| known.recorded != pass.recorded);
                known.push(pass);
            }
        }
        let limits = Limits { age: Duration::MAX, ..Limits::USUAL };
        for merged in [false, true] {
            if merged {
                state.collect_after(Duration::ZERO, &limits);
                prop_assert_eq!(state.files().len(), 1);
            }
            for (key, passes) in &expected {
                let mut found = state.find(key);
                let mut variants = std::collections::BTreeSet::new();
                found.retain(|pass| variants.insert(pass.recorded.clone()));
                prop_assert_eq!(found.len(), passes.len());
                prop_assert!(passes.iter().all(|pass| found.contains(pass)));
            }
            prop_assert_eq!(verify(&state.path).unwrap().damage, []);
        }
    }
}

#[test]
fn another_version_has_a_directory_of_its_own() {
    let state = State::new();
    state.save(&[pass("fmt", "a", "")]);
    let other = state.path.join("v2/results/0000000000000001-0000000000000001.run");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::write(&other, "of the future").unwrap();
    state.tidy_after(Duration::from_hours(24 * 400), &Limits::USUAL);
    state.collect_after(Duration::from_hours(24 * 400), &Limits::USUAL);
    clear(&state.path).unwrap();
    assert!(state.files().is_empty());
    assert_eq!(fs::read(other).unwrap(), b"of the future");
}

#[test]
fn a_directory_that_is_not_private_is_not_used() {
    let state = State::new();
    state.save(&[pass("fmt", "a", "")]);
    for wrong in ["v1/results", "v1", ""] {
        let dir = state.path.join(wrong);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let (results, said) = warnings(|| state.open());
        assert_eq!(results.find(&key("a")).count(), 0, "{wrong}");
        assert!(
            said.is_empty(),
            "that is said by who cannot keep anything there: {said:?}"
        );
        let refused = save(&state.path, &[pass("fmt", "b", "")], &BTreeMap::new())
            .unwrap_err()
            .to_string();
        assert!(refused.starts_with("others can write to"), "{refused}");
        assert!(summarize(&state.path).is_err() && verify(&state.path).is_err());
        assert!(clear(&state.path).is_err() && collect(&state.path).is_err());
        tidy(&state.path);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(state.find(&key("a")).len(), 1);
    let nowhere = Path::new("/dev/null/x");
    assert_eq!(Results::open(nowhere).find(&key("a")).count(), 0);
    assert!(save(nowhere, &[pass("fmt", "b", "")], &BTreeMap::new()).is_err());
}

#[test]
fn a_summary_says_what_there_is() {
    let state = State::new();
    let nothing = summarize(&state.path).unwrap();
    assert_eq!((nothing.extent, nothing.newest), (Extent::default(), None));
    assert_eq!(nothing.dir, state.results());
    state.save(&[pass("fmt", "a", ""), pass("test", "b", "")]);
    let beta = Pass {
        krate: Some("beta".into()),
        ..pass("test", "c", "some output")
    };
    state.save(std::slice::from_ref(&beta));
    let summary = summarize(&state.path).unwrap();
    assert_eq!((summary.extent.files, summary.extent.passes), (2, 3));
    assert_eq!(summary.newest, Some(beta.at));
    assert!(summary.oldest < summary.newest);
    let counts: Vec<_> = summary
        .checks
        .iter()
        .map(|(name, of)| (name.as_str(), of.passes, of.crates.len()))
        .collect();
    assert_eq!(counts, [("fmt", 1, 1), ("test", 2, 2)]);
    assert_eq!(summary.damage, []);
    assert_eq!(clear(&state.path).unwrap(), summary.extent);
    assert_eq!(clear(&state.path).unwrap(), Extent::default());
}

/// What a part of the program warns of.
fn warnings<T>(part: impl FnOnce() -> T) -> (T, Vec<String>) {
    use std::fmt::Write;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);
    struct Text<'a>(&'a mut String);
    impl Visit for Text<'_> {
        fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
            let _ = write!(self.0, "{value:?} ");
        }
    }
    impl Subscriber for Heard {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= Level::WARN
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut text = String::new();
            event.record(&mut Text(&mut text));
            self.0.lock().unwrap().push(text);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }
    let heard = Heard::default();
    let result = tracing::subscriber::with_default(heard.clone(), part);
    let said = heard.0.lock().unwrap().clone();
    (result, said)
}
