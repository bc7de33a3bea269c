//! Checks that are filters: `filter = true`. Their command reads a file on its standard input, and writes what it should be.

use super::command::{Command, Hole};
use super::draft::Draft;
use super::raw::is_built_in;
use crate::diagnostic::{Diagnostic, Diagnostics, Located, Span};

impl Draft<'_> {
    /// Where it says that the check is a filter.
    pub(super) fn filter(&self) -> Option<&Span> {
        let filter = self.raw.filter.as_ref().filter(|filter| filter.value);
        filter.map(|filter| &filter.span)
    }

    /// Whether what else is written goes with a filter, or without one.
    pub(super) fn check_filter(&self, run: Option<&Command>, fix: Option<&Command>, mistakes: &mut Diagnostics) {
        let Some(filter) = self.filter() else {
            return self.check_no_filter(run, fix, mistakes);
        };
        self.check_keys_of_filter(filter, mistakes);
        let name = &self.name.value;
        if self.raw.files.is_none() {
            let message = format!("`{name}` is a filter, and does not say of which files");
            let diagnostic = Diagnostic::new("missing-key", filter.clone(), message)
                .help("write `files = [\"…\"]` with the files that are to be what it writes");
            mistakes.push(diagnostic);
        }
        for (command, span) in run.into_iter().flat_map(|run| self.commands(run, None)) {
            if command.has(Hole::Files) {
                let message = format!("`{name}` is a filter: it is given one file at a time, and not `{{files}}`");
                let diagnostic = Diagnostic::new("misplaced-placeholder", span.clone(), message)
                    .help("write `{file}` where it needs the name of the file that it reads, and else nothing");
                mistakes.push(diagnostic);
            }
            let of_reports = [Hole::Color, Hole::MessageFormat];
            for hole in of_reports.into_iter().filter(|hole| command.has(*hole)) {
                let message =
                    format!("`{name}` is a filter: it writes what a file is to contain, and not for `{{{hole}}}`");
                let diagnostic = Diagnostic::new("misplaced-placeholder", span.clone(), message)
                    .help(format!("leave `{{{hole}}}` out"));
                mistakes.push(diagnostic);
            }
        }
    }

    fn check_keys_of_filter(&self, filter: &Span, mistakes: &mut Diagnostics) {
        let raw = self.raw;
        let name = &self.name.value;
        let is_true =
            |flag: &Option<Located<bool>>| flag.as_ref().filter(|flag| flag.value).map(|flag| flag.span.clone());
        let fix = raw.fix.as_ref().map(|fix| fix.span.clone());
        let output = raw.output.as_ref().map(|output| output.span.clone());
        for (span, key, why) in [
            (fix, "fix", "what it writes is the repair"),
            (is_true(&raw.diff), "diff", "what it writes is a whole file"),
            (output, "output", "what it writes is a whole file"),
            (is_true(&raw.generates), "generates", "it writes to no file"),
        ] {
            if let Some(span) = span.filter(|span| !is_built_in(span)) {
                let diagnostic = Diagnostic::new("misplaced-key", span, format!("`{name}` is a filter: {why}"))
                    .related(filter.clone(), "it says so here")
                    .help(format!("leave `{key}` out"));
                mistakes.push(diagnostic);
            }
        }
    }

    fn check_no_filter(&self, run: Option<&Command>, fix: Option<&Command>, mistakes: &mut Diagnostics) {
        let Some(run) = run else { return };
        for (_, span) in self.commands(run, fix).filter(|(command, _)| command.has(Hole::File)) {
            let message = format!(
                "`{{file}}` is the file that a filter reads, and `{}` is none",
                self.name.value
            );
            let diagnostic = Diagnostic::new("misplaced-placeholder", span.clone(), message).help(
                "write `{files}` for all files; or `filter = true`, if the command reads each on its standard input and \
                 writes what it should be",
            );
            mistakes.push(diagnostic);
        }
    }
}
