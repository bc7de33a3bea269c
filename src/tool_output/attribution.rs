//! Says which crate of the workspace a file or a package belongs to. Knows names and paths only, never the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::crates::CrateShape;
use crate::model::CrateName;
use crate::workspace::Ownership;

/// Where the crates of the workspace lie, and what Cargo calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    by_dir: Ownership<CrateName>,
    by_package: BTreeMap<String, CrateName>,
    shapes: BTreeMap<CrateName, CrateShape>,
}

impl Attribution {
    /// Takes the workspace root (absolute), and each crate with its directory and Cargo's package id.
    pub fn new(root: impl Into<PathBuf>, crates: impl IntoIterator<Item = (CrateName, PathBuf, String)>) -> Self {
        let (mut dirs, mut by_package) = (Vec::new(), BTreeMap::new());
        for (name, dir, package_id) in crates {
            dirs.push((dir, name.clone()));
            by_package.insert(package_id, name);
        }
        Self {
            by_dir: Ownership::new(&root.into(), dirs),
            by_package,
            shapes: BTreeMap::new(),
        }
    }

    /// The same, with what else is known of crates.
    #[must_use]
    pub fn with_shapes(mut self, shapes: impl IntoIterator<Item = (CrateName, CrateShape)>) -> Self {
        self.shapes = shapes.into_iter().collect();
        self
    }

    /// What else is known of a crate.
    pub(super) fn shape(&self, name: &CrateName) -> Option<&CrateShape> {
        self.shapes.get(name)
    }

    /// The crates that depend on a crate themselves.
    pub(super) fn needing<'a>(&'a self, name: &CrateName) -> impl Iterator<Item = &'a CrateName> {
        let needing = self.shapes.iter().filter(move |(_, shape)| shape.needs.contains(name));
        needing.map(|(krate, _)| krate)
    }

    /// The crate with the nearest directory above this file, given absolute or relative to the root.
    #[must_use]
    pub fn crate_of_file(&self, file: &Path) -> Option<CrateName> {
        self.by_dir.owner(file).cloned()
    }

    /// The crate with this package id, as Cargo's messages give it.
    #[must_use]
    pub fn crate_of_package(&self, package_id: &str) -> Option<CrateName> {
        self.by_package.get(package_id).cloned()
    }

    /// The path relative to the root where it lies below it, else absolute; without `.` and `..`.
    #[must_use]
    pub fn relative(&self, path: &Path) -> PathBuf {
        let path = self.by_dir.absolute(path);
        match path.strip_prefix(self.root()) {
            Ok(below) => below.to_path_buf(),
            Err(_) => path,
        }
    }

    /// The workspace root.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.by_dir.root()
    }

    /// The crate of this name, if it is a member.
    pub(super) fn crate_named(&self, name: &str) -> Option<CrateName> {
        self.by_package.values().find(|known| known.as_str() == name).cloned()
    }

    /// The crate, where the workspace has just one.
    pub(super) fn only_crate(&self) -> Option<CrateName> {
        let mut all = self.by_package.values();
        all.next().filter(|_| all.next().is_none()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool_output::recorded::attribution;

    #[test]
    fn a_file_belongs_to_the_nearest_crate_above_it() {
        let root_package = Attribution::new(
            "/ws",
            [
                ("root".into(), PathBuf::from("/ws"), "root-id".to_owned()),
                ("crate-a".into(), PathBuf::from("crates/a"), "a-id".to_owned()),
            ],
        );
        for (file, expected) in [
            ("/ws/crates/a/src/lib.rs", Some("crate-a")),
            ("crates/a/src/lib.rs", Some("crate-a")),
            ("./crates/b/../a/src/lib.rs", Some("crate-a")),
            ("crates/ab/src/lib.rs", Some("root")),
            ("src/lib.rs", Some("root")),
            ("/elsewhere/src/lib.rs", None),
            ("../src/lib.rs", None),
        ] {
            let found = root_package.crate_of_file(Path::new(file));
            assert_eq!(found.as_ref().map(CrateName::as_str), expected, "{file}");
        }
    }

    #[test]
    fn a_package_is_known_by_its_id_alone() {
        let known = attribution();
        let id = "path+file:///ws/crates/a#crate-a@0.1.0";
        assert_eq!(known.crate_of_package(id), Some("crate-a".into()));
        assert_eq!(known.crate_of_package("crate-a"), None);
    }

    #[test]
    fn paths_below_the_root_are_shown_relative_to_it() {
        for (path, expected) in [
            ("/ws/crates/a/src/lib.rs", "crates/a/src/lib.rs"),
            ("crates/a/./src/lib.rs", "crates/a/src/lib.rs"),
            ("/ws/../other/lib.rs", "/other/lib.rs"),
            ("/wsx/lib.rs", "/wsx/lib.rs"),
        ] {
            assert_eq!(
                attribution().relative(Path::new(path)),
                PathBuf::from(expected),
                "{path}"
            );
        }
    }

    #[test]
    fn a_lone_crate_is_recognized() {
        assert_eq!(attribution().only_crate(), None);
        let lone = Attribution::new("/ws", [("a".into(), PathBuf::from("/ws"), String::new())]);
        assert_eq!(lone.only_crate(), Some("a".into()));
    }
}
