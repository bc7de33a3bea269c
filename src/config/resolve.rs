//! Brings the workspace's table, the packages' tables and the presets together.

use std::collections::BTreeSet;

use super::cycle::{self, Wait};
use super::declared::{declared, matching, rules};
use super::definition::{Check, Config, Definition, Origin, Retry, Rule, Settings, Variant};
use super::draft::Draft;
use super::raw::{self, NamedCheck, RawCheck, RawHooks, RawSettings, no_such_preset, preset};
use super::reader::listed;
use super::tables::{ConfigInput, Member, Tables, default_checks};
use super::words::{Scope, Strategy};
use crate::diagnostic::{Diagnostic, Diagnostics, Located, Span, nearest};
use crate::model::{CheckName, CrateName};

/// The configuration, or everything that is wrong with it.
///
/// # Errors
///
/// All mistakes at once, file by file.
pub fn resolve(input: &ConfigInput) -> Result<Config, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut tables = Tables::read(input, &mut mistakes);
    if !tables.complete {
        return Err(mistakes.sorted());
    }
    let origin = if tables.base.iter().all(|table| table.checks.is_empty()) {
        Origin::Defaults
    } else {
        Origin::Manifest
    };
    if origin == Origin::Defaults {
        tables.base_checks = default_checks();
    }
    let checks = Resolver {
        input,
        tables: &tables,
        mistakes: &mut mistakes,
    }
    .checks();
    let settings = tables
        .base
        .first()
        .map_or_else(RawSettings::default, |table| table.settings.clone());
    let rules = rules(&settings, &input.members, &mut mistakes);
    let declared = declared(input, &tables, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes.sorted());
    }
    Ok(Config {
        origin,
        settings: settled(&settings, rules),
        checks,
        declared,
    })
}

/// The checks that are built in, each as it is when nobody refines it. A preset without a command is not among them.
#[must_use]
pub fn presets() -> Vec<Check> {
    let define = |preset: &NamedCheck| {
        let draft = Draft {
            name: &preset.name,
            raw: &preset.raw,
            package: None,
            own: false,
            timeout: None,
            retry: Retry::NEVER,
        };
        draft.define(&mut Diagnostics::default())
    };
    let all = raw::presets();
    let alternative = |name: &Located<CheckName>| {
        let preset = all.iter().find(|preset| preset.name == *name)?;
        Some((name.value.clone(), define(preset)?))
    };
    let check = |preset: &NamedCheck| {
        let instead = preset.raw.instead.iter().flat_map(|list| &list.value);
        let variant = Variant {
            definition: define(preset)?,
            crates: BTreeSet::new(),
            unowned_files: true,
            instead: instead.filter_map(alternative).collect(),
        };
        Some(Check {
            name: preset.name.value.clone(),
            variants: vec![variant],
        })
    };
    all.iter().filter_map(check).collect()
}

fn settled(raw: &RawSettings, rules: Vec<Rule>) -> Settings {
    Settings {
        strategy: raw
            .strategy
            .as_ref()
            .map_or(Strategy::Adaptive, |strategy| strategy.value),
        order: raw.order.as_ref().map(|order| order.value),
        max_parallel: raw.max_parallel.as_ref().map(|count| count.0),
        fail_fast: raw.fail_fast.as_ref().is_some_and(|on| on.value),
        stop_on_critical_failure: raw.stop_on_critical_failure.as_ref().is_none_or(|on| on.value),
        base: raw.base.as_ref().map(|base| base.0.clone()),
        snapshot_includes: (raw.snapshot_includes.iter())
            .flat_map(|files| files.iter().map(|file| file.0.clone()))
            .collect(),
        repairs: raw.stages.as_ref().map(|stages| stages.repairs()).unwrap_or_default(),
        rules,
    }
}

/// One version of a check, before it is defined.
struct Version<'a> {
    check: &'a NamedCheck,
    /// What was written about it, presets left out.
    written: RawCheck,
    crates: BTreeSet<CrateName>,
    /// Whether it is about files of no crate as well.
    unowned_files: bool,
    /// The package in whose manifest it is written.
    package: Option<&'a Member>,
    /// The check that it refines.
    refines: Option<&'a NamedCheck>,
}

struct Resolver<'a, 'i> {
    input: &'i ConfigInput,
    tables: &'a Tables<'i>,
    mistakes: &'a mut Diagnostics,
}

