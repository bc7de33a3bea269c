//! Where `[patch]` leads, in the root manifest and in cargo's configuration. Pure.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::manifest::path_of;
use super::manifests::{Manifests, package, parse};
use super::ownership::normal;

/// A package that stands in for another of its name, wherever that is asked for by version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// The name of the package.
    pub(super) name: String,
    /// Where it lies, absolute.
    pub(super) dir: PathBuf,
}

/// The patches that lead to directories, whichever source they patch: those of the root manifest, and of every
/// configuration that cargo reads when it runs in the root.
pub(super) fn patches(manifests: &mut Manifests<'_>, manifest: &Table, root: &Path) -> Vec<Patch> {
    let mut found = patch_tables(manifest, root);
    for dir in root.ancestors() {
        for name in [".cargo/config.toml", ".cargo/config"] {
            let text = manifests.files().read(&dir.join(name));
            // Of what cargo cannot read, it says so itself.
            let config = text.and_then(|text| parse(&text).ok()).unwrap_or_default();
            found.extend(patch_tables(&config, dir));
            found.extend(overrides(manifests, &config, dir));
        }
    }
    found
}

fn patch_tables(manifest: &Table, dir: &Path) -> Vec<Patch> {
    let sources = manifest.get("patch").and_then(Value::as_table).into_iter();
    let entries = sources.flat_map(Table::values).filter_map(Value::as_table).flatten();
    let patch = |(key, value): (&String, &Value)| {
        let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
        Some(Patch {
            name: name.to_owned(),
            dir: path_of(value, dir)?,
        })
    };
    entries.filter_map(patch).collect()
}

/// `paths`, an older way to say the same, which leaves the names to the manifests.
fn overrides(manifests: &mut Manifests<'_>, config: &Table, dir: &Path) -> Vec<Patch> {
    let paths = config.get("paths").and_then(Value::as_array).into_iter().flatten();
    let paths = paths.filter_map(Value::as_str).map(|path| normal(&dir.join(path)));
    let patch = |dir: PathBuf| {
        let manifest = manifests.load(&dir).ok()?;
        let name = package(&manifest)?.get("name")?.as_str()?.to_owned();
        Some(Patch { name, dir })
    };
    paths.filter_map(patch).collect()
}

#[cfg(test)]
mod tests {
    use super::super::memory::MemoryFiles;
    use super::*;

    fn check(files: &MemoryFiles, manifest: &str, expected: &[(&str, &str)]) {
        let table = parse(manifest.as_bytes()).unwrap();
        let found = patches(&mut Manifests::new(files), &table, Path::new("/up/ws"));
        let found: Vec<_> = (found.iter())
            .map(|patch| (patch.name.as_str(), patch.dir.to_str().unwrap()))
            .collect();
        assert_eq!(found, expected, "{manifest}");
    }

    #[test]
    fn only_patches_that_lead_to_directories_count() {
        let check = |manifest: &str, expected: &[(&str, &str)]| check(&MemoryFiles::default(), manifest, expected);
        check("[workspace]", &[]);
        check(
            "[patch.crates-io]\na = { path = 'crates/a' }",
            &[("a", "/up/ws/crates/a")],
        );
        check(
            "[patch.crates-io]\na2 = { package = 'a', path = './x/../a/' }",
            &[("a", "/up/ws/a")],
        );
        check(
            "[patch.'https://example.com/b']\nb = { path = '../b' }",
            &[("b", "/up/b")],
        );
        check(
            "[patch.crates-io]\na = '1.0'\nb = { git = 'https://example.com/b' }",
            &[],
        );
        check("[patch.crates-io.c]\npath = '/c'", &[("c", "/c")]);
        for wrong in [
            "patch = 1",
            "patch.crates-io = 1",
            "patch.crates-io.a = 1",
            "patch.crates-io.a.path = 1",
        ] {
            check(wrong, &[]);
        }
    }

    #[test]
    fn configuration_patches_as_well() {
        let files = MemoryFiles::new([
            ("/up/ws/.cargo/config.toml", "[patch.crates-io]\nb.path = 'b'"),
            ("/up/ws/.cargo/config", "<<<"),
            (
                "/up/.cargo/config.toml",
                "paths = ['ws/c', 'gone', 1]\npatch.crates-io.d.path = 'ws/d'",
            ),
            ("/up/ws/c/Cargo.toml", "[package]\nname = 'see'"),
        ]);
        let expected = [
            ("a", "/up/ws/a"),
            ("b", "/up/ws/b"),
            ("d", "/up/ws/d"),
            ("see", "/up/ws/c"),
        ];
        check(&files, "[patch.crates-io]\na.path = 'a'", &expected);
    }
}
