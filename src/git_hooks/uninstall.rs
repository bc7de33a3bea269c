//! Takes our scripts away, and gives what was there before its name back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::existing::{Existing, existing, is_same, metadata};
use super::install::kept;
use super::place::Place;
use crate::config::Stage;
use crate::model::Keyword;

/// What was done with one hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// It is gone.
    Gone,
    /// What was there before is there again.
    Restored,
    /// Another hook has taken the place of ours. What was kept stays under its own name.
    Left {
        /// Where.
        kept: PathBuf,
    },
}

/// Takes away those of these hooks that are ours: from where git looks now, and from where it looks without a setting, since
/// one may have been made after they were put there.
pub(crate) fn uninstall(place: &Place, stages: &[Stage]) -> Result<Vec<(PathBuf, Removed)>, (PathBuf, io::Error)> {
    let dirs = std::iter::once(place.dir.clone()).chain(place.shadowed());
    let dirs: Vec<_> = dirs.collect();
    let mut done = Vec::new();
    for (dir, stage) in dirs.iter().flat_map(|dir| stages.iter().map(move |stage| (dir, stage))) {
        let hook = dir.join(stage.word());
        match remove(&hook, *stage) {
            Ok(removed) => done.extend(removed.map(|removed| (hook, removed))),
            Err(error) => return Err((hook, error)),
        }
    }
    Ok(done)
}

fn remove(hook: &Path, stage: Stage) -> io::Result<Option<Removed>> {
    // There is nothing below what is no directory.
    if hook.parent().is_none_or(|dir| !dir.is_dir()) {
        return Ok(None);
    }
    let kept = kept(hook);
    let has_kept = metadata(&kept)?.is_some();
    Ok(match (existing(hook, stage)?, has_kept) {
        (Existing::Ours { .. } | Existing::Nothing, true) => {
            fs::rename(&kept, hook)?;
            Some(Removed::Restored)
        }
        (Existing::Ours { .. }, false) => {
            fs::remove_file(hook)?;
            Some(Removed::Gone)
        }
        // An installation was interrupted: both are names of what was there.
        (_, true) if is_same(hook, &kept)? => {
            fs::remove_file(&kept)?;
            Some(Removed::Restored)
        }
        (_, true) => Some(Removed::Left { kept }),
        (_, false) => None,
    })
}
