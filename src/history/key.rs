//! What makes tasks of different runs the same task, and how much of it they did.

use crate::model::{CheckName, CrateName, fnv1a};

/// What makes tasks of different runs the same task.
///
/// It holds nothing that differs from run to run for no reason of the task's own: not its place in the plan, not its
/// command, not how many crates there are. A task that is defined anew keeps its key, and its estimate follows soon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey {
    /// The check.
    pub check: CheckName,
    /// What of the check, where it has several tasks of one kind: the preset that stands in, the edition. Else empty.
    pub part: String,
    /// What it works on.
    pub subject: Subject,
    /// Whether it repairs.
    pub repairs: bool,
}

/// What a task works on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The workspace as a whole.
    Workspace,
    /// This crate: each has a task of its own.
    Crate(CrateName),
    /// Some crates or all of them, in one command.
    Crates,
    /// Files.
    Files,
}

/// How much a task did: what its duration depends on, apart from what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// How many crates or files it worked on.
    pub count: u32,
    /// Whether these were all that there are.
    pub whole: bool,
    /// A digest of the names of the crates; 0 where they do not matter.
    pub names: u64,
}

impl Extent {
    /// All that there is to work on.
    #[must_use]
    pub fn whole(count: usize) -> Self {
        Self {
            whole: true,
            ..Self::files(count)
        }
    }

    /// So many files.
    #[must_use]
    pub fn files(count: usize) -> Self {
        Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            whole: false,
            names: 0,
        }
    }

    /// Some of the crates, by name. Their order does not matter.
    #[must_use]
    pub fn of_crates(crates: &[CrateName]) -> Self {
        let mut names: Vec<&str> = crates.iter().map(CrateName::as_str).collect();
        names.sort_unstable();
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0]));
        Self {
            names: fnv1a(bytes),
            ..Self::files(crates.len())
        }
    }

    /// How alike two extents are for what they take, from above 0 to 1: the same crates are alike; else each doubling of
    /// their number makes them four times less so.
    pub(super) fn likeness(self, other: Self) -> f64 {
        if self == other || (self.whole && other.whole) || (self.names != 0 && self.names == other.names) {
            return 1.0;
        }
        let doublings = (f64::from(self.count.max(1)) / f64::from(other.count.max(1)))
            .log2()
            .abs();
        let of_others = if self.names == 0 && other.names == 0 { 0.0 } else { 1.0 };
        0.25_f64.powf(doublings + of_others)
    }

    /// Extents of about the same size. What is remembered, and what counts as recent, is counted for each size by itself:
    /// many runs on one crate say little about a run on all, and must not push it out.
    #[must_use]
    pub fn size(self) -> u32 {
        if self.whole {
            u32::MAX
        } else {
            self.count.max(1).ilog2()
        }
    }
}
