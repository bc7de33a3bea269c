//! One form for each meaning: what may be written in several ways, and what is inherited, as if it were written out, in
//! one way. Pure.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use toml::{Table, Value};

use super::super::dependency::DependencyKind;
use super::super::manifest::{DEPENDENCY_TABLES, Shared, inherits, path_of};
use super::super::ownership::normal;
use super::DependencyKey;

/// The dependencies that the root manifest shares with the members, ready to be inherited.
pub(super) struct SharedDependencies<'a> {
    /// The root manifest.
    pub(super) manifest: Shared<'a>,
    by_name: HashMap<&'a str, Arc<Table>>,
}

impl<'a> SharedDependencies<'a> {
    pub(super) fn new(manifest: Shared<'a>) -> Self {
        let whole = |name: &str, value: &Value| {
            let mut table = spelled(value.clone(), manifest.root);
            table.remove("optional");
            drop_defaults(name, &mut table);
            Arc::new(table)
        };
        let all = manifest.dependencies().into_iter().flatten();
        Self {
            by_name: all.map(|(name, value)| (name.as_str(), whole(name, value))).collect(),
            manifest,
        }
    }
}

/// Takes the dependencies out of a manifest.
pub(super) fn take_dependencies(
    manifest: &mut Table,
    dir: &Path,
    shared: &SharedDependencies<'_>,
) -> BTreeMap<DependencyKey, Arc<Table>> {
    let mut found = BTreeMap::new();
    let targets = manifest.remove("target").and_then(into_table).unwrap_or_default();
    let mut take = |table: &mut Table, target: Option<&String>| {
        for (kind, spellings) in DEPENDENCY_TABLES {
            let mut tables = spellings.iter().filter_map(|spelling| table.remove(*spelling));
            let declared = tables.next().and_then(into_table).unwrap_or_default();
            // What stands under the old spelling beside the new one is not read by cargo, and goes as well.
            tables.for_each(drop);
            found.extend(declared.into_iter().map(|(name, value)| {
                let value = inherited(&name, value, dir, shared);
                (key(kind, target, name), value)
            }));
        }
    };
    take(manifest, None);
    for (target, value) in targets {
        take(&mut into_table(value).unwrap_or_default(), Some(&target));
    }
    found
}

/// A member's dependency, with what it inherits.
fn inherited(name: &str, value: Value, dir: &Path, shared: &SharedDependencies<'_>) -> Arc<Table> {
    let base = inherits(&value).then(|| shared.by_name.get(name)).flatten();
    match base {
        // Most say no more than that.
        Some(base) if value.as_table().is_some_and(|own| own.len() == 1) => base.clone(),
        Some(base) => {
            let mut table = with_own(Table::clone(base), spelled(value, dir));
            drop_defaults(name, &mut table);
            Arc::new(table)
        }
        None => Arc::new(dependency(name, value, dir)),
    }
}

fn key(kind: DependencyKind, target: Option<&String>, name: String) -> DependencyKey {
    let target = target.cloned();
    DependencyKey { kind, target, name }
}

/// A dependency of this name.
fn dependency(name: &str, value: Value, dir: &Path) -> Table {
    let mut table = spelled(value, dir);
    drop_defaults(name, &mut table);
    table
}

/// Takes out what means the same when it is not said.
fn drop_defaults(name: &str, table: &mut Table) {
    table.retain(|key, value| match (key, value) {
        ("optional", Value::Boolean(optional)) => *optional,
        ("default-features", Value::Boolean(default)) => !*default,
        ("package", Value::String(package)) => package != name,
        ("features", Value::Array(features)) => !features.is_empty(),
        _ => true,
    });
}

/// A table in today's spelling, with its directory from the root of the file system and its features in order.
fn spelled(value: Value, dir: &Path) -> Table {
    let path = path_of(&value, dir);
    let mut table = match value {
        Value::Table(table) => table,
        version => Table::from_iter([("version".to_owned(), version)]),
    };
    if let Some(old) = table.remove("default_features") {
        table.entry("default-features").or_insert(old);
    }
    if let Some(path) = path {
        table.insert("path".to_owned(), path_value(&path));
    }
    table.get_mut("features").map(sort);
    table
}

