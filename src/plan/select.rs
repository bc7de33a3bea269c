//! Which checks run, and on which crates.

use std::collections::{BTreeMap, BTreeSet};

use super::request::{CrateSelection, PlanError, Request};
use crate::config::{Check, Config, Definition, Stage, Variant};
use crate::diagnostic::nearest;
use crate::model::{CheckName, CrateName};

/// A check that runs, and those of its definitions that do.
pub(super) struct SelectedCheck<'c> {
    pub(super) name: &'c CheckName,
    pub(super) variants: Vec<&'c Variant>,
}

/// The checks that run: those that were asked for, and what they depend on.
///
/// A check that is skipped is left out whoever depends on it. Of a check that runs for its stage, only the definitions
/// of that stage do: a package may have it in another one.
pub(super) fn checks<'c>(config: &'c Config, request: &Request) -> Result<Vec<SelectedCheck<'c>>, PlanError> {
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
    let is_wanted = |variant: &&Variant| !request.checks.is_empty() || in_stage(variant, request.stage);
    let of_stage = |check: &&Check| check.variants.iter().any(|variant| in_stage(variant, request.stage));
    let mut wanted: Vec<&CheckName> = if request.checks.is_empty() {
        config.checks.iter().filter(of_stage).map(|check| &check.name).collect()
    } else {
        request.checks.iter().collect()
    };
    let mut selected: BTreeMap<&CheckName, Vec<&Variant>> = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        let check = by_name.get(name).filter(|_| !request.skip.contains(name));
        let Some(check) = check.filter(|_| !selected.contains_key(name)) else {
            continue;
        };
        let mut variants: Vec<_> = check.variants.iter().filter(is_wanted).collect();
        if variants.is_empty() {
            // It only runs because another check depends on it.
            variants = check.variants.iter().collect();
        }
        wanted.extend(variants.iter().flat_map(|variant| &variant.definition.depends_on));
        selected.insert(name, variants);
    }
    let in_order = config.checks.iter().map(|check| &check.name);
    Ok(in_order
        .filter_map(|name| {
            let variants = selected.remove(name)?;
            Some(SelectedCheck { name, variants })
        })
        .collect())
}

/// The definitions that a request comes to, so that no more is looked at than they need.
///
/// # Errors
///
/// Where the request names a check that does not exist.
pub fn definitions<'c>(config: &'c Config, request: &Request) -> Result<Vec<&'c Definition>, PlanError> {
    let variants = checks(config, request)?.into_iter().flat_map(|check| check.variants);
    let with_alternatives = |variant: &'c Variant| {
        let instead = variant.instead.iter().map(|(_, other)| other);
        std::iter::once(&variant.definition).chain(instead)
    };
    Ok(variants.flat_map(with_alternatives).collect())
}

/// Whether a definition runs in this stage; without one, whether it runs when nobody names it.
fn in_stage(variant: &Variant, stage: Option<Stage>) -> bool {
    let stages = variant.definition.stages.as_deref().unwrap_or(&Stage::DEFAULT);
    match stage {
        Some(stage) => stages.contains(&stage),
        None => stages.iter().any(|stage| stage.runs_unasked()),
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
