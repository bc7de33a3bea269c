//! What a repair means for a file of the user's, which may be another one than that which was repaired.

use std::io;
use std::path::Path;

use crate::changes::Git;
use crate::git_hooks::snapshot::{RepairedFile, Side};
use crate::private_files::{Durability, PlainFile, PrivateDir};

/// What is to be done with a file.
#[derive(Debug)]
pub(super) enum Step {
    /// Another file takes its place.
    Write {
        /// What is there.
        old: Box<PlainFile>,
        /// What is to be there.
        content: Vec<u8>,
        /// Whether it is to be executable, where that changes.
        executable: Option<bool>,
    },
    /// It is made.
    Make {
        /// What is to be in it.
        content: Vec<u8>,
        /// Whether it is to be executable.
        executable: bool,
    },
    /// It is removed.
    Remove(Box<PlainFile>),
}

/// Why a file stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hindrance {
    /// The same lines were changed.
    #[error("what is not staged of it was changed in the same place, or is no text")]
    Conflict,
    /// It is not there.
    #[error("it is not there any more")]
    Gone,
    /// Something else has the name of a new file.
    #[error("something else lies there")]
    Taken,
    /// It is a link or a directory now.
    #[error("it is no plain file there")]
    NotPlain,
    /// What was repaired is a link or a submodule.
    #[error("it is no plain file")]
    Kind,
    /// A filter stands between the file and what is committed of it.
    #[error("a filter makes it another one in the working tree")]
    Filtered,
    /// Somebody has written to it.
    #[error("it was changed meanwhile")]
    Newer,
    /// Somebody is about to write to it.
    #[error("a program has it open to write to it")]
    InUse,
    /// It cannot be read, or not be written.
    #[error("{0}")]
    Failed(String),
}

impl Hindrance {
    pub(super) fn failed(what: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => {
                Self::Failed("its file system cannot exchange files".to_owned())
            }
            _ => Self::Failed(format!("it cannot be {what}: {error}")),
        }
    }
}

/// Where files are looked at.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    /// The top of the user's working tree.
    pub(super) top: &'a Path,
    /// Git, for no repository of the user's.
    pub(super) git: Git,
    /// Where files can be written that are needed for a moment.
    pub(super) dir: &'a PrivateDir,
}

/// What is to be done with a file, nothing where it is repaired already, or why nothing can be done.
pub(super) fn decide(file: &RepairedFile, scene: &Scene<'_>) -> Result<Option<Step>, Hindrance> {
    let found = PlainFile::read(scene.top, &file.path);
    match (&file.before, &file.after) {
        (Some(before), Some(after)) if before.is_file() && after.is_file() => match found {
            Ok(old) => changed(before, after, old, scene),
            Err(error) if is_absence(&error) && file.is_left_out => Ok(None),
            Err(error) => Err(unread(&error)),
        },
        (None, Some(after)) if after.is_file() => match found {
            Ok(old) if old.content == after.content => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Step::Make {
                content: after.content.clone(),
                executable: after.is_executable(),
            })),
            _ => Err(Hindrance::Taken),
        },
        (Some(before), None) if before.is_file() => match found {
            Ok(old) if old.content == before.content => Ok(Some(Step::Remove(Box::new(old)))),
            Ok(_) => Err(Hindrance::Conflict),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(unread(&error)),
        },
        _ => Err(Hindrance::Kind),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unread(error: &io::Error) -> Hindrance {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Hindrance::Gone,
        io::ErrorKind::InvalidInput => Hindrance::NotPlain,
        _ => Hindrance::failed("read", error),
    }
}

/// A file that fixers have changed, and that the user may have changed as well.
fn changed(before: &Side, after: &Side, old: PlainFile, scene: &Scene<'_>) -> Result<Option<Step>, Hindrance> {
    use std::os::unix::fs::PermissionsExt;
    let is_executable = old.metadata.permissions().mode() & 0o111 != 0;
    let executable =
        Some(after.is_executable()).filter(|wanted| before.is_executable() != *wanted && is_executable != *wanted);
    let content = if old.content == after.content {
        after.content.clone()
    } else if !before.is_as_stored() || !after.is_as_stored() {
        return Err(Hindrance::Filtered);
    } else if old.content == before.content {
        after.content.clone()
    } else if before.content == after.content {
        old.content.clone()
    } else {
        merged(before, after, &old, scene)?
    };
    if content == old.content && executable.is_none() {
        return Ok(None);
    }
    let old = Box::new(old);
    Ok(Some(Step::Write {
        old,
        content,
        executable,
    }))
}

/// Both changes together, where they do not meet.
fn merged(before: &Side, after: &Side, old: &PlainFile, scene: &Scene<'_>) -> Result<Vec<u8>, Hindrance> {
    let texts = [
        ("merge-theirs", &old.content),
        ("merge-before", &before.content),
        ("merge-repaired", &after.content),
    ];
    for (name, text) in texts {
        let written = scene.dir.write(name, text, Durability::Later);
        written.map_err(|error| Hindrance::failed("merged", &error))?;
    }
    let dir = scene.dir.path();
    let names = texts.map(|(name, _)| dir.join(name).into_os_string());
    let question = ["merge-file", "--stdout", "--"].map(std::ffi::OsString::from);
    let answer = scene.git.ask(dir, question.into_iter().chain(names));
    for (name, _) in texts {
        scene.dir.remove(name);
    }
    // Git also says by its exit code that they meet, and that it is no text.
    answer.map_err(|_| Hindrance::Conflict)
}
