//! Whether the answers to questions are still the same, told from what the system says of few files and directories: the
//! names in a directory change with its times, and what a file contains with those of the file.
//!
//! It never says that they are the same where it cannot know: what leads through a link is asked each time, as are the
//! directories of a directory, since a member must not be missed where a file system keeps no times of directories.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::witness::{Question, answers, hex};

/// Times of files can be as coarse as this: what is written within so long of a look may have the time that it had then.
const GRAIN: i128 = 2_000_000_000;

/// What was seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamps {
    /// In nanoseconds since 1970.
    at: i64,
    places: Vec<PathBuf>,
    seen: String,
    /// What cannot be told from places.
    questions: Vec<Question>,
    answers: String,
}

impl Stamps {
    /// What to look at instead of asking these questions; nothing where a change could be missed, since something has
    /// changed only just now.
    pub(super) fn of(questions: &[Question], now: SystemTime) -> Option<Self> {
        let at = nanoseconds(now)?;
        let mut told = Told::default();
        for question in questions {
            told.add(question, questions);
        }
        let places: Vec<_> = told.places.into_iter().collect();
        let (seen, newest) = look(&places);
        let questions: Vec<_> = told.asked.into_iter().collect();
        let answers = answers(&questions);
        (newest < i128::from(at) - GRAIN).then_some(Self {
            at,
            places,
            seen,
            questions,
            answers,
        })
    }

    /// Whether nothing has changed. A clock that was set back could show a time once more.
    pub(super) fn hold(&self, now: SystemTime) -> bool {
        nanoseconds(now).is_some_and(|now| i128::from(now) >= i128::from(self.at) - GRAIN)
            && look(&self.places).0 == self.seen
            && answers(&self.questions) == self.answers
    }
}

/// Before 1970 nothing is settled.
fn nanoseconds(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// A digest of what the system says of each place, and the newest time in it.
fn look(places: &[PathBuf]) -> (String, i128) {
    let mut digest = Sha256::new();
    let mut newest = i128::MIN;
    for place in places {
        let Ok(found) = fs::metadata(place) else {
            digest.update([0]);
            continue;
        };
        let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let modified = time(found.mtime(), found.mtime_nsec());
        let changed = time(found.ctime(), found.ctime_nsec());
        newest = newest.max(modified).max(changed);
        digest.update([1]);
        for number in [found.dev(), found.ino(), u64::from(found.mode()), found.size()] {
            digest.update(number.to_le_bytes());
        }
        digest.update(modified.to_le_bytes());
        digest.update(changed.to_le_bytes());
    }
    (hex(digest), newest)
}

/// What is looked at, and what is asked.
#[derive(Default)]
struct Told {
    places: BTreeSet<PathBuf>,
    asked: BTreeSet<Question>,
}

impl Told {
    fn add(&mut self, question: &Question, all: &[Question]) {
        let places = match question {
            Question::Content(file) => Some(vec![file.clone()]),
            Question::Exists(file) => names_around(file),
            Question::Sources(dir) if dir.is_dir() => names_of_sources(dir),
            Question::Sources(dir) => names_around(dir),
            Question::Dirs(_) => None,
            Question::Real(dir) => return self.add_real(dir, all),
        };
        match places {
            Some(places) => self.places.extend(places),
            None => drop(self.asked.insert(question.clone())),
        }
    }

    /// Many members lie in one directory of which the names are known: what is no link there leads where that leads.
    fn add_real(&mut self, dir: &Path, all: &[Question]) {
        let around = dir
            .parent()
            .filter(|parent| all.binary_search(&Question::Dirs(parent.to_path_buf())).is_ok());
        match around {
            Some(parent) if fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) => {
                self.places.insert(parent.to_owned());
                self.asked.insert(Question::Real(parent.to_owned()));
            }
            _ => drop(self.asked.insert(Question::Real(dir.to_owned()))),
        }
    }
}

/// The directory whose names say whether there is something of this name; nothing where a link says it.
fn names_around(path: &Path) -> Option<Vec<PathBuf>> {
    for (below, dir) in path.ancestors().zip(path.ancestors().skip(1)) {
        if fs::symlink_metadata(below).is_ok_and(|found| found.is_symlink()) {
            return None;
        }
        if dir.is_dir() {
            return Some(vec![dir.to_owned()]);
        }
    }
    None
}

