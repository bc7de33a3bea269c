//! Finds in a Rust source what it names: files that it may read, and programs that it starts. Pure.
//!
//! A name is taken from any text in code, not only from `include_str!`: a test that opens its fixture with
//! `File::open("../fixtures/a.json")` reads it no less. Whether such a text can be a path at all is for `resolve` to say;
//! here, what surely is none is left out, and texts that make up one path are put together.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::lex::{Literal, Literals, is_word};

/// What a source names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) names: Vec<Name>,
    /// The programs that it starts, by the names of their binary targets.
    pub(super) programs: Vec<String>,
}

/// A text that may be a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// The path as it is written, with `/` between its parts.
    pub(super) path: String,
    /// From where it goes.
    pub(super) base: Base,
    /// Whether more followed that is not known, such as a pattern or a placeholder: then the path is that of a directory.
    pub(super) open: bool,
    /// Whether it stands in a module that is only compiled for tests.
    pub(super) tests: bool,
}

/// From where a path goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Base {
    /// From the source's directory, for `include!` and its like.
    Source,
    /// From the directory of a module in the source, for `#[path]`.
    Module,
    /// From the crate's directory.
    Manifest,
    /// From wherever the program runs.
    Unknown,
    /// From a place that is no part of the sources, such as `OUT_DIR`.
    Elsewhere,
}

/// Which texts may be paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// Those that look like one.
    Paths,
    /// Every single word too, as in a build script: `docs` is a directory there.
    Words,
}

/// What a source names. Duplicates are left out.
pub(super) fn scan(source: &[u8], texts: Texts) -> Scan {
    let mut scanner = Scanner {
        source,
        texts,
        found: Scan::default(),
        seen: HashSet::new(),
        chain: None,
        tests: test_modules(source),
    };
    for literal in Literals::new(source) {
        scanner.take(&literal);
    }
    scanner.finish();
    scanner.found.programs.sort_unstable();
    scanner.found.programs.dedup();
    scanner.found
}

struct Scanner<'s> {
    source: &'s [u8],
    texts: Texts,
    found: Scan,
    seen: HashSet<Name>,
    chain: Option<Chain>,
    /// Where the modules are that are only compiled for tests.
    tests: Vec<Range<usize>>,
}

/// A path that is put together from several texts.
struct Chain {
    path: String,
    base: Base,
    /// Whether it begins with the value of a variable, so that a `/` after that does not begin at the root of the system.
    variable: bool,
    /// Whether it stands in `concat!`, where texts follow each other without a `/`.
    concat: bool,
    /// Where its last text ends.
    end: usize,
}

/// Longer texts are no paths.
const LONGEST: usize = 400;
/// What stands between two texts of one path is no longer than this.
const GAP: usize = 200;

const INCLUDES: [&[u8]; 3] = [b"include_str!", b"include_bytes!", b"include!"];
const STARTERS: [&[u8]; 5] = [
    b"cargo_bin",
    b"cargo_bin!",
    b"cargo_bin_cmd!",
    b"cargo_bin_str!",
    b"get_test_bin",
];
/// What may stand before the first word of a path.
const OPENERS: [&[u8]; 3] = [b"concat!", b"env!", b"option_env!"];
/// Variables that name directories which are no part of the sources.
const ELSEWHERE: [&str; 6] = [
    "OUT_DIR",
    "CARGO_TARGET_TMPDIR",
    "CARGO_TARGET_DIR",
    "CARGO_HOME",
    "HOME",
    "TMPDIR",
];

