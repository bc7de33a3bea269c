//! Why a task would run: in what its key differs from that of its last pass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::look::Look;
use super::surroundings;
use crate::fingerprint::{Ingredient, Key};
use crate::model::{CheckName, CrateName, Digest};
use crate::plan::{Basis, Plan, Task};
use crate::results::{Hit, Pass, Recorded, Results};

/// What is remembered of a task, or of one of its crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The task.
    pub task: String,
    /// The check that it belongs to.
    pub check: CheckName,
    /// The crate, where each of them passes for itself.
    pub krate: Option<CrateName>,
    /// What is remembered.
    pub standing: Standing,
}

/// What is remembered of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has passed on the same content, and need not run.
    Passed {
        /// When.
        at: SystemTime,
        /// How long it took then.
        took: Duration,
    },
    /// Its passes are never remembered.
    NeverRemembered,
    /// Nobody knows all that its verdict rests upon: why not.
    Unknown(String),
    /// No pass is remembered.
    New,
    /// It is not what passed before.
    Differs {
        /// When that was.
        passed: SystemTime,
        /// In what it differs.
        differences: Vec<Difference>,
    },
}

/// One thing in which it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub what: String,
    /// In which way.
    pub change: Change,
    /// What of it, where that is known: files, say.
    pub parts: Vec<(String, Change)>,
}

/// In which way something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not what it was.
    Differs,
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
}

/// Ingredients as they are kept beside a pass, one a line.
pub(super) fn written(ingredients: &[Ingredient]) -> String {
    let line = |ingredient: &Ingredient| serde_json::json!([ingredient.name, ingredient.value]).to_string() + "\n";
    ingredients.iter().map(line).collect()
}

fn read(text: &[u8]) -> BTreeMap<String, String> {
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice::<(String, String)>(line).ok())
        .collect()
}

impl Look<'_> {
    /// What is remembered of each task of a plan.
    #[must_use]
    pub fn explain(&self, plan: &Plan) -> Vec<Explanation> {
        let explainer = Explainer {
            look: self,
            results: Results::open(&self.glance.request.state_dir),
        };
        let mut explained = Vec::new();
        for task in plan.tasks() {
            let mut add = |krate: Option<&CrateName>, standing| {
                explained.push(Explanation {
                    task: task.head.label(),
                    check: task.head.check.clone(),
                    krate: krate.cloned(),
                    standing,
                });
            };
            match &task.basis {
                None => add(None, Standing::NeverRemembered),
                Some(basis) if !basis.is_by_crate() => add(None, explainer.standing(task, basis, None)),
                Some(basis) => {
                    for krate in &task.crates {
                        add(Some(krate), explainer.standing(task, basis, Some(krate)));
                    }
                }
            }
        }
        explained
    }
}

/// The same, where nothing can be known of any task: why not.
#[must_use]
pub fn unexplained(plan: &Plan, why: &str) -> Vec<Explanation> {
    let standing = |task: &Task| match &task.basis {
        None => Standing::NeverRemembered,
        Some(_) => Standing::Unknown(why.to_owned()),
    };
    let explanation = |task: &Task| Explanation {
        task: task.head.label(),
        check: task.head.check.clone(),
        krate: None,
        standing: standing(task),
    };
    plan.tasks().map(explanation).collect()
}

struct Explainer<'l> {
    look: &'l Look<'l>,
    results: Results,
}

