//! What becomes of one task in a report: its cases. Pure.

use std::fmt::Write;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestRerun, XmlString};

use crate::event::{Cached, CrateVerdict, Failure, LeftOut, Outcome, TaskFinished, TaskHead};
use crate::model::{CrateName, Exit, Finding, Severity};
use crate::report::text::{count, exact_line, one_line, size};
use crate::report::{findings, verdict};
use crate::tool_output::{Colour, sanitize};

/// How many findings a case lists.
const MOST_FINDINGS: usize = 200;

/// The cases of a task that has come to its end, after these tries that failed.
///
/// Where crates are known each is one, and so is each test that failed. Where the task failed and no crate is to blame,
/// or there are none, the task itself is one: a failure is never without a case that failed.
pub(super) fn cases(finished: &TaskFinished, tries: &[TaskFinished]) -> Vec<TestCase> {
    let crates = finished.crates.iter();
    let mut cases: Vec<TestCase> = crates
        .map(|(name, verdict)| {
            let part = Part::Crate(name);
            let status = match verdict {
                CrateVerdict::Passed => passed(part, tries),
                CrateVerdict::Failed => failed(finished, part, tries),
                CrateVerdict::NotReached => skipped("not-reached", "not looked at whole, since what it needs is wrong"),
                CrateVerdict::Unknown => skipped("unknown", "nobody can say what came of it"),
            };
            case(finished, &class_of(finished), name.as_str(), status)
        })
        .collect();
    let is_blamed = finished.crates.values().any(|verdict| *verdict == CrateVerdict::Failed);
    if cases.is_empty() || finished.outcome.is_failure() && !is_blamed {
        let status = of_task(finished, tries);
        cases.push(case(
            finished,
            finished.task.check.as_str(),
            name_of(&finished.task),
            status,
        ));
    }
    if let [only] = cases.as_mut_slice() {
        only.set_time(finished.took);
    }
    if finished.outcome.is_failure() {
        cases.extend(
            finished
                .findings
                .iter()
                .filter_map(|finding| failed_test(finished, finding)),
        );
    }
    cases
}

/// The case for what was asked for and does not run.
pub(super) fn left_out(left: &LeftOut) -> TestCase {
    let mut case = TestCase::new(
        name_text(left.check.as_str()),
        skipped("left-out", &one_line(&left.reason)),
    );
    case.set_classname(name_text(left.check.as_str()));
    case
}

/// The case of a task of which no end is known.
pub(super) fn unfinished(task: &TaskHead) -> TestCase {
    let message = "it began, and no end of it is known";
    in_error(task.check.as_str(), name_of(task), "unfinished", message)
}

/// A case of which nobody can say how it ended.
pub(super) fn in_error(class: &str, name: &str, ty: &str, message: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(ty);
    status.set_message(message);
    let mut case = TestCase::new(name_text(name), status);
    case.set_classname(name_text(class));
    case
}

/// Text that XML can hold: no control characters, and none of the two that are no characters at all.
pub(super) fn xml_text(text: &str) -> XmlString {
    let clean = sanitize(text.as_bytes(), Colour::Strip);
    XmlString::new(clean.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

/// The same on one line. Schemas ask for a name.
fn name_text(name: &str) -> XmlString {
    let name = xml_text(&one_line(name));
    if name.is_empty() { XmlString::new("?") } else { name }
}

/// What of a task a case is about.
#[derive(Clone, Copy)]
enum Part<'a> {
    Whole,
    Crate(&'a CrateName),
}

impl Part<'_> {
    /// Whether a finding is about it.
    fn has(self, finding: &Finding) -> bool {
        match self {
            Self::Whole => true,
            Self::Crate(name) => finding.crate_name.as_ref() == Some(name),
        }
    }

    /// Whether it was not well in a try that failed. Where nothing is known of crates, all were in it.
    fn failed_in(self, tried: &TaskFinished) -> bool {
        match self {
            Self::Whole => true,
            Self::Crate(name) => tried.crates.get(name) != Some(&CrateVerdict::Passed),
        }
    }
}

/// What a task works on, as a case is called: the check where that is all of the workspace.
fn name_of(task: &TaskHead) -> &str {
    if task.unit.is_empty() {
        task.check.as_str()
    } else {
        &task.unit
    }
}

/// The class of the cases of crates: the check, and its part where it has several. How many crates there are is not said: a
/// case has the same name in every run.
fn class_of(finished: &TaskFinished) -> String {
    let TaskHead { check, unit, .. } = &*finished.task;
    let is_crates = |word: &str| {
        let number = word.strip_suffix(" crates").map(str::parse::<usize>);
        number.is_some_and(|number| number.is_ok()) || finished.crates.keys().any(|name| name.as_str() == word)
    };
    let parts = unit.split(", ").filter(|word| !word.is_empty() && !is_crates(word));
    std::iter::once(check.as_str())
        .chain(parts)
        .collect::<Vec<_>>()
        .join(" ")
}

fn case(finished: &TaskFinished, class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name_text(name), status);
    case.set_classname(name_text(class));
    if finished.cached == Cached::Whole {
        case.set_system_out("cached: it has passed before on the same content, and did not run again");
    }
    case
}

fn of_task(finished: &TaskFinished, tries: &[TaskFinished]) -> TestCaseStatus {
    match &finished.outcome {
        Outcome::Passed => passed(Part::Whole, tries),
        Outcome::Failed(_) | Outcome::TimedOut { .. } => failed(finished, Part::Whole, tries),
        Outcome::Blocked { .. } => skipped("blocked", &format!("blocked: {}", verdict::in_words(finished))),
        Outcome::Cancelled => skipped("cancelled", "the run stopped before it was done"),
    }
}

