//! Gathers findings in bounded memory and counts them all.

use std::collections::BTreeSet;

use crate::model::{CrateName, Finding, Severity};
use crate::tool_output::Secrets;

/// The most findings of one task that are kept. Further ones are counted and dropped.
pub const MAX_FINDINGS: usize = 10_000;

/// A message is one line to be read at a glance; a longer one is cut here, in characters.
const MAX_MESSAGE: usize = 1_000;

/// The findings of one task, without what must not be told.
#[derive(Debug, Default)]
pub(super) struct Findings {
    secrets: Secrets,
    kept: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    /// No finding yet, of a tool that may write these.
    pub(super) fn without(secrets: Secrets) -> Self {
        Self {
            secrets,
            ..Self::default()
        }
    }

    /// Counts a finding, and keeps it while there is room.
    pub(super) fn push(&mut self, mut finding: Finding) {
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < MAX_FINDINGS {
            // Only whole can they be found.
            self.secrets.hide_in_finding(&mut finding);
            cut_short(&mut finding.message);
            finding.test.iter_mut().for_each(cut_short);
            self.kept.push(finding);
        }
    }

    /// How many errors there were, kept or not.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// The crates that an error is known to be in.
    pub(super) fn crates_with_errors(&self) -> BTreeSet<CrateName> {
        let errors = self.kept.iter().filter(|finding| finding.severity == Severity::Error);
        errors.filter_map(|finding| finding.crate_name.clone()).collect()
    }

    /// Forgets the errors. For a tool that was content in the end, whatever looked like an error was none.
    pub(super) fn drop_errors(&mut self) {
        self.errors = 0;
        self.kept.retain(|finding| finding.severity == Severity::Warning);
    }

    /// The counts in words (`2 errors, 1 warning`), or nothing where there is nothing to count.
    pub(super) fn in_words(&self) -> Option<String> {
        join_counts([(self.errors, "error"), (self.warnings, "warning")])
    }

    /// What was kept, in the order in which it was said.
    pub(super) fn into_kept(self) -> Vec<Finding> {
        self.kept
    }
}

/// Counts with their nouns (`2 errors, 1 warning`), without those that are zero.
pub(super) fn join_counts<const N: usize>(counts: [(usize, &str); N]) -> Option<String> {
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A count with its noun (`1 error`, `2 test binaries`).
pub(super) fn counted(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

/// The first line that says something.
pub(super) fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or_default().to_owned()
}

/// Makes a message short enough to be one.
pub(super) fn cut_short(message: &mut String) {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity) -> Finding {
        Finding {
            severity,
            crate_name: None,
            place: None,
            code: None,
            test: None,
            message: "x".to_owned(),
        }
    }

    #[test]
    fn counts_are_put_in_words() {
        for (errors, warnings, expected) in [
            (0, 0, None),
            (1, 0, Some("1 error")),
            (2, 1, Some("2 errors, 1 warning")),
            (0, 2, Some("2 warnings")),
        ] {
            let mut findings = Findings::default();
            (0..errors).for_each(|_| findings.push(finding(Severity::Error)));
            (0..warnings).for_each(|_| findings.push(finding(Severity::Warning)));
            assert_eq!(findings.in_words().as_deref(), expected);
        }
        assert_eq!(counted(2, "test binary"), "2 test binaries");
    }

    #[test]
    fn those_that_are_not_kept_are_still_counted() {
        let mut findings = Findings::default();
        (0..MAX_FINDINGS + 5).for_each(|_| findings.push(finding(Severity::Error)));
        assert_eq!(findings.in_words().as_deref(), Some("10005 errors"));
        assert_eq!(findings.into_kept().len(), MAX_FINDINGS);
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(one_line("\n  first \nsecond"), "first");
        assert_eq!(one_line(""), "");
        for (length, cut) in [(0, 0), (MAX_MESSAGE, MAX_MESSAGE), (MAX_MESSAGE + 1, MAX_MESSAGE)] {
            let mut message = "ü".repeat(length);
            cut_short(&mut message);
            assert_eq!(message.chars().count(), cut);
        }
    }
}
