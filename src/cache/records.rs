//! What cargo has written down about the builds of members: which files each unit was compiled from, and when.
//!
//! A key knows what the sources show. The compiler knows better: what a macro has named, what a build script asks for. A
//! pass holds only while all that is the same as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::compiled::{Comparison, Compiled};
use super::stale::{Linted, Nanoseconds, modified, now, since_1970};
use crate::digests::FileTree;
use crate::readers::{DepInfo, normal, profiles};
use crate::workspace::{CrateId, State};

/// The variable that every unit asks for which clippy has looked at.
const CLIPPY: &str = "CLIPPY_CONF_DIR";
/// So deep a directory is looked through that a build script watches: a link may lead around.
const DEEPEST: usize = 16;

/// What is recorded about the members.
#[derive(Debug, Default)]
pub(super) struct Records {
    of_crate: BTreeMap<CrateId, OfCrate>,
    root: PathBuf,
    compiled: Compiled,
}

/// What is recorded about one member.
#[derive(Debug, Default)]
pub(super) struct OfCrate {
    /// What it was compiled from, absolute.
    pub(super) files: BTreeSet<PathBuf>,
    /// The variables that its sources and its build script ask for.
    pub(super) variables: BTreeSet<String>,
    /// Whether its build script has run and did not say what it reads.
    pub(super) untold: bool,
    /// The unit of it that clippy has looked at last.
    pub(super) linted: Option<Linted>,
}

impl Records {
    /// Reads what lies in these target directories.
    #[tracing::instrument(level = "debug", name = "records", skip_all)]
    pub(super) fn read(state: &State, target_dirs: &[PathBuf]) -> Self {
        let mut records = Self {
            root: state.root.clone(),
            compiled: Compiled::at(now()),
            ..Self::default()
        };
        for profile in target_dirs.iter().flat_map(|dir| profiles(dir)) {
            for file in entries(&profile.join("deps")) {
                records.add_unit(state, &file, target_dirs);
            }
            for unit in entries(&profile.join("build")) {
                records.add_output(state, &unit);
                // Newer versions of cargo keep everything about a unit together.
                for unit in entries(&unit) {
                    records.add_output(state, &unit);
                    for file in entries(&unit).into_iter().chain(entries(&unit.join("out"))) {
                        records.add_unit(state, &file, target_dirs);
                    }
                }
            }
        }
        records
    }

    /// What is recorded about a member, if anything is.
    pub(super) fn of(&self, krate: CrateId) -> Option<&OfCrate> {
        self.of_crate.get(&krate)
    }

    /// Finds out which contents what is recorded was made from, of what was there when a run began and is there now.
    pub(super) fn compare(&mut self, tree: &FileTree, state_dir: &Path, began: SystemTime) {
        self.compiled.compare(&Comparison {
            root: &self.root,
            state_dir,
            began: since_1970(began),
            content: &|path| tree.of_path(path).known(),
        });
    }

    /// Whether cargo may take a file for one that it has compiled, though it is another.
    pub(super) fn may_be_taken_for_older(&self, file: &Path) -> bool {
        self.compiled.may_be_taken_for_older(&self.root, file)
    }

    fn add_unit(&mut self, state: &State, file: &Path, target_dirs: &[PathBuf]) {
        if file.extension() != Some(OsStr::new("d")) {
            return;
        }
        let (Ok(text), Ok(found)) = (fs::read(file), fs::metadata(file)) else {
            return;
        };
        let info = DepInfo::parse(&text);
        let Some(root) = info
            .files
            .iter()
            .find(|file| file.extension() == Some(OsStr::new("rs")))
        else {
            return;
        };
        let Some(krate) = state.owner(&state.root.join(root)) else {
            return;
        };
        // Of what a clock has dated that was ahead, nobody knows when it was.
        let time = Some(modified(&found)).filter(|time| *time <= now());
        let time = time.unwrap_or(Nanoseconds::MIN);
        let files = info.files.iter().map(|file| state.root.join(file));
        let files: Vec<PathBuf> = files
            .filter(|file| !target_dirs.iter().any(|dir| file.starts_with(dir)))
            .collect();
        self.compiled.add((file, &found), &files, &[]);
        let of_crate = self.of_crate.entry(krate).or_default();
        let is_newer = || of_crate.linted.as_ref().is_none_or(|linted| linted.time < time);
        if info.variables.iter().any(|name| name == CLIPPY) && is_newer() {
            let files = files.iter().map(|file| normal(file)).collect();
            of_crate.linted = Some(Linted { time, files });
        }
        of_crate.files.extend(files);
        of_crate.variables.extend(info.variables);
    }

