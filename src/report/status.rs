//! The line that says one thing about one task: a word, a time, a name, and what there is to tell. Pure.

use std::time::Duration;

use anstyle::Style;

use super::duration::elapsed;
use super::flow::{Word, flow, words};
use super::options::HumanOptions;
use super::style::{NAME, PLAIN};
use super::text::{columns, cut};

/// The column up to which the word reaches.
const WORD_COLUMNS: usize = 12;
/// The columns within the brackets.
const TIME_COLUMNS: usize = 9;
/// Names and messages are short, or they are cut here.
const MOST_TEXT: usize = 400;

/// One status line. All its text is harmless already.
pub(super) struct StatusLine<'a> {
    /// What happened, in one word.
    pub(super) word: &'a str,
    /// How that word is painted.
    pub(super) style: Style,
    /// The time in brackets.
    pub(super) time: Bracket,
    /// Whom it is about.
    pub(super) label: &'a str,
    /// The punctuation between the label and what there is to tell.
    pub(super) mark: &'static str,
    /// What there is to tell. Only what is absurdly long is cut.
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

impl<'a> StatusLine<'a> {
    /// A line about no task.
    pub(super) fn of_run(word: &'a str, style: Style, tail: &'a str) -> Self {
        Self {
            word,
            style,
            time: Bracket::Absent,
            label: "",
            mark: "",
            tail,
        }
    }
}

impl StatusLine<'_> {
    /// The line, or the few lines that it takes at this width, with the last newline.
    pub(super) fn render(&self, options: HumanOptions) -> String {
        self.render_words(words(PLAIN, &cut(self.tail, MOST_TEXT)), options)
    }

    /// As [`Self::render`], with these words in place of the tail.
    pub(super) fn render_words(&self, tail: Vec<Word>, options: HumanOptions) -> String {
        let padding = WORD_COLUMNS.saturating_sub(columns(self.word));
        let mut line = format!("{:padding$}{} ", "", options.paint(self.style, self.word));
        line.push_str(&self.time.render());
        let mut all = words(NAME, &cut(self.label, MOST_TEXT));
        if let Some(last) = all.last_mut() {
            last.after = self.mark;
        }
        all.extend(tail);
        flow(&mut line, &all, WORD_COLUMNS + 1, options);
        line.push('\n');
        line
    }
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
