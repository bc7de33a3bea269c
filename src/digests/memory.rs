//! Keeps what was found in files of ours. Nothing here is an error: without the file, everything is found again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::model::Digest;

/// What stands before the content: what kind of file it is, and the digest of the content.
const HEAD: usize = 16 + 32;

/// What a file of this name holds, if there is one of this kind that is whole and ours alone. It begins after the head.
pub(super) fn load(dir: Option<&Path>, name: &str, kind: [u8; 16]) -> Option<Content> {
    let path = dir?.join(name);
    let file = read(&path)
        .inspect_err(|error| tracing::debug!(%error, path = %path.display(), "nothing is remembered"))
        .ok()?;
    let (head, content) = file.split_at_checked(HEAD)?;
    if head[..16] != kind || head[16..] != Digest::of(content).as_bytes()[..] {
        tracing::warn!(path = %path.display(), "what was remembered is damaged or of another version: it is found again");
        return None;
    }
    Some(Content(file))
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Content(Vec<u8>);

impl Content {
    /// What a file would hold that [`begin`] has begun.
    pub(super) fn made(file: Vec<u8>) -> Self {
        Self(file)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[HEAD..]
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let found = file.metadata()?;
    let ours = found.is_file() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if !ours {
        return Err(io::Error::other("others may have written it"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Begins the content of a file, which [`save`] completes.
pub(super) fn begin(kind: [u8; 16], room: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEAD + room);
    file.extend_from_slice(&kind);
    file.resize(HEAD, 0);
    file
}

/// Writes a file whole or not at all.
pub(super) fn save(dir: Option<&Path>, name: &str, mut file: Vec<u8>) {
    let Some(dir) = dir else { return };
    let (head, content) = file.split_at_mut(HEAD);
    head[16..].copy_from_slice(Digest::of(content).as_bytes());
    if let Err(error) = written(dir, name, &file) {
        tracing::debug!(%error, dir = %dir.display(), "nothing can be remembered");
    }
}

fn written(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    // Two programs, or threads of one, may write at the same time: each to its own file, and the last one stays.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let new = dir.join(format!("{name}.new-{}-{count}", std::process::id()));
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&new);
    let result = opened
        .and_then(|mut file: File| file.write_all(content))
        .and_then(|()| fs::rename(&new, dir.join(name)));
    if result.is_err() {
        let _ = fs::remove_file(&new);
    }
    result
}
