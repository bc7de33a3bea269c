//! What happens in a run, as owned values: the only thing that reporters see.
//!
//! Pure. An event carries all that a reporter needs to say it, so that reporters keep little state and are tested
//! from lists of events. Times are given as what had passed since the run began.
//!
//! Events are also recorded, as JSON in the form that serde gives them here, and read again by later versions. A field
//! that is added gets a default; what is there is not renamed. Tests of `journal` hold that to lines of earlier versions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{CheckName, CrateName, Exit, Finding, TaskId, lossy_path};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, counted from the start of the run.
    #[serde(with = "micros")]
    pub at: Duration,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The run began.
    RunStarted(RunStarted),
    /// Processes that an earlier run had left behind, since it was killed together with its guard, were ended.
    LeftoversEnded {
        /// How many.
        processes: usize,
    },
    /// A task began.
    TaskStarted {
        /// Which.
        task: Arc<TaskHead>,
    },
    /// A task wrote something. Only for live views: the whole output comes with [`EventKind::TaskFinished`].
    TaskSaid {
        /// Which.
        task: TaskId,
        /// The last whole line that it wrote.
        line: String,
    },
    /// A task has been running for a long time.
    TaskSlow {
        /// Which.
        task: Arc<TaskHead>,
        /// For how long by now.
        #[serde(with = "micros")]
        running: Duration,
    },
    /// A task calls cargo, which waits for a lock that another cargo holds. That time counts neither as that of the task
    /// nor into its timeout.
    TaskWaits {
        /// Which.
        task: Arc<TaskHead>,
        /// What is locked, as cargo calls it (`build directory`).
        lock: String,
        /// For how long by now.
        #[serde(with = "micros")]
        waited: Duration,
    },
    /// A task that waited, as was told, goes on. One that ends instead has only its end told.
    TaskGoesOn {
        /// Which.
        task: Arc<TaskHead>,
        /// How long it waited.
        #[serde(with = "micros")]
        waited: Duration,
    },
    /// A task failed, and will be tried again.
    TaskRetries(Box<TaskRetries>),
    /// A task reached its final state.
    TaskFinished(Box<TaskFinished>),
    /// The run was told to stop, or decided to. Tasks that run are asked to end; no further one starts.
    StopBegan {
        /// Why.
        reason: StopReason,
    },
    /// The run ended.
    RunFinished {
        /// What came of it.
        stats: RunStats,
    },
}

/// What a run is about to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The checks, in the order of the configuration.
    pub checks: Vec<CheckName>,
    /// How many crates take part.
    pub crates: usize,
    /// How many tasks there are.
    pub tasks: usize,
    /// How many waves they form.
    pub waves: usize,
    /// How many slots there are.
    pub slots: u32,
    /// What was asked for and does not run.
    pub left_out: Vec<LeftOut>,
}

/// A check, or a part of one, that does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The check.
    pub check: CheckName,
    /// Why, in words (`cargo-machete is not installed`).
    pub reason: String,
}

/// What a reporter needs to know to name a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskHead {
    /// Its place in the plan.
    pub id: TaskId,
    /// The check that it belongs to.
    pub check: CheckName,
    /// What of the workspace it works on, in words (`crate-a`, `3 crates`); empty for the whole of it.
    pub unit: String,
    /// Whether it may fail without failing the run.
    pub may_fail: bool,
    /// The command that a person would type to run just this again.
    pub rerun: String,
    /// The command that repairs what the check finds, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl TaskHead {
    /// The task's name: the check, and the unit where there are several.
    #[must_use]
    pub fn label(&self) -> String {
        if self.unit.is_empty() {
            self.check.to_string()
        } else {
            format!("{} {}", self.check, self.unit)
        }
    }
}

/// A task that failed and will be tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRetries {
    /// What came of it this time. [`TaskFinished::attempts`] says how often it has been tried by now.
    pub failed: TaskFinished,
    /// How often it can be tried in all.
    pub most: u32,
    /// How long it waits before it is tried again.
    #[serde(with = "micros")]
    pub wait: Duration,
}