/// The directory, and those in it.
fn names_of_sources(dir: &Path) -> Option<Vec<PathBuf>> {
    let mut places = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).ok()? {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        if kind.is_symlink() {
            return None;
        }
        if kind.is_dir() {
            places.extend(names_around(&entry.path().join("main.rs"))?);
        }
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use super::*;

    /// A package, and what is asked of it.
    struct Package {
        dir: tempfile::TempDir,
        questions: Vec<Question>,
    }

    impl Package {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let top = dir.path().canonicalize().unwrap();
            fs::create_dir_all(top.join("crates/a/src/bin/tool")).unwrap();
            fs::create_dir_all(top.join("crates/a/benches")).unwrap();
            fs::create_dir_all(top.join("crates/linked")).unwrap();
            fs::create_dir_all(top.join("elsewhere")).unwrap();
            for file in [
                "Cargo.toml",
                "crates/a/Cargo.toml",
                "crates/a/src/lib.rs",
                "crates/a/build.rs",
            ] {
                fs::write(top.join(file), "old").unwrap();
            }
            symlink("../../elsewhere", top.join("crates/linked/src")).unwrap();
            symlink("../../elsewhere/build.rs", top.join("crates/linked/build.rs")).unwrap();
            symlink("../../../elsewhere", top.join("crates/a/benches/far")).unwrap();
            let mut questions = BTreeSet::from([
                Question::Dirs(top.join("crates")),
                Question::Content(top.join("Cargo.toml")),
                Question::Content(top.join("none/Cargo.toml")),
            ]);
            for member in ["crates/a", "crates/linked"].map(|member| top.join(member)) {
                questions.insert(Question::Content(member.join("Cargo.toml")));
                questions.insert(Question::Real(member.clone()));
                for name in ["src/lib.rs", "src/main.rs", "build.rs"] {
                    questions.insert(Question::Exists(member.join(name)));
                }
                for name in ["src/bin", "tests", "benches"] {
                    questions.insert(Question::Sources(member.join(name)));
                }
            }
            Self {
                dir,
                questions: questions.into_iter().collect(),
            }
        }

        /// Waits until what is changed has another time than all that was changed before.
        fn tick(&self) {
            let probe = self.dir.path().join("probe");
            let time = || {
                fs::write(&probe, "").unwrap();
                fs::metadata(&probe).unwrap().modified().unwrap()
            };
            let before = time();
            while time() == before {}
        }
    }

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(5)
    }

    #[test]
    fn whatever_changes_an_answer_is_seen() {
        type Change = fn(&Path) -> std::io::Result<()>;
        let changes: [(&str, Change); 16] = [
            ("a manifest", |top| fs::write(top.join("crates/a/Cargo.toml"), "new")),
            ("a new manifest", |top| {
                fs::write(top.join("crates/linked/Cargo.toml"), "")
            }),
            ("a manifest above", |top| {
                fs::create_dir(top.join("none"))?;
                fs::write(top.join("none/Cargo.toml"), "")
            }),
            ("a program", |top| fs::write(top.join("crates/a/src/main.rs"), "")),
            ("a library goes", |top| fs::remove_file(top.join("crates/a/src/lib.rs"))),
            ("a library becomes a directory", |top| {
                fs::remove_file(top.join("crates/a/src/lib.rs"))?;
                fs::create_dir(top.join("crates/a/src/lib.rs"))
            }),
            ("the sources are renamed", |top| {
                fs::rename(top.join("crates/a/src"), top.join("crates/a/sources"))
            }),
            ("a program of its own", |top| {
                fs::write(top.join("crates/a/src/bin/more.rs"), "")
            }),
            ("a program in a directory", |top| {
                fs::write(top.join("crates/a/src/bin/tool/main.rs"), "")
            }),
            ("tests", |top| {
                fs::create_dir(top.join("crates/a/tests"))?;
                fs::write(top.join("crates/a/tests/it.rs"), "")
            }),
            ("a program behind a link", |top| {
                fs::write(top.join("elsewhere/main.rs"), "")
            }),
            ("where a link leads", |top| {
                fs::write(top.join("elsewhere/build.rs"), "")
            }),
            ("a link leads elsewhere", |top| {
                fs::remove_file(top.join("crates/linked/src"))?;
                symlink("../a/src", top.join("crates/linked/src"))
            }),
            ("a member", |top| fs::create_dir(top.join("crates/b"))),
            ("a member becomes a link", |top| {
                fs::rename(top.join("crates/a"), top.join("a"))?;
                symlink("../a", top.join("crates/a"))
            }),
            ("all of it is another", |top| {
                fs::rename(top.join("crates"), top.join("old"))?;
                fs::create_dir(top.join("crates"))
            }),
        ];
        for (what, change) in changes {
            let package = Package::new();
            let before = answers(&package.questions);
            let stamps = Stamps::of(&package.questions, later()).unwrap();
            assert!(stamps.hold(later()), "{what}");
            package.tick();
            change(&package.dir.path().canonicalize().unwrap()).unwrap();
            assert_ne!(answers(&package.questions), before, "{what} changes nothing");
            assert!(!stamps.hold(later()), "{what}");
        }
    }

    #[test]
    fn what_has_changed_just_now_and_a_clock_that_was_set_back_say_nothing() {
        let package = Package::new();
        assert_eq!(Stamps::of(&package.questions, SystemTime::now()), None);
        let stamps = Stamps::of(&package.questions, later()).unwrap();
        assert!(stamps.hold(SystemTime::now() + Duration::from_secs(4)));
        assert!(!stamps.hold(SystemTime::now()));
        assert!(!stamps.hold(UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn what_is_in_a_file_that_nobody_asks_for_says_nothing() {
        let package = Package::new();
        let stamps = Stamps::of(&package.questions, later()).unwrap();
        package.tick();
        fs::write(package.dir.path().join("crates/a/src/lib.rs"), "new").unwrap();
        fs::write(package.dir.path().join("other"), "").unwrap();
        assert!(stamps.hold(later()));
    }
}
