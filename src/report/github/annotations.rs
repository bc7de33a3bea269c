//! Which lines are annotated, since GitHub shows but a few. Pure.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::commands::Command;
use super::places::Places;
use crate::event::TaskFinished;
use crate::model::{Finding, Severity};
use crate::report::text::{count, one_line};
use crate::report::verdict;

/// GitHub shows so many of each kind for a step.
const SHOWN: usize = 10;
/// So many of a task are looked at. No more would be shown.
const OF_A_TASK: usize = 2 * SHOWN;

/// What there is to annotate.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    places: Places,
    errors: Kind,
    warnings: Kind,
}

/// The annotations of one kind, each once, with their ranks: the first of every task before the second of any.
#[derive(Debug, Default)]
struct Kind {
    ranked: BTreeSet<(usize, usize, Command)>,
    known: BTreeSet<Command>,
    more: usize,
}

impl Kind {
    fn add(&mut self, rank: usize, command: Command) {
        if self.known.insert(command.clone()) {
            self.ranked.insert((rank, self.known.len(), command));
        }
    }

    fn text(self, noun: &str) -> String {
        let number = self.ranked.len() + self.more;
        let shown = self.ranked.into_iter().take(SHOWN);
        let mut text: String = shown.map(|(_, _, command)| command.to_string()).collect();
        if number > SHOWN {
            let more = count(number - SHOWN, &format!("more {noun}"));
            let _ = writeln!(text, "… and {more}, of which GitHub shows no annotation");
        }
        text
    }
}

impl Annotations {
    pub(super) fn new(places: Places) -> Self {
        Self {
            places,
            ..Self::default()
        }
    }

    /// Takes what was found in a task. One that failed without having found anything is annotated itself.
    pub(super) fn add(&mut self, finished: &TaskFinished) {
        let fails = finished.outcome.is_failure() && !finished.task.may_fail;
        let is_error = |finding: &&Finding| fails && finding.severity == Severity::Error;
        let errors: Vec<&Finding> = finished.findings.iter().filter(is_error).collect();
        if errors.is_empty() && (finished.outcome.is_failure() || finished.is_flaky()) {
            let (name, kind) = if fails {
                ("error", &mut self.errors)
            } else {
                ("warning", &mut self.warnings)
            };
            let title = Some(one_line(&finished.task.label()));
            kind.add(
                0,
                Command::new(name)
                    .with("title", title)
                    .said(&verdict::in_words(finished)),
            );
        }
        self.errors.more += errors.len().saturating_sub(OF_A_TASK);
        for (rank, finding) in errors.into_iter().take(OF_A_TASK).enumerate() {
            self.errors
                .add(rank, annotation("error", finished, finding, &self.places));
        }
        let warnings = || finished.findings.iter().filter(|finding| !is_error(finding));
        self.warnings.more += warnings().count().saturating_sub(OF_A_TASK);
        for (rank, finding) in warnings().take(OF_A_TASK).enumerate() {
            self.warnings
                .add(rank + 1, annotation("warning", finished, finding, &self.places));
        }
    }

    /// The commands, and how many more there would be.
    pub(super) fn text(self) -> String {
        self.errors.text("error") + &self.warnings.text("warning")
    }
}

fn annotation(name: &'static str, finished: &TaskFinished, finding: &Finding, places: &Places) -> Command {
    let place = finding.place.as_ref();
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let check = one_line(finished.task.check.as_str());
    let title = match &finding.code {
        Some(code) => format!("{check}: {}", one_line(code)),
        None => check,
    };
    Command::new(name)
        .with("file", place.map(|place| places.name(&place.file)))
        .with("line", number(place.and_then(|place| place.line)))
        .with("col", number(place.and_then(|place| place.column)))
        .with("title", Some(title))
        .said(&one_line(&finding.message))
}
