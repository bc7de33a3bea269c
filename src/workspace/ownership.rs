//! Whose a file is. Pure: a path is only text here, and whether anything lies there is not asked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// The directories of the members, and who is known by each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ownership<Owner> {
    root: PathBuf,
    owners: HashMap<PathBuf, Owner>,
}

impl<Owner> Ownership<Owner> {
    pub(crate) fn new(root: &Path, owners: impl IntoIterator<Item = (PathBuf, Owner)>) -> Self {
        let root = normal(root);
        let owners = owners.into_iter().map(|(dir, owner)| (normal(&root.join(dir)), owner));
        Self {
            owners: owners.collect(),
            root,
        }
    }

    /// The member whose directory is the nearest at or above a path, which is absolute or relative to the root.
    pub(crate) fn owner(&self, path: &Path) -> Option<&Owner> {
        let is_plain = path.is_absolute() && !path.components().any(|part| part == Component::ParentDir);
        let absolute = if is_plain {
            Cow::Borrowed(path)
        } else {
            Cow::Owned(self.absolute(path))
        };
        absolute.ancestors().find_map(|dir| self.owners.get(dir))
    }

    /// The path from the root of the file system, without `.` and `..`.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        normal(&self.root.join(path))
    }

    /// The root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

/// The path with `.` and `..` worked out as text, which is how cargo reads the paths in a manifest.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nearest_directory_wins() {
        let dirs = ["/ws", "/ws/crates/a", "/ws/crates/a/macros", "/elsewhere/b"];
        let owners = |dirs: &[&str]| {
            let ids = dirs.iter().zip(0..).map(|(dir, id)| (PathBuf::from(dir), id));
            Ownership::new(Path::new("/ws"), ids)
        };
        let check = |dirs: &[&str], path: &str, expected: Option<u32>| {
            assert_eq!(owners(dirs).owner(Path::new(path)).copied(), expected, "{path}");
        };
        check(&dirs, "src/lib.rs", Some(0));
        check(&dirs, "/ws/src/lib.rs", Some(0));
        check(&dirs, "crates/ab/src/lib.rs", Some(0));
        check(&dirs, "crates/a/src/lib.rs", Some(1));
        check(&dirs, "./crates/b/../a/src/lib.rs", Some(1));
        check(&dirs, "crates/a", Some(1));
        check(&dirs, "crates/a/macros/src/lib.rs", Some(2));
        check(&dirs, "../elsewhere/b/build.rs", Some(3));
        check(&dirs, "/elsewhere/b/build.rs", Some(3));
        check(&dirs, "/elsewhere/Cargo.toml", None);
        check(&dirs[1..], "Cargo.toml", None);
        check(&dirs[1..], "crates/excluded/src/lib.rs", None);
        check(&[], "src/lib.rs", None);
    }

    fn dir() -> impl Strategy<Value = String> {
        prop::collection::vec("[ab]{1,2}", 0..5).prop_map(|parts| parts.join("/"))
    }

    proptest! {
        #[test]
        fn the_owner_is_the_longest_prefix(dirs in prop::collection::btree_set(dir(), 0..8), path in dir(), absolute: bool) {
            let root = Path::new("/ws");
            let ids = || dirs.iter().zip(0..).map(|(dir, id)| (root.join(dir), id));
            let ownership = Ownership::new(root, ids());
            let whole = root.join(&path);
            let naive = ids()
                .filter(|(dir, _)| whole.starts_with(dir))
                .max_by_key(|(dir, _)| dir.components().count())
                .map(|(_, id)| id);
            let asked = if absolute { whole } else { PathBuf::from(path) };
            prop_assert_eq!(ownership.owner(&asked).copied(), naive);
        }
    }
}
