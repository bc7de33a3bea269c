//! How each type of value is read and described.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::definition::Requirement;
use super::reader::{Node, Reader, Value, article, listed};
use crate::diagnostic::{Diagnostic, Located, nearest};
use crate::model::{CheckName, CrateName, Keyword};

impl Value for bool {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let value = node.get_ref().as_bool();
        if value.is_none() {
            reader.wrong_type(node, "`true` or `false`");
        }
        value
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

impl Value for String {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.get_ref().as_str() else {
            reader.wrong_type(node, "a string");
            return None;
        };
        if text.contains('\0') {
            reader.mistake(
                "bad-text",
                node.span(),
                "a NUL character can stand in no command, name or path",
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

/// A whole number from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub(super) u32);

impl Value for Count {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        whole_number(node, 1..=10_000, reader).and_then(|number| u32::try_from(number).ok().map(Self))
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": 10_000 })
    }
}

/// How often something is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retries(pub(super) u32);

impl Value for Retries {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        whole_number(node, 0..=100, reader).and_then(|number| u32::try_from(number).ok().map(Self))
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": 100 })
    }
}

/// What goes first: more before less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Priority(pub(super) i32);

impl Value for Priority {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        whole_number(node, -1000..=1000, reader).map(Self)
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": -1000, "maximum": 1000 })
    }
}

fn whole_number(node: &Node<'_>, range: std::ops::RangeInclusive<i32>, reader: &mut Reader<'_>) -> Option<i32> {
    let Some(integer) = node.get_ref().as_integer() else {
        reader.wrong_type(node, "a whole number");
        return None;
    };
    match i32::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(number) if range.contains(&number) => Some(number),
        _ => {
            let message = format!("expected a number from {} to {}", range.start(), range.end());
            reader.mistake("bad-number", node.span(), message);
            None
        }
    }
}

impl Value for Duration {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::String(_) = node.get_ref() else {
            reader.wrong_type(node, "a duration in quotes, such as `\"90s\"` or `\"10m\"`");
            return None;
        };
        let text = String::read(node, reader)?;
        let problem = match humantime::parse_duration(&text) {
            Ok(Self::ZERO) => "no time at all".to_owned(),
            Ok(duration) => return Some(duration),
            Err(humantime::DurationError::Empty) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        let diagnostic = Diagnostic::new(
            "bad-duration",
            reader.span(node.span()),
            format!("{} is no duration", shown(&text)),
        )
        .label(problem)
        .help("write a number and a unit, such as `90s`, `10m` or `1h 30m`");
        reader.report(diagnostic);
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["90s", "10m", "1h 30m"] })
    }
}

impl<K: Keyword> Value for K {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let words: Vec<_> = K::ALL.iter().map(|(_, word, _)| *word).collect();
        let DeValue::String(_) = node.get_ref() else {
            reader.wrong_type(node, &format!("one of {}", listed(&words)));
            return None;
        };
        let text = String::read(node, reader)?;
        let value = K::from_word(&text);
        if value.is_none() {
            let help = match nearest(&text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of {}", listed(&words)),
            };
            let message = format!("unknown value `{text}`");
            reader.report(Diagnostic::new("unknown-value", reader.span(node.span()), message).help(help));
        }
        value
    }

    fn schema() -> Json {
        let values: Vec<_> = K::ALL
            .iter()
            .map(|(_, word, about)| json!({ "const": word, "description": about }))
            .collect();
        json!({ "oneOf": values })
    }
}

impl Value for CheckName {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        check_name(&text, node.span(), reader)
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$" })
    }
}

/// A name that is safe on a command line, in a file name and in a log.
pub(super) fn check_name(text: &str, range: std::ops::Range<usize>, reader: &mut Reader<'_>) -> Option<CheckName> {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let goes_on_well = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if starts_well && goes_on_well {
        return Some(CheckName::from(text));
    }
    let diagnostic = Diagnostic::new(
        "bad-name",
        reader.span(range),
        format!("{} cannot be the name of a check", shown(text)),
    )
    .help("use letters, digits, `-` and `_`, and begin with a letter or a digit");
    reader.report(diagnostic);
    None
}