impl Explainer<'_> {
    fn standing(&self, task: &Task, basis: &Basis, krate: Option<&CrateName>) -> Standing {
        let look = self.look;
        let keys = look.meaning.fingerprints.of_task(basis, &look.glance.around);
        let key = match keys.and_then(|keys| keys.key(krate)) {
            Ok(key) => key,
            Err(unknown) => return Standing::Unknown(unknown.to_string()),
        };
        let holds = |hit: &Hit| self.look.glance.holds(hit, basis);
        if let Some(hit) = self.results.find(&key.digest).find(holds) {
            return Standing::Passed {
                at: hit.at(),
                took: hit.took(),
            };
        }
        let Some(last) = self.results.last(&task.key.check, &task.key.part, krate) else {
            return Standing::New;
        };
        let differences = if last.key == key.digest {
            self.read_since(&last, basis)
        } else {
            self.differences(&last, &key)
        };
        Standing::Differs {
            passed: last.at,
            differences,
        }
    }

    /// What differs of that which a run turned out to read.
    fn read_since(&self, last: &Pass, basis: &Basis) -> Vec<Difference> {
        let request = self.look.glance.request;
        let parts = last.recorded.iter().filter_map(|recorded| match recorded {
            Recorded::File { path, digest } => {
                let now = self
                    .look
                    .glance
                    .tree
                    .of_path(&request.workspace.root.join(path))
                    .known();
                let change = change(digest.as_ref(), now.as_ref())?;
                Some((path.display().to_string(), change))
            }
            Recorded::Variable { name, digest } => {
                let now = surroundings::variable(request.environment, &basis.given, name);
                let change = change(digest.as_ref(), now.as_ref())?;
                Some((format!("variable {name}"), change))
            }
        });
        vec![Difference {
            what: "what the build read".to_owned(),
            change: Change::Differs,
            parts: parts.collect(),
        }]
    }

    fn differences(&self, last: &Pass, key: &Key) -> Vec<Difference> {
        let before = read(&self.results.blob(&last.ingredients).unwrap_or_default());
        let now: BTreeMap<&str, &Ingredient> = (key.ingredients.iter())
            .map(|ingredient| (ingredient.name.as_str(), ingredient))
            .collect();
        let names: BTreeSet<&str> = before.keys().map(String::as_str).chain(now.keys().copied()).collect();
        let difference = |name: &str| {
            let (before, now) = (before.get(name), now.get(name));
            let change = change(before, now.map(|ingredient| &ingredient.value))?;
            Some(Difference {
                what: name.to_owned(),
                change,
                parts: before
                    .zip(now.copied())
                    .map(|(before, now)| self.parts(before, now))
                    .unwrap_or_default(),
            })
        };
        names.into_iter().filter_map(difference).collect()
    }

    /// What differs of an ingredient that stands for several things.
    fn parts(&self, before: &str, now: &Ingredient) -> Vec<(String, Change)> {
        let known = |digest: &str| self.results.blob(&Digest::from_hex(digest)?);
        let (Some(before), Some(now)) = (known(before), self.look.meaning.fingerprints.content(now)) else {
            return Vec::new();
        };
        let before = String::from_utf8_lossy(&before);
        let (before, now) = (by_subject(&before), by_subject(&now));
        let subjects: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let part = |subject: &String| Some((subject.clone(), change(before.get(subject), now.get(subject))?));
        subjects.into_iter().filter_map(part).collect()
    }
}

fn change<T: PartialEq>(before: Option<T>, now: Option<T>) -> Option<Change> {
    match (before, now) {
        (None, Some(_)) => Some(Change::New),
        (Some(_), None) => Some(Change::Gone),
        (before, now) => (before != now).then_some(Change::Differs),
    }
}

/// The lines of a content, each by what it is about.
fn by_subject(text: &str) -> BTreeMap<String, Vec<&str>> {
    let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        lines.entry(subject(line)).or_default().push(line);
    }
    lines
}

/// What a line of a content is about, for a person.
fn subject(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let (kind, second, rest) = (words.next(), words.next(), words.next());
    match (kind, second, rest) {
        (Some("file" | "program" | "link" | "unreadable"), Some(_), Some(path)) => path.to_owned(),
        (Some("manifest"), ..) => format!("{} in its manifest", part_of_manifest(line)),
        (Some("root"), ..) => format!("{} in the root manifest", part_of_manifest(line)),
        (Some("locked"), ..) => "what `Cargo.lock` has for it".to_owned(),
        (Some("in"), ..) => "the directory of the crate".to_owned(),
        _ => line.to_owned(),
    }
}

/// The name of a part of a manifest: it ends with what stands between backticks.
fn part_of_manifest(line: &str) -> &str {
    let name = line.split_once(' ').map_or("", |(_, rest)| rest);
    let mut ticks = name.match_indices('`').skip(1);
    ticks.next().map_or(name, |(end, _)| &name[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_what_they_are_about() {
        for (line, expected) in [
            ("file 0ab1 src/a file.rs", "src/a file.rs"),
            ("program 0ab1 build.sh", "build.sh"),
            (
                "manifest dependency `a b` Normal \"\" {}",
                "dependency `a b` in its manifest",
            ),
            ("manifest `edition` \"2024\"", "`edition` in its manifest"),
            ("root `[profile]` {}", "`[profile]` in the root manifest"),
            ("root", " in the root manifest"),
            ("locked 0ab1", "what `Cargo.lock` has for it"),
            ("in crates/a", "the directory of the crate"),
            ("anything", "anything"),
        ] {
            assert_eq!(subject(line), expected, "{line}");
        }
    }
}
