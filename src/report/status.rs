//! The line that says one thing about one task: a word, a time, a name, and what there is to tell. Pure.

use std::time::Duration;

use anstyle::Style;

use super::duration::elapsed;
use super::human::HumanOptions;
use super::style::{NAME, PLAIN};
use super::text::{columns, cut};

/// The column up to which the word reaches.
const WORD_COLUMNS: usize = 12;
/// The columns within the brackets.
const TIME_COLUMNS: usize = 9;
/// However narrow the terminal, this much of a name is shown.
const LEAST_LABEL: usize = 10;
/// What a tool tells in a status line is short, or it is cut here.
const MOST_TAIL: usize = 400;

/// One status line.
pub(super) struct StatusLine<'a> {
    /// What happened, in one word.
    pub(super) word: &'a str,
    /// How that word is painted.
    pub(super) style: Style,
    /// The time in brackets.
    pub(super) time: Bracket,
    /// Whom it is about. Too long, it is cut. Already harmless.
    pub(super) label: &'a str,
    /// What there is to tell, from the punctuation behind the label on. It is broken between words; only what
    /// is absurdly long is cut. Already harmless.
    pub(super) tail: &'a str,
}

/// The time in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// There are no brackets.
    Absent,
    /// They are empty: it never ran.
    Blank,
    /// So long did it take.
    Took(Duration),
    /// It has taken this long already.
    Over(Duration),
}

impl StatusLine<'_> {
    /// The line, or the few lines that it takes at this width, with the last newline.
    pub(super) fn render(&self, options: HumanOptions) -> String {
        let tail = cut(self.tail, MOST_TAIL);
        let words: Vec<Word> = tail
            .split(' ')
            .map(|text| Word {
                style: PLAIN,
                text: text.to_owned(),
            })
            .collect();
        self.render_words(&words, options)
    }

    /// As [`Self::render`], with these words in place of the tail. The first follows the label without a space.
    pub(super) fn render_words(&self, words: &[Word], options: HumanOptions) -> String {
        let mut line = format!("{}{} ", " ".repeat(WORD_COLUMNS.saturating_sub(columns(self.word))), {
            options.paint(self.style, self.word)
        });
        line.push_str(&self.time.render());
        let before = columns(&line);
        let label = cut(
            self.label,
            options.columns().saturating_sub(before + 1).max(LEAST_LABEL),
        );
        if !label.is_empty() {
            line.push_str(&options.paint(NAME, &label));
        }
        flow(&mut line, before + columns(&label), words, options);
        line.push('\n');
        line
    }
}

/// A piece of a line that is not broken.
pub(super) struct Word {
    /// How it is painted.
    pub(super) style: Style,
    /// What it says.
    pub(super) text: String,
}

impl Bracket {
    /// The brackets and the space behind them, or nothing.
    fn render(self) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Blank => format!("[{:TIME_COLUMNS$}] ", ""),
            Self::Took(took) => format!("[{:>TIME_COLUMNS$}] ", elapsed(took)),
            Self::Over(took) => format!("[>{:>1$}] ", elapsed(took), TIME_COLUMNS - 1),
        }
    }
}

/// Adds words to a line that has already used some columns, and goes on below its label where they do not fit.
fn flow(line: &mut String, used: usize, words: &[Word], options: HumanOptions) {
    let hang = WORD_COLUMNS + 1;
    let mut used = used;
    for (index, word) in words.iter().enumerate() {
        let text = cut(&word.text, options.columns() - hang);
        let width = columns(&text);
        if index > 0 && used + 1 + width > options.columns() {
            line.push('\n');
            line.push_str(&" ".repeat(hang));
            used = hang;
        } else if index > 0 {
            line.push(' ');
            used += 1;
        }
        if word.style == PLAIN {
            line.push_str(&text);
        } else {
            line.push_str(&options.paint(word.style, &text));
        }
        used += width;
    }
}
