//! What the machine adds to every key: the toolchain, the environment, the configuration of cargo, the programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use globset::Glob;

use super::look::LookRequest;
use super::toolchain;
use crate::affected::from_root;
use crate::digests::{FileTree, PathDigest};
use crate::environment::{Environment, Given};
use crate::fingerprint::Surroundings;
use crate::model::Digest;
use crate::plan::Plan;
use crate::readers::Readers;

/// What counts beside the files; nothing where something cannot be read on which every key rests.
pub(super) fn surroundings(request: &LookRequest<'_>, plan: &Plan, tree: &FileTree) -> Option<Surroundings> {
    let mut around = Surroundings::default();
    let of_program = env!("CARGO_PKG_VERSION").to_owned();
    around.always.insert("cargo-hooks".to_owned(), of_program);
    if (plan.tasks().filter_map(|task| task.basis.as_ref())).any(|basis| basis.needs_toolchain()) {
        around.toolchain = toolchain::identity(request, tree);
    }
    let counting = |name: &OsStr| {
        plan.tasks()
            .any(|task| task.basis.as_ref().is_some_and(|basis| basis.given.counts(name)))
    };
    for (name, value) in request.environment.iter().filter(|(name, _)| counting(name)) {
        let file = match file_named(value) {
            Some(path) => match tree.of_path(&path) {
                PathDigest::File(digest) => Some(digest),
                _ => return None,
            },
            None => None,
        };
        around.variables.insert(name.to_owned(), (of_value(value), file));
    }
    for (name, digest) in cargo_configs(request, tree)? {
        around.for_builds.insert(name, digest.to_string());
    }
    for (path, digest) in there(tree, personal(request.environment))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        around.always.insert(format!("personal {name}"), digest.to_string());
    }
    let named: BTreeSet<&String> = (plan.tasks())
        .filter_map(|task| task.basis.as_ref())
        .flat_map(|basis| &basis.programs)
        .collect();
    for name in named {
        if let Some(path) = request.programs.get(name) {
            let PathDigest::File(digest) = tree.of_path(path) else {
                return None;
            };
            around.programs.insert(name.clone(), digest);
        }
    }
    for (name, value) in [("OSFamily", std::env::consts::OS), ("ISA", std::env::consts::ARCH)] {
        around.platform.insert(name.to_owned(), value.to_owned());
    }
    Some(around)
}

/// The file that a variable names, such as a wrapper of the compiler: what it holds counts like what the variable says.
fn file_named(value: &OsStr) -> Option<PathBuf> {
    let path = PathBuf::from(value);
    (path.is_absolute() && path.is_file()).then_some(path)
}

/// What a variable says to a command that is given these, where it is set.
pub(super) fn variable(environment: &Environment, given: &Given, name: &str) -> Option<Digest> {
    let value = environment.get(name).filter(|_| given.has(OsStr::new(name)));
    value.map(of_value)
}

fn of_value(value: &OsStr) -> Digest {
    Digest::of(value.as_bytes())
}

/// The configuration files of cargo that there are, each by where it lies in the root; those above it by their order, since
/// it does not matter how far up they lie.
fn cargo_configs(request: &LookRequest<'_>, tree: &FileTree) -> Option<Vec<(String, Digest)>> {
    let root = &request.workspace.root;
    let mut found = Vec::new();
    let mut further_up = 0;
    for (path, digest) in there(tree, request.cargo_configs.iter().cloned())? {
        let above = path.parent().and_then(Path::parent).unwrap_or(&path);
        let name = if above == root {
            from_root(root, &path).to_string_lossy().into_owned()
        } else if root.starts_with(above) {
            further_up += 1;
            format!("above {further_up}")
        } else {
            format!("personal {}", path.file_name().unwrap_or_default().to_string_lossy())
        };
        for (number, (_, digest)) in (1..).zip(there(tree, included(&path))?) {
            found.push((format!("configuration {name}, part {number}"), digest));
        }
        found.push((format!("configuration {name}"), digest));
    }
    Some(found)
}

/// The files that a configuration file of cargo takes in, and those that these take in.
fn included(config: &Path) -> Vec<PathBuf> {
    let mut found = taken_in(config);
    let mut place = 0;
    while let Some(path) = found.get(place).cloned() {
        for further in taken_in(&path) {
            if !found.contains(&further) {
                found.push(further);
            }
        }
        place += 1;
    }
    found
}

fn taken_in(config: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(config).ok();
    let table = text
        .and_then(|text| text.parse::<toml::Table>().ok())
        .unwrap_or_default();
    let Some(include) = table.get("include") else {
        return Vec::new();
    };
    let list = include.as_array().cloned().unwrap_or_else(|| vec![include.clone()]);
    let path = |entry: &toml::Value| {
        let path = entry.as_str().or_else(|| entry.get("path")?.as_str())?;
        Some(config.parent()?.join(path))
    };
    list.iter().filter_map(path).collect()
}

