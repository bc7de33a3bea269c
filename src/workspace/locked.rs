//! `Cargo.lock` as seen from the members: which of them a dependency really leads to. Pure.
//!
//! A member may depend on another by version alone, where `[patch]` puts the one in the workspace in the place of the
//! one in the registry; and it may do so behind the back of a package from a registry that stands between the two.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::edges::{Declared, Node};
use super::lock::Lock;
use super::member::CrateId;

/// A `Cargo.lock` and where the members stand in it.
pub(super) struct LockedMembers<'a> {
    lock: &'a Lock,
    crates: &'a [Node<'a>],
    /// The place of each member, where the file knows it.
    places: Vec<Option<usize>>,
    members: HashMap<usize, CrateId>,
    /// The places of the packages that use each package.
    users: Vec<Vec<usize>>,
    /// The members that each other package uses, be it through further packages that are no members.
    behind: HashMap<usize, BTreeSet<CrateId>>,
}

impl<'a> LockedMembers<'a> {
    pub(super) fn new(lock: &'a Lock, crates: &'a [Node<'a>]) -> Self {
        let place = |member: &Node<'_>| lock.local(member.name.as_str(), member.version);
        let places: Vec<Option<usize>> = crates.iter().map(place).collect();
        let members = (crates.iter().zip(&places))
            .filter_map(|(member, place)| Some(((*place)?, member.id)))
            .collect();
        let mut users = vec![Vec::new(); lock.packages().len()];
        for (user, package) in lock.packages().iter().enumerate() {
            for dependency in &package.dependencies {
                users[*dependency].push(user);
            }
        }
        let mut locked = Self {
            lock,
            crates,
            places,
            members,
            users,
            behind: HashMap::new(),
        };
        for (member, place) in crates.iter().zip(locked.places.clone()) {
            for other in place.map(|place| locked.users_of(place)).unwrap_or_default().others {
                locked.behind.entry(other).or_default().insert(member.id);
            }
        }
        locked
    }

    /// The members that a dependency leads to, or nothing where the file does not know the dependency.
    pub(super) fn reached(&self, dependency: &Declared) -> Option<BTreeSet<CrateId>> {
        let place = self.places[dependency.from.index()]?;
        let candidates = self.lock.packages()[place].dependencies.iter();
        let mut fitting = candidates.filter(|place| self.fits(**place, dependency)).peekable();
        fitting.peek()?;
        let reached = fitting.flat_map(|place| {
            let behind = self.behind.get(place).into_iter().flatten();
            self.members.get(place).into_iter().chain(behind).copied()
        });
        Some(reached.collect())
    }

    /// The members that use the local package of this name, be it through packages that are no members.
    pub(super) fn users_of_local(&self, name: &str) -> BTreeSet<CrateId> {
        let is_local = |place: &usize| self.lock.packages()[*place].source.is_none();
        let local = self.lock.named(name).iter().copied().filter(is_local);
        local.flat_map(|place| self.users_of(place).members).collect()
    }

    /// The names of the packages that lie on this machine and are no members.
    pub(super) fn strangers(&self) -> BTreeSet<&'a str> {
        let packages = self.lock.packages().iter().enumerate();
        packages
            .filter(|(place, package)| package.source.is_none() && !self.members.contains_key(place))
            .map(|(_, package)| package.name.as_str())
            .collect()
    }

    fn fits(&self, place: usize, dependency: &Declared) -> bool {
        let package = &self.lock.packages()[place];
        if package.name != dependency.name {
            return false;
        }
        if dependency.path.is_some() {
            return package.source.is_none();
        }
        // The file may be older than the version that the member's manifest gives by now.
        let member = self.members.get(&place).map(|id| self.crates[id.index()].version);
        dependency.lets_in(member.unwrap_or(&package.version))
    }

    fn users_of(&self, place: usize) -> Users {
        let mut users = Users::default();
        let mut next = vec![place];
        while let Some(place) = next.pop() {
            for user in &self.users[place] {
                if let Some(member) = self.members.get(user) {
                    users.members.insert(*member);
                } else if users.others.insert(*user) {
                    next.push(*user);
                }
            }
        }
        users
    }
}

/// Who uses a package: up to and including the first member on each way.
#[derive(Default)]
struct Users {
    members: BTreeSet<CrateId>,
    others: HashSet<usize>,
}
