//! What lies in the user's directories under names of ours while files take their places there, so that a later run can tidy up
//! where this one was killed.
//!
//! Whatever happens, a file has its name and its content at any moment: what may stay behind is the other one of the two,
//! under a name that nobody knows.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::below::PlainFile;
use super::directory::PrivateDir;
use super::exchange::Identity;
use super::new_file::Durability;
use crate::model::fnv1a;

/// The file, in a directory of ours: who has that to himself knows that nobody else is at work.
const NAME: &str = "displaced";

/// It names the files of one run.
const LONGEST: u64 = 1 << 30;

/// Something that may lie in a directory of the user's under a name of ours.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trace {
    dir: Vec<u8>,
    hidden: Vec<u8>,
    /// The file that we have made.
    ours: Option<Identity>,
    /// What the other one contained, or ours before it was known: nothing is lost where this is what lies there.
    known: Option<(u64, u64)>,
}

impl Trace {
    pub(crate) fn new(dir: &Path, hidden: &OsStr, ours: Option<Identity>, known: Option<&[u8]>) -> Self {
        Self {
            dir: dir.as_os_str().as_bytes().to_vec(),
            hidden: hidden.as_bytes().to_vec(),
            ours,
            known: known.map(digest),
        }
    }

    fn paths(&self) -> (PathBuf, OsString) {
        let own = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        (own(&self.dir).into(), own(&self.hidden))
    }
}

fn digest(content: &[u8]) -> (u64, u64) {
    (content.len() as u64, fnv1a(content.iter().copied()))
}

/// Notes down what is going to happen, before it does.
pub(crate) fn note_traces(dir: &PrivateDir, entries: &[Trace]) -> io::Result<()> {
    dir.write(NAME, &serde_json::to_vec(entries)?, Durability::Now)
}

/// It has happened.
pub(crate) fn forget_traces(dir: &PrivateDir) {
    dir.remove(NAME);
}

/// Removes what a run that was killed has left. What somebody may miss stays, and is named.
pub(crate) fn remove_traces(dir: &PrivateDir) {
    let Ok(text) = dir.read(NAME, LONGEST) else { return };
    let entries: Vec<Trace> = serde_json::from_slice(&text).unwrap_or_default();
    for entry in entries {
        let (above, hidden) = entry.paths();
        let Ok(found) = PlainFile::read(&above, Path::new(&hidden)) else {
            continue;
        };
        let is_ours = entry.ours == Some((found.metadata.dev(), found.metadata.ino()));
        let path = above.join(&hidden);
        if !is_ours && entry.known != Some(digest(&found.content)) {
            tracing::warn!(path = %path.display(), "somebody has written to this file when it had another name and was repaired");
        } else if let Err(error) = std::fs::remove_file(&path) {
            tracing::debug!(%error, path = %path.display(), "what was displaced cannot be removed");
        }
    }
    forget_traces(dir);
}
