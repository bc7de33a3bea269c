//! What one file means to which crates: whose it is, whom it governs, who reads it.
//!
//! Both what a change affects and what a fingerprint rests upon are made of this: the two cannot come to differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::GlobSet;

use super::outcome::{Cause, from_root};
use super::owned::{is_packaged, kinds_of};
use super::rules::{Meaning, meaning};
use crate::changes::{FileChange, Presence};
use crate::config::{Config, Kind, Kinds, glob_set};
use crate::model::CrateName;
use crate::readers::{How, Readers, Reading};
use crate::workspace::{State, StateCrate};

/// Everything that counts as built.
pub(super) const SOURCE: Kinds = Kinds::of(&[Kind::Source]);
/// In which ways a crate can be touched by what one of its files reads.
const READ: Kinds = Kinds::of(&[Kind::Source, Kind::Tests]);

/// Where files lie, and who reads them.
pub(crate) struct Attribution<'a> {
    before: Option<&'a State>,
    pub(super) after: &'a State,
    pub(super) readers: &'a Readers,
    pub(super) has_manifest: &'a dyn Fn(&Path) -> bool,
    /// The members, then what was a member before, by their names.
    pub(super) places: BTreeMap<CrateName, usize>,
    /// The rules of the configuration, and the crates that they are for.
    rules: Vec<(GlobSet, Vec<usize>)>,
    /// What packages declare that they read.
    declared: Vec<(GlobSet, usize)>,
}

/// What a file means.
#[derive(Debug, Default)]
pub(crate) struct FileTouches {
    /// The crates that it belongs to, before or after.
    pub(crate) owners: Vec<usize>,
    /// The crates that it touches, in which ways, and why.
    pub(crate) touches: Vec<(usize, Kinds, Cause)>,
}

impl<'a> Attribution<'a> {
    /// Looks at two states, or at the one that is known.
    pub(crate) fn new(
        before: Option<&'a State>,
        after: &'a State,
        readers: &'a Readers,
        config: &Config,
        has_manifest: &'a dyn Fn(&Path) -> bool,
    ) -> Self {
        let gone = before.into_iter().flat_map(State::crates);
        let gone = gone.filter(|old| after.by_name(&old.name).is_none());
        let all = after.crates().iter().chain(gone);
        let places: BTreeMap<CrateName, usize> = all
            .enumerate()
            .map(|(place, krate)| (krate.name.clone(), place))
            .collect();
        let named = |names: &BTreeSet<CrateName>| names.iter().filter_map(|name| places.get(name).copied()).collect();
        let rules = config.settings.rules.iter();
        let declared = config.declared.iter();
        Self {
            before,
            after,
            readers,
            has_manifest,
            rules: rules.map(|rule| (glob_set(&rule.files), named(&rule.crates))).collect(),
            declared: declared
                .filter_map(|(name, declared)| Some((glob_set(&declared.reads), *places.get(name)?)))
                .collect(),
            places,
        }
    }

    /// What a file means that differs so. One that means the same as before, whatever differs in it, governs nobody anew.
    pub(crate) fn of(&self, path: &Path, change: FileChange, same_meaning: bool) -> FileTouches {
        let mut work = FileWork {
            scene: self,
            found: FileTouches::default(),
        };
        let silenced = work.configured(path);
        if !silenced {
            work.file(path, change, same_meaning);
        }
        work.found
    }

    /// The two states, or the one that is known.
    pub(super) fn states(&self) -> impl Iterator<Item = &'a State> + use<'a> {
        self.before.into_iter().chain([self.after])
    }

    /// The place of a crate of one of the states.
    pub(super) fn place(&self, krate: &StateCrate) -> Option<usize> {
        self.places.get(&krate.name).copied()
    }
}

struct FileWork<'w, 'a> {
    scene: &'w Attribution<'a>,
    found: FileTouches,
}

