//! What came of it: every crate that is touched, with the reason.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::closure::{Links, Spread};
use crate::config::{Kind, Kinds};
use crate::model::{CheckName, CrateName};
use crate::readers::How;

/// What differs between two states of the tree, and what that means for each crate.
#[derive(Clone, Debug)]
pub struct Affected {
    /// The root of the workspace.
    pub root: PathBuf,
    /// The state before, for people.
    pub from: String,
    /// The state after, for people.
    pub to: String,
    /// Why every crate has to be taken for touched, where that is so.
    pub everything: Option<String>,
    /// What was not known for sure, and how the answer was widened: one line each.
    pub notes: Vec<String>,
    /// The files that differ.
    pub files: Vec<ChangedFile>,
    /// The members, sorted by name, then those that are none any more.
    pub(super) crates: Vec<AffectedCrate>,
    /// How many of them are members.
    pub(super) members: usize,
    pub(super) links: Links,
    pub(super) spread: Spread,
    /// The checks whose configuration changed, and for which crates; none stands for all of them.
    pub(super) reconfigured: BTreeMap<CheckName, Option<BTreeSet<CrateName>>>,
}

/// A crate, and what a change means for it.
#[derive(Clone, Debug)]
pub struct AffectedCrate {
    /// Its name.
    pub name: CrateName,
    /// Its directory, absolute.
    pub dir: PathBuf,
    /// In which ways it is touched, be it through what it depends on.
    pub kinds: Kinds,
    /// In which ways it is touched itself.
    pub direct: Kinds,
    /// Everything that touches it itself.
    pub touches: Vec<Touch>,
}

/// One thing that touches a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// In which ways.
    pub kinds: Kinds,
    /// The file that changed: relative to the root of the workspace, or absolute where it is outside.
    pub file: Option<PathBuf>,
    /// Why that touches the crate.
    pub cause: Cause,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Relative to the root of the workspace, or absolute where it is outside.
    pub path: PathBuf,
    /// Whether it is there after the change.
    pub exists: bool,
    /// The crates that it belongs to, before or after.
    pub(super) owners: Vec<usize>,
}

/// Why a file touches a crate, or what else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is a file of the crate.
    Own,
    /// A file of the crate reads it.
    Read {
        /// The file that reads it.
        by: PathBuf,
        /// How that is known.
        how: How,
    },
    /// The build script of the crate does not tell what it reads, so that it may be any file of the crate.
    Untold {
        /// The build script.
        script: PathBuf,
    },
    /// It lies in a crate that is no member, which the crate is built from.
    Outside {
        /// The directory of that crate.
        dir: PathBuf,
    },
    /// It governs how the crate is built or looked at.
    Governs {
        /// What it does, in words.
        what: &'static str,
    },
    /// A rule of the configuration says so.
    Rule,
    /// `reads` in the crate's manifest names it.
    Declared,
    /// The manifest of the crate means something else.
    Manifest {
        /// The part that differs.
        part: String,
    },
    /// The root manifest means something else for the crate.
    Root {
        /// The part that differs.
        part: String,
    },
    /// `Cargo.lock` has something else for the crate to depend on.
    Locked {
        /// The package that differs.
        package: String,
    },
    /// It was not a member before.
    Added,
    /// It was a member before.
    Removed,
    /// It lay somewhere else before.
    Moved,
    /// What was in the directory of another package belongs to it now, or the other way round.
    Borders {
        /// That package.
        other: CrateName,
    },
    /// It is not known what changed.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// Why one crate depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is built from it.
    Normal,
    /// Its build script is.
    Build,
    /// Its tests, examples and benchmarks are.
    Dev,
    /// One of its sources starts a program of the other one.
    Starts {
        /// Whether that source is more than a test.
        builds: bool,
    },
    /// Its manifest declares that its tests start a program of the other one.
    Uses,
}

impl Link {
    /// Whether what depends on the crate is concerned as well.
    #[must_use]
    pub fn builds(self) -> bool {
        matches!(self, Self::Normal | Self::Build | Self::Starts { builds: true })
    }
}

/// One step of a change from crate to crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The crate that it comes to.
    pub to: CrateName,
    /// Why.
    pub link: Link,
}

