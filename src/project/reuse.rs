//! What of a plan need not run, and what is remembered of a run: gathers what the cache looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::Project;
use super::compare::Scene;
use super::dirs::{cargo_configs, target_dirs};
use crate::cache::{Contradiction, Ends, Explanation, Glance, Look, LookRequest, unexplained};
use crate::digests::{FileTree, Scan, threads};
use crate::environment::locate;
use crate::event::{Event, RunStats};
use crate::plan::{CacheUse, Passed, Plan, Replays, Request, definitions};
use crate::readers::Readers;
use crate::run::{RunContext, RunError, run};
use crate::store::StoreError;
use crate::workspace::State;

/// The files of a workspace, as they were before there was a plan.
pub(super) struct Seen {
    ground: Ground,
    at: SystemTime,
    pub(super) tree: Arc<FileTree>,
}

/// Looks at the files, where that can be of use.
pub(super) fn see(project: &Project, request: &Request) -> Option<Seen> {
    let is_asked = matches!(request.cache, CacheUse::Reuse | CacheUse::Doubt(_));
    let is_any_kept = || {
        definitions(&project.config, request).is_ok_and(|wanted| {
            wanted
                .iter()
                .any(|definition| definition.cache && !definition.generates)
        })
    };
    if !is_asked || !is_any_kept() {
        return None;
    }
    let ground = Ground::of(project)?;
    let at = SystemTime::now();
    let tree = Arc::new(ground.scan.tree());
    Some(Seen { ground, at, tree })
}

/// What has passed of a plan before on the same content, and what was said then; nothing where nothing has, or nobody
/// wants to know.
pub(super) fn passed(project: &Project, plan: &Plan, seen: Seen) -> Option<Known> {
    let doubt = match plan.cache {
        CacheUse::Reuse => 0,
        CacheUse::Doubt(percent) => percent,
        CacheUse::Refresh | CacheUse::Off => return None,
    };
    if !is_any_kept(plan) {
        return None;
    }
    let Seen { ground, at, tree } = seen;
    let sources = || sources(project);
    let request = ground.request(project, plan, &sources);
    let glance = Glance::at(at, &request, plan, tree)?;
    let known = glance.known(plan)?;
    let (passed, replays) = glance.passed(plan, &known);
    let all = passed.count();
    let doubted = (all * usize::from(doubt)).div_ceil(100);
    let mut chance = Chance {
        chosen: doubted,
        of: all,
    };
    (!passed.is_empty()).then(|| Known {
        passed: known.but_companions(passed.without(|| chance.chooses()), plan),
        replays,
        doubted,
    })
}

/// What is remembered of each task of a plan.
pub(super) fn explain(project: &Project, plan: &Plan) -> Vec<Explanation> {
    let Some(ground) = Ground::of(project).filter(|_| is_any_kept(plan)) else {
        return unexplained(plan, "there is no place to remember anything in");
    };
    let sources = || sources(project);
    let request = ground.request(project, plan, &sources);
    match Glance::new(&request, plan).and_then(Look::deep) {
        Some(look) => look.explain(plan),
        None => unexplained(plan, "not all that counts can be read"),
    }
}

/// What is known of a plan before it runs.
pub(super) struct Known {
    /// What has passed, and need not run.
    pub(super) passed: Passed,
    /// What was said then.
    pub(super) replays: Replays,
    /// How many passes more there are, which are to be looked at again.
    pub(super) doubted: usize,
}

/// Chooses so many of so many, each with the same chance.
struct Chance {
    chosen: usize,
    of: usize,
}

impl Chance {
    fn chooses(&mut self) -> bool {
        // Every state of the hasher is made with new keys, which nobody can foretell.
        let number = usize::try_from(RandomState::new().hash_one(self.of) >> 32).unwrap_or(0);
        let is_chosen = self.of > 0 && number % self.of < self.chosen;
        self.of = self.of.saturating_sub(1);
        self.chosen -= usize::from(is_chosen);
        is_chosen
    }
}

