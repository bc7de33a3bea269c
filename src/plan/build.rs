//! Makes the tasks of each check, and says what is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::command_line::{Filling, builds, file_argument, fill};
use super::graph::{Frame, Need, Plan};
use super::request::{Facts, Mode, PlanError, Request};
use super::select;
use super::task::{Access, MissingTool, Program, Resource, Role, Task, TaskCommand};
use crate::config::{
    Check, Command, Config, Cwd, Definition, FileFilter, OnMissing, Platform, Requirement, Scope, Strategy, TargetNeed,
    Variant,
};
use crate::event::{LeftOut, TaskHead};
use crate::model::{CheckName, CrateName, TaskId};
use crate::workspace::{Crate, TargetKind, Workspace};

/// The plan for a request.
///
/// # Errors
///
/// Where the request names what does not exist.
pub fn plan(config: &Config, workspace: &Workspace, request: &Request, facts: &Facts) -> Result<Plan, PlanError> {
    let checks = select::checks(config, request)?;
    let crates = select::crates(&workspace.crates().iter().map(|krate| &krate.name), &request.crates)?;
    let mut builder = Builder {
        workspace,
        request,
        facts,
        crates,
        repairs: Vec::new(),
        judges: Vec::new(),
        left_out: Vec::new(),
        missing: Vec::new(),
    };
    for check in &checks {
        builder.check(check)?;
    }
    let tasks = numbered(builder.repairs, builder.judges);
    let needs = needs(&checks, &tasks);
    let strategy = request.strategy.unwrap_or(config.settings.strategy);
    let slots = match strategy {
        Strategy::Sequential => 1,
        Strategy::Parallel => request
            .max_workers
            .or(config.settings.max_parallel)
            .unwrap_or(facts.parallelism)
            .max(1),
    };
    let frame = Frame {
        origin: config.origin,
        left_out: builder.left_out,
        missing: builder.missing,
        slots,
        colour: request.colour,
        strategy,
        fail_fast: request.fail_fast.unwrap_or(config.settings.fail_fast),
        stop_on_critical_failure: config.settings.stop_on_critical_failure,
    };
    Ok(Plan::new(frame, tasks, &needs))
}

/// All tasks, each with its place.
///
/// Repairs come first, one after the other, so that every verdict is about the repaired files. Those that compile come
/// before those that only look at text: a formatter then has the last word on what the others wrote.
fn numbered(mut repairs: Vec<Task>, judges: Vec<Task>) -> Vec<Task> {
    let builds = |task: &Task| {
        task.resources
            .iter()
            .any(|(resource, _)| *resource == Resource::BuildDirectory)
    };
    repairs.sort_by_key(|task| !builds(task));
    let mut tasks: Vec<Task> = repairs.into_iter().chain(judges).collect();
    for (place, task) in (0..).zip(&mut tasks) {
        Arc::make_mut(&mut task.head).id = TaskId(place);
    }
    tasks
}

/// What waits for what: the tasks of a check for those of the checks that it names; crate by crate where both run once
/// for each crate.
fn needs(checks: &[&Check], tasks: &[Task]) -> Vec<(TaskId, TaskId, Need)> {
    let mut of_check: BTreeMap<&CheckName, Vec<&Task>> = BTreeMap::new();
    let (repairs, judges): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.role == Role::Repair);
    for task in &judges {
        of_check.entry(&task.head.check).or_default().push(task);
    }
    let in_turn = repairs.windows(2).map(|pair| (pair[0], pair[1]));
    let after_all = repairs
        .last()
        .into_iter()
        .flat_map(|last| judges.iter().map(move |judge| (*last, *judge)));
    let mut needs: Vec<_> = in_turn
        .chain(after_all)
        .map(|(a, b)| (a.head.id, b.head.id, Need::Soft))
        .collect();
    for check in checks {
        for definition in check.variants.iter().map(|variant| &variant.definition) {
            let waits = definition.depends_on.iter().map(|name| (name, Need::Hard));
            for (name, need) in waits.chain(definition.after.iter().map(|name| (name, Need::Soft))) {
                let by = of_check.get(&check.name).into_iter().flatten();
                let pairs = by.flat_map(|by| of_check.get(name).into_iter().flatten().map(move |needed| (needed, by)));
                needs.extend(
                    pairs
                        .filter(|(a, b)| concern(a, b))
                        .map(|(a, b)| (a.head.id, b.head.id, need)),
                );
            }
        }
    }
    needs
}

