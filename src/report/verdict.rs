//! The words for the final state of a task. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use anstyle::Style;

use super::duration::{elapsed, limit, roughly};
use super::options::HumanOptions;
use super::signal::signal_name;
use super::status::{Bracket, StatusLine};
use super::style::{FAIL, PASS, WARN};
use super::text::{count, enumerate, one_line, processes};
use crate::event::{Cached, CrateVerdict, Failure, Outcome, TaskFinished, TaskRetries};
use crate::model::{CrateName, Exit, Finding, Severity};

/// How many crates a status line names.
const MOST_CRATES: usize = 3;

/// For how long a task must have waited for that to be told.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Why a task waits, whose cargo waits for a lock.
pub(super) fn held_by_another(lock: &str) -> String {
    format!("another cargo holds the {}", one_line(lock))
}

/// The status line for a task that has reached its final state.
pub(super) fn verdict_line(finished: &TaskFinished, options: HumanOptions) -> String {
    let may_fail = finished.task.may_fail && finished.outcome.is_failure();
    let (word, style) = word(finished, may_fail);
    let (mut mark, mut tail) = tail(finished);
    if may_fail {
        tail.push_str(" (may fail)");
    }
    if finished.quarantined {
        tail.push_str(" (quarantined: it keeps failing)");
    }
    let left = (finished.leaked > 0).then(|| format!("left {} running", processes(finished.leaked as usize)));
    let waited =
        (finished.waited >= WORTH_TELLING).then(|| format!("waited {} for another cargo", roughly(finished.waited)));
    for more in left.into_iter().chain(waited) {
        mark = if tail.is_empty() { ":" } else { mark };
        let stop = if tail.is_empty() { "" } else { "; " };
        let _ = write!(tail, "{stop}{more}");
    }
    StatusLine {
        word,
        style,
        time: time(finished),
        label: &one_line(&finished.task.label()),
        mark,
        tail: &tail,
    }
    .render(options)
}

/// What there is to tell of its end, alone and without colour.
pub(super) fn in_words(finished: &TaskFinished) -> String {
    let (mark, words) = tail(finished);
    // What is told of a pass stands in brackets, beside its name.
    let inner = words.strip_prefix('(').and_then(|words| words.strip_suffix(')'));
    inner.filter(|_| mark.is_empty()).unwrap_or(&words).to_owned()
}

/// The line for a task that failed and will be tried again.
pub(super) fn retry_line(retries: &TaskRetries, options: HumanOptions) -> String {
    let failed = &retries.failed;
    let (mark, tail) = tail(failed);
    let (attempts, most) = (failed.attempts, retries.most);
    let wait = elapsed(retries.wait);
    StatusLine {
        word: "RETRY",
        style: WARN,
        time: time(failed),
        label: &one_line(&failed.task.label()),
        mark,
        tail: &format!("{tail} (try {attempts} of {most}; the next in {wait})"),
    }
    .render(options)
}

fn word(finished: &TaskFinished, may_fail: bool) -> (&'static str, Style) {
    match (&finished.outcome, may_fail) {
        (Outcome::Passed, _) if finished.cached == Cached::Whole => ("CACHED", PASS),
        (Outcome::Passed, _) if finished.is_flaky() => ("FLAKY", WARN),
        (Outcome::Passed, _) => ("PASS", PASS),
        (Outcome::Failed(_), false) => ("FAIL", FAIL),
        (Outcome::Failed(_), true) => ("FAIL*", WARN),
        (Outcome::TimedOut { .. }, false) => ("TIMEOUT", FAIL),
        (Outcome::TimedOut { .. }, true) => ("TIMEOUT*", WARN),
        (Outcome::Blocked { .. }, _) => ("BLOCKED", WARN),
        (Outcome::Cancelled, _) => ("CANCELLED", WARN),
    }
}

/// A check that never started has no time, rather than none.
fn time(finished: &TaskFinished) -> Bracket {
    match finished.outcome {
        Outcome::Blocked { .. } | Outcome::Cancelled if finished.took.is_zero() => Bracket::Blank,
        _ if finished.cached == Cached::Whole => Bracket::Blank,
        _ => Bracket::Took(finished.took),
    }
}