/// A task that has reached its final state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFinished {
    /// Which.
    pub task: Arc<TaskHead>,
    /// The state.
    pub outcome: Outcome,
    /// How often it was tried; 0 where it never started.
    pub attempts: u32,
    /// Whether it failed as it did in all of its last runs, and is listed as such.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quarantined: bool,
    /// How long it ran, the last time; nothing where it never started.
    #[serde(with = "micros")]
    pub took: Duration,
    /// How long it waited for locks that another cargo held, on top of that.
    #[serde(with = "micros", default, skip_serializing_if = "is_default")]
    pub waited: Duration,
    /// What came of each crate that it worked on. Empty where it is about none, or never ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub crates: BTreeMap<CrateName, CrateVerdict>,
    /// What its pass means, in a few words (`12 tests`), where its tool said so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub note: Option<String>,
    /// What it found, in the order in which it said so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub findings: Vec<Finding>,
    /// What it wrote.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Output,
    /// How many processes it had left running at its end. They were ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub leaked: u32,
    /// How much of it did not run, since it had passed before on the same content.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cached: Cached,
    /// What decided when it ran, and what that cost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timing: Timing,
}

/// What decided when a task ran, and what that cost: what is needed to draw a run, and nothing that changes a verdict. Points
/// in time are counted from the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// How many slots it takes; 0 where that is not known, as of a task that is cached.
    #[serde(skip_serializing_if = "is_default")]
    pub slots: u32,
    /// Its wave, counted from 0.
    #[serde(skip_serializing_if = "is_default")]
    pub wave: u32,
    /// When all that it needs had come to its end, where it has any needs.
    #[serde(with = "micros", skip_serializing_if = "is_default")]
    pub ready: Duration,
    /// What it needs that came to its end last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<TaskId>,
    /// What it used that not all tasks can use at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    /// How long it waited, after it was started, for a job of the run: others that build had all of them.
    #[serde(with = "micros", skip_serializing_if = "is_default")]
    pub queued: Duration,
    /// When it gave its slots back, where it was judged after that.
    #[serde(with = "maybe_micros", skip_serializing_if = "Option::is_none")]
    pub left: Option<Duration>,
    /// The time of processors that its process took, with all whose end that has waited for; nothing where nobody knows.
    #[serde(with = "maybe_micros", skip_serializing_if = "Option::is_none")]
    pub processor: Option<Duration>,
}

/// Something that a task used and not all tasks can use at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// What it is, in words: the same for all tasks that use the same.
    pub what: String,
    /// Whether it was used alone, rather than together with others that do not use it alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub alone: bool,
    /// When it was given back, where that was before the end of the task.
    #[serde(default, with = "maybe_micros", skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// How much of a task did not run, since it had passed before on the same content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cached {
    /// Nothing: it ran whole.
    #[default]
    No,
    /// So many of its crates; the others ran.
    Crates(usize),
    /// All of it.
    Whole,
}

/// What came of one of the crates that a task worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrateVerdict {
    /// All that was asked of it was seen to be well.
    Passed,
    /// Something of it is wrong.
    Failed,
    /// It could not be looked at whole, since what it needs is wrong.
    NotReached,
    /// Nothing is known. It counts as no pass.
    Unknown,
}

impl TaskFinished {
    /// Whether it passed, but not the first time: a pass that is no proof.
    #[must_use]
    pub fn is_flaky(&self) -> bool {
        self.outcome.is_pass() && self.attempts > 1
    }
}

/// What a task wrote, in the order in which it arrived: standard output and error together, as raw bytes.
///
/// Whoever shows it makes control sequences harmless first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// What was kept. Recorded as text: bytes that are no UTF-8 are replaced, as a reporter would do.
    #[serde(with = "text", default, skip_serializing_if = "is_default")]
    pub bytes: Vec<u8>,
    /// How many bytes were dropped from the middle to keep memory bounded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dropped: u64,
    /// The file in which all of it is, where it is long and the task has failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub saved: Option<SavedOutput>,
    /// What of it is about single crates, where that can be told; nothing of an output that is long. Not recorded: it is all
    /// in `bytes` as well.
    #[serde(skip)]
    pub of_crates: BTreeMap<CrateName, Vec<u8>>,
}

/// The file that holds a long output: what a person can read of it, in the order of its arrival, control sequences and all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedOutput {
    /// Where it is.
    #[serde(serialize_with = "lossy_path")]
    pub path: PathBuf,
    /// How many bytes are missing from its middle, since no file of ours grows without bound.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left_out: u64,
}

