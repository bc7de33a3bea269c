//! Commands with holes in them: `cargo clippy {packages}`.
//!
//! A command is a list of words, never a string for a shell to read again; what fills a hole can therefore not
//! break out of its word. Only `shell` is handed to a shell, and there the lists arrive as its arguments.

use std::fmt;
use std::ops::Range;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::reader::{Node, Reader, Value, listed};
use super::subcommand::{RestsOn, built_in_alias, subcommand};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::{Keyword, keyword};

keyword! {
    /// A place in a command that the plan fills.
    pub enum Hole {
        /// The name of the crate: one task for each.
        Package = "package",
        /// The directory of the crate, absolute: one task for each.
        PackageDir = "package-dir",
        /// The selected crates as `-p NAME` for each, or `--workspace` where all are selected.
        Packages = "packages",
        /// Every target of the selected crates but their benchmarks, which often need a nightly compiler: `--lib` where
        /// one has a library, `--bins --tests --examples`.
        Targets = "targets",
        /// The root source file of every target of the selected crates. Goes with `{edition}`.
        Roots = "roots",
        /// The edition: one task for each that occurs. Goes with `{roots}`.
        Edition = "edition",
        /// The selected files.
        Files = "files",
        /// The file that a filter reads on its standard input, as `{files}` would have it: see `filter`.
        File = "file",
        /// `always` where the output is shown in colour, else `never`.
        Color = "color",
        /// What `--message-format` of cargo must be for its output to be understood.
        MessageFormat = "message-format",
        /// Those of `--locked`, `--offline` and `--frozen` that `cargo hooks` itself was given.
        CargoOptions = "cargo-options",
        /// The file with the message that git hands to the hooks `commit-msg`, `prepare-commit-msg` and `applypatch-msg`,
        /// absolute. Where no such hook runs the check, it is left out.
        MessageFile = "message-file",
        /// The arguments that git hands to the hook, where one runs the check; it is left out where none does.
        HookArgs = "hook-args",
    }
}

impl Hole {
    /// Whether any number of words fills the hole.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(
            self,
            Self::Packages | Self::Targets | Self::Roots | Self::Files | Self::CargoOptions | Self::HookArgs
        )
    }
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// A hole.
    Hole(Hole),
}

/// A word of a command. A hole that a list fills is a word of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(pub Vec<Piece>);

impl Word {
    /// A word that stands for itself.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// The word, if it has no holes.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    fn holes(&self) -> impl Iterator<Item = Hole> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(*hole),
            Piece::Text(_) => None,
        })
    }
}

/// What a check runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments.
    Argv(Vec<Word>),
    /// A script for `sh -c`. Its pieces are joined: a list becomes `"$@"`, any other hole a quoted word.
    Shell(Word),
}

impl Command {
    /// The holes of the command, in the order in which they stand.
    pub fn holes(&self) -> impl Iterator<Item = Hole> {
        let words = match self {
            Self::Argv(words) => words.as_slice(),
            Self::Shell(script) => std::slice::from_ref(script),
        };
        words.iter().flat_map(Word::holes)
    }

    /// Whether the command has this hole.
    #[must_use]
    pub fn has(&self, hole: Hole) -> bool {
        self.holes().any(|present| present == hole)
    }

    /// The words of the command as they are written, with their holes: `{packages}`. No two commands have the same.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        let word = |word: &Word| -> String {
            let pieces = word.0.iter().map(|piece| match piece {
                Piece::Text(text) => text.replace('{', "{{"),
                Piece::Hole(hole) => format!("{{{hole}}}"),
            });
            pieces.collect()
        };
        match self {
            Self::Argv(words) => words.iter().map(word).collect(),
            Self::Shell(script) => vec!["{shell}".to_owned(), word(script)],
        }
    }

    /// Whether the command builds with cargo, as far as its words tell.
    #[must_use]
    pub fn builds(&self) -> bool {
        self.rests_on() != RestsOn::Unsaid
    }

    /// Whether the command builds with cargo, and its verdict rests on nothing but what is built.
    #[must_use]
    pub fn only_builds(&self) -> bool {
        self.rests_on() == RestsOn::Built
    }

    fn rests_on(&self) -> RestsOn {
        let word = self.cargo_command().unwrap_or_default();
        let known = subcommand(built_in_alias(word).unwrap_or(word));
        known.map_or(RestsOn::Unsaid, |known| known.rests_on)
    }

    /// Whether the command asks for messages in JSON.
    pub(super) fn speaks_json(&self) -> bool {
        let words = match self {
            Self::Argv(words) => words.as_slice(),
            Self::Shell(script) => std::slice::from_ref(script),
        };
        let in_text = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains("json"));
        self.has(Hole::MessageFormat) || words.iter().any(|word| word.0.iter().any(in_text))
    }

    /// The subcommand of cargo that this is, if it is one.
    fn cargo_command(&self) -> Option<&str> {
        let Self::Argv(words) = self else { return None };
        let mut words = words.iter().map(|word| word.literal().unwrap_or_default());
        let program = words.next()?.rsplit('/').next()?;
        if program != "cargo" {
            // An external subcommand that is called by the name of its program.
            return program.strip_prefix("cargo-");
        }
        while let Some(word) = words.next() {
            if TAKING_A_VALUE.contains(&word) {
                words.next();
            } else if !word.starts_with(['+', '-']) && !word.is_empty() {
                return Some(word);
            }
        }
        None
    }
}