impl Affected {
    /// The members that are touched, sorted by name.
    pub fn crates(&self) -> impl Iterator<Item = &AffectedCrate> {
        self.members().iter().filter(|krate| !krate.kinds.is_empty())
    }

    /// All members, sorted by name.
    #[must_use]
    pub fn members(&self) -> &[AffectedCrate] {
        &self.crates[..self.members]
    }

    /// What was a member before and is none any more.
    #[must_use]
    pub fn removed(&self) -> &[AffectedCrate] {
        &self.crates[self.members..]
    }

    /// The member of this name.
    #[must_use]
    pub fn by_name(&self, name: &CrateName) -> Option<&AffectedCrate> {
        self.place(name).map(|place| &self.crates[place])
    }

    pub(super) fn place(&self, name: &CrateName) -> Option<usize> {
        self.members().binary_search_by(|krate| krate.name.cmp(name)).ok()
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.everything.is_none() && self.files.is_empty()
    }

    /// Why a crate is touched in one of these ways: what touches the first crate of the chain, that crate, and the steps
    /// from there. The shortest such chain.
    #[must_use]
    pub fn why(&self, name: &CrateName, kinds: Kinds) -> Option<(&Touch, &CrateName, Vec<Step>)> {
        let place = self.place(name)?;
        let mut here = place;
        let mut wanted = kinds;
        let mut steps = Vec::new();
        loop {
            let krate = &self.crates[here];
            if let Some(touch) = krate.touches.iter().find(|touch| touch.kinds.meets(wanted)) {
                steps.reverse();
                return Some((touch, &krate.name, steps));
            }
            let derived = krate
                .kinds
                .among(wanted)
                .meets(Kinds::of(&[Kind::Source, Kind::DevDependencies]));
            let (dependency, link) = self.spread.from[here].filter(|_| derived)?;
            steps.push(Step {
                to: krate.name.clone(),
                link,
            });
            here = dependency;
            wanted = Kinds::of(&[Kind::Source]);
        }
    }

    /// A path as people see it: from the root of the workspace.
    #[must_use]
    pub fn shown<'p>(&self, path: &'p Path) -> Cow<'p, Path> {
        from_root(&self.root, path)
    }
}

/// A path as it is from a root: with `..` where it lies above, as long as the two have more in common than `/`.
pub(crate) fn from_root<'p>(root: &Path, path: &'p Path) -> Cow<'p, Path> {
    if let Ok(below) = path.strip_prefix(root) {
        return below.into();
    }
    for (up, above) in (1..).zip(root.ancestors().skip(1)) {
        if let (Ok(below), true) = (path.strip_prefix(above), above.parent().is_some()) {
            return std::iter::repeat_n("..", up).collect::<PathBuf>().join(below).into();
        }
    }
    path.into()
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => write!(f, "a file of the crate"),
            Self::Read { by, how } => match how {
                How::Named | How::NamedInTests => write!(f, "`{}` names it", by.display()),
                How::Link => write!(f, "`{}` is a link to it", by.display()),
                How::DepInfo => write!(f, "the compiler read it for `{}`", by.display()),
                How::BuildScript => write!(f, "`{}` asked cargo to watch it", by.display()),
            },
            Self::Untold { script } => write!(f, "`{}` does not tell cargo what it reads", script.display()),
            Self::Outside { dir } => write!(
                f,
                "a file of the package in `{}`, which the crate is built from",
                dir.display()
            ),
            Self::Governs { what } => write!(f, "{what}"),
            Self::Rule => write!(f, "a rule of the configuration names the crate for it"),
            Self::Declared => write!(f, "`reads` in the crate's manifest names it"),
            Self::Manifest { part } => write!(f, "{part} in the crate's manifest"),
            Self::Root { part } => write!(f, "{part} in the root manifest"),
            Self::Locked { package } => write!(f, "another `{package}` in Cargo.lock"),
            Self::Added => write!(f, "a new member"),
            Self::Removed => write!(f, "a member no more"),
            Self::Moved => write!(f, "the crate lies in another directory"),
            Self::Borders { other } => write!(f, "files went from or to `{other}`"),
            Self::Unknown { why } => write!(f, "{why}"),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Normal => "depends on it",
            Self::Build => "its build script depends on it",
            Self::Dev => "its tests depend on it",
            Self::Starts { .. } => "starts its program",
            Self::Uses => "declares that its tests use it",
        })
    }
}
