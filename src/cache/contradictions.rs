//! What failed now on the same content that it passed on before: then one of the two is no proof.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::keep::Ends;
use super::look::{Keys, Look};
use crate::event::{CrateVerdict, Failure, Outcome, TaskFinished};
use crate::fingerprint::Key;
use crate::model::{CrateName, Digest};
use crate::plan::Plan;
use crate::results::{self, Results};
use crate::store::StoreError;

/// A failure where a pass was remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The task.
    pub task: String,
    /// The crate, where each of them passes for itself.
    pub krate: Option<CrateName>,
    /// When it passed.
    pub passed: SystemTime,
    pub(super) key: Digest,
}

impl Look<'_> {
    /// The failures that contradict a pass.
    pub(super) fn contradictions(&self, plan: &Plan, keys: &Keys, ends: &Ends) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut results = None;
        for finished in ends.0.iter().filter(|finished| has_failed(finished)) {
            let task = plan.task(finished.task.id);
            let (Some(keys), Some(basis)) = (keys.0.get(&finished.task.id), &task.basis) else {
                continue;
            };
            let results = results.get_or_insert_with(|| Results::open_again(&self.glance.request.state_dir));
            let contradicted = |(krate, key): &&(Option<CrateName>, Key)| {
                let pass = results.find(&key.digest).find(|hit| self.glance.holds(hit, basis))?;
                Some(Contradiction {
                    task: task.head.label(),
                    krate: krate.clone(),
                    passed: pass.at(),
                    key: key.digest,
                })
            };
            let is_named = |(krate, _): &&(Option<CrateName>, Key)| {
                let verdict = krate.as_ref().and_then(|name| finished.crates.get(name));
                verdict == Some(&CrateVerdict::Failed)
            };
            if keys.iter().any(|key| is_named(&key)) {
                found.extend(keys.iter().filter(is_named).filter_map(|key| contradicted(&key)));
            } else {
                // Nobody knows which of them it is: then it is none that had not passed before.
                let all: Option<Vec<_>> = keys.iter().map(|key| contradicted(&key)).collect();
                found.extend(all.into_iter().flatten());
            }
        }
        found
    }
}

/// Whether a task has failed by what its tool says, rather than not having come to an end.
fn has_failed(finished: &TaskFinished) -> bool {
    matches!(
        finished.outcome,
        Outcome::Failed(Failure::Exit { .. } | Failure::Denied { .. })
    )
}

/// Forgets the passes that were contradicted.
pub(super) fn forget(look: &Look<'_>, contradictions: &[Contradiction]) -> Result<(), StoreError> {
    let keys: BTreeSet<Digest> = contradictions.iter().map(|contradiction| contradiction.key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    results::forget(&look.glance.request.state_dir, &keys)
}
