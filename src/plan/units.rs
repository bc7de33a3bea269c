//! What the tasks of a check work on: the workspace, crates, or files.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::command_line::{Filling, file_argument, fill};
use super::files::{Parts, Places};
use super::parts::{cost, parts};
use super::request::{Facts, PlanError, Request};
use crate::affected::SelectedFiles;
use crate::config::{Cwd, Definition, FileFilter, Hole, Scope, TargetNeed, Variant};
use crate::model::{CheckName, CrateName};
use crate::workspace::{Crate, Target, TargetKind, Workspace};

/// A task to be: what it works on, and what fills its command.
pub(super) struct Unit<'a> {
    /// What it works on, in words; empty for the whole workspace.
    pub(super) label: String,
    /// The crates that it works on.
    pub(super) crates: Vec<CrateName>,
    /// Whether these are all that the check could work on, so that nobody has to name them.
    pub(super) whole: bool,
    /// What tells it from other units of the check in every run, in words: neither how many crates or files there are nor
    /// in how many parts. Most often nothing does.
    pub(super) group: String,
    /// The files that it works on, where it is about files and somebody has to know.
    pub(super) files: Parts,
    pub(super) filling: Filling<'a>,
}

/// What there is to plan with.
pub(super) struct Scene<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) request: &'a Request,
    pub(super) facts: &'a Facts,
    /// The crates that were asked for.
    pub(super) crates: BTreeSet<CrateName>,
    /// How many slots there are.
    pub(super) slots: u32,
    /// What tasks use of the files, where one may write some.
    pub(super) places: Option<Places<'a>>,
}

/// The crates that a definition is about and that were asked for, dependencies first.
struct Selected<'a> {
    /// Those that have the target that the definition wants.
    able: Vec<&'a Crate>,
    /// Whether no crate of the workspace was left out but for want of a target.
    all: bool,
}

impl Selected<'_> {
    fn label(&self) -> String {
        match self.able.as_slice() {
            _ if self.all => String::new(),
            [only] => only.name.to_string(),
            several => format!("{} crates", several.len()),
        }
    }

    /// Which crates cargo is told to build: `--workspace` where every crate that was not left out for want of a target is
    /// meant, else each by name.
    ///
    /// Which of the two is a choice between two costs. Cargo unifies features over what it builds together, so that each
    /// new set of crates may compile shared dependencies once more; the variants then lie side by side. `--workspace` is
    /// the set that everybody's builds have in common, and is taken wherever it is what was asked for. For fewer crates it
    /// would also build all that depend on them, which costs more than the variants do: after a change in ten crates of
    /// 200, `--workspace` took three times as long as ten `-p` in one call. docs/presets.md has the figures.
    fn arguments(&self) -> Vec<OsString> {
        if self.all {
            return vec!["--workspace".into()];
        }
        let crates = self.able.iter();
        crates
            .flat_map(|krate| ["-p".into(), krate.spec.clone().into()])
            .collect()
    }

    /// Every kind of target but benchmarks. Cargo refuses `--lib` where no crate has one.
    fn targets(&self) -> Vec<&'static str> {
        let lib = self
            .able
            .iter()
            .any(|krate| has(krate, TargetNeed::Lib))
            .then_some("--lib");
        lib.into_iter().chain(["--bins", "--tests", "--examples"]).collect()
    }

    fn names(&self) -> Vec<CrateName> {
        self.able.iter().map(|krate| krate.name.clone()).collect()
    }
}