/// Whether one of two tasks has to wait for the other. Tasks of one crate each only where it is the same crate.
fn concern(needed: &Task, by: &Task) -> bool {
    match (needed.crates.as_slice(), by.crates.as_slice()) {
        ([a], [b]) => a == b,
        _ => true,
    }
}

struct Builder<'a> {
    workspace: &'a Workspace,
    request: &'a Request,
    facts: &'a Facts,
    /// The crates that were asked for.
    crates: BTreeSet<CrateName>,
    repairs: Vec<Task>,
    judges: Vec<Task>,
    left_out: Vec<LeftOut>,
    missing: Vec<MissingTool>,
}

/// A task to be: what it works on, and what fills its command.
struct Unit<'a> {
    label: String,
    crates: Vec<CrateName>,
    filling: Filling<'a>,
}

impl<'a> Builder<'a> {
    fn check(&mut self, check: &'a Check) -> Result<(), PlanError> {
        let before = self.judges.len();
        let mut reasons = Vec::new();
        for variant in &check.variants {
            if let Err(reason) = self.variant(&check.name, variant)? {
                reasons.push(reason);
            }
        }
        if self.judges.len() == before {
            // All variants of a check are left out for much the same reason: the first one tells it.
            let reason = reasons
                .into_iter()
                .next()
                .unwrap_or_else(|| "no crate is selected".to_owned());
            self.left_out.push(LeftOut {
                check: check.name.clone(),
                reason,
            });
        }
        Ok(())
    }

    /// The tasks of one definition, or the reason why there are none.
    fn variant(&mut self, name: &CheckName, variant: &'a Variant) -> Result<Result<(), String>, PlanError> {
        let instead = &variant.instead;
        let found = |requirement: &Requirement| self.facts.tools.contains_key(&requirement.tool);
        if instead.is_empty() || !instead.iter().all(|(_, other)| other.requires.iter().all(found)) {
            return self.definition(name, "", &variant.definition, &variant.crates);
        }
        let mut outcome = Err("no crate is selected".to_owned());
        for (label, definition) in instead {
            let added = self.definition(name, label.as_str(), definition, &variant.crates)?;
            outcome = if added.is_ok() { Ok(()) } else { outcome.or(added) };
        }
        Ok(outcome)
    }

    fn definition(
        &mut self,
        name: &CheckName,
        part: &str,
        definition: &'a Definition,
        crates: &BTreeSet<CrateName>,
    ) -> Result<Result<(), String>, PlanError> {
        if let Some(reason) = self.reason_against(name, definition) {
            return Ok(Err(reason));
        }
        let units = match self.units(name, definition, crates)? {
            Ok(units) => units,
            Err(reason) => return Ok(Err(reason)),
        };
        for unit in units {
            if let (Mode::Fix, Some(fix)) = (self.request.mode, &definition.fix) {
                self.repairs
                    .push(self.task(name, part, definition, &unit, (Role::Repair, fix)));
            }
            self.judges
                .push(self.task(name, part, definition, &unit, (Role::Judge, &definition.run)));
        }
        Ok(Ok(()))
    }

    /// Why the definition does not run here at all, if that is so. Notes what must be installed first.
    fn reason_against(&mut self, name: &CheckName, definition: &Definition) -> Option<String> {
        let here = |platform: &Platform| platform_is(*platform, &self.facts.system);
        if !definition.platforms.is_empty() && !definition.platforms.iter().any(here) {
            return Some(format!("it does not run on {}", self.facts.system));
        }
        let missing: Vec<_> = requirements(definition, self.request.mode)
            .into_iter()
            .filter(|requirement| !self.facts.tools.contains_key(&requirement.tool))
            .collect();
        if let (Some(first), OnMissing::Skip) = (missing.first(), definition.on_missing) {
            return Some(format!("`{}` is not installed", first.tool));
        }
        for requirement in missing {
            if !self.missing.iter().any(|known| known.tool == requirement.tool) {
                let Requirement { tool, hint } = requirement;
                self.missing.push(MissingTool {
                    tool,
                    hint,
                    check: name.clone(),
                });
            }
        }
        None
    }

