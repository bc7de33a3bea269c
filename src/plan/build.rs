//! Makes the tasks of each check, and says what is left out.

use std::sync::Arc;

use super::files::{self, Declared, Places, Uses};
use super::graph::{Plan, TaskGraph};
use super::jobs;
use super::needs::{Drafted, needs};
use super::request::{CacheUse, Facts, Mode, PlanError, Request};
use super::requirements::{platform_is, requirements};
use super::select::{self, SelectedCheck, Selection};
use super::task::{Diff, MissingTool, Purpose, Resource, Role, Task};
use super::units::Scene;
use crate::config::{Config, Definition, Hole, OnMissing, Order, Platform, Requirement, Strategy, Variant};
use crate::event::LeftOut;
use crate::model::{CheckName, TaskId};
use crate::workspace::Workspace;

/// The plan for a request.
///
/// # Errors
///
/// Where the request names what does not exist.
pub fn plan(config: &Config, workspace: &Workspace, request: &Request, facts: &Facts) -> Result<Plan, PlanError> {
    let selection = select::checks(config, request)?;
    let crates = select::crates(&workspace.crates().iter().map(|krate| &krate.name), &request.crates)?;
    let strategy = request.strategy.unwrap_or(config.settings.strategy);
    let slots = slots(strategy, config, request, facts);
    let mut builder = Builder {
        scene: Scene {
            workspace,
            request,
            facts,
            crates,
            slots,
            places: somebody_writes(&selection, request.mode).then(|| Places::new(workspace, &facts.files)),
        },
        repairs: Vec::new(),
        judges: Vec::new(),
        left_out: selection.left_out,
        missing: Vec::new(),
        passed: false,
    };
    for check in &selection.checks {
        builder.check(check)?;
    }
    let mut tasks = numbered(builder.repairs, builder.judges);
    if let Some(places) = &builder.scene.places {
        files::lock(&mut tasks, places);
    }
    let needs = needs(&tasks);
    let tasks = tasks.into_iter().map(|drafted| drafted.task).collect();
    Ok(Plan {
        origin: config.origin,
        left_out: builder.left_out,
        missing: builder.missing,
        affected: facts.affected.clone(),
        slots,
        jobs: jobs::most(facts.cargo.jobs, facts.parallelism, slots),
        colour: request.colour,
        strategy,
        order: order(strategy, config, request),
        fail_fast: request.fail_fast.unwrap_or(config.settings.fail_fast),
        stop_on_critical_failure: config.settings.stop_on_critical_failure,
        cache: match request.mode {
            Mode::Check => request.cache,
            // What is repaired first is not what was looked at before.
            Mode::Fix | Mode::Repair => CacheUse::Off,
        },
        doubted: 0,
        cached: Vec::new(),
        tasks: TaskGraph::new(tasks, &needs),
    })
}

/// Whether a task may write files of the workspace.
fn somebody_writes(selection: &Selection<'_>, mode: Mode) -> bool {
    let variants = selection.checks.iter().flat_map(|check| &check.variants);
    let mut definitions = variants.flat_map(|variant| {
        let instead = variant.instead.iter().map(|(_, other)| other);
        std::iter::once(&variant.definition).chain(instead)
    });
    definitions.any(|definition| definition.generates || mode.repairs() && definition.fix.is_some())
}

fn slots(strategy: Strategy, config: &Config, request: &Request, facts: &Facts) -> u32 {
    match strategy {
        Strategy::Sequential => 1,
        Strategy::Adaptive | Strategy::Parallel => {
            let wanted = request.max_workers.or(config.settings.max_parallel);
            wanted.unwrap_or(facts.parallelism).max(1)
        }
    }
}

/// What was asked for; else the order that goes with the strategy.
fn order(strategy: Strategy, config: &Config, request: &Request) -> Order {
    let asked = request.order.or(config.settings.order);
    asked.unwrap_or(match strategy {
        Strategy::Adaptive => Order::Adaptive,
        Strategy::Parallel | Strategy::Sequential => Order::Config,
    })
}

