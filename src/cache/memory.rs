//! The keys of the last plan, so that nothing is worked out again where nothing has changed: no manifest is read, no source
//! looked at and no git asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::look::{Glance, KeyDigests, Known, Look};
use crate::digests::PathDigest;
use crate::model::{CrateName, Digest, TaskId};
use crate::plan::{Companions, Plan};
use crate::private_files::{Durability, PrivateDir};

/// Where it is remembered below the state of a repository.
const FILE: &str = "keys-4";
/// No such file of ours is larger.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Memory {
    /// What it is the answer to.
    question: String,
    /// Where nothing was, outside of the tree: most of what tools look for.
    nothing_at: Vec<PathBuf>,
    /// What else was looked at outside of the tree, and what was there.
    elsewhere: Vec<(PathBuf, String)>,
    keys: Vec<(u32, Option<CrateName>, String)>,
    companions: Companions,
}

/// Everything that the keys of a plan follow from, but for what lies elsewhere.
pub(super) fn question(glance: &Glance<'_>, plan: &Plan) -> Digest {
    let mut text = format!("{} {:?}", glance.basis, glance.around);
    for task in plan.tasks() {
        let _ = write!(text, "{} {:?} {:?}", task.head.id.index(), task.crates, task.basis);
    }
    Digest::of(text.as_bytes())
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
    let tree = &glance.tree;
    let is_nothing_at =
        |path: &PathBuf| tree.is_seen_to_lack(path) || matches!(tree.of_path(path), PathDigest::Nothing);
    let holds = |(path, digest): &(PathBuf, String)| {
        let now = tree.of_path(path).known();
        now.is_some_and(|now| now.to_string() == *digest)
    };
    let is_same = memory.question == question.to_string()
        && memory.nothing_at.iter().all(is_nothing_at)
        && memory.elsewhere.iter().all(holds);
    if !is_same {
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
    let root = &look.glance.request.workspace.root;
    let mut nothing_at = Vec::new();
    let mut elsewhere = Vec::new();
    for (path, found) in &look.meaning.elsewhere {
        match (found, found.known()) {
            (PathDigest::Nothing, _) => nothing_at.push(path.strip_prefix(root).unwrap_or(path).to_owned()),
            (_, Some(digest)) => elsewhere.push((path.clone(), digest.to_string())),
            (_, None) => return,
        }
    }
    let keys: BTreeMap<_, _> = known.digests.iter().collect();
    let memory = Memory {
        question: question.to_string(),
        nothing_at,
        elsewhere,
        keys: (keys.into_iter())
            .map(|((task, krate), digest)| (task.0, krate.clone(), digest.to_string()))
            .collect(),
        companions: known.companions.clone(),
    };
    // A path that is no text cannot be written in this form.
    let Ok(text) = serde_json::to_vec(&memory) else { return };
    let mut bytes = Digest::of(&text).to_string().into_bytes();
    bytes.extend(text);
    let dir = PrivateDir::make(&look.glance.request.state_dir, &[]).map_err(std::io::Error::other);
    if let Err(error) = dir.and_then(|dir| dir.write(FILE, &bytes, Durability::Later)) {
        tracing::debug!(%error, "the keys cannot be remembered");
    }
}
