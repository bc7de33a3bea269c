//! Which checks run, and on which crates.

use std::collections::BTreeSet;

use super::request::{CrateSelection, PlanError, Request};
use crate::config::{Check, Config, Stage, Variant};
use crate::diagnostic::nearest;
use crate::model::{CheckName, CrateName};

/// The checks that run: those that were asked for, and what they depend on.
///
/// A check that is skipped is left out whoever depends on it.
pub(super) fn checks<'c>(config: &'c Config, request: &Request) -> Result<Vec<&'c Check>, PlanError> {
    for name in request.checks.iter().chain(&request.skip) {
        if config.check(name.as_str()).is_none() {
            let names = config.checks.iter().map(|check| check.name.as_str());
            let nearest = nearest(name.as_str(), names).map(str::to_owned);
            return Err(PlanError::UnknownCheck {
                name: name.to_string(),
                nearest,
            });
        }
    }
    let mut wanted: Vec<&CheckName> = if request.checks.is_empty() {
        let of_stage = config
            .checks
            .iter()
            .filter(|check| check.variants.iter().any(|v| in_stage(v, request.stage)));
        of_stage.map(|check| &check.name).collect()
    } else {
        request.checks.iter().collect()
    };
    let mut selected = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if request.skip.contains(name) || !selected.insert(name) {
            continue;
        }
        let check = config.check(name.as_str());
        wanted.extend(
            check
                .iter()
                .flat_map(|check| &check.variants)
                .flat_map(|variant| &variant.definition.depends_on),
        );
    }
    Ok(config
        .checks
        .iter()
        .filter(|check| selected.contains(&check.name))
        .collect())
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
