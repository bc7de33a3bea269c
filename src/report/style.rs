//! The colours, and what the width and the verbosity mean for the layout. Pure.

use anstyle::{AnsiColor, Style};

use super::options::{HumanOptions, Verbosity};
use crate::tool_output::Colour;

/// What went well.
pub(super) const PASS: Style = AnsiColor::Green.on_default().bold();
/// What failed.
pub(super) const FAIL: Style = AnsiColor::Red.on_default().bold();
/// What deserves a look, but fails nothing by itself.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Names of tasks.
pub(super) const NAME: Style = Style::new().bold();
/// What is said about the text rather than in it.
pub(super) const ASIDE: Style = Style::new().dimmed();
/// All else.
pub(super) const PLAIN: Style = Style::new();

/// Below this width, what hangs below a line starts near the left edge.
const NARROW: usize = 80;
/// Nothing can be laid out in less; what does not fit, the terminal wraps.
const LEAST_WIDTH: usize = 24;
/// No line of ours is longer, even where there is no terminal: a name or a message may have any length.
const MOST_WIDTH: usize = 1000;

impl HumanOptions {
    /// The text in this style, if there is to be any.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        match self.colour {
            Colour::Keep => format!("{style}{text}{style:#}"),
            Colour::Strip => text.to_owned(),
        }
    }

    /// A line that is said about the text rather than in it.
    pub(super) fn aside(self, indent: usize, text: &str) -> String {
        format!("{:indent$}{}\n", "", self.paint(ASIDE, text))
    }

    /// The columns that there are.
    pub(super) fn columns(self) -> usize {
        self.width.clamp(LEAST_WIDTH, MOST_WIDTH)
    }

    /// Whether the columns are needed for words rather than for alignment.
    pub(super) fn is_narrow(self) -> bool {
        self.columns() < NARROW
    }

    /// Where lines start that tell more about a status line: below its label, if there is the room.
    pub(super) fn detail_indent(self) -> usize {
        if self.is_narrow() { 2 } else { 13 }
    }

    /// Where the output of tools starts.
    ///
    /// It is never at the left edge, so that nothing a tool writes can pass for a heading of ours.
    pub(super) fn output_indent(self) -> usize {
        if self.is_narrow() { 2 } else { 4 }
    }

    /// Whether everything is shown.
    pub(super) fn is_verbose(self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether only what went wrong is shown.
    pub(super) fn is_quiet(self) -> bool {
        self.verbosity == Verbosity::Quiet
    }
}