fn passed(part: Part<'_>, tries: &[TaskFinished]) -> TestCaseStatus {
    let mut status = TestCaseStatus::success();
    status.add_reruns(reruns(part, tries));
    status
}

fn skipped(ty: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_type(ty);
    status.set_message(xml_text(message));
    status
}

/// What may fail is skipped: CI systems call the whole run failed where a case is.
fn failed(finished: &TaskFinished, part: Part<'_>, tries: &[TaskFinished]) -> TestCaseStatus {
    let mut status = if finished.task.may_fail {
        TestCaseStatus::skipped()
    } else {
        TestCaseStatus::non_success(kind(&finished.outcome))
    };
    status.set_type(type_of(&finished.outcome));
    status.set_message(message(finished, part));
    status.set_description(description(finished, part));
    if !finished.task.may_fail {
        status.add_reruns(reruns(part, tries));
    }
    status
}

fn reruns(part: Part<'_>, tries: &[TaskFinished]) -> impl Iterator<Item = TestRerun> {
    let tries = tries.iter().filter(move |tried| part.failed_in(tried));
    tries.map(move |tried| {
        let mut rerun = TestRerun::new(kind(&tried.outcome));
        rerun.set_type(type_of(&tried.outcome));
        rerun.set_message(message(tried, part));
        rerun.set_description(description(tried, part));
        rerun
    })
}

/// A check that found something has failed; one that could not do its work is in error.
fn kind(outcome: &Outcome) -> NonSuccessKind {
    match outcome {
        Outcome::Failed(
            Failure::Start { .. }
            | Failure::Unapplied { .. }
            | Failure::Uncertain { .. }
            | Failure::Exit {
                exit: Exit::Signal(_), ..
            },
        ) => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    }
}

/// The word for it, as JSON has it.
fn type_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Failed(failure) => failure.word(),
        other => other.word(),
    }
}

fn message(finished: &TaskFinished, part: Part<'_>) -> XmlString {
    let failed = finished
        .crates
        .values()
        .filter(|verdict| **verdict == CrateVerdict::Failed);
    let mut text = match part {
        Part::Crate(name) if failed.count() > 1 => found_in(finished, name),
        Part::Whole | Part::Crate(_) => verdict::in_words(finished),
    };
    if finished.task.may_fail {
        text.insert_str(0, "failed, and may: ");
    }
    if finished.quarantined {
        text.push_str(" (quarantined: it keeps failing)");
    }
    xml_text(&text)
}

/// What was found in one of several crates that failed, in words.
fn found_in(finished: &TaskFinished, name: &CrateName) -> String {
    let part = Part::Crate(name);
    let found = || finished.findings.iter().filter(|finding| part.has(finding));
    let tests = found().filter(|finding| finding.test.is_some()).count();
    let words = match tests {
        0 => verdict::findings_in_words(found()),
        tests => Some(format!("{} failed", count(tests, "test"))),
    };
    words.unwrap_or_else(|| verdict::in_words(finished))
}

/// What was found, place by place, then what was written.
fn description(finished: &TaskFinished, part: Part<'_>) -> XmlString {
    let found: Vec<&Finding> = finished.findings.iter().filter(|finding| part.has(finding)).collect();
    let more = found.len().saturating_sub(MOST_FINDINGS);
    let mut lines: Vec<String> = found.into_iter().take(MOST_FINDINGS).map(findings::line).collect();
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    let output = output(finished, part);
    if !lines.is_empty() && !output.is_empty() {
        lines.push(String::new());
    }
    lines.extend([output, format!("rerun: {}\n", exact_line(&finished.task.rerun))]);
    xml_text(&lines.join("\n"))
}

/// What was written about it, where that can be told, else all of it: with the first crate that failed, so that it is there
/// once.
fn output(finished: &TaskFinished, part: Part<'_>) -> String {
    let output = &finished.output;
    if let Part::Crate(name) = part {
        if let Some(own) = output.of_crates.get(name) {
            return sanitize(own, Colour::Strip);
        }
        let failed = |of: &(&CrateName, &CrateVerdict)| *of.1 == CrateVerdict::Failed;
        if let Some((first, _)) = finished.crates.iter().find(failed).filter(|(first, _)| *first != name) {
            return format!("what was written stands with {}\n", one_line(first.as_str()));
        }
    }
    let mut text = sanitize(&output.bytes, Colour::Strip);
    if output.dropped > 0 {
        let _ = writeln!(text, "\n… {} from the middle are left out", size(output.dropped));
    }
    if let Some(saved) = &output.saved {
        let path = exact_line(&saved.path.to_string_lossy());
        let _ = writeln!(text, "\nall of it is in {path}");
    }
    text
}

/// The case of a test that failed: it says where, and its crate has what was written.
fn failed_test(finished: &TaskFinished, finding: &Finding) -> Option<TestCase> {
    let test = finding.test.as_ref().filter(|_| finding.severity == Severity::Error)?;
    let mut status = if finished.task.may_fail {
        TestCaseStatus::skipped()
    } else {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    };
    status.set_type("test");
    status.set_message(xml_text(&one_line(&finding.message)));
    status.set_description(xml_text(&findings::line(finding)));
    let mut case = TestCase::new(name_text(test), status);
    let class = finding
        .crate_name
        .as_ref()
        .map_or(finished.task.check.as_str(), CrateName::as_str);
    case.set_classname(name_text(class));
    Some(case)
}
