//! Finds the commits that are to be compared.

use super::git::Refusal;
use super::repository::{Fork, Repository};
use super::request::ChangeError;
use super::status::Status;
use super::table::State;

/// References that may be the default branch, the best one first.
const DEFAULT_BRANCHES: [&str; 5] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

/// A state to compare with, and how to speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) state: State,
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

impl Endpoint {
    /// A state that is always there.
    pub(super) fn new(state: State, text: &str) -> Self {
        Self {
            state,
            text: text.to_owned(),
            notes: Vec::new(),
        }
    }
}

/// Why there is no such state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoEndpoint {
    /// The question was wrong.
    Wrong(ChangeError),
    /// Everything has to be taken for changed, for this reason.
    Everything(String),
}

/// Finds endpoints in a repository of which the status is known.
pub(super) struct Endpoints<'a> {
    pub(super) repository: Repository<'a>,
    pub(super) status: &'a Status,
}

pub(super) type Found = Result<Endpoint, NoEndpoint>;

impl Endpoints<'_> {
    /// Where this work left the branch that it is to go to.
    pub(super) fn base(&self, given: Option<&str>, configured: Option<&str>) -> Found {
        if let Some(base) = given {
            return self.named_base(base);
        }
        let mut notes = Vec::new();
        if let Some(base) = configured {
            match self.named_base(base) {
                // A clone need not have every branch of the repository that it comes from.
                Err(NoEndpoint::Wrong(error)) => {
                    notes.push(format!("`base` in the configuration does not count: {error}"));
                }
                found => return found,
            }
        }
        let mut endpoint = self.unnamed_base(&mut notes)?;
        endpoint.notes.splice(0..0, notes);
        Ok(endpoint)
    }

    /// The upstream of the branch, else the default branch.
    fn unnamed_base(&self, notes: &mut Vec<String>) -> Found {
        if self.status.head.is_none() {
            return Ok(self.last_commit());
        }
        if let Some(upstream) = &self.status.upstream {
            match self.status.ahead {
                Some(0) => return Ok(self.not_ahead_of(upstream)),
                Some(_) => {
                    return self
                        .left("@{upstream}", upstream)
                        .map_err(|refusal| everything(&refusal));
                }
                None => notes.push(format!(
                    "the upstream of {}, `{upstream}`, does not exist: the default branch is the base",
                    self.here()
                )),
            }
        }
        let found = self.default_base().map_err(|refusal| everything(&refusal))?;
        match found {
            Some(endpoint) => Ok(endpoint),
            // What is missing there may only not have been fetched, as where CI checks out a single commit.
            None if self.repository.is_shallow() => Err(NoEndpoint::Everything(
                "this clone is shallow and has no branch to compare with (`git fetch --unshallow` fetches the rest, and \
                 `--base` names a branch)"
                    .to_owned(),
            )),
            None => Ok(self.only_uncommitted()),
        }
    }

    /// A revision that was named as such.
    pub(super) fn revision(&self, revision: &str) -> Found {
        if let ("HEAD", Some(head)) = (revision, &self.status.head) {
            return Ok(at(revision, head.clone()));
        }
        let found = plain_revision(revision).and_then(|()| self.repository.objects([revision]));
        match found {
            Ok([id]) => Ok(at(revision, id)),
            Err(refusal) => Err(self.unknown(revision, &refusal)),
        }
    }

    /// Both ends of `A..B` or `A...B`.
    pub(super) fn range(&self, range: &str) -> Result<(Found, Endpoint), ChangeError> {
        let (from, to, symmetric) = ends(range).ok_or_else(|| ChangeError::Range {
            range: range.to_owned(),
        })?;
        let both = plain_revision(from).and_then(|()| plain_revision(to));
        let Ok([first, second]) = both.and_then(|()| self.repository.objects([from, to])) else {
            // One of the two is not there: which one, and why, git says of it alone.
            let after = self.revision(to).map_err(|reason| wrong(reason, to))?;
            return Ok((self.revision(from), after));
        };
        let after = at(to, second.clone());
        if !symmetric || first == second {
            return Ok((Ok(at(from, first)), after));
        }
        let before = match self.repository.fork(&first, &second) {
            Ok(fork) => Ok(self.parted(&fork, &format!("`{to}`"), from)),
            Err(refusal) => Err(self.unknown(range, &refusal)),
        };
        Ok((before, after))
    }

    /// The last commit, or that there is none yet.
    pub(super) fn last_commit(&self) -> Endpoint {
        let (state, text) = match &self.status.head {
            Some(head) => (State::Commit(head.clone()), format!("the last commit, {}", short(head))),
            None => (State::Empty, "an empty tree, since there is no commit yet".to_owned()),
        };
        Endpoint {
            state,
            text,
            notes: Vec::new(),
        }
    }

    fn named_base(&self, base: &str) -> Found {
        if self.status.upstream.as_deref() == Some(base) && self.status.ahead == Some(0) {
            return Ok(self.not_ahead_of(base));
        }
        if self.status.head.is_none() {
            let mut endpoint = self.revision(base)?;
            endpoint
                .notes
                .push(format!("there is no commit yet: all is compared with `{base}` itself"));
            return Ok(endpoint);
        }
        let unknown = |refusal: &Refusal| self.unknown(base, refusal);
        plain_revision(base).map_err(|refusal| unknown(&refusal))?;
        match self.left(base, base) {
            Ok(endpoint) => Ok(endpoint),
            // Some ways to write a revision cannot be part of a range; and of others, git says what is wrong with them.
            Err(_) => {
                let [id] = self.repository.objects([base]).map_err(|refusal| unknown(&refusal))?;
                self.left(&id, base).map_err(|refusal| unknown(&refusal))
            }
        }
    }

    /// The commit where this branch left the default branch, where there is one beside it.
    fn default_base(&self) -> Result<Option<Endpoint>, Refusal> {
        let found = self.repository.references(&DEFAULT_BRANCHES)?;
        let by_name = |name: &&str| found.iter().find(|[found, ..]| found == name);
        let is_here = |name: &str| Some(name) == self.branch_reference().as_deref();
        if let Some([name, _, stands_for]) = DEFAULT_BRANCHES.iter().find_map(by_name) {
            let name = if stands_for.is_empty() { name } else { stands_for };
            if !is_here(name) {
                return self.left(name, short_reference(name)).map(Some);
            }
        } else if let Some(name) = self.repository.setting("init.defaultBranch") {
            let reference = format!("refs/heads/{name}");
            if !is_here(&reference)
                && let Ok(endpoint) = self.left(&reference, &name)
            {
                return Ok(Some(endpoint));
            }
        }
        Ok(None)
    }

    /// The last commit, since nothing else is known to compare with.
    fn only_uncommitted(&self) -> Endpoint {
        let mut endpoint = self.last_commit();
        endpoint.notes.push(format!(
            "{} follows no other branch and there is no default branch beside it: only uncommitted work counts",
            self.here()
        ));
        endpoint
    }

    /// The commit where the last commit's line left that of a revision.
    fn left(&self, revision: &str, name: &str) -> Result<Endpoint, Refusal> {
        let head = self.status.head.as_deref().unwrap_or("HEAD");
        let fork = self.repository.fork(revision, head)?;
        if fork.common.first() == Some(&fork.second) {
            return Ok(self.not_ahead_of(name));
        }
        Ok(self.parted(&fork, &self.here(), name))
    }

    /// The commit where `name` and `who` parted.
    fn parted(&self, fork: &Fork, who: &str, name: &str) -> Endpoint {
        let mut notes = Vec::new();
        let (id, text) = match fork.common.as_slice() {
            [] => {
                notes.push(format!(
                    "{who} and `{name}` have no commit in common{}: all is compared with `{name}` itself",
                    if self.repository.is_shallow() {
                        " in this shallow clone"
                    } else {
                        ""
                    }
                ));
                (&fork.first, format!("`{name}` ({})", short(&fork.first)))
            }
            [common, others @ ..] => {
                if !others.is_empty() {
                    let count = others.len() + 1;
                    notes.push(format!(
                        "{who} left `{name}` at {count} commits: {} was taken",
                        short(common)
                    ));
                }
                (
                    common,
                    format!("the commit {}, where {who} left `{name}`", short(common)),
                )
            }
        };
        Endpoint {
            state: State::Commit(id.clone()),
            text,
            notes,
        }
    }

    fn not_ahead_of(&self, name: &str) -> Endpoint {
        let endpoint = self.last_commit();
        Endpoint {
            text: format!("{}, which `{name}` has too", endpoint.text),
            ..endpoint
        }
    }

    /// How to speak of where we are.
    fn here(&self) -> String {
        self.status
            .branch
            .as_ref()
            .map_or_else(|| "the detached HEAD".to_owned(), |branch| format!("`{branch}`"))
    }

    fn branch_reference(&self) -> Option<String> {
        self.status.branch.as_ref().map(|branch| format!("refs/heads/{branch}"))
    }

    /// A revision that git does not know may be one that was not fetched.
    fn unknown(&self, revision: &str, refusal: &Refusal) -> NoEndpoint {
        if self.repository.is_shallow() {
            return NoEndpoint::Everything(format!(
                "this clone is shallow and `{revision}` is not in it (`git fetch --unshallow` fetches the rest)"
            ));
        }
        NoEndpoint::Wrong(ChangeError::Revision {
            revision: revision.to_owned(),
            words: refusal.words().to_owned(),
        })
    }
}

