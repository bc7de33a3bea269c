//! Over files in temporary directories, by clocks that show what a test says.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use super::super::stale::{since_1970, tests::tick};
use super::*;

/// A workspace with two files and two directories that are old, and a unit that was compiled from one of each.
struct Old {
    dir: tempfile::TempDir,
    compiled: Compiled,
}

impl Old {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["src/lib.rs", "other/lib.rs", "real.rs", "unreal.rs"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, name).unwrap();
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(1))
                .unwrap();
        }
        symlink("real.rs", dir.path().join("link.rs")).unwrap();
        symlink("src", dir.path().join("linked")).unwrap();
        // Later than what is there: what comes now is later still.
        tick(dir.path());
        let record = dir.path().join("unit.d");
        fs::write(&record, "").unwrap();
        let mut compiled = Compiled::at(Nanoseconds::MAX);
        for name in ["src/lib.rs", "link.rs", "linked/lib.rs", "src/../real.rs"] {
            let found = fs::metadata(&record).unwrap();
            compiled.add((&record, &found), &[dir.path().join(name)], &[]);
        }
        tick(dir.path());
        Self { dir, compiled }
    }

    fn is_taken_for_older(&self, name: &str) -> bool {
        self.compiled
            .may_be_taken_for_older(self.dir.path(), &self.dir.path().join(name))
    }
}

#[test]
fn what_was_there_when_it_was_compiled_is_not_taken_for_something_else() {
    let old = Old::new();
    for name in [
        "src/lib.rs",
        "link.rs",
        "linked/lib.rs",
        "real.rs",
        "unreal.rs",
        "absent.rs",
    ] {
        assert!(!old.is_taken_for_older(name), "{name}");
    }
    fs::write(old.dir.path().join("src/note"), "beside it").unwrap();
    assert!(!old.is_taken_for_older("src/lib.rs"));
}

#[test]
fn whatever_comes_to_be_there_with_an_older_time_is() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 6] = [
        ("src/lib.rs", |dir| {
            fs::rename(dir.join("other/lib.rs"), dir.join("src/lib.rs")).unwrap();
        }),
        ("src/lib.rs", |dir| {
            fs::rename(dir.join("src"), dir.join("aside")).unwrap();
            fs::rename(dir.join("other"), dir.join("src")).unwrap();
        }),
        ("linked/lib.rs", |dir| {
            fs::remove_file(dir.join("linked")).unwrap();
            symlink("other", dir.join("linked")).unwrap();
        }),
        ("linked/lib.rs", |dir| {
            fs::rename(dir.join("src"), dir.join("aside")).unwrap();
            fs::rename(dir.join("other"), dir.join("src")).unwrap();
        }),
        ("link.rs", |dir| {
            fs::remove_file(dir.join("link.rs")).unwrap();
            symlink("unreal.rs", dir.join("link.rs")).unwrap();
        }),
        ("real.rs", |dir| {
            fs::rename(dir.join("unreal.rs"), dir.join("real.rs")).unwrap();
        }),
    ];
    for (name, change) in changes {
        let old = Old::new();
        change(old.dir.path());
        assert!(old.is_taken_for_older(name), "{name}");
    }
}

#[test]
fn what_is_written_anew_cargo_sees_itself() {
    let old = Old::new();
    fs::write(old.dir.path().join("src/lib.rs"), "new").unwrap();
    assert!(!old.is_taken_for_older("src/lib.rs"));
}

/// How far the clock of a file system may be behind.
const LAG: Nanoseconds = 20_000_000;

const HOUR: Duration = Duration::from_hours(1);

/// A source that a unit was compiled from, an hour later by the clock of then.
struct Known {
    dir: tempfile::TempDir,
    written: SystemTime,
}

impl Known {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/lib.rs"), "good").unwrap();
        let written = dir.path().join("src/lib.rs").metadata().unwrap().modified().unwrap();
        // A run begins once nothing can be dated before it any more.
        while tick(dir.path()) <= since_1970(written) + 2 * LAG {}
        fs::write(dir.path().join("unit.d"), "").unwrap();
        let known = Self { dir, written };
        known.date("unit.d", written + HOUR);
        let compiled = known.compiled(written + HOUR, known.noted());
        assert!(!known.is_taken_for_older(&compiled));
        known
    }

    /// When the unit was written down, by the clock of the system.
    fn noted(&self) -> Nanoseconds {
        changed(&fs::metadata(self.dir.path().join("unit.d")).unwrap())
    }

    fn date(&self, name: &str, time: SystemTime) {
        let file = fs::File::options()
            .append(true)
            .open(self.dir.path().join(name))
            .unwrap();
        file.set_modified(time).unwrap();
    }

    /// What is known at a time, after a run that began at another.
    fn compiled(&self, now: SystemTime, began: Nanoseconds) -> Compiled {
        let root = self.dir.path();
        let mut compiled = Compiled::at(since_1970(now));
        let record = root.join("unit.d");
        compiled.add(
            (&record, &fs::metadata(&record).unwrap()),
            &[root.join("src/lib.rs")],
            &[],
        );
        compiled.compare(&Comparison {
            root,
            state_dir: &root.join("state"),
            began,
            content: &|path| Some(Digest::of(&fs::read(path).ok()?)),
        });
        compiled
    }

    fn is_taken_for_older(&self, compiled: &Compiled) -> bool {
        compiled.may_be_taken_for_older(self.dir.path(), &self.dir.path().join("src/lib.rs"))
    }

    /// In the first minutes after it, and when the clock shows a later time than it did then.
    fn is(&self) -> [bool; 2] {
        [1, 120].map(|minutes| {
            let now = self.written + Duration::from_mins(minutes);
            self.is_taken_for_older(&self.compiled(now, since_1970(now)))
        })
    }
}