/// All tasks, each with its place.
///
/// Repairs come first, so that every verdict is about the repaired files. Those that compile come before those that only
/// look at text: a formatter then has the last word on what the others wrote.
fn numbered<'a>(mut repairs: Vec<Repairing<'a>>, judges: Vec<Drafted<'a>>) -> Vec<Drafted<'a>> {
    let builds = |task: &Task| {
        let mut resources = task.resources.iter();
        resources.any(|(resource, _)| matches!(resource, Resource::BuildDirectory(_)))
    };
    repairs.sort_by_key(|repairing| !builds(&repairing.repair.task));
    let mut tasks = Vec::new();
    let mut repairs = repairs.into_iter().peekable();
    while let Some(first) = repairs.next() {
        let by_diff = first.proposal.is_some();
        let mut group = vec![first];
        while let Some(next) = repairs.next_if(|next| by_diff && next.proposal.is_some()) {
            group.push(next);
        }
        tasks.extend(printed_first(group, tasks.len()));
    }
    tasks.extend(judges);
    for (place, drafted) in (0..).zip(&mut tasks) {
        Arc::make_mut(&mut drafted.task.head).id = TaskId(place);
    }
    tasks
}

/// Fixers that print what is to be changed all look at the same files, at the same time. What they print is applied after
/// that, one after the other.
fn printed_first(group: Vec<Repairing<'_>>, begin: usize) -> Vec<Drafted<'_>> {
    let (mut proposals, mut repairs) = (Vec::new(), Vec::new());
    for Repairing { proposal, mut repair } in group {
        if let (Some(proposal), Diff::Applies { printed_by, .. }) = (proposal, &mut repair.task.handling.diff) {
            *printed_by = TaskId(u32::try_from(begin + proposals.len()).unwrap_or(u32::MAX));
            proposals.push(proposal);
        }
        repairs.push(repair);
    }
    proposals.into_iter().chain(repairs).collect()
}

/// A task that repairs.
struct Repairing<'a> {
    /// The task that prints the diff, where the other one applies what a fixer prints.
    proposal: Option<Drafted<'a>>,
    repair: Drafted<'a>,
}

struct Builder<'a> {
    scene: Scene<'a>,
    repairs: Vec<Repairing<'a>>,
    judges: Vec<Drafted<'a>>,
    left_out: Vec<LeftOut>,
    missing: Vec<MissingTool>,
    /// Whether something of the check at hand has passed before, and is no task for that.
    passed: bool,
}

/// Why a definition has no tasks.
enum Absence {
    /// Nothing that it works on was asked for.
    Idle(String),
    /// It cannot run on this machine.
    Prevented(String),
}

impl<'a> Builder<'a> {
    fn check(&mut self, check: &SelectedCheck<'a>) -> Result<(), PlanError> {
        let before = self.judges.len();
        let mut absent = Vec::new();
        self.passed = false;
        for variant in &check.variants {
            if let Err(absence) = self.variant(check.name, variant)? {
                absent.push((*variant, absence));
            }
        }
        if self.judges.len() > before || self.passed {
            for (variant, absence) in absent {
                if let Absence::Prevented(reason) = absence {
                    let crates: Vec<_> = variant.crates.iter().map(|name| format!("`{name}`")).collect();
                    self.leave_out(check.name, format!("in {}: {reason}", crates.join(", ")));
                }
            }
            return Ok(());
        }
        // All variants of a check are left out for much the same reason: the first one tells it.
        let reason = match absent.into_iter().next() {
            Some((_, Absence::Idle(reason) | Absence::Prevented(reason))) => reason,
            None => "no crate is selected".to_owned(),
        };
        self.leave_out(check.name, reason);
        Ok(())
    }

    fn leave_out(&mut self, check: &CheckName, reason: String) {
        let check = check.clone();
        self.left_out.push(LeftOut { check, reason });
    }

    /// The tasks of one variant, or the reason why there are none.
    fn variant(&mut self, name: &CheckName, variant: &'a Variant) -> Result<Result<(), Absence>, PlanError> {
        let instead = &variant.instead;
        let found = |requirement: &Requirement| self.scene.facts.tools.contains_key(&requirement.tool);
        if instead.is_empty() || !instead.iter().all(|(_, other)| other.requires.iter().all(found)) {
            return self.definition(name, "", &variant.definition, variant);
        }
        let mut outcome = Err(Absence::Idle("no crate is selected".to_owned()));
        for (label, definition) in instead {
            let added = self.definition(name, label.as_str(), definition, variant)?;
            outcome = if added.is_ok() { Ok(()) } else { outcome.or(added) };
        }
        Ok(outcome)
    }

