//! The manifests of one state of the tree, each read once. Pure.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use toml::{Table, Value};

use super::files::Files;
use super::ownership::normal;
use super::parallel;

/// Reads manifests, and remembers them.
pub(super) struct Manifests<'a> {
    files: &'a dyn Files,
    known: HashMap<PathBuf, Reading>,
}

/// A manifest, or why there is none.
pub(super) type Reading = Result<Rc<Table>, Unread>;

/// Why there is no manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// There is no such file.
    Missing,
    /// It is no TOML: why, in a line.
    Wrong(String),
}

impl<'a> Manifests<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            known: HashMap::new(),
        }
    }

    /// The files that they are read from.
    pub(super) fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// The manifest in a directory.
    pub(super) fn load(&mut self, dir: &Path) -> Reading {
        if let Some(known) = self.known.get(dir) {
            return known.clone();
        }
        let reading = read(self.files.read(&dir.join("Cargo.toml"))).map(Rc::new);
        self.known.insert(dir.to_owned(), reading.clone());
        reading
    }

    /// Reads the manifests in these directories at one go, which is faster than one after the other.
    pub(super) fn preload<'d>(&mut self, dirs: impl Iterator<Item = &'d Path>) {
        let fresh = dirs.filter(|dir| !self.known.contains_key(*dir));
        let texts: Vec<_> = fresh
            .map(|dir| (dir.to_owned(), self.files.read(&dir.join("Cargo.toml"))))
            .collect();
        let read = parallel::map(texts, |(dir, bytes)| (dir, read(bytes)));
        let read = read.into_iter().map(|(dir, table)| (dir, table.map(Rc::new)));
        self.known.extend(read);
    }

    /// The manifest in a directory, for one who takes it apart. It is forgotten here.
    pub(super) fn take(&mut self, dir: &Path) -> Result<Table, Unread> {
        let reading = self.load(dir);
        self.known.remove(dir);
        reading.map(Rc::unwrap_or_clone)
    }

    /// The root of the workspace that the crate in a directory belongs to, as cargo looks for it; nothing where it
    /// belongs to none.
    pub(super) fn root_of(&mut self, dir: &Path) -> Option<PathBuf> {
        let mut inside_package = dir.ancestors().take_while(|dir| !dir.ends_with("target/package"));
        let manifest = dir.join("Cargo.toml");
        inside_package.find_map(|candidate| {
            let table = self.load(candidate).ok()?;
            if let Some(listing) = Listing::of(&table, candidate) {
                return (!listing.excludes(&manifest)).then(|| candidate.to_owned());
            }
            let pointer = package(&table)?.get("workspace")?.as_str()?;
            Some(normal(&candidate.join(pointer)))
        })
    }
}

/// Finds the root of the workspace that a directory lies in, as cargo does: the directory of its root manifest. That of
/// a package that is in no workspace is its own.
///
/// Cargo refuses a package that lies in a workspace which does not list it. Here it leads to that workspace.
pub fn find_root(files: &dyn Files, dir: &Path) -> Option<PathBuf> {
    let dir = normal(dir);
    let nearest = dir.ancestors().find(|dir| files.has(&dir.join("Cargo.toml")))?;
    let mut manifests = Manifests::new(files);
    let root = manifests.root_of(nearest);
    let exists = |root: &PathBuf| files.has(&root.join("Cargo.toml"));
    root.filter(exists).or_else(|| Some(nearest.to_owned()))
}

fn read(bytes: Option<Vec<u8>>) -> Result<Table, Unread> {
    parse(&bytes.ok_or(Unread::Missing)?).map_err(Unread::Wrong)
}

/// Reads the text of a manifest.
pub(super) fn parse(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    toml::from_str(text).map_err(|error| error.message().lines().collect::<Vec<_>>().join(" "))
}

/// `[package]`, or `[project]`, as it was called once.
pub(super) fn package(manifest: &Table) -> Option<&Table> {
    let package = manifest.get("package").or_else(|| manifest.get("project"));
    package.and_then(Value::as_table)
}

/// Which directories a `[workspace]` lists as members, and which it excludes.
pub(super) struct Listing<'a> {
    root: &'a Path,
    members: Vec<&'a str>,
    exclude: Vec<&'a str>,
}

impl<'a> Listing<'a> {
    /// What the manifest in a directory lists; nothing where it is no root.
    pub(super) fn of(manifest: &'a Table, root: &'a Path) -> Option<Self> {
        let workspace = manifest.get("workspace")?.as_table()?;
        let list = |key: &str| {
            let values = workspace.get(key).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(Value::as_str).collect()
        };
        Some(Self {
            root,
            members: list("members"),
            exclude: list("exclude"),
        })
    }

    /// The patterns of the members.
    pub(super) fn members(&self) -> &[&'a str] {
        &self.members
    }

    /// Whether a manifest is excluded. What is named as a member, or lies below one, is not; patterns name nobody.
    ///
    /// As for cargo, a path that contains `..` is above nothing.
    pub(super) fn excludes(&self, manifest: &Path) -> bool {
        let is_in = |dirs: &[&str]| dirs.iter().any(|dir| manifest.starts_with(self.root.join(dir)));
        is_in(&self.exclude) && !is_in(&self.members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_manifest_says_so_in_a_line() {
        let check = |text: &[u8]| {
            let why = parse(text).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{why}");
        };
        check(b"<<<<<<< HEAD\n");
        check(b"a = '\xff'");
        check(b"a = 1\na = 2");
        assert!(parse(b"\xef\xbb\xbfa = 1").is_ok());
    }
}
