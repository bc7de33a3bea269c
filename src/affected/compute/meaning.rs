//! What manifests and `Cargo.lock` mean, by what they said before and say now.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Work;
use crate::affected::attribution::SOURCE;
use crate::affected::outcome::Cause;
use crate::affected::owned::kinds_of;
use crate::affected::{locks, manifests};
use crate::changes::Presence;
use crate::config::{Kind, Kinds};
use crate::model::CheckName;
use crate::workspace::{DependencyKind, Lock, LockFile, State, StateCrate};

impl Work<'_> {
    pub(super) fn manifests(&mut self) {
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

    pub(super) fn lock(&mut self) {
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