    /// The tasks of one definition, or the reason why there are none.
    fn definition(
        &mut self,
        name: &CheckName,
        part: &str,
        definition: &'a Definition,
        variant: &Variant,
    ) -> Result<Result<(), Absence>, PlanError> {
        // First, since what is not to run is not missed either.
        let units = match self.scene.units(name, part, definition, variant)? {
            Ok(units) => units,
            Err(reason) => return Ok(Err(Absence::Idle(reason))),
        };
        if let Some(reason) = self.reason_against(name, definition) {
            return Ok(Err(Absence::Prevented(reason)));
        }
        self.passed |= units.is_empty();
        let declared = self.scene.places.as_ref();
        let declared = declared.map(|places| Declared::of(definition, places));
        for unit in &units {
            let task = |role, command| {
                let purpose = Purpose {
                    check: name,
                    part,
                    definition,
                    role,
                    command,
                };
                let task = Task::new(&purpose, unit, &self.scene);
                let uses = declared.as_ref().map_or_else(Uses::unknown, |declared| {
                    files::uses(&purpose, unit, &task.command, &self.scene, declared)
                });
                Drafted {
                    task,
                    uses,
                    definition,
                    built_before: false,
                }
            };
            let mut judge = task(Role::Judge, &definition.run);
            if self.scene.facts.passed.has_task(&judge.task) {
                self.passed = true;
                continue;
            }
            let fix = definition.fix.as_ref().filter(|_| self.scene.request.mode.repairs());
            self.repairs.extend(fix.map(|fix| Repairing {
                proposal: definition.diff.then(|| task(Role::Propose, fix)),
                repair: task(Role::Repair, fix),
            }));
            if self.scene.request.mode == Mode::Repair {
                // Who judges what was repaired says what it leaves out, and why.
                self.passed = true;
                continue;
            }
            if let Some(build) = judge.task.build_first(definition, &self.scene) {
                judge.built_before = true;
                self.judges.push(Drafted {
                    task: build,
                    uses: Uses::unknown(),
                    definition,
                    built_before: false,
                });
            }
            self.judges.push(judge);
        }
        Ok(Ok(()))
    }

    /// Why the definition does not run here at all, if that is so. Notes what must be installed first.
    fn reason_against(&mut self, name: &CheckName, definition: &Definition) -> Option<String> {
        let facts = self.scene.facts;
        let here = |platform: &Platform| platform_is(*platform, &facts.system);
        if !definition.platforms.is_empty() && !definition.platforms.iter().any(here) {
            return Some(format!("it does not run on {}", facts.system));
        }
        if let Some(reason) = reason_of_hook(definition, self.scene.request) {
            return Some(reason);
        }
        let needed = requirements(definition, self.scene.request.mode).into_iter();
        let missing: Vec<_> = needed
            .filter(|requirement| !facts.tools.contains_key(&requirement.tool))
            .collect();
        if let (Some(first), OnMissing::Skip) = (missing.first(), definition.on_missing) {
            return Some(format!("`{}` is not installed", first.tool));
        }
        for Requirement { tool, hint } in missing {
            if !self.missing.iter().any(|known| known.tool == tool) {
                let check = name.clone();
                self.missing.push(MissingTool { tool, hint, check });
            }
        }
        None
    }
}

/// Why the definition does not run in this hook, or without any, if that is so.
fn reason_of_hook(definition: &Definition, request: &Request) -> Option<String> {
    let hook = request.hook.as_ref();
    let going_on = hook.and_then(|hook| {
        hook.during
            .iter()
            .find(|going_on| definition.skip_in.contains(going_on))
    });
    if let Some(going_on) = going_on {
        return Some(format!("git is in the middle of a {going_on}"));
    }
    let commands = || std::iter::once(&definition.run).chain(&definition.fix);
    let wants = |hole| commands().any(|command| command.has(hole));
    if wants(Hole::MessageFile) && hook.is_none_or(|hook| hook.message_file.is_none()) {
        Some("it reads the message of a commit, and git has handed over none".to_owned())
    } else if wants(Hole::HookArgs) && hook.is_none() {
        Some("it reads what git hands to a hook, and no hook runs it".to_owned())
    } else {
        None
    }
}
