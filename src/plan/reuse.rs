//! What need not run: which crates of which tasks have passed before, and what that leaves of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Plan;
use super::task::{Replay, Task};
use crate::history::TaskKey;
use crate::model::{CheckName, CrateName, TaskId};

/// What was said in earlier passes: of crates of tasks, or of whole tasks.
pub type Replays = BTreeMap<(TaskId, Option<CrateName>), Replay>;

/// The crates that have to be built together with one, for it to be built as it is with all; nothing for most.
pub type Companions = BTreeMap<CrateName, BTreeSet<CrateName>>;

/// What has passed before on the same content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The crates that passed, by check and by what stands in for it.
    crates: BTreeMap<(CheckName, String), BTreeSet<CrateName>>,
    /// The tasks that passed as a whole.
    tasks: BTreeSet<(TaskKey, String)>,
}

impl Passed {
    /// What is left when a plan is made again, with what each of its tasks has passed: some of its crates, or all of it.
    #[must_use]
    pub fn of(plan: &Plan, passed: impl Fn(&Task) -> BTreeSet<CrateName>, whole: impl Fn(&Task) -> bool) -> Self {
        let mut found = Self::default();
        let mut failed: BTreeMap<(CheckName, String), BTreeSet<CrateName>> = BTreeMap::new();
        for task in plan.tasks() {
            let Some(basis) = &task.basis else { continue };
            if basis.is_by_crate() {
                let crates = passed(task);
                let missing = task.crates.iter().filter(|name| !crates.contains(*name)).cloned();
                failed.entry(by_check(task)).or_default().extend(missing);
                found.crates.entry(by_check(task)).or_default().extend(crates);
            } else if whole(task) {
                found.tasks.insert((task.key.clone(), task.head.unit.clone()));
            }
        }
        for (check, crates) in &mut found.crates {
            // Where several tasks work on one crate, all of them have to have passed.
            let failed = failed.get(check);
            crates.retain(|name| failed.is_none_or(|failed| !failed.contains(name)));
        }
        found.crates.retain(|_, crates| !crates.is_empty());
        found
    }

    /// How many passes these are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.crates.values().map(BTreeSet::len).sum::<usize>() + self.tasks.len()
    }

    /// What is left without those that are chosen.
    #[must_use]
    pub fn without(mut self, mut is_chosen: impl FnMut() -> bool) -> Self {
        for crates in self.crates.values_mut() {
            crates.retain(|_| !is_chosen());
        }
        self.crates.retain(|_, crates| !crates.is_empty());
        self.tasks.retain(|_| !is_chosen());
        self
    }

    /// Without what has to be built again beside what has not passed: built without it, that would be another thing.
    #[must_use]
    pub fn but_companions(mut self, plan: &Plan, companions: &Companions) -> Self {
        let builds_together = |task: &&Task| task.basis.as_ref().is_some_and(|basis| basis.builds_together());
        for task in plan.tasks().filter(builds_together) {
            let Some(passed) = self.crates.get_mut(&by_check(task)) else {
                continue;
            };
            let mut missing: Vec<&CrateName> = task.crates.iter().filter(|name| !passed.contains(*name)).collect();
            while let Some(name) = missing.pop() {
                let beside = companions.get(name).into_iter().flatten();
                missing.extend(beside.filter(|name| task.crates.contains(name) && passed.remove(*name)));
            }
        }
        self.crates.retain(|_, crates| !crates.is_empty());
        self
    }

    /// Whether nothing has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.crates.is_empty() && self.tasks.is_empty()
    }

    /// Whether a crate has passed all that a check, or what stands in for it, does with it.
    pub(super) fn has_crate(&self, check: &CheckName, part: &str, name: &CrateName) -> bool {
        let known = || self.crates.get(&(check.clone(), part.to_owned()));
        !self.crates.is_empty() && known().is_some_and(|crates| crates.contains(name))
    }

    /// Whether a task has passed as a whole.
    pub(super) fn has_task(&self, task: &Task) -> bool {
        !self.tasks.is_empty() && self.tasks.contains(&(task.key.clone(), task.head.unit.clone()))
    }

    /// The crates of a task that have passed.
    fn of_task(&self, task: &Task) -> Vec<CrateName> {
        let crates = self.crates.get(&by_check(task)).filter(|_| is_by_crate(task));
        let passed = |name: &&CrateName| crates.is_some_and(|crates| crates.contains(*name));
        task.crates.iter().filter(passed).cloned().collect()
    }
}

/// The plan that was made again without what has passed, with all that the first one has beyond it: the tasks that have
/// passed, and which crates those that are left would have worked on.
#[must_use]
pub fn with_what_passed(first: &Plan, mut again: Plan, passed: &Passed, replays: &Replays) -> Plan {
    let mut left: BTreeMap<TaskKey, (Vec<CrateName>, Replay)> = BTreeMap::new();
    for task in first.tasks() {
        let crates = passed.of_task(task);
        let said = |krate: Option<&CrateName>| replays.get(&(task.head.id, krate.cloned())).cloned();
        if passed.has_task(task) || is_by_crate(task) && crates.len() == task.crates.len() {
            let mut cached = task.clone();
            let of_crates = crates.iter().filter_map(|name| said(Some(name)));
            cached.replay = together(said(None).into_iter().chain(of_crates));
            cached.passed_before = std::mem::take(&mut cached.crates);
            again.cached.push(cached);
        } else {
            let (known, replay) = left.entry(task.key.clone()).or_default();
            let before = std::mem::take(replay);
            let of_crates = crates.iter().filter_map(|name| said(Some(name)));
            *replay = together(std::iter::once(before).chain(of_crates));
            known.extend(crates);
        }
    }
    again.tasks.change_each(|task| {
        if let Some((crates, replay)) = left.remove(&task.key).filter(|_| task.basis.is_some()) {
            (task.passed_before, task.replay) = (crates, replay);
        }
    });
    again.number_cached();
    again
}

/// What several crates said, as if it had been said at once.
fn together(replays: impl Iterator<Item = Replay>) -> Replay {
    let mut all = Replay::default();
    for replay in replays {
        all.note = all.note.or(replay.note);
        all.findings.extend(replay.findings);
        all.output.extend(replay.output);
    }
    all
}

fn is_by_crate(task: &Task) -> bool {
    task.basis.as_ref().is_some_and(|basis| basis.is_by_crate())
}

fn by_check(task: &Task) -> (CheckName, String) {
    let part = task.basis.as_ref().map(|basis| basis.part.clone());
    (task.key.check.clone(), part.unwrap_or_default())
}