impl<'a> Resolver<'a, '_> {
    fn checks(mut self) -> Vec<Check> {
        self.check_package_tables();
        let mut checks: Vec<Check> = Vec::new();
        let mut versions: Vec<Version<'a>> = Vec::new();
        for check in &self.tables.base_checks {
            versions.extend(self.versions_of(check));
        }
        for table in &self.tables.packages {
            versions.extend(
                table
                    .hooks
                    .checks
                    .iter()
                    .filter(|check| !self.in_base(&check.name))
                    .map(|check| Version {
                        check,
                        written: check.raw.clone(),
                        crates: BTreeSet::from([table.member.name.clone()]),
                        unowned_files: false,
                        package: Some(table.member),
                        refines: None,
                    }),
            );
        }
        self.check_references(&versions);
        let mut broken = BTreeSet::new();
        for version in &versions {
            // What is wrong with a check is wrong with what refines it, and is told once.
            if version
                .refines
                .is_some_and(|check| broken.contains(check.name.as_str()))
            {
                continue;
            }
            let Some(variant) = self.define(version) else {
                broken.insert(version.check.name.as_str());
                continue;
            };
            match checks.iter_mut().find(|check| check.name == version.check.name.value) {
                Some(known) => known.variants.push(variant),
                None => checks.push(Check {
                    name: version.check.name.value.clone(),
                    variants: vec![variant],
                }),
            }
        }
        checks
    }

    fn in_base(&self, name: &CheckName) -> bool {
        self.tables.base_checks.iter().any(|check| check.name.value == *name)
    }

    /// A package can refine what is done with it, not how the whole workspace runs.
    fn check_package_tables(&mut self) {
        for table in &self.tables.packages {
            let settings = &table.hooks.settings;
            let spans = [
                settings.strategy.as_ref().map(|value| &value.span),
                settings.max_parallel.as_ref().map(|value| &value.span),
                settings.order.as_ref().map(|value| &value.span),
                settings.timeout.as_ref().map(|value| &value.span),
                settings.retries.as_ref().map(|value| &value.span),
                settings.backoff.as_ref().map(|value| &value.span),
                settings.fail_fast.as_ref().map(|value| &value.span),
                settings.stop_on_critical_failure.as_ref().map(|value| &value.span),
                settings.base.as_ref().map(|value| &value.span),
                settings.rules.as_ref().map(|value| &value.span),
            ];
            for span in spans.into_iter().flatten() {
                let message = "this holds for a whole run, and cannot be set by one package";
                let diagnostic = Diagnostic::new("misplaced-key", span.clone(), message)
                    .help("move it to `[workspace.metadata.hooks]` in the root manifest");
                self.mistakes.push(diagnostic);
            }
            for check in &table.hooks.checks {
                if let Some(packages) = &check.raw.packages {
                    let message = format!(
                        "`{}` in the manifest of a package is about that package only",
                        check.name.value
                    );
                    let diagnostic =
                        Diagnostic::new("misplaced-key", packages.span.clone(), message).help("leave `packages` out");
                    self.mistakes.push(diagnostic);
                }
            }
            for skip in table.hooks.skip() {
                self.check_skip(skip);
            }
        }
        for skip in self.tables.base.iter().flat_map(RawHooks::skip) {
            self.check_skip(skip);
        }
    }

    fn check_skip(&mut self, skip: &Located<CheckName>) {
        let base = &self.tables.base_checks;
        let Some(check) = base.iter().find(|check| check.name.value == skip.value) else {
            let names: Vec<_> = base.iter().map(|check| check.name.as_str()).collect();
            self.mistakes.push(no_such_check(skip, &names));
            return;
        };
        if let (Scope::Workspace, true) = (scope_of(check), check.sound) {
            self.mistakes
                .push(once_for_all(&skip.span, check, "a package cannot skip it"));
        }
    }

    /// The version of a workspace's check that most crates have, and those of the packages that refine it.
    fn versions_of(&mut self, check: &'a NamedCheck) -> Vec<Version<'a>> {
        let mut crates = self.matching(check);
        let mut skipped = self.tables.base.iter().flat_map(RawHooks::skip);
        let skipped_everywhere = skipped.any(|skip| skip.value == check.name.value);
        if skipped_everywhere {
            crates.clear();
        }
        let mut refined = Vec::new();
        for table in &self.tables.packages {
            let name = &table.member.name;
            if table.hooks.skip().iter().any(|skip| skip.value == check.name.value) {
                crates.remove(name);
            }
            let Some(refinement) = table.hooks.checks.iter().find(|own| own.name.value == check.name.value) else {
                continue;
            };
            if scope_of(check) == Scope::Workspace && check.sound {
                self.mistakes
                    .push(once_for_all(&refinement.name.span, check, "a package cannot change it"));
                continue;
            }
            crates.remove(name);
            let written = refinement.raw.clone().refines(check.raw.clone());
            refined.push(Version {
                check: refinement,
                written,
                crates: BTreeSet::from([name.clone()]),
                unowned_files: false,
                package: Some(table.member),
                refines: Some(check),
            });
        }
        let common = Version {
            check,
            written: check.raw.clone(),
            crates,
            unowned_files: check.raw.packages.is_none() && !skipped_everywhere,
            package: None,
            refines: None,
        };
        std::iter::once(common).chain(refined).collect()
    }

    /// The crates that `packages` names: all where it is not given.
    fn matching(&mut self, check: &NamedCheck) -> BTreeSet<CrateName> {
        let Some(patterns) = &check.raw.packages else {
            let members = self.input.members.iter();
            return members.map(|member| member.name.clone()).collect();
        };
        let crates = matching(&patterns.value, &self.input.members, self.mistakes);
        if patterns.value.is_empty() && check.sound {
            let message = format!("`{}` can never match a crate", check.name.value);
            self.mistakes
                .push(Diagnostic::new("never-matches", patterns.span.clone(), message));
        }
        crates
    }

    fn check_references(&mut self, versions: &[Version<'_>]) {
        let names: BTreeSet<&str> = versions.iter().map(|version| version.check.name.as_str()).collect();
        let mut waits = Vec::new();
        for version in versions {
            let raw = &version.written;
            for wait in [&raw.depends_on, &raw.after]
                .into_iter()
                .flatten()
                .flat_map(|list| &list.value)
            {
                if names.contains(wait.as_str()) {
                    let (from, to) = (version.check.name.value.clone(), wait.value.clone());
                    waits.push(Wait {
                        from,
                        to,
                        span: wait.span.clone(),
                    });
                } else {
                    let names: Vec<_> = names.iter().copied().collect();
                    self.mistakes.push(no_such_check(wait, &names));
                }
            }
            for instead in raw.instead.iter().flat_map(|list| &list.value) {
                if preset(instead.as_str()).is_none() {
                    self.mistakes.push(no_such_preset(instead));
                }
            }
        }
        cycle::find(&waits, self.mistakes);
    }

    fn define(&mut self, version: &Version<'_>) -> Option<Variant> {
        if !version.check.sound {
            return None;
        }
        let raw = with_preset(version.check, &version.written);
        let definition = self.draft(version, &raw).define(self.mistakes)?;
        let mut instead = Vec::new();
        for name in raw.instead.iter().flat_map(|list| &list.value) {
            let definition = self.define_instead(version, preset(name.as_str())?)?;
            instead.push((name.value.clone(), definition));
        }
        Some(Variant {
            definition,
            crates: version.crates.clone(),
            unowned_files: version.unowned_files,
            instead,
        })
    }

    /// A preset that may run in the place of a check: with everything that was written about the check but its command.
    fn define_instead(&mut self, version: &Version<'_>, other: &RawCheck) -> Option<Definition> {
        let common = RawCheck {
            run: None,
            shell: None,
            preset: None,
            ..version.written.clone()
        };
        let raw = common.over(other.clone());
        let mut definition = self.draft(version, &raw).define(self.mistakes)?;
        for required in other.requires.iter().flat_map(|list| &list.value) {
            if !definition.requires.contains(required) {
                definition.requires.push(required.value.clone());
            }
        }
        Some(definition)
    }

    fn draft<'d>(&self, version: &Version<'d>, raw: &'d RawCheck) -> Draft<'d> {
        Draft {
            name: &version.check.name,
            raw,
            package: version.package,
            own: version.refines.is_none() && version.package.is_some(),
            timeout: self.tables.timeout(),
            retry: self.tables.retry(),
        }
    }
}

/// The scope of a workspace's check, as far as it can be told before the check is known to be sound.
fn scope_of(check: &NamedCheck) -> Scope {
    let raw = with_preset(check, &check.raw);
    let draft = Draft {
        name: &check.name,
        raw: &raw,
        package: None,
        own: false,
        timeout: None,
        retry: Retry::NEVER,
    };
    draft
        .define(&mut Diagnostics::default())
        .map_or(Scope::Package, |definition| definition.scope)
}

/// The check on top of its preset: the one that it names, or the one of its own name.
fn with_preset(check: &NamedCheck, written: &RawCheck) -> RawCheck {
    let has_command = written.run.is_some() || written.shell.is_some();
    // A check with a command of its own is not the preset of its name, unless that has none (`codegen`).
    let takes_name = |preset: &&RawCheck| !has_command || preset.run.is_none();
    let own_name = preset(check.name.as_str())
        .filter(takes_name)
        .map(|_| check.name.as_str());
    let name = written.preset.as_ref().map(|preset| preset.as_str()).or(own_name);
    match name.and_then(preset) {
        Some(preset) => written.clone().refines(preset.clone()),
        None => written.clone(),
    }
}

fn no_such_check(named: &Located<CheckName>, known: &[&str]) -> Diagnostic {
    let help = match nearest(named.as_str(), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the checks are {}", listed(known)),
    };
    let message = format!("there is no check `{}`", named.value);
    Diagnostic::new("unknown-check", named.span.clone(), message).help(help)
}

fn once_for_all(span: &Span, check: &NamedCheck, cannot: &str) -> Diagnostic {
    let message = format!("`{}` runs once for the whole workspace: {cannot}", check.name.value);
    Diagnostic::new("misplaced-key", span.clone(), message).related(check.name.span.clone(), "the check is here")
}
