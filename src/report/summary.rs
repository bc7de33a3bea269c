//! The last thing on the screen: how many tasks came to which end, and how to run again what failed. Pure.

use std::collections::BTreeMap;

use super::failure::section;
use super::flow::Word;
use super::options::HumanOptions;
use super::status::{Bracket, StatusLine};
use super::style::{FAIL, PASS, PLAIN, WARN};
use super::text::{count, exact_line, one_line};
use super::verdict::{in_words, verdict_line};
use crate::event::{Event, RunStats, TaskFinished};
use crate::model::TaskId;

/// Where more failures than this are listed, how the tasks ended is said below them again: that is where a person looks, and
/// what stands above them may have left the screen.
const FEW_FAILURES: usize = 8;
/// Failed tasks that are shown in full at the end. Each has had its line when it failed.
const MOST_FAILURES: usize = 20;

/// The failures of a run so far, already as text: those that count first, each kind in the order of the plan.
///
/// Only as many are kept as will be shown, so that memory stays bounded however much fails.
#[derive(Debug, Default)]
pub(super) struct Failures {
    kept: BTreeMap<(Kind, TaskId), Failed>,
    more: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Counts,
    MayFail,
    Flaky,
}

#[derive(Debug)]
struct Failed {
    section: Section,
    lines: String,
}

impl Failures {
    /// Remembers a failure.
    pub(super) fn add(&mut self, finished: &TaskFinished, options: HumanOptions) {
        let kind = if finished.task.may_fail {
            Kind::MayFail
        } else {
            Kind::Counts
        };
        let failed = Failed {
            section: Section {
                title: format!("{}: {}", one_line(&finished.task.label()), in_words(finished)),
                text: section(finished, options),
            },
            lines: lines(finished, options),
        };
        self.keep((kind, finished.task.id), failed, options);
    }

    /// Remembers a pass that came only after a failure. Its own output says nothing of that.
    pub(super) fn add_flaky(&mut self, finished: &TaskFinished, options: HumanOptions) {
        let flaky = Failed {
            section: Section::default(),
            lines: lines(finished, options),
        };
        self.keep((Kind::Flaky, finished.task.id), flaky, options);
    }

    fn keep(&mut self, place: (Kind, TaskId), failed: Failed, options: HumanOptions) {
        self.kept.insert(place, failed);
        if self.kept.len() > MOST_FAILURES && !options.is_verbose() {
            self.kept.pop_last();
            self.more += 1;
        }
    }

    /// All that is said at the end, and everything is forgotten.
    pub(super) fn conclude(&mut self, end: &Conclusion, options: HumanOptions) -> Concluded {
        let failures = std::mem::take(self);
        let mut text = "------------\n".to_owned();
        let summary = summary_line(end, options);
        text.push_str(&summary);
        let is_long = failures.kept.len() > FEW_FAILURES;
        let mut sections = Vec::new();
        for failed in failures.kept.into_values() {
            text.push_str(&failed.lines);
            sections.push(failed.section);
        }
        sections.retain(|section| !section.text.is_empty());
        if failures.more > 0 {
            let more = format!("… and {}; -v shows all", count(failures.more, "more failure"));
            text.push_str(&options.aside(options.detail_indent(), &more));
        }
        if is_long {
            text.push_str(&summary);
        }
        Concluded {
            sections,
            summary: text,
        }
    }
}

/// What is said at the end.
#[derive(Debug)]
pub(super) struct Concluded {
    /// What was found in each task that failed.
    pub(super) sections: Vec<Section>,
    /// How the tasks ended, and the commands that run again what failed.
    pub(super) summary: String,
}

impl Concluded {
    /// All of it as one text.
    pub(super) fn text(self, options: HumanOptions) -> String {
        let sections: String = self.sections.into_iter().map(|section| section.text).collect();
        let apart = if sections.is_empty() || options.is_quiet() {
            ""
        } else {
            "\n"
        };
        format!("{apart}{sections}{}", self.summary)
    }
}

/// What was found in a task that failed.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The task and what came of it, on one line.
    pub(super) title: String,
    /// Its heading and its output.
    pub(super) text: String,
}

/// What the summary line tells.
pub(super) struct Conclusion<'a> {
    /// The event that ended the run.
    pub(super) event: &'a Event,
    /// How many tasks came to which end.
    pub(super) stats: RunStats,
    /// How many checks were asked for and did not run.
    pub(super) skipped: usize,
}

fn lines(finished: &TaskFinished, options: HumanOptions) -> String {
    let indent = " ".repeat(options.detail_indent());
    // These are never cut or broken: they are there to be copied.
    let command = |name: &str, command: &str| format!("{indent}{name:6} {}\n", exact_line(command));
    let mut text = verdict_line(finished, options);
    text.push_str(&command("rerun:", &finished.task.rerun));
    text.extend(finished.task.fix.as_deref().map(|fix| command("fix:", fix)));
    text
}

fn summary_line(end: &Conclusion, options: HumanOptions) -> String {
    let style = if end.stats.is_success() { PASS } else { FAIL };
    let line = StatusLine {
        word: "Summary",
        style,
        time: Bracket::Took(end.event.at),
        label: "",
        mark: "",
        tail: "",
    };
    line.render_words(words(end), options)
}

/// Every count is one word, so that no line is broken within it.
fn words(end: &Conclusion) -> Vec<Word> {
    let stats = &end.stats;
    let counts = [
        (stats.passed, "passed", PASS),
        (stats.cached, "of them cached", PASS),
        (stats.flaky, "of them flaky", WARN),
        (stats.failed, "failed", FAIL),
        (stats.tolerated, "failed (may fail)", WARN),
        (stats.quarantined, "of them quarantined", WARN),
        (stats.blocked, "blocked", WARN),
        (stats.cancelled, "cancelled", WARN),
        (end.skipped, "skipped", WARN),
    ];
    let mut words = Vec::new();
    if stats.interrupted {
        words.push(Word {
            after: ";",
            ..Word::new(FAIL, "interrupted")
        });
    }
    let (all, mark) = match stats.tasks {
        0 => ("nothing to do".to_owned(), ","),
        tasks => (count(tasks, "task"), ":"),
    };
    words.push(Word {
        after: mark,
        ..Word::new(PLAIN, all)
    });
    for (number, what, style) in counts.into_iter().filter(|(number, ..)| *number > 0) {
        words.push(Word {
            after: ",",
            ..Word::new(style, format!("{number} {what}"))
        });
    }
    if let Some(last) = words.last_mut() {
        last.after = "";
    }
    words
}