/// The final state of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The tool says that all is well, and nothing speaks against it.
    Passed,
    /// The check failed.
    Failed(Failure),
    /// It took longer than it may, and was ended.
    TimedOut {
        /// The time that it had.
        #[serde(with = "micros")]
        limit: Duration,
        /// Whether that time follows from earlier runs, rather than from what somebody has said.
        calibrated: bool,
    },
    /// It could not start, since this check, which it depends on, did not pass.
    Blocked {
        /// The check that stands in the way.
        by: CheckName,
    },
    /// The run stopped before it was done.
    Cancelled,
}

/// Why a check failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The tool ended badly.
    Exit {
        /// How it ended.
        exit: Exit,
        /// What that means for this tool, in a few words (`2 errors, 1 warning`), where it is known.
        meaning: Option<String>,
    },
    /// The tool could not be started.
    Start {
        /// What the system said.
        error: String,
    },
    /// The tool passed, but it warned, and warnings are denied.
    Denied {
        /// How often it warned.
        warnings: usize,
    },
    /// The tool passed, but it changed files that were to be up to date.
    Regenerated,
    /// The diff that a fixer printed could not be applied.
    Unapplied {
        /// Why not, and where the diff is.
        reason: String,
    },
    /// Nobody can say for sure that the tool passed, even though it may have.
    Uncertain {
        /// Why not.
        reason: String,
    },
}

impl Failure {
    /// The word for it, in whatever programs read.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exit { .. } => "exit",
            Self::Start { .. } => "start",
            Self::Denied { .. } => "denied",
            Self::Regenerated => "regenerated",
            Self::Unapplied { .. } => "unapplied",
            Self::Uncertain { .. } => "uncertain",
        }
    }
}

impl Outcome {
    /// The word for it, in whatever programs read.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::TimedOut { .. } => "timed-out",
            Self::Blocked { .. } => "blocked",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether this is a pass. There is only one state that is.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Passed)
    }

    /// Whether the check itself has failed, rather than not having had its turn.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::TimedOut { .. })
    }
}

/// Why a run stops before its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// A task failed, and the run was to end at the first failure.
    FailFast {
        /// The check that failed.
        check: CheckName,
    },
    /// A critical check failed.
    Critical {
        /// The check that failed.
        check: CheckName,
    },
    /// Somebody asked for it: Ctrl-C, or a signal.
    Interrupted,
    /// What it looks at has changed, and another run is to follow.
    Outdated,
}

/// Durations are recorded in whole microseconds.
pub(crate) mod micros {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_micros)
    }
}

/// The same, of durations that may not be known.
mod maybe_micros {
    use super::{Deserialize, Deserializer, Duration, Serializer, micros};

    #[expect(clippy::ref_option, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => micros::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Option::<u64>::deserialize(from).map(|time| time.map(Duration::from_micros))
    }
}

/// Bytes are recorded as the text that they are to be.
mod text {
    use super::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }
}

/// Whether a field has nothing to say.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How many tasks came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunStats {
    /// All tasks of the plan.
    pub tasks: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those of them that did not run, since they had passed before on the same content.
    pub cached: usize,
    /// Those of them that failed before they passed.
    pub flaky: usize,
    /// Those that failed or ran out of time, without those that may.
    pub failed: usize,
    /// Those that failed and may.
    pub tolerated: usize,
    /// Those of either kind that failed as in all of their last runs.
    pub quarantined: usize,
    /// Those that something they depend on kept from starting.
    pub blocked: usize,
    /// Those that the end of the run overtook.
    pub cancelled: usize,
    /// Whether the run was interrupted: by somebody, or since it was out of date.
    pub interrupted: bool,
}

impl RunStats {
    /// Counts a task that has come to its end.
    pub fn count(&mut self, finished: &TaskFinished) {
        self.cached += usize::from(finished.cached == Cached::Whole);
        self.flaky += usize::from(finished.is_flaky());
        self.quarantined += usize::from(finished.quarantined);
        let counter = match finished.outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed(_) | Outcome::TimedOut { .. } if finished.task.may_fail => &mut self.tolerated,
            Outcome::Failed(_) | Outcome::TimedOut { .. } => &mut self.failed,
            Outcome::Blocked { .. } => &mut self.blocked,
            Outcome::Cancelled => &mut self.cancelled,
        };
        *counter += 1;
    }

    /// Whether every check passed, or may fail.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.passed + self.tolerated == self.tasks && !self.interrupted
    }
}
