//! Keeps what was found in files of ours. Nothing here is an error: without the file, everything is found again.

use std::path::Path;
use std::time::SystemTime;

use crate::model::Digest;
use crate::private_files::{Durability, PrivateDir};

/// What stands before the content: what kind of file it is, and the digest of the content.
const HEAD: usize = 16 + 32;

/// No file of ours is larger: a tree of a million files needs a third of it.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What a file of this name holds, if there is one of this kind that is whole and ours alone. It begins after the head.
pub(super) fn load(dir: Option<&Path>, name: &str, kind: [u8; 16]) -> Option<Content> {
    let dir = dir?;
    let opened = PrivateDir::open(dir, &[]).inspect_err(|reason| tracing::debug!(%reason, "nothing is remembered"));
    let file = opened
        .ok()?
        .read(name, LARGEST)
        .inspect_err(|error| tracing::debug!(%error, name, dir = %dir.display(), "nothing is remembered"))
        .ok()?;
    let is_whole =
        |(head, content): (&[u8], &[u8])| head[..16] == kind && head[16..] == Digest::of(content).as_bytes()[..];
    if !file.split_at_checked(HEAD).is_some_and(is_whole) {
        tracing::warn!(name, dir = %dir.display(), "what was remembered is damaged or of another version: it is found again");
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
    let opened = PrivateDir::make(dir, &[]).inspect_err(|reason| tracing::debug!(%reason, "nothing can be remembered"));
    let Ok(opened) = opened else { return };
    // Writers that were killed have left files behind.
    opened.sweep(SystemTime::now());
    if let Err(error) = opened.write(name, &file, Durability::Later) {
        tracing::debug!(%error, name, dir = %dir.display(), "nothing can be remembered");
    }
}
