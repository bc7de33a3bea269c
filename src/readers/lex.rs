//! Finds the texts in a Rust source: every string literal that stands in code, and nothing from comments. Pure.
//!
//! It is no parser. It knows just enough of the language to tell where a text begins and ends, and it takes any bytes:
//! a source that is cut off or no Rust at all gives fewer texts, never a panic.

use std::borrow::Cow;

/// A string literal of any kind: plain, raw, byte or C.
pub(super) struct Literal<'s> {
    /// Where it begins: at its quote, or at the first `#` of a raw one.
    pub(super) start: usize,
    /// What follows its end.
    pub(super) end: usize,
    /// What stands between the quotes.
    inner: &'s [u8],
    raw: bool,
}

/// The literals of a source, in order.
pub(super) struct Literals<'s> {
    source: &'s [u8],
    at: usize,
}

impl<'s> Literals<'s> {
    pub(super) fn new(source: &'s [u8]) -> Self {
        Self { source, at: 0 }
    }
}

impl<'s> Iterator for Literals<'s> {
    type Item = Literal<'s>;

    fn next(&mut self) -> Option<Literal<'s>> {
        loop {
            let rest = self.source.get(self.at..)?;
            let at = self.at + memchr::memchr3(b'"', b'\'', b'/', rest)?;
            match self.source[at] {
                b'"' => {
                    let literal = literal(self.source, at);
                    self.at = literal.end;
                    return Some(literal);
                }
                b'/' => self.at = after_comment(self.source, at),
                _ => self.at = after_tick(self.source, at),
            }
        }
    }
}

/// What follows the comment that begins here, or the slash, where it begins none.
fn after_comment(source: &[u8], at: usize) -> usize {
    match source.get(at + 1) {
        Some(b'/') => memchr::memchr(b'\n', &source[at..]).map_or(source.len(), |line| at + line + 1),
        Some(b'*') => after_block_comment(source, at + 2),
        _ => at + 1,
    }
}

/// Block comments nest.
fn after_block_comment(source: &[u8], mut at: usize) -> usize {
    let mut depth = 1;
    while let Some(found) = memchr::memchr2(b'*', b'/', &source[at..]) {
        at += found;
        match (source[at], source.get(at + 1)) {
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    source.len()
}

/// What follows a character, such as `'"'`, or the tick of a lifetime.
fn after_tick(source: &[u8], at: usize) -> usize {
    /// No character is longer: `'\u{10FFFF}'`.
    const LONGEST: usize = 12;
    match source.get(at + 1) {
        Some(b'\\') => {
            let from = (at + 3).min(source.len());
            let within = &source[from..(from + LONGEST).min(source.len())];
            memchr::memchr(b'\'', within).map_or(from, |tick| from + tick + 1)
        }
        Some(first) => {
            let end = at + 1 + width(*first);
            if source.get(end) == Some(&b'\'') {
                end + 1
            } else {
                at + 1
            }
        }
        None => source.len(),
    }
}

/// How many bytes a character has in UTF-8, by its first one.
fn width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

fn literal(source: &[u8], quote: usize) -> Literal<'_> {
    let hashes = source[..quote].iter().rev().take_while(|byte| **byte == b'#').count();
    let start = quote - hashes;
    let inner = quote + 1;
    if begins_raw(&source[..start]) {
        let (text, end) = raw_end(source, inner, hashes);
        return Literal {
            start,
            end,
            inner: &source[inner..text],
            raw: true,
        };
    }
    let text = plain_end(source, inner);
    let end = (text + 1).min(source.len());
    Literal {
        start: quote,
        end,
        inner: &source[inner..text],
        raw: false,
    }
}

/// Whether the code ends with `r`, `br` or `cr` that is no end of a longer word.
fn begins_raw(code: &[u8]) -> bool {
    let Some(code) = code.strip_suffix(b"r") else {
        return false;
    };
    let code = code
        .strip_suffix(b"b")
        .or_else(|| code.strip_suffix(b"c"))
        .unwrap_or(code);
    !code.last().is_some_and(|byte| is_word(*byte))
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Where the text of a raw literal ends, and where the literal does.
fn raw_end(source: &[u8], from: usize, hashes: usize) -> (usize, usize) {
    let mut at = from;
    while let Some(found) = memchr::memchr(b'"', &source[at..]) {
        at += found;
        let closes = source[at + 1..]
            .iter()
            .take(hashes)
            .take_while(|byte| **byte == b'#')
            .count();
        if closes == hashes {
            return (at, at + 1 + hashes);
        }
        at += 1;
    }
    (source.len(), source.len())
}

fn plain_end(source: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = source.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if source[at] == b'"' {
            return at;
        }
        at += 2;
    }
    source.len()
}

impl<'s> Literal<'s> {
    /// The bytes between the quotes as they are written.
    pub(super) fn written(&self) -> &'s [u8] {
        self.inner
    }

    /// The text that is meant; nothing for what is no UTF-8.
    pub(super) fn text(&self) -> Option<Cow<'s, str>> {
        let text = std::str::from_utf8(self.inner).ok()?;
        if self.raw || memchr::memchr(b'\\', self.inner).is_none() {
            return Some(Cow::Borrowed(text));
        }
        Some(Cow::Owned(unescaped(text)))
    }
}

fn unescaped(text: &str) -> String {
    let mut meant = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        meant.push_str(before);
        let mut chars = after.chars();
        let code = match chars.next() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('0') => Some('\0'),
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
            }
            Some('u') => {
                let (digits, behind) = chars.as_str().split_once('}').unwrap_or_default();
                chars = behind.chars();
                let digits = digits.trim_start_matches('{').replace('_', "");
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
            }
            Some('\n' | '\r') => {
                chars = chars.as_str().trim_start().chars();
                None
            }
            other => other,
        };
        meant.extend(code);
        rest = chars.as_str();
    }
    meant.push_str(rest);
    meant
}
