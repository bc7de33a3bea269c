//! What a file of a crate means for that crate, by where it lies.

use std::path::{Component, Path};

use ignore::gitignore::GitignoreBuilder;
use toml::Value;

use super::rules::{Meaning, meaning};
use crate::config::{Kind, Kinds};
use crate::workspace::StateCrate;

/// The directories in which cargo looks for tests, examples and benchmarks.
const TEST_DIRS: [&str; 3] = ["tests", "examples", "benches"];
/// The directories that are a package's own, so that a package inside them is somebody's example or template.
const OWN_DIRS: [&str; 4] = ["src", "tests", "examples", "benches"];

/// In which ways a crate is touched by one of its files.
///
/// `has_manifest` says whether a directory has a manifest: below a crate, that is a package of its own and no member.
pub(super) fn kinds_of(file: &Path, krate: &StateCrate, has_manifest: &dyn Fn(&Path) -> bool) -> Kinds {
    let any = Kinds::of(&[Kind::Files]);
    let Some((dir, below)) = [&krate.dir, &krate.real_dir]
        .into_iter()
        .find_map(|dir| Some((dir, file.strip_prefix(dir).ok()?)))
    else {
        return any;
    };
    let is_rust = below.extension().is_some_and(|extension| extension == "rs");
    let rust = if is_rust {
        any.and(Kinds::of(&[Kind::Rust]))
    } else {
        any
    };
    if krate.sources.contains(file) || krate.build_script.as_deref() == Some(file) {
        return rust.and(Kinds::of(&[Kind::Source]));
    }
    let first = first(below);
    let is_test = first.is_some_and(|first| TEST_DIRS.contains(&first)) || krate.test_sources.contains(file);
    // Tools such as trycmd take their cases from Markdown below `tests`.
    let is_case = first == Some("tests") && below.extension().is_some_and(|extension| extension == "md");
    match meaning(below) {
        Some(Meaning::Inert) if !is_case => any,
        _ if is_test && !built_from(krate, first) => rust.and(Kinds::of(&[Kind::Tests])),
        _ if is_foreign(dir, below, has_manifest) => any,
        Some(Meaning::Governs(..)) => any,
        _ => rust.and(Kinds::of(&[Kind::Source])),
    }
}

/// Whether a file of a crate may be one of those that cargo takes for its package's: `include` and `exclude` say which,
/// and those in packages below it are theirs.
pub(super) fn is_packaged(file: &Path, krate: &StateCrate, has_manifest: &dyn Fn(&Path) -> bool) -> bool {
    let dirs = [&krate.dir, &krate.real_dir];
    let Some(below) = dirs.into_iter().find_map(|dir| file.strip_prefix(dir).ok()) else {
        return false;
    };
    let mut above = below.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty());
    if above.any(|dir| has_manifest(&krate.dir.join(dir))) {
        return false;
    }
    let matches = |key: &str| {
        let patterns = krate.package.get(key)?.as_array()?;
        let mut ignore = GitignoreBuilder::new(&krate.dir);
        for pattern in patterns.iter().filter_map(Value::as_str) {
            ignore.add_line(None, pattern).ok()?;
        }
        let ignore = ignore.build().ok().filter(|ignore| !ignore.is_empty())?;
        Some(ignore.matched_path_or_any_parents(below, false).is_ignore())
    };
    let always = ["Cargo.toml", "Cargo.lock"].iter().any(|name| below == Path::new(name));
    // What cannot be read excludes nothing.
    always || matches("include").unwrap_or_else(|| !matches("exclude").unwrap_or(false))
}

/// Whether a library or program of the crate lies in the directory where one expects tests.
fn built_from(krate: &StateCrate, dir: Option<&str>) -> bool {
    let Some(dir) = dir.map(|dir| krate.dir.join(dir)) else {
        return false;
    };
    let mut sources = krate.sources.iter().chain(&krate.build_script);
    sources.any(|source| source.starts_with(&dir))
}

fn first(below: &Path) -> Option<&str> {
    let mut components = below.components();
    let first = components.next()?;
    let Component::Normal(first) = first else { return None };
    components.next().and(first.to_str())
}

/// Whether the file is that of a package which only lies here: a fuzzing crate, say, with a workspace of its own.
fn is_foreign(dir: &Path, below: &Path, has_manifest: &dyn Fn(&Path) -> bool) -> bool {
    let own = first(below).is_some_and(|first| OWN_DIRS.contains(&first));
    let mut between = below.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    !own && between.any(|above| has_manifest(&dir.join(above)))
}
