//! Which checks run, and on which crates.

use std::collections::{BTreeMap, BTreeSet};

use super::request::{CrateSelection, PlanError, Request};
use crate::config::{Check, Config, Definition, Stage, Variant};
use crate::diagnostic::nearest;
use crate::event::LeftOut;
use crate::model::{CheckName, CrateName, Keyword};

/// A check that runs, and those of its definitions that do.
pub(super) struct SelectedCheck<'c> {
    pub(super) name: &'c CheckName,
    pub(super) variants: Vec<&'c Variant>,
}

/// The checks that run, and those that were meant and do not.
pub(super) struct Selection<'c> {
    pub(super) checks: Vec<SelectedCheck<'c>>,
    pub(super) left_out: Vec<LeftOut>,
}

/// The checks that run: those that were asked for, and what they depend on.
///
/// A check that is skipped is left out whoever depends on it. Where a stage is named, only the definitions of that stage
/// run: a package may have a check in another one.
pub(super) fn checks<'c>(config: &'c Config, request: &Request) -> Result<Selection<'c>, PlanError> {
    let by_name: BTreeMap<&CheckName, &Check> = config.checks.iter().map(|check| (&check.name, check)).collect();
    for name in request.checks.iter().chain(&request.skip) {
        if !by_name.contains_key(name) {
            let names = config.checks.iter().map(|check| check.name.as_str());
            let nearest = nearest(name.as_str(), names).map(str::to_owned);
            return Err(PlanError::UnknownCheck {
                name: name.to_string(),
                nearest,
            });
        }
    }
    let named = !request.checks.is_empty();
    let is_wanted = |variant: &&Variant| (named && request.stage.is_none()) || in_stage(variant, request.stage);
    let is_of_stage = |check: &Check| check.variants.iter().any(|variant| is_wanted(&variant));
    let mut wanted: Vec<&CheckName> = if named {
        request
            .checks
            .iter()
            .filter(|name| is_of_stage(by_name[*name]))
            .collect()
    } else {
        let of_stage = config.checks.iter().filter(|check| is_of_stage(check));
        of_stage.map(|check| &check.name).collect()
    };
    let mut selected: BTreeMap<&CheckName, Vec<&Variant>> = BTreeMap::new();
    let mut skipped: BTreeSet<&CheckName> = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let Some(check) = by_name.get(name).filter(|_| !selected.contains_key(name)) else {
            continue;
        };
        if request.skip.contains(name) {
            skipped.insert(name);
            continue;
        }
        let mut variants: Vec<_> = check.variants.iter().filter(is_wanted).collect();
        if variants.is_empty() {
            // It only runs because another check depends on it.
            variants = check.variants.iter().collect();
        }
        wanted.extend(variants.iter().flat_map(|variant| &variant.definition.depends_on));
        selected.insert(name, variants);
    }
    let of_other_stage = |name: &CheckName| request.checks.contains(name) && !is_of_stage(by_name[name]);
    let mut selection = Selection {
        checks: Vec::new(),
        left_out: Vec::new(),
    };
    for name in config.checks.iter().map(|check| &check.name) {
        let reason = match (selected.remove(name), request.stage) {
            (Some(variants), _) => {
                selection.checks.push(SelectedCheck { name, variants });
                continue;
            }
            (None, _) if skipped.contains(name) => "`--skip` or `SKIP` names it".to_owned(),
            (None, Some(stage)) if of_other_stage(name) => format!("it is not for the stage `{stage}`"),
            (None, _) => continue,
        };
        let check = name.clone();
        selection.left_out.push(LeftOut { check, reason });
    }
    Ok(selection)
}

/// The definitions that a request comes to, so that no more is looked at than they need.
///
/// # Errors
///
/// Where the request names a check that does not exist.
pub fn definitions<'c>(config: &'c Config, request: &Request) -> Result<Vec<&'c Definition>, PlanError> {
    let variants = checks(config, request)?
        .checks
        .into_iter()
        .flat_map(|check| check.variants);
    let with_alternatives = |variant: &'c Variant| {
        let instead = variant.instead.iter().map(|(_, other)| other);
        std::iter::once(&variant.definition).chain(instead)
    };
    Ok(variants.flat_map(with_alternatives).collect())
}

/// Whether a definition runs in this stage; without one, whether it runs when nobody names it.
fn in_stage(variant: &Variant, stage: Option<Stage>) -> bool {
    let definition = &variant.definition;
    match stage {
        Some(stage) => definition.runs_in(stage),
        None => Stage::ALL
            .iter()
            .any(|(stage, ..)| stage.runs_unasked() && definition.runs_in(*stage)),
    }
}

/// The crates of the workspace that were asked for.
pub(super) fn crates<'w>(
    all: &(impl Iterator<Item = &'w CrateName> + Clone),
    selection: &CrateSelection,
) -> Result<BTreeSet<CrateName>, PlanError> {
    let matching = |pattern: &String| -> Result<BTreeSet<CrateName>, PlanError> {
        let glob = globset::Glob::new(pattern).map_err(|error| PlanError::BadPattern {
            pattern: pattern.clone(),
            problem: error.kind().to_string(),
        })?;
        let matcher = glob.compile_matcher();
        let found: BTreeSet<_> = all
            .clone()
            .filter(|name| matcher.is_match(name.as_str()))
            .cloned()
            .collect();
        if found.is_empty() {
            let nearest = nearest(pattern, all.clone().map(CrateName::as_str)).map(str::to_owned);
            return Err(PlanError::UnknownCrate {
                name: pattern.clone(),
                nearest,
            });
        }
        Ok(found)
    };
    let mut selected = BTreeSet::new();
    for pattern in &selection.include {
        selected.extend(matching(pattern)?);
    }
    if selection.include.is_empty() {
        selected.extend(all.clone().cloned());
    }
    for pattern in &selection.exclude {
        for name in matching(pattern)? {
            selected.remove(&name);
        }
    }
    Ok(selected)
}
