//! What cargo has written down about the builds of members: which files each unit was compiled from, and when.
//!
//! A key knows what the sources show. The compiler knows better: what a macro has named, what a build script asks for. A
//! pass holds only while all that is the same as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::readers::{DepInfo, profiles};
use crate::workspace::{CrateId, State};

/// What is recorded about the members.
#[derive(Debug, Default)]
pub(super) struct Records {
    of_crate: BTreeMap<CrateId, OfCrate>,
    /// When units were compiled that each file is part of: in nanoseconds.
    compiled: BTreeMap<PathBuf, Vec<i128>>,
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
}

impl Records {
    /// Reads what lies in these target directories.
    #[tracing::instrument(level = "debug", name = "records", skip_all)]
    pub(super) fn read(state: &State, target_dirs: &[PathBuf]) -> Self {
        let mut records = Self::default();
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

    /// Whether cargo may take a file for one that it has compiled, though it is another: it looks at the time when a file
    /// was written, and that can be put back. What it compiled after the file came to be there, it compiled as it is.
    pub(super) fn may_be_taken_for_older(&self, file: &Path) -> bool {
        let Ok(found) = fs::symlink_metadata(file) else {
            return true;
        };
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let written = nanoseconds(found.mtime(), found.mtime_nsec());
        let changed = nanoseconds(found.ctime(), found.ctime_nsec());
        match self.compiled.get(file) {
            Some(times) => times.iter().any(|compiled| written <= *compiled && *compiled < changed),
            None => false,
        }
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
        let time = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
        let files = info.files.iter().map(|file| state.root.join(file));
        let files: Vec<PathBuf> = files
            .filter(|file| !target_dirs.iter().any(|dir| file.starts_with(dir)))
            .collect();
        for file in &files {
            self.compiled.entry(file.clone()).or_default().push(time);
        }
        let of_crate = self.of_crate.entry(krate).or_default();
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
                self.of_crate.entry(id).or_default().add_output(&text, &dir);
            }
        }
    }
}

impl OfCrate {
    fn add_output(&mut self, text: &[u8], dir: &Path) {
        let mut told = false;
        for line in text.split(|byte| *byte == b'\n') {
            let Some(line) = line.trim_ascii_end().strip_prefix(b"cargo:") else {
                continue;
            };
            let line = line.strip_prefix(b":").unwrap_or(line);
            if let Some(path) = line.strip_prefix(b"rerun-if-changed=") {
                told = true;
                self.files.insert(dir.join(OsStr::from_bytes(path)));
            } else if let Some(name) = line.strip_prefix(b"rerun-if-env-changed=") {
                told = true;
                self.variables.insert(String::from_utf8_lossy(name).into_owned());
            }
        }
        self.untold |= !told;
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths
}
