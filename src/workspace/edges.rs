//! How the edges between members are found without resolving dependencies. Pure.
//!
//! A dependency with a path leads to the member in that directory. One without may be led to a member by `[patch]`:
//! `Cargo.lock` says whether it is, and where it is silent (it is missing, or older than the manifest) the tables
//! themselves are asked, and a package that is not patched may be built from any that is. That may find an edge too
//! many, and never one too few.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cargo_metadata::semver::{Version, VersionReq};

use super::dependency::{DependencyKind, Edge, Edges};
use super::graph::OutsideCrate;
use super::lock::Lock;
use super::locked::LockedMembers;
use super::manifest::OutsideManifest;
use super::member::CrateId;
use super::patched::Patch;
use crate::model::CrateName;

/// A dependency as a member's manifest declares it.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Whose it is.
    pub(super) from: CrateId,
    /// The name of the package, whatever the member calls it.
    pub(super) name: String,
    /// Which versions will do.
    pub(super) req: VersionReq,
    pub(super) kind: DependencyKind,
    pub(super) optional: bool,
    /// The directory that it is in, where the manifest says so: absolute, without `..`.
    pub(super) path: Option<PathBuf>,
}

impl Declared {
    /// Whether a version will do.
    pub(super) fn lets_in(&self, version: &str) -> bool {
        // Cargo takes any version where none is asked for, as of a git dependency; to semver, `*` is no pre-release.
        self.req == VersionReq::STAR || Version::parse(version).is_ok_and(|version| self.req.matches(&version))
    }
}

/// A member, as far as edges go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) id: CrateId,
    pub(super) name: &'a CrateName,
    pub(super) version: &'a str,
    pub(super) dir: &'a Path,
}

/// What is known beside the members' own manifests.
pub(super) struct Known<'a> {
    /// The members, sorted by name, each with its place as its id.
    pub(super) crates: &'a [Node<'a>],
    /// `Cargo.lock`, where there is one that can be read.
    pub(super) lock: Option<&'a Lock>,
    /// The patches that lead to directories.
    pub(super) patches: &'a [Patch],
    /// The crates that are no members, by directory.
    pub(super) outside: &'a BTreeMap<PathBuf, OutsideManifest>,
}

/// What came of the search.
#[derive(Default)]
pub(super) struct Found {
    pub(super) edges: Edges,
    pub(super) outside: Vec<OutsideCrate>,
    pub(super) notes: Vec<String>,
}

/// Finds the edges between members, and the crates outside that members are built from.
pub(super) fn find(declared: &[Declared], known: &Known<'_>) -> Found {
    let finder = Finder::new(known);
    let mut edges = Edges::new();
    let mut outside: BTreeMap<PathBuf, BTreeSet<CrateId>> = BTreeMap::new();
    let mut guesses: BTreeSet<(&str, &str)> = BTreeSet::new();
    for dependency in declared {
        let reach = finder.reach(dependency);
        for to in reach.members.into_iter().filter(|to| *to != dependency.from) {
            add(&mut edges, to, dependency);
        }
        for dir in reach.dirs {
            outside.entry(dir).or_default().insert(dependency.from);
        }
        if reach.guessed {
            let from = known.crates[dependency.from.index()];
            guesses.insert((from.name.as_str(), &dependency.name));
        }
    }
    for (dir, users) in finder.patched_outside(declared) {
        outside.entry(dir).or_default().extend(users);
    }
    let mut notes: Vec<String> = guess_note(&guesses).into_iter().collect();
    notes.extend(finder.lost());
    notes.extend(finder.unsure_patches());
    Found {
        edges,
        outside: (outside.into_iter())
            .map(|(dir, dependents)| OutsideCrate { dir, dependents })
            .collect(),
        notes,
    }
}

fn add(edges: &mut Edges, to: CrateId, dependency: &Declared) {
    let fresh = || Edge {
        kinds: BTreeSet::new(),
        optional: true,
    };
    let edge = edges.entry((dependency.from, to)).or_insert_with(fresh);
    edge.kinds.insert(dependency.kind);
    edge.optional &= dependency.optional;
}

/// Says in one line which dependencies were guessed. In a workspace without a lock file that may be hundreds.
fn guess_note(guesses: &BTreeSet<(&str, &str)>) -> Option<String> {
    const NAMED: usize = 3;
    let named = guesses.iter().take(NAMED);
    let mut list: Vec<String> = named.map(|(from, name)| format!("`{name}` in `{from}`")).collect();
    let more = guesses.len().saturating_sub(NAMED);
    list.extend((more > 0).then(|| format!("{more} more")));
    let list = list.join(", ");
    let note = format!("`Cargo.lock` does not say what these lead to, taken to be what `[patch]` names: {list}");
    (!guesses.is_empty()).then_some(note)
}

