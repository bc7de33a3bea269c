//! What differs between two versions of `Cargo.lock`, as seen from the members: order and layout do not count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::{Kind, Kinds};
use crate::workspace::{DependencyKind, Lock, LockedPackage, State, StateCrate};
use toml::Value;

/// A package that a member depends on and that is not the same any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The package that differs: the dependency itself, or one that it is built from.
    pub(super) package: String,
    pub(super) kinds: Kinds,
}

/// What tells a package from all others. The version of one that lies on this machine is its manifest's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Id<'l> {
    name: &'l str,
    version: &'l str,
    source: Option<&'l str>,
}

impl<'l> Id<'l> {
    fn of(package: &'l LockedPackage) -> Self {
        Self {
            name: &package.name,
            version: if package.source.is_some() { &package.version } else { "" },
            source: package.source.as_deref(),
        }
    }
}

/// One version of the file, by what packages are.
struct Side<'l> {
    lock: &'l Lock,
    places: HashMap<Id<'l>, usize>,
}

impl<'l> Side<'l> {
    fn new(lock: &'l Lock) -> Self {
        let packages = lock.packages().iter().enumerate();
        Self {
            lock,
            places: packages.map(|(place, package)| (Id::of(package), place)).collect(),
        }
    }

    fn needs(&self, package: &LockedPackage) -> BTreeSet<Id<'l>> {
        package
            .dependencies
            .iter()
            .map(|place| Id::of(&self.lock.packages()[*place]))
            .collect()
    }

    fn get(&self, id: &Id<'_>) -> Option<&'l LockedPackage> {
        let id = Id {
            name: id.name,
            version: id.version,
            source: id.source,
        };
        let place = self.places.get(&id)?;
        self.lock.packages().get(*place)
    }

    fn member(&self, name: &str) -> Option<&'l LockedPackage> {
        self.get(&Id {
            name,
            version: "",
            source: None,
        })
    }
}

/// What differs for each of the members, by their places in `members`. `was` is the state of the members before.
pub(super) fn between(before: &Lock, after: &Lock, members: &[StateCrate], was: &State) -> Vec<Vec<Difference>> {
    let (old, new) = (Side::new(before), Side::new(after));
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let is_member = |package: &LockedPackage| package.source.is_none() && names.contains(package.name.as_str());
    // For each package of the new file that is no member, the package in or below it that differs.
    let mut differs: Vec<Option<usize>> = vec![None; after.packages().len()];
    for (place, package) in after
        .packages()
        .iter()
        .enumerate()
        .filter(|(_, package)| !is_member(package))
    {
        let same = old
            .get(&Id::of(package))
            .is_some_and(|known| known.checksum == package.checksum);
        differs[place] = (!same).then_some(place);
    }
    // What differs further down tells more than that somebody needs it.
    carry_up(after, &mut differs, &is_member);
    for (place, package) in after
        .packages()
        .iter()
        .enumerate()
        .filter(|(_, package)| !is_member(package))
    {
        let other_needs = old
            .get(&Id::of(package))
            .is_some_and(|known| old.needs(known) != new.needs(package));
        if other_needs && differs[place].is_none() {
            differs[place] = Some(place);
        }
    }
    carry_up(after, &mut differs, &is_member);
    let of_member = |member: &StateCrate| {
        let name = member.name.as_str();
        let known = old.member(name).map(|package| old.needs(package)).unwrap_or_default();
        let Some(package) = new.member(name) else {
            // Only a file that is older than the member lacks it; its manifest says the rest.
            return Vec::new();
        };
        let now = new.needs(package);
        let mut found: BTreeMap<String, Kinds> = BTreeMap::new();
        let mut add = |package: &str, dependency: &str| {
            let known = found.entry(package.to_owned()).or_default();
            *known = known.and(kinds(&[Some(member), was.by_name(&member.name)], dependency));
        };
        for id in known
            .symmetric_difference(&now)
            .filter(|id| id.source.is_some() || !names.contains(id.name))
        {
            add(id.name, id.name);
        }
        for place in &package.dependencies {
            if let Some(different) = differs[*place] {
                add(&after.packages()[different].name, &after.packages()[*place].name);
            }
        }
        found
            .into_iter()
            .map(|(package, kinds)| Difference { package, kinds })
            .collect()
    };
    members.iter().map(of_member).collect()
}

/// Tells every package that is no member of something that differs below it, if anything does.
fn carry_up(lock: &Lock, differs: &mut [Option<usize>], is_member: &dyn Fn(&LockedPackage) -> bool) {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); lock.packages().len()];
    for (user, package) in lock
        .packages()
        .iter()
        .enumerate()
        .filter(|(_, package)| !is_member(package))
    {
        for dependency in &package.dependencies {
            users[*dependency].push(user);
        }
    }
    let mut next: Vec<usize> = (0..differs.len()).filter(|place| differs[*place].is_some()).collect();
    while let Some(place) = next.pop() {
        for user in &users[place] {
            if differs[*user].is_none() {
                differs[*user] = differs[place];
                next.push(*user);
            }
        }
    }
}

/// The members that reach a package of one of these names, and in which ways.
pub(super) fn reaching(lock: &Lock, packages: &[String], members: &[StateCrate]) -> Vec<Kinds> {
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let is_member = |package: &LockedPackage| package.source.is_none() && names.contains(package.name.as_str());
    let mut reaches: Vec<Option<usize>> = (lock.packages().iter().enumerate())
        .map(|(place, package)| packages.contains(&package.name).then_some(place))
        .collect();
    carry_up(lock, &mut reaches, &is_member);
    let side = Side::new(lock);
    let of_member = |member: &StateCrate| {
        let declared = declared(member).filter(|(name, _)| packages.iter().any(|package| package == name));
        let mut all: Kinds = declared.map(|(_, kind)| kind).collect();
        let package = side.member(member.name.as_str());
        for place in package.iter().flat_map(|package| &package.dependencies) {
            if reaches[*place].is_some() {
                all = all.and(kinds(&[Some(member)], &lock.packages()[*place].name));
            }
        }
        all
    };
    members.iter().map(of_member).collect()
}

/// In which ways a dependency of this name touches a member, by its manifests. One that none declares may be anything.
fn kinds(manifests: &[Option<&StateCrate>], dependency: &str) -> Kinds {
    let found: Kinds = (manifests.iter().flatten())
        .flat_map(|member| declared(member))
        .filter(|(name, _)| *name == dependency)
        .map(|(_, kind)| kind)
        .collect();
    if found.is_empty() {
        Kinds::of(&[Kind::Source])
    } else {
        found
    }
}

/// The packages that a member depends on, by their own names.
fn declared(member: &StateCrate) -> impl Iterator<Item = (&str, Kind)> {
    member.dependencies.iter().map(|(key, value)| {
        let name = value.get("package").and_then(Value::as_str).unwrap_or(&key.name);
        let kind = match key.kind {
            DependencyKind::Dev => Kind::DevDependencies,
            DependencyKind::Normal | DependencyKind::Build => Kind::Source,
        };
        (name, kind)
    })
}
