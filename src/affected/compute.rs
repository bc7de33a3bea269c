//! Works out which crates a change touches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;
use globset::GlobSet;
use toml::{Table, Value};

use super::closure::Links;
use super::outcome::from_root;
use super::outcome::{Affected, AffectedCrate, Cause, ChangedFile, Link, Touch};
use super::owned::{is_packaged, kinds_of};
use super::rules::{Meaning, meaning};
use super::{locks, manifests};
use crate::changes::{ChangeSet, Presence};
use crate::config::{Config, Kind, Kinds, glob_set};
use crate::model::{CheckName, CrateName};
use crate::readers::{How, Readers, Reading};
use crate::workspace::{DependencyKind, Edge, Lock, LockFile, State, StateCrate, Workspace};

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

    fn manifests(&mut self) {
        let touched: Vec<&Path> = (self.input.changes.files.keys())
            .filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"))
            .map(PathBuf::as_path)
            .collect();
        if touched.is_empty() {
            return;
        }
        let Some(before) = self.input.before else {
            return self.unknown_manifests(&touched);
        };
        let after = self.input.after;
        self.root_settings(before, after);
        for krate in after.crates() {
            let Some(place) = self.place(krate) else { continue };
            let manifest = krate.dir.join("Cargo.toml");
            match before.by_name(&krate.name) {
                Some(old) => self.manifest(place, old, krate),
                None => {
                    self.touch(place, Kinds::ALL, Some(&manifest), Cause::Added);
                    self.borders(before, krate);
                }
            }
        }
        for old in before.crates().iter().filter(|old| after.by_name(&old.name).is_none()) {
            if let Some(place) = self.place(old) {
                self.touch(place, SOURCE, Some(&old.dir.join("Cargo.toml")), Cause::Removed);
                self.borders(after, old);
            }
        }
    }

    /// What a manifest means cannot be compared with what is not known.
    fn unknown_manifests(&mut self, touched: &[&Path]) {
        let why = "what it said before is not known";
        for path in touched {
            let cause = Cause::Unknown { why: why.to_owned() };
            let dir = path.parent().unwrap_or(path);
            if dir == self.input.after.root {
                self.touch_all(Kinds::ALL, Some(path), &cause);
                if self.everything.is_none() {
                    self.notes
                        .push(format!("every crate is taken for touched by the root manifest: {why}"));
                }
                continue;
            }
            let mut crates = self.input.after.crates().iter();
            let krate = crates.find(|krate| krate.dir == dir || krate.real_dir == dir);
            if let Some(place) = krate.and_then(|krate| self.place(krate)) {
                self.touch(place, Kinds::ALL, Some(path), cause);
            }
        }
    }

    /// A package takes its directory out of the hands of the member around it, or gives it back. Where the files in it
    /// are the same, that is all that tells.
    fn borders(&mut self, other_state: &State, krate: &StateCrate) {
        let Some(around) = other_state
            .owner(&krate.dir)
            .map(|id| &other_state.crates()[id.index()])
        else {
            return;
        };
        let moved_with_it = self.input.changes.files.iter().any(|(path, change)| {
            let came_or_went = change.before == Presence::Absent || change.after == Presence::Absent;
            came_or_went && path.starts_with(&krate.dir) && path.extension().is_some_and(|extension| extension == "rs")
        });
        if let Some(place) = self
            .place(around)
            .filter(|_| !moved_with_it && around.name != krate.name)
        {
            let cause = Cause::Borders {
                other: krate.name.clone(),
            };
            let source = krate.dir.join("src/lib.rs");
            let kinds = kinds_of(&source, around, self.input.has_manifest);
            self.touch(place, kinds, Some(&krate.dir.join("Cargo.toml")), cause);
        }
    }

    fn manifest(&mut self, place: usize, before: &StateCrate, after: &StateCrate) {
        let own = after.dir.join("Cargo.toml");
        if before.dir != after.dir {
            self.touch(place, Kinds::ALL, Some(&own), Cause::Moved);
        }
        let changed = &self.input.changes.files;
        // What differs though the crate's own manifest does not is inherited.
        let inherited = !changed.contains_key(&own) && !changed.contains_key(&after.real_dir.join("Cargo.toml"));
        let root = self.input.after.root.join("Cargo.toml");
        for difference in manifests::between(before, after) {
            let part = difference.part;
            if inherited {
                self.touch(place, difference.kinds, Some(&root), Cause::Root { part });
            } else {
                self.touch(place, difference.kinds, Some(&own), Cause::Manifest { part });
            }
        }
        for check in changed_checks(before.hooks.as_ref(), after.hooks.as_ref()) {
            if let Some(crates) = self.reconfigured.entry(check).or_insert_with(|| Some(BTreeSet::new())) {
                crates.insert(after.name.clone());
            }
        }
    }

    fn root_settings(&mut self, before: &State, after: &State) {
        let root = after.root.join("Cargo.toml");
        for difference in manifests::between_roots(&before.settings, &after.settings) {
            let part = difference.part;
            self.touch_all(difference.kinds, Some(&root), &Cause::Root { part });
        }
        for check in changed_checks(before.settings.hooks.as_ref(), after.settings.hooks.as_ref()) {
            self.reconfigured.insert(check, None);
        }
        let patched = manifests::patched(before.settings.patch.as_ref(), after.settings.patch.as_ref());
        if !patched.is_empty() {
            self.patched(&patched, &root);
        }
    }

    /// The crates that reach a patched package, as far as `Cargo.lock` can tell.
    fn patched(&mut self, packages: &[String], root: &Path) {
        let members = self.input.after.crates();
        let locks: Vec<_> = self
            .states()
            .filter_map(|state| parsed(&state.lock).ok().flatten())
            .collect();
        let part = format!("the patch of `{}`", packages.join("`, `"));
        if locks.is_empty() {
            self.notes.push(format!(
                "`Cargo.lock` does not say who uses what is patched: {part} is taken to touch every crate"
            ));
            self.touch_all(SOURCE, Some(root), &Cause::Root { part });
            return;
        }
        for lock in locks {
            for (place, kinds) in locks::reaching(&lock, packages, members).into_iter().enumerate() {
                if !kinds.is_empty() {
                    self.touch(place, kinds, Some(root), Cause::Root { part: part.clone() });
                }
            }
        }
    }

    fn lock(&mut self) {
        let path = self.input.after.root.join("Cargo.lock");
        if !self.input.changes.files.contains_key(&path) {
            return;
        }
        let members = self.input.after.crates();
        let was = self.input.before.unwrap_or(self.input.after);
        match self.locks() {
            Ok(Some((before, after))) => {
                for (place, found) in locks::between(&before, &after, members, was).into_iter().enumerate() {
                    for locks::Difference { package, kinds } in found {
                        self.touch(place, kinds, Some(&path), Cause::Locked { package });
                    }
                }
            }
            Ok(None) => {}
            Err(why) => {
                if self.everything.is_none() {
                    self.notes.push(format!(
                        "{why}: every crate with dependencies from elsewhere is taken for touched"
                    ));
                }
                for (place, member) in members.iter().enumerate() {
                    let kinds = kinds_from_elsewhere(member);
                    if !kinds.is_empty() {
                        self.touch(place, kinds, Some(&path), Cause::Unknown { why: why.clone() });
                    }
                }
            }
        }
    }

    /// Both versions of `Cargo.lock`; nothing where they are one; or why they cannot be compared.
    fn locks(&self) -> Result<Option<(Lock, Lock)>, String> {
        let Some(before) = self.input.before else {
            return Err("what `Cargo.lock` said before is not known".to_owned());
        };
        let after = &self.input.after.lock;
        if let (LockFile::Text(before), LockFile::Text(after)) = (&before.lock, after)
            && before == after
        {
            return Ok(None);
        }
        let read = |lock: &LockFile, when: &str| match parsed(lock) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(format!("there {when} no `Cargo.lock`")),
            Err(problem) => Err(format!("`Cargo.lock` {when} no lock file that can be read ({problem})")),
        };
        Ok(Some((read(&before.lock, "was")?, read(after, "is")?)))
    }

    fn links(&self) -> Links {
        let mut links = Links::new(self.crates.len());
        for state in self.states() {
            for krate in state.crates() {
                for (dependency, edge) in state.dependencies(krate.id) {
                    let ends = self.place(krate).zip(self.place(&state.crates()[dependency.index()]));
                    if let Some((from, to)) = ends {
                        links.add(from, to, link(edge));
                    }
                }
            }
        }
        if let Some(workspace) = self.input.workspace {
            self.add_links_of(workspace, &mut links);
        }
        for (source, program) in self.input.readers.programs() {
            self.link_program(&mut links, source, program);
        }
        for (name, declared) in &self.input.config.declared {
            for used in &declared.uses {
                if let (Some(from), Some(to)) = (self.places.get(name), self.places.get(used)) {
                    links.add(*from, *to, Link::Uses);
                }
            }
        }
        links
    }

    /// What cargo sees counts as well, should it see more than the manifests showed.
    fn add_links_of(&self, workspace: &Workspace, links: &mut Links) {
        for krate in workspace.crates() {
            for (dependency, edge) in workspace.dependencies(krate.id) {
                let ends = (
                    self.places.get(&krate.name),
                    self.places.get(&workspace[dependency].name),
                );
                if let (Some(from), Some(to)) = ends {
                    links.add(*from, *to, link(edge));
                }
            }
        }
    }

    /// Whoever starts a program of another crate depends on that crate.
    fn link_program(&self, links: &mut Links, source: &Path, program: &str) {
        let state = self.input.after;
        let Some(starter) = state.owner(source).map(|id| &state.crates()[id.index()]) else {
            return;
        };
        let builds = kinds_of(source, starter, self.input.has_manifest).has(Kind::Source);
        for krate in state.crates().iter().filter(|krate| krate.programs.contains(program)) {
            if let (Some(from), Some(to)) = (self.place(starter), self.place(krate)) {
                links.add(from, to, Link::Starts { builds });
            }
        }
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

fn link(edge: &Edge) -> Link {
    if edge.kinds.contains(&DependencyKind::Normal) {
        Link::Normal
    } else if edge.kinds.contains(&DependencyKind::Build) {
        Link::Build
    } else {
        Link::Dev
    }
}

/// The checks about which two of our tables say something else.
fn changed_checks(before: Option<&Value>, after: Option<&Value>) -> Vec<CheckName> {
    let checks = |hooks: Option<&Value>| hooks.and_then(|hooks| hooks.get("checks")?.as_table().cloned());
    let (before, after): (Table, Table) = (checks(before).unwrap_or_default(), checks(after).unwrap_or_default());
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let keys = after.keys().chain(gone);
    keys.filter(|key| before.get(*key) != after.get(*key))
        .map(|key| CheckName::from(key.as_str()))
        .collect()
}

/// `Cargo.lock`, where there is one.
fn parsed(lock: &LockFile) -> Result<Option<Lock>, String> {
    match lock {
        LockFile::Absent => Ok(None),
        there => there.parse().map(Some),
    }
}

/// A path below the root of the workspace from there; any other as it is.
fn root_relative(state: &State, path: &Path) -> PathBuf {
    path.strip_prefix(&state.root).unwrap_or(path).to_owned()
}

fn is_below(krate: &StateCrate, dir: &Path) -> bool {
    krate.dir.starts_with(dir) || krate.real_dir.starts_with(dir)
}

/// In which ways a crate is touched when nobody knows which packages from elsewhere it is built from.
fn kinds_from_elsewhere(krate: &StateCrate) -> Kinds {
    let elsewhere = krate
        .dependencies
        .iter()
        .filter(|(_, value)| value.get("path").is_none());
    let kind = |kind| match kind {
        DependencyKind::Dev => Kind::DevDependencies,
        DependencyKind::Normal | DependencyKind::Build => Kind::Source,
    };
    elsewhere.map(|(key, _)| kind(key.kind)).collect()
}