impl Value for CrateName {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        String::read(node, reader).map(Self::from)
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// What git may understand as a revision, and can never take for an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Revision(pub(super) String);

impl Value for Revision {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        if !text.trim().is_empty() && !text.starts_with('-') {
            return Some(Self(text));
        }
        let message = format!("{} is no revision", shown(text.trim()));
        let diagnostic = Diagnostic::new("bad-revision", reader.span(node.span()), message)
            .help("write the name of a branch or of a commit, such as `origin/main`");
        reader.report(diagnostic);
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[^-]", "examples": ["origin/main"] })
    }
}

/// A file that is not committed, relative to the workspace root and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UntrackedFile(pub(super) PathBuf);

impl Value for UntrackedFile {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        if let Some(path) = path_below(&text) {
            return Some(Self(path));
        }
        let message = format!("{} is no file below the workspace root", shown(&text));
        let diagnostic = Diagnostic::new("bad-path", reader.span(node.span()), message)
            .help("write a relative path without `..`, such as `config/secrets.env`");
        reader.report(diagnostic);
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "examples": ["secrets.env"] })
    }
}

/// The path, if it leads down and nowhere else.
pub(crate) fn path_below(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && !text.is_empty()).then(|| path.to_owned())
}

/// A list; nothing stands in it twice.
impl<T: Value + PartialEq + Clone> Value for Vec<Located<T>> {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = node.get_ref().as_array() else {
            let found = node.get_ref().type_str();
            let written = reader.file.text.get(node.span()).filter(|text| !text.contains('\n'));
            let diagnostic = Diagnostic::new("wrong-type", reader.span(node.span()), "expected a list")
                .label(format!("this is {} {found}", article(found)))
                .maybe_help(written.map(|text| format!("write `[{text}]`")));
            reader.report(diagnostic);
            return None;
        };
        let mut list: Self = Vec::with_capacity(array.len());
        for item in array {
            let Some(value) = T::read(item, reader) else { continue };
            let value = reader.located(value, item.span());
            if let Some(first) = list.iter().find(|known| **known == value) {
                let diagnostic = Diagnostic::new("duplicate", value.span.clone(), "this is listed twice")
                    .related(first.span.clone(), "first here");
                reader.report(diagnostic);
            } else {
                list.push(value);
            }
        }
        Some(list)
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema(), "uniqueItems": true })
    }
}

/// A glob over file paths, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) String);

impl Value for Pattern {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        let leads_out = text.split('/').any(|part| part == "..");
        let problem = leads_out.then(|| "`..` leads out of the manifest's directory".to_owned());
        match problem_of_files(&text).or(problem) {
            None => return Some(Self(text)),
            Some(problem) => bad_glob(&text, problem, node, reader),
        }
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["migrations/**/*.sql", "*.md"] })
    }
}

/// A glob over file paths that may begin with `../`, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OuterPattern(pub(super) String);

impl Value for OuterPattern {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        let mut inner = text.split('/').skip_while(|part| [".", ".."].contains(part));
        // A part of a path ends at a brace or a comma too, within alternatives.
        let leads_out = inner.any(|part| part.split(['{', '}', ',']).any(|part| part == ".."));
        let problem = leads_out.then(|| "`..` can only stand at the beginning".to_owned());
        let upward = text.split('/').all(|part| [".", ".."].contains(&part));
        let upward = upward.then(|| format!("a pattern names files: `{text}/**` is all below a directory"));
        match problem_of_files(&text).or(problem).or(upward) {
            None => return Some(Self(text)),
            Some(problem) => bad_glob(&text, problem, node, reader),
        }
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["../fixtures/**"] })
    }
}

