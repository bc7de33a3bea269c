//! What an answer of cargo's rests on: questions to the file system, and a digest of what it said to all of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::Files;
use super::parallel;
use super::stamps::Stamps;
use super::worktree::Worktree;

/// A question to the file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Question {
    /// What does the file contain?
    Content(PathBuf),
    /// Is there such a file?
    Exists(PathBuf),
    /// Which directories lie in the directory?
    Dirs(PathBuf),
    /// Which directory is it without links?
    Real(PathBuf),
    /// Which sources would cargo find in the directory: files, and directories with a `main.rs`?
    Sources(PathBuf),
}

/// Questions in order, and a digest of the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Witness {
    questions: Vec<Question>,
    answers: String,
    /// What is quicker to look at, where that is enough.
    stamps: Option<Stamps>,
}

/// Whether what was answered would be answered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It would.
    Yes,
    /// It would, and from now on that is quicker to see with this.
    Anew(Witness),
    /// Something has changed.
    No,
}

/// As many questions make one digest of their own, whoever computes it: they can be asked on several processors.
const SHARE: usize = 16;

impl Witness {
    /// Asks these questions.
    pub(super) fn ask(questions: BTreeSet<Question>, now: SystemTime) -> Self {
        let questions: Vec<_> = questions.into_iter().collect();
        // What changes after this look has other stamps.
        let stamps = Stamps::of(&questions, now);
        let answers = answers(&questions);
        Self {
            questions,
            answers,
            stamps,
        }
    }

    /// Whether the file system still says the same.
    pub(super) fn holds(self, now: SystemTime) -> Held {
        if self.stamps.as_ref().is_some_and(|stamps| stamps.hold(now)) {
            return Held::Yes;
        }
        let stamps = Stamps::of(&self.questions, now);
        if answers(&self.questions) != self.answers {
            return Held::No;
        }
        match stamps {
            Some(stamps) => Held::Anew(Self {
                stamps: Some(stamps),
                ..self
            }),
            None => Held::Yes,
        }
    }

    /// Whether nothing that was asked about can have changed since a time, as far as timestamps tell. A tick before it
    /// counts as after it: clocks of file systems are coarse.
    pub(super) fn is_older_than(&self, time: SystemTime) -> bool {
        const TICK: std::time::Duration = std::time::Duration::from_millis(20);
        let Some(time) = time.checked_sub(TICK) else {
            return false;
        };
        self.questions.iter().all(|question| {
            let path = match question {
                Question::Content(path) | Question::Exists(path) | Question::Dirs(path) | Question::Sources(path) => {
                    path
                }
                // The links on the way to it are not asked for here: whoever turns them changes the members.
                Question::Real(_) => return true,
            };
            fs::metadata(path).map_or(true, |found| {
                use std::os::unix::fs::MetadataExt;
                let since = |seconds: i64| u64::try_from(seconds).unwrap_or(0);
                let changed = std::time::UNIX_EPOCH
                    + std::time::Duration::new(since(found.ctime()), u32::try_from(found.ctime_nsec()).unwrap_or(0));
                changed < time
            })
        })
    }
}

pub(super) fn answers(questions: &[Question]) -> String {
    let shares: Vec<&[Question]> = questions.chunks(SHARE).collect();
    let digests = parallel::map(shares, |share| {
        let files = Worktree::default();
        let mut digest = Sha256::new();
        for question in share {
            answer(question, &files, &mut digest);
        }
        digest.finalize()
    });
    let mut whole = Sha256::new();
    for digest in digests {
        whole.update(digest);
    }
    hex(whole)
}

pub(super) fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every part of an answer comes after its length, so that no two answers look alike.
fn answer(question: &Question, files: &Worktree, digest: &mut Sha256) {
    let mut say = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    let path = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
    match question {
        Question::Content(file) => match files.read(file) {
            Some(content) => say(&content),
            None => digest.update([0xff; 8]),
        },
        Question::Exists(file) => say(&[u8::from(files.has(file))]),
        Question::Dirs(dir) => {
            let dirs = files.dirs(dir);
            say(&(dirs.len() as u64).to_le_bytes());
            for dir in &dirs {
                say(&path(dir));
            }
        }
        Question::Real(dir) => say(&path(&files.real(dir))),
        Question::Sources(dir) => {
            let sources = sources(dir);
            say(&(sources.len() as u64).to_le_bytes());
            for source in &sources {
                say(source);
            }
        }
    }
}

/// The names in a directory that cargo takes for targets, each with what it is.
fn sources(dir: &Path) -> BTreeSet<Vec<u8>> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let told = entries.map(|entry| {
        let mut name = entry.file_name().into_encoded_bytes();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir())
            || (entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir());
        name.push(match (is_dir, is_dir && entry.path().join("main.rs").is_file()) {
            (false, _) => b'f',
            (true, false) => b'd',
            (true, true) => b'm',
        });
        name
    });
    told.collect()
}

/// The files of the working tree, and a list of all that was asked about them.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    files: Worktree,
    asked: RefCell<BTreeSet<Question>>,
}

impl Recorder {
    /// What was asked.
    pub(super) fn asked(self) -> BTreeSet<Question> {
        self.asked.into_inner()
    }

    fn note(&self, question: fn(PathBuf) -> Question, path: &Path) {
        self.asked.borrow_mut().insert(question(path.to_owned()));
    }
}

impl Files for Recorder {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.note(Question::Content, path);
        self.files.read(path)
    }

    fn has(&self, path: &Path) -> bool {
        self.note(Question::Exists, path);
        self.files.has(path)
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        self.note(Question::Dirs, dir);
        self.files.dirs(dir)
    }

    fn real(&self, dir: &Path) -> PathBuf {
        self.note(Question::Real, dir);
        self.files.real(dir)
    }
}