impl Scanner<'_> {
    fn take(&mut self, literal: &Literal<'_>) {
        let before = before(self.source, literal.start);
        if self.goes_on(literal, before) {
            return;
        }
        self.finish();
        let written = literal.written();
        if written.is_empty() || written.len() > LONGEST {
            return;
        }
        let opened = before.strip_suffix(b"(").map(<[u8]>::trim_ascii_end);
        if opened.is_some_and(|before| is_one_of(before, &STARTERS)) {
            self.program(literal.text());
        } else if let Some(name) = written.strip_prefix(b"CARGO_BIN_EXE_") {
            self.program(std::str::from_utf8(name).ok().map(Cow::Borrowed));
        } else if self.texts == Texts::Words
            || may_be_path(written)
            || joins(before)
            || opened.is_some_and(|before| is_one_of(before, &OPENERS))
        {
            self.begin(literal, before);
        }
    }

    fn program(&mut self, name: Option<Cow<'_, str>>) {
        let Some(name) = name.filter(|name| !name.is_empty() && !name.contains(['{', '$', '/'])) else {
            return;
        };
        self.found.programs.push(name.into_owned());
    }

    /// Begins a path, which may end right here.
    fn begin(&mut self, literal: &Literal<'_>, before: &[u8]) {
        let Some(text) = literal.text() else { return };
        let (context, concat) = without_call(before, b"concat!");
        let end = literal.end;
        self.chain = Some(match variable(&text, before) {
            Some(base) => {
                let (outer, optional) = without_call(before, b"option_env!");
                let outer = if optional {
                    outer
                } else {
                    without_call(before, b"env!").0
                };
                let concat = without_call(outer, b"concat!").1;
                Chain {
                    path: String::new(),
                    base,
                    variable: true,
                    concat,
                    end,
                }
            }
            None => Chain {
                path: text.into_owned(),
                base: base(context),
                variable: false,
                concat,
                end,
            },
        });
    }

    /// Adds a text to the path before it, where both are one.
    fn goes_on(&mut self, literal: &Literal<'_>, before: &[u8]) -> bool {
        let Some(chain) = &self.chain else { return false };
        let gap = self.source.get(chain.end..literal.start).unwrap_or_default();
        if gap.len() > GAP || literal.written().len() > LONGEST {
            return false;
        }
        // The name of a variable stands in a call of its own.
        let next: &[u8] = if chain.variable && chain.path.is_empty() {
            b"),"
        } else {
            b","
        };
        let follows = chain.concat && trimmed(gap) == next;
        let up = if follows {
            Some(0)
        } else {
            joins(before).then(|| steps(gap)).flatten()
        };
        let (Some(up), Some(text)) = (up, literal.text()) else {
            return false;
        };
        if memchr::memchr(b';', gap).is_some() {
            // These may as well be two paths that are pushed to a list.
            let (path, base, end) = (chain.path.clone(), chain.base, chain.end);
            self.keep(&path, base, end);
            self.keep(&text, Base::Unknown, literal.end);
        }
        let Some(chain) = &mut self.chain else { return false };
        if !follows {
            chain.path.push_str(&"/..".repeat(up));
            chain.path.push('/');
        }
        chain.path.push_str(&text);
        chain.end = literal.end;
        true
    }

    /// The path is whole.
    fn finish(&mut self) {
        let Some(chain) = self.chain.take() else { return };
        let path = if chain.variable {
            chain.path.trim_start_matches('/')
        } else {
            &chain.path
        };
        self.keep(path, chain.base, chain.end);
    }

    /// Keeps a path that stands before `end`.
    fn keep(&mut self, path: &str, base: Base, end: usize) {
        if base != Base::Elsewhere
            && let Some(name) = name(path, base)
        {
            let tests = self.tests.iter().any(|module| module.contains(&end));
            let name = Name { tests, ..name };
            if self.seen.insert(name.clone()) {
                self.found.names.push(name);
            }
        }
    }
}

/// Where the modules are that are only compiled for tests: those that are written as rustfmt writes them, at the margin
/// and with nothing else there until they end, but what stands in texts. Of any other, nobody can be sure without parsing
/// it.
fn test_modules(source: &[u8]) -> Vec<Range<usize>> {
    const ATTRIBUTE: &[u8] = b"#[cfg(test)]\n";
    let begins = |at: &usize| *at == 0 || source[*at - 1] == b'\n';
    let mut attributes = memchr::memmem::find_iter(source, ATTRIBUTE).filter(begins).peekable();
    if attributes.peek().is_none() {
        return Vec::new();
    }
    let texts: Vec<Range<usize>> = Literals::new(source)
        .map(|literal| literal.start..literal.end)
        .collect();
    attributes
        .filter(|at| !is_within(&texts, *at))
        .filter_map(|at| test_module(source, at + ATTRIBUTE.len(), &texts))
        .collect()
}

