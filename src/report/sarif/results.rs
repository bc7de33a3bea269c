//! Findings as results, each with its rule, its place and a fingerprint. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{CheckName, Digest, Finding, Place, Severity};
use crate::report::github::Places;
use crate::report::text::one_line;

/// The results of one check, each once: a crate may be compiled more than once, and warn each time.
pub(super) struct Results<'a> {
    check: String,
    places: &'a Places,
    rules: Vec<String>,
    known: BTreeSet<String>,
    alike: BTreeMap<String, usize>,
    values: Vec<Value>,
}

impl<'a> Results<'a> {
    pub(super) fn new(check: &CheckName, places: &'a Places) -> Self {
        Self {
            check: text(check.as_str()),
            places,
            rules: Vec::new(),
            known: BTreeSet::new(),
            alike: BTreeMap::new(),
            values: Vec::new(),
        }
    }

    /// Adds a finding that has a place: code scanning takes no other.
    pub(super) fn add(&mut self, finding: &Finding) {
        let Some(place) = &finding.place else {
            return;
        };
        let rule = match (&finding.code, &finding.test) {
            (Some(code), _) => text(code),
            (None, Some(_)) => "test-failed".to_owned(),
            (None, None) => self.check.clone(),
        };
        let message = text(&finding.message);
        let uri = uri(&self.places.name(&place.file));
        let whole = format!("{rule}\0{uri}\0{message}\0{:?}\0{:?}", place.line, place.column);
        if !self.known.insert(whole) {
            return;
        }
        // Without the line, which changes with what stands above it; with a number, where the same is found again.
        let alike = format!("{}\0{rule}\0{uri}\0{message}", self.check);
        let number = self.alike.entry(alike.clone()).or_default();
        *number += 1;
        let fingerprint = Digest::of(format!("{alike}\0{number}").as_bytes()).to_string();
        let index = self.rule(rule.clone());
        let mut value = json!({
            "ruleId": rule,
            "ruleIndex": index,
            "level": level(finding.severity),
            "message": {"text": message},
            "locations": [{"physicalLocation": location(&uri, place)}],
            "partialFingerprints": {"cargoHooks/v1": fingerprint},
        });
        if let Some(name) = &finding.crate_name {
            let logical = json!([{"name": text(name.as_str()), "kind": "module"}]);
            value["locations"][0]["logicalLocations"] = logical;
        }
        self.values.push(value);
    }

    fn rule(&mut self, id: String) -> usize {
        let known = self.rules.iter().position(|rule| *rule == id);
        known.unwrap_or_else(|| {
            self.rules.push(id);
            self.rules.len() - 1
        })
    }

    pub(super) fn rules(&self) -> Vec<Value> {
        self.rules.iter().map(|id| rule(id)).collect()
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Text that says something in any case: the format has no empty messages.
pub(super) fn text(said: &str) -> String {
    let line = one_line(said);
    if line.is_empty() { "?".to_owned() } else { line }
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn rule(id: &str) -> Value {
    let mut rule = json!({"id": id, "shortDescription": {"text": id}});
    if let Some(page) = help(id) {
        rule["helpUri"] = page.into();
    }
    rule
}

/// The page about a lint of clippy, or an error of the compiler.
fn help(id: &str) -> Option<String> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    if let Some(lint) = id.strip_prefix("clippy::") {
        return is_name(lint).then(|| format!("https://rust-lang.github.io/rust-clippy/master/index.html#{lint}"));
    }
    let number = id.strip_prefix('E')?;
    let is_code = number.len() == 4 && number.bytes().all(|c| c.is_ascii_digit());
    is_code.then(|| format!("https://doc.rust-lang.org/error_codes/{id}.html"))
}

fn location(uri: &str, place: &Place) -> Value {
    let artifact = if uri.starts_with("file:") {
        json!({"uri": uri})
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    };
    let mut location = Map::from_iter([("artifactLocation".to_owned(), artifact)]);
    // Both count from 1, and a column is nothing without its line.
    if let Some(line) = place.line.filter(|line| *line > 0) {
        let mut region = json!({"startLine": line});
        if let Some(column) = place.column.filter(|column| *column > 0) {
            region["startColumn"] = column.into();
        }
        location.insert("region".to_owned(), region);
    }
    location.into()
}

/// A path as a URI: relative, or with its scheme.
fn uri(path: &str) -> String {
    let path = Path::new(path);
    let mut uri = if path.is_absolute() {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(*byte)),
            other => uri.extend(['%', hex(other >> 4), hex(other & 15)]),
        }
    }
    uri
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        for (path, expected) in [
            ("a/src/lib.rs", "a/src/lib.rs"),
            ("a b/ü:%.rs", "a%20b/%C3%BC%3A%25.rs"),
            ("/x/y.rs", "file:///x/y.rs"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn only_what_has_a_page_has_help() {
        for (id, expected) in [
            (
                "clippy::needless_return",
                Some("https://rust-lang.github.io/rust-clippy/master/index.html#needless_return"),
            ),
            ("E0308", Some("https://doc.rust-lang.org/error_codes/E0308.html")),
            ("E03080", None),
            ("clippy::a b", None),
            ("unused_variables", None),
        ] {
            assert_eq!(help(id).as_deref(), expected);
        }
    }
}
