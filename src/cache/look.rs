//! Everything that keys are made of, as it is at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use fixedbitset::FixedBitSet;

use super::memory;
use super::replays;
use super::surroundings::{self, surroundings};
use super::understanding::{Understanding, Understood, basis};
use crate::config::Config;
use crate::digests::{FileTree, PathDigest, Scan};
use crate::environment::Environment;
use crate::fingerprint::{Fingerprints, Key, Surroundings};
use crate::model::{CrateName, Digest, TaskId};
use crate::plan::{Basis, Companions, Passed, Plan, Replay, Replays, Task};
use crate::readers::Readers;
use crate::results::{Hit, Recorded, Results};
use crate::run::Inputs;
use crate::workspace::{State, Workspace};

/// What a look is taken at.
pub struct LookRequest<'a> {
    /// The workspace as cargo sees it.
    pub workspace: &'a Workspace,
    /// The configuration.
    pub config: &'a Config,
    /// Reads what the manifests say, and who reads what by the sources alone; nothing where that cannot be known.
    pub sources: &'a dyn Fn() -> Option<(State, Readers)>,
    /// The environment of the checks.
    pub environment: &'a Environment,
    /// The configuration files that cargo may read, the nearest first.
    pub cargo_configs: Vec<PathBuf>,
    /// Where programs are, by their names.
    pub programs: BTreeMap<String, PathBuf>,
    /// How the files are found.
    pub scan: Scan,
    /// Where results are.
    pub state_dir: PathBuf,
    /// What was understood last of this workspace and this configuration.
    pub understood: Understood,
}

/// The files and the machine, as they are at one moment. Nothing of it is understood yet.
#[derive(Clone)]
pub struct Glance<'a> {
    pub(super) request: &'a LookRequest<'a>,
    pub(super) tree: Arc<FileTree>,
    pub(super) around: Surroundings,
    /// What checks name as their inputs and is not in the tree.
    pub(super) named: Vec<(PathBuf, PathDigest)>,
    /// What stands for all of it, but for the machine.
    pub(super) basis: Digest,
    /// When it was begun.
    pub(super) at: SystemTime,
}

/// What keys are made of.
pub struct Look<'a> {
    pub(super) glance: Glance<'a>,
    pub(super) meaning: Arc<Understanding>,
}

/// The keys of a plan: one for each crate of a task, or one for the whole of it.
#[derive(Clone)]
pub struct Keys(pub(super) BTreeMap<TaskId, Vec<(Option<CrateName>, Key)>>);

/// The same, without what they are made of.
pub type KeyDigests = BTreeMap<(TaskId, Option<CrateName>), Digest>;

/// What keys say of a plan.
pub struct Known {
    /// The digests of the keys.
    pub(super) digests: KeyDigests,
    /// Which crates have to be built together.
    pub(super) companions: Companions,
}

impl Known {
    /// What has passed, without what has to be built again beside what has not.
    #[must_use]
    pub fn but_companions(&self, passed: Passed, plan: &Plan) -> Passed {
        passed.but_companions(plan, &self.companions)
    }
}

impl<'a> Glance<'a> {
    /// Looks at the files; nothing where something is not known on which every key rests.
    #[must_use]
    #[tracing::instrument(level = "debug", name = "glance", skip_all)]
    pub fn new(request: &'a LookRequest<'a>, plan: &Plan) -> Option<Self> {
        let at = SystemTime::now();
        let tree = Arc::new(request.scan.tree());
        Self::at(at, request, plan, tree)
    }

    /// The same, with the files as they are in a tree that was begun to be looked at some time ago.
    #[must_use]
    pub fn at(at: SystemTime, request: &'a LookRequest<'a>, plan: &Plan, tree: Arc<FileTree>) -> Option<Self> {
        if let Some(gap) = tree.gaps().first() {
            tracing::debug!(dir = %gap.dir.display(), why = gap.why, "not all files are known");
            return None;
        }
        let around = surroundings(request, plan, &tree)?;
        let named = surroundings::named_inputs(request, &tree);
        Some(Self {
            basis: basis(request, &tree, &named),
            named,
            request,
            tree,
            around,
            at,
        })
    }

    /// What the keys of a plan say: as they are remembered for just this, else worked out.
    #[must_use]
    pub fn known(&self, plan: &Plan) -> Option<Known> {
        let question = memory::question(self, plan);
        let known = memory::recall(self, question);
        let known = match known {
            Some(known) => known,
            None => {
                let look = Look::deep(self.clone())?;
                let known = look.known(plan);
                if look.meaning.is_sure {
                    memory::remember(&look, question, &known);
                }
                known
            }
        };
        self.tree.remember_paths();
        Some(known)
    }