struct Finder<'a> {
    known: &'a Known<'a>,
    by_dir: HashMap<&'a Path, CrateId>,
    locked: Option<LockedMembers<'a>>,
}

/// What a dependency leads to.
#[derive(Default)]
struct Reach {
    members: BTreeSet<CrateId>,
    dirs: BTreeSet<PathBuf>,
    guessed: bool,
}

impl<'a> Finder<'a> {
    fn new(known: &'a Known<'a>) -> Self {
        let dirs = known.crates.iter().map(|member| (member.dir, member.id));
        Self {
            known,
            by_dir: dirs.collect(),
            locked: known.lock.map(|lock| LockedMembers::new(lock, known.crates)),
        }
    }

    fn reach(&self, dependency: &Declared) -> Reach {
        let mut reach = Reach::default();
        if let Some(dir) = &dependency.path {
            self.walk(dir, &mut reach);
            // A member in that directory speaks for itself; another crate may use members in ways that only the lock
            // file knows.
            if reach.dirs.is_empty() {
                return reach;
            }
        }
        match self.locked.as_ref().and_then(|locked| locked.reached(dependency)) {
            Some(members) => reach.members.extend(members),
            None if dependency.path.is_none() => self.guess(dependency, &mut reach),
            None => {}
        }
        reach
    }

    /// Follows a directory to a member, or through crates that are no members to all that lies behind them.
    fn walk(&self, dir: &Path, reach: &mut Reach) {
        if let Some(member) = self.by_dir.get(dir) {
            reach.members.insert(*member);
        } else if reach.dirs.insert(dir.to_owned()) {
            let manifest = self.known.outside.get(dir);
            for next in manifest.iter().flat_map(|manifest| &manifest.path_dependencies) {
                self.walk(next, reach);
            }
        }
    }

    /// Takes the patches of the name that a version lets in. Where there are none, the dependency is a package from
    /// somewhere else, and any patched member may stand behind that.
    fn guess(&self, dependency: &Declared, reach: &mut Reach) {
        let named = (self.known.patches.iter())
            .filter(|patch| patch.name == dependency.name && self.lets_in(dependency, patch));
        for patch in named {
            reach.guessed = true;
            self.walk(&patch.dir, reach);
        }
        if !reach.guessed {
            let patches = self.known.patches.iter();
            let members = patches.filter_map(|patch| self.by_dir.get(patch.dir.as_path()));
            reach.members.extend(members);
            reach.guessed = !reach.members.is_empty();
        }
    }

    /// The version of a crate that is no member is not known.
    fn lets_in(&self, dependency: &Declared, patch: &Patch) -> bool {
        let member = self.by_dir.get(patch.dir.as_path());
        member.is_none_or(|id| dependency.lets_in(self.known.crates[id.index()].version))
    }

    /// The patches that are no members, and who may be built from them, be it through a package from a registry.
    fn patched_outside(&self, declared: &[Declared]) -> Vec<(PathBuf, BTreeSet<CrateId>)> {
        let mut found = Vec::new();
        for patch in self.known.patches {
            let mut reach = Reach::default();
            self.walk(&patch.dir, &mut reach);
            let users = self.users_of_patch(patch, declared);
            if !users.is_empty() {
                found.extend(reach.dirs.into_iter().map(|dir| (dir, users.clone())));
            }
        }
        found
    }

    fn users_of_patch(&self, patch: &Patch, declared: &[Declared]) -> BTreeSet<CrateId> {
        let Some(locked) = &self.locked else {
            return self.known.crates.iter().map(|member| member.id).collect();
        };
        let named = declared.iter().filter(|dependency| dependency.name == patch.name);
        let unsure = named.filter(|dependency| locked.reached(dependency).is_none());
        let mut users = locked.users_of_local(&patch.name);
        users.extend(unsure.map(|dependency| dependency.from));
        users
    }

    /// Says which patches every crate was taken to be built from.
    fn unsure_patches(&self) -> impl Iterator<Item = String> {
        let patches = self.known.patches.iter().filter(|_| self.locked.is_none());
        let outside = patches.filter(|patch| !self.by_dir.contains_key(patch.dir.as_path()));
        outside.map(|patch| {
            let name = &patch.name;
            format!("`Cargo.lock` does not say who uses the patched `{name}`: taken to be every crate")
        })
    }

