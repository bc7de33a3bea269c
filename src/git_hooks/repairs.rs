//! Brings back what fixers have made of a snapshot: into the working tree, and where that is wanted, into what is committed.
//!
//! The user goes on working meanwhile, and nothing that is written is ever lost: a file is repaired in one step, and only
//! where it is still what was read; else it stays as it is, and the repair is kept as a patch.

mod decide;
mod new_index;
mod put;
mod staging;
#[cfg(test)]
mod tests;
mod writers;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use decide::Hindrance;
pub(super) use staging::stage;

use decide::{Scene, decide};
use put::{Outcome, put};

use super::snapshot::{Repaired, RepairedFile, Snapshot, SnapshotError};
use crate::private_files::{Durability, PrivateDir, random};

/// Where what could not be brought back is kept.
const KEPT: [&str; 2] = ["v1", "repairs"];

/// What was kept is removed after this time.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(14 * 24);

/// What became of the repairs in the working tree.
#[derive(Debug, Default)]
pub struct BroughtBack {
    /// The files that are repaired now, relative to the top of the repository.
    pub repaired: Vec<PathBuf>,
    /// Those that stayed as they were.
    pub left: Vec<Left>,
    /// The repairs of these, as a patch for what is staged, where it could be kept.
    pub patch: Option<Result<PathBuf, SnapshotError>>,
    /// What somebody has written while a file was repaired, and cannot be seen in it any more.
    pub rescued: Vec<PathBuf>,
}

/// A file that stayed as it was.
#[derive(Debug)]
pub struct Left {
    /// The file, relative to the top of the repository.
    pub file: PathBuf,
    /// Why it was not repaired.
    pub why: Hindrance,
}

/// Repairs the files of the working tree.
pub(super) fn bring_back(snapshot: &Snapshot, repaired: &Repaired, state: &Path) -> Result<BroughtBack, SnapshotError> {
    let scene = Scene {
        top: snapshot.original(),
        git: snapshot.own_git(),
        dir: snapshot.dir(),
    };
    let step = |file: &RepairedFile| (file.path.clone(), decide(file, &scene));
    let steps = repaired.files.iter().map(step).collect();
    let keep = |content: &[u8]| {
        let kept = Kept::open(state).and_then(|kept| kept.keep("rescued", content));
        kept.inspect_err(|error| tracing::warn!(%error, "what somebody has written stays beside the file"))
            .ok()
    };
    let Outcome { results, rescued } = put(scene.top, steps, (snapshot.dir(), &keep))?;
    let mut back = BroughtBack {
        rescued,
        ..BroughtBack::default()
    };
    for (file, result) in repaired.files.iter().zip(results) {
        let file = file.path.clone();
        match result {
            Ok(()) => back.repaired.push(file),
            Err(why) => back.left.push(Left { file, why }),
        }
    }
    if !back.left.is_empty() {
        let left: Vec<&Path> = back.left.iter().map(|left| left.file.as_path()).collect();
        back.patch = Some(kept_patch(snapshot, repaired, &left, state));
    }
    Ok(back)
}

/// Keeps all of the repairs as a patch, and brings none of them back.
pub(super) fn keep_all(snapshot: &Snapshot, repaired: &Repaired, state: &Path) -> Result<PathBuf, SnapshotError> {
    let files: Vec<&Path> = repaired.files.iter().map(|file| file.path.as_path()).collect();
    kept_patch(snapshot, repaired, &files, state)
}

fn kept_patch(
    snapshot: &Snapshot,
    repaired: &Repaired,
    files: &[&Path],
    state: &Path,
) -> Result<PathBuf, SnapshotError> {
    Kept::open(state)?.keep("patch", &snapshot.patch(repaired, files)?)
}

/// Where patches lie.
struct Kept(PrivateDir);

impl Kept {
    fn open(state: &Path) -> Result<Self, SnapshotError> {
        let dir = PrivateDir::make(state, &KEPT)?;
        let now = SystemTime::now();
        for name in dir.names() {
            if dir.is_older(&name, FORGOTTEN_AFTER, now) {
                dir.remove(&name);
            }
        }
        Ok(Self(dir))
    }

    /// Keeps it, and says where.
    fn keep(&self, extension: &str, content: &[u8]) -> Result<PathBuf, SnapshotError> {
        let name = format!("{:016x}.{extension}", random());
        let path = self.0.path().join(&name);
        match self.0.write(&name, content, Durability::Now) {
            Ok(()) => Ok(path),
            Err(source) => Err(SnapshotError::Io { path, source }),
        }
    }
}