fn test_module(source: &[u8], start: usize, texts: &[Range<usize>]) -> Option<Range<usize>> {
    let mut at = start;
    let mut inside = false;
    for line in source.get(start..)?.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let begin = at;
        at += line.len();
        if !inside {
            if text.starts_with(b"#[") {
                continue;
            }
            let is_module =
                text.starts_with(b"mod ") || text.starts_with(b"pub") && memchr::memmem::find(text, b" mod ").is_some();
            if !is_module || !text.ends_with(b"{") {
                return None;
            }
            inside = true;
        } else if text.is_empty() || line.starts_with(b" ") || line.starts_with(b"\t") || is_within(texts, begin) {
            // Still inside.
        } else {
            return (text == b"}").then_some(start..at);
        }
    }
    None
}

/// Whether a place lies within one of these, which are in order.
fn is_within(texts: &[Range<usize>], at: usize) -> bool {
    let next = texts.partition_point(|text| text.end <= at);
    texts.get(next).is_some_and(|text| text.start < at)
}

/// The code before a literal, without blanks and the letters that make it a byte or raw one.
fn before(source: &[u8], start: usize) -> &[u8] {
    let from = start.saturating_sub(GAP);
    let code = &source[from..start];
    for prefix in [&b"br"[..], b"cr", b"r", b"b", b"c"] {
        if let Some(shorter) = code.strip_suffix(prefix)
            && !shorter.last().is_some_and(|byte| is_word(*byte))
        {
            return shorter.trim_ascii_end();
        }
    }
    code.trim_ascii_end()
}

/// A first look: a path has a `/` or a `.`, or is one of the names that files have without.
fn may_be_path(written: &[u8]) -> bool {
    memchr::memchr2(b'/', b'.', written).is_some()
        || written.starts_with(b"CARGO_")
        || written == b"OUT_DIR"
        || written.starts_with(b"README")
        || written.starts_with(b"LICENSE")
        || written.starts_with(b"CHANGELOG")
}

/// Whether the code ends with the name of this macro or function.
fn call(code: &[u8], name: &[u8]) -> bool {
    code.strip_suffix(name)
        .is_some_and(|rest| !rest.last().is_some_and(|byte| is_word(*byte)))
}

fn is_one_of(code: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|name| call(code, name))
}

/// The code before `name(`, where it ends with that.
fn without_call<'s>(code: &'s [u8], name: &[u8]) -> (&'s [u8], bool) {
    let opened = code.trim_ascii_end().strip_suffix(b"(").map(<[u8]>::trim_ascii_end);
    match opened.and_then(|opened| opened.strip_suffix(name)) {
        Some(outer) => (outer, true),
        None => (code, false),
    }
}

/// Whether the code ends with a call that adds a part to a path.
fn joins(before: &[u8]) -> bool {
    let opened = before.strip_suffix(b"&").unwrap_or(before).strip_suffix(b"(");
    let named = opened.unwrap_or_default().trim_ascii_end();
    named.ends_with(b".join") || named.ends_with(b".push")
}

/// How many directories up the code between two parts of a path goes; nothing where they are not parts of one.
fn steps(gap: &[u8]) -> Option<usize> {
    let pushes = gap.trim_ascii_end().ends_with(b".push(");
    let allowed = |byte: &u8| match byte {
        b'(' | b')' | b'.' | b'?' | b'&' | b':' | b'!' => true,
        b';' | b',' | b'=' | b'|' => pushes,
        byte => is_word(*byte) || byte.is_ascii_whitespace(),
    };
    if !gap.iter().all(allowed) || left_open(gap) != 1 {
        return None;
    }
    let gap = trimmed(gap);
    let parents =
        memchr::memmem::find_iter(&gap, b".parent()").count() + memchr::memmem::find_iter(&gap, b".pop()").count();
    let nth = memchr::memmem::find(&gap, b".ancestors().nth(").and_then(|at| gap.get(at + 17));
    let nth = nth
        .filter(|digit| digit.is_ascii_digit())
        .map_or(0, |digit| usize::from(digit - b'0'));
    Some(parents + nth)
}

