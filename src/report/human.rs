//! What a person reads: a line for each task as it ends, then the failures once, then the summary.
//!
//! Every event becomes text by itself; between events only what the end needs is kept.

use std::io;
use std::time::Duration;

use super::failure::output;
use super::findings::{self, Extent};
use super::options::{HumanOptions, Verbosity};
use super::reporter::Reporter;
use super::status::{Bracket, StatusLine};
use super::style::{NAME, PASS, WARN};
use super::summary::{Concluded, Conclusion, Failures};
use super::text::{count, one_line, processes};
use super::verdict::{held_by_another, retry_line, verdict_line};
use crate::event::{
    Event, EventKind, LeftOut, Outcome, RunStarted, RunStats, StopReason, TaskFinished, TaskHead, TaskRetries,
};
use crate::tool_output::Colour;

/// Tells a person of a run, much as `cargo nextest` does.
///
/// Events that need no words (such as [`EventKind::TaskSaid`]) write nothing. Who shows a live view below it should
/// let it write into memory, and interrupt the view only when there is something to show.
#[derive(Debug)]
pub struct HumanReporter {
    options: HumanOptions,
    skipped: usize,
    failures: Failures,
}

impl HumanReporter {
    /// A reporter that has seen nothing yet.
    #[must_use]
    pub fn new(options: HumanOptions) -> Self {
        Self {
            options,
            skipped: 0,
            failures: Failures::default(),
        }
    }

    /// A reporter for a place that is no terminal: no colour, and no line is cut.
    #[must_use]
    pub fn plain() -> Self {
        Self::new(HumanOptions {
            colour: Colour::Strip,
            width: usize::MAX,
            verbosity: Verbosity::Normal,
        })
    }

    fn say(&mut self, event: &Event) -> String {
        match &event.kind {
            EventKind::RunStarted(started) => self.run_started(started),
            EventKind::LeftoversEnded { processes: number } => {
                let tail = format!("{} that a killed run had left behind", processes(*number));
                self.line("Ended", WARN, &tail)
            }
            EventKind::TaskStarted { task } => self.task_started(task),
            EventKind::TaskSaid { .. } | EventKind::TaskGoesOn { .. } => String::new(),
            EventKind::TaskWaits { task, lock, waited } => self.task_waits(task, lock, *waited),
            EventKind::TaskSlow { task, running } => self.unless_quiet("SLOW", Bracket::Over(*running), task),
            EventKind::TaskRetries(retries) => self.task_retries(retries),
            EventKind::TaskFinished(finished) => self.task_finished(finished),
            EventKind::StopBegan { reason } => self.stop_began(reason),
            EventKind::RunFinished { stats } => self.run_finished(event, *stats),
        }
    }

    fn run_started(&mut self, started: &RunStarted) -> String {
        self.skipped = started.left_out.len();
        if self.options.is_quiet() {
            return String::new();
        }
        let mut text = String::new();
        if started.tasks > 0 {
            let tail = format!("{}: {}", crates_in_words(started), plan_in_words(started));
            text.push_str(&self.line("Checking", PASS, &tail));
        }
        for left_out in &started.left_out {
            text.push_str(&skipped_line(left_out, self.options));
        }
        text
    }

    fn task_started(&self, task: &TaskHead) -> String {
        if self.options.is_verbose() {
            self.unless_quiet("START", Bracket::Blank, task)
        } else {
            String::new()
        }
    }

    fn task_retries(&self, retries: &TaskRetries) -> String {
        if self.options.is_quiet() {
            return String::new();
        }
        let mut text = retry_line(retries, self.options);
        text.push_str(&findings::rows(&retries.failed.findings, Extent::Glance, self.options));
        if self.options.is_verbose() {
            text.push_str(&output(&retries.failed.output, self.options));
        }
        text
    }

    fn task_finished(&mut self, finished: &TaskFinished) -> String {
        if finished.outcome.is_failure() {
            self.failures.add(finished, self.options);
        } else if finished.is_flaky() {
            self.failures.add_flaky(finished, self.options);
        }
        // That many tasks never had their turn is one number in the summary, not as many lines.
        let never_ran = finished.outcome == Outcome::Cancelled && finished.took.is_zero();
        if self.options.is_quiet() || never_ran && !self.options.is_verbose() {
            return String::new();
        }
        let mut text = verdict_line(finished, self.options);
        if finished.outcome.is_failure() {
            text.push_str(&findings::rows(&finished.findings, Extent::Glance, self.options));
        } else if self.options.is_verbose() {
            text.push_str(&output(&finished.output, self.options));
        }
        text
    }

    fn stop_began(&self, reason: &StopReason) -> String {
        let tail = match reason {
            StopReason::FailFast { check } => format!("after the first failure: {}", one_line(check.as_str())),
            StopReason::Critical { check } => format!("after a critical failure: {}", one_line(check.as_str())),
            StopReason::Interrupted => "after an interrupt".to_owned(),
            StopReason::Outdated => "since files have changed".to_owned(),
        };
        self.line("Stopping", WARN, &tail)
    }

    fn run_finished(&mut self, event: &Event, stats: RunStats) -> String {
        let options = self.options;
        let concluded = self.conclude(event, stats);
        concluded.map_or_else(String::new, |concluded| concluded.text(options))
    }

    /// What is said at the end of a run, in its parts, unless it is nothing.
    pub(super) fn conclude(&mut self, event: &Event, stats: RunStats) -> Option<Concluded> {
        let skipped = std::mem::take(&mut self.skipped);
        let concluded = self
            .failures
            .conclude(&Conclusion { event, stats, skipped }, self.options);
        (!self.options.is_quiet() || !stats.is_success()).then_some(concluded)
    }

    fn task_waits(&self, task: &TaskHead, lock: &str, waited: Duration) -> String {
        if self.options.is_quiet() {
            return String::new();
        }
        StatusLine {
            word: "WAITS",
            style: WARN,
            time: Bracket::Over(waited),
            label: &one_line(&task.label()),
            mark: ":",
            tail: &held_by_another(lock),
        }
        .render(self.options)
    }

    fn unless_quiet(&self, word: &str, time: Bracket, task: &TaskHead) -> String {
        if self.options.is_quiet() {
            return String::new();
        }
        let style = if word == "SLOW" { WARN } else { NAME };
        StatusLine {
            word,
            style,
            time,
            label: &one_line(&task.label()),
            mark: "",
            tail: "",
        }
        .render(self.options)
    }

    /// A line about the run itself.
    fn line(&self, word: &str, style: anstyle::Style, tail: &str) -> String {
        StatusLine::of_run(word, style, tail).render(self.options)
    }
}

impl Reporter for HumanReporter {
    fn on_event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let text = self.say(event);
        if text.is_empty() {
            return Ok(());
        }
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

fn skipped_line(left_out: &LeftOut, options: HumanOptions) -> String {
    StatusLine {
        word: "SKIPPED",
        style: WARN,
        time: Bracket::Absent,
        label: &one_line(left_out.check.as_str()),
        mark: ":",
        tail: &one_line(&left_out.reason),
    }
    .render(options)
}

/// A run over files alone concerns no crate.
fn crates_in_words(started: &RunStarted) -> String {
    match started.crates {
        0 => "the workspace".to_owned(),
        crates => count(crates, "crate"),
    }
}

fn plan_in_words(started: &RunStarted) -> String {
    format!(
        "{}, {} in {} on {}",
        count(started.checks.len(), "check"),
        count(started.tasks, "task"),
        count(started.waves, "wave"),
        count(started.slots as usize, "slot"),
    )
}

#[cfg(test)]
mod tests;
