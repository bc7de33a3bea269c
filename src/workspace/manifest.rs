//! The parts of a manifest that `cargo metadata --no-deps` keeps silent about: the directories that `[patch]` leads to,
//! and those that a crate which is no member depends on. Pure: text in, values out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::ownership::normal;

/// A package that stands in for another of its name, wherever that is asked for by version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// The name of the package.
    pub(super) name: String,
    /// Where it lies, absolute.
    pub(super) dir: PathBuf,
}

/// The patches of a root manifest that lead to directories, whichever source they patch.
pub(super) fn patches(manifest: &str, root: &Path) -> Result<Vec<Patch>, String> {
    let raw: RawManifest = toml::from_str(manifest).map_err(|error| error.message().to_owned())?;
    let entries = raw.patch.into_values().flatten();
    let patch = |(key, value): (String, Value)| {
        let dir = path_of(&value, root)?;
        let name = value.get("package").and_then(Value::as_str);
        Some(Patch {
            name: name.map_or(key, str::to_owned),
            dir,
        })
    };
    Ok(entries.filter_map(patch).collect())
}

/// The manifest of a crate that is no member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutsideManifest {
    /// The name of the package.
    pub(super) name: String,
    /// The directories that it may depend on, of whatever kind and for whatever platform.
    ///
    /// What it may inherit from a `[workspace]` in the same manifest is among them, whether it does or not.
    pub(super) path_dependencies: BTreeSet<PathBuf>,
}

/// Reads the manifest of a crate that is no member.
pub(super) fn outside_manifest(manifest: &str, dir: &Path) -> Result<OutsideManifest, String> {
    let raw: RawManifest = toml::from_str(manifest).map_err(|error| error.message().to_owned())?;
    let targets = raw.target.values().filter_map(Value::as_table);
    let mut tables: Vec<&Table> = vec![&raw.rest];
    tables.extend(targets);
    tables.extend(raw.rest.get("workspace").and_then(Value::as_table));
    let dependencies = tables.into_iter().flat_map(|table| {
        let known = table.iter().filter(|(key, _)| is_dependency_table(key));
        known.filter_map(|(_, value)| value.as_table()).flat_map(Table::values)
    });
    let name = (raw.rest.get("package")).and_then(|package| package.get("name")?.as_str());
    Ok(OutsideManifest {
        name: name.unwrap_or_default().to_owned(),
        path_dependencies: dependencies.filter_map(|value| path_of(value, dir)).collect(),
    })
}

#[derive(Deserialize)]
struct RawManifest {
    #[serde(default)]
    patch: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    target: BTreeMap<String, Value>,
    #[serde(flatten)]
    rest: Table,
}

/// Cargo still reads the old spelling with `_` in the older editions.
fn is_dependency_table(key: &str) -> bool {
    key == "dependencies" || key.ends_with("-dependencies") || key.ends_with("_dependencies")
}

fn path_of(dependency: &Value, dir: &Path) -> Option<PathBuf> {
    let path = dependency.get("path")?.as_str()?;
    Some(normal(&dir.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patches_that_lead_to_directories_count() {
        let check = |manifest: &str, expected: &[(&str, &str)]| {
            let found = patches(manifest, Path::new("/ws")).unwrap();
            let found: Vec<_> = (found.iter())
                .map(|patch| (patch.name.as_str(), patch.dir.to_str().unwrap()))
                .collect();
            assert_eq!(found, expected, "{manifest}");
        };
        check("[workspace]", &[]);
        check("[patch.crates-io]\na = { path = 'crates/a' }", &[("a", "/ws/crates/a")]);
        check(
            "[patch.crates-io]\na2 = { package = 'a', path = './x/../a/' }",
            &[("a", "/ws/a")],
        );
        check("[patch.'https://example.com/b']\nb = { path = '../b' }", &[("b", "/b")]);
        check(
            "[patch.crates-io]\na = '1.0'\nb = { git = 'https://example.com/b' }",
            &[],
        );
        check("[patch.crates-io.c]\npath = '/c'", &[("c", "/c")]);
    }

    #[test]
    fn dependencies_are_found_in_every_table() {
        let check = |manifest: &str, expected: &[&str]| {
            let found = outside_manifest(manifest, Path::new("/x")).unwrap();
            let expected = expected.iter().map(PathBuf::from).collect();
            assert_eq!(found.path_dependencies, expected, "{manifest}");
        };
        check("[package]\nname = 'x'", &[]);
        check("[dependencies]\na = '1'\nb = { path = 'b' }", &["/x/b"]);
        check("[dependencies.b]\npackage = 'c'\npath = '../c'", &["/c"]);
        check(
            "[build-dependencies]\nb = { path = 'b' }\n[dev_dependencies]\nc = { path = 'c' }",
            &["/x/b", "/x/c"],
        );
        check("[target.'cfg(unix)'.dependencies]\nb = { path = 'b' }", &["/x/b"]);
        check("[workspace.dependencies]\nb = { path = 'b' }", &["/x/b"]);
        check("[lib]\npath = 'lib.rs'\n[[bin]]\nname = 'x'\npath = 'bin.rs'", &[]);
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        assert!(patches("[patch", Path::new("/ws")).is_err());
        assert!(patches("patch = 1", Path::new("/ws")).is_err());
        assert!(outside_manifest("<<<<<<< HEAD", Path::new("/ws")).is_err());
    }
}
