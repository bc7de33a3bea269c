//! Works out which crates a change touches.

mod edges;
mod meaning;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;
use globset::GlobSet;

use super::outcome::from_root;
use super::outcome::{Affected, AffectedCrate, Cause, ChangedFile, Touch};
use super::owned::{is_packaged, kinds_of};
use super::rules::{Meaning, meaning};
use crate::changes::{ChangeSet, Presence};
use crate::config::{Config, Kind, Kinds, glob_set};
use crate::model::{CheckName, CrateName};
use crate::readers::{How, Readers, Reading};
use crate::workspace::{State, StateCrate, Workspace};

/// Everything that decides which crates are touched.
pub struct Input<'a> {
    /// The state before; nothing where it is not known.
    pub before: Option<&'a State>,
    /// The state after.
    pub after: &'a State,
    /// What differs between them.
    pub changes: &'a ChangeSet,
    /// Who reads what.
    pub readers: &'a Readers,
    /// The rules of the configuration, and what packages declare.
    pub config: &'a Config,
    /// The changed files that mean the same as before, whatever differs in them: comments, order, layout.
    pub same_meaning: &'a BTreeSet<PathBuf>,
    /// The workspace as cargo sees it in the working tree, where that was asked: its edges count too.
    pub workspace: Option<&'a Workspace>,
    /// Whether there is a manifest in a directory.
    pub has_manifest: &'a dyn Fn(&Path) -> bool,
}

/// The crates that a change touches, in which way, and why.
#[must_use]
pub fn affected(input: &Input<'_>) -> Affected {
    let mut work = Work::new(input);
    work.everything();
    work.files();
    work.manifests();
    work.lock();
    work.finish()
}

/// Everything that counts as built.
const SOURCE: Kinds = Kinds::of(&[Kind::Source]);
/// In which ways a crate can be touched by what one of its files reads.
const READ: Kinds = Kinds::of(&[Kind::Source, Kind::Tests]);

struct Work<'a> {
    input: &'a Input<'a>,
    /// The members, then what was a member before.
    crates: Vec<AffectedCrate>,
    places: BTreeMap<CrateName, usize>,
    files: Vec<ChangedFile>,
    reconfigured: BTreeMap<CheckName, Option<BTreeSet<CrateName>>>,
    notes: Vec<String>,
    everything: Option<String>,
}