    /// What a build script wrote: `build/PACKAGE-HASH/output`, or `stdout` in newer versions of cargo.
    fn add_output(&mut self, state: &State, unit: &Path) {
        for name in ["output", "stdout"] {
            let file = unit.join(name);
            let Ok(text) = fs::read(&file) else { continue };
            let names = unit.components().rev().take(2).map(|part| part.as_os_str().as_bytes());
            let member = names.flat_map(|name| {
                let before_hash = memchr::memrchr(b'-', name).map_or(name, |dash| &name[..dash]);
                [name, before_hash]
            });
            let mut members = member.filter_map(|name| state.by_name(&std::str::from_utf8(name).ok()?.into()));
            if let Some(member) = members.next() {
                let (id, dir) = (member.id, member.dir.clone());
                let script = member
                    .build_script
                    .as_ref()
                    .and_then(|script| fs::read(dir.join(script)).ok());
                let of_crate = self.of_crate.entry(id).or_default();
                let watched = of_crate.add_output(&text, &dir, script.is_some_and(|script| does_nothing(&script)));
                if let Ok(found) = fs::metadata(&file) {
                    let below: Vec<PathBuf> = watched.iter().flat_map(|path| all_at(path, DEEPEST)).collect();
                    self.compiled.add((&file, &found), &watched, &below);
                }
            }
        }
    }
}

impl OfCrate {
    /// Adds what a build script wrote; gives what it wants cargo to watch. One that does nothing reads nothing.
    fn add_output(&mut self, text: &[u8], dir: &Path, does_nothing: bool) -> Vec<PathBuf> {
        let mut watched = Vec::new();
        let mut told = does_nothing;
        for line in text.split(|byte| *byte == b'\n') {
            let Some(line) = line.trim_ascii_end().strip_prefix(b"cargo:") else {
                continue;
            };
            let line = line.strip_prefix(b":").unwrap_or(line);
            if let Some(path) = line.strip_prefix(b"rerun-if-changed=") {
                told = true;
                watched.push(dir.join(OsStr::from_bytes(path)));
            } else if let Some(name) = line.strip_prefix(b"rerun-if-env-changed=") {
                told = true;
                self.variables.insert(String::from_utf8_lossy(name).into_owned());
            }
        }
        self.untold |= !told;
        self.files.extend(watched.iter().cloned());
        watched
    }
}

/// Whether a build script is there only to be there, as generated crates have it: cargo asks for one where there are build
/// dependencies.
fn does_nothing(script: &[u8]) -> bool {
    let lines = script.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(b"//"))
        .eq([b"fn main() {}"])
}

/// A path, and all that is below it where it is a directory, so deep.
fn all_at(path: &Path, deep: usize) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if let Some(deep) = deep.checked_sub(1)
        && path.is_dir()
    {
        all.extend(entries(path).iter().flat_map(|path| all_at(path, deep)));
    }
    all
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_script_does_nothing_where_it_says_nothing_else() {
        let check = |script: &str, expected| assert_eq!(does_nothing(script.as_bytes()), expected, "{script}");
        check("fn main() {}", true);
        check("// It has to be there.\n\nfn main() {}\n", true);
        check("", false);
        check("fn main() { read() }\n", false);
        check("include!(\"other.rs\");\nfn main() {}\n", false);
        check("fn main() {}\nfn main() {}\n", false);
        check("/* fn main() { read() }\nfn main() {}\n*/", false);
        check("fn main() {} mod other;", false);
    }
}
