//! What the sources of the last commit name: as it is remembered, brought up to date, or found by reading all of them.
//!
//! Everything is read from the state that is asked about, never from git's objects: outside of `beyond_head` that state
//! is the commit. What is in `beyond_head` is therefore not known of the commit, and remembered as that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::facts::{Facts, SourceFacts};
use super::git::{Entry, Kind, differences, listed};
use super::records::tells_what_it_reads;
use super::resolve::{Layout, below, first, joined, last, parent, targets};
use super::scan::{Texts, scan};
use super::{ReadersRequest, at, store};
use crate::changes::{Git, walk};
use crate::environment::processors;

type Sources = BTreeMap<Vec<u8>, SourceFacts>;
type Links = BTreeMap<Vec<u8>, Vec<u8>>;

const FILE: &str = "readers";

/// What the sources of the last commit name. Without git or a commit, those of the working tree.
pub(super) fn facts(request: &ReadersRequest<'_>) -> Facts {
    let repository = request
        .git
        .clone()
        .map(|git| Git::new(git, request.environment.clone()));
    let of_commit = request.head.as_ref().zip(repository.as_ref());
    let of_commit = of_commit.and_then(|(head, git)| facts_of_commit(request, git, head));
    of_commit.unwrap_or_else(|| {
        let mut facts = walked(request);
        look_again(request, &mut facts);
        facts
    })
}

fn facts_of_commit(request: &ReadersRequest<'_>, git: &Git, head: &str) -> Option<Facts> {
    let dir = request.state_dir.as_deref();
    let root = root(request);
    let known = store::load(dir, FILE).and_then(|file| Facts::from_bytes(&file));
    let known = known.filter(|facts| facts.root == root);
    let mut is_new = false;
    let mut facts = match known {
        Some(facts) if facts.commit == *head => facts,
        known => {
            is_new = true;
            let updated = known.and_then(|known| updated(request, git, known, head));
            updated.or_else(|| listed_by(request, git, head))?
        }
    };
    is_new |= look_again(request, &mut facts);
    if is_new {
        store::save(dir, FILE, &facts.to_bytes());
    }
    Some(facts)
}

/// The root of the workspace, from the top.
fn root(request: &ReadersRequest<'_>) -> Vec<u8> {
    from_top(request, &request.root).unwrap_or_default().to_vec()
}

fn from_top<'p>(request: &ReadersRequest<'_>, path: &'p Path) -> Option<&'p [u8]> {
    path.strip_prefix(&request.top)
        .ok()
        .map(|path| path.as_os_str().as_bytes())
}

/// The files in which the state may differ from the commit, from the top.
pub(super) fn beyond_head<'r>(request: &'r ReadersRequest<'_>) -> impl Iterator<Item = &'r [u8]> {
    request.beyond_head.iter().filter_map(|path| from_top(request, path))
}

fn is_source(path: &[u8]) -> bool {
    path.ends_with(b".rs")
}

/// What an older commit is known for, with what differs in this one; nothing where all has to be found again.
#[tracing::instrument(level = "debug", skip_all)]
fn updated(request: &ReadersRequest<'_>, git: &Git, mut facts: Facts, head: &str) -> Option<Facts> {
    let question = [
        "diff-tree",
        "-r",
        "--raw",
        "-z",
        "--no-renames",
        "--no-abbrev",
        &facts.commit,
        head,
        "--",
    ];
    let output = git.ask(&request.top, question).ok()?;
    let entries: Vec<Entry<'_>> = differences(&output).collect();
    if entries.iter().any(|entry| moves_others(&facts, entry)) {
        return None;
    }
    for entry in entries {
        facts.sources.remove(entry.path);
        facts.links.remove(entry.path);
        facts.unknown.remove(entry.path);
        let interesting = entry.kind == Kind::Link || entry.kind == Kind::File && is_source(entry.path);
        if interesting {
            facts.unknown.insert(entry.path.to_vec());
        }
    }
    head.clone_into(&mut facts.commit);
    Some(facts)
}