/// Options of cargo itself whose value is a word of its own.
pub(crate) const TAKING_A_VALUE: [&str; 4] = ["--color", "--config", "-Z", "-C"];

/// The command as a person would type it, with its holes in braces.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(script) => write!(f, "{script}"),
            Self::Argv(words) => {
                for (index, word) in words.iter().enumerate() {
                    let space = if index == 0 { "" } else { " " };
                    match word.literal() {
                        Some(text) => write!(f, "{space}{}", shell_words::quote(text))?,
                        None => write!(f, "{space}{word}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Hole(hole) => write!(f, "{{{hole}}}"),
        })
    }
}

/// The value of `run` and `fix`: a list of words, or a string that is split into words as a POSIX shell does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argv(pub(super) Vec<Word>);

impl Value for Argv {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let words = match node.get_ref() {
            DeValue::String(_) => match shell_words::split(&String::read(node, reader)?) {
                Ok(words) => words.into_iter().map(|word| (word, node.span())).collect(),
                Err(_) => {
                    let diagnostic = Diagnostic::new(
                        "bad-command",
                        reader.span(node.span()),
                        "a quote is opened and not closed",
                    )
                    .help("a list of strings, one for each argument, needs no quotes");
                    reader.report(diagnostic);
                    return None;
                }
            },
            DeValue::Array(items) => {
                let words: Vec<_> = items
                    .iter()
                    .map(|item| Some((String::read(item, reader)?, item.span())))
                    .collect();
                words.into_iter().collect::<Option<Vec<_>>>()?
            }
            _ => {
                reader.wrong_type(node, "a command: a string, or a list of strings");
                return None;
            }
        };
        if words.first().is_none_or(|(program, _)| program.is_empty()) {
            reader.mistake("bad-command", node.span(), "the command is empty");
            return None;
        }
        let words: Vec<_> = words
            .iter()
            .map(|(word, range)| read_word(word, range.clone(), reader))
            .collect();
        let words: Vec<_> = words.into_iter().collect::<Option<_>>()?;
        if let Some(Piece::Hole(hole)) = words.first().and_then(|word| word.0.first())
            && (hole.is_list() || *hole == Hole::File)
        {
            let hole = format!("{{{hole}}}");
            let range = reader.part_of(node.span(), &hole);
            let message = format!("`{hole}` stands where the program must be");
            reader.mistake("misplaced-placeholder", range, message);
            return None;
        }
        Some(Self(words))
    }

    fn schema() -> Json {
        json!({ "oneOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ] })
    }
}

/// The value of `args`: further words of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments(pub(super) Vec<Word>);

impl Value for Arguments {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = node.get_ref().as_array() else {
            reader.wrong_type(node, "a list of strings");
            return None;
        };
        let read = |item: &Node<'_>| read_word(&String::read(item, reader)?, item.span(), reader);
        let words: Vec<_> = array.iter().map(read).collect();
        words.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": { "type": "string" } })
    }
}

/// The value of `shell`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script(pub(super) Word);

impl Value for Script {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        if text.trim().is_empty() {
            reader.mistake("bad-command", node.span(), "the command is empty");
            return None;
        }
        let script = Word(split_at_holes(&text, node.span(), reader)?);
        if let Some(hole) = quoted_hole(&script) {
            let hole = format!("{{{hole}}}");
            let range = reader.part_of(node.span(), &hole);
            let message = format!("`{hole}` stands inside quotes");
            let diagnostic = Diagnostic::new("misplaced-placeholder", reader.span(range), message)
                .help("leave the quotes out: what fills it is quoted already");
            reader.report(diagnostic);
            return None;
        }
        Some(Self(script))
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1 })
    }
}

