//! Reads the differences that `rustfmt --check` prints, and what it says of files that do not parse.

use crate::model::{Exit, Finding, Severity};
use crate::tool_output::findings::{Findings, counted};
use crate::tool_output::locator::Locator;
use crate::tool_output::place_text::{TextPlace, whole_place};
use crate::tool_output::reader::{Line, Reader, Verdict};
use crate::tool_output::rustc_text::RustcText;
use crate::tool_output::seen::Seen;

/// Reads the output of `rustfmt --check` and `cargo fmt --check`.
#[derive(Debug)]
pub(super) struct RustfmtReader {
    locator: Locator,
    errors: RustcText,
    /// The files that are known to differ. Rustfmt names a file once for each place, and this finds it once.
    files: Seen,
    unformatted: usize,
}

impl RustfmtReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            errors: RustcText::new(locator.clone()),
            locator,
            files: Seen::default(),
            unformatted: 0,
        }
    }

    fn add_file(&mut self, place: &TextPlace, findings: &mut Findings) {
        if !self.files.is_new(&place.file) {
            return;
        }
        self.unformatted += 1;
        let (place, crate_name) = self.locator.locate(place);
        findings.push(Finding {
            severity: Severity::Error,
            crate_name,
            place: Some(place),
            code: None,
            test: None,
            message: "not formatted".to_owned(),
        });
    }
}

impl Reader for RustfmtReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        match difference(line.text).or_else(|| listed_file(line.text)) {
            Some(place) => self.add_file(&place, findings),
            None => self.errors.read(line.text, findings),
        }
        Verdict::Show
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        if exit.is_success() {
            return None;
        }
        let broken = findings.errors() - self.unformatted;
        let unformatted = format!("{} not formatted", counted(self.unformatted, "file"));
        match (self.unformatted, broken) {
            (0, 0) => None,
            (_, 0) => Some(unformatted),
            (0, _) => Some("does not parse".to_owned()),
            _ => Some(format!("{unformatted}, {} of parsing", counted(broken, "error"))),
        }
    }
}

/// `Diff in /ws/src/lib.rs:12:`, or `Diff in /ws/src/lib.rs at line 12:` as older versions have it.
fn difference(text: &str) -> Option<TextPlace> {
    let place = text.strip_prefix("Diff in ")?;
    if let Some((file, line)) = place.strip_suffix(':')?.rsplit_once(" at line ") {
        return Some(TextPlace {
            file: file.to_owned(),
            line: Some(line.parse().ok()?),
            column: None,
        });
    }
    whole_place(place)
}

/// With `-l` there are no differences, only the names of the files, and those are absolute.
fn listed_file(text: &str) -> Option<TextPlace> {
    let is_absolute = text.starts_with('/') || text.get(1..3) == Some(r":\") || text.starts_with(r"\\?\");
    (is_absolute && std::path::Path::new(text).extension()? == "rs").then(|| TextPlace {
        file: text.to_owned(),
        line: None,
        column: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::{Dialect, Exit};
    use crate::tool_output::recorded::{Recorded, check};

    #[test]
    fn a_file_that_is_not_formatted_is_found_once() {
        let stdout = include_str!("recorded/rustfmt_differences.stdout");
        assert!(stdout.contains("\u{1b}[31m"), "recorded in colour");
        let recorded = Recorded {
            stdout,
            ..Recorded::new(Dialect::Rustfmt, Exit::Code(1))
        };
        check(
            &recorded,
            Some("2 files not formatted"),
            &[
                "error crate-a crates/a/src/lib.rs:6 not formatted",
                "error crate-b crates/b/src/main.rs:1 not formatted",
            ],
        );
        assert_eq!(recorded.report().output.bytes, stdout.as_bytes());
    }

    #[test]
    fn a_file_that_does_not_parse_is_found() {
        let stderr = include_str!("recorded/rustfmt_parse_error.stderr");
        let parse_error = "error crate-b crates/b/src/main.rs:1:14 this file contains an unclosed delimiter";
        let alone = Recorded {
            stderr,
            ..Recorded::new(Dialect::Rustfmt, Exit::Code(1))
        };
        check(&alone, Some("does not parse"), &[parse_error]);
        let both = Recorded {
            stdout: include_str!("recorded/rustfmt_parse_error.stdout"),
            ..alone
        };
        check(
            &both,
            Some("1 file not formatted, 1 error of parsing"),
            &["error crate-a crates/a/src/lib.rs:6 not formatted", parse_error],
        );
    }

    #[test]
    fn other_forms_are_understood() {
        for (stdout, found) in [
            (
                "Diff in /ws/crates/a/b.rs at line 12:\n",
                "error crate-a crates/a/b.rs:12 not formatted",
            ),
            ("Diff in src/lib.rs:3:\n", "error src/lib.rs:3 not formatted"),
            (
                "/ws/crates/a/src/lib.rs\n",
                "error crate-a crates/a/src/lib.rs not formatted",
            ),
        ] {
            let recorded = Recorded {
                stdout,
                ..Recorded::new(Dialect::Rustfmt, Exit::Code(1))
            };
            check(&recorded, Some("1 file not formatted"), &[found]);
        }
        let fine = Recorded::new(Dialect::Rustfmt, Exit::Code(0));
        check(&fine, None, &[]);
        let odd = Recorded {
            stdout: "Diff in nowhere\n-/ws/x.rs\n",
            ..Recorded::new(Dialect::Rustfmt, Exit::Code(1))
        };
        check(&odd, None, &[]);
    }
}
