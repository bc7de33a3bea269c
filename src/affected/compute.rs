//! Works out which crates a change touches.

mod meaning;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;

use super::attribution::{Attribution, FileTouches, SOURCE, root_relative};
use super::closure::Links;
use super::outcome::{Affected, AffectedCrate, Cause, ChangedFile, Touch};
use crate::changes::{ChangeSet, Presence};
use crate::config::{Config, Kind, Kinds};
use crate::model::{CheckName, CrateName};
use crate::readers::Readers;
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
    let attribution = Attribution::new(
        input.before,
        input.after,
        input.readers,
        input.config,
        input.has_manifest,
    );
    let mut work = Work::new(input);
    work.everything();
    work.files(&attribution);
    work.manifests();
    work.lock();
    work.finish(attribution.links(input.config, input.workspace))
}

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

    fn files(&mut self, attribution: &Attribution<'_>) {
        let input = self.input;
        for (path, change) in &input.changes.files {
            let FileTouches { owners, touches } = attribution.of(path, *change, input.same_meaning.contains(path));
            for (place, kinds, cause) in touches {
                self.touch(place, kinds, Some(path), cause);
            }
            self.files.push(ChangedFile {
                path: root_relative(input.after, path),
                exists: !matches!(change.after, Presence::Absent),
                owners,
            });
        }
    }

    fn finish(mut self, links: Links) -> Affected {
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
