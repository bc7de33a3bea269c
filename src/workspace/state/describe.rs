//! From a manifest to what it says. Pure.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::super::files::Files;
use super::super::manifests::package;
use super::super::member::CrateId;
use super::super::ownership::normal;
use super::canonical::{self, SharedDependencies, into_table};
use super::{RootSettings, StateCrate};
use crate::model::CrateName;

/// What a member's directory tells beside its manifest.
pub(super) struct Surroundings {
    real_dir: PathBuf,
    has_build_script: bool,
    has_program: bool,
}

impl Surroundings {
    pub(super) fn look(files: &dyn Files, dir: &Path) -> Self {
        Self {
            real_dir: files.real(dir),
            has_build_script: files.has(&dir.join(BUILD_SCRIPT)),
            has_program: files.has(&dir.join(PROGRAM)),
        }
    }
}

/// Where cargo finds what is not named.
const BUILD_SCRIPT: &str = "build.rs";
const PROGRAM: &str = "src/main.rs";

/// What a member's manifest says. Its id is not known yet.
pub(super) fn describe(
    mut manifest: Table,
    dir: &Path,
    around: Surroundings,
    shared: &SharedDependencies<'_>,
) -> StateCrate {
    let own = (manifest.remove("package")).or_else(|| manifest.remove("project"));
    let mut package = own.and_then(into_table).unwrap_or_default();
    let (hooks, metadata) = canonical::metadata(package.remove("metadata"));
    canonical::package(&mut package, dir, shared.manifest);
    let dependencies = canonical::take_dependencies(&mut manifest, dir, shared);
    let targets = take_targets(&mut manifest);
    let is_looked_for = package.get("autobins").and_then(Value::as_bool) != Some(false);
    let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").unwrap_or_else(|| dir_name(dir));
    StateCrate {
        id: CrateId::at(0),
        version: text("version").unwrap_or_else(|| "0.0.0".to_owned()),
        build_script: build_script(&package, dir, around.has_build_script),
        sources: sources(&targets, &["lib", "bin"], dir),
        test_sources: sources(&targets, &["test", "example", "bench"], dir),
        programs: programs(&name, &targets, dir, around.has_program && is_looked_for),
        real_dir: around.real_dir,
        features: manifest.remove("features").map(canonical::features),
        lints: manifest
            .remove("lints")
            .map(|lints| canonical::lints(lints, shared.manifest)),
        other: rest(manifest),
        name: CrateName::from(name),
        dir: dir.to_owned(),
        package,
        hooks,
        metadata,
        dependencies,
        targets,
    }
}

fn dir_name(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What cargo reads in the root manifest only, for the whole workspace.
const FOR_ALL: [&str; 4] = ["workspace", "profile", "patch", "replace"];

fn rest(mut manifest: Table) -> Table {
    manifest.retain(|key, _| !FOR_ALL.contains(&key));
    manifest
}

const TARGETS: [&str; 5] = ["lib", "bin", "test", "example", "bench"];

fn take_targets(manifest: &mut Table) -> Table {
    let taken = TARGETS.into_iter().filter_map(|key| Some((key, manifest.remove(key)?)));
    taken
        .map(|(key, value)| (key.to_owned(), canonical::target(value)))
        .collect()
}

/// The targets of these kinds. `[lib]` is one, the others are lists.
fn declared<'a>(targets: &'a Table, kinds: &'a [&str]) -> impl Iterator<Item = &'a Value> {
    kinds
        .iter()
        .filter_map(|kind| targets.get(*kind))
        .flat_map(|value| match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        })
}

fn sources(targets: &Table, kinds: &[&str], dir: &Path) -> BTreeSet<PathBuf> {
    let paths = declared(targets, kinds).filter_map(|target| target.get("path")?.as_str());
    paths.map(|path| normal(&dir.join(path))).collect()
}

/// The first where there are several, which cargo does not let in yet.
fn build_script(package: &Table, dir: &Path, is_there: bool) -> Option<PathBuf> {
    let usual = dir.join(BUILD_SCRIPT);
    match package.get("build") {
        None => is_there.then_some(usual),
        Some(Value::Boolean(false)) => None,
        Some(Value::String(path)) => Some(PathBuf::from(path)),
        Some(Value::Array(paths)) => {
            let first = paths.first().and_then(Value::as_str)?;
            Some(normal(&dir.join(first)))
        }
        Some(_) => Some(usual),
    }
}

fn programs(name: &str, targets: &Table, dir: &Path, has_usual: bool) -> BTreeSet<String> {
    let text = |target: &Value, key: &str| target.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut programs: BTreeSet<String> = (declared(targets, &["bin"]))
        .filter_map(|target| text(target, "name"))
        .collect();
    let usual = dir.join(PROGRAM);
    // One of another name may have taken the file.
    let is_taken =
        || declared(targets, &["bin"]).any(|target| text(target, "path").is_some_and(|path| dir.join(path) == usual));
    if has_usual && !programs.contains(name) && !is_taken() {
        programs.insert(name.to_owned());
    }
    programs
}

/// What the root manifest says for the whole workspace.
pub(super) fn settings(manifest: &Table, root: &Path) -> RootSettings {
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    let metadata = workspace.and_then(|workspace| workspace.get("metadata"));
    let (hooks, metadata) = canonical::metadata(metadata.cloned());
    let package = package(manifest);
    let is_for_all = |key: &str| match package {
        Some(_) => key == "cargo-features",
        None => !FOR_ALL.contains(&key),
    };
    let other = manifest.iter().filter(|(key, _)| is_for_all(key));
    RootSettings {
        profile: manifest.get("profile").cloned(),
        patch: canonical::patch(manifest, root),
        resolver: Some(resolver(workspace, package)),
        hooks,
        metadata,
        other: other.map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}

fn resolver(workspace: Option<&Table>, package: Option<&Table>) -> Value {
    let given = |table: Option<&Table>| table?.get("resolver").cloned();
    if let Some(given) = given(workspace).or_else(|| given(package)) {
        return given;
    }
    let edition = package.and_then(|package| package.get("edition"));
    let inherited = || workspace?.get("package")?.get("edition")?.as_str();
    let edition = edition.and_then(|edition| edition.as_str().or_else(inherited));
    let implied = match edition.and_then(|edition| edition.parse().ok()) {
        Some(2024..) => "3",
        Some(2021..2024) => "2",
        _ => "1",
    };
    Value::String(implied.to_owned())
}
