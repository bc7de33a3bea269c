//! Answers what has changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::base::{Endpoint, Endpoints, NoEndpoint};
use super::explore::Explorer;
use super::git::{Git, Refusal};
use super::place::{self, Place};
use super::repository::Repository;
use super::request::{ChangeError, ChangeRequest};
use super::set::{ChangeSet, Comparison, FileChange, Presence, Side};
use super::status::Status;
use super::table::{State, States, Table};

const WORK_TREE: &str = "the working tree";
const INDEX: &str = "the index";

/// What differs. Whatever cannot be known makes the answer wider, and is told in it.
///
/// # Errors
///
/// Where the question is about what does not exist: a revision, a range, an index where there is no repository.
#[tracing::instrument(level = "debug", skip_all)]
pub fn gather(request: &ChangeRequest) -> Result<ChangeSet, ChangeError> {
    match &request.comparison {
        Comparison::Files(files) => return Ok(given_files(request, files)),
        Comparison::Everything => return Ok(everything(request)),
        _ => {}
    }
    let opened = match &request.git {
        Some(program) => {
            let git = Git {
                program: program.clone(),
                environment: request.environment.clone(),
            };
            let ahead = request.ahead.as_ref().and_then(|ahead| ahead.take(&git, &request.root));
            ahead
                .unwrap_or_else(|| open(&git, &request.root))
                .map(|opened| (git, opened))
        }
        None => Err("git is not installed".to_owned()),
    };
    match opened {
        Ok((git, (place, status))) => in_repository(request, &git, &place, &status),
        Err(reason) => Ok(without_repository(request, reason)),
    }
}

/// Where the repository is and what it says of the working tree; or why that is not known.
pub(super) type Opened = Result<(Place, Status), String>;

/// Where the repository is, and the first question to it. It is the only one that is asked always.
pub(super) fn open(git: &Git, root: &Path) -> Opened {
    let repository = Repository { git, dir: root };
    let top = place::top_above(root);
    let status = repository.status().map_err(|refusal| match (&top, &refusal) {
        (_, Refusal::NotStarted(words)) => format!("git cannot be asked: {words}"),
        (None, _) => format!("`{}` is in no repository of git", root.display()),
        (Some(_), _) => says(&refusal),
    })?;
    let known = top.filter(|top| !place::is_moved(top));
    let top = known.map_or_else(|| repository.top(), Ok);
    let top = top.map_err(|refusal| says(&refusal))?;
    Ok((Place::new(root, &top), status))
}

fn in_repository(request: &ChangeRequest, git: &Git, place: &Place, status: &Status) -> Result<ChangeSet, ChangeError> {
    let repository = Repository {
        git,
        dir: place.asked_from(),
    };
    let (before, after) = ends(request, &Endpoints { repository, status })?;
    let head = status.head.clone().map_or(State::Empty, State::Commit);
    let mut states = States {
        head: head.clone(),
        before: head,
        after: after.state,
    };
    let mut set = ChangeSet {
        head: status.head.clone(),
        ..unknown(place.top.clone(), after.text)
    };
    set.notes.extend(conflicts(&states.after, status));
    match before {
        Ok(before) => {
            states.before = before.state;
            set.from = before.text;
            set.notes.extend(before.notes);
        }
        Err(reason) => set.everything = Some(reason),
    }
    let mut explorer = Explorer { git, notes: Vec::new() };
    match explorer.explore(place, status, &states) {
        Ok(table) => fill(&mut set, &table, place),
        Err(refusal) => set.everything = Some(says(&refusal)),
    }
    set.notes.extend(explorer.notes);
    Ok(set)
}

