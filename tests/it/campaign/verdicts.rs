//! What a run said, in a form in which two runs can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sandbox::Output;

/// A check, and the crate that it was about; empty where it was about none.
pub(super) type About = (String, String);

/// What a run said of every check and crate.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    code: i32,
    passed: BTreeSet<About>,
    pub(super) failed: BTreeSet<About>,
    /// Of which nobody can say, since the tool stopped or does not tell.
    unknown: BTreeSet<About>,
    /// What was found or written: where it passed.
    said: BTreeMap<About, BTreeSet<String>>,
    pub(super) whole: usize,
    pub(super) in_part: usize,
    pub(super) ran: usize,
    /// The checks and units that did not pass without running.
    pub(super) not_whole: BTreeSet<About>,
}

impl Verdicts {
    pub(super) fn of(out: &Output) -> Self {
        assert!(out.code == 0 || out.code == 1, "{out}");
        assert_eq!(out.stderr, "", "{out}");
        let mut verdicts = Self {
            code: out.code,
            ..Self::default()
        };
        let lines = out.json();
        for end in lines.iter().filter(|line| line["type"] == "task-finished") {
            verdicts.add(end);
        }
        verdicts
    }

    fn add(&mut self, end: &Value) {
        let (check, unit) = (text(&end["task"]["check"]), text(&end["task"]["unit"]));
        let passes = end["outcome"] == "passed";
        match &end["cached"] {
            Value::Null => self.ran += 1,
            Value::String(_) => self.whole += 1,
            _ => self.in_part += 1,
        }
        let counts_crates = end["crates"].is_object() && unit_is_batch(&check);
        let unit = if unit_is_batch(&check) { String::new() } else { unit };
        let about = (check.clone(), unit.clone());
        if !end["cached"].is_string() {
            self.not_whole.insert(about.clone());
        }
        if counts_crates {
            for (verdict, names) in end["crates"].as_object().unwrap() {
                let to = match verdict.as_str() {
                    "passed" => &mut self.passed,
                    "failed" => &mut self.failed,
                    _ => &mut self.unknown,
                };
                to.extend(names.as_array().unwrap().iter().map(|name| (check.clone(), text(name))));
            }
        }
        if passes {
            self.passed.insert(about.clone());
            self.said.insert(about, said(end, unit_is_batch(&check)));
        } else {
            self.failed.insert(about);
        }
    }

    /// In what another run said something else, whatever ran for that; empty where it said the same.
    pub(super) fn but(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.code != other.code {
            differences.push(format!("exit code {} and not {}", self.code, other.code));
        }
        let but = |one: &Self, than: &Self| -> Vec<About> {
            let more = one.passed.difference(&than.passed);
            more.filter(|about| !than.unknown.contains(*about)).cloned().collect()
        };
        differences.extend(but(self, other).iter().map(|about| format!("passes: {about:?}")));
        differences.extend(but(other, self).iter().map(|about| format!("does not pass: {about:?}")));
        let both = self
            .said
            .iter()
            .filter_map(|(about, said)| Some((about, said, other.said.get(about)?)));
        let unlike = both.filter(|(_, one, other)| one != other);
        differences.extend(unlike.map(|(about, one, other)| format!("{about:?} says {one:?} and not {other:?}")));
        differences
    }
}

/// Whether the tasks of a check are about several crates at once, so that their names follow from what has to run.
fn unit_is_batch(check: &str) -> bool {
    ["check", "clippy", "fmt", "test"].contains(&check)
}

/// What a task that passed has found, and what it wrote where that does not depend on what else it did.
fn said(end: &Value, is_batch: bool) -> BTreeSet<String> {
    if !is_batch {
        return BTreeSet::from([text(&end["output"])]);
    }
    let findings = end["findings"].as_array().unwrap().iter();
    findings.map(ToString::to_string).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
