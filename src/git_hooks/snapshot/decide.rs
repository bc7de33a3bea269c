//! Whether a working tree is, for any check, the same as what is to be judged.

use std::fs;
use std::path::{Path, PathBuf};

use super::listing::Staged;
use super::repository::Repository;
use super::settings::{Conversion, Settings, conversion};
use crate::changes::Unstaged;

/// Why checks do not run in the working tree: the first reason that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// These files of the working tree are not what is judged. There may be more of them than are named.
    Files {
        /// The first of them.
        first: PathBuf,
        /// How many there are beside it.
        others: usize,
    },
    /// Git is told not to look at this file.
    Unwatched(PathBuf),
    /// What is judged is another commit than the one that is checked out.
    Commit,
    /// Filters, encodings or line ends may make files differ from what is committed of them.
    Conversion,
    /// Nothing differs, but fixers are to change what is judged, and the working tree is the user's.
    Repaired,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Files { first, others: 0 } => write!(f, "`{}` differs from what is judged", first.display()),
            Self::Files { first, others } => {
                write!(f, "`{}` and {others} more differ from what is judged", first.display())
            }
            Self::Unwatched(path) => write!(f, "git is told not to look at `{}`", path.display()),
            Self::Commit => f.write_str("another commit is checked out"),
            Self::Conversion => f.write_str("filters or line ends may make files differ from what is judged"),
            Self::Repaired => f.write_str("what is committed is repaired before it is judged"),
        }
    }
}

/// What of the working tree makes it another one than the index; nothing where no check can tell them apart, as far as this
/// tells.
pub(super) fn difference(unstaged: &Unstaged, unwatched: Option<&Path>, converted: Conversion) -> Option<Difference> {
    if let Some(first) = unstaged.files().next() {
        return Some(Difference::Files {
            first: first.to_owned(),
            others: unstaged.files().count() - 1,
        });
    }
    if let Some(path) = unwatched {
        return Some(Difference::Unwatched(path.to_owned()));
    }
    (converted == Conversion::Content).then_some(Difference::Conversion)
}

/// A file that never counts as changed: one that git is told not to look at, or that lies outside of what is checked out.
pub(super) fn unwatched<'l>(entries: &[Staged<'l>]) -> Option<&'l Path> {
    let unwatched = entries.iter().find(|entry| entry.tag != b'H' || entry.stage != 0);
    unwatched.map(|entry| entry.path)
}

/// The files that differ, in words.
pub(super) fn named(unstaged: &Unstaged) -> Option<String> {
    let first = unstaged.files().next()?.display();
    Some(match unstaged.files().count() - 1 {
        0 => format!("`{first}`"),
        others => format!("`{first}` and {others} more"),
    })
}

/// In what the files of the working tree may be other texts than those that git would write there, though git sees no change
/// in them.
pub(super) fn converted(repository: &Repository, entries: &[Staged<'_>], settings: &Settings) -> Conversion {
    if settings.may_convert_line_ends() {
        return Conversion::Content;
    }
    let of_tree = entries.iter().filter(|entry| entry.path.ends_with(".gitattributes"));
    let mut files: Vec<PathBuf> = of_tree.map(|entry| repository.top.join(entry.path)).collect();
    files.push(repository.common.join("info/attributes"));
    files.extend(of_user(repository, settings));
    let texts = files.iter().map(|file| fs::read(file).unwrap_or_default());
    texts.map(|text| conversion(&text)).max().unwrap_or_default()
}

/// The attributes of the user, and those of the machine.
fn of_user(repository: &Repository, settings: &Settings) -> Vec<PathBuf> {
    let environment = &repository.environment;
    let var = |name: &str| {
        environment
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = var("HOME");
    let named = settings
        .get("core.attributesfile")
        .map(|path| match (path.strip_prefix("~/"), &home) {
            (Some(below), Some(home)) => home.join(below),
            _ => repository.top.join(path),
        });
    let usual = || {
        let dir = var("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")))?;
        Some(dir.join("git/attributes"))
    };
    let machine = ["/etc/gitattributes", "/usr/local/etc/gitattributes"].map(PathBuf::from);
    named.or_else(usual).into_iter().chain(machine).collect()
}