impl<'a> Work<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let krate = |krate: &StateCrate| AffectedCrate {
            name: krate.name.clone(),
            dir: krate.dir.clone(),
            kinds: Kinds::NONE,
            direct: Kinds::NONE,
            touches: Vec::new(),
        };
        let mut crates: Vec<AffectedCrate> = input.after.crates().iter().map(krate).collect();
        let gone = input.before.into_iter().flat_map(State::crates);
        crates.extend(gone.filter(|old| input.after.by_name(&old.name).is_none()).map(krate));
        let places = crates
            .iter()
            .enumerate()
            .map(|(place, krate)| (krate.name.clone(), place));
        let mut notes = input.changes.notes.clone();
        let states = input.before.into_iter().chain([input.after]);
        notes.extend(states.flat_map(|state| state.notes.iter().cloned()));
        notes.dedup();
        Self {
            places: places.collect(),
            crates,
            files: Vec::new(),
            reconfigured: BTreeMap::new(),
            notes,
            everything: input.changes.everything.clone(),
            input,
        }
    }

    fn members(&self) -> usize {
        self.input.after.crates().len()
    }

    /// The two states, or the one that is known.
    fn states(&self) -> impl Iterator<Item = &'a State> + use<'a> {
        self.input.before.into_iter().chain([self.input.after])
    }

    /// The place of a crate of one of the states.
    fn place(&self, krate: &StateCrate) -> Option<usize> {
        self.places.get(&krate.name).copied()
    }

    fn touch(&mut self, place: usize, kinds: Kinds, file: Option<&Path>, cause: Cause) {
        let krate = &mut self.crates[place];
        krate.direct = krate.direct.and(kinds);
        let touch = Touch {
            kinds,
            file: file.map(|file| root_relative(self.input.after, file)),
            cause,
        };
        if !krate.touches.contains(&touch) {
            krate.touches.push(touch);
        }
    }

    fn touch_all(&mut self, kinds: Kinds, file: Option<&Path>, cause: &Cause) {
        for place in 0..self.members() {
            self.touch(place, kinds, file, cause.clone());
        }
    }

    fn everything(&mut self) {
        if let Some(why) = self.everything.clone() {
            self.notes.push(format!("every crate is taken for affected: {why}"));
            self.touch_all(Kinds::ALL, None, &Cause::Unknown { why });
        }
    }

    fn files(&mut self) {
        let rules: Vec<(GlobSet, Vec<usize>)> = (self.input.config.settings.rules.iter())
            .map(|rule| (glob_set(&rule.files), self.named(rule.crates.iter())))
            .collect();
        let declared: Vec<(GlobSet, usize)> = (self.input.config.declared.iter())
            .filter_map(|(name, declared)| Some((glob_set(&declared.reads), *self.places.get(name)?)))
            .collect();
        for (path, change) in &self.input.changes.files {
            let shown = root_relative(self.input.after, path);
            // What a package declares may lie above the root.
            let dotted = from_root(&self.input.after.root, path);
            let mut silenced = false;
            for (_, crates) in rules.iter().filter(|(files, _)| files.is_match(&shown)) {
                silenced |= crates.is_empty();
                for place in crates {
                    self.touch(*place, SOURCE, Some(path), Cause::Rule);
                }
            }
            for (_, place) in declared
                .iter()
                .filter(|(files, _)| files.is_match(&shown) || files.is_match(&dotted))
            {
                self.touch(*place, SOURCE, Some(path), Cause::Declared);
            }
            let owners = if silenced { Vec::new() } else { self.file(path) };
            self.files.push(ChangedFile {
                path: shown,
                exists: !matches!(change.after, Presence::Absent),
                owners,
            });
        }
    }

    fn named<'n>(&self, names: impl Iterator<Item = &'n CrateName>) -> Vec<usize> {
        names.filter_map(|name| self.places.get(name).copied()).collect()
    }

    /// What one changed file touches. Returns its owners.
    fn file(&mut self, path: &Path) -> Vec<usize> {
        let change = self.input.changes.files[path];
        if change.before == Presence::Submodule || change.after == Presence::Submodule {
            self.directory(path);
        }
        if let Some(Meaning::Governs(kinds, what)) = meaning(path)
            && !self.input.same_meaning.contains(path)
        {
            for place in self.governed(path) {
                self.touch(place, kinds, Some(path), Cause::Governs { what });
            }
        }
        let existed = [
            self.input.before.filter(|_| change.before != Presence::Absent),
            Some(self.input.after).filter(|_| change.after != Presence::Absent),
        ];
        let mut owners = BTreeSet::new();
        for state in existed.into_iter().flatten() {
            if let Some(krate) = state.owner(path).map(|id| &state.crates()[id.index()])
                && let Some(place) = self.place(krate)
            {
                let kinds = kinds_of(path, krate, self.input.has_manifest);
                self.touch(place, kinds, Some(path), Cause::Own);
                self.untold(place, krate, path);
                owners.insert(place);
            }
            self.outside(state, path);
        }
        self.readers(path);
        owners.into_iter().collect()
    }

    /// Cargo runs a build script that does not tell what it reads again for any file of the package, and builds what is
    /// built from it.
    fn untold(&mut self, place: usize, krate: &StateCrate, path: &Path) {
        let Some(script) = &krate.build_script else { return };
        if !self.input.readers.tells_what_it_reads(script, &krate.dir)
            && is_packaged(path, krate, self.input.has_manifest)
        {
            let script = root_relative(self.input.after, script);
            self.touch(place, SOURCE, Some(path), Cause::Untold { script });
        }
    }

    /// A directory in which nobody knows what changed.
    fn directory(&mut self, dir: &Path) {
        let why = "everything in this directory may have changed";
        for state in self.states() {
            // It may also be a part of a crate, which can have any sort of file in it.
            let around = state.owner(dir);
            let concerned = |krate: &&StateCrate| is_below(krate, dir) || around == Some(krate.id);
            for krate in state.crates().iter().filter(concerned) {
                if let Some(place) = self.place(krate) {
                    let cause = Cause::Unknown { why: why.to_owned() };
                    self.touch(place, Kinds::ALL, Some(dir), cause);
                }
            }
            for outside in state.outside.iter().filter(|outside| outside.dir.starts_with(dir)) {
                self.outside(state, &outside.dir.join("Cargo.toml"));
            }
        }
        let readings = self.input.readers.below(dir).collect();
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
            if let Some(place) = self.place(&state.crates()[id.index()]) {
                let dir = root_relative(state, &outside.dir);
                self.touch(place, SOURCE, Some(path), Cause::Outside { dir });
            }
        }
    }

    /// The crates that read a file, be it by way of files that are nobody's.
    fn readers(&mut self, path: &Path) {
        let readings: Vec<&'a Reading> = self.input.readers.of(path).collect();
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
                next.extend(self.input.readers.of(&reading.by));
            }
        }
    }

    /// Without the records of the compiler that a text in the tests of the same crate explains: it compiles them from the
    /// same root as everything else.
    fn without_explained(&self, mut readings: Vec<&'a Reading>) -> Vec<&'a Reading> {
        let owner = |reading: &Reading| self.input.after.owner(&reading.by);
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
        for state in self.states() {
            let Some(krate) = state.owner(&reading.by).map(|id| &state.crates()[id.index()]) else {
                self.outside(state, &reading.by);
                continue;
            };
            owned = true;
            let kinds = self.kinds_of_reading(path, reading, krate);
            if let Some(place) = self.place(krate) {
                let (by, how) = (root_relative(state, &reading.by), reading.how);
                self.touch(place, kinds, Some(path), Cause::Read { by, how });
            }
        }
        owned
    }

    /// In which ways a crate is touched by what one of its files reads.
    fn kinds_of_reading(&self, path: &Path, reading: &Reading, krate: &StateCrate) -> Kinds {
        let own = kinds_of(&reading.by, krate, self.input.has_manifest);
        if reading.how == How::Link {
            // What a link leads to is what the crate has there.
            return own;
        }
        // A module that is nobody's own is formatted with the crate that has it by `#[path]`.
        let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
        let is_shared = is_rust(path) && is_rust(&reading.by) && self.states().all(|state| state.owner(path).is_none());
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
        let all = || (0..self.members()).collect();
        if self.input.after.root.starts_with(below) {
            return all();
        }
        let states = self.states().flat_map(State::crates);
        let at_or_below: BTreeSet<usize> = states
            .filter(|krate| is_below(krate, below))
            .filter_map(|krate| self.place(krate))
            .collect();
        if !at_or_below.is_empty() {
            return at_or_below.into_iter().collect();
        }
        let owner = self
            .states()
            .find_map(|state| self.place(&state.crates()[state.owner(below)?.index()]));
        owner.map(|owner| vec![owner]).unwrap_or_default()
    }

    fn finish(mut self) -> Affected {
        let links = self.links();
        let sources = |krate: &AffectedCrate| krate.direct.has(Kind::Source);
        let mut seeds = FixedBitSet::with_capacity(self.crates.len());
        for (place, _) in self.crates.iter().enumerate().filter(|(_, krate)| sources(krate)) {
            seeds.insert(place);
        }
        let spread = links.spread(&seeds);
        for (place, krate) in self.crates.iter_mut().enumerate() {
            krate.kinds = krate.direct;
            if spread.built.contains(place) {
                krate.kinds = krate.kinds.and(SOURCE);
            }
            if spread.tested.contains(place) {
                krate.kinds = krate.kinds.and(Kinds::of(&[Kind::DevDependencies]));
            }
        }
        Affected {
            root: self.input.after.root.clone(),
            from: self.input.changes.from.clone(),
            to: self.input.changes.to.clone(),
            everything: self.everything.take(),
            members: self.members(),
            notes: self.notes,
            files: self.files,
            crates: self.crates,
            links,
            spread,
            reconfigured: self.reconfigured,
        }
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
fn root_relative(state: &State, path: &Path) -> PathBuf {
    path.strip_prefix(&state.root).unwrap_or(path).to_owned()
}

fn is_below(krate: &StateCrate, dir: &Path) -> bool {
    krate.dir.starts_with(dir) || krate.real_dir.starts_with(dir)
}
