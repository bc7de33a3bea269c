//! What is shown of a failed task at the end of a run: its output within bounds, or its findings. Pure.

use std::borrow::Cow;

use super::findings::{self, Extent};
use super::options::HumanOptions;
use super::style::{FAIL, WARN};
use super::text::{count, cut, exact_line, one_line, size};
use crate::event::{Failure, Outcome, Output, SavedOutput, TaskFinished};
use crate::tool_output::sanitize;

/// Lines kept from the start of an output that is too long: what went wrong first.
const HEAD: usize = 150;
/// Lines kept from its end, where tools sum up.
const TAIL: usize = 250;
/// No more lines are shown.
pub(super) const MOST_LINES: usize = HEAD + TAIL;
/// Columns kept of one line.
const MOST_COLUMNS: usize = 1000;
/// Ends whatever colour the output has left on.
const RESET: &str = "\x1b[0m";

/// The heading of a failed task and what it wrote. Nothing, where its status line has said everything.
pub(super) fn section(finished: &TaskFinished, options: HumanOptions) -> String {
    let mut body = output(&finished.output, options);
    if body.is_empty() {
        body = findings::rows(&finished.findings, Extent::Whole, options);
    }
    if body.is_empty() {
        if matches!(
            finished.outcome,
            Outcome::Failed(
                Failure::Start { .. } | Failure::Uncertain { .. } | Failure::Regenerated | Failure::Unapplied { .. }
            )
        ) {
            return String::new();
        }
        body = options.aside(options.output_indent(), "it wrote nothing");
    }
    let style = if finished.task.may_fail { WARN } else { FAIL };
    let label = one_line(&finished.task.label());
    let heading = format!("--- {} ---", cut(&label, options.columns() - 8));
    format!("{}\n{body}\n", options.paint(style, &heading))
}

/// What a task wrote: harmless, indented, and bounded unless all is asked for. Nothing, where it is blank.
pub(super) fn output(output: &Output, options: HumanOptions) -> String {
    let clean = sanitize(&output.bytes, options.colour);
    let lines: Vec<&str> = clean
        .trim_end()
        .lines()
        .skip_while(|line| line.trim().is_empty())
        .collect();
    let mut text = String::new();
    let left_out = lines.len().saturating_sub(MOST_LINES);
    let mut whole = output.dropped == 0;
    if left_out == 0 || options.is_verbose() {
        whole &= block(&mut text, &lines, options);
    } else {
        whole = false;
        block(&mut text, &lines[..HEAD], options);
        let how = if output.saved.is_some() { "" } else { "; -v shows all" };
        let note = format!("… {} left out{how}", count(left_out, "line"));
        text.push_str(&options.aside(options.output_indent(), &note));
        block(&mut text, &lines[HEAD + left_out..], options);
    }
    if output.dropped > 0 {
        let dropped = format!(
            "… {} from the middle of this output are not shown",
            size(output.dropped)
        );
        text.push_str(&options.aside(options.output_indent(), &dropped));
    }
    if let Some(saved) = output.saved.as_ref().filter(|_| !whole) {
        text.push_str(&options.aside(options.output_indent(), &where_all_is(saved)));
    }
    text
}

/// On a line of its own, so that the path can be copied.
fn where_all_is(saved: &SavedOutput) -> String {
    let path = exact_line(&saved.path.to_string_lossy());
    match saved.left_out {
        0 => format!("… all of it is in {path}"),
        bytes => format!("… all of it but {} is in {path}", size(bytes)),
    }
}

/// Lines of output. A colour may reach over several of them, but not beyond the block. Whether they are shown whole.
fn block(text: &mut String, lines: &[&str], options: HumanOptions) -> bool {
    let start = text.len();
    let mut whole = true;
    let indent = " ".repeat(options.output_indent());
    for line in lines {
        let shown = if options.is_verbose() {
            Cow::Borrowed(*line)
        } else {
            cut(line, MOST_COLUMNS)
        };
        if !shown.is_empty() {
            text.push_str(&indent);
            text.push_str(&shown);
        }
        whole &= matches!(shown, Cow::Borrowed(_));
        // The sequence that ends a colour may have been cut off with the rest of its line.
        if matches!(shown, Cow::Owned(_)) && shown.contains('\x1b') {
            text.push_str(RESET);
        }
        text.push('\n');
    }
    if text[start..].contains('\x1b') && !text.trim_end().ends_with(RESET) {
        text.pop();
        text.push_str(RESET);
        text.push('\n');
    }
    whole
}
