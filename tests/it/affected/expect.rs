//! What a scenario expects, as text, and how it is held against the answer of the program.
//!
//! ```text
//! source: top mid; fmt: mid; deny: yes
//! ```
//!
//! Each part names checks and says on which crates they run, or whether they run. A part overrides those before it.
//!
//! | key | checks | where it is not named |
//! |---|---|---|
//! | `source` | clippy, test and doc | no crate |
//! | `build` | clippy and test | no crate |
//! | `fmt`, `clippy`, `test`, `doc` | the one | no crate |
//! | `typos` | `yes`, `no`, or `any` where nobody has said | `yes`: a file has changed |
//! | `deny` | the same | `no`: neither a manifest nor `Cargo.lock` has changed |
//! | `removed` | none: the crates that are no members any more | no crate |
//! | any other | the check of this name: crates, or `yes`, `no`, `any` | is not looked at |
//!
//! Among the crates, `ALL` is every member, `D(base)` is `base` with all that are built from it, and `T(base)` also those
//! whose tests are. `leaf?` may be there or not: it is not needed, and who cannot know will take it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

/// The checks that run on crates.
const ON_CRATES: [&str; 4] = ["fmt", "clippy", "test", "doc"];
/// Words that stand for several crates.
const CLOSURES: [(&str, &str); 2] = [
    ("D(base)", "base bdep mid opt optuser renamed top winonly"),
    ("T(base)", "base bdep devonly mid opt optuser renamed top winonly"),
];

/// The answer of the program, which was as expected.
pub(super) struct Answer {
    pub(super) json: Value,
    pub(super) out: Output,
}

impl Answer {
    /// That a note, or the reason to take everything, holds this word, whatever its case.
    #[track_caller]
    pub(super) fn notes(self, word: &str) -> Self {
        let mut notes = texts(&self.json["notes"]);
        notes.extend(self.json["everything"].as_str().map(str::to_owned));
        let held = notes.iter().any(|note| note.to_lowercase().contains(word));
        assert!(held, "no note says `{word}`: {notes:#?}\n{}", self.out);
        self
    }

    /// That the reasons for a crate hold these words: those of its entry in `crates`.
    #[track_caller]
    pub(super) fn because(self, name: &str, words: &[&str]) -> Self {
        let entry = self.entry(name).unwrap_or_default().to_string();
        for word in words {
            assert!(entry.contains(word), "the reason for {name} lacks `{word}`: {entry}");
        }
        self
    }

    /// The entry of a crate in `crates`.
    pub(super) fn entry(&self, name: &str) -> Option<Value> {
        let crates = self.json["crates"].as_array()?;
        crates.iter().find(|entry| entry["name"] == name).cloned()
    }
}

/// Holds the answer against what is expected, and says everything that is known where they differ.
#[track_caller]
pub(super) fn judge(repo: &Sandbox, out: Output, expected: &str) -> Answer {
    assert_eq!(out.code, 0, "`affected` never refuses\n{out}");
    let json: Value = serde_json::from_str(&out.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {out}"));
    let expected = Expected::parse(repo, expected);
    let differences = expected.differences(&json);
    let scenario = std::thread::current().name().unwrap_or("?").to_owned();
    assert!(
        differences.is_empty(),
        "{scenario}\n{differences}\n{}{}",
        reasons(&json),
        out.stderr
    );
    Answer { json, out }
}

#[derive(Default)]
struct Expected {
    crates: BTreeMap<String, Names>,
    runs: BTreeMap<String, Option<bool>>,
    removed: BTreeSet<String>,
}

#[derive(Clone, Default)]
struct Names {
    needed: BTreeSet<String>,
    allowed: BTreeSet<String>,
}

impl Expected {
    fn parse(repo: &Sandbox, text: &str) -> Self {
        let mut expected = Self::default();
        let crates = ON_CRATES.map(|check| (check.to_owned(), Names::default()));
        expected.crates.extend(crates);
        let runs = [("typos", Some(true)), ("deny", Some(false))];
        expected.runs.extend(runs.map(|(check, runs)| (check.to_owned(), runs)));
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (key, value) = part.split_once(':').expect("KEY: VALUE");
            let (key, value) = (key.trim(), value.trim());
            if key == "removed" {
                expected.removed = value.split_whitespace().map(str::to_owned).collect();
            } else if ["yes", "no", "any"].contains(&value) {
                let runs = (value != "any").then_some(value == "yes");
                expected.runs.insert(key.to_owned(), runs);
            } else {
                let names = Names::parse(repo, value);
                let checks = checks(key).into_iter().map(|check| (check.to_owned(), names.clone()));
                expected.crates.extend(checks);
            }
        }
        expected
    }

    /// A line for each check whose answer is another; empty where all is as expected.
    fn differences(&self, json: &Value) -> String {
        let mut lines = String::new();
        for (check, names) in &self.crates {
            let actual: BTreeSet<String> = texts(&entry(json, check)["crates"]).into_iter().collect();
            let consistent = entry(json, check)["runs"] == !actual.is_empty();
            if !names.admit(&actual) || !consistent {
                let runs = &entry(json, check)["runs"];
                let actual = spaced(&actual);
                let _ = write!(
                    lines,
                    "{check}\n  expected: {}\n  actual:   {actual} (runs: {runs})\n",
                    names.text()
                );
                let _ = writeln!(
                    lines,
                    "  missing:  {}",
                    spaced(
                        names
                            .needed
                            .iter()
                            .filter(|name| !actual.split(' ').any(|one| one == *name))
                    )
                );
            }
        }
        for (check, expected) in &self.runs {
            let actual = &entry(json, check)["runs"];
            if expected.is_some_and(|expected| *actual != expected) {
                let _ = writeln!(lines, "{check}\n  expected: {expected:?}\n  actual:   {actual}");
            }
        }
        let removed: BTreeSet<String> = texts(&json["removed"]).into_iter().collect();
        if removed != self.removed {
            let (expected, removed) = (spaced(&self.removed), spaced(&removed));
            let _ = writeln!(lines, "removed\n  expected: {expected}\n  actual:   {removed}");
        }
        lines
    }
}