/// Whether a difference may give another meaning to what unchanged sources name.
fn moves_others(facts: &Facts, entry: &Entry<'_>) -> bool {
    let gone = entry.kind == Kind::Nothing;
    let package = last(entry.path) == b"Cargo.toml" && (entry.added || gone);
    let in_root = below(entry.path, &facts.root).map_or(b"".as_slice(), first);
    let first_there =
        !facts.in_top.contains(first(entry.path)) || !in_root.is_empty() && !facts.in_root.contains(in_root);
    package || entry.added && first_there
}

/// Looks at what was not known of the commit, where the state is that of the commit now.
fn look_again(request: &ReadersRequest<'_>, facts: &mut Facts) -> bool {
    if facts.unknown.is_empty() {
        return false;
    }
    let changed: BTreeSet<&[u8]> = beyond_head(request).collect();
    let (later, now) = std::mem::take(&mut facts.unknown)
        .into_iter()
        .partition(|path| changed.contains(path.as_slice()));
    facts.unknown = later;
    let now: BTreeSet<Vec<u8>> = now;
    let (sources, links) = looked_at(request, facts, now.iter().map(Vec::as_slice));
    facts.sources.extend(sources);
    facts.links.extend(links);
    !now.is_empty()
}

/// What the state has in the place of what the commit has.
pub(super) fn changed_facts(
    request: &ReadersRequest<'_>,
    facts: &Facts,
    changed: &BTreeSet<&[u8]>,
) -> (Sources, Links) {
    let mut of_state = Facts {
        root: facts.root.clone(),
        packages: facts.packages.clone(),
        in_top: facts.in_top.clone(),
        in_root: facts.in_root.clone(),
        ..Facts::default()
    };
    for path in changed {
        note_place(&mut of_state, path);
    }
    looked_at(request, &of_state, changed.iter().copied())
}

/// Learns from a path where there is a package, and what lies in the top and in the root.
fn note_place(facts: &mut Facts, path: &[u8]) {
    if last(path) == b"Cargo.toml" {
        facts.packages.insert(parent(path).to_vec());
    }
    let in_root = below(path, &facts.root).map(first);
    for (names, name) in [(&mut facts.in_top, Some(first(path))), (&mut facts.in_root, in_root)] {
        if let Some(name) = name
            && !names.contains(name)
        {
            names.insert(name.to_vec());
        }
    }
}

/// What these sources and links say in the state.
fn looked_at<'p>(
    request: &ReadersRequest<'_>,
    facts: &Facts,
    paths: impl Iterator<Item = &'p [u8]>,
) -> (Sources, Links) {
    let (mut sources, mut links) = (Sources::new(), Links::new());
    for path in paths {
        if let Some(target) = link_target(&request.top, path) {
            links.insert(path.to_vec(), target);
        }
        // A source that is a link names files from the place of the link.
        if is_source(path)
            && let Some(content) = request.files.read(&at(&request.top, path))
        {
            let found = facts_of(&request.top, facts, path, &content);
            if !found.is_empty() {
                sources.insert(path.to_vec(), found);
            }
        }
    }
    (sources, links)
}

/// What a link in the working tree leads to; nothing where there is none, or it leads out of the repository.
fn link_target(top: &Path, link: &[u8]) -> Option<Vec<u8>> {
    let target = fs::read_link(at(top, link)).ok()?;
    if target.is_absolute() {
        return Some(target.strip_prefix(top).ok()?.as_os_str().as_bytes().to_vec());
    }
    joined(parent(link), target.as_os_str().as_bytes())
}