/// What there is to tell, and the punctuation before it.
fn tail(finished: &TaskFinished) -> (&'static str, String) {
    match &finished.outcome {
        Outcome::Passed => {
            let note = finished.note.as_deref().map(one_line);
            let found = note.or_else(|| findings_in_words(&finished.findings));
            let tries = finished
                .is_flaky()
                .then(|| format!("passed on try {}", finished.attempts));
            let cached = match finished.cached {
                Cached::Crates(crates) => Some(format!("{} cached", count(crates, "crate"))),
                Cached::No | Cached::Whole => None,
            };
            let words: Vec<_> = found.into_iter().chain(tries).chain(cached).collect();
            let words = words.join("; ");
            ("", if words.is_empty() { words } else { format!("({words})") })
        }
        Outcome::Failed(failure) => (
            ":",
            failure_in_words(failure, finished) + &others_in_words(&finished.crates),
        ),
        Outcome::TimedOut {
            limit: most,
            calibrated,
        } => {
            let origin = if *calibrated {
                ", which follows from earlier runs"
            } else {
                ""
            };
            (":", format!("longer than {}{origin}", limit(*most)))
        }
        Outcome::Blocked { by } if *by == finished.task.check => (":", "its build did not pass".to_owned()),
        Outcome::Blocked { by } => (":", format!("{} did not pass", one_line(by.as_str()))),
        Outcome::Cancelled => ("", String::new()),
    }
}

fn failure_in_words(failure: &Failure, finished: &TaskFinished) -> String {
    match failure {
        Failure::Exit { exit, meaning } => exit_in_words(*exit, meaning.as_deref(), finished),
        Failure::Start { error } => format!("could not be started: {}", one_line(error)),
        Failure::Denied { warnings } => {
            let found = count(*warnings, "denied warning");
            found + &in_crates(finished)
        }
        Failure::Uncertain { reason } | Failure::Unapplied { reason } => one_line(reason),
        Failure::Regenerated => format!("changed files that were to be up to date{}", in_crates(finished)),
    }
}

/// What came of the crates that are not to blame, where the tool has looked at each: `; 3 crates passed, 1 not reached`.
fn others_in_words(crates: &BTreeMap<CrateName, CrateVerdict>) -> String {
    let with = |verdict| crates.values().filter(|of| **of == verdict).count();
    let (passed, not_reached) = (with(CrateVerdict::Passed), with(CrateVerdict::NotReached));
    let mut words = Vec::new();
    if passed > 0 {
        words.push(format!("{} passed", count(passed, "crate")));
    }
    if not_reached > 0 {
        let noun = if passed > 0 {
            not_reached.to_string()
        } else {
            count(not_reached, "crate")
        };
        words.push(format!("{noun} not reached"));
    }
    if words.is_empty() {
        String::new()
    } else {
        format!("; {}", words.join(", "))
    }
}

/// What it found says most; how it ended is told where there is nothing else, or where a signal ended it.
fn exit_in_words(exit: Exit, meaning: Option<&str>, finished: &TaskFinished) -> String {
    let found = meaning.map(one_line).or_else(|| findings_in_words(&finished.findings));
    match (exit, found) {
        (Exit::Code(_), Some(found)) => format!("{found}{}", in_crates(finished)),
        (Exit::Signal(_), Some(found)) => format!("{found}{}; {}", in_crates(finished), exit_name(exit)),
        (_, None) => exit_name(exit),
    }
}

fn exit_name(exit: Exit) -> String {
    match exit {
        Exit::Signal(signal) => {
            signal_name(signal).map_or_else(|| exit.to_string(), |name| format!("killed by {name}"))
        }
        Exit::Code(_) => exit.to_string(),
    }
}

/// How many findings there are, where there are any.
pub(super) fn findings_in_words<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Option<String> {
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    let (errors, warnings) = (errors.len(), warnings.len());
    match (errors, warnings) {
        (0, 0) => None,
        (_, 0) => Some(count(errors, "error")),
        (0, _) => Some(count(warnings, "warning")),
        _ => Some(format!("{}, {}", count(errors, "error"), count(warnings, "warning"))),
    }
}

/// The crates that the findings are about, unless the task's name has said it already.
fn in_crates(finished: &TaskFinished) -> String {
    let crates: BTreeSet<&CrateName> = finished
        .findings
        .iter()
        .filter_map(|finding| finding.crate_name.as_ref())
        .collect();
    let names: Vec<String> = crates.iter().map(|name| one_line(name.as_str())).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] if *only == finished.task.unit => String::new(),
        _ => format!(" in {}", enumerate(&names, MOST_CRATES)),
    }
}