impl Names {
    fn parse(repo: &Sandbox, text: &str) -> Self {
        let mut names = Self::default();
        for word in text.split_whitespace() {
            let (word, set) = match word.strip_suffix('?') {
                Some(word) => (word, &mut names.allowed),
                None => (word, &mut names.needed),
            };
            if word == "ALL" {
                set.extend(members(repo));
                continue;
            }
            let closure = CLOSURES.iter().find(|(name, _)| *name == word);
            let several = closure.map_or(word, |(_, crates)| crates);
            set.extend(several.split(' ').map(str::to_owned));
        }
        names
    }

    fn admit(&self, actual: &BTreeSet<String>) -> bool {
        let known = |name: &String| self.needed.contains(name) || self.allowed.contains(name);
        self.needed.is_subset(actual) && actual.iter().all(known)
    }

    fn text(&self) -> String {
        let allowed = self.allowed.iter().map(|name| format!("{name}?"));
        spaced(self.needed.iter().cloned().chain(allowed))
    }
}

/// The checks that a key stands for.
fn checks(key: &str) -> Vec<&str> {
    match key {
        "source" => vec!["clippy", "test", "doc"],
        "build" => vec!["clippy", "test"],
        check => vec![check],
    }
}

/// Every member, as cargo says.
fn members(repo: &Sandbox) -> Vec<String> {
    let dir = if repo.ws().join("Cargo.toml").exists() {
        "."
    } else {
        "rust"
    };
    let cargo = repo.program("cargo").dir(dir);
    let out = cargo.args("metadata --no-deps --offline --format-version 1").output();
    let metadata: Value = serde_json::from_str(&out.stdout).unwrap_or_else(|error| panic!("{error}: {out}"));
    let packages = metadata["packages"].as_array().unwrap();
    (packages
        .iter()
        .map(|package| package["name"].as_str().unwrap().to_owned()))
    .collect()
}

/// What the program says of a check.
fn entry<'j>(json: &'j Value, check: &str) -> &'j Value {
    let checks = json["checks"].as_array().map_or(&[][..], Vec::as_slice);
    checks
        .iter()
        .find(|entry| entry["check"] == check)
        .unwrap_or(&Value::Null)
}

/// Why the program takes each crate, and what else it says.
fn reasons(json: &Value) -> String {
    let mut lines = format!(
        "from {} to {}, everything: {}\n",
        json["from"], json["to"], json["everything"]
    );
    for file in json["files"].as_array().into_iter().flatten() {
        let _ = writeln!(lines, "file {}", file["path"]);
    }
    for member in json["crates"].as_array().into_iter().flatten() {
        let (name, kinds, reason) = (&member["name"], &member["kinds"], &member["reason"]);
        let _ = writeln!(lines, "crate {name} {kinds} {reason}");
    }
    for note in texts(&json["notes"]) {
        let _ = writeln!(lines, "note {note}");
    }
    lines
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.map(|text| text.as_str().unwrap_or("?").to_owned()).collect()
}

fn spaced(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    words.join(" ")
}

#[test]
fn an_expectation_is_read_as_it_says() {
    let repo = Sandbox::empty("workspace");
    let expected = Expected::parse(&repo, "source: D(base) leaf?; test: x; deny: any; removed: y");
    assert_eq!(
        expected.crates["doc"].text(),
        "base bdep mid opt optuser renamed top winonly leaf?"
    );
    assert_eq!(
        (
            expected.crates["test"].text().as_str(),
            expected.crates["fmt"].text().as_str()
        ),
        ("x", "")
    );
    assert_eq!((expected.runs["typos"], expected.runs["deny"]), (Some(true), None));
    let answer = |test: &str| {
        let check = |name: &str, crates: &[&str]| {
            let runs = !crates.is_empty();
            serde_json::json!({ "check": name, "runs": runs, "crates": crates })
        };
        let base: Vec<_> = CLOSURES[0].1.split(' ').collect();
        let checks = [
            check("fmt", &[]),
            check("clippy", &base),
            check("doc", &base),
            check("test", &[test]),
            serde_json::json!({ "check": "typos", "runs": true, "crates": [] }),
        ];
        serde_json::json!({ "checks": checks, "removed": ["y"] })
    };
    assert_eq!(expected.differences(&answer("x")), "");
    let differences = expected.differences(&answer("z"));
    assert_eq!(
        differences,
        "test\n  expected: x\n  actual:   z (runs: true)\n  missing:  x\n"
    );
}
