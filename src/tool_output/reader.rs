//! What each dialect does with the lines of a tool.

use std::fmt;

use crate::model::Exit;
use crate::tool_output::Stream;
use crate::tool_output::findings::Findings;

/// One whole line of a tool's output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Where it was written.
    pub(super) stream: Stream,
    /// What was written, with its newline.
    pub(super) bytes: &'a [u8],
    /// What a person sees of it: without newline, colours and control characters.
    pub(super) text: &'a str,
}

/// What becomes of a line in the output that a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is shown as it came.
    Show,
    /// It says what the tool is doing just now, and is of no use later.
    Status,
    /// It was meant for machines.
    Hide,
    /// It was meant for machines, and this is what it says to a person.
    Replace(String),
    /// As [`Verdict::Replace`], for what is not to be lost among all the rest: it is shown first.
    ReplaceAtTop(String),
}

/// Understands one dialect. It is given whole lines in the order of their arrival.
pub(super) trait Reader: fmt::Debug + Send {
    /// Takes a line.
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict;

    /// Says what the end of the tool means, in a few words, and adds what was only clear in the end.
    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String>;
}
