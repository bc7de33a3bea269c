//! What `Cargo.lock` has for a member, and what the members together ask of the packages that it is built from.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use toml::Value;

use super::canonical::Canonical;
use crate::model::Digest;
use crate::workspace::{DependencyKind, Lock, LockedPackage, State, StateCrate};

/// What the file has for each member, by their places.
pub(super) struct Locked {
    /// What its library, its programs and its build script are built from; nothing where that is not known.
    pub(super) source: Vec<Option<Digest>>,
    /// What its tests are built from beyond that.
    pub(super) tests: Vec<Option<Digest>>,
    /// Which features all members together want of what it is built from: cargo builds a package once, with the features
    /// that anybody wants.
    pub(super) features: Vec<Digest>,
}

impl Locked {
    pub(super) fn new(state: &State, canonical: &Canonical<'_>) -> Self {
        let members = state.crates();
        match state.lock.parse() {
            Ok(lock) => Reached::new(&lock, members).digests(members, canonical),
            Err(_) => Self {
                // Whoever needs nothing from elsewhere is built from nothing that the file could name.
                source: members
                    .iter()
                    .map(|member| unlocked(member, &[DependencyKind::Normal, DependencyKind::Build]))
                    .collect(),
                tests: members
                    .iter()
                    .map(|member| unlocked(member, &[DependencyKind::Dev]))
                    .collect(),
                features: vec![Digest::of(b"no lock file"); members.len()],
            },
        }
    }
}

/// What stands for the locked packages of a member where there is no file that says.
fn unlocked(member: &StateCrate, kinds: &[DependencyKind]) -> Option<Digest> {
    let elsewhere = |(key, value): (&crate::workspace::DependencyKey, &std::sync::Arc<toml::Table>)| {
        kinds.contains(&key.kind) && !value.contains_key("path")
    };
    (!member.dependencies.iter().any(elsewhere)).then(|| Digest::of(b"nothing is locked"))
}

/// Which packages each package is built from.
struct Reached<'l> {
    lock: &'l Lock,
    /// What each package is, as text: its own name and place, and the names of what it uses.
    texts: Vec<String>,
    /// Those that each package reaches, itself among them.
    below: Vec<FixedBitSet>,
    members: BTreeSet<&'l str>,
}

impl<'l> Reached<'l> {
    fn new(lock: &'l Lock, members: &'l [StateCrate]) -> Self {
        let packages = lock.packages();
        let names = members.iter().map(|member| member.name.as_str()).collect();
        let text = |package: &LockedPackage| {
            let mut needs: Vec<String> = (package.dependencies.iter())
                .map(|place| identity(&packages[*place]))
                .collect();
            needs.sort_unstable();
            let checksum = package.checksum.as_deref().unwrap_or_default();
            format!("{} {checksum} {}", identity(package), needs.join(","))
        };
        Self {
            texts: packages.iter().map(text).collect(),
            below: (0..packages.len()).map(|place| below(lock, place)).collect(),
            members: names,
            lock,
        }
    }

    fn digests(&self, members: &[StateCrate], canonical: &Canonical<'_>) -> Locked {
        let wants = self.wants(members, canonical);
        let mut locked = Locked {
            source: Vec::with_capacity(members.len()),
            tests: Vec::with_capacity(members.len()),
            features: Vec::with_capacity(members.len()),
        };
        for member in members {
            let place = self.lock.local(member.name.as_str(), &member.version);
            let of_kinds = |kinds: &[DependencyKind]| place.map(|place| self.of_member(member, place, kinds));
            locked
                .source
                .push(of_kinds(&[DependencyKind::Normal, DependencyKind::Build]));
            locked.tests.push(of_kinds(&[DependencyKind::Dev]));
            let wanted = place.map(|place| wanted(&wants, &self.below[place]));
            locked.features.push(Digest::of(wanted.unwrap_or_default().as_bytes()));
        }
        locked
    }

    /// The packages from elsewhere that a member reaches through its dependencies of these kinds.
    fn of_member(&self, member: &StateCrate, place: usize, kinds: &[DependencyKind]) -> Digest {
        let packages = self.lock.packages();
        let mut reached = FixedBitSet::with_capacity(packages.len());
        for dependency in &packages[place].dependencies {
            let package = &packages[*dependency];
            // What is a member has a fingerprint of its own.
            let is_member = package.source.is_none() && self.members.contains(package.name.as_str());
            if !is_member && is_of_kinds(member, &package.name, kinds) {
                reached.union_with(&self.below[*dependency]);
            }
        }
        let mut lines: Vec<&str> = reached.ones().map(|place| self.texts[place].as_str()).collect();
        lines.sort_unstable();
        Digest::of(lines.join("\n").as_bytes())
    }

    /// What each member asks of each package, and all that such a package reaches.
    fn wants(&self, members: &[StateCrate], canonical: &Canonical<'_>) -> BTreeMap<String, FixedBitSet> {
        let mut wants: BTreeMap<String, FixedBitSet> = BTreeMap::new();
        for (key, value) in members.iter().flat_map(|member| &member.dependencies) {
            let package = value.get("package").and_then(Value::as_str).unwrap_or(&key.name);
            let of = |name: &str| value.get(name).map(|value| canonical.value(value)).unwrap_or_default();
            let (features, default, optional) = (of("features"), of("default-features"), of("optional"));
            let target = key.target.as_deref().unwrap_or_default();
            let line = format!("{package} {:?} {target:?} {features} {default} {optional}", key.kind);
            let reached = wants
                .entry(line)
                .or_insert_with(|| FixedBitSet::with_capacity(self.below.len()));
            for place in self.lock.named(package) {
                reached.union_with(&self.below[*place]);
            }
        }
        wants
    }
}

/// What is asked of packages that have anything in common with what is reached from somewhere.
fn wanted(wants: &BTreeMap<String, FixedBitSet>, reached: &FixedBitSet) -> String {
    let concerned = wants.iter().filter(|(_, wanted)| !wanted.is_disjoint(reached));
    let lines: Vec<&str> = concerned.map(|(line, _)| line.as_str()).collect();
    lines.join("\n")
}

/// What tells a package from all others. The version of one that lies on this machine is its manifest's business.
fn identity(package: &LockedPackage) -> String {
    match &package.source {
        Some(source) => format!("{} {} {source}", package.name, package.version),
        None => package.name.clone(),
    }
}

/// The packages that one reaches, itself among them.
fn below(lock: &Lock, place: usize) -> FixedBitSet {
    let packages = lock.packages();
    let mut reached = FixedBitSet::with_capacity(packages.len());
    let mut next = vec![place];
    while let Some(place) = next.pop() {
        if !reached.put(place) {
            next.extend(&packages[place].dependencies);
        }
    }
    reached
}

/// Whether a member declares a package among dependencies of these kinds. One that it does not declare may be any.
fn is_of_kinds(member: &StateCrate, package: &str, kinds: &[DependencyKind]) -> bool {
    let mut declared = (member.dependencies.iter())
        .filter(|(key, value)| value.get("package").and_then(Value::as_str).unwrap_or(&key.name) == package)
        .map(|(key, _)| key.kind)
        .peekable();
    declared.peek().is_none() || declared.any(|kind| kinds.contains(&kind))
}