    /// What has passed before of a plan, and what each task said then.
    #[must_use]
    #[tracing::instrument(level = "debug", skip_all)]
    pub fn passed(&self, plan: &Plan, known: &Known) -> (Passed, Replays) {
        let results = Results::open(&self.request.state_dir);
        let hits = known.digests.iter().filter_map(|(place, key)| {
            let basis = plan.task(place.0).basis.as_ref()?;
            Some((place.clone(), self.hit(&results, key, basis)?))
        });
        let replays: Replays = hits.collect();
        let crates = |task: &Task| -> BTreeSet<CrateName> {
            let has = |name: &&CrateName| replays.contains_key(&(task.head.id, Some((*name).clone())));
            task.crates.iter().filter(has).cloned().collect()
        };
        let whole = |task: &Task| replays.contains_key(&(task.head.id, None));
        let passed = known.but_companions(Passed::of(plan, crates, whole), plan);
        (passed, replays)
    }

    /// What was said when a key passed, where it has and all that was read then is the same.
    fn hit(&self, results: &Results, key: &Digest, basis: &Basis) -> Option<Replay> {
        let mut hits = results.find(key).filter(|hit| self.holds(hit, basis));
        let pass = hits.next()?.into_pass()?;
        replays::decoded(pass)
    }

    /// Whether everything is the same that a run turned out to read.
    pub(super) fn holds(&self, hit: &Hit, basis: &Basis) -> bool {
        hit.recorded().iter().all(|recorded| match recorded {
            Recorded::File { path, digest } => {
                let path = self.request.workspace.root.join(path);
                self.tree.of_path(&path).known().is_some_and(|now| Some(now) == *digest)
            }
            Recorded::Variable { name, digest } => {
                surroundings::variable(self.request.environment, &basis.given, name) == *digest
            }
        })
    }
}

impl<'a> Look<'a> {
    /// Understands what there is; nothing where that cannot be known.
    #[must_use]
    #[tracing::instrument(level = "debug", name = "look", skip_all)]
    pub fn deep(glance: Glance<'a>) -> Option<Self> {
        let meaning = glance.request.understood.of(&glance)?;
        Some(Self { glance, meaning })
    }

    /// The keys of all tasks of a plan that may be remembered.
    #[must_use]
    pub fn keys(&self, plan: &Plan) -> Keys {
        let keys = plan.tasks().filter_map(|task| {
            let keys = keys_of(&self.meaning.fingerprints, task, &self.glance.around);
            (!keys.is_empty()).then_some((task.head.id, keys))
        });
        Keys(keys.collect())
    }

    /// The digests of the keys, and what else the same work shows.
    fn known(&self, plan: &Plan) -> Known {
        Known {
            digests: self.keys(plan).digests(),
            companions: self.meaning.fingerprints.companions(),
        }
    }

    /// The files that count for each task, for those who run it. For what builds, these are all manifests as well: what
    /// they mean is in the keys, and cargo may read them while they are written.
    #[must_use]
    pub fn inputs(&self, plan: &Plan, keys: &Keys) -> Inputs {
        let tree = &self.glance.tree;
        let is_manifest = |place: &usize| tree.entry(*place).path.ends_with("Cargo.toml");
        let manifests: Vec<usize> = (0..tree.len()).filter(is_manifest).collect();
        let of_task = keys.0.iter().map(|(task, keys)| {
            let mut places = self.places_in_tree(keys.iter().map(|(_, key)| key));
            if plan.task(*task).basis.as_ref().is_some_and(|basis| basis.builds) {
                places.extend(manifests.iter().copied());
            }
            (*task, places)
        });
        let request = self.glance.request;
        let outside = (self.meaning.elsewhere.iter().map(|(path, _)| path.clone()))
            .chain(request.programs.values().cloned())
            .chain(request.cargo_configs.iter().cloned());
        Inputs::new(Arc::clone(tree), of_task.collect(), outside)
    }

    /// The places in the tree of all files that some keys rest upon.
    pub(super) fn places_in_tree<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> FixedBitSet {
        let mut files = FixedBitSet::with_capacity(self.meaning.in_tree.len());
        for key in keys {
            key.files.add_to(&mut files);
        }
        let mut places = FixedBitSet::with_capacity(self.glance.tree.len());
        places.extend(files.ones().filter_map(|place| self.meaning.in_tree[place]));
        places
    }
}

impl Keys {
    fn digests(&self) -> KeyDigests {
        let of_task = |(task, keys): (&TaskId, &Vec<(Option<CrateName>, Key)>)| {
            let digest = |(krate, key): &(Option<CrateName>, Key)| ((*task, krate.clone()), key.digest);
            keys.iter().map(digest).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_task).collect()
    }
}

fn keys_of(fingerprints: &Fingerprints, task: &Task, around: &Surroundings) -> Vec<(Option<CrateName>, Key)> {
    let Some(basis) = &task.basis else { return Vec::new() };
    let Ok(keys) = fingerprints.of_task(basis, around) else {
        return Vec::new();
    };
    if !basis.is_by_crate() {
        return keys.key(None).into_iter().map(|key| (None, key)).collect();
    }
    let key = |name: &CrateName| Some((Some(name.clone()), keys.key(Some(name)).ok()?));
    task.crates.iter().filter_map(key).collect()
}