#[test]
fn what_was_compiled_counts_and_not_what_times_say() {
    type Change = fn(&Path);
    let changes: [(&str, Change, [bool; 2]); 5] = [
        ("nothing", |_| {}, [false; 2]),
        (
            "a program now",
            |root| fs::set_permissions(root.join("src/lib.rs"), Permissions::from_mode(0o755)).unwrap(),
            [false; 2],
        ),
        (
            "the same once more",
            |root| {
                fs::write(root.join("src/lib.rs"), "evil").unwrap();
                fs::write(root.join("src/lib.rs"), "good").unwrap();
            },
            [false; 2],
        ),
        // The clock is back, so that it is older than what was compiled.
        (
            "other",
            |root| fs::write(root.join("src/lib.rs"), "evil").unwrap(),
            [true; 2],
        ),
        (
            "in another directory, to which something is added",
            |root| {
                fs::create_dir(root.join("other")).unwrap();
                fs::write(root.join("other/lib.rs"), "evil").unwrap();
                fs::rename(root.join("src"), root.join("aside")).unwrap();
                fs::rename(root.join("other"), root.join("src")).unwrap();
                fs::write(root.join("src/more.rs"), "more").unwrap();
            },
            [true; 2],
        ),
    ];
    for (what, change, expected) in changes {
        let known = Known::new();
        change(known.dir.path());
        assert_eq!(known.is(), expected, "{what}");
    }
}

#[test]
fn what_cargo_sees_by_itself_is_no_reason_to_doubt() {
    let known = Known::new();
    fs::write(known.dir.path().join("src/lib.rs"), "evil").unwrap();
    known.date("src/lib.rs", known.written + 2 * HOUR);
    assert_eq!(known.is(), [false; 2]);
    fs::remove_file(known.dir.path().join("src/lib.rs")).unwrap();
    assert_eq!(known.is(), [false; 2]);
}

#[test]
fn without_what_is_remembered_the_times_count() {
    for forget in [
        |known: &Known| known.date("unit.d", known.written + HOUR + Duration::from_secs(1)),
        |known: &Known| fs::remove_file(known.dir.path().join("state").join(FILE)).unwrap(),
        |known: &Known| {
            let file = known.dir.path().join("state").join(FILE);
            let mut bytes = fs::read(&file).unwrap();
            bytes[40] ^= 1;
            fs::write(&file, bytes).unwrap();
        },
    ] {
        let known = Known::new();
        forget(&known);
        let unit = |now: SystemTime| known.is_taken_for_older(&known.compiled(now, Nanoseconds::MAX));
        assert!(unit(known.written), "it is of the future");
        assert!(!unit(known.written + 2 * HOUR));
    }
}

/// Whatever is dated later by somebody was not compiled then, and what has moved since may have been something else.
#[test]
fn only_what_was_compiled_since_a_run_began_is_remembered() {
    let known = Known::new();
    let state = known.dir.path().join("state");
    let (noted, hour) = (known.noted(), known.written + HOUR);
    for (now, began, expected) in [
        (hour, noted, 1),
        (hour, noted + 1, 0),
        (known.written + HOUR / 2, noted, 0),
        (hour, since_1970(known.written) + LAG / 2, 0),
    ] {
        fs::remove_file(state.join(FILE)).unwrap_or_default();
        let _ = known.compiled(now, began);
        assert_eq!(load(&state).len(), expected, "{now:?} {began}");
    }
}

#[test]
fn what_other_units_were_compiled_from_stays() {
    let known = Known::new();
    let state = known.dir.path().join("state");
    let mut units = load(&state);
    assert_eq!(units.len(), 1);
    units.insert(Digest::of(b"other"), Digest::of(b"content"));
    save(&state, &units);
    known.date("unit.d", known.written + HOUR + Duration::from_secs(1));
    let _ = known.compiled(known.written + 2 * HOUR, known.noted());
    units.retain(|name, _| load(&state).contains_key(name));
    assert_eq!((units.len(), load(&state).len()), (2, 3));
}
