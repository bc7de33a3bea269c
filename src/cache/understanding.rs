//! What the files of a workspace mean, understood once for as long as they stay the same.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::look::{Glance, LookRequest};
use super::stale::may_be_newer;
use super::surroundings;
use crate::digests::{FileTree, Kind, PathDigest};
use crate::fingerprint::{Fingerprints, InputFile, Scene};
use crate::model::Digest;

/// What the files mean: what keys are made of, but for the machine and the tasks.
pub(super) struct Understanding {
    /// What it follows from, but for what lies elsewhere.
    basis: Digest,
    pub(super) fingerprints: Fingerprints,
    /// The place in the tree of each of the files, where it is in the tree.
    pub(super) in_tree: Vec<Option<usize>>,
    /// What was looked at outside of the tree.
    pub(super) elsewhere: Vec<(PathBuf, PathDigest)>,
    /// Whether nothing has moved while it was worked out. Otherwise it may be about what never was at one moment.
    pub(super) is_sure: bool,
}

/// What was understood last.
#[derive(Clone, Default)]
pub struct Understood(Arc<Mutex<Option<Arc<Understanding>>>>);

impl std::fmt::Debug for Understood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Understood").finish_non_exhaustive()
    }
}

impl Understood {
    /// What the files mean that somebody glanced at; nothing where that cannot be known.
    pub(super) fn of(&self, glance: &Glance<'_>) -> Option<Arc<Understanding>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.holds(glance)) {
            return Some(Arc::clone(last));
        }
        let new = Arc::new(Understanding::new(glance)?);
        if new.is_sure {
            *last = Some(Arc::clone(&new));
        }
        Some(new)
    }
}

impl Understanding {
    #[tracing::instrument(level = "debug", name = "understand", skip_all)]
    fn new(glance: &Glance<'_>) -> Option<Self> {
        let request = glance.request;
        let (state, readers) = (request.sources)()?;
        let mut elsewhere = surroundings::elsewhere(request, &readers, &glance.tree);
        elsewhere.extend(glance.named.iter().cloned());
        let (files, in_tree) = files(glance, &elsewhere);
        glance.tree.remember_paths();
        let fingerprints = Fingerprints::new(Scene {
            state,
            readers: &readers,
            config: request.config,
            workspace: Some(request.workspace),
            files,
            has_manifest: &has_manifest,
        });
        Some(Self {
            is_sure: is_unmoved(glance, &elsewhere),
            basis: glance.basis,
            fingerprints,
            in_tree,
            elsewhere,
        })
    }

    /// Whether all that it follows from is as it was.
    fn holds(&self, glance: &Glance<'_>) -> bool {
        let is_same = |(path, before): &(PathBuf, PathDigest)| {
            let now = glance.tree.of_path(path).known();
            now.is_some() && now == before.known()
        };
        self.basis == glance.basis && self.elsewhere.iter().all(is_same)
    }
}

/// Whether nothing has been touched since a glance was taken: sources and manifests were read after it.
fn is_unmoved(glance: &Glance<'_>, elsewhere: &[(PathBuf, PathDigest)]) -> bool {
    let tree = &glance.tree;
    let known = (0..tree.len()).filter(|place| tree.entry(*place).content.known().is_some());
    let beside = beside(glance.request).filter(|path| tree.find(path).is_none());
    let mut outside = beside.chain(elsewhere.iter().map(|(path, _)| path.clone()));
    tree.touched(known).is_empty() && !outside.any(|path| may_be_newer(&path, glance.at))
}

/// What keys follow from beside the machine and the tasks, and what lies elsewhere.
pub(super) fn basis(request: &LookRequest<'_>, tree: &FileTree, named: &[(PathBuf, PathDigest)]) -> Digest {
    let mut text = Vec::with_capacity(tree.len() * 96);
    for entry in tree.entries() {
        text.extend_from_slice(entry.path.as_os_str().as_bytes());
        let content = entry.content.known().map(|digest| *digest.as_bytes());
        // What cannot be read makes no key, so that two such trees have the same keys.
        text.extend_from_slice(&content.unwrap_or_default());
        text.push(match entry.kind {
            Kind::File { executable: false } => b'f',
            Kind::File { executable: true } => b'p',
            Kind::Link => b'l',
            Kind::Hidden => b'h',
        });
        text.extend_from_slice(&entry.size.to_le_bytes());
        text.push(0);
    }
    let mut rest = String::new();
    let _ = write!(
        rest,
        "{:?} {:?}",
        request.config.settings.rules, request.config.declared
    );
    let _ = write!(rest, "{} {:?}", request.workspace.root.display(), request.scan.outside);
    for (path, found) in named {
        text.extend_from_slice(path.as_os_str().as_bytes());
        let _ = write!(rest, "{:?}", found.known());
    }
    for path in beside(request) {
        let _ = write!(rest, "{:?}", tree.of_path(&path).known());
    }
    text.extend_from_slice(rest.as_bytes());
    Digest::of(&text)
}

/// What says what the workspace is. Git may ignore these, so that they are not in the tree, and they are read all the same.
fn beside<'r>(request: &'r LookRequest<'_>) -> impl Iterator<Item = PathBuf> + use<'r> {
    let workspace = request.workspace;
    let members = workspace.crates().iter().map(|krate| krate.manifest.clone());
    let outside = workspace.outside.iter().map(|outside| outside.dir.join("Cargo.toml"));
    let read = [workspace.manifest.clone(), workspace.root.join("Cargo.lock")];
    members.chain(outside).chain(read)
}

fn has_manifest(dir: &Path) -> bool {
    dir.join("Cargo.toml").symlink_metadata().is_ok()
}

/// The files of the tree, and those elsewhere that may count: sorted, each with its place in the tree.
fn files(glance: &Glance<'_>, elsewhere: &[(PathBuf, PathDigest)]) -> (Vec<InputFile>, Vec<Option<usize>>) {
    let of_tree = glance.tree.entries().enumerate().map(|(place, entry)| {
        let file = InputFile {
            path: entry.path.to_owned(),
            digest: entry.content.known(),
            size: entry.size,
            executable: entry.kind == (Kind::File { executable: true }),
            link: entry.kind == Kind::Link,
        };
        (file, Some(place))
    });
    let mut all: Vec<(InputFile, Option<usize>)> = of_tree.collect();
    let root = &glance.request.workspace.root;
    let there = elsewhere
        .iter()
        .filter(|(_, found)| !matches!(found, PathDigest::Nothing));
    all.extend(there.map(|(path, found)| {
        let file = InputFile {
            path: path.strip_prefix(root).unwrap_or(path).to_owned(),
            digest: found.known(),
            size: 0,
            executable: false,
            // It is in no tree, and known by its digest alone.
            link: true,
        };
        (file, None)
    }));
    all.sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    all.dedup_by(|(a, _), (b, _)| a.path == b.path);
    all.into_iter().unzip()
}