    /// Says which local crates are used and cannot be watched, as nothing tells where they lie: those that an outside
    /// crate inherits from a workspace of its own.
    fn lost(&self) -> Option<String> {
        let mut strangers = self.locked.as_ref()?.strangers();
        for manifest in self.known.outside.values() {
            strangers.remove(manifest.name.as_str());
        }
        let names: Vec<String> = strangers.iter().map(|name| format!("`{name}`")).collect();
        let list = names.join(", ");
        (!names.is_empty()).then(|| format!("`Cargo.lock` has local crates whose directories are not known: {list}"))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::fixture;
    use super::super::member::Crate;
    use super::*;

    /// A lock file of packages apart by `;`, each `name version [source]` and the dependencies after `->`.
    fn lock(text: &str) -> Lock {
        let mut toml = String::new();
        for package in text.split(';') {
            let (head, dependencies) = package.split_once("->").unwrap_or((package, ""));
            let head: Vec<_> = head.split_whitespace().collect();
            let dependencies: Vec<_> = dependencies
                .split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .collect();
            write!(toml, "[[package]]\nname = {:?}\nversion = {:?}\n", head[0], head[1]).unwrap();
            if let Some(source) = head.get(2) {
                writeln!(toml, "source = {source:?}").unwrap();
            }
            writeln!(toml, "dependencies = {dependencies:?}").unwrap();
        }
        Lock::parse(&toml).unwrap()
    }

    /// Dependencies apart by `;`: who, on what, and which version or directory.
    fn declare(text: &str, crates: &[Crate]) -> Vec<Declared> {
        let declare = |words: &str| {
            let words: Vec<_> = words.split_whitespace().collect();
            let path = words[2].starts_with('/').then(|| PathBuf::from(words[2]));
            let req = if path.is_some() { "*" } else { words[2] };
            Declared {
                from: crates
                    .iter()
                    .find(|member| member.name.as_str() == words[0])
                    .unwrap()
                    .id,
                name: words[1].to_owned(),
                req: VersionReq::parse(req).unwrap(),
                kind: DependencyKind::Normal,
                optional: false,
                path,
            }
        };
        text.split(';').map(declare).collect()
    }

    /// What is found in a workspace of `a`, `b` and `c`, as text: edges, crates outside, and how many notes.
    fn found(declared: &str, lock: Option<&Lock>, patches: &str, outside: &[(&str, &str, &[&str])]) -> String {
        let workspace = fixture("a; b; c");
        let crates = workspace.crates();
        let patches: Vec<Patch> = (patches.split_whitespace())
            .filter_map(|patch| patch.split_once('='))
            .map(|(name, dir)| Patch {
                name: name.to_owned(),
                dir: PathBuf::from(dir),
            })
            .collect();
        let manifest = |(dir, name, dependencies): &(&str, &str, &[&str])| {
            let manifest = OutsideManifest {
                name: (*name).to_owned(),
                path_dependencies: dependencies.iter().map(PathBuf::from).collect(),
            };
            (PathBuf::from(dir), manifest)
        };
        let outside = outside.iter().map(manifest).collect();
        let nodes: Vec<Node<'_>> = crates.iter().map(Crate::node).collect();
        let known = Known {
            crates: &nodes,
            lock,
            patches: &patches,
            outside: &outside,
        };
        let found = find(&declare(declared, crates), &known);
        let name = |id: &CrateId| crates[id.index()].name.as_str();
        let edges = found
            .edges
            .keys()
            .map(|(from, to)| format!("{}->{}", name(from), name(to)));
        let outside = found.outside.iter().map(|outside| {
            let dependents: Vec<_> = outside.dependents.iter().map(name).collect();
            format!("{}<-{}", outside.dir.display(), dependents.join(","))
        });
        let mut words: Vec<String> = edges.chain(outside).collect();
        assert!(found.notes.iter().all(|note| !note.contains('\n')));
        words.extend((!found.notes.is_empty()).then(|| format!("{} notes", found.notes.len())));
        words.join(" ")
    }

    #[test]
    fn a_directory_is_enough() {
        let check = |declared: &str, expected: &str| assert_eq!(found(declared, None, "", &[]), expected, "{declared}");
        check("a b /ws/b", "a->b");
        check("a b /ws/b; a b /ws/b; b a /ws/a", "a->b b->a");
        check("a a /ws/a", "");
        check("a b /elsewhere/b", "/elsewhere/b<-a");
        check("a b ^0.1", "");
    }

    #[test]
    fn the_lock_file_knows_what_a_version_leads_to() {
        let check = |text: &str, expected: &str| {
            let lock = lock(text);
            let patch = "b=/ws/b";
            assert_eq!(found("a b ^0.1", Some(&lock), patch, &[]), expected, "{text}");
        };
        check("a 0.1.0 -> b; b 0.1.0", "a->b");
        check("a 0.1.0 -> b 0.1.7; b 0.1.0; b 0.1.7 registry", "");
        check("a 0.1.0 -> b 0.1.0, b 0.2.0; b 0.1.0; b 0.2.0 registry", "a->b");
        // The file is older than the version of either manifest.
        check("a 0.0.9 -> b; b 0.1.0", "a->b");
        check("a 0.1.0 -> b; b 0.0.9", "a->b");
        check("a 0.1.0 -> b 0.2.0-alpha; b 0.1.0; b 0.2.0-alpha git", "a->b 1 notes");
        // The file is older than the dependency, or than the crate.
        check("a 0.1.0; b 0.1.0", "a->b 1 notes");
        check("b 0.1.0", "a->b 1 notes");
    }

    #[test]
    fn any_version_of_a_git_dependency_will_do() {
        let lock = lock("a 0.1.0 -> b 0.2.0-alpha; b 0.1.0; b 0.2.0-alpha git");
        assert_eq!(found("a b *", Some(&lock), "b=/ws/b", &[]), "");
    }

    #[test]
    fn without_a_lock_file_the_patches_are_all_that_is_known() {
        let check = |declared: &str, patches: &str, expected: &str| {
            assert_eq!(
                found(declared, None, patches, &[]),
                expected,
                "{declared} with {patches}"
            );
        };
        check("a b ^0.1", "b=/ws/b", "a->b 1 notes");
        check("a b ^0.2", "", "");
        // The next `b`, or another package, may be built from this one.
        check("a b ^0.2", "b=/ws/b", "a->b 1 notes");
        check("a x ^1; c b /ws/b", "b=/ws/b c=/ws/c", "a->b a->c c->b 1 notes");
        check("a b ^0.1", "b=/ws/c x=/ws/b", "a->c 1 notes");
        check("a x ^1; b a /ws/a", "x=/x", "b->a /x<-a,b,c 2 notes");
    }

    #[test]
    fn what_lies_behind_a_package_counts() {
        let check = |text: &str, expected: &str| {
            let lock = lock(text);
            assert_eq!(found("a mid ^1; b c /ws/c", Some(&lock), "", &[]), expected, "{text}");
        };
        check(
            "a 0.1.0 -> mid; b 0.1.0 -> c; c 0.1.0; mid 1.0.0 registry -> c",
            "a->c b->c",
        );
        check(
            "a 0.1.0 -> mid; b 0.1.0; c 0.1.0; mid 1.0.0 registry -> end; end 1.0.0 registry -> mid, b",
            "a->b b->c",
        );
        check("a 0.1.0 -> mid; b 0.1.0; c 0.1.0; mid 1.0.0 registry", "b->c");
    }

    #[test]
    fn crates_outside_are_followed() {
        let check = |declared: &str, text: Option<&str>, expected: &str| {
            let lock = text.map(lock);
            let outside: &[(&str, &str, &[&str])] = &[
                ("/x", "x", &["/y", "/ws/b"]),
                ("/y", "y", &["/x", "/ws/c"]),
                ("/p", "p", &["/x"]),
            ];
            assert_eq!(found(declared, lock.as_ref(), "", outside), expected, "{declared}");
        };
        check("a x /x", None, "a->b a->c /x<-a /y<-a");
        check("a x /x; b y /y", None, "a->b a->c b->c /x<-a,b /y<-a,b");
        check("a x /x", Some("a 0.1.0 -> x; x 1.0.0"), "a->b a->c /x<-a /y<-a");
        check(
            "a x /x",
            Some("a 0.1.0 -> x; x 1.0.0 -> z; z 1.0.0"),
            "a->b a->c /x<-a /y<-a 1 notes",
        );
        let patched = |declared: &str, text: &str| {
            let outside: &[(&str, &str, &[&str])] = &[("/p", "p", &["/q"]), ("/q", "q", &[])];
            found(declared, Some(&lock(text)), "p=/p", outside)
        };
        let behind = "a 0.1.0 -> mid; mid 1.0.0 registry -> p; p 1.0.0 -> q; q 1.0.0";
        assert_eq!(patched("a mid ^1; b a /ws/a", behind), "b->a /p<-a /q<-a");
        assert_eq!(patched("a p ^1", "a 0.1.0 -> p; p 1.0.0 registry"), "");
        assert_eq!(patched("a p ^1", "a 0.1.0"), "/p<-a /q<-a 1 notes");
    }
}
