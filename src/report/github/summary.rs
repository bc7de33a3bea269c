//! The summary of a job: what came of a run as Markdown, in a page that has a limit.

use std::io;
use std::time::Duration;

use super::markdown::{block, plain};
use crate::event::{Cached, Event, EventKind, LeftOut, Outcome, RunStats, TaskFinished};
use crate::report::duration::elapsed;
use crate::report::failure::output;
use crate::report::options::{HumanOptions, Verbosity};
use crate::report::reporter::Reporter;
use crate::report::text::{count, exact_line, one_line};
use crate::report::{findings, verdict};
use crate::tool_output::Colour;

/// Of one task, no more than this is shown.
const OF_A_TASK: usize = 64 * 1024;
/// What is said where something had no room.
const NO_ROOM: &str = "\n… and more, for which there is no room here\n";

/// Writes the summary of a run.
#[derive(Debug)]
pub struct GithubSummary {
    room: usize,
    rows: Vec<(Rank, String)>,
    details: Vec<String>,
    left_out: Vec<LeftOut>,
    end: Option<(RunStats, Duration)>,
}

/// What is shown before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Failed,
    NotDone,
    Doubtful,
    Passed,
}

impl GithubSummary {
    /// A summary of so many bytes at most.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            room,
            rows: Vec::new(),
            details: Vec::new(),
            left_out: Vec::new(),
            end: None,
        }
    }

    fn add(&mut self, finished: &TaskFinished) {
        let (rank, mark) = rank(finished);
        let time = if finished.took.is_zero() {
            String::new()
        } else {
            elapsed(finished.took)
        };
        let label = plain(&finished.task.label());
        let words = plain(&row_words(finished));
        self.rows
            .push((rank, format!("| {mark} | {label} | {time} | {words} |\n")));
        // What will have no room need not be kept.
        if finished.outcome.is_failure() && self.details.iter().map(String::len).sum::<usize>() <= self.room {
            self.details.push(details(finished));
        }
    }

    fn text(&mut self) -> String {
        let mut page = Page::new(self.room);
        page.push(&self.heading());
        if !self.rows.is_empty() {
            page.push("| | task | time | |\n|---|---|---|---|\n");
        }
        self.rows.sort_by_key(|(rank, _)| *rank);
        self.rows.iter().for_each(|(_, row)| page.push(row));
        page.push("\n");
        for left in &self.left_out {
            let (check, reason) = (plain(left.check.as_str()), plain(&left.reason));
            page.push(&format!("- {check} was left out: {reason}\n"));
        }
        page.push("\n");
        self.details.iter().for_each(|details| page.push(details));
        page.text()
    }

    fn heading(&self) -> String {
        let Some((stats, took)) = self.end else {
            return "### ❌ cargo hooks: the run has no end\n\n".to_owned();
        };
        let (mark, word) = match stats {
            RunStats { interrupted: true, .. } => ("❌", "interrupted"),
            stats if stats.is_success() => ("✅", "passed"),
            _ => ("❌", "failed"),
        };
        let counts = [
            (stats.failed, "failed"),
            (stats.tolerated, "failed and may"),
            (stats.passed, "passed"),
            (stats.cached, "of them cached"),
            (stats.flaky, "of them flaky"),
            (stats.blocked, "blocked"),
            (stats.cancelled, "cancelled"),
        ];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> = counts.map(|(number, word)| format!("{number} {word}")).collect();
        let tasks = count(stats.tasks, "task");
        let all = if counts.is_empty() {
            tasks
        } else {
            format!("{tasks}: {}", counts.join(", "))
        };
        format!("### {mark} cargo hooks: {word}\n\n{all}, in {}\n\n", elapsed(took))
    }
}

impl Reporter for GithubSummary {
    fn on_event(&mut self, event: &Event, _out: &mut dyn io::Write) -> io::Result<()> {
        match &event.kind {
            EventKind::RunStarted(started) => self.left_out.clone_from(&started.left_out),
            EventKind::TaskFinished(finished) => self.add(finished),
            EventKind::RunFinished { stats } => self.end = Some((*stats, event.at)),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.text().as_bytes())?;
        out.flush()
    }
}

fn rank(finished: &TaskFinished) -> (Rank, &'static str) {
    match finished.outcome {
        Outcome::Failed(_) | Outcome::TimedOut { .. } if finished.task.may_fail => (Rank::Doubtful, "⚠️"),
        Outcome::Failed(_) | Outcome::TimedOut { .. } => (Rank::Failed, "❌"),
        Outcome::Blocked { .. } | Outcome::Cancelled => (Rank::NotDone, "⏹️"),
        Outcome::Passed if finished.is_flaky() => (Rank::Doubtful, "⚠️"),
        Outcome::Passed => (Rank::Passed, "✅"),
    }
}

fn row_words(finished: &TaskFinished) -> String {
    let words = verdict::in_words(finished);
    match &finished.outcome {
        Outcome::Passed if finished.cached == Cached::Whole => "cached".to_owned(),
        Outcome::Blocked { .. } => format!("blocked: {words}"),
        Outcome::Cancelled => "cancelled".to_owned(),
        _ if finished.task.may_fail && finished.outcome.is_failure() => format!("{words} (may fail)"),
        _ => words,
    }
}

/// What was found and written, to be unfolded.
fn details(finished: &TaskFinished) -> String {
    let options = HumanOptions {
        colour: Colour::Strip,
        width: usize::MAX,
        verbosity: Verbosity::Normal,
    };
    let found = findings::rows(&finished.findings, findings::Extent::Whole, options);
    let mut text = format!("{found}\n{}", output(&finished.output, options));
    if text.len() > OF_A_TASK {
        text.truncate(text.floor_char_boundary(OF_A_TASK));
        text.push('…');
    }
    let (title, rerun) = (html(&finished.task.label()), exact_line(&finished.task.rerun));
    let text = text.trim_matches('\n');
    let said = if text.is_empty() {
        String::new()
    } else {
        block(text) + "\n"
    };
    let rerun = block(&rerun);
    format!("<details><summary>{title}</summary>\n\n{said}{rerun}\n</details>\n\n")
}

fn html(text: &str) -> String {
    let text = one_line(text).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// A text that takes whole parts for as long as there is room.
struct Page {
    text: String,
    room: usize,
    is_full: bool,
}

impl Page {
    fn new(room: usize) -> Self {
        Self {
            text: String::new(),
            room: room.saturating_sub(NO_ROOM.len()),
            is_full: false,
        }
    }

    fn push(&mut self, part: &str) {
        if self.text.len() + part.len() <= self.room {
            self.text.push_str(part);
        } else {
            self.is_full = true;
        }
    }

    fn text(mut self) -> String {
        if self.is_full && self.room > 0 {
            self.text.push_str(NO_ROOM);
        }
        self.text
    }
}
