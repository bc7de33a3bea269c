//! Where git looks for the hooks of a repository, and whether anything may be put there.
//!
//! Only git knows: `core.hooksPath` may stand in any of its configurations. Nothing is changed here.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::changes::{Git, Refusal};
use crate::config::Stage;
use crate::model::Keyword;

/// The place of a repository's hooks, as it is seen from one of its working trees.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The top of the working tree: the directory in which git runs hooks.
    pub(crate) top: PathBuf,
    /// The directory that git looks for hooks in.
    pub(crate) dir: PathBuf,
    /// The directory of the repository that all its working trees share.
    pub(crate) common: PathBuf,
    /// The setting that names the directory, if one does.
    pub(crate) setting: Option<Setting>,
}

/// A value of `core.hooksPath`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// How far it reaches, in git's word: `system`, `global`, `local`, `worktree` or `command`.
    pub(crate) scope: String,
    /// Where it is written, in git's words.
    pub(crate) origin: String,
}

/// Why there is no place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// There is no repository, or none with a working tree.
    #[error("git finds no working tree of a repository in `{}`: {words}", dir.display())]
    NoRepository {
        /// Where it was looked for.
        dir: PathBuf,
        /// What git said.
        words: String,
    },
}

/// Why nothing is put into the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsuitable {
    /// It is no directory: hooks are switched off.
    #[error("git looks for hooks in `{}`, which is no directory{by}", dir.display())]
    NoDirectory {
        /// The place.
        dir: PathBuf,
        /// Which setting says so.
        by: By,
    },
    /// It is only where it is for commands with this environment.
    #[error("the environment sets core.hooksPath: git looks for hooks in `{}` only where it is set so", dir.display())]
    Environment {
        /// The place.
        dir: PathBuf,
    },
    /// Other repositories may use it too.
    #[error("git looks for hooks in `{}`, which is outside of the repository and may be there for others too{by}", dir.display())]
    Outside {
        /// The place.
        dir: PathBuf,
        /// Which setting says so.
        by: By,
    },
    /// What is put there becomes a part of the repository, or would with the next `git add`.
    #[error("git looks for hooks in `{}`, which belongs to the files of the repository{by}", dir.display())]
    Committed {
        /// The place.
        dir: PathBuf,
        /// Which setting says so.
        by: By,
    },
}

/// Which setting is behind something, in brackets; nothing where none is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct By(Option<Setting>);

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(Setting { scope, origin }) => write!(f, " (core.hooksPath, {scope} configuration, {origin})"),
            None => Ok(()),
        }
    }
}

impl Place {
    /// Asks git, from a directory in the working tree.
    pub(crate) fn find(git: &Git, dir: &Path) -> Result<Self, PlaceError> {
        let no_repository = |refusal: Refusal| PlaceError::NoRepository {
            dir: dir.to_owned(),
            words: refusal.words().to_owned(),
        };
        let top = git
            .ask(dir, ["rev-parse", "--show-toplevel"])
            .map(|answer| path(&answer))
            .map_err(no_repository)?;
        // What git answers may be relative to where it is asked, and hooks run at the top.
        let common = git
            .ask(&top, ["rev-parse", "--git-common-dir"])
            .map(|answer| path(&answer))
            .map_err(no_repository)?;
        let hooks = git
            .ask_about_hooks(&top, ["rev-parse", "--git-path", "hooks"])
            .map(|answer| path(&answer))
            .map_err(no_repository)?;
        Ok(Self {
            dir: top.join(hooks),
            common: top.join(common),
            setting: setting(git, &top),
            top,
        })
    }

    /// Where git would look without any setting.
    pub(crate) fn usual(&self) -> PathBuf {
        self.common.join("hooks")
    }

    /// Where git would look without any setting, where it looks elsewhere.
    pub(crate) fn shadowed(&self) -> Option<PathBuf> {
        let usual = self.usual();
        (real(&usual) != real(&self.dir)).then_some(usual)
    }

    /// The file that git runs for a hook.
    pub(crate) fn hook(&self, stage: Stage) -> PathBuf {
        self.dir.join(stage.word())
    }

    /// Why nothing is to be put there, if that is so.
    pub(crate) fn unsuitable(&self, git: &Git) -> Option<Unsuitable> {
        let (dir, by) = (self.dir.clone(), By(self.setting.clone()));
        if self.dir.exists() && !self.dir.is_dir() {
            return Some(Unsuitable::NoDirectory { dir, by });
        }
        if self.setting.as_ref().is_some_and(|setting| setting.scope == "command") {
            return Some(Unsuitable::Environment { dir });
        }
        // A link may lead out of the repository, or to files of it.
        let real = real(&self.dir);
        if real.starts_with(self::real(&self.common)) {
            return None;
        }
        match real.strip_prefix(self::real(&self.top)) {
            Ok(below) if !is_ignored(git, &self.top, below) => Some(Unsuitable::Committed { dir, by }),
            Ok(_) => None,
            Err(_) => Some(Unsuitable::Outside { dir, by }),
        }
    }

    /// The way out, for a person.
    pub(crate) fn instead_of(&self, unsuitable: &Unsuitable) -> String {
        let usual = self.usual();
        let own = format!(
            "`git config --local core.hooksPath {}` gives this repository hooks of its own; those of the other place do \
             not run in it then",
            shell_words::quote(&usual.to_string_lossy())
        );
        match unsuitable {
            Unsuitable::NoDirectory { .. } | Unsuitable::Outside { .. } => own,
            Unsuitable::Environment { .. } => {
                "take it out of the environment, GIT_CONFIG_COUNT and what belongs to it".to_owned()
            }
            Unsuitable::Committed { .. } => "a line in the hooks that are there does the same, on every machine: \
                                             `cargo-hooks git-hook pre-commit -- \"$@\"`"
                .to_owned(),
        }
    }
}

/// The value that counts, if there is one.
fn setting(git: &Git, top: &Path) -> Option<Setting> {
    let question = [
        "config",
        "--show-scope",
        "--show-origin",
        "-z",
        "--get",
        "core.hooksPath",
    ];
    let answer = git.ask_about_hooks(top, question).ok()?;
    let mut fields = answer.split(|byte| *byte == 0);
    let mut text = || Some(String::from_utf8_lossy(fields.next()?).into_owned());
    Some(Setting {
        scope: text()?,
        origin: text()?,
    })
}

/// Whether git keeps out of the repository what is put into a directory of the working tree.
fn is_ignored(git: &Git, top: &Path, below: &Path) -> bool {
    let tracked = git.ask(
        top,
        [
            OsStr::new("ls-files"),
            OsStr::new("-z"),
            OsStr::new("--"),
            below.as_os_str(),
        ],
    );
    // This question takes no literal names; one that begins so is taken as it is.
    let file = Path::new(".").join(below).join(Stage::PreCommit.word());
    let words = ["--no-literal-pathspecs", "check-ignore", "-q", "--"].map(OsStr::new);
    let ignored = git.ask(top, words.into_iter().chain([file.as_os_str()]));
    tracked.is_ok_and(|names| names.is_empty()) && ignored.is_ok()
}

/// A path without links on the way, also where its end does not exist.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), ..) => path.to_owned(),
    }
}

/// A path as git prints it.
fn path(answer: &[u8]) -> PathBuf {
    let name = answer.strip_suffix(b"\n").unwrap_or(answer);
    PathBuf::from(OsStr::from_bytes(name))
}