impl<'a> FileWork<'_, 'a> {
    fn touch(&mut self, place: usize, kinds: Kinds, cause: Cause) {
        self.found.touches.push((place, kinds, cause));
    }

    /// What the configuration says about a file. Whether it says that the file touches nobody.
    fn configured(&mut self, path: &Path) -> bool {
        let scene = self.scene;
        if scene.rules.is_empty() && scene.declared.is_empty() {
            return false;
        }
        let shown = path.strip_prefix(&scene.after.root).unwrap_or(path);
        // What a package declares may lie above the root.
        let dotted = from_root(&scene.after.root, path);
        let mut silenced = false;
        for (_, crates) in scene.rules.iter().filter(|(files, _)| files.is_match(shown)) {
            silenced |= crates.is_empty();
            for place in crates {
                self.touch(*place, SOURCE, Cause::Rule);
            }
        }
        let declared = scene.declared.iter();
        for (_, place) in declared.filter(|(files, _)| files.is_match(shown) || files.is_match(&*dotted)) {
            self.touch(*place, SOURCE, Cause::Declared);
        }
        silenced
    }

    fn file(&mut self, path: &Path, change: FileChange, same_meaning: bool) {
        if change.before == Presence::Submodule || change.after == Presence::Submodule {
            self.directory(path);
        }
        if let Some(Meaning::Governs(kinds, what)) = meaning(path)
            && !same_meaning
        {
            for place in self.governed(path) {
                self.touch(place, kinds, Cause::Governs { what });
            }
        }
        let existed = [
            self.scene.before.filter(|_| change.before != Presence::Absent),
            Some(self.scene.after).filter(|_| change.after != Presence::Absent),
        ];
        for state in existed.into_iter().flatten() {
            if let Some(krate) = state.owner(path).map(|id| &state.crates()[id.index()])
                && let Some(place) = self.scene.place(krate)
            {
                let kinds = kinds_of(path, krate, self.scene.has_manifest);
                self.touch(place, kinds, Cause::Own);
                self.untold(place, krate, path);
                if !self.found.owners.contains(&place) {
                    self.found.owners.push(place);
                }
            }
            self.outside(state, path);
        }
        self.readers(path);
        self.found.owners.sort_unstable();
    }

    /// Cargo runs a build script that does not tell what it reads again for any file of the package, and builds what is
    /// built from it.
    fn untold(&mut self, place: usize, krate: &StateCrate, path: &Path) {
        let Some(script) = &krate.build_script else { return };
        if !self.scene.readers.tells_what_it_reads(script, &krate.dir)
            && is_packaged(path, krate, self.scene.has_manifest)
        {
            let script = root_relative(self.scene.after, script);
            self.touch(place, SOURCE, Cause::Untold { script });
        }
    }

    /// A directory in which nobody knows what changed.
    fn directory(&mut self, dir: &Path) {
        let why = "everything in this directory may have changed";
        for state in self.scene.states() {
            // It may also be a part of a crate, which can have any sort of file in it.
            let around = state.owner(dir);
            let concerned = |krate: &&StateCrate| is_below(krate, dir) || around == Some(krate.id);
            for krate in state.crates().iter().filter(concerned) {
                if let Some(place) = self.scene.place(krate) {
                    let cause = Cause::Unknown { why: why.to_owned() };
                    self.touch(place, Kinds::ALL, cause);
                }
            }
            for outside in state.outside.iter().filter(|outside| outside.dir.starts_with(dir)) {
                self.outside(state, &outside.dir.join("Cargo.toml"));
            }
        }
        let readings = self.scene.readers.below(dir).collect();
        self.read_by(dir, readings);
    }

    /// The crates that are built from the package around a file, where that is no member.
    fn outside(&mut self, state: &State, path: &Path) {
        let around = state.outside.iter().filter(|outside| path.starts_with(&outside.dir));
        let Some(outside) = around.max_by_key(|outside| outside.dir.as_os_str().len()) else {
            return;
        };
        // A member may lie inside of such a package, and then the file is the member's.
        let owner = state.owner(path).map(|id| &state.crates()[id.index()]);
        if owner.is_some_and(|owner| owner.dir.starts_with(&outside.dir)) {
            return;
        }
        let below = path.strip_prefix(&outside.dir).unwrap_or(path);
        let is_inert =
            meaning(below) == Some(Meaning::Inert) && below.file_name().is_none_or(|name| name != "Cargo.toml");
        let is_test = below.components().count() > 1
            && ["tests", "examples", "benches"]
                .iter()
                .any(|dir| below.starts_with(dir));
        if is_inert || is_test {
            return;
        }
        for id in &outside.dependents {
            if let Some(place) = self.scene.place(&state.crates()[id.index()]) {
                let dir = root_relative(state, &outside.dir);
                self.touch(place, SOURCE, Cause::Outside { dir });
            }
        }
    }

    /// The crates that read a file, be it by way of files that are nobody's.
    fn readers(&mut self, path: &Path) {
        let readings: Vec<&'a Reading> = self.scene.readers.of(path).collect();
        self.read_by(path, readings);
    }

    fn read_by(&mut self, path: &Path, readings: Vec<&'a Reading>) {
        let mut seen: BTreeSet<&Path> = BTreeSet::from([path]);
        let mut next = self.without_explained(readings);
        while let Some(reading) = next.pop() {
            if !seen.insert(&reading.by) {
                continue;
            }
            if !self.read(path, reading) {
                // A module that is shared by path, say: whoever reads it reads what it reads.
                next.extend(self.scene.readers.of(&reading.by));
            }
        }
    }

    /// Without the records of the compiler that a text in the tests of the same crate explains: it compiles them from the
    /// same root as everything else.
    fn without_explained(&self, mut readings: Vec<&'a Reading>) -> Vec<&'a Reading> {
        let owner = |reading: &Reading| self.scene.after.owner(&reading.by);
        let in_tests: BTreeSet<_> = (readings.iter())
            .filter(|reading| reading.how == How::NamedInTests)
            .map(|reading| owner(reading))
            .collect();
        readings.retain(|reading| reading.how != How::DepInfo || !in_tests.contains(&owner(reading)));
        readings
    }

    /// Whether what reads a file has an owner. If so, it is touched.
    fn read(&mut self, path: &Path, reading: &Reading) -> bool {
        let mut owned = false;
        for state in self.scene.states() {
            let Some(krate) = state.owner(&reading.by).map(|id| &state.crates()[id.index()]) else {
                self.outside(state, &reading.by);
                continue;
            };
            owned = true;
            let kinds = self.kinds_of_reading(path, reading, krate);
            if let Some(place) = self.scene.place(krate) {
                let (by, how) = (root_relative(state, &reading.by), reading.how);
                self.touch(place, kinds, Cause::Read { by, how });
            }
        }
        owned
    }

    /// In which ways a crate is touched by what one of its files reads.
    fn kinds_of_reading(&self, path: &Path, reading: &Reading, krate: &StateCrate) -> Kinds {
        let own = kinds_of(&reading.by, krate, self.scene.has_manifest);
        if reading.how == How::Link {
            // What a link leads to is what the crate has there.
            return own;
        }
        // A module that is nobody's own is formatted with the crate that has it by `#[path]`.
        let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
        let is_shared =
            is_rust(path) && is_rust(&reading.by) && self.scene.states().all(|state| state.owner(path).is_none());
        let rust = if is_shared {
            Kinds::of(&[Kind::Rust])
        } else {
            Kinds::NONE
        };
        let built = own.among(READ);
        let for_tests = reading.how == How::NamedInTests && !built.is_empty();
        if for_tests {
            Kinds::of(&[Kind::Tests])
        } else {
            built.and(rust)
        }
    }

    /// The crates that a file governs: those at or below the directory that it is for.
    fn governed(&self, path: &Path) -> Vec<usize> {
        let below = govern_dir(path);
        let all = || (0..self.scene.after.crates().len()).collect();
        if self.scene.after.root.starts_with(below) {
            return all();
        }
        let states = self.scene.states().flat_map(State::crates);
        let at_or_below: BTreeSet<usize> = states
            .filter(|krate| is_below(krate, below))
            .filter_map(|krate| self.scene.place(krate))
            .collect();
        if !at_or_below.is_empty() {
            return at_or_below.into_iter().collect();
        }
        let owner = self
            .scene
            .states()
            .find_map(|state| self.scene.place(&state.crates()[state.owner(below)?.index()]));
        owner.map(|owner| vec![owner]).unwrap_or_default()
    }
}

/// The directory whose crates a file is for: its own, or the one above where its own begins with a dot.
pub(super) fn govern_dir(path: &Path) -> &Path {
    let dir = path.parent().unwrap_or(path);
    let is_hidden = dir
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if is_hidden { dir.parent().unwrap_or(dir) } else { dir }
}

/// A path below the root of the workspace from there; any other as it is.
pub(super) fn root_relative(state: &State, path: &Path) -> PathBuf {
    path.strip_prefix(&state.root).unwrap_or(path).to_owned()
}

fn is_below(krate: &StateCrate, dir: &Path) -> bool {
    krate.dir.starts_with(dir) || krate.real_dir.starts_with(dir)
}
