//! What manifests say about other directories: where dependencies lead, and what a workspace shares with its members. Pure: tables in, values out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::dependency::DependencyKind;
use super::manifests::package;
use super::ownership::normal;

/// The manifest of a crate that is no member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutsideManifest {
    /// The name of the package.
    pub(super) name: String,
    /// The directories that it may depend on, of whatever kind and for whatever platform.
    pub(super) path_dependencies: BTreeSet<PathBuf>,
}

/// Reads the manifest of a crate that is no member.
pub(super) fn outside_manifest(manifest: &Table, dir: &Path, shared: Shared<'_>) -> OutsideManifest {
    let name = package(manifest).and_then(|package| package.get("name")?.as_str());
    OutsideManifest {
        name: name.unwrap_or_default().to_owned(),
        path_dependencies: path_dependencies(manifest, dir, shared).collect(),
    }
}

/// The directories that a manifest's dependencies lead to.
pub(super) fn path_dependencies<'a>(
    manifest: &'a Table,
    dir: &'a Path,
    shared: Shared<'a>,
) -> impl Iterator<Item = PathBuf> + 'a {
    dependencies(manifest).filter_map(move |(name, value)| {
        if inherits(value) {
            shared.path_dependency(name)
        } else {
            path_of(value, dir)
        }
    })
}

/// The dependencies that a manifest declares, of whatever kind and for whatever platform.
pub(super) fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter();
    let targets = targets.flat_map(Table::values).filter_map(Value::as_table);
    let tables = std::iter::once(manifest).chain(targets).flat_map(|table| {
        // Cargo reads the old spelling only where there is no new one.
        DEPENDENCY_TABLES.map(|(_, spellings)| spellings.iter().find_map(|spelling| table.get(*spelling)))
    });
    tables.flatten().filter_map(Value::as_table).flatten()
}

/// The names of the tables of dependencies, the present one first.
pub(super) const DEPENDENCY_TABLES: [(DependencyKind, &[&str]); 3] = [
    (DependencyKind::Normal, &["dependencies"]),
    (DependencyKind::Build, &["build-dependencies", "build_dependencies"]),
    (DependencyKind::Dev, &["dev-dependencies", "dev_dependencies"]),
];

/// What the root manifest of a workspace shares with its members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'a> {
    /// Where the root manifest lies: paths that it shares are relative to this.
    pub(super) root: &'a Path,
    workspace: Option<&'a Table>,
}

impl Default for Shared<'_> {
    /// Nothing.
    fn default() -> Self {
        Self {
            root: Path::new("/"),
            workspace: None,
        }
    }
}

impl<'a> Shared<'a> {
    /// What the manifest in a directory shares.
    pub(super) fn new(manifest: &'a Table, root: &'a Path) -> Self {
        Self {
            root,
            workspace: manifest.get("workspace").and_then(Value::as_table),
        }
    }

    /// The dependencies.
    pub(super) fn dependencies(self) -> Option<&'a Table> {
        self.workspace?.get("dependencies")?.as_table()
    }

    /// Where the dependency of this name leads, where it has a path.
    pub(super) fn path_dependency(self, name: &str) -> Option<PathBuf> {
        path_of(self.dependencies()?.get(name)?, self.root)
    }

    /// What stands under this key of `[package]`.
    pub(super) fn package(self, key: &str) -> Option<&'a Value> {
        self.workspace?.get("package")?.get(key)
    }

    /// `[lints]`.
    pub(super) fn lints(self) -> Option<&'a Value> {
        self.workspace?.get("lints")
    }
}

/// Whether a value is to be taken from the root manifest.
pub(super) fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// The directory that a dependency says that it is in.
pub(super) fn path_of(dependency: &Value, dir: &Path) -> Option<PathBuf> {
    let path = dependency.get("path")?.as_str()?;
    Some(normal(&dir.join(path)))
}

#[cfg(test)]
mod tests {
    use super::super::manifests::parse;
    use super::*;

    #[test]
    fn dependencies_are_found_in_every_table() {
        let check = |manifest: &str, expected: &[&str]| {
            let table = parse(manifest.as_bytes()).unwrap();
            let found = outside_manifest(&table, Path::new("/x"), Shared::new(&table, Path::new("/x")));
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
        check("[workspace.dependencies]\nb = { path = 'b' }", &[]);
        check(
            "[workspace.dependencies]\nb = { path = 'b' }\n[dependencies]\nb.workspace = true\nc.workspace = true",
            &["/x/b"],
        );
        check(
            "[dev-dependencies]\nb = { path = 'b' }\n[dev_dependencies]\nc = { path = 'c' }",
            &["/x/b"],
        );
        check("[lib]\npath = 'lib.rs'\n[[bin]]\nname = 'x'\npath = 'bin.rs'", &[]);
    }
}
