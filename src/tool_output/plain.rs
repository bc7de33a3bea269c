//! Reads tools of which nothing is known but that they name places, as nearly all do.

use crate::model::{Exit, Finding, Severity};
use crate::tool_output::findings::{Findings, one_line};
use crate::tool_output::locator::Locator;
use crate::tool_output::place_text::place_at_start;
use crate::tool_output::reader::{Line, Reader, Verdict};
use crate::tool_output::rustc_text::RustcText;
use crate::tool_output::seen::Seen;

/// Reads the output of any tool.
#[derive(Debug)]
pub(super) struct PlainReader {
    locator: Locator,
    diagnostics: RustcText,
    seen: Seen,
}

impl PlainReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            diagnostics: RustcText::new(locator.clone()),
            locator,
            seen: Seen::default(),
        }
    }

    fn finding(&mut self, text: &str) -> Option<Finding> {
        let (place, message) = place_at_start(text)?;
        let (severity, message) = split_severity(message)?;
        let message = one_line(message);
        if message.is_empty() || !self.seen.is_new((&place.file, place.line, place.column, &message)) {
            return None;
        }
        let (place, crate_name) = self.locator.locate(&place);
        Some(Finding {
            severity,
            crate_name,
            place: Some(place),
            code: None,
            test: None,
            message,
        })
    }
}

impl Reader for PlainReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        match self.finding(line.text) {
            Some(finding) => findings.push(finding),
            None => self.diagnostics.read(line.text, findings),
        }
        Verdict::Show
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        if exit.is_success() {
            findings.drop_errors();
        }
        None
    }
}

/// How grave a message says that it is, and the message behind that word. A message without such a word is an error,
/// since errors are forgotten where the tool is content in the end. Notes belong to what stands before them.
fn split_severity(message: &str) -> Option<(Severity, &str)> {
    let (word, rest) = message.split_once(':').unwrap_or(("", message));
    let word = word.split_once('[').map_or(word, |(word, _)| word);
    match word.trim().to_ascii_lowercase().as_str() {
        "error" | "fatal error" | "fatal" => Some((Severity::Error, rest)),
        "warning" | "warn" => Some((Severity::Warning, rest)),
        "note" | "help" | "info" | "hint" => None,
        _ => Some((Severity::Error, message)),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Dialect, Exit};
    use crate::tool_output::recorded::{Recorded, check};

    const MIXED: &str = "\
src/lib.rs:3:7: `teh` -> `the`
src/lib.rs:3:7: `teh` -> `the`
build/x.c:10:2: warning: unused variable 'y'
build/x.c:12: fatal error: 'z.h' file not found
build/x.c:12: note: included from here
/ws/crates/a/Cargo.toml:5:1: error[E1]: bad key
\u{1b}[1mcolour.md:9:1:\u{1b}[0m Warn: too long
 indented.rs:1:1: not at the start
error[E0425]: cannot find function
  --> tests/it.rs:7:5
warning: unused
 --> tests/it.rs:9
";

    #[test]
    fn places_at_the_start_of_lines_are_findings_of_a_tool_that_failed() {
        let recorded = Recorded {
            stdout: MIXED,
            command_dir: "/ws/crates/b",
            ..Recorded::new(Dialect::Plain, Exit::Code(1))
        };
        check(
            &recorded,
            None,
            &[
                "error crate-b crates/b/src/lib.rs:3:7 `teh` -> `the`",
                "warning crate-b crates/b/build/x.c:10:2 unused variable 'y'",
                "error crate-b crates/b/build/x.c:12 'z.h' file not found",
                "error crate-a crates/a/Cargo.toml:5:1 bad key",
                "warning crate-b crates/b/colour.md:9:1 too long",
                "error crate-b crates/b/tests/it.rs:7:5 [E0425] cannot find function",
                "warning crate-b crates/b/tests/it.rs:9 unused",
            ],
        );
        assert_eq!(recorded.report().output.bytes, MIXED.as_bytes());
    }

    #[test]
    fn only_warnings_are_findings_of_a_tool_that_passed() {
        let recorded = Recorded {
            stderr: MIXED,
            ..Recorded::new(Dialect::Plain, Exit::Code(0))
        };
        check(
            &recorded,
            None,
            &[
                "warning build/x.c:10:2 unused variable 'y'",
                "warning colour.md:9:1 too long",
                "warning tests/it.rs:9 unused",
            ],
        );
    }
}