/// Runs a plan, sees to it that no pass counts whose inputs have moved meanwhile, and remembers the others, if it can.
pub(super) fn watched(
    project: &Project,
    plan: &Plan,
    context: RunContext,
    on_event: &mut dyn FnMut(&Event),
) -> Result<(RunStats, Result<Vec<Contradiction>, StoreError>), RunError> {
    let unwatched = |on_event: &mut dyn FnMut(&Event)| {
        let stats = run(plan, &context, &mut |event| on_event(&project.shown(event)))?;
        Ok((stats, Ok(Vec::new())))
    };
    let is_kept = plan.cache != CacheUse::Off && is_any_kept(plan);
    let Some(ground) = Ground::of(project).filter(|_| is_kept) else {
        return unwatched(on_event);
    };
    let sources = || sources(project);
    let request = ground.request(project, plan, &sources);
    let Some(look) = Glance::new(&request, plan).and_then(Look::deep) else {
        return unwatched(on_event);
    };
    let keys = look.keys(plan);
    let context = RunContext {
        inputs: Some(look.inputs(plan, &keys)),
        ..context
    };
    let mut ends = Ends::default();
    let stats = run(plan, &context, &mut |event| {
        let event = &*project.shown(event);
        ends.hear(event);
        on_event(event);
    })?;
    let dirs = target_dirs(&project.workspace.root, &project.run_environment());
    Ok((stats, look.keep(plan, &keys, &ends, &dirs)))
}

/// What a look stands on.
struct Ground {
    state_dir: PathBuf,
    scan: Scan,
}

/// Whether any pass of a plan is remembered.
fn is_any_kept(plan: &Plan) -> bool {
    plan.tasks().any(|task| task.basis.is_some())
}

/// How the files of a project are found.
pub(super) fn scan(project: &Project) -> Scan {
    let root = &project.workspace.root;
    let state_dir = project.state_dir();
    let tree = project.tree();
    let mut but = target_dirs(root, &project.run_environment());
    but.extend([
        project.workspace.target_dir.clone(),
        project.workspace.build_dir.clone(),
    ]);
    but.extend(state_dir.clone());
    // Packages that members are built from count as well, wherever they lie.
    let packages = project.workspace.outside.iter().map(|outside| outside.dir.clone());
    let mut outside: Vec<PathBuf> = packages
        .filter(|dir| !dir.starts_with(root))
        .chain(tree.outside)
        .collect();
    outside.sort_unstable();
    outside.dedup();
    Scan {
        root: root.clone(),
        outside,
        but,
        git: tree.git,
        environment: project.environment.clone(),
        state_dir,
        threads: threads(),
    }
}

impl Ground {
    /// Nothing where there is no place to remember anything in.
    fn of(project: &Project) -> Option<Self> {
        let scan = scan(project);
        Some(Self {
            state_dir: scan.state_dir.clone()?,
            scan,
        })
    }

    fn request<'a>(
        &'a self,
        project: &'a Project,
        plan: &Plan,
        sources: &'a dyn Fn() -> Option<(State, Readers)>,
    ) -> LookRequest<'a> {
        let root = &project.workspace.root;
        let tasks = plan.tasks().filter_map(|task| task.basis.as_ref());
        let names: BTreeSet<&str> = tasks.flat_map(|basis| &basis.programs).map(String::as_str).collect();
        let programs: BTreeMap<String, PathBuf> = locate(names, &project.environment, root);
        LookRequest {
            workspace: &project.workspace,
            config: &project.config,
            sources,
            environment: &project.environment,
            cargo_configs: cargo_configs(root, &project.environment),
            programs,
            scan: self.scan.clone(),
            state_dir: self.state_dir.clone(),
            understood: project.understood.clone(),
        }
    }
}

/// What the manifests say, and who reads what.
fn sources(project: &Project) -> Option<(State, Readers)> {
    let scene = Scene {
        root: &project.workspace.root,
        environment: &project.environment,
        workspace: Some(&project.workspace),
        ahead: None,
        state: None,
        image: project.image.as_ref(),
    };
    let found = scene.worktree();
    found
        .inspect_err(|error| tracing::debug!(%error, "nothing is remembered"))
        .ok()
}