/// Why a text is no pattern for files, wherever it leads.
fn problem_of_files(text: &str) -> Option<String> {
    match globset::Glob::new(text) {
        Err(error) => Some(error.kind().to_string()),
        Ok(_) if text.is_empty() => Some("an empty pattern matches nothing".to_owned()),
        Ok(_) if text.starts_with('/') => Some("patterns are relative to the directory of the manifest".to_owned()),
        Ok(_) if text.ends_with('/') => Some(format!("a pattern names files: `{text}**` is all below a directory")),
        Ok(_) => None,
    }
}

/// A glob over the names of crates, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamePattern(pub(super) String);

impl Value for NamePattern {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        let problem = match globset::Glob::new(&text) {
            Err(error) => error.kind().to_string(),
            Ok(_) if text.is_empty() => "an empty pattern matches nothing".to_owned(),
            Ok(_) if text.contains('/') => {
                "this is the place for the name of a crate, not for its directory".to_owned()
            }
            Ok(_) => return Some(Self(text)),
        };
        bad_glob(&text, problem, node, reader);
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["db", "db-*"] })
    }
}

/// The name of a variable, or how names begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VariablePattern(pub(super) String);

impl Value for VariablePattern {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        let problem = match text.find('*') {
            _ if text.is_empty() => "an empty pattern matches nothing",
            _ if text.contains('=') => "this is the place for a name alone; `set-env` sets values",
            Some(place) if place + 1 < text.len() => "`*` can only stand at the end of a name",
            _ => return Some(Self(text)),
        };
        bad_glob(&text, problem.to_owned(), node, reader);
        None
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[^=*]+[*]?$|^[*]$", "examples": ["DATABASE_URL", "PG*"] })
    }
}

fn bad_glob(text: &str, problem: String, node: &Node<'_>, reader: &mut Reader<'_>) {
    let message = format!("{} is no pattern", shown(text));
    reader.report(Diagnostic::new("bad-glob", reader.span(node.span()), message).label(problem));
}

/// A text in a message; one that is empty would not be seen between backticks.
fn shown(text: &str) -> String {
    if text.is_empty() {
        "an empty text".to_owned()
    } else {
        format!("`{text}`")
    }
}

/// Environment variables and their values.
impl Value for BTreeMap<String, String> {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            reader.wrong_type(node, "a table of variables");
            return None;
        };
        let mut variables = Self::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if name.is_empty() || name.contains(['=', '\0']) {
                reader.mistake(
                    "bad-name",
                    key.span(),
                    format!("{} cannot be the name of a variable", shown(name)),
                );
            } else if let Some(value) = String::read(value, reader) {
                variables.insert(name.to_owned(), value);
            }
        }
        Some(variables)
    }

    fn schema() -> Json {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

impl Value for Requirement {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => {
                let tool = String::read(node, reader)?;
                if tool.is_empty() {
                    reader.mistake("missing-key", node.span(), "the name of the program is missing");
                    return None;
                }
                Some(Self { tool, hint: None })
            }
            DeValue::Table(table) => {
                let known = reader.mistakes.len();
                let (mut tool, mut hint) = (None, None);
                for (key, value) in table {
                    match key.get_ref().as_ref() {
                        "tool" => tool = String::read(value, reader),
                        "hint" => hint = String::read(value, reader),
                        unknown => reader.unknown_key(key.span(), unknown, &["tool", "hint"]),
                    }
                }
                let tool = tool.filter(|tool| !tool.is_empty());
                // What seems to be missing beside a mistake may only be misspelt.
                if tool.is_none() && reader.mistakes.len() == known {
                    reader.mistake("missing-key", node.span(), "`tool` is missing: it names the program");
                }
                Some(Self { tool: tool?, hint })
            }
            _ => {
                reader.wrong_type(node, "the name of a program, or a table with `tool` and `hint`");
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "oneOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "tool": { "type": "string", "description": "the name of the program" },
                    "hint": { "type": "string", "description": "the command that installs it" },
                },
                "required": ["tool"],
                "additionalProperties": false,
            },
        ] })
    }
}