    /// What the tasks of a definition work on, or the reason why there is nothing.
    fn units(
        &self,
        name: &CheckName,
        definition: &'a Definition,
        crates: &BTreeSet<CrateName>,
    ) -> Result<Result<Vec<Unit<'a>>, String>, PlanError> {
        if definition.scope == Scope::Workspace
            && self.request.crates.is_narrowed()
            && !self.request.checks.contains(name)
        {
            return Ok(Err(
                "it is about the whole workspace, not about single crates".to_owned()
            ));
        }
        let selected: Vec<&'a Crate> = self
            .workspace
            .in_dependency_order()
            .into_iter()
            .map(|id| &self.workspace[id])
            .filter(|krate| crates.contains(&krate.name) && self.crates.contains(&krate.name))
            .collect();
        if selected.is_empty() {
            return Ok(Err("no crate is selected".to_owned()));
        }
        let able: Vec<&'a Crate> = selected
            .iter()
            .copied()
            .filter(|krate| definition.with_target.is_none_or(|need| has(krate, need)))
            .collect();
        if let (true, Some(need)) = (able.is_empty(), definition.with_target) {
            return Ok(Err(format!("no selected crate has a {need} target")));
        }
        let files = self.files(definition, &selected);
        if definition.files.is_some() && files.is_empty() {
            return Ok(Err("no file matches".to_owned()));
        }
        Ok(Ok(match definition.scope {
            Scope::Workspace => vec![Unit {
                label: String::new(),
                crates: Vec::new(),
                filling: self.filling(),
            }],
            Scope::Package => able.iter().map(|krate| self.unit_of_crate(krate)).collect(),
            Scope::Packages => self.units_of_crates(name, definition, &able, selected.len())?,
            Scope::Files if files.is_empty() => return Ok(Err("there are no files".to_owned())),
            Scope::Files => self.units_of_files(name, definition, &files)?,
        }))
    }

    fn filling(&self) -> Filling<'a> {
        let request = self.request;
        Filling {
            colour: request.colour,
            cargo_options: &request.cargo_options,
            ..Filling::default()
        }
    }

    fn unit_of_crate(&self, krate: &'a Crate) -> Unit<'a> {
        let package = Some((krate.name.as_str(), krate.dir.as_path()));
        Unit {
            label: krate.name.to_string(),
            crates: vec![krate.name.clone()],
            filling: Filling {
                package,
                ..self.filling()
            },
        }
    }

    /// One task for all crates; where the command wants root files, one for each edition.
    fn units_of_crates(
        &self,
        name: &CheckName,
        definition: &Definition,
        crates: &[&'a Crate],
        selected: usize,
    ) -> Result<Vec<Unit<'a>>, PlanError> {
        let label = self.crates_label(crates, selected);
        let names: Vec<_> = crates.iter().map(|krate| krate.name.clone()).collect();
        if !definition.run.has(crate::config::Hole::Roots) {
            let packages = self.package_arguments(crates, selected);
            return Ok(vec![Unit {
                label,
                crates: names,
                filling: Filling {
                    packages,
                    ..self.filling()
                },
            }]);
        }
        let mut roots: BTreeMap<&str, BTreeSet<&Path>> = BTreeMap::new();
        for target in crates.iter().flat_map(|krate| &krate.targets) {
            roots.entry(&target.edition).or_default().insert(&target.source);
        }
        let several = roots.len() > 1;
        let mut units = Vec::new();
        for (edition, roots) in roots {
            let files = roots
                .into_iter()
                .map(|root| root.strip_prefix(&self.workspace.root).unwrap_or(root));
            let parts = self.in_parts(
                name,
                definition,
                files.map(|file| self.file_from(definition, file)).collect(),
            )?;
            let count = parts.len();
            for (index, roots) in parts.into_iter().enumerate() {
                let edition_label = if several {
                    format!("edition {edition}")
                } else {
                    String::new()
                };
                let label = joined(&[&label, &edition_label, &part_label(index, count)]);
                let filling = Filling {
                    edition,
                    roots,
                    ..self.filling()
                };
                units.push(Unit {
                    label,
                    crates: names.clone(),
                    filling,
                });
            }
        }
        Ok(units)
    }

    fn units_of_files(
        &self,
        name: &CheckName,
        definition: &Definition,
        files: &[&Path],
    ) -> Result<Vec<Unit<'a>>, PlanError> {
        let parts = self.in_parts(
            name,
            definition,
            files.iter().map(|file| self.file_from(definition, file)).collect(),
        )?;
        let count = parts.len();
        Ok(parts
            .into_iter()
            .enumerate()
            .map(|(index, files)| Unit {
                label: part_label(index, count),
                crates: Vec::new(),
                filling: Filling {
                    files,
                    ..self.filling()
                },
            })
            .collect())
    }

    /// The file as the command sees it from the directory in which it runs.
    fn file_from(&self, definition: &Definition, file: &Path) -> OsString {
        match &definition.cwd {
            Cwd::At(dir) if !dir.as_os_str().is_empty() => match file.strip_prefix(dir) {
                Ok(below) => file_argument(below),
                Err(_) => self.workspace.root.join(file).into_os_string(),
            },
            _ => file_argument(file),
        }
    }

    /// Cuts a list of arguments so that each part fits a command line.
    fn in_parts(
        &self,
        name: &CheckName,
        definition: &Definition,
        list: Vec<OsString>,
    ) -> Result<Vec<Vec<OsString>>, PlanError> {
        let (program, fixed) = fill(&definition.run, &self.filling());
        let cost = |argument: &OsString| argument.len() + 1 + size_of::<usize>();
        let fixed = program.len() + fixed.iter().map(cost).sum::<usize>();
        let limit = self.facts.argument_bytes.saturating_sub(fixed);
        let mut parts: Vec<Vec<OsString>> = vec![Vec::new()];
        let mut used = 0;
        for argument in list {
            let bytes = cost(&argument);
            if bytes > limit {
                return Err(PlanError::ArgumentTooLong {
                    check: name.clone(),
                    bytes,
                    limit,
                });
            }
            if used + bytes > limit {
                parts.push(Vec::new());
                used = 0;
            }
            used += bytes;
            if let Some(part) = parts.last_mut() {
                part.push(argument);
            }
        }
        Ok(parts)
    }

    /// The files that a definition is about and that belong to what was asked for.
    fn files(&self, definition: &Definition, crates: &[&Crate]) -> Vec<&'a Path> {
        if definition.files.is_none() && definition.scope != Scope::Files {
            return Vec::new();
        }
        let everything = crates.len() == self.workspace.crates().len();
        let wanted = |file: &Path| {
            let owner = || self.workspace.owner(file).map(|id| &self.workspace[id].name);
            everything || owner().is_some_and(|owner| crates.iter().any(|krate| krate.name == *owner))
        };
        let matches = matcher(definition.files.as_ref());
        let files = self.facts.files.iter().map(PathBuf::as_path);
        files.filter(|file| matches(file) && wanted(file)).collect()
    }

    /// `--workspace` where every crate that was not left out for want of a target is meant, else each by name.
    fn package_arguments(&self, crates: &[&Crate], selected: usize) -> Vec<OsString> {
        if selected == self.workspace.crates().len() {
            return vec!["--workspace".into()];
        }
        crates
            .iter()
            .flat_map(|krate| [OsString::from("-p"), krate.spec.clone().into()])
            .collect()
    }

    fn crates_label(&self, crates: &[&Crate], selected: usize) -> String {
        match crates {
            _ if selected == self.workspace.crates().len() => String::new(),
            [only] => only.name.to_string(),
            several => format!("{} crates", several.len()),
        }
    }

    fn task(
        &self,
        name: &CheckName,
        part: &str,
        definition: &Definition,
        unit: &Unit<'_>,
        (role, command): (Role, &Command),
    ) -> Task {
        let narrowed = unit.crates.len() < self.workspace.crates().len();
        let packages: String = unit
            .crates
            .iter()
            .filter(|_| narrowed)
            .flat_map(|krate| [" -p ", krate.as_str()])
            .collect();
        let rerun = format!("cargo hooks check {name}{packages}");
        let repairs = role == Role::Repair;
        let head = TaskHead {
            id: TaskId(0),
            check: name.clone(),
            unit: joined(&[part, &unit.label, if repairs { "fix" } else { "" }]),
            may_fail: definition.allow_failure || repairs,
            fix: definition.fix.as_ref().map(|_| format!("{rerun} --fix")),
            rerun,
        };
        let generates = definition.generates && !repairs;
        Task {
            head: Arc::new(head),
            crates: unit.crates.clone(),
            role,
            command: self.command(definition, command, unit),
            output: definition.output,
            timeout: self.request.timeout.or(definition.timeout),
            weight: definition.weight,
            resources: resources(definition, repairs || generates),
            critical: definition.critical && !repairs,
            unchanged: generates.then(|| definition.files.clone().unwrap_or_else(FileFilter::everything)),
        }
    }

    fn command(&self, definition: &Definition, command: &Command, unit: &Unit<'_>) -> TaskCommand {
        let (name, args) = fill(command, &unit.filling);
        let cwd = match (&definition.cwd, unit.filling.package) {
            (Cwd::Package, Some((_, dir))) => dir.to_owned(),
            (Cwd::Package, None) => self.workspace.root.clone(),
            // Joining nothing would leave a slash at the end.
            (Cwd::At(dir), _) if dir.as_os_str().is_empty() => self.workspace.root.clone(),
            (Cwd::At(dir), _) => self.workspace.root.join(dir),
        };
        let path = self.facts.tools.get(&name).cloned();
        TaskCommand {
            program: Program { name, path },
            args,
            cwd,
            env: definition.set_env.clone(),
        }
    }
}