/// A revision by the name that it was given.
fn at(revision: &str, id: String) -> Endpoint {
    Endpoint {
        text: format!("`{revision}` ({})", short(&id)),
        state: State::Commit(id),
        notes: Vec::new(),
    }
}

/// The ends of a range, and whether it begins where the two parted. An end that is left out is the last commit.
fn ends(range: &str) -> Option<(&str, &str, bool)> {
    let symmetric = range.contains("...");
    let (from, to) = range.split_once(if symmetric { "..." } else { ".." })?;
    (from != to || !from.is_empty()).then_some((or_head(from), or_head(to), symmetric))
}

/// Git must not take a revision for an option or for a range.
fn plain_revision(revision: &str) -> Result<(), Refusal> {
    let problem = if revision.is_empty() {
        "it is empty"
    } else if revision.starts_with('-') {
        "no name begins with `-`"
    } else if revision.starts_with('^') || revision.contains("..") {
        "it is a range"
    } else {
        return Ok(());
    };
    Err(Refusal::Said(problem.to_owned()))
}

/// What is compared has to be there; only what it is compared with can be replaced by everything.
fn wrong(reason: NoEndpoint, revision: &str) -> ChangeError {
    match reason {
        NoEndpoint::Wrong(error) => error,
        NoEndpoint::Everything(words) => ChangeError::Revision {
            revision: revision.to_owned(),
            words,
        },
    }
}

fn everything(refusal: &Refusal) -> NoEndpoint {
    NoEndpoint::Everything(format!("git says: {}", refusal.words()))
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn short_reference(name: &str) -> &str {
    let without = |prefix| name.strip_prefix(prefix);
    without("refs/remotes/")
        .or_else(|| without("refs/heads/"))
        .unwrap_or(name)
}

fn or_head(revision: &str) -> &str {
    if revision.is_empty() { "HEAD" } else { revision }
}
