//! What each dialect does with the lines of a tool.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{CrateName, Exit};
use crate::tool_output::Stream;
use crate::tool_output::crates::{Asked, Verdicts, all_but, only};
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
    /// It was meant for machines, and this is what it says to a person, about a crate where one is named.
    Replace(String, Option<CrateName>),
    /// As [`Verdict::Replace`], for what is not to be lost among all the rest: it is shown first.
    ReplaceAtTop(String),
}

/// Understands one dialect. It is given whole lines in the order of their arrival.
pub(super) trait Reader: fmt::Debug + Send {
    /// Takes a line.
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict;

    /// Takes a part of a line that is too long to be read as one. The last part ends with its newline, if it has one.
    fn read_part(&mut self, _stream: Stream, _part: &[u8], _findings: &mut Findings) {}

    /// Says what the end of the tool means, in a few words, and adds what was only clear in the end.
    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String>;

    /// How many warnings of lints there were.
    fn lint_warnings(&self) -> usize {
        0
    }

    /// Whether the tool has built all that it will, and now only runs it.
    fn has_built(&self) -> bool {
        false
    }

    /// What came of each crate that was asked for, once the tool has ended. Without more to go by, they all have passed
    /// where the tool says so, and only what is wrong is known where it does not.
    fn verdicts(&self, end: &End<'_>) -> Verdicts {
        if end.passed {
            all_but(&BTreeSet::new(), end.asked)
        } else {
            only(&end.findings.crates_with_errors(), end.asked)
        }
    }
}

/// The end of a tool, and what it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    pub(super) asked: &'a Asked,
    pub(super) exit: Exit,
    /// Whether it is content, and nothing speaks against it.
    pub(super) passed: bool,
    pub(super) findings: &'a Findings,
}
