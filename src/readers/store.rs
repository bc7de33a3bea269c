//! Keeps what was found in files of ours. Nothing here is an error: without the file, everything is found again.

use std::path::Path;
use std::time::SystemTime;

use crate::private_files::{Durability, PrivateDir};

/// No file of ours is larger: the facts about a hundred thousand sources need a tenth of it.
const LARGEST: u64 = 256 * 1024 * 1024;

/// What a file of this name holds, if there is one.
pub(super) fn load(dir: Option<&Path>, name: &str) -> Option<Vec<u8>> {
    let dir = dir?;
    let opened = PrivateDir::open(dir, &[]).inspect_err(|reason| tracing::debug!(%reason, "nothing is remembered"));
    opened
        .ok()?
        .read(name, LARGEST)
        .inspect_err(|error| tracing::debug!(%error, name, dir = %dir.display(), "nothing is remembered"))
        .ok()
}

/// Writes a file whole or not at all.
pub(super) fn save(dir: Option<&Path>, name: &str, content: &[u8]) {
    let Some(dir) = dir else { return };
    let opened = PrivateDir::make(dir, &[]).inspect_err(|reason| tracing::debug!(%reason, "nothing can be remembered"));
    let Ok(opened) = opened else { return };
    opened.sweep(SystemTime::now());
    if let Err(error) = opened.write(name, content, Durability::Later) {
        tracing::debug!(%error, name, dir = %dir.display(), "nothing can be remembered");
    }
}