impl FileFilter {
    fn everything() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }

    /// Whether the check is about this file, for a path relative to the workspace root.
    pub fn matcher(&self) -> impl Fn(&Path) -> bool + use<> {
        let (include, exclude) = (set(&self.include), set(&self.exclude));
        let all = self.include.is_empty();
        move |file| (all || include.is_match(file)) && !exclude.is_match(file)
    }
}

fn matcher(filter: Option<&FileFilter>) -> impl Fn(&Path) -> bool + use<> {
    filter.map_or_else(|| FileFilter::everything().matcher(), FileFilter::matcher)
}

fn set(globs: &[globset::Glob]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    // Each pattern was compiled when the configuration was read; together they only fail beyond any sensible size.
    builder.build().unwrap_or_default()
}

/// The programs that a definition needs: what it names, and the program that it runs.
#[must_use]
pub fn requirements(definition: &Definition, mode: Mode) -> Vec<Requirement> {
    let fix = definition.fix.as_ref().filter(|_| mode == Mode::Fix);
    let programs = std::iter::once(&definition.run).chain(fix).filter_map(program);
    let programs = programs.map(|tool| Requirement { tool, hint: None });
    definition.requires.iter().cloned().chain(programs).collect()
}

/// The program of a command, where it is to be looked up rather than a path.
fn program(command: &Command) -> Option<String> {
    let name = match command {
        Command::Argv(words) => words.first()?.literal()?,
        Command::Shell(_) => "sh",
    };
    (!name.contains('/')).then(|| name.to_owned())
}

