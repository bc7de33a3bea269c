//! What GitHub reads of a job's log: what a person reads, and commands for the runner among it.
//!
//! The runner takes every line of a log for a command that looks like one, whoever wrote it. What others have written (tools,
//! names, messages) is only ever a part of a command with its special characters escaped, and reaches the log with commands
//! turned off where any of it could be taken for one.

use std::fmt::Write;
use std::io;

use super::human::HumanReporter;
use super::options::HumanOptions;
use super::reporter::Reporter;
use crate::event::{Event, EventKind, RunStats};

mod annotations;
mod commands;
mod markdown;
mod places;
mod summary;

pub use places::Places;
pub use summary::GithubSummary;

use annotations::Annotations;
use commands::{Command, without_commands};

/// Tells the log of a job on GitHub of a run: as a person is told, each output in a group that can be folded, and with
/// annotations of the lines that something was found in.
#[derive(Debug)]
pub struct GithubReporter {
    human: HumanReporter,
    annotations: Annotations,
}

impl GithubReporter {
    /// A reporter that has seen nothing yet.
    #[must_use]
    pub fn new(options: HumanOptions, places: Places) -> Self {
        Self {
            human: HumanReporter::new(options),
            annotations: Annotations::new(places),
        }
    }

    fn run_finished(&mut self, event: &Event, stats: RunStats) -> String {
        let annotations = std::mem::take(&mut self.annotations).text();
        let Some(concluded) = self.human.conclude(event, stats) else {
            return annotations;
        };
        let mut text = String::new();
        for section in concluded.sections {
            let group = Command::new("group").said(&section.title);
            let _ = write!(text, "{group}{}", without_commands(&section.text));
            let _ = write!(text, "{}", Command::new("endgroup").said(""));
        }
        text + &annotations + &without_commands(&concluded.summary)
    }
}

impl Reporter for GithubReporter {
    fn on_event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        if let EventKind::TaskFinished(finished) = &event.kind {
            self.annotations.add(finished);
        }
        let text = match &event.kind {
            EventKind::RunFinished { stats } => self.run_finished(event, *stats),
            _ => {
                let mut said = Vec::new();
                self.human.on_event(event, &mut said)?;
                without_commands(&String::from_utf8_lossy(&said)).into_owned()
            }
        };
        if text.is_empty() {
            return Ok(());
        }
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests;
