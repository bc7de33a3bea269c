//! The mark that every process of a task carries, whatever it does to hide. Pure, but for the two calls that set it.
//!
//! It is the soft limit for file locks (`RLIMIT_LOCKS`), which no kernel since Linux 2.4 has looked at. A limit is
//! inherited by every fork and kept by every exec, and neither a session of its own nor an empty environment takes it
//! away. An environment variable would do less and cost more: its value differs in each run, and tools that key their
//! caches by the environment would miss each time.

use std::hash::{BuildHasher, Hasher, RandomState};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The highest bit of a mark: no limit that a person sets is so high.
const MARK: u64 = 1 << 62;
/// How many bits hold the number of the task.
const TASK_BITS: u32 = 22;

/// What all processes of one run have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunTag(u64);

impl RunTag {
    /// One that no other run has.
    pub(super) fn random() -> Self {
        // Every `RandomState` hashes with keys of its own.
        let bits = RandomState::new().build_hasher().finish();
        Self::of_bits(bits)
    }

    fn of_bits(bits: u64) -> Self {
        Self((MARK | (bits & (MARK - 1))) >> TASK_BITS)
    }

    /// As the guard is told it, and as it stands in the record of a run.
    pub(super) fn to_text(self) -> String {
        format!("{:010x}", self.0)
    }

    /// The same, read.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let tag = u64::from_str_radix(text, 16).ok()?;
        (tag >> (62 - TASK_BITS) == 1).then_some(Self(tag))
    }

    /// The limit of the processes of a task.
    fn limit(self, task: u32) -> u64 {
        (self.0 << TASK_BITS) | u64::from(task) & ((1 << TASK_BITS) - 1)
    }

    /// The task that a limit stands for, if it is one of this run's.
    pub(super) fn task(self, limit: u64) -> Option<u32> {
        let task = limit & ((1 << TASK_BITS) - 1);
        (limit >> TASK_BITS == self.0)
            .then(|| u32::try_from(task).ok())
            .flatten()
    }
}

/// The number that comes after this one. After four million starts in one run it begins anew.
pub(super) fn next_task(task: u32) -> u32 {
    (task + 1) % (1 << TASK_BITS)
}

/// The soft limit for file locks in the text of `/proc/PID/limits`.
pub(super) fn limit_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Gives a mark to what this process starts.
pub(super) struct Marker {
    tag: RunTag,
    own: Rlimit,
}

impl Marker {
    /// A marker, unless somebody has set a limit that leaves no room for marks.
    pub(super) fn new(tag: RunTag) -> Option<Self> {
        let own = getrlimit(Resource::Locks);
        let marker = Self { tag, own };
        let room = own.maximum.is_none() && marker.set(0);
        marker.unset();
        room.then_some(marker)
    }

    /// From now on what is started carries the mark of this task. Whether that worked.
    pub(super) fn set(&self, task: u32) -> bool {
        let marked = Rlimit {
            current: Some(self.tag.limit(task)),
            maximum: None,
        };
        setrlimit(Resource::Locks, marked).is_ok() && getrlimit(Resource::Locks) == marked
    }

    /// This process carries the mark that it was started with again: it may itself be part of a task of another run.
    pub(super) fn unset(&self) {
        let _ = setrlimit(Resource::Locks, self.own);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limit_is_read_from_the_text_of_the_kernel() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(limit_in(text), expected, "{text:?}");
        let rows = |locks: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max locked memory         8388608              8388608              bytes     \n\
                 Max file locks            {locks}            unlimited            locks     \n"
            )
        };
        check(&rows("4611686018427387905"), Some(4_611_686_018_427_387_905));
        check(&rows("unlimited"), None);
        check("", None);
        check("Max file locks", None);
    }

    proptest! {
        #[test]
        fn a_mark_is_known_by_its_own_run_alone(bits: u64, other: u64, task in 0..1_u32 << TASK_BITS) {
            let (run, other) = (RunTag::of_bits(bits), RunTag::of_bits(other));
            let limit = run.limit(task);
            prop_assert!(limit < u64::MAX / 2, "the kernel must not take it for no limit");
            prop_assert_eq!(run.task(limit), Some(task));
            prop_assert_eq!(other.task(limit), (run == other).then_some(task));
            prop_assert_eq!(RunTag::from_text(&run.to_text()), Some(run));
        }

        #[test]
        fn no_limit_that_people_set_is_a_mark(bits: u64, limit in 0..MARK) {
            prop_assert_eq!(RunTag::of_bits(bits).task(limit), None);
            prop_assert_eq!(RunTag::of_bits(bits).task(u64::MAX), None);
        }

        #[test]
        fn no_other_text_is_a_tag(text in ".{0,20}") {
            let known = RunTag::from_text(&text);
            prop_assert!(known.is_none_or(|tag| tag.0 >> (62 - TASK_BITS) == 1));
        }
    }
}