fn resources(definition: &Definition, writes: bool) -> Vec<(Resource, Access)> {
    let tree = if writes { Access::Exclusive } else { Access::Shared };
    let builds = definition.builds.unwrap_or_else(|| builds(&definition.run));
    let named = definition.locks.iter().cloned().map(Resource::Named);
    let exclusive = builds.then_some(Resource::BuildDirectory).into_iter().chain(named);
    std::iter::once((Resource::Tree, tree))
        .chain(exclusive.map(|resource| (resource, Access::Exclusive)))
        .collect()
}

fn has(krate: &Crate, need: TargetNeed) -> bool {
    krate.targets.iter().any(|target| match need {
        TargetNeed::Lib => matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro),
        TargetNeed::Doctest => target.doctest && matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro),
        TargetNeed::Bin => target.kind == TargetKind::Bin,
    })
}

fn platform_is(platform: Platform, system: &str) -> bool {
    match platform {
        Platform::Unix => system != "windows",
        Platform::Linux => system == "linux",
        Platform::Macos => system == "macos",
        Platform::Windows => system == "windows",
        Platform::Freebsd => system == "freebsd",
    }
}

fn part_label(index: usize, count: usize) -> String {
    if count > 1 {
        format!("part {}/{count}", index + 1)
    } else {
        String::new()
    }
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}
