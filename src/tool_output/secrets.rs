//! What must not be told: the values of variables whose names say that they are secret.
//!
//! A run takes them out once, before anybody hears: of what a tool writes where it leaves [`ToolOutput`](super::ToolOutput),
//! and of all else where events leave the run. What reads the output of a tool reads it as it was written, so that no value of
//! a variable changes a verdict. docs/secrets.md says what is found and what is not.

mod engine;
mod event;
mod forms;
mod long_line;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use engine::Engine;
pub(super) use long_line::LongLine;

/// A name with one of these anywhere in it says that its value is secret,
const MARKS: [&str; 8] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "APIKEY",
    "PRIVATE",
];
/// and so does one of which one of these is a word.
const WORDS: [&str; 5] = ["KEY", "KEYS", "AUTH", "PASS", "PAT"];
/// A name that ends with one of these may as well say where a secret lies: if its value is a path, that is what it says.
const PLACES: [&str; 5] = ["DIR", "FILE", "HOME", "PATH", "SOCK"];
/// A name that begins so has the key of a setting of git for a value, as in `git -c KEY=VALUE`.
const KEY_OF_GIT: &str = "GIT_CONFIG_KEY_";
/// One that begins so has the value of it,
const VALUE_OF_GIT: &str = "GIT_CONFIG_VALUE_";
/// and how the names of the settings end whose values are headers.
const HEADER_OF_GIT: &[u8] = b".extraheader";
/// What stands in its place.
const HIDDEN: &str = "[hidden]";

/// The values that must not be told. It is cheap to clone.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Engine>>);

impl std::fmt::Debug for Secrets {
    /// How many there are, and nothing else.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.as_ref().map_or(0, |engine| engine.values()))
    }
}

impl Secrets {
    /// Those among these variables.
    #[must_use]
    pub fn of<'v>(variables: impl IntoIterator<Item = (&'v OsStr, &'v OsStr)>) -> Self {
        let variables: Vec<(&OsStr, &OsStr)> = variables.into_iter().collect();
        let secret = |(name, value): &&(&OsStr, &OsStr)| is_secret(&name.to_string_lossy(), value);
        let named = variables.iter().filter(secret).map(|(_, value)| value.as_bytes());
        let values: Vec<&[u8]> = named.chain(headers_of_git(&variables)).collect();
        Self(Engine::new(&values).map(Arc::new))
    }

    /// Whether there are none, so that nothing has to be looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The text without them.
    #[must_use]
    pub fn hidden<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let without = self.0.as_ref().and_then(|engine| engine.without(text));
        without.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// The same, of text.
    #[must_use]
    pub fn hidden_in<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.hidden(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // A value that is no text is found only in bytes that are none: what is put in is text, and what is taken out is
            // a whole part of one.
            Cow::Owned(without) => Cow::Owned(String::from_utf8_lossy(&without).into_owned()),
        }
    }
}

/// The headers that git is told by variables to send with each request: they say who asks. The last word of one does so alone.
fn headers_of_git<'v>(variables: &[(&'v OsStr, &'v OsStr)]) -> Vec<&'v [u8]> {
    let is_header = |number: &[u8]| {
        let key = [KEY_OF_GIT.as_bytes(), number].concat();
        let found = variables.iter().find(|(name, _)| name.as_bytes() == key);
        found.is_some_and(|(_, key)| key.as_bytes().to_ascii_lowercase().ends_with(HEADER_OF_GIT))
    };
    let mut headers = Vec::new();
    for (name, value) in variables {
        if name
            .as_bytes()
            .strip_prefix(VALUE_OF_GIT.as_bytes())
            .is_some_and(is_header)
        {
            let value = value.as_bytes();
            headers.extend([value, value.rsplit(|byte| *byte == b' ').next().unwrap_or(value)]);
        }
    }
    headers
}

/// Whether this variable has a value that must not be told.
fn is_secret(name: &str, value: &OsStr) -> bool {
    let name = name.to_uppercase();
    let says_so = MARKS.iter().any(|mark| name.contains(mark)) || name.split('_').any(|word| WORDS.contains(&word));
    let is_path = value.as_bytes().starts_with(b"/") || value.as_bytes().starts_with(b"~/");
    says_so && !name.starts_with(KEY_OF_GIT) && !(is_path && PLACES.iter().any(|place| name.ends_with(place)))
}

#[cfg(test)]
mod tests;
