//! The words that the configuration knows: each enum lists its values once, for parser, schema and documentation.

use crate::model::keyword;

keyword! {
    /// How many tasks run at a time.
    pub enum Strategy {
        /// As many as there are slots; a failure touches no other task.
        Parallel = "parallel",
        /// One after the other, in the order of the configuration.
        Sequential = "sequential",
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
