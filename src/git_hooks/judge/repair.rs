//! Repairs what is judged, and brings that back.

use std::path::{Path, PathBuf};

use super::{JudgeError, Trial};
use crate::git_hooks::repairs::{self, BroughtBack};
use crate::git_hooks::snapshot::{Place, Repaired, Snapshot};

impl Trial {
    /// Whether it can be repaired: whether it is a snapshot of something that is going to be committed.
    #[must_use]
    pub fn can_be_repaired(&self) -> bool {
        matches!(&self.place, Some(Place::Snapshot(snapshot)) if snapshot.index().is_some())
    }

    /// What fixers have made of it, if they have changed anything. From then on, that is what is judged.
    ///
    /// # Errors
    ///
    /// Where nobody can tell.
    pub fn repaired(&mut self) -> Result<Option<Repaired>, JudgeError> {
        match &mut self.place {
            Some(Place::Snapshot(snapshot)) => Ok(snapshot.repaired()?),
            Some(Place::InPlace(_)) | None => Ok(None),
        }
    }

    /// Brings the repairs into the working tree: each file as a whole, and only where it loses nothing.
    ///
    /// # Errors
    ///
    /// Where what has to be kept cannot be kept.
    pub fn bring_back(&self, repaired: &Repaired) -> Result<BroughtBack, JudgeError> {
        let (snapshot, state) = self.repairing()?;
        Ok(repairs::bring_back(snapshot, repaired, state)?)
    }

    /// Keeps the repairs as a patch for what is staged, and brings none of them back.
    ///
    /// # Errors
    ///
    /// Where it cannot be kept.
    pub fn keep(&self, repaired: &Repaired) -> Result<PathBuf, JudgeError> {
        let (snapshot, state) = self.repairing()?;
        Ok(repairs::keep_all(snapshot, repaired, state)?)
    }

    /// Makes the repairs part of what is committed; else says which file is not staged as it was judged any more.
    ///
    /// # Errors
    ///
    /// Where git does not do it.
    pub fn stage(&self, repaired: &Repaired) -> Result<Result<(), PathBuf>, JudgeError> {
        let (snapshot, _) = self.repairing()?;
        Ok(repairs::stage(snapshot, repaired)?)
    }

    /// The snapshot, and where the state is.
    fn repairing(&self) -> Result<(&Snapshot, &Path), JudgeError> {
        match (&self.place, &self.options.image) {
            (Some(Place::Snapshot(snapshot)), Some(image)) => Ok((snapshot, &image.state_dir)),
            _ => Err(JudgeError::NotRepaired),
        }
    }
}
