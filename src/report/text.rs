//! Untrusted text as it is laid out: on one line, in so many columns. Pure.

use std::borrow::Cow;
use std::fmt::Display;

use unicode_width::UnicodeWidthChar;

use crate::tool_output::{Colour, sanitize};

/// The text without anything that could move the cursor, break the line or colour it.
///
/// Names, reasons and messages go through this, so that one of them can never look like a line of ours.
pub(super) fn one_line(text: &str) -> String {
    sanitize(text.as_bytes(), Colour::Strip)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// As [`one_line`], but spaces stay as they are: commands and paths must still work when they are pasted.
pub(super) fn exact_line(text: &str) -> String {
    sanitize(text.as_bytes(), Colour::Strip).replace(['\n', '\t'], " ")
}

/// A number and its noun: `1 task`, `2 tasks`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `1 process`, `2 processes`.
pub(super) fn processes(number: usize) -> String {
    format!("{number} process{}", if number == 1 { "" } else { "es" })
}

/// A number of bytes as a person says it: `812 bytes`, `12.3 KiB`.
pub(super) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let whole = bytes / unit;
        let tenth = bytes % unit * 10 / unit;
        format!("{whole}.{tenth}")
    };
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", tenths(1024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

/// The first few of a list in words, and how many more there are: `a`, `a and b`, `a, b, c and 7 more`.
pub(super) fn enumerate<T: Display>(items: &[T], most: usize) -> String {
    let mut words: Vec<String> = items.iter().take(most).map(T::to_string).collect();
    if items.len() > most {
        words.push(format!("{} more", items.len() - most));
    }
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// How many columns the text takes on a terminal. Colour sequences take none.
pub(super) fn columns(text: &str) -> usize {
    visible(text).map(|(_, width)| width).sum()
}

/// The text in at most so many columns (at least one), with `…` for what did not fit.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let mut used = 0;
    let mut kept = 0;
    for (end, width) in visible(text) {
        used += width;
        if used > most {
            return Cow::Owned(format!("{}…", &text[..kept]));
        }
        if used < most {
            kept = end;
        }
    }
    Cow::Borrowed(text)
}

/// As [`cut`], but it is the end that is kept: of a path, that is where the file and the line are.
pub(super) fn cut_front(text: &str, most: usize) -> Cow<'_, str> {
    let mut over = columns(text).saturating_sub(most);
    if over == 0 {
        return Cow::Borrowed(text);
    }
    // One column more has to go, for the mark.
    over += 1;
    let mut gone = 0;
    let from = visible(text).find_map(|(end, width)| {
        gone += width;
        (gone >= over).then_some(end)
    });
    Cow::Owned(format!("…{}", &text[from.unwrap_or(text.len())..]))
}

/// Each character that is not inside a colour sequence, as the byte after it and the columns it takes.
fn visible(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut in_sequence = false;
    text.char_indices().filter_map(move |(at, c)| {
        if in_sequence || c == '\x1b' {
            in_sequence = c != 'm';
            return None;
        }
        Some((at + c.len_utf8(), c.width().unwrap_or(0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_what_is_seen() {
        let cases = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("", 1, ""),
            ("漢字", 4, "漢字"),
            ("漢字", 3, "漢…"),
            ("\x1b[31mab\x1b[0m", 2, "\x1b[31mab\x1b[0m"),
            ("\x1b[31mabc\x1b[0m", 2, "\x1b[31ma…"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ];
        for (text, most, expected) in cases {
            let cut = cut(text, most);
            assert_eq!(cut, expected);
            assert!(columns(&cut) <= most);
        }
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        let cases = [
            ("abc", 3, "abc"),
            ("abcd", 3, "…cd"),
            ("漢字x", 4, "…字x"),
            ("漢字x", 3, "…x"),
            ("ab", 1, "…"),
        ];
        for (text, most, expected) in cases {
            assert_eq!(cut_front(text, most), expected);
        }
    }

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(one_line("a\nb\t\x1b[31mc\x1b[2J\r\u{202e}d"), "a b c \\u{202e}d");
        assert_eq!(exact_line("cargo  hooks\n-p 'a  b'"), "cargo  hooks -p 'a  b'");
    }

    #[test]
    fn lists_and_sizes_in_words() {
        assert_eq!(enumerate::<&str>(&[], 3), "");
        assert_eq!(enumerate(&["a"], 3), "a");
        assert_eq!(enumerate(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(enumerate(&["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
        assert_eq!(size(812), "812 bytes");
        assert_eq!(size(12_700), "12.4 KiB");
        assert_eq!(size(3 << 20), "3.0 MiB");
    }
}
