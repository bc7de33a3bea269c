//! Words that are laid out on as many lines as they take. Pure.

use anstyle::Style;

use super::options::HumanOptions;
use super::style::PLAIN;
use super::text::{columns, cut};

/// A piece of text that is not broken.
pub(super) struct Word {
    /// How it is painted.
    pub(super) style: Style,
    /// What it says.
    pub(super) text: String,
    /// The punctuation that follows, which is not painted.
    pub(super) after: &'static str,
}

impl Word {
    /// A word on which nothing follows.
    pub(super) fn new(style: Style, text: impl Into<String>) -> Self {
        Self {
            style,
            text: text.into(),
            after: "",
        }
    }
}

/// The words of a text, all in one style.
pub(super) fn words(style: Style, text: &str) -> Vec<Word> {
    text.split_ascii_whitespace()
        .map(|text| Word::new(style, text))
        .collect()
}

/// Adds words to what a line holds already, with a space between them, and goes on below this column where they do
/// not fit. Only a word that fills a whole line is cut.
pub(super) fn flow(line: &mut String, words: &[Word], hang: usize, options: HumanOptions) {
    let mut used = columns(line);
    let mut space = 0;
    for word in words {
        let text = cut(&word.text, options.columns() - hang - word.after.len());
        let width = columns(&text) + word.after.len();
        if used + space + width > options.columns() && used > hang {
            line.truncate(line.trim_end().len());
            line.push('\n');
            used = hang;
            line.push_str(&" ".repeat(hang));
        } else {
            used += space;
            line.push_str(&" ".repeat(space));
        }
        if word.style == PLAIN {
            line.push_str(&text);
        } else {
            line.push_str(&options.paint(word.style, &text));
        }
        line.push_str(word.after);
        used += width;
        space = 1;
    }
}
