//! What the files that say what git ignores say. Pure.
//!
//! The patterns are matched by the crate `ignore`, which differs from git here and there. A file that is taken for ignored
//! and is not would be missing where a result is looked up: a pattern of which it is not certain that both mean the same by
//! it ignores nothing, and where it is an exception, it is one for everything.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules for a directory: its own, and those that hold where they say nothing.
#[derive(Debug)]
pub(super) struct Rules {
    outer: Option<Arc<Rules>>,
    matcher: Gitignore,
    /// How much of a path, seen from the top of the repository, leads to where the patterns begin.
    skip: usize,
}

/// The rules with those of one more file. The file lies, or is as good as if it lay, in a directory whose path from the
/// top of the repository has this length with the slash at its end.
pub(super) fn with(outer: Option<Arc<Rules>>, text: &[u8], skip: usize) -> Option<Arc<Rules>> {
    match matcher(text) {
        Some(matcher) => Some(Arc::new(Rules { outer, matcher, skip })),
        None => outer,
    }
}

/// Whether the rules ignore what has this path from the top of the repository.
pub(super) fn ignores(rules: Option<&Rules>, path: &[u8], is_dir: bool) -> bool {
    let mut next = rules;
    while let Some(rules) = next {
        let path = Path::new(OsStr::from_bytes(&path[rules.skip..]));
        match rules.matcher.matched(path, is_dir) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => next = rules.outer.as_deref(),
        }
    }
    false
}

/// Nothing where the text has no pattern.
fn matcher(text: &[u8]) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        let exception = line.starts_with(b"!");
        let added = understood(line).and_then(|line| builder.add_line(None, &line).ok().map(drop));
        if added.is_none() && exception {
            // Everything that a rule before it, or further out, ignores.
            builder.add_line(None, "!**").ok()?;
        }
    }
    builder.build().ok().filter(|matcher| !matcher.is_empty())
}

/// The line as the crate has to be given it, if it then means what git means by it.
fn understood(line: &[u8]) -> Option<Cow<'_, str>> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
    if line.starts_with('#') {
        return Some(Cow::Borrowed(""));
    }
    // Git takes blanks off the end, and the crate all white space.
    if line.trim_end_matches(' ').ends_with(char::is_whitespace) || line.contains(r"\\") || line.contains(r"\/") {
        return None;
    }
    if line.contains('\\') && line.contains(['[', '{', '}']) || !has_plain_classes(line) {
        return None;
    }
    // The crate has alternatives, and git has not.
    if line.contains(['{', '}']) {
        let literal = !line.contains('[');
        return literal.then(|| Cow::Owned(line.replace('{', r"\{").replace('}', r"\}")));
    }
    Some(Cow::Borrowed(line))
}

/// Whether all classes are letters, digits and ranges of them: others may have a name, or match a slash.
fn has_plain_classes(line: &str) -> bool {
    line.split('[').skip(1).all(|rest| {
        let Some((class, _)) = rest.split_once(']') else {
            return false;
        };
        is_plain_class(class.as_bytes())
    })
}

fn is_plain_class(class: &[u8]) -> bool {
    match class {
        [] => false,
        [from, b'-', to, rest @ ..] => {
            let plain = from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() && from <= to;
            plain && (rest.is_empty() || is_plain_class(rest))
        }
        [one, rest @ ..] => {
            (one.is_ascii_alphanumeric() || matches!(one, b'_' | b'.')) && (rest.is_empty() || is_plain_class(rest))
        }
    }
}
