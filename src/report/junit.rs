//! What CI systems read of a run: a report in the format of JUnit, as Jenkins has defined it.
//!
//! A suite is a check. Its cases are what the check looked at, crate by crate where it said what came of each, and the
//! tests that failed. The report is one document, so that all of it is written at the end, also of a run that was killed.
//!
//! Nothing that did not pass may look like a pass: what had no turn is skipped and says why, and a task of which no end
//! is known is an error.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use quick_junit::{Report, TestCase, TestSuite};

use super::reporter::Reporter;
use crate::event::{Cached, Event, EventKind, RunStarted, TaskFinished, TaskHead};
use crate::model::{CheckName, TaskId};

mod cases;

use cases::{cases, in_error, left_out, unfinished, xml_text};

/// Writes the report of a run.
#[derive(Debug)]
pub struct JunitReporter {
    began: Duration,
    at: Duration,
    suites: Vec<Suite>,
    running: BTreeMap<TaskId, (Duration, Arc<TaskHead>)>,
    tries: BTreeMap<TaskId, Vec<TaskFinished>>,
    end: End,
}

/// What is known of the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It has not begun.
    Nothing,
    /// None is: it was killed, say.
    Unknown,
    /// Somebody stopped it.
    Interrupted,
    /// It came to its end.
    Reached,
}

/// A check.
#[derive(Debug)]
struct Suite {
    check: CheckName,
    began: Option<Duration>,
    took: Duration,
    cached: Vec<String>,
    cases: Vec<TestCase>,
}

impl JunitReporter {
    /// For a run that began so long after the beginning of 1970.
    #[must_use]
    pub fn new(began: Duration) -> Self {
        Self {
            began,
            at: Duration::ZERO,
            suites: Vec::new(),
            running: BTreeMap::new(),
            tries: BTreeMap::new(),
            end: End::Nothing,
        }
    }

    fn run_started(&mut self, started: &RunStarted) {
        self.end = End::Unknown;
        for check in &started.checks {
            self.suite(check);
        }
        for left in &started.left_out {
            self.suite(&left.check).cases.push(left_out(left));
        }
    }

    fn task_finished(&mut self, finished: &TaskFinished) {
        let id = finished.task.id;
        let tries = self.tries.remove(&id).unwrap_or_default();
        let began = self.running.remove(&id).map_or(self.at, |(began, _)| began);
        let suite = self.suite(&finished.task.check);
        suite.began = suite.began.or(Some(began));
        suite.took += finished.took + tries.iter().map(|failed| failed.took).sum();
        suite.cached.extend(cached(finished));
        suite.cases.extend(cases(finished, &tries));
    }

    /// The suite of a check, which a damaged record may not have announced.
    fn suite(&mut self, check: &CheckName) -> &mut Suite {
        let known = self.suites.iter().position(|suite| suite.check == *check);
        let place = known.unwrap_or_else(|| {
            self.suites.push(Suite {
                check: check.clone(),
                began: None,
                took: Duration::ZERO,
                cached: Vec::new(),
                cases: Vec::new(),
            });
            self.suites.len() - 1
        });
        &mut self.suites[place]
    }

    fn report(&mut self) -> Report {
        for (began, task) in std::mem::take(&mut self.running).into_values() {
            let suite = self.suite(&task.check);
            suite.began = suite.began.or(Some(began));
            suite.cases.push(unfinished(&task));
        }
        let mut report = Report::new("cargo-hooks");
        report.set_time(self.at);
        for suite in std::mem::take(&mut self.suites) {
            report.add_test_suite(self.test_suite(suite));
        }
        if let Some(case) = run_without_end(self.end) {
            let mut suite = TestSuite::new("cargo-hooks");
            suite.add_test_case(case);
            report.add_test_suite(suite);
        }
        report
    }

    fn test_suite(&self, suite: Suite) -> TestSuite {
        let mut made = TestSuite::new(xml_text(suite.check.as_str()));
        let began = self.began + suite.began.unwrap_or_default();
        let began = i64::try_from(began.as_millis())
            .ok()
            .and_then(DateTime::from_timestamp_millis);
        if let Some(began) = began {
            made.set_timestamp(began);
        }
        made.set_time(suite.took);
        for cached in suite.cached {
            made.add_property(("cached", xml_text(&cached).as_str()));
        }
        made.add_test_cases(suite.cases);
        made
    }
}

impl Reporter for JunitReporter {
    fn on_event(&mut self, event: &Event, _out: &mut dyn io::Write) -> io::Result<()> {
        self.at = self.at.max(event.at);
        match &event.kind {
            EventKind::RunStarted(started) => self.run_started(started),
            EventKind::TaskStarted { task } => {
                self.running
                    .entry(task.id)
                    .or_insert_with(|| (event.at, Arc::clone(task)));
            }
            EventKind::TaskRetries(retries) => {
                let failed = retries.failed.clone();
                self.tries.entry(failed.task.id).or_default().push(failed);
            }
            EventKind::TaskFinished(finished) => self.task_finished(finished),
            EventKind::RunFinished { stats } if stats.interrupted => self.end = End::Interrupted,
            EventKind::RunFinished { .. } => self.end = End::Reached,
            EventKind::LeftoversEnded { .. }
            | EventKind::TaskSaid { .. }
            | EventKind::TaskSlow { .. }
            | EventKind::TaskWaits { .. }
            | EventKind::TaskGoesOn { .. }
            | EventKind::StopBegan { .. } => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let text = self.report().to_string().map_err(io::Error::other)?;
        out.write_all(as_jenkins_has_it(&text).as_bytes())?;
        out.flush()
    }
}

/// The case of a run that did not come to its end: what passed in it says nothing of what had no turn.
fn run_without_end(end: End) -> Option<TestCase> {
    match end {
        End::Nothing | End::Reached => None,
        End::Unknown => Some(in_error(
            "cargo-hooks",
            "run",
            "unfinished",
            "no end of the run is known",
        )),
        End::Interrupted => Some(in_error("cargo-hooks", "run", "interrupted", "the run was interrupted")),
    }
}

/// What of a task had passed before, in words.
fn cached(finished: &TaskFinished) -> Option<String> {
    match finished.cached {
        Cached::No => None,
        Cached::Whole => Some(finished.task.label()),
        Cached::Crates(1) => Some(format!("1 crate of {}", finished.task.label())),
        Cached::Crates(crates) => Some(format!("{crates} crates of {}", finished.task.label())),
    }
}

/// The schema of Jenkins knows the number of skipped cases for suites, and not for all of them together: its xUnit plugin
/// takes no report that says it.
fn as_jenkins_has_it(report: &str) -> String {
    let root = report.find("<testsuites").unwrap_or_default();
    let end = report[root..].find('>').map_or(root, |length| root + length);
    let (head, rest) = report.split_at(end);
    let without = head.find(" skipped=\"").and_then(|from| {
        let value = from + " skipped=\"".len();
        let to = value + head[value..].find('"')? + 1;
        Some([&head[..from], &head[to..]].concat())
    });
    without.unwrap_or_else(|| head.to_owned()) + rest
}

#[cfg(test)]
mod tests;