/// What a member inherits, with what it says itself. Cargo lets it add features, the default ones among them, but take
/// none away.
fn with_own(mut base: Table, own: Table) -> Table {
    for (key, value) in own {
        match (key.as_str(), base.get_mut(&key), value) {
            ("features", Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            ("default-features", Some(default), Value::Boolean(true)) => *default = Value::Boolean(true),
            ("workspace" | "default-features", ..) => {}
            (_, _, value) => _ = base.insert(key, value),
        }
    }
    base.get_mut("features").map(sort);
    base
}

/// The entries of `[patch]` and of `[replace]`, in the form of dependencies. The latter stand under `replace`.
pub(super) fn patch(manifest: &Table, root: &Path) -> Option<Value> {
    let entries = |value: &Value| {
        let entries = value.as_table().into_iter().flatten();
        let entries = entries.map(|(name, value)| {
            let value = dependency(name, value.clone(), root);
            (name.clone(), Value::Table(value))
        });
        Value::Table(entries.collect())
    };
    let sources = manifest.get("patch").and_then(Value::as_table).into_iter().flatten();
    let mut all: Table = sources
        .map(|(source, value)| (source.clone(), entries(value)))
        .collect();
    let replace = manifest.get("replace");
    all.extend(replace.map(|value| ("replace".to_owned(), entries(value))));
    (!all.is_empty()).then_some(Value::Table(all))
}

/// `[package]` without what it inherits from elsewhere: that stands in it.
pub(super) fn package(package: &mut Table, dir: &Path, shared: Shared<'_>) {
    for (key, value) in package.iter_mut() {
        let mut from = dir;
        if let Some(base) = inherits(value).then(|| shared.package(key)).flatten() {
            *value = base.clone();
            from = shared.root;
        }
        match value {
            Value::String(path) if PATHS.contains(&key.as_str()) => *value = path_value(&normal(&from.join(path))),
            _ => {}
        }
    }
}

/// The keys of `[package]` that hold paths.
const PATHS: [&str; 4] = ["readme", "license-file", "build", "workspace"];

/// `[features]`, in which the order within a list means nothing.
pub(super) fn features(mut features: Value) -> Value {
    let table = features.as_table_mut().into_iter().flatten();
    table.for_each(|(_, list)| sort(list));
    features
}

/// `[lints]`.
pub(super) fn lints(lints: Value, shared: Shared<'_>) -> Value {
    let inherited = inherits(&lints).then(|| shared.lints()).flatten();
    inherited.cloned().unwrap_or(lints)
}

/// `[lib]`, or the list of `[[bin]]` and its like, whose order means nothing.
pub(super) fn target(mut target: Value) -> Value {
    if let Value::Array(list) = &mut target {
        list.sort_by(|a, b| name(a).cmp(&name(b)));
        list.iter_mut().filter_map(Value::as_table_mut).for_each(respell);
    } else if let Value::Table(library) = &mut target {
        respell(library);
    }
    target
}

fn name(target: &Value) -> Option<&str> {
    target.get("name").and_then(Value::as_str)
}

fn respell(target: &mut Table) {
    for (old, new) in [("proc_macro", "proc-macro"), ("crate_type", "crate-type")] {
        if let Some(value) = target.remove(old) {
            target.entry(new).or_insert(value);
        }
    }
}

/// A table of metadata, taken apart into ours and the rest.
pub(super) fn metadata(metadata: Option<Value>) -> (Option<Value>, Option<Value>) {
    let Some(Value::Table(mut table)) = metadata else {
        return (None, metadata);
    };
    let hooks = table.remove("hooks");
    (hooks, (!table.is_empty()).then_some(Value::Table(table)))
}

/// The table that a value is.
pub(super) fn into_table(value: Value) -> Option<Table> {
    match value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// Sorts a list of texts, and takes out what is there twice. Another value is left as it is.
fn sort(list: &mut Value) {
    if let Value::Array(list) = list {
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        list.dedup();
    }
}

fn path_value(path: &Path) -> Value {
    Value::String(path.to_string_lossy().into_owned())
}
