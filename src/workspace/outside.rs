//! The crates on this machine that are no members, and what they are built from in their turn. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::manifest::{OutsideManifest, Shared, outside_manifest};
use super::manifests::{Manifests, Unread};

/// Reads the manifests in these directories and in all that they lead to, up to the members.
pub(super) fn read_outside(
    manifests: &mut Manifests<'_>,
    mut next: BTreeSet<PathBuf>,
    members: &HashSet<&Path>,
    notes: &mut Vec<String>,
) -> BTreeMap<PathBuf, OutsideManifest> {
    let mut outside: BTreeMap<PathBuf, OutsideManifest> = BTreeMap::new();
    next.retain(|dir| !members.contains(dir.as_path()));
    while let Some(dir) = next.pop_first() {
        let manifest = read(manifests, &dir, notes);
        let fresh = |dir: &&PathBuf| !outside.contains_key(*dir) && !members.contains(dir.as_path());
        next.extend(manifest.path_dependencies.iter().filter(fresh).cloned());
        outside.insert(dir, manifest);
    }
    outside
}

/// What is not there says nothing: it may be a submodule that is not checked out.
fn read(manifests: &mut Manifests<'_>, dir: &Path, notes: &mut Vec<String>) -> OutsideManifest {
    let table = match manifests.load(dir) {
        Ok(table) => table,
        Err(Unread::Missing) => return OutsideManifest::default(),
        Err(Unread::Wrong(why)) => {
            notes.push(unread_note(&dir.join("Cargo.toml"), &why));
            return OutsideManifest::default();
        }
    };
    let root = manifests.root_of(dir);
    let root = root.and_then(|root| Some((manifests.load(&root).ok()?, root)));
    let shared = root.as_ref().map(|(table, root)| Shared::new(table, root));
    outside_manifest(&table, dir, shared.unwrap_or_default())
}

/// Says that a file could not be read, and what follows.
pub(super) fn unread_note(path: &Path, why: &str) -> String {
    let why = why.lines().collect::<Vec<_>>().join(" ");
    let path = path.display();
    format!("`{path}` cannot be read ({why}): what only it tells is guessed from the rest")
}