/// The state before, or why there is none, and the state after.
fn ends(
    request: &ChangeRequest,
    endpoints: &Endpoints<'_>,
) -> Result<(Result<Endpoint, String>, Endpoint), ChangeError> {
    let (before, after) = match &request.comparison {
        Comparison::Branch { base } => {
            let base = endpoints.base(base.as_deref(), request.default_base.as_deref());
            (base, Endpoint::new(State::WorkTree, WORK_TREE))
        }
        Comparison::Since(revision) => (endpoints.revision(revision), Endpoint::new(State::WorkTree, WORK_TREE)),
        Comparison::Range(range) => endpoints.range(range)?,
        Comparison::Staged => (Ok(endpoints.last_commit()), Endpoint::new(State::Index, INDEX)),
        Comparison::Files(_) | Comparison::Everything => {
            (Ok(endpoints.last_commit()), Endpoint::new(State::WorkTree, WORK_TREE))
        }
    };
    match before {
        Ok(before) => Ok((Ok(before), after)),
        Err(NoEndpoint::Everything(reason)) => Ok((Err(reason), after)),
        Err(NoEndpoint::Wrong(error)) => Err(error),
    }
}

/// What a table says of the files, in the names by which everybody else calls them.
fn fill(set: &mut ChangeSet, table: &Table, place: &Place) {
    let name = |path: &Path| place.name(path);
    set.after = table.side(|states| &states.after, name);
    if set.everything.is_none() {
        set.files = table
            .changes()
            .map(|(path, change)| (place.name(path), change))
            .collect();
        set.before = Some(table.side(|states| &states.before, name));
    }
}

/// A file in conflict has no version of its own in the index.
fn conflicts(after: &State, status: &Status) -> Option<String> {
    let count = status.tracked.values().filter(|tracked| tracked.unmerged).count();
    let concerned = *after == State::Index && count > 0;
    let files = if count == 1 {
        "1 file is".to_owned()
    } else {
        format!("{count} files are")
    };
    concerned.then(|| format!("{files} in conflict: what lies in the working tree counts as staged"))
}

/// An answer in which nothing is known yet.
fn unknown(top: PathBuf, to: String) -> ChangeSet {
    ChangeSet {
        top,
        from: "an unknown state".to_owned(),
        to,
        files: BTreeMap::new(),
        everything: None,
        notes: Vec::new(),
        before: None,
        after: Side::default(),
        head: None,
    }
}

/// Where git cannot be asked, everything may have changed.
fn without_repository(request: &ChangeRequest, reason: String) -> ChangeSet {
    let to = match &request.comparison {
        Comparison::Staged => INDEX,
        _ => WORK_TREE,
    };
    ChangeSet {
        everything: Some(reason),
        ..unknown(top(request), to.to_owned())
    }
}

/// Nobody is asked where every file counts as changed.
fn everything(request: &ChangeRequest) -> ChangeSet {
    ChangeSet {
        everything: Some("nothing is compared".to_owned()),
        ..unknown(top(request), WORK_TREE.to_owned())
    }
}

/// The top of the repository, as far as it can be told without asking git.
fn top(request: &ChangeRequest) -> PathBuf {
    let top = place::top_above(&request.root).map(|top| Place::new(&request.root, &top).top);
    top.unwrap_or_else(|| request.root.clone())
}

/// Nobody is asked about files that are said to have changed.
fn given_files(request: &ChangeRequest, files: &[PathBuf]) -> ChangeSet {
    let changes = files.iter().map(|file| {
        let after = match fs::symlink_metadata(file) {
            Err(_) => Presence::Absent,
            Ok(found) if found.is_symlink() => Presence::Link,
            Ok(found) if found.is_dir() => Presence::Submodule,
            Ok(_) => Presence::File,
        };
        let before = Presence::Unknown;
        (file.clone(), FileChange { before, after })
    });
    ChangeSet {
        from: "what there was before".to_owned(),
        files: changes.collect(),
        after: Side {
            beyond_head: files.iter().cloned().collect(),
            ..Side::default()
        },
        ..unknown(top(request), WORK_TREE.to_owned())
    }
}

fn says(refusal: &Refusal) -> String {
    format!("git says: {}", refusal.words())
}

#[cfg(test)]
mod tests;
