//! Puts together what git said about the states of a repository: for every file that is not the same in all of them, what
//! each has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::raw_diff::Differences;
use super::set::{FileChange, Side};
use super::status::{Status, Tracked};

/// A state of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is nothing in it.
    Empty,
    /// The tree of a commit.
    Commit(String),
    /// What is to be committed next.
    Index,
    /// What lies on the disk.
    WorkTree,
}

/// The states that matter for one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct States<T> {
    /// The last commit.
    pub(super) head: T,
    /// The state before.
    pub(super) before: T,
    /// The state after.
    pub(super) after: T,
}

/// What each state has under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) states: States<Entry>,
    /// In the working tree.
    pub(super) work: Entry,
    /// In the index: what is only on the disk is not the same as this.
    index: Entry,
    unmerged: bool,
}

/// The rows of all files that are not the same everywhere. Paths are relative to the top of the repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) BTreeMap<PathBuf, Row>);

/// What git said about a repository.
pub(super) struct Answers<'a> {
    pub(super) status: &'a Status,
    /// How the last commit differs from each of the other commits, by their names.
    pub(super) commits: &'a BTreeMap<String, Differences>,
    /// What the last commit has under the names that are in conflict.
    pub(super) in_conflict: &'a Differences,
    /// What lies on the disk and is not tracked.
    pub(super) untracked: &'a BTreeMap<PathBuf, Entry>,
}

impl<T> States<T> {
    /// The same for each of them.
    pub(super) fn map<U>(&self, mut function: impl FnMut(&T) -> U) -> States<U> {
        States {
            head: function(&self.head),
            before: function(&self.before),
            after: function(&self.after),
        }
    }

    /// Each of them, with each of the others.
    pub(super) fn with<U, V>(&self, others: &States<U>, mut function: impl FnMut(&T, &U) -> V) -> States<V> {
        States {
            head: function(&self.head, &others.head),
            before: function(&self.before, &others.before),
            after: function(&self.after, &others.after),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.head, &self.before, &self.after].into_iter()
    }
}

impl Table {
    /// The rows that follow from the answers.
    pub(super) fn new(states: &States<State>, answers: &Answers<'_>) -> Self {
        let mut paths: BTreeSet<&PathBuf> = answers.status.tracked.keys().collect();
        paths.extend(answers.untracked.keys());
        paths.extend(answers.commits.values().flat_map(Differences::keys));
        let rows = paths.into_iter().map(|path| (path.clone(), answers.row(path, states)));
        Self(rows.collect())
    }

    /// The files of which it is not known whether the working tree has what the other state of the comparison has.
    pub(super) fn undecided(&self) -> impl Iterator<Item = &Path> {
        let undecided = |row: &Row| !row.unmerged && row.differs(&row.states.before, &row.states.after).is_none();
        let rows = self.0.iter().filter(move |(_, row)| undecided(row));
        rows.map(|(path, _)| path.as_path())
    }

    /// Decides, from how `state` and the working tree differ.
    pub(super) fn decide(&mut self, states: &States<State>, state: &State, differences: &Differences) {
        for (path, row) in &mut self.0 {
            if differences.contains_key(path) || row.unmerged || row.work.is_submodule() {
                continue;
            }
            let known = states.with(&row.states, |of, entry| (of == state).then(|| entry.clone()));
            let Some(same) = known.iter().flatten().next().cloned() else {
                continue;
            };
            if row.differs(&same, &row.work).is_some() {
                continue;
            }
            row.states = states.with(&row.states, |of, entry| match of {
                State::WorkTree => same.clone(),
                _ => entry.clone(),
            });
            row.work = same;
        }
    }

    /// The files that differ between the state before and the state after.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&Path, FileChange)> {
        self.0.iter().filter_map(|(path, row)| {
            let States { before, after, .. } = &row.states;
            let change = FileChange {
                before: before.presence(),
                after: after.presence(),
            };
            let changed = row.unmerged || row.may_differ(before, after);
            changed.then_some((path.as_path(), change))
        })
    }

    /// How a state of each row stands to the working tree and to the last commit.
    pub(super) fn side(&self, of: impl Fn(&States<Entry>) -> &Entry, name: impl Fn(&Path) -> PathBuf) -> Side {
        let mut side = Side::default();
        for (path, row) in &self.0 {
            let entry = of(&row.states);
            if row.may_differ(entry, &row.work)
                && let Some(instead) = entry.instead()
            {
                side.instead.insert(name(path), instead);
            }
            if row.may_differ(entry, &row.states.head) {
                side.beyond_head.insert(name(path));
            }
        }
        side
    }

    /// Puts the files of a submodule in the place of the submodule.
    pub(super) fn expand(&mut self, submodule: &Path, files: Table) {
        if let Some(row) = self.0.get_mut(submodule) {
            let others = |entry: &Entry| {
                if entry.is_submodule() {
                    Entry::Absent
                } else {
                    entry.clone()
                }
            };
            row.states = row.states.map(others);
            row.work = others(&row.work);
            if row.work == Entry::Absent && row.states.iter().all(|entry| *entry == Entry::Absent) {
                self.0.remove(submodule);
            }
        }
        let files = files.0.into_iter().map(|(path, row)| (submodule.join(path), row));
        self.0.extend(files);
    }
}

impl Answers<'_> {
    fn row(&self, path: &Path, states: &States<State>) -> Row {
        let found = self.found(path);
        let of_state = |state: &State| match state {
            State::Empty => Entry::Absent,
            State::Commit(commit) => match self.commits.get(commit).and_then(|commit| commit.get(path)) {
                Some((_, there)) => there.clone(),
                None => found.head.clone(),
            },
            State::Index if found.unmerged => found.work.clone(),
            State::Index => found.index.clone(),
            State::WorkTree => found.work.clone(),
        };
        Row {
            states: states.map(of_state),
            work: found.work.clone(),
            index: found.index.clone(),
            unmerged: found.unmerged,
        }
    }

    /// What the last commit, the index and the working tree have under a name.
    fn found(&self, path: &Path) -> Tracked {
        let tracked = self.status.tracked.get(path).cloned();
        let untracked = self.untracked.get(path).cloned();
        let mut found = match (tracked, &untracked) {
            (Some(tracked), _) => tracked,
            (None, Some(_)) => Tracked::default(),
            (None, None) => {
                // All three have the same, and the last commit is part of every other answer.
                let in_commits = self.commits.values().find_map(|commit| commit.get(path));
                let head = in_commits.map(|(head, _)| head.clone()).unwrap_or_default();
                Tracked {
                    index: head.clone(),
                    work: head.clone(),
                    head,
                    unmerged: false,
                }
            }
        };
        if found.unmerged
            && let Some((head, _)) = self.in_conflict.get(path)
        {
            found.head = head.clone();
        }
        if let Some(untracked) = untracked {
            found.work = untracked;
        }
        found
    }
}

impl Row {
    fn may_differ(&self, one: &Entry, other: &Entry) -> bool {
        self.differs(one, other).unwrap_or(true)
    }

    /// Whether two entries of this row differ, where that is known.
    fn differs(&self, one: &Entry, other: &Entry) -> Option<bool> {
        match (one, other) {
            // There is only one disk.
            (one, other) if one == other => Some(false),
            (Entry::OnDisk { mode }, object @ Entry::Object { .. })
            | (object @ Entry::Object { .. }, Entry::OnDisk { mode }) => {
                let other_mode = object.mode() != Some(*mode);
                (other_mode || !self.unmerged && *object == self.index).then_some(true)
            }
            _ => Some(true),
        }
    }
}

#[cfg(test)]
mod tests;
