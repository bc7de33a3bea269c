//! Remembers what passes, once it is certain on what.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::contradictions::{Contradiction, forget};
use super::explain::written;
use super::look::{Glance, Keys, Look};
use super::records::Records;
use super::replays::encoded;
use super::stale::may_be_newer;
use super::surroundings;
use crate::environment::Given;
use crate::event::{CrateVerdict, Event, EventKind, TaskFinished};
use crate::fingerprint::{Fingerprints, Key};
use crate::model::{CrateName, Digest, Finding, TaskId};
use crate::plan::{Companions, Plan, Task};
use crate::results::{self, Pass, Recorded};
use crate::store::StoreError;
use crate::workspace::State;

/// Listens to a run, and gathers what came of it.
#[derive(Default)]
pub struct Ends(pub(super) Vec<TaskFinished>);

impl Ends {
    /// Hears what happens.
    pub fn hear(&mut self, event: &Event) {
        if let EventKind::TaskFinished(finished) = &event.kind
            // A pass that came after a failure is no proof, and who leaves processes behind has not come to an end.
            && finished.attempts == 1
            && finished.leaked == 0
        {
            self.0.push((**finished).clone());
        }
    }
}

impl Look<'_> {
    /// Remembers what passed in a run. Everything is looked at once more: what rests on something that has moved is not
    /// remembered. What failed where a pass of the same content was remembered is forgotten, and told.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub fn keep(
        &self,
        plan: &Plan,
        keys: &Keys,
        ends: &Ends,
        target_dirs: &[PathBuf],
    ) -> Result<Vec<Contradiction>, StoreError> {
        let passed: BTreeMap<TaskId, &TaskFinished> = (ends.0.iter())
            .filter(|finished| finished.outcome.is_pass() || !finished.crates.is_empty())
            .map(|finished| (finished.task.id, finished))
            .collect();
        let mut contradictions = self.contradictions(plan, keys, ends);
        if contradictions.is_empty() && !keys.0.keys().any(|task| passed.contains_key(task)) {
            return Ok(contradictions);
        }
        if SystemTime::now() < self.glance.at {
            tracing::debug!("the clock was set back meanwhile: no time shows what was touched");
            return Ok(Vec::new());
        }
        let Some(again) = self.again(plan, keys) else {
            return Ok(Vec::new());
        };
        let is_same = Arc::ptr_eq(&self.meaning, &again.meaning) && self.glance.around == again.glance.around;
        let keys_again = if is_same {
            Cow::Borrowed(keys)
        } else {
            Cow::Owned(again.keys(plan))
        };
        let fingerprints = &again.meaning.fingerprints;
        let mut keeper = Keeper {
            companions: fingerprints.companions(),
            fingerprints,
            records: Records::read(fingerprints.state(), target_dirs),
            look: &again,
            began: self.glance.at,
        };
        let still: BTreeSet<Digest> = (keys_again.0.values().flatten()).map(|(_, key)| key.digest).collect();
        contradictions.retain(|contradiction| still.contains(&contradiction.key));
        forget(self, &contradictions)?;
        keeper
            .records
            .compare(&again.glance.tree, &self.glance.request.state_dir, keeper.began);
        let (mut kept, mut blobs) = (Vec::new(), BTreeMap::new());
        for (id, finished) in passed {
            let (Some(before), Some(after)) = (keys.0.get(&id), keys_again.0.get(&id)) else {
                continue;
            };
            for (krate, key) in before {
                let same = after
                    .iter()
                    .find(|(name, now)| name == krate && now.digest == key.digest);
                let Some((_, key)) = same.filter(|_| has_passed(finished, krate.as_ref())) else {
                    continue;
                };
                if let Some(name) = krate
                    && !keeper.is_built_as_with_all(plan.task(id), name)
                {
                    continue;
                }
                if let Some(pass) = keeper.pass(plan.task(id), finished, krate.as_ref(), key, &mut blobs) {
                    kept.push(pass);
                }
            }
        }
        let saved = results::save(&self.glance.request.state_dir, &kept, &blobs)?;
        tracing::debug!(saved.stored, saved.too_large, "what passed is remembered");
        results::tidy(&self.glance.request.state_dir);
        Ok(contradictions)
    }

    /// The same look, taken again. The contents of the files that count are read again, whatever the system says of their
    /// times: what is written into the memory of a file changes none.
    fn again(&self, plan: &Plan, keys: &Keys) -> Option<Self> {
        let distrusted = self.places_in_tree(keys.0.values().flatten().map(|(_, key)| key));
        let at = SystemTime::now();
        let tree = Arc::new(self.glance.tree.again(&self.glance.request.scan, &distrusted));
        Self::deep(Glance::at(at, self.glance.request, plan, tree)?)
    }
}

/// Whether a crate of a task has passed; the whole of it where none is named.
fn has_passed(finished: &TaskFinished, krate: Option<&CrateName>) -> bool {
    match krate {
        Some(name) => finished.crates.get(name) == Some(&CrateVerdict::Passed),
        None => finished.outcome.is_pass(),
    }
}

struct Keeper<'k> {
    look: &'k Look<'k>,
    /// When the run began.
    began: SystemTime,
    fingerprints: &'k Fingerprints,
    companions: Companions,
    records: Records,
}

