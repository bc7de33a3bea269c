//! Keeps what was found in files of ours. Nothing here is an error: without the file, everything is found again.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// What a file of this name holds, if there is one.
pub(super) fn load(dir: Option<&Path>, name: &str) -> Option<Vec<u8>> {
    let path = dir?.join(name);
    fs::read(&path)
        .inspect_err(|error| tracing::debug!(%error, path = %path.display(), "nothing is remembered"))
        .ok()
}

/// Writes a file whole or not at all.
pub(super) fn save(dir: Option<&Path>, name: &str, content: &[u8]) {
    let Some(dir) = dir else { return };
    if let Err(error) = written(dir, name, content) {
        tracing::debug!(%error, dir = %dir.display(), "nothing can be remembered");
    }
}

fn written(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    // Two programs may write at the same time: each to its own file, and the last one stays.
    let new = dir.join(format!("{name}.{}", std::process::id()));
    let result = fs::write(&new, content)
        .and_then(|()| fs::set_permissions(&new, Permissions::from_mode(0o600)))
        .and_then(|()| fs::rename(&new, dir.join(name)));
    if result.is_err() {
        let _ = fs::remove_file(&new);
    }
    result
}
