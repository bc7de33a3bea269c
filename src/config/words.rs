//! The words that the configuration knows: each enum lists its values once, for parser, schema and documentation.

use crate::model::{Keyword, keyword};

keyword! {
    /// How many tasks run at a time, and whether what earlier runs have taught is used.
    pub enum Strategy {
        /// As many as there are slots; what earlier runs have taught says what goes first and when a task hangs.
        Adaptive = "adaptive",
        /// As many as there are slots, in the order of the configuration; a failure touches no other task.
        Parallel = "parallel",
        /// One after the other, in the order of the configuration.
        Sequential = "sequential",
    }
}

keyword! {
    /// What goes first among the tasks that could start.
    pub enum Order {
        /// As the configuration has them.
        Config = "config",
        /// What takes the least time first.
        FastFirst = "fast-first",
        /// What the end of the run waits for the longest first.
        CriticalPath = "critical-path",
        /// What is most likely to fail for the time that it takes first.
        LikelyFailure = "likely-failure",
        /// `likely-failure` as far as a failure would stop the run, else `critical-path`.
        Adaptive = "adaptive",
    }
}

keyword! {
    /// What one task of a check works on.
    pub enum Scope {
        /// One task for the whole workspace.
        Workspace = "workspace",
        /// One task for each crate.
        Package = "package",
        /// One task for all selected crates together.
        Packages = "packages",
        /// One task for all selected files, or several where they do not fit one command line.
        Files = "files",
    }
}

keyword! {
    /// When a check runs.
    pub enum Stage {
        /// Before a commit is made.
        PreCommit = "pre-commit",
        /// Before a merge commit is made.
        PreMergeCommit = "pre-merge-commit",
        /// Before the editor for the message opens.
        PrepareCommitMsg = "prepare-commit-msg",
        /// When the message is written.
        CommitMsg = "commit-msg",
        /// After a commit was made.
        PostCommit = "post-commit",
        /// Before a rebase begins.
        PreRebase = "pre-rebase",
        /// After a checkout.
        PostCheckout = "post-checkout",
        /// After a merge.
        PostMerge = "post-merge",
        /// After commits were rewritten.
        PostRewrite = "post-rewrite",
        /// Before a push.
        PrePush = "pre-push",
        /// When the message of a patch is known that `git am` applies.
        ApplypatchMsg = "applypatch-msg",
        /// When such a patch is applied and not yet committed.
        PreApplypatch = "pre-applypatch",
        /// When such a patch is committed.
        PostApplypatch = "post-applypatch",
        /// Before git tidies its objects by itself.
        PreAutoGc = "pre-auto-gc",
        /// Before a patch is sent by mail.
        SendemailValidate = "sendemail-validate",
        /// In continuous integration.
        Ci = "ci",
        /// Only when it is asked for.
        Manual = "manual",
    }
}

impl Stage {
    /// The stages of a check that names none: those in which the whole tree is judged.
    pub const DEFAULT: [Self; 3] = [Self::PreCommit, Self::PrePush, Self::Ci];

    /// Whether a check with this stage runs when `cargo hooks check` names neither a stage nor the check.
    #[must_use]
    pub fn runs_unasked(self) -> bool {
        matches!(self, Self::PreCommit | Self::PreMergeCommit | Self::PrePush | Self::Ci)
    }

    /// Whether its hook is about a commit that git makes from the index as the hook leaves it. For a merge, git has made the tree
    /// of the commit before it asks.
    #[must_use]
    pub fn can_repair(self) -> bool {
        self == Self::PreCommit
    }

    /// Those that are hooks of git.
    pub fn hooks() -> impl Iterator<Item = Self> {
        Self::ALL
            .iter()
            .map(|(stage, ..)| *stage)
            .filter(|stage| stage.is_hook())
    }

    /// Whether git has a hook of this name.
    #[must_use]
    pub fn is_hook(self) -> bool {
        !matches!(self, Self::Ci | Self::Manual)
    }

    /// Whether what the hook is about has happened before it runs, so that it can prevent nothing.
    #[must_use]
    pub fn comes_after(self) -> bool {
        matches!(
            self,
            Self::PostCommit | Self::PostCheckout | Self::PostMerge | Self::PostRewrite | Self::PostApplypatch
        )
    }
}

keyword! {
    /// What git can be in the middle of while one of its hooks runs.
    pub enum Operation {
        /// A merge.
        Merge = "merge",
        /// A rebase.
        Rebase = "rebase",
    }
}

keyword! {
    /// What happens when a required tool is not installed.
    pub enum OnMissing {
        /// Nothing runs, and the command that installs the tool is shown.
        Fail = "fail",
        /// The check is left out, audibly.
        Skip = "skip",
    }
}

keyword! {
    /// A kind of system.
    pub enum Platform {
        /// Linux.
        Linux = "linux",
        /// macOS.
        Macos = "macos",
        /// Windows.
        Windows = "windows",
        /// FreeBSD.
        Freebsd = "freebsd",
        /// Every system that is like Unix.
        Unix = "unix",
    }
}

keyword! {
    /// A target that a crate must have for a check to make sense there.
    pub enum TargetNeed {
        /// A library of any kind.
        Lib = "lib",
        /// A library whose documentation is tested.
        Doctest = "doctest",
        /// A binary.
        Bin = "bin",
    }
}

keyword! {
    /// Which crates a change selects for a check.
    pub enum Affects {
        /// Those that are touched themselves.
        Changed = "changed",
        /// Those, and all that depend on them.
        Dependents = "dependents",
        /// None by their own files: only what `inputs` names counts.
        Inputs = "inputs",
    }
}

keyword! {
    /// In which way a crate can be touched by a change.
    pub enum Kind {
        /// What its library, its programs and its build script are built from.
        Source = "source",
        /// Its tests, examples and benchmarks.
        Tests = "tests",
        /// What only its tests, examples and benchmarks are built from.
        DevDependencies = "dev-dependencies",
        /// What rustfmt looks at: its Rust sources of any sort, its edition and its targets.
        Rust = "rust",
        /// What its manifest means, with all that it inherits.
        Manifest = "manifest",
        /// Any file of it at all.
        Files = "files",
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// None.
    pub const NONE: Self = Self(0);

    /// What a compiler's verdict on a crate rests upon.
    pub const BUILT: Self = Self::of(&[Kind::Source, Kind::Tests, Kind::DevDependencies]);

    /// All of them.
    pub const ALL: Self = Self::of(&[
        Kind::Source,
        Kind::Tests,
        Kind::DevDependencies,
        Kind::Rust,
        Kind::Manifest,
        Kind::Files,
    ]);

    /// These.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut bits, mut place) = (0, 0);
        while place < kinds.len() {
            bits |= 1 << kinds[place] as u8;
            place += 1;
        }
        Self(bits)
    }

    /// Those of either.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub const fn among(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether one of them is in the other as well.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.meets(Self::of(&[kind]))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        let all = Kind::ALL.iter().map(|(kind, ..)| *kind);
        all.filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds
            .into_iter()
            .fold(Self::NONE, |all, kind| all.and(Self::of(&[kind])))
    }
}
