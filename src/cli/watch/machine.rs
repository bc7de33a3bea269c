//! What a watcher does about what it sees. Pure: it knows no clock, no files and no run.
//!
//! Somebody tells it that something stirred, what is different when somebody has looked, and how a run has ended; it says when
//! to look, when to run, and when to call a run back.
//!
//! It must never run again and again without anybody's doing: checks write files as well. What changes while nothing runs is
//! somebody's doing, and always starts a run. What changes while a run goes on may be its own, and has only so much credit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::project::Difference;

/// It is looked when nothing has stirred for so long: editors write a file in several steps.
pub(super) const QUIET: Duration = Duration::from_millis(50);

/// It is looked after so long even where something stirs all the time.
pub(super) const LONGEST: Duration = Duration::from_millis(500);

/// With more files than this, it is not asked any more what exactly each of them affects.
const MOST_FILES: usize = 1000;

/// What people write in a workspace, whatever was seen of it.
const SOURCES: [&str; 2] = ["rs", "toml"];

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything that was asked for.
    Everything,
    /// What these files affect, since everything has passed before they changed.
    Files(BTreeSet<PathBuf>),
}

/// How a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All passed.
    Passed,
    /// Something did not, or nothing could run.
    Failed,
    /// Nobody can say, since files were touched meanwhile.
    Unsettled,
    /// It was called back.
    Recalled,
}

/// What somebody has seen who looked.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How it differs from what was there when the last run began.
    pub(super) since_run: Vec<Difference>,
    /// How it differs from what was there when somebody looked last.
    pub(super) since_look: Vec<Difference>,
    /// Whether a task has run since then that is there to write files.
    pub(super) writers: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    None,
    /// Call the run back.
    Recall,
    /// Begin a run. It is about this, since that is different.
    Run(Scope, Vec<Difference>),
    /// Wait for somebody's doing. These files change whenever the checks run.
    Rest(Vec<Difference>),
}

/// What there is to remember of what was seen.
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    stirred: Option<Stirred>,
    /// What is yet to pass.
    due: Scope,
    credit: Credit,
    /// How the names of files end that somebody has changed while nothing ran.
    by_hand: BTreeSet<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing runs.
    Idle,
    /// A run has just ended in this way, and nobody has looked since.
    Ended(End),
    /// A run goes on.
    Running,
    /// It was called back.
    Stopping,
}

#[derive(Clone, Copy, Debug)]
struct Stirred {
    first: Duration,
    last: Duration,
}

/// What has happened since somebody's doing last started a run.
#[derive(Clone, Copy, Debug, Default)]
struct Credit {
    /// How many runs were called back one after the other.
    recalled: u32,
    /// How many came to their end and were followed by another one.
    followed: u32,
}

impl Credit {
    /// The most that there may be. With what people write, somebody who saves all the time gets to see a result now and then;
    /// with anything else, it is a check that writes it.
    fn most(by_hand: bool) -> Self {
        if by_hand {
            Self {
                recalled: 10,
                followed: 3,
            }
        } else {
            Self {
                recalled: 1,
                followed: 2,
            }
        }
    }
}

impl Machine {
    /// One that has seen nothing, so that everything is due.
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            stirred: None,
            due: Scope::Everything,
            credit: Credit::default(),
            by_hand: SOURCES.map(OsString::from).into(),
        }
    }

    /// Begins the first run.
    pub(super) fn begin(&mut self) -> Step {
        self.run(Vec::new())
    }

    /// Whether nothing runs.
    pub(super) fn is_at_rest(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::Ended(_))
    }

    /// Something may be different.
    pub(super) fn stirred(&mut self, at: Duration) {
        let first = self.stirred.map_or(at, |stirred| stirred.first);
        self.stirred = Some(Stirred { first, last: at });
    }

    /// When to look, if at all. What is different while a run stops is seen when it has ended.
    pub(super) fn look_at(&self) -> Option<Duration> {
        let due = |stirred: Stirred| (stirred.last + QUIET).min(stirred.first + LONGEST);
        match self.phase {
            Phase::Stopping => None,
            Phase::Ended(_) => Some(self.stirred.map_or(Duration::ZERO, due)),
            Phase::Idle | Phase::Running => self.stirred.map(due),
        }
    }

    /// A run has ended. It is looked at once, if nothing stirs.
    pub(super) fn ended(&mut self, how: End) {
        if how == End::Passed {
            self.due = Scope::Files(BTreeSet::new());
        }
        self.phase = Phase::Ended(how);
    }

    /// Somebody has looked.
    pub(super) fn looked(&mut self, seen: Seen) -> Step {
        self.stirred = None;
        match self.phase {
            Phase::Idle => self.looked_in_peace(seen.since_run),
            Phase::Ended(how) => self.looked_after(how, seen.since_run),
            Phase::Running => self.looked_during(&seen),
            Phase::Stopping => Step::None,
        }
    }

    fn looked_in_peace(&mut self, differences: Vec<Difference>) -> Step {
        if differences.is_empty() {
            return Step::None;
        }
        let files = differences.iter().filter_map(file);
        self.by_hand.extend(files.map(ending));
        self.credit = Credit::default();
        self.run(differences)
    }

    fn looked_after(&mut self, how: End, differences: Vec<Difference>) -> Step {
        let is_settled = differences.is_empty() && how != End::Unsettled;
        if how == End::Recalled {
            return self.run(differences);
        }
        self.phase = Phase::Idle;
        if is_settled {
            self.credit = Credit::default();
            return Step::Rest(Vec::new());
        }
        let by_hand = self.is_by_hand(&differences);
        if self.credit.followed >= Credit::most(by_hand).followed {
            // It is due all the same, whenever something runs next.
            self.due(&differences);
            return Step::Rest(differences);
        }
        self.credit = Credit {
            // Somebody has seen a result, and may go on saving.
            recalled: if by_hand { 0 } else { self.credit.recalled },
            followed: self.credit.followed + 1,
        };
        self.run(differences)
    }

    fn looked_during(&mut self, seen: &Seen) -> Step {
        let differences = &seen.since_look;
        let most = Credit::most(self.is_by_hand(differences)).recalled;
        if differences.is_empty() || seen.writers || self.credit.recalled >= most {
            return Step::None;
        }
        self.credit.recalled += 1;
        self.phase = Phase::Stopping;
        Step::Recall
    }

    fn run(&mut self, differences: Vec<Difference>) -> Step {
        self.due(&differences);
        self.phase = Phase::Running;
        Step::Run(self.due.clone(), differences)
    }

    fn due(&mut self, differences: &[Difference]) {
        for difference in differences {
            match (&mut self.due, file(difference)) {
                (Scope::Everything, _) => return,
                // What a manifest says of checks is no matter of what it affects.
                (Scope::Files(files), Some(path)) if !path.ends_with("Cargo.toml") && files.len() < MOST_FILES => {
                    files.insert(path.to_owned());
                }
                (due, _) => *due = Scope::Everything,
            }
        }
    }

    fn is_by_hand(&self, differences: &[Difference]) -> bool {
        differences.iter().any(|difference| match difference {
            Difference::File(path, _) => self.by_hand.contains(&ending(path)),
            Difference::Elsewhere(_) => false,
            Difference::Git => true,
        })
    }
}

fn file(difference: &Difference) -> Option<&Path> {
    match difference {
        Difference::File(path, _) => Some(path),
        Difference::Elsewhere(_) | Difference::Git => None,
    }
}

/// How the name of a file ends: what kind of file it is, as far as a name says that.
fn ending(path: &Path) -> OsString {
    path.extension().or(path.file_name()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