fn read_word(word: &str, range: Range<usize>, reader: &mut Reader<'_>) -> Option<Word> {
    let pieces = split_at_holes(word, range.clone(), reader)?;
    let lone = pieces.len() == 1;
    for piece in &pieces {
        if let Piece::Hole(hole) = piece
            && hole.is_list()
            && !lone
        {
            let hole = format!("{{{hole}}}");
            let range = reader.part_of(range, &hole);
            let message = format!("`{hole}` stands for any number of arguments, and is only part of one here");
            let diagnostic = Diagnostic::new("misplaced-placeholder", reader.span(range), message)
                .help(format!("write `{hole}` as an argument of its own"));
            reader.report(diagnostic);
            return None;
        }
    }
    Some(Word(pieces))
}

/// Cuts a text at its holes. Braces around anything that is no name (`{}`, `{ print }`, `${HOME}`) are text.
fn split_at_holes(text: &str, range: Range<usize>, reader: &mut Reader<'_>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    let mut sound = true;
    while let Some(open) = rest.find('{') {
        let (before, from_brace) = rest.split_at(open);
        literal.push_str(before);
        let name = from_brace[1..]
            .split_once('}')
            .map(|(name, _)| name)
            .filter(|name| is_hole_name(name));
        let Some(name) = name.filter(|_| !before.ends_with('$')) else {
            literal.push('{');
            rest = &from_brace[1..];
            continue;
        };
        rest = &from_brace[name.len() + 2..];
        if let Some(hole) = Hole::from_word(name) {
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Hole(hole));
        } else {
            unknown_hole(name, range.clone(), reader);
            sound = false;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    sound.then_some(pieces)
}

fn is_hole_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_')
}

fn unknown_hole(name: &str, range: Range<usize>, reader: &mut Reader<'_>) {
    let words: Vec<_> = Hole::ALL.iter().map(|(_, word, _)| *word).collect();
    let help = if let Some(near) = nearest(name, words.iter().copied()) {
        format!("did you mean `{{{near}}}`?")
    } else {
        let words: Vec<_> = words.iter().map(|word| format!("{{{word}}}")).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        format!("the placeholders are {}", listed(&words))
    };
    let range = reader.part_of(range, &format!("{{{name}}}"));
    let message = format!("unknown placeholder `{{{name}}}`");
    reader.report(Diagnostic::new("unknown-placeholder", reader.span(range), message).help(help));
}

/// The first hole of a script that stands inside quotes, where a quoted value would end the quotes.
fn quoted_hole(script: &Word) -> Option<Hole> {
    let mut quote = None;
    for piece in &script.0 {
        match piece {
            Piece::Hole(hole) if quote.is_some() => return Some(*hole),
            Piece::Hole(_) => {}
            Piece::Text(text) => quote = quote_after(text, quote),
        }
    }
    None
}

/// Which quote, if any, is open after a text that began inside `quote`.
fn quote_after(text: &str, mut quote: Option<char>) -> Option<char> {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => {
                chars.next();
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    quote
}

#[cfg(test)]
mod tests {
    use super::{Command, Piece, Word, quote_after, quoted_hole};
    use crate::config::Hole;

    #[test]
    fn cargo_commands_that_build_are_recognised() {
        let check = |line: &str, builds, only_builds| {
            let words = shell_words::split(line).unwrap().into_iter().map(Word::text).collect();
            let command = Command::Argv(words);
            assert_eq!(
                (command.builds(), command.only_builds()),
                (builds, only_builds),
                "{line}"
            );
        };
        check("cargo check", true, true);
        check("cargo +nightly -q test --lib", true, true);
        check("/opt/bin/cargo clippy", true, true);
        check("cargo --color never -Z unstable-options --config a=1 test", true, true);
        check("cargo --color test fmt", false, false);
        check("cargo fmt --check", false, false);
        check("cargo-clippy clippy", true, true);
        check("cargo-machete machete", false, false);
        check("cargo machete", false, false);
        check("cargo run -p xtask", true, false);
        check("cargo package", true, false);
        check("make check", false, false);
        check("cargo", false, false);
    }

    #[test]
    fn an_open_quote_is_seen_through_escapes() {
        let check = |text, expected| assert_eq!(quote_after(text, None), expected, "{text}");
        check("echo ", None);
        check("echo \"", Some('"'));
        check("echo '", Some('\''));
        check("echo '\"' \"'\" ", None);
        check(r#"echo \" "#, None);
        check(r#"echo "\""#, Some('"'));
        check(r"echo '\'", None);
    }

    #[test]
    fn a_hole_inside_quotes_is_found() {
        let script = |before: &str, after: &str| {
            Word(vec![
                Piece::Text(before.into()),
                Piece::Hole(Hole::Files),
                Piece::Text(after.into()),
            ])
        };
        assert_eq!(quoted_hole(&script("grep -l x ", " | wc")), None);
        assert_eq!(quoted_hole(&script("grep -l x \"", "\"")), Some(Hole::Files));
    }
}
