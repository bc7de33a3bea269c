//! Which directories hold the members of a workspace, as cargo finds them. Pure.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use toml::Table;

use super::super::manifest::{Shared, dependencies, inherits, path_of};
use super::super::manifests::{Listing, Manifests, Unread, package};
use super::super::ownership::normal;
use super::glob;

/// What came of the search.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The directories.
    pub(super) dirs: HashSet<PathBuf>,
    /// What is listed and not there.
    pub(super) notes: Vec<String>,
}

/// Finds the members of the workspace whose root manifest this is. A package that is no workspace is one of itself.
pub(super) fn find(manifests: &mut Manifests<'_>, root: &Path, manifest: &Table) -> Members {
    let Some(listing) = Listing::of(manifest, root) else {
        return Members {
            dirs: HashSet::from([root.to_owned()]),
            notes: Vec::new(),
        };
    };
    let mut search = Search {
        root,
        shared: Shared::new(manifest, root),
        found: Members::default(),
        next: vec![(root.to_owned(), Why::Listed)],
        inherited: HashSet::new(),
        listing,
    };
    search.listed(manifests);
    while let Some((dir, why)) = search.next.pop() {
        search.visit(manifests, &dir, why);
    }
    search.found
}

/// Why a directory may be a member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is named.
    Listed,
    /// A pattern stands for it, which may stand for directories of no crate as well.
    Matched,
    /// A member depends on it.
    DependedOn,
}

struct Search<'a> {
    root: &'a Path,
    listing: Listing<'a>,
    shared: Shared<'a>,
    found: Members,
    next: Vec<(PathBuf, Why)>,
    /// The names of the shared dependencies that were followed: many members have the same.
    inherited: HashSet<String>,
}

impl Search<'_> {
    fn listed(&mut self, manifests: &mut Manifests<'_>) {
        for pattern in self.listing.members() {
            let why = if glob::is_pattern(pattern) {
                Why::Matched
            } else {
                Why::Listed
            };
            let dirs = glob::expand(manifests.files(), self.root, pattern);
            self.next.extend(dirs.into_iter().map(|dir| (normal(&dir), why)));
        }
        manifests.preload(self.next.iter().map(|(dir, _)| dir.as_path()));
    }

    fn visit(&mut self, manifests: &mut Manifests<'_>, dir: &Path, why: Why) {
        let manifest = dir.join("Cargo.toml");
        if self.found.dirs.contains(dir) || self.listing.excludes(&manifest) {
            return;
        }
        let is_foreign = why == Why::DependedOn && !dir.starts_with(self.root);
        if is_foreign && manifests.root_of(dir).as_deref() != Some(self.root) {
            return;
        }
        match manifests.load(dir) {
            Ok(table) if package(&table).is_some() => {
                self.found.dirs.insert(dir.to_owned());
                self.follow(&table, dir);
            }
            Err(Unread::Wrong(_)) => _ = self.found.dirs.insert(dir.to_owned()),
            Err(Unread::Missing) if why == Why::Listed => {
                let manifest = manifest.display();
                let note = format!("the workspace lists a member that is not there: `{manifest}`");
                self.found.notes.push(note);
            }
            // No manifest, or that of another workspace, which has no package.
            Err(Unread::Missing) | Ok(_) => {}
        }
    }

    fn follow(&mut self, manifest: &Table, dir: &Path) {
        for (name, value) in dependencies(manifest) {
            let path = if !inherits(value) {
                path_of(value, dir)
            } else if !self.inherited.contains(name) {
                self.inherited.insert(name.clone());
                self.shared.path_dependency(name)
            } else {
                None
            };
            self.next.extend(path.map(|dir| (dir, Why::DependedOn)));
        }
    }
}
