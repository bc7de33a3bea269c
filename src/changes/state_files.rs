//! The files of one state of the tree: those of the working tree, but where the state has something else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::objects::Objects;
use super::set::{Instead, Side};
use crate::workspace::Files;

/// How many links may follow each other, as in the system.
const MOST_LINKS: usize = 40;

/// The files of one state.
#[derive(Debug)]
pub struct StateFiles<'a> {
    side: &'a Side,
    objects: &'a Objects,
    /// What the state has where the working tree has something else: the names in each directory.
    listed: BTreeMap<PathBuf, BTreeSet<OsString>>,
    /// What directories are called without links.
    directories: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
}

/// What there is under a name once all links are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    File(PathBuf),
    Object { id: String, path: PathBuf },
    Directory(PathBuf),
}

/// What there is under a name itself.
enum Met {
    Link(PathBuf),
    Other(Found),
}

impl<'a> StateFiles<'a> {
    /// The files of a side of the change set that the objects belong to.
    pub fn new(side: &'a Side, objects: &'a Objects) -> Self {
        let mut listed: BTreeMap<PathBuf, BTreeSet<OsString>> = BTreeMap::new();
        let there = side.instead.iter().filter(|(_, instead)| **instead != Instead::Nothing);
        for (path, _) in there {
            let mut path = path.as_path();
            while let (Some(dir), Some(name)) = (path.parent(), path.file_name()) {
                // What is above it was added with another file.
                if !listed.entry(dir.to_owned()).or_default().insert(name.to_owned()) {
                    break;
                }
                path = dir;
            }
        }
        Self {
            side,
            objects,
            listed,
            directories: Mutex::default(),
        }
    }

    fn find(&self, path: &Path) -> Option<Found> {
        let path = self.spelled(path);
        if !self.in_repository(&path) {
            // No state has anything else there than the disk.
            return on_disk(&path);
        }
        match (path.parent(), path.file_name()) {
            (Some(dir), Some(name)) if !self.objects.place().is_anchor(&path) => {
                self.step(&self.directory(dir)?, name, &mut MOST_LINKS.clone())
            }
            _ => self.follow(&path, &mut MOST_LINKS.clone()),
        }
    }

    /// A directory without links in its name. Most files lie where others lie, so this is remembered.
    fn directory(&self, dir: &Path) -> Option<PathBuf> {
        let known = || self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(dir) {
            return found.clone();
        }
        let found = match self.find(dir) {
            Some(Found::Directory(found)) => Some(found),
            _ => None,
        };
        known().insert(dir.to_owned(), found.clone());
        found
    }

    /// Goes down to a path, and whither the links on the way lead.
    fn follow(&self, path: &Path, links: &mut usize) -> Option<Found> {
        let path = self.spelled(path);
        let anchor = path.ancestors().find(|dir| self.objects.place().is_anchor(dir));
        let Some(anchor) = anchor else { return on_disk(&path) };
        let mut found = Found::Directory(anchor.to_owned());
        for part in path.strip_prefix(anchor).ok()?.components() {
            let Found::Directory(dir) = found else { return None };
            found = match part {
                Component::ParentDir => Found::Directory(self.above(&dir)?),
                Component::Normal(name) => self.step(&dir, name, links)?,
                _ => Found::Directory(dir),
            };
        }
        Some(found)
    }

    fn spelled(&self, path: &Path) -> PathBuf {
        self.objects.place().respelled(path).unwrap_or_else(|| path.to_owned())
    }

    fn in_repository(&self, path: &Path) -> bool {
        path.ancestors().any(|dir| self.objects.place().is_anchor(dir))
    }

    fn step(&self, dir: &Path, name: &OsStr, links: &mut usize) -> Option<Found> {
        match self.meet(&dir.join(name))? {
            Met::Other(found) => Some(found),
            Met::Link(target) => {
                *links = links.checked_sub(1)?;
                self.follow(&dir.join(target), links)
            }
        }
    }

    /// What the state has under a name whose directory is a directory.
    fn meet(&self, path: &Path) -> Option<Met> {
        let path = self.spelled(path);
        match self.side.instead.get(&path) {
            Some(Instead::Object { id, link: false }) => {
                return Some(Met::Other(Found::Object { id: id.clone(), path }));
            }
            Some(Instead::Object { id, link: true }) => {
                return Some(Met::Link(OsString::from_vec(self.objects.read(id, &path)?).into()));
            }
            Some(Instead::Nothing) | None if self.listed.contains_key(&path) => {
                return Some(Met::Other(Found::Directory(path)));
            }
            Some(Instead::Nothing) => return None,
            None => {}
        }
        let found = fs::symlink_metadata(&path).ok()?;
        Some(if found.is_symlink() {
            Met::Link(fs::read_link(&path).ok()?)
        } else if found.is_dir() {
            Met::Other(Found::Directory(path))
        } else {
            Met::Other(Found::File(path))
        })
    }

    /// The directory above one that is no link itself.
    fn above(&self, dir: &Path) -> Option<PathBuf> {
        if self.objects.place().is_anchor(dir) {
            let real = fs::canonicalize(dir).ok()?;
            return real.parent().map(|above| self.spelled(above));
        }
        dir.parent().map(Path::to_owned)
    }

    fn entries(&self, dir: &Path) -> BTreeSet<OsString> {
        let mut names = self.listed.get(dir).cloned().unwrap_or_default();
        let on_disk = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
        names.extend(on_disk.map(|entry| entry.file_name()));
        names
    }
}

impl Files for StateFiles<'_> {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        if self.side.instead.is_empty() {
            return fs::read(path).ok();
        }
        match self.find(path)? {
            Found::File(path) => fs::read(path).ok(),
            Found::Object { id, path } => self.objects.read(&id, &path),
            Found::Directory(_) => None,
        }
    }

    fn has(&self, path: &Path) -> bool {
        if self.side.instead.is_empty() {
            return path.is_file();
        }
        matches!(self.find(path), Some(Found::File(_) | Found::Object { .. }))
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        let Some(Found::Directory(there)) = self.find(dir) else {
            return Vec::new();
        };
        let names = self.entries(&there).into_iter().filter(|name| name != ".git");
        let is_dir = |name: &OsString| {
            matches!(
                self.step(&there, name, &mut MOST_LINKS.clone()),
                Some(Found::Directory(_))
            )
        };
        names.filter(is_dir).map(|name| dir.join(name)).collect()
    }

    fn real(&self, dir: &Path) -> PathBuf {
        fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
    }
}

fn on_disk(path: &Path) -> Option<Found> {
    let found = fs::metadata(path).ok()?;
    let path = path.to_owned();
    Some(if found.is_dir() {
        Found::Directory(path)
    } else {
        Found::File(path)
    })
}
