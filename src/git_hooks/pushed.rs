//! Which commits a push brings to the other side, and what it has there already.
//!
//! Git is asked for nothing that it would have to fetch. What it cannot tell makes more be checked, never less.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::judge::{Pushed, Subject};
use super::push::{MalformedPush, Update, updates};
use super::stage::Handed;
use crate::changes::Git;

/// How many objects one question names: all of them need not fit into a command line.
const AT_ONCE: usize = 500;

/// A remote can have more branches than fit into a command line. With fewer of them, more counts as new.
const MOST_BRANCHES: usize = 2000;

/// Why nothing can be said about a push.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// Git, or whoever calls us in its place, has written something else.
    #[error(transparent)]
    Malformed(#[from] MalformedPush),
    /// Git does not know what it is about to push.
    #[error("git does not say what `{name}` is, which is to be pushed: {words}")]
    Unknown {
        /// What is pushed.
        name: String,
        /// What git said.
        words: String,
    },
}

/// What a push is about, and what there is to say of it in words: which references need no check.
pub(crate) fn pushed(git: &Git, handed: &Handed, input: &[u8]) -> Result<(Subject, Vec<String>), PushError> {
    let updates = updates(input)?;
    if updates.is_empty() {
        return Ok((Subject::Nothing, Vec::new()));
    }
    let made: Vec<&Update> = updates.iter().filter(|update| !update.is_deletion()).collect();
    let mut notes = Vec::new();
    if made.is_empty() {
        notes.push("nothing is pushed but deletions, which need no check".to_owned());
    }
    let objects = made
        .iter()
        .flat_map(|update| [Some(update.object.as_str()), update.before()]);
    let commits = commits(git, &handed.dir, &objects.flatten().collect::<BTreeSet<_>>());
    let mut wanted: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for update in made {
        let Some(commit) = commits.get(update.object.as_str()) else {
            let kind = kind(git, &handed.dir, update)?;
            notes.push(format!("`{}` is a {kind}, and needs no check", update.name()));
            continue;
        };
        let before = update
            .before()
            .and_then(|before| commits.get(before))
            .map(String::as_str);
        // One state of which the other side has the commit is enough to compare with.
        let since = wanted.entry(commit).or_default();
        *since = since.or(before);
    }
    let new = New::of(git, handed, &wanted);
    let all = wanted.len();
    let pushed: Vec<_> = wanted.into_iter().filter_map(|wanted| new.pushed(wanted)).collect();
    if pushed.len() < all {
        notes.push("what the other side has already needs no check".to_owned());
    }
    Ok((Subject::Commits(pushed), notes))
}

/// The commits that these objects are, or that tags stand for, so far as they are there.
fn commits<'o>(git: &Git, dir: &Path, objects: &BTreeSet<&'o str>) -> BTreeMap<&'o str, String> {
    let objects: Vec<&str> = objects.iter().copied().collect();
    let mut commits = BTreeMap::new();
    for some in objects.chunks(AT_ONCE) {
        match resolved(git, dir, some) {
            Some(names) => commits.extend(some.iter().copied().zip(names)),
            // One of them is no commit, or not there: each is asked for by itself then.
            None => commits.extend(
                some.iter()
                    .filter_map(|one| Some((*one, resolved(git, dir, &[one])?.pop()?))),
            ),
        }
    }
    commits
}

/// The names of the commits, if every one is there.
fn resolved(git: &Git, dir: &Path, objects: &[&str]) -> Option<Vec<String>> {
    let peeled = objects.iter().map(|object| format!("{object}^{{commit}}"));
    let question = std::iter::once("rev-parse".to_owned()).chain(peeled);
    let answer = String::from_utf8(git.ask(dir, question).ok()?).ok()?;
    let names: Vec<String> = answer.lines().map(str::to_owned).collect();
    (names.len() == objects.len()).then_some(names)
}

/// What is pushed that is no commit, and does not stand for one.
fn kind(git: &Git, dir: &Path, update: &Update) -> Result<String, PushError> {
    let unknown = |words: &str| PushError::Unknown {
        name: update.name(),
        words: words.to_owned(),
    };
    let answer = git.ask(dir, ["cat-file", "-t", &format!("{}^{{}}", update.object)]);
    let answer = answer.map_err(|refusal| unknown(refusal.words()))?;
    match answer.trim_ascii() {
        b"commit" => Err(unknown("it is a commit, and cannot be read")),
        kind => Ok(String::from_utf8_lossy(kind).into_owned()),
    }
}

/// What is known of the other side, for commits that no reference of it stands for now.
struct New<'g> {
    git: &'g Git,
    dir: &'g Path,
    /// The commits of its branches.
    branches: Vec<String>,
    /// Those of the commits that it does not have; nothing where that cannot be known.
    lacking: Option<BTreeSet<String>>,
}

impl<'g> New<'g> {
    fn of(git: &'g Git, handed: &'g Handed, wanted: &BTreeMap<&str, Option<&str>>) -> Self {
        let new: Vec<&str> = wanted
            .iter()
            .filter(|(_, since)| since.is_none())
            .map(|(commit, _)| *commit)
            .collect();
        let mut known = Self {
            git,
            dir: &handed.dir,
            branches: Vec::new(),
            lacking: None,
        };
        let remote = handed.remote().to_str().unwrap_or_default();
        // The address of a remote, and a pattern, could mean the branches of others.
        if new.is_empty() || remote.is_empty() || remote.contains([':', '*', '?', '[', '\\']) {
            return known;
        }
        let branches = format!("refs/remotes/{remote}/");
        let branches = git.ask(&handed.dir, ["for-each-ref", "--format=%(objectname)", &branches]);
        let branches = String::from_utf8(branches.unwrap_or_default()).unwrap_or_default();
        known.branches = branches.lines().take(MOST_BRANCHES).map(str::to_owned).collect();
        if !known.branches.is_empty() {
            known.lacking = lacking(git, &handed.dir, &new, remote);
        }
        known
    }

    /// What has to be checked for a commit; nothing where the other side has it.
    fn pushed(&self, (commit, since): (&str, Option<&str>)) -> Option<Pushed> {
        let has = |lacking: &BTreeSet<String>| !lacking.contains(commit);
        if since.is_none() && self.lacking.as_ref().is_some_and(has) {
            return None;
        }
        Some(Pushed {
            tip: commit.to_owned(),
            base: since.map(str::to_owned).or_else(|| self.fork(commit)),
        })
    }

    /// The last commit that the other side has of those that led to this one.
    fn fork(&self, commit: &str) -> Option<String> {
        if self.branches.is_empty() {
            return None;
        }
        let question = ["merge-base", commit]
            .into_iter()
            .chain(self.branches.iter().map(String::as_str));
        let answer = self.git.ask(self.dir, question).ok()?;
        String::from_utf8(answer).ok()?.lines().next().map(str::to_owned)
    }
}

/// Which commits no branch of the remote leads to, as far as that was told here.
fn lacking(git: &Git, dir: &Path, commits: &[&str], remote: &str) -> Option<BTreeSet<String>> {
    let mut lacking = BTreeSet::new();
    let branches = format!("--remotes={remote}");
    for some in commits.chunks(AT_ONCE) {
        let question = ["rev-list"]
            .into_iter()
            .chain(some.iter().copied())
            .chain(["--not", &branches]);
        let answer = String::from_utf8(git.ask(dir, question).ok()?).ok()?;
        lacking.extend(answer.lines().map(str::to_owned));
    }
    Some(lacking)
}
