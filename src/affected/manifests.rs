//! What differs between two manifests, by meaning: order, comments and where a value is inherited from do not count.

use std::borrow::Cow;

use toml::{Table, Value};

use crate::config::{Kind, Kinds};
use crate::workspace::{DependencyKind, RootSettings, StateCrate};

/// A part of a manifest that differs, and in which ways that touches a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) part: String,
    pub(super) kinds: Kinds,
}

/// The keys of `[package]` that no build sees: they are for registries, and for people.
const UNSEEN_BY_BUILDS: [&str; 8] = [
    "categories",
    "default-run",
    "documentation",
    "exclude",
    "include",
    "keywords",
    "publish",
    "readme",
];
/// The keys of `[package]` that decide which sources there are, and how they are read.
const ABOUT_SOURCES: [&str; 3] = ["autobins", "autolib", "edition"];
/// Those that decide only which tests, examples and benchmarks there are.
const ABOUT_TESTS: [&str; 3] = ["autobenches", "autoexamples", "autotests"];
/// The targets that nothing is built from.
const TEST_TARGETS: [&str; 3] = ["bench", "example", "test"];

const MANIFEST: Kinds = Kinds::of(&[Kind::Manifest]);
const SOURCE: Kinds = Kinds::of(&[Kind::Manifest, Kind::Source]);
const SOURCE_AND_TESTS: Kinds = Kinds::of(&[Kind::Manifest, Kind::Source, Kind::Tests]);
const TESTS: Kinds = Kinds::of(&[Kind::Manifest, Kind::Tests]);
const BUILT: Kinds = Kinds::of(&[Kind::Source, Kind::Tests]);
const DEV: Kinds = Kinds::of(&[Kind::Manifest, Kind::DevDependencies]);

/// What differs between two versions of one crate's manifest.
pub(super) fn between(before: &StateCrate, after: &StateCrate) -> Vec<Difference> {
    let mut found = Found::default();
    found.tables(&before.package, &after.package, |key| {
        (format!("`{key}`"), package_kinds(key))
    });
    if before.metadata != after.metadata {
        // Only a build script gets to see it.
        let read = before.build_script.is_some() || after.build_script.is_some();
        found.add("`[package.metadata]`", if read { SOURCE } else { MANIFEST });
    }
    found.dependencies(before, after);
    found.values(
        "`[features]`",
        before.features.as_ref(),
        after.features.as_ref(),
        SOURCE_AND_TESTS,
    );
    found.values(
        "`[lints]`",
        before.lints.as_ref(),
        after.lints.as_ref(),
        SOURCE_AND_TESTS,
    );
    found.tables(&before.targets, &after.targets, |key| {
        (format!("`[{key}]`"), target_kinds(key))
    });
    found.tables(&before.other, &after.other, |key| {
        (format!("`{key}`"), other_kinds(key))
    });
    found.0
}

/// What differs between two root manifests and touches every crate alike. Ours, `[patch]` and what tools keep in
/// `[workspace.metadata]` are not among it.
pub(super) fn between_roots(before: &RootSettings, after: &RootSettings) -> Vec<Difference> {
    let mut found = Found::default();
    found.values("`[profile]`", before.profile.as_ref(), after.profile.as_ref(), BUILT);
    found.values("`resolver`", before.resolver.as_ref(), after.resolver.as_ref(), BUILT);
    found.tables(&before.other, &after.other, |key| (format!("`{key}`"), BUILT));
    found.0
}

/// One thing that a manifest says.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    /// What it is called.
    pub(crate) name: String,
    /// In which ways it matters to a crate.
    pub(crate) kinds: Kinds,
    /// What is said.
    pub(crate) value: Cow<'a, Value>,
}

/// All that the manifest of a crate says, with what it inherits: two manifests differ in a part exactly where these do.
pub(crate) fn parts(krate: &StateCrate) -> Vec<Part<'_>> {
    let mut said = Said::default();
    said.table(&krate.package, |key| (format!("`{key}`"), package_kinds(key)));
    let metadata = if krate.build_script.is_some() { SOURCE } else { MANIFEST };
    said.value("`[package.metadata]`", krate.metadata.as_ref(), metadata);
    for (key, table) in &krate.dependencies {
        let (what, kinds) = dependency_kinds(key.kind);
        let target = key.target.as_deref().unwrap_or_default();
        let name = format!("{what} `{}` {:?} {target:?}", key.name, key.kind);
        let value = Cow::Owned(Value::Table(Table::clone(table)));
        said.0.push(Part { name, kinds, value });
    }
    said.value("`[features]`", krate.features.as_ref(), SOURCE_AND_TESTS);
    said.value("`[lints]`", krate.lints.as_ref(), SOURCE_AND_TESTS);
    said.table(&krate.targets, |key| (format!("`[{key}]`"), target_kinds(key)));
    said.table(&krate.other, |key| (format!("`{key}`"), other_kinds(key)));
    said.0
}