/// What rustfmt reads of a person's own, where a project has no configuration of it.
fn personal(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.get("HOME").map(PathBuf::from);
    let config = environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(home.as_ref()?.join(".config")));
    let dirs = config.map(|dir| dir.join("rustfmt")).into_iter().chain(home);
    dirs.flat_map(|dir| [dir.join("rustfmt.toml"), dir.join(".rustfmt.toml")])
        .collect()
}

/// The files among these that there are, each with its content; nothing where one of them cannot be read.
fn there(tree: &FileTree, paths: impl IntoIterator<Item = PathBuf>) -> Option<Vec<(PathBuf, Digest)>> {
    let mut found = Vec::new();
    for path in paths {
        match tree.of_path(&path) {
            PathDigest::Nothing => {}
            content => found.push((path, content.known()?)),
        }
    }
    Some(found)
}

/// What may lie elsewhere and count: what sources name, and what tools look for above the root. Each with what is there.
pub(super) fn elsewhere(request: &LookRequest<'_>, readers: &Readers, tree: &FileTree) -> Vec<(PathBuf, PathDigest)> {
    let is_ours = |path: &Path| {
        let mut ours = request.scan.but.iter();
        ours.any(|dir| path.starts_with(dir) || dir.starts_with(path))
    };
    let named = readers
        .named()
        .filter(|path| tree.find(path).is_none() && !is_ours(path));
    // What lies in the tree as a directory has all its files there.
    let named = named.filter(|path| tree.below(path).is_empty());
    let all: BTreeSet<PathBuf> = named.chain(of_tools(request, tree)).collect();
    all.into_iter()
        .map(|path| (path.clone(), tree.of_path(&path)))
        .collect()
}

/// The files that checks name as inputs by a path or below a directory, so far as they are not in the tree, since git ignores
/// them.
pub(super) fn named_inputs(request: &LookRequest<'_>, tree: &FileTree) -> Vec<(PathBuf, PathDigest)> {
    let root = &request.workspace.root;
    let mut found = BTreeSet::new();
    for glob in inputs(request) {
        let (dir, is_path) = literal_part(glob.glob());
        if is_path {
            found.insert(root.join(dir));
        } else if !dir.as_os_str().is_empty() {
            let matcher = glob.compile_matcher();
            let matches = |path: &Path| path.strip_prefix(root).is_ok_and(|path| matcher.is_match(path));
            files_below(&root.join(dir), &request.scan.but, &mut |path| {
                if matches(&path) {
                    found.insert(path);
                }
            });
        }
    }
    let not_in_tree = found.into_iter().filter(|path| tree.find(path).is_none());
    not_in_tree.map(|path| (path.clone(), tree.of_path(&path))).collect()
}

/// The components of a pattern before the first with a wildcard, and whether these are all.
fn literal_part(pattern: &str) -> (PathBuf, bool) {
    let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
    let parts: Vec<&str> = pattern.split('/').collect();
    let literal: Vec<&str> = parts.iter().copied().take_while(is_literal).collect();
    (literal.iter().collect(), literal.len() == parts.len())
}

/// All files below a directory, whatever git says of them, but for those in some places, and git's own.
fn files_below(dir: &Path, but: &[PathBuf], each: &mut impl FnMut(PathBuf)) {
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        let is_left_out = entry.file_name() == ".git" || but.contains(&path);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_left_out => files_below(&path, but, each),
            Ok(kind) if !kind.is_dir() => each(path),
            _ => {}
        }
    }
}

fn inputs<'a>(request: &LookRequest<'a>) -> impl Iterator<Item = &'a Glob> + use<'a> {
    let checks = request.config.checks.iter().flat_map(|check| &check.variants);
    let definitions = checks
        .flat_map(|variant| std::iter::once(&variant.definition).chain(variant.instead.iter().map(|(_, other)| other)));
    definitions.flat_map(|definition| &definition.inputs)
}

/// What the tools of checks look for from the directories of crates upwards, so far as it is not in the tree anyway: above
/// the root, and where git ignores it.
fn of_tools(request: &LookRequest<'_>, tree: &FileTree) -> BTreeSet<PathBuf> {
    let names: BTreeSet<&str> = inputs(request)
        .filter_map(|glob| glob.glob().strip_prefix("**/"))
        .filter(|name| !name.contains(['*', '?', '[', '{', '/']))
        .collect();
    let root = &request.workspace.root;
    let crates = request.workspace.crates().iter().map(|krate| krate.dir.as_path());
    let dirs: BTreeSet<&Path> = crates.chain([root.as_path()]).flat_map(Path::ancestors).collect();
    let paths = dirs
        .into_iter()
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    paths.filter(|path| tree.find(path).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_with_a_path() {
        for (pattern, path, all) in [
            ("a/b.txt", "a/b.txt", true),
            ("a/b/*.txt", "a/b", false),
            ("a/**/c", "a", false),
            ("**/c", "", false),
            ("*.txt", "", false),
            ("a/{b,c}/d", "a", false),
        ] {
            assert_eq!(literal_part(pattern), (PathBuf::from(path), all), "{pattern}");
        }
    }
}