impl<'a> Scene<'a> {
    /// What the tasks of a definition work on, or the reason why there is nothing. There are none where all of it has
    /// passed before.
    pub(super) fn units(
        &self,
        name: &CheckName,
        part: &str,
        definition: &'a Definition,
        variant: &Variant,
    ) -> Result<Result<Vec<Unit<'a>>, String>, PlanError> {
        let is_asked_for = !self.request.crates.is_narrowed() || self.request.checks.contains(name);
        if definition.scope == Scope::Workspace && !is_asked_for {
            return Ok(Err(
                "it is about the whole workspace, not about single crates".to_owned()
            ));
        }
        let affected = self.facts.affected.as_ref();
        let affected = affected.map(|affected| affected.select(name, definition, variant));
        let of_crates = matches!(definition.scope, Scope::Package | Scope::Packages);
        if affected.as_ref().is_some_and(|affected| !affected.runs) {
            return Ok(Err(if of_crates {
                "no crate of it is affected"
            } else {
                "nothing that it looks at has changed"
            }
            .to_owned()));
        }
        let is_affected = |krate: &&Crate| {
            !of_crates
                || affected
                    .as_ref()
                    .is_none_or(|affected| affected.crates.contains(&krate.name))
        };
        let order = self.workspace.in_dependency_order();
        let selected: Vec<&'a Crate> = (order.into_iter().map(|id| &self.workspace[id]))
            .filter(|krate| variant.crates.contains(&krate.name) && self.crates.contains(&krate.name))
            .filter(is_affected)
            .collect();
        if selected.is_empty() && (of_crates || !self.reaches_unowned(variant)) {
            return Ok(Err("no crate is selected".to_owned()));
        }
        let mut files = self.files(definition, variant, &selected);
        if let (Scope::Files, Some(SelectedFiles::These(changed))) =
            (definition.scope, affected.map(|affected| affected.files))
        {
            files.retain(|file| changed.contains(*file));
        }
        if definition.files.is_some() && files.is_empty() {
            return Ok(Err("no file matches".to_owned()));
        }
        let concerned = |krate: &&Crate| definition.files.is_none() || self.concerns(krate, &files);
        let all = selected.len() == self.workspace.crates().len() && selected.iter().all(&concerned);
        let able = |krate: &&Crate| definition.with_target.is_none_or(|need| has(krate, need)) && concerned(krate);
        let able: Vec<_> = selected.into_iter().filter(able).collect();
        if let (true, Some(need)) = (able.is_empty(), definition.with_target) {
            return Ok(Err(format!("no selected crate has a {need} target")));
        }
        let there = able.len();
        let has_passed = |krate: &&Crate| of_crates && self.facts.passed.has_crate(name, part, &krate.name);
        let able: Vec<_> = able.into_iter().filter(|krate| !has_passed(krate)).collect();
        if able.is_empty() && there > 0 {
            return Ok(Ok(Vec::new()));
        }
        let all = all && able.len() == there;
        let selected = Selected { able, all };
        Ok(Ok(match definition.scope {
            Scope::Workspace => vec![self.unit_of_all(variant)],
            Scope::Package => selected.able.iter().map(|krate| self.unit_of_crate(krate)).collect(),
            Scope::Packages if wants_roots(definition) => self.units_of_roots(name, definition, &selected)?,
            Scope::Packages => vec![self.unit_of_crates(&selected)],
            Scope::Files if files.is_empty() => return Ok(Err("there are no files".to_owned())),
            Scope::Files => self.units_of_files(name, definition, variant, &files)?,
        }))
    }

    fn filling(&self) -> Filling<'a> {
        let request = self.request;
        Filling {
            colour: request.colour,
            cargo_options: &request.cargo_options,
            hook: request.hook.as_ref(),
            ..Filling::default()
        }
    }

    /// The whole of what a definition is about: named where that is one crate, since others may have their own.
    fn unit_of_all(&self, variant: &Variant) -> Unit<'a> {
        let only = variant
            .crates
            .first()
            .filter(|_| variant.crates.len() == 1 && !variant.unowned_files);
        let label = only.map(ToString::to_string).unwrap_or_default();
        Unit {
            group: label.clone(),
            files: Vec::new(),
            label,
            crates: Vec::new(),
            whole: true,
            filling: self.filling(),
        }
    }

    fn unit_of_crate(&self, krate: &'a Crate) -> Unit<'a> {
        let package = Some((krate.name.as_str(), krate.dir.as_path()));
        Unit {
            label: krate.name.to_string(),
            crates: vec![krate.name.clone()],
            whole: self.workspace.crates().len() == 1,
            group: String::new(),
            files: Vec::new(),
            filling: Filling {
                package,
                ..self.filling()
            },
        }
    }

    fn unit_of_crates(&self, selected: &Selected<'_>) -> Unit<'a> {
        Unit {
            label: selected.label(),
            crates: selected.names(),
            whole: selected.all,
            group: String::new(),
            files: Vec::new(),
            filling: Filling {
                packages: selected.arguments(),
                targets: selected.targets(),
                ..self.filling()
            },
        }
    }

    /// The root files of all crates: one task for each edition, or several where they do not fit one command line.
    fn units_of_roots(
        &self,
        name: &CheckName,
        definition: &Definition,
        selected: &Selected<'a>,
    ) -> Result<Vec<Unit<'a>>, PlanError> {
        let mut roots: BTreeMap<&str, BTreeSet<&Path>> = BTreeMap::new();
        for target in selected.able.iter().flat_map(|krate| &krate.targets) {
            roots.entry(&target.edition).or_default().insert(&target.source);
        }
        let several = roots.len() > 1;
        let mut units = Vec::new();
        for (edition, roots) in roots {
            let files: Vec<_> = roots.into_iter().map(|root| self.below_root(root)).collect();
            let filling = Filling {
                edition,
                packages: selected.arguments(),
                targets: selected.targets(),
                ..self.filling()
            };
            let parts = self.in_parts(name, definition, &filling, &files)?;
            let count = parts.len();
            let mut files = files.into_iter();
            for (index, roots) in parts.into_iter().enumerate() {
                let sources: BTreeSet<_> = files.by_ref().take(roots.len()).collect();
                let is_in =
                    |target: &Target| target.edition == edition && sources.contains(self.below_root(&target.source));
                let crates = selected.able.iter().filter(|krate| krate.targets.iter().any(is_in));
                let group = format!("edition {edition}");
                let edition_label = if several { group.as_str() } else { "" };
                units.push(Unit {
                    label: joined(&[&selected.label(), edition_label, &part_label(index, count)]),
                    group,
                    files: Vec::new(),
                    crates: crates.map(|krate| krate.name.clone()).collect(),
                    whole: selected.all,
                    filling: Filling {
                        roots,
                        ..filling.clone()
                    },
                });
            }
        }
        Ok(units)
    }

    fn below_root<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.workspace.root).unwrap_or(path)
    }

    fn units_of_files(
        &self,
        name: &CheckName,
        definition: &Definition,
        variant: &Variant,
        files: &[&Path],
    ) -> Result<Vec<Unit<'a>>, PlanError> {
        let parts = self.in_parts(name, definition, &self.filling(), files)?;
        let count = parts.len();
        let mut left = files;
        let mut unit = |(index, files): (usize, Vec<OsString>)| {
            let all = self.unit_of_all(variant);
            let own;
            (own, left) = left.split_at(files.len());
            Unit {
                label: joined(&[&all.label, &part_label(index, count)]),
                files: self
                    .places
                    .as_ref()
                    .map_or_else(Vec::new, |places| places.of_files(own)),
                filling: Filling {
                    files,
                    ..self.filling()
                },
                ..all
            }
        };
        Ok(parts.into_iter().enumerate().map(&mut unit).collect())
    }

    /// The files as arguments, cut so that each part fits the command line of the check and that of its repair.
    fn in_parts(
        &self,
        name: &CheckName,
        definition: &Definition,
        filling: &Filling<'_>,
        files: &[&Path],
    ) -> Result<Vec<Vec<OsString>>, PlanError> {
        let fixed = |command| {
            let (program, arguments) = fill(command, filling);
            program.len() + arguments.iter().map(cost).sum::<usize>()
        };
        let commands = std::iter::once(&definition.run).chain(&definition.fix);
        let fixed = commands.map(fixed).max().unwrap_or(0);
        let limit = self.facts.argument_bytes.saturating_sub(fixed);
        let arguments = files.iter().map(|file| self.file_from(definition, file)).collect();
        parts(arguments, limit).map_err(|too_long| PlanError::ArgumentTooLong {
            check: name.clone(),
            bytes: too_long.bytes,
            limit,
        })
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

    /// The files that a definition is about and that belong to what was asked for.
    fn files(&self, definition: &Definition, variant: &Variant, crates: &[&Crate]) -> Vec<&'a Path> {
        if !definition.needs_files() {
            return Vec::new();
        }
        let crates: BTreeSet<_> = crates.iter().map(|krate| krate.id).collect();
        let unowned = self.reaches_unowned(variant);
        let wanted = |file: &Path| {
            self.workspace
                .owner(file)
                .map_or(unowned, |owner| crates.contains(&owner))
        };
        let filter = definition.files.clone().unwrap_or_else(FileFilter::everything);
        let matches = filter.matcher();
        let files = self.facts.files.iter().map(PathBuf::as_path);
        files.filter(|file| matches(file) && wanted(file)).collect()
    }

    /// Whether files of no crate are meant as well.
    fn reaches_unowned(&self, variant: &Variant) -> bool {
        variant.unowned_files && !self.request.crates.is_narrowed()
    }

    /// Whether one of the files is the crate's. One that is nobody's may concern every crate.
    fn concerns(&self, krate: &Crate, files: &[&Path]) -> bool {
        let mut owners = files.iter().map(|file| self.workspace.owner(file));
        owners.any(|owner| owner.is_none_or(|owner| owner == krate.id))
    }
}

/// Whether a command of the definition takes root files.
fn wants_roots(definition: &Definition) -> bool {
    let mut commands = std::iter::once(&definition.run).chain(&definition.fix);
    commands.any(|command| command.has(Hole::Roots))
}

fn has(krate: &Crate, need: TargetNeed) -> bool {
    krate.targets.iter().any(|target| match need {
        TargetNeed::Lib => matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro),
        TargetNeed::Doctest => target.doctest && matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro),
        TargetNeed::Bin => target.kind == TargetKind::Bin,
    })
}

fn part_label(index: usize, count: usize) -> String {
    if count > 1 {
        format!("part {}/{count}", index + 1)
    } else {
        String::new()
    }
}

/// What there is to say, with commas between.
pub(super) fn joined(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}
