//! What tools read in the directories above a repository: it counts for a snapshot as well, which lies elsewhere.
//!
//! The files are written again above the snapshot, one directory for each that has any, so that every tool finds them in
//! the order in which it would find them above the repository. Directories that are above both need no copy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::SnapshotError;
use super::copy::{of, real_dir};
use super::strangers::remove;

/// What is read in the directories above a workspace, by cargo, rustup, rustfmt and clippy.
const READ_ABOVE: [&str; 8] = [
    ".cargo/config.toml",
    ".cargo/config",
    "rust-toolchain.toml",
    "rust-toolchain",
    "rustfmt.toml",
    ".rustfmt.toml",
    "clippy.toml",
    ".clippy.toml",
];

/// How the directory begins in which all that is above a snapshot lies.
const ABOVE: &str = "above-";

/// The name of the tree itself.
const TREE: &str = "tree";

/// The files of one directory above the repository.
type Level = Vec<(&'static str, Vec<u8>)>;

/// Writes what is above the repository into the directory of a snapshot, and says where the tree of it is to be.
pub(super) fn place(top: &Path, slot: &Path, cargo_home: Option<&Path>) -> Result<PathBuf, SnapshotError> {
    no_strangers_above(top, slot, cargo_home)?;
    let levels = levels(top, slot, cargo_home)?;
    let outermost = match levels.len() {
        0 => TREE.to_owned(),
        count => format!("{ABOVE}{count}"),
    };
    for entry in fs::read_dir(slot).map_err(of(slot))? {
        let name = entry.map_err(of(slot))?.file_name();
        let is_of_another = name == TREE || name.as_encoded_bytes().starts_with(ABOVE.as_bytes());
        if is_of_another && name != *outermost {
            remove(&slot.join(&name)).map_err(of(&slot.join(&name)))?;
        }
    }
    let mut dir = PathBuf::new();
    for (depth, level) in levels.iter().rev().enumerate() {
        dir = dir.join(if depth == 0 { outermost.as_str() } else { "below" });
        real_dir(slot, &dir).map_err(of(&slot.join(&dir)))?;
        write(&slot.join(&dir), level).map_err(of(&slot.join(&dir)))?;
    }
    let tree = dir.join(TREE);
    real_dir(slot, &tree).map_err(of(&slot.join(&tree)))?;
    Ok(slot.join(tree))
}

/// What lies above the repository and not above the snapshot, the nearest first.
fn levels(top: &Path, slot: &Path, cargo_home: Option<&Path>) -> Result<Vec<Level>, SnapshotError> {
    let mut levels = Vec::new();
    for dir in top.ancestors().skip(1).filter(|dir| !slot.starts_with(dir)) {
        let mut level = Level::new();
        for name in READ_ABOVE {
            let path = dir.join(name);
            // Cargo reads this one wherever it is asked.
            if path.parent() == cargo_home {
                continue;
            }
            match fs::read(&path) {
                Ok(content) => {
                    if name.starts_with(".cargo/") {
                        is_the_same_elsewhere(&path, &content)?;
                    }
                    level.push((name, content));
                }
                Err(error) if is_absence(&error) => {}
                Err(source) => return Err(SnapshotError::Io { path, source }),
            }
        }
        if !level.is_empty() {
            levels.push(level);
        }
    }
    Ok(levels)
}

/// What is above the snapshot alone would count for it, and must not.
fn no_strangers_above(top: &Path, slot: &Path, cargo_home: Option<&Path>) -> Result<(), SnapshotError> {
    for dir in slot.ancestors().skip(1).filter(|dir| !top.starts_with(dir)) {
        for name in READ_ABOVE.iter().chain(&["Cargo.toml"]) {
            let path = dir.join(name);
            let is_of_user = path.parent() == cargo_home;
            if !is_of_user && path.symlink_metadata().is_ok() {
                return Err(SnapshotError::StrangerAbove(path));
            }
        }
    }
    Ok(())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Puts the files of a level in place, and nothing else that is read there.
fn write(dir: &Path, level: &Level) -> io::Result<()> {
    for name in READ_ABOVE {
        let path = dir.join(name);
        match level.iter().find(|(known, _)| *known == name) {
            Some((_, content)) if fs::read(&path).is_ok_and(|there| there == *content) => {}
            Some((_, content)) => {
                remove(&path)?;
                fs::create_dir_all(path.parent().unwrap_or(dir))?;
                fs::write(&path, content)?;
            }
            None => remove(&path)?,
        }
    }
    Ok(())
}

/// Refuses a configuration of cargo that would mean something else in another place.
fn is_the_same_elsewhere(path: &Path, content: &[u8]) -> Result<(), SnapshotError> {
    let text = String::from_utf8_lossy(content);
    // Cargo itself says what is wrong with a file that is none.
    let table = text.parse::<Table>().unwrap_or_default();
    match relative(&mut Vec::new(), &Value::Table(table)) {
        Some(key) => Err(SnapshotError::RelativeAbove {
            path: path.to_owned(),
            key,
        }),
        None => Ok(()),
    }
}

/// The first key whose value is a path that begins where the file lies.
fn relative(keys: &mut Vec<String>, value: &Value) -> Option<String> {
    let is_relative = |text: &str| means_path(keys, text) && !Path::new(text).is_absolute();
    match value {
        Value::String(text) if is_relative(text) => Some(keys.join(".")),
        Value::Array(values) => values.iter().find_map(|value| relative(keys, value)),
        Value::Table(table) => {
            if table.get("relative") == Some(&Value::Boolean(true)) && keys.first().is_some_and(|key| key == "env") {
                return Some(keys.join("."));
            }
            table.iter().find_map(|(key, value)| {
                keys.push(key.clone());
                let found = relative(keys, value);
                keys.pop();
                found
            })
        }
        _ => None,
    }
}

/// Whether cargo takes the value of a key for a path: a program is one only where it has a slash.
fn means_path(keys: &[String], text: &str) -> bool {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let program = || text.split_whitespace().next().is_some_and(|word| word.contains('/'));
    match keys.as_slice() {
        ["include" | "paths", ..] | ["source", _, "directory" | "local-registry"] | ["http", "cainfo"]
        // Not where it builds, which is settled for a snapshot.
        | ["install", "root"] | ["patch", .., "path"] | ["build", "dep-info-basedir"] => true,
        ["build", "target"] => Path::new(text).extension().is_some_and(|extension| extension == "json"),
        ["build", "rustc" | "rustdoc" | "rustc-wrapper" | "rustc-workspace-wrapper"]
        | ["target" | "host", .., "linker" | "runner"]
        | ["credential-alias", ..] => program(),
        ["registry" | "registries", .., key] => key.contains("credential-provider") && program(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_begin_where_a_configuration_lies_are_found() {
        let check = |text: &str, expected: Option<&str>| {
            let found = relative(&mut Vec::new(), &Value::Table(text.parse().unwrap()));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("", None);
        check(
            "build = { rustc = 'rustc', rustflags = ['-Ca=b/c'], jobs = 2, target-dir = 'x' }",
            None,
        );
        check("build.rustc-wrapper = 'bin/sccache'", Some("build.rustc-wrapper"));
        check("build.rustc-wrapper = '/bin/sccache'", None);
        check(
            "build.target = ['x86_64-unknown-linux-gnu', 'my.json']",
            Some("build.target"),
        );
        check("target.x.runner = ['./run', '-v']", Some("target.x.runner"));
        check("target.x.runner = 'qemu -L a/b'", None);
        check(
            "target.'cfg(unix)'.linker = 'tools/ld'",
            Some("target.cfg(unix).linker"),
        );
        check("paths = ['/a', 'b']", Some("paths"));
        check("env = { A = 'a/b', B = { value = 'x', relative = false } }", None);
        check("env = { A = { value = 'x', relative = true } }", Some("env.A"));
        check(
            "source.vendored.directory = 'vendor'",
            Some("source.vendored.directory"),
        );
        check("include = [{ path = 'more.toml' }]", Some("include.path"));
        check("alias.x = 'run -p a/b'", None);
        check("patch.crates-io.a = { path = '../a' }", Some("patch.crates-io.a.path"));
    }

    #[test]
    fn every_directory_above_keeps_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            fs::create_dir_all(base.join(path).parent().unwrap()).unwrap();
            fs::write(base.join(path), text).unwrap();
        };
        write("clippy.toml", "both");
        write("a/.cargo/config.toml", "far = 1");
        write("a/rustfmt.toml", "far");
        write("a/b/.cargo/config.toml", "near = 1");
        write("a/b/top/.cargo/config.toml", "own = 1");
        fs::create_dir_all(base.join("state/slot")).unwrap();
        let (top, slot) = (base.join("a/b/top"), base.join("state/slot"));
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        let tree = place(&top, &slot, None).unwrap();
        assert_eq!(tree, slot.join("above-2/below/tree"));
        let near = tree.parent().unwrap();
        assert_eq!(read(&near.join(".cargo/config.toml")), "near = 1");
        assert_eq!(read(&near.join("../.cargo/config.toml")), "far = 1");
        assert_eq!(read(&near.join("../rustfmt.toml")), "far");
        assert!(!near.join("../../clippy.toml").exists() && !tree.join(".cargo").exists());
        // What goes away above the repository goes away here.
        fs::remove_file(base.join("a/rustfmt.toml")).unwrap();
        write("a/.cargo/config.toml", "changed = 1");
        assert_eq!(place(&top, &slot, None).unwrap(), tree);
        assert_eq!(read(&near.join("../.cargo/config.toml")), "changed = 1");
        assert!(!near.join("../rustfmt.toml").exists());
        let home = base.join("a/b/.cargo");
        assert_eq!(place(&top, &slot, Some(&home)).unwrap(), slot.join("above-1/tree"));
        assert!(!slot.join("above-2").exists());
    }

    #[test]
    fn what_lies_above_the_snapshot_alone_is_not_taken_in() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let (top, slot) = (base.join("top"), base.join("state/slot"));
        fs::create_dir_all(&top).unwrap();
        fs::create_dir_all(&slot).unwrap();
        for name in ["Cargo.toml", ".rustfmt.toml", "rust-toolchain"] {
            fs::write(base.join("state").join(name), "").unwrap();
            let error = place(&top, &slot, None).unwrap_err();
            assert!(
                matches!(&error, SnapshotError::StrangerAbove(path) if path.ends_with(name)),
                "{error}"
            );
            fs::remove_file(base.join("state").join(name)).unwrap();
        }
        assert_eq!(place(&top, &slot, None).unwrap(), slot.join("tree"));
    }
}