impl Keeper<'_> {
    /// What is remembered of a pass; nothing where it may rest on something else than its key says.
    fn pass(
        &self,
        task: &Task,
        finished: &TaskFinished,
        krate: Option<&CrateName>,
        key: &Key,
        blobs: &mut BTreeMap<Digest, Vec<u8>>,
    ) -> Option<Pass> {
        let basis = task.basis.as_ref()?;
        let recorded = if basis.builds {
            self.recorded(task, krate, key, &basis.given)?
        } else {
            Vec::new()
        };
        let is_about_it = |finding: &&Finding| match krate {
            // What is about no crate is said with the first.
            Some(name) => match &finding.crate_name {
                Some(of) => of == name,
                None => finished.crates.keys().next() == Some(name),
            },
            None => true,
        };
        let is_alone = krate.is_none() || finished.crates.len() == 1;
        let of_crate = |name| finished.output.of_crates.get(name).map_or(&[][..], Vec::as_slice);
        let output = match krate {
            _ if finished.output.dropped > 0 => &[],
            Some(name) if !is_alone => of_crate(name),
            _ => finished.output.bytes.as_slice(),
        };
        Some(Pass {
            key: key.digest,
            check: finished.task.check.clone(),
            part: task.key.part.clone(),
            krate: krate.cloned(),
            recorded,
            ingredients: self.ingredients(key, blobs),
            output: encoded(finished.findings.iter().filter(is_about_it), output),
            note: finished.note.clone().filter(|_| is_alone),
            took: finished.took,
            at: SystemTime::now(),
        })
    }

    /// Whether a crate was built together with all others of its check that decide how it is built.
    fn is_built_as_with_all(&self, task: &Task, krate: &CrateName) -> bool {
        if task.basis.as_ref().is_none_or(|basis| !basis.builds_together()) {
            return true;
        }
        let checks = self.look.glance.request.config.checks.iter();
        let variants = checks
            .filter(|check| check.name == task.key.check)
            .flat_map(|check| &check.variants);
        let all: BTreeSet<&CrateName> = (variants.filter(|variant| variant.crates.contains(krate)))
            .flat_map(|variant| &variant.crates)
            .collect();
        let mut companions = self.companions.get(krate).into_iter().flatten();
        let missing = companions.find(|name| all.contains(name) && !task.crates.contains(name));
        if let Some(missing) = missing {
            tracing::debug!(%krate, %missing, "it was built with fewer features than with all");
        }
        missing.is_none()
    }

    /// What cargo says was read beyond the key; nothing where that is not known, or where cargo may have been mistaken.
    fn recorded(&self, task: &Task, krate: Option<&CrateName>, key: &Key, given: &Given) -> Option<Vec<Recorded>> {
        let state = self.fingerprints.state();
        let root = &state.root;
        let all = self.fingerprints.files();
        let in_key: BTreeSet<PathBuf> = key.files.iter().map(|place| root.join(&all[place].path)).collect();
        let (mut files, mut variables) = (BTreeSet::new(), BTreeSet::new());
        for member in self.members(state, krate) {
            let Some(of_crate) = self.records.of(member) else {
                let name = &state[member].name;
                if krate.is_some_and(|krate| krate != name) {
                    continue;
                }
                // It was built elsewhere, or not at all: nobody knows what was read.
                tracing::debug!(krate = %name, "nothing is recorded of it");
                return None;
            };
            let is_own = krate.is_none_or(|krate| *krate == state[member].name);
            let dir = &state[member].dir;
            let linted = of_crate.linted.as_ref().filter(|_| is_own);
            if of_crate.untold || linted.is_some_and(|linted| linted.has_new_configuration(dir, &in_key)) {
                return None;
            }
            files.extend(of_crate.files.iter().filter(|file| !in_key.contains(*file)).cloned());
            variables.extend(&of_crate.variables);
        }
        let mut read = in_key.iter().chain(&files);
        if let Some(file) = read.find(|file| self.records.may_be_taken_for_older(file)) {
            tracing::debug!(file = %file.display(), task = task.head.label(), "cargo may not have seen this file as it is");
            return None;
        }
        if let Some(file) = files.iter().find(|file| may_be_newer(file, self.began)) {
            tracing::debug!(file = %file.display(), "what was read may have been another content");
            return None;
        }
        let of_file = |file: PathBuf| {
            let digest = self.look.glance.tree.of_path(&file).known()?;
            Some(Recorded::File {
                path: file.strip_prefix(root).unwrap_or(&file).to_owned(),
                digest: Some(digest),
            })
        };
        let mut recorded: Vec<Recorded> = files.into_iter().map(of_file).collect::<Option<_>>()?;
        recorded.extend(variables.into_iter().map(|name| Recorded::Variable {
            name: name.clone(),
            digest: surroundings::variable(self.look.glance.request.environment, given, name),
        }));
        Some(recorded)
    }

    /// The members that a verdict rests upon: a crate and what it is built from, or all of them.
    fn members(&self, state: &State, krate: Option<&CrateName>) -> Vec<crate::workspace::CrateId> {
        let all = || state.crates().iter().map(|member| member.id).collect();
        krate.map_or_else(all, |name| self.fingerprints.built_from(name))
    }

    /// The ingredients of a key as a blob, with those that they are digests of.
    fn ingredients(&self, key: &Key, blobs: &mut BTreeMap<Digest, Vec<u8>>) -> Digest {
        let text = written(&key.ingredients);
        for ingredient in &key.ingredients {
            // Most of them are those of other keys as well.
            let is_new = |digest: &Digest| !blobs.contains_key(digest);
            if let Some(digest) = Digest::from_hex(&ingredient.value).filter(is_new)
                && let Some(mut content) = self.fingerprints.content(ingredient)
            {
                // Until all passes are gathered it would keep the room that it grew into.
                content.shrink_to_fit();
                blobs.insert(digest, content.into_bytes());
            }
        }
        let digest = Digest::of(text.as_bytes());
        blobs.entry(digest).or_insert_with(|| text.into_bytes());
        digest
    }
}