/// All that a root manifest says for every crate alike.
pub(crate) fn root_parts(root: &RootSettings) -> Vec<Part<'_>> {
    let mut said = Said::default();
    said.value("`[profile]`", root.profile.as_ref(), BUILT);
    said.value("`resolver`", root.resolver.as_ref(), BUILT);
    said.value("`[patch]`", root.patch.as_ref(), BUILT);
    said.table(&root.other, |key| (format!("`{key}`"), BUILT));
    said.0
}

#[derive(Default)]
struct Said<'a>(Vec<Part<'a>>);

impl<'a> Said<'a> {
    fn value(&mut self, name: &str, value: Option<&'a Value>, kinds: Kinds) {
        self.0.extend(value.map(|value| Part {
            name: name.to_owned(),
            kinds,
            value: Cow::Borrowed(value),
        }));
    }

    fn table(&mut self, table: &'a Table, describe: impl Fn(&str) -> (String, Kinds)) {
        for (key, value) in table {
            let (name, kinds) = describe(key);
            self.value(&name, Some(value), kinds);
        }
    }
}

fn dependency_kinds(kind: DependencyKind) -> (&'static str, Kinds) {
    match kind {
        DependencyKind::Dev => ("the dev-dependency", DEV),
        DependencyKind::Normal | DependencyKind::Build => ("the dependency", SOURCE),
    }
}

fn target_kinds(key: &str) -> Kinds {
    let kinds = if TEST_TARGETS.contains(&key) {
        TESTS
    } else {
        SOURCE_AND_TESTS
    };
    kinds.and(Kinds::of(&[Kind::Rust]))
}

fn other_kinds(key: &str) -> Kinds {
    if key == "badges" { MANIFEST } else { SOURCE_AND_TESTS }
}

fn package_kinds(key: &str) -> Kinds {
    if UNSEEN_BY_BUILDS.contains(&key) {
        MANIFEST
    } else if ABOUT_TESTS.contains(&key) {
        TESTS.and(Kinds::of(&[Kind::Rust]))
    } else if ABOUT_SOURCES.contains(&key) {
        SOURCE_AND_TESTS.and(Kinds::of(&[Kind::Rust]))
    } else {
        SOURCE_AND_TESTS
    }
}

/// The names of the packages for which `[patch]` or `[replace]` says something else.
pub(super) fn patched(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let (before, after) = (patches(before), patches(after));
    let keys = before.iter().chain(&after).map(|(name, _)| name);
    let mut names: Vec<String> = keys
        .filter(|name| {
            let of = |list: &[(String, Value)]| -> Vec<Value> {
                let named = list.iter().filter(|(other, _)| other == *name);
                named.map(|(_, value)| value.clone()).collect()
            };
            of(&before) != of(&after)
        })
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every patch by the name of the package that it is for, whichever source it patches.
fn patches(patch: Option<&Value>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let sources = patch.and_then(Value::as_table).into_iter().flatten();
    for (source, entries) in sources {
        for (key, value) in entries.as_table().into_iter().flatten() {
            let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
            // `[replace]` names a package with its version: `"foo:0.1.0"`.
            let name = name.split([':', '@']).next().unwrap_or(name);
            let mut entry = Table::new();
            entry.insert("source".to_owned(), Value::String(source.clone()));
            entry.insert("value".to_owned(), value.clone());
            found.push((name.to_owned(), Value::Table(entry)));
        }
    }
    found.sort_by(|(name, entry), (other_name, other)| {
        (name, entry["source"].as_str()).cmp(&(other_name, other["source"].as_str()))
    });
    found
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, part: impl Into<String>, kinds: Kinds) {
        let part = part.into();
        self.0.push(Difference { part, kinds });
    }

    fn values(&mut self, part: &str, before: Option<&Value>, after: Option<&Value>, kinds: Kinds) {
        if before != after {
            self.add(part, kinds);
        }
    }

    fn tables(&mut self, before: &Table, after: &Table, describe: impl Fn(&str) -> (String, Kinds)) {
        let gone = before.keys().filter(|key| !after.contains_key(*key));
        let mut keys: Vec<_> = after.keys().chain(gone).collect();
        keys.sort_unstable();
        for key in keys {
            if before.get(key) != after.get(key) {
                let (part, kinds) = describe(key);
                self.add(part, kinds);
            }
        }
    }

    fn dependencies(&mut self, before: &StateCrate, after: &StateCrate) {
        let gone = before
            .dependencies
            .keys()
            .filter(|key| !after.dependencies.contains_key(key));
        for key in after.dependencies.keys().chain(gone) {
            if before.dependencies.get(key) != after.dependencies.get(key) {
                let (what, kinds) = dependency_kinds(key.kind);
                self.add(format!("{what} `{}`", key.name), kinds);
            }
        }
    }
}