/// How many calls begin in the code and do not end in it.
fn left_open(code: &[u8]) -> usize {
    code.iter().fold(0, |open: usize, byte| match byte {
        b'(' => open + 1,
        b')' => open.saturating_sub(1),
        _ => open,
    })
}

fn trimmed(gap: &[u8]) -> Vec<u8> {
    gap.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

/// From where a path goes that begins with a variable of the environment, if this text is the name of one.
fn variable(text: &str, before: &[u8]) -> Option<Base> {
    if text == "CARGO_MANIFEST_DIR" {
        return Some(Base::Manifest);
    }
    if ELSEWHERE.contains(&text) || text.starts_with("CARGO_PKG_") {
        return Some(Base::Elsewhere);
    }
    let opened = before.strip_suffix(b"(")?.trim_ascii_end();
    is_one_of(opened, &[b"env!", b"option_env!"]).then_some(Base::Unknown)
}

/// From where a path goes, by the code before it.
fn base(context: &[u8]) -> Base {
    let context = context.trim_ascii_end();
    let opened = [b"(", b"[", b"{"]
        .iter()
        .find_map(|bracket| context.strip_suffix(*bracket));
    if let Some(opened) = opened.map(<[u8]>::trim_ascii_end) {
        if is_one_of(opened, &INCLUDES) {
            return Base::Source;
        }
        if call(opened, b"include_dir!") {
            return Base::Manifest;
        }
    }
    let assigned = context.strip_suffix(b"=").map(<[u8]>::trim_ascii_end);
    match assigned {
        Some(assigned) if call(assigned, b"folder") => Base::Manifest,
        Some(assigned) if call(assigned, b"path") => {
            let rest = assigned.strip_suffix(b"path").unwrap_or_default().trim_ascii_end();
            // `#[path = …]` or `#[cfg_attr(…, path = …)]`, and not `let path = …`.
            if rest.ends_with(b"[") || rest.ends_with(b",") {
                Base::Module
            } else {
                Base::Unknown
            }
        }
        _ => Base::Unknown,
    }
}

/// The part of a path that is known; nothing where the text is surely no path.
fn name(text: &str, base: Base) -> Option<Name> {
    let mut base = base;
    let text = text
        .strip_prefix("cargo:")
        .map_or(text, |rest| rest.trim_start_matches(':'));
    let text = text.strip_prefix("rerun-if-changed=").unwrap_or(text);
    let mut path = text
        .strip_prefix("$CARGO_MANIFEST_DIR")
        .inspect(|_| base = Base::Manifest)
        .unwrap_or(text);
    if let Some((_, rest)) = path.strip_prefix('{').and_then(|rest| rest.split_once("}/")) {
        // What `{}` stands for is seldom anything else where the path goes up from it.
        base = if rest.starts_with("..") { Base::Manifest } else { base };
        path = rest;
    } else if text.starts_with("/../") {
        // No path from the root of the system begins so: it is added to the value of a variable.
        base = Base::Manifest;
    } else if text.starts_with('/') && base != Base::Manifest {
        return None;
    }
    let path = path.trim_start_matches('/');
    let kept = known(path);
    let open = kept.len() < path.len();
    let kept = kept.trim_end_matches('/');
    let no_path = |c: char| c.is_control() || matches!(c, ':' | ';' | '<' | '>' | '"' | '|' | '\\' | '`' | '$');
    if kept.is_empty() || kept == "." || kept.contains(no_path) || kept.contains("//") {
        return None;
    }
    Some(Name {
        path: kept.to_owned(),
        base,
        open,
        tests: false,
    })
}

/// The path up to the first part that holds a pattern or a placeholder.
fn known(path: &str) -> &str {
    match path.find(['*', '?', '{']) {
        Some(at) => path[..at].rfind('/').map_or("", |slash| &path[..=slash]),
        None => path,
    }
}

#[cfg(test)]
mod tests;
