//! The commands of GitHub's runner, and how text is kept from being one. Pure.

use std::borrow::Cow;
use std::fmt;

use crate::tool_output::{Colour, sanitize};

/// A command: one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Command {
    name: &'static str,
    properties: Vec<(&'static str, String)>,
    said: String,
}

impl Command {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            properties: Vec::new(),
            said: String::new(),
        }
    }

    /// With a property, if it has a value.
    pub(super) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.properties.extend(value.map(|value| (name, value)));
        self
    }

    /// With this text.
    pub(super) fn said(mut self, text: &str) -> Self {
        text.clone_into(&mut self.said);
        self
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "::{}", self.name)?;
        let mut before = ' ';
        for (name, value) in &self.properties {
            write!(
                f,
                "{before}{name}={}",
                escaped(value).replace(':', "%3A").replace(',', "%2C")
            )?;
            before = ',';
        }
        writeln!(f, "::{}", escaped(&self.said))
    }
}

fn escaped(text: &str) -> String {
    let clean = sanitize(text.as_bytes(), Colour::Strip);
    clean.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The text such that the runner finds no command in it: as it is where there can be none, else with commands turned off
/// until a word comes that does not stand in it.
pub(super) fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.lines().any(may_be_command) {
        return Cow::Borrowed(text);
    }
    let lower = text.to_lowercase();
    // A text cannot hold as many of them as it has bytes.
    let token = (0..=text.len())
        .map(|number| format!("cargo-hooks-{number}"))
        .find(|token| !lower.contains(token))
        .unwrap_or_default();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("::stop-commands::{token}\n{text}{end}::{token}::\n"))
}

/// Whether the runner could take a line for a command: `::` at its beginning, or `##[` anywhere. What it compares with ignores
/// what cannot be seen, and so does this; too many are suspected, and none too few.
fn may_be_command(line: &str) -> bool {
    let seen: String = sanitize(line.as_bytes(), Colour::Strip)
        .chars()
        .filter(char::is_ascii_graphic)
        .collect();
    seen.starts_with("::") || seen.contains("##[")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixtures::any_text;

    #[test]
    fn what_is_special_is_escaped() {
        let command = Command::new("error")
            .with("file", Some("a,b:c%.rs".to_owned()))
            .with("line", None)
            .with("title", Some("x\ny".to_owned()))
            .said("100% ::warning::no\r\nsecond, line");
        assert_eq!(
            command.to_string(),
            "::error file=a%2Cb%3Ac%25.rs,title=x%0Ay::100%25 ::warning::no%0Asecond, line\n"
        );
    }

    #[test]
    fn only_what_could_be_a_command_is_kept_from_it() {
        for harmless in ["", "a::b::c\n", "  error: x::y\n", "# [derive]\n", "fine\n\n"] {
            assert_eq!(without_commands(harmless), harmless);
        }
        for hostile in [
            "::set-output name=x::y",
            "  \t::error::x\n",
            "\u{200b}::error::x\n",
            ":\u{ad}:error::x\n",
            "\x1b[31m::error::x\x1b[0m\n",
            "a ##[add-mask]x\n",
            "fine\n::stop-commands::cargo-hooks-0\n::CARGO-hooks-1::\n",
        ] {
            let text = without_commands(hostile);
            let first = text.lines().next().unwrap();
            let token = first.strip_prefix("::stop-commands::").unwrap();
            assert!(text.ends_with(&format!("\n::{token}::\n")), "{text}");
            assert!(!hostile.to_lowercase().contains(token), "{text}");
            assert!(text.contains(hostile));
        }
    }

    proptest! {
        /// A command is one line, and what it says can be read from it.
        #[test]
        fn a_command_stays_one(text in any_text(), value in any_text()) {
            let command = Command::new("error").with("title", Some(value)).said(&text).to_string();
            prop_assert_eq!(command.lines().count(), 1);
            let (head, said) = command["::".len()..].split_once("::").unwrap();
            prop_assert!(head.starts_with("error title=") && !head.contains([',', ':']));
            let read = said.trim_end_matches('\n').replace("%0A", "\n").replace("%25", "%");
            let clean = sanitize(text.as_bytes(), Colour::Strip);
            prop_assert_eq!(read.trim_end(), clean.trim_end());
        }
    }
}
