//! Text as a part of Markdown. Pure.

use crate::report::text::one_line;
use crate::tool_output::{Colour, sanitize};

/// Text on one line that means itself: no emphasis, no link, no HTML, no end of a cell.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A block of code that nothing in it can end.
pub(super) fn block(text: &str) -> String {
    let clean = sanitize(text.as_bytes(), Colour::Strip);
    let longest = clean.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", clean.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself() {
        assert_eq!(plain("a|b <img> *x*\n@me"), r"a\|b \<img\> \*x\* \@me");
        assert_eq!(block("a\n```\nb\n"), "````text\na\n```\nb\n````\n");
        assert_eq!(block("````"), "`````text\n````\n`````\n");
        assert_eq!(block("\x1b[31mred"), "```text\nred\n```\n");
    }
}
