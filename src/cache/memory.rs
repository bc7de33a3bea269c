//! The keys of the last plan, so that nothing is worked out again where nothing has changed: no manifest is read, no source
//! looked at and no git asked.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::look::{Glance, KeyDigests, Known, Look};
use crate::digests::Kind;
use crate::model::{CrateName, Digest, TaskId};
use crate::plan::{Companions, Plan};
use crate::private_files::{Durability, PrivateDir};

/// Where it is remembered below the state of a repository.
const FILE: &str = "keys-2";
/// No such file of ours is larger.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Memory {
    /// What it is the answer to.
    question: String,
    /// What was looked at outside of the tree, and what was there.
    elsewhere: Vec<(Vec<u8>, String)>,
    keys: Vec<(u32, Option<CrateName>, String)>,
    companions: Companions,
}

/// Everything that the keys of a plan follow from, but for what lies elsewhere.
pub(super) fn question(glance: &Glance<'_>, plan: &Plan) -> Digest {
    let mut text = Vec::with_capacity(glance.tree.len() * 96);
    for entry in glance.tree.entries() {
        text.extend_from_slice(entry.path.as_os_str().as_bytes());
        let content = entry.content.known().map(|digest| *digest.as_bytes());
        // What cannot be read makes no key, so that two such trees have the same keys.
        text.extend_from_slice(&content.unwrap_or_default());
        text.push(match entry.kind {
            Kind::File { executable: false } => b'f',
            Kind::File { executable: true } => b'p',
            Kind::Link => b'l',
            Kind::Hidden => b'h',
        });
        text.extend_from_slice(&entry.size.to_le_bytes());
        text.push(0);
    }
    let request = glance.request;
    let mut rest = String::new();
    let _ = write!(rest, "{:?}", glance.around);
    let _ = write!(
        rest,
        "{:?} {:?}",
        request.config.settings.rules, request.config.declared
    );
    let _ = write!(rest, "{} {:?}", request.workspace.root.display(), request.scan.outside);
    for (path, found) in &glance.named {
        text.extend_from_slice(path.as_os_str().as_bytes());
        let _ = write!(rest, "{:?}", found.known());
    }
    // Git may ignore these, so that they are not in the tree, and they are read all the same.
    let members = request.workspace.crates().iter().map(|krate| krate.manifest.clone());
    let outside = request
        .workspace
        .outside
        .iter()
        .map(|outside| outside.dir.join("Cargo.toml"));
    let read = [
        request.workspace.manifest.clone(),
        request.workspace.root.join("Cargo.lock"),
    ];
    for path in members.chain(outside).chain(read) {
        let _ = write!(rest, "{:?}", glance.tree.of_path(&path).known());
    }
    for task in plan.tasks() {
        let _ = write!(rest, "{} {:?} {:?}", task.head.id.index(), task.crates, task.basis);
    }
    text.extend_from_slice(rest.as_bytes());
    Digest::of(&text)
}

/// The keys, where they are remembered for this question and nothing else has changed.
pub(super) fn recall(glance: &Glance<'_>, question: Digest) -> Option<Known> {
    let bytes = PrivateDir::open(&glance.request.state_dir, &[])
        .ok()?
        .read(FILE, LARGEST)
        .ok()?;
    let (sealed, text) = bytes.split_at_checked(64)?;
    if sealed != Digest::of(text).to_string().as_bytes() {
        return None;
    }
    let memory: Memory = serde_json::from_slice(text).ok()?;
    let holds = |(path, digest): &(Vec<u8>, String)| {
        let path = PathBuf::from(OsString::from_vec(path.clone()));
        glance
            .tree
            .of_path(&path)
            .known()
            .is_some_and(|now| now.to_string() == *digest)
    };
    if memory.question != question.to_string() || !memory.elsewhere.iter().all(holds) {
        return None;
    }
    let key = |(task, krate, digest): (u32, Option<CrateName>, String)| {
        Some(((TaskId(task), krate), Digest::from_hex(&digest)?))
    };
    Some(Known {
        digests: memory.keys.into_iter().map(key).collect::<Option<KeyDigests>>()?,
        companions: memory.companions,
    })
}

/// Remembers the keys. What cannot be read elsewhere may be anything next time.
pub(super) fn remember(look: &Look<'_>, question: Digest, known: &Known) {
    let of_path = |(path, found): &(PathBuf, crate::digests::PathDigest)| {
        Some((path.as_os_str().as_bytes().to_vec(), found.known()?.to_string()))
    };
    let Some(elsewhere) = look.elsewhere.iter().map(of_path).collect() else {
        return;
    };
    let keys: BTreeMap<_, _> = known.digests.iter().collect();
    let memory = Memory {
        question: question.to_string(),
        elsewhere,
        keys: (keys.into_iter())
            .map(|((task, krate), digest)| (task.0, krate.clone(), digest.to_string()))
            .collect(),
        companions: known.companions.clone(),
    };
    let Ok(text) = serde_json::to_vec(&memory) else { return };
    let mut bytes = Digest::of(&text).to_string().into_bytes();
    bytes.extend(text);
    let dir = PrivateDir::make(&look.glance.request.state_dir, &[]).map_err(std::io::Error::other);
    if let Err(error) = dir.and_then(|dir| dir.write(FILE, &bytes, Durability::Later)) {
        tracing::debug!(%error, "the keys cannot be remembered");
    }
}