fn facts_of(top: &Path, facts: &Facts, source: &[u8], content: &[u8]) -> SourceFacts {
    let layout = Layout {
        root: &facts.root,
        packages: &facts.packages,
        in_top: &facts.in_top,
        in_root: &facts.in_root,
    };
    let exists = |path: &[u8]| fs::symlink_metadata(at(top, path)).is_ok();
    let texts = if last(source) == b"build.rs" {
        Texts::Words
    } else {
        Texts::Paths
    };
    let found = scan(content, texts);
    SourceFacts {
        targets: targets(source, &found.names, &layout, &exists),
        programs: found.programs,
        watches: tells_what_it_reads(content),
    }
}

/// Everything, from the list of all files of a commit.
#[tracing::instrument(level = "debug", skip_all)]
fn listed_by(request: &ReadersRequest<'_>, git: &Git, head: &str) -> Option<Facts> {
    let output = git
        .ask(&request.top, ["ls-tree", "-r", "-z", "--full-tree", head])
        .ok()?;
    let entries = listed(&output).map(|entry| (entry.path.to_vec(), entry.kind));
    Some(found(request, head, &entries.collect::<Vec<_>>()))
}

/// Everything, from the files that lie in the working tree.
#[tracing::instrument(level = "debug", skip_all)]
fn walked(request: &ReadersRequest<'_>) -> Facts {
    let target_dir = request.target_dirs.first().map(PathBuf::as_path);
    let kind = |path: &Path| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Kind::Link,
        _ => Kind::File,
    };
    let files = walk(&request.top, target_dir);
    let entries = files
        .iter()
        .filter_map(|path| Some((from_top(request, path)?.to_vec(), kind(path))));
    found(request, "", &entries.collect::<Vec<_>>())
}

/// What all the sources name, given the list of all files.
fn found(request: &ReadersRequest<'_>, commit: &str, entries: &[(Vec<u8>, Kind)]) -> Facts {
    let mut facts = Facts {
        commit: commit.to_owned(),
        root: root(request),
        ..Facts::default()
    };
    let mut sources = Vec::new();
    let changed: BTreeSet<&[u8]> = beyond_head(request).collect();
    for (path, kind) in entries {
        note_place(&mut facts, path);
        let source = *kind == Kind::File && is_source(path);
        if source && !changed.contains(path.as_slice()) {
            sources.push(path.as_slice());
        } else if source || *kind == Kind::Link {
            facts.unknown.insert(path.clone());
        }
    }
    let found = read_all(request, &facts, &sources);
    facts.sources.extend(found);
    facts
}

/// Reads the sources here, since the state is not for several threads, and looks into them on all processors.
fn read_all(request: &ReadersRequest<'_>, facts: &Facts, sources: &[&[u8]]) -> Sources {
    /// A processor that takes one at a time would mostly wait for the others.
    const BATCH: usize = 32;
    let processors = processors().get();
    let (sender, receiver) = sync_channel(processors * 2);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let (top, receiver) = (&request.top, &receiver);
        let workers: Vec<_> = (0..processors)
            .map(|_| scope.spawn(move || looked_into(top, facts, receiver)))
            .collect();
        for batch in sources.chunks(BATCH) {
            let read = |source: &&[u8]| Some((source.to_vec(), request.files.read(&at(top, source))?));
            if sender.send(batch.iter().filter_map(read).collect()).is_err() {
                break;
            }
        }
        drop(sender);
        let found = workers.into_iter().map(thread::ScopedJoinHandle::join);
        // A part must never be taken for the whole.
        let found = found.map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        found.flatten().collect()
    })
}

type Batch = Vec<(Vec<u8>, Vec<u8>)>;

/// What the sources say that come in, until no more come.
fn looked_into(top: &Path, facts: &Facts, batches: &Mutex<Receiver<Batch>>) -> Vec<(Vec<u8>, SourceFacts)> {
    let mut found = Vec::new();
    // The lock is held only for as long as it takes to get the next batch.
    while let Some(batch) = batches.lock().ok().and_then(|batches| batches.recv().ok()) {
        for (source, content) in batch {
            let facts = facts_of(top, facts, &source, &content);
            if !facts.is_empty() {
                found.push((source, facts));
            }
        }
    }
    found
}
