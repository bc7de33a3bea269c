//! Finds what differs between states of a repository and of the submodules in it, in few questions.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::entry::{EXECUTABLE, Entry, PLAIN_FILE, SYMBOLIC_LINK};
use super::git::{Git, Refusal};
use super::place::{self, Place};
use super::raw_diff::Differences;
use super::repository::{Repository, empty_tree};
use super::status::Status;
use super::table::{Answers, State, States, Table};
use super::walk;

/// How many submodules may lie in each other.
const DEEPEST: usize = 16;

/// How many names are given to git. Every command line has room for so many.
const MOST_NAMES: usize = 8;

/// Asks, and remembers what could not be answered.
#[derive(Debug)]
pub(super) struct Explorer<'a> {
    pub(super) git: &'a Git,
    pub(super) notes: Vec<String>,
}

impl Explorer<'_> {
    /// All files that differ between any two of the states and the working tree.
    pub(super) fn explore(&mut self, place: &Place, status: &Status, states: &States<State>) -> Result<Table, Refusal> {
        let repository = Repository {
            git: self.git,
            dir: place.asked_from(),
        };
        self.explore_to(DEEPEST, (repository, &place.top), status, states)
    }

    fn explore_to(
        &mut self,
        depth: usize,
        (repository, top): (Repository<'_>, &Path),
        status: &Status,
        states: &States<State>,
    ) -> Result<Table, Refusal> {
        let states = &settled(states, status);
        let commits = commits(repository, status, states)?;
        let answers = Answers {
            status,
            commits: &commits,
            in_conflict: &in_conflict(repository, status)?,
            untracked: &untracked(top, &status.untracked),
        };
        let mut table = Table::new(states, &answers);
        decide(repository, top, states, &mut table)?;
        self.look_into_submodules(depth, top, states, &mut table);
        Ok(table)
    }

    /// Submodules whose files can be compared one by one give way to those files.
    fn look_into_submodules(&mut self, depth: usize, top: &Path, states: &States<State>, table: &mut Table) {
        let concerned = |(path, row): (&PathBuf, &super::table::Row)| {
            let any = row.work.is_submodule() || row.states.iter().any(Entry::is_submodule);
            any.then(|| (path.clone(), row.clone()))
        };
        let submodules: Vec<_> = table.0.iter().filter_map(concerned).collect();
        for (path, row) in submodules {
            let dir = top.join(&path);
            let inner = states.with(&row.states, |state, entry| match (state, entry) {
                (State::WorkTree, Entry::Submodule(_)) => State::WorkTree,
                (_, Entry::Submodule(Some(commit))) => State::Commit(commit.clone()),
                _ => State::Empty,
            });
            match self.submodule(depth, &dir, &inner) {
                Ok(files) => table.expand(&path, files),
                Err(reason) => {
                    let name = path.display();
                    self.notes.push(format!(
                        "everything in the submodule `{name}` is taken for changed: {reason}"
                    ));
                }
            }
        }
    }

    fn submodule(&mut self, depth: usize, dir: &Path, states: &States<State>) -> Result<Table, String> {
        // Git would look further up, and find the repository around it.
        if !place::is_top(dir) {
            return Err("it is not checked out".to_owned());
        }
        let depth = depth.checked_sub(1).ok_or("too many submodules lie in each other")?;
        let repository = Repository { git: self.git, dir };
        let status = repository.status();
        let table = status.and_then(|status| self.explore_to(depth, (repository, dir), &status, states));
        table.map_err(|refusal| format!("git says {}", refusal.words()))
    }
}

/// Without a commit in it, a repository has no state but an empty one.
fn settled(states: &States<State>, status: &Status) -> States<State> {
    states.map(|state| match (state, &status.head) {
        (State::Empty, Some(head)) => State::Commit(empty_tree(head).to_owned()),
        (state, _) => state.clone(),
    })
}

/// How the last commit differs from each other one that matters.
fn commits(
    repository: Repository<'_>,
    status: &Status,
    states: &States<State>,
) -> Result<BTreeMap<String, Differences>, Refusal> {
    let mut commits = BTreeMap::new();
    for state in states.iter() {
        let State::Commit(commit) = state else { continue };
        if commits.contains_key(commit) || status.head.as_ref() == Some(commit) {
            continue;
        }
        let head = status.head.as_deref().unwrap_or_else(|| empty_tree(commit));
        commits.insert(commit.clone(), repository.between(head, commit)?);
    }
    Ok(commits)
}

/// What the last commit has where the index has a conflict: the three versions there need not be under their old names.
fn in_conflict(repository: Repository<'_>, status: &Status) -> Result<Differences, Refusal> {
    match &status.head {
        Some(head) if status.tracked.values().any(|tracked| tracked.unmerged) => repository.with_index(head),
        _ => Ok(Differences::new()),
    }
}

/// What lies on the disk under names that git does not know.
fn untracked(top: &Path, names: &[PathBuf]) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    for name in names {
        let path = top.join(name);
        match on_disk(&path) {
            Some(entry) => drop(found.insert(name.clone(), entry)),
            // A repository in this one.
            None => {
                for file in walk::files(&path, None) {
                    if let (Ok(name), Some(entry)) = (file.strip_prefix(top), on_disk(&file)) {
                        found.insert(name.to_owned(), entry);
                    }
                }
            }
        }
    }
    found
}

/// A file or a link; nothing where there is a directory. What is gone in the meantime was a file.
fn on_disk(path: &Path) -> Option<Entry> {
    let mode = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => return None,
        Ok(found) if found.is_symlink() => SYMBOLIC_LINK,
        Ok(found) if found.permissions().mode() & 0o100 != 0 => EXECUTABLE,
        _ => PLAIN_FILE,
    };
    Some(Entry::OnDisk { mode })
}

/// Asks for what the status leaves open: whether a file that was changed twice is now as it was at first.
fn decide(repository: Repository<'_>, top: &Path, states: &States<State>, table: &mut Table) -> Result<(), Refusal> {
    let undecided: Vec<PathBuf> = table.undecided().map(Path::to_owned).collect();
    if undecided.is_empty() {
        return Ok(());
    }
    // Git looks at few files when it is given few names, which it takes to be below the directory that it is asked from.
    let few = undecided.len() <= MOST_NAMES && repository.dir == top;
    let names = if few { undecided.as_slice() } else { &[] };
    for state in [&states.before, &states.after] {
        if let State::Commit(commit) = state {
            let differences = repository.with_work_tree(commit, names.iter().map(PathBuf::as_path))?;
            table.decide(states, state, &differences);
        }
    }
    Ok(())
}
