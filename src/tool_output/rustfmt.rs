//! Reads the differences that `rustfmt --check` prints, and what it says of files that do not parse.

use crate::model::{Exit, Finding, Severity};
use crate::tool_output::Stream;
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
    /// A difference whose first line that changes has not come yet. Before that, up to three come that stay.
    begun: Option<TextPlace>,
    /// The files that are known to differ. They are counted, not the places in them.
    files: Seen,
    /// The places that are known to differ. Of a file that two targets share, rustfmt tells twice.
    places: Seen,
    unformatted_files: usize,
    unformatted_places: usize,
}

impl RustfmtReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            errors: RustcText::new(locator.clone()),
            locator,
            begun: None,
            files: Seen::default(),
            places: Seen::default(),
            unformatted_files: 0,
            unformatted_places: 0,
        }
    }

    /// Takes a line within a difference: whether it is one.
    fn differs(&mut self, text: &str, findings: &mut Findings) -> bool {
        let Some(place) = &mut self.begun else { return false };
        match text.as_bytes().first() {
            Some(b' ') => {
                place.line = place.line.map(|line| line.saturating_add(1));
                true
            }
            Some(b'-' | b'+') => {
                self.end_difference(findings);
                true
            }
            _ => false,
        }
    }

    fn end_difference(&mut self, findings: &mut Findings) {
        if let Some(place) = self.begun.take() {
            self.add_place(&place, findings);
        }
    }

    fn add_place(&mut self, place: &TextPlace, findings: &mut Findings) {
        if !self.places.is_new((&place.file, place.line)) {
            return;
        }
        self.unformatted_files += usize::from(self.files.is_new(&place.file));
        self.unformatted_places += 1;
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
        if line.stream == Stream::Stdout && self.differs(line.text, findings) {
            return Verdict::Show;
        }
        if let Some(place) = difference(line.text) {
            self.end_difference(findings);
            self.begun = Some(place);
        } else if let Some(place) = listed_file(line.text) {
            self.add_place(&place, findings);
        } else {
            self.errors.read(line.text, findings);
        }
        Verdict::Show
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        self.end_difference(findings);
        if exit.is_success() {
            return None;
        }
        let broken = findings.errors() - self.unformatted_places;
        let unformatted = format!("{} not formatted", counted(self.unformatted_files, "file"));
        match (self.unformatted_files, broken) {
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
    fn each_place_that_is_not_formatted_is_found_where_it_changes() {
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
                "error crate-a crates/a/src/lib.rs:9 not formatted",
                "error crate-a crates/a/src/lib.rs:19 not formatted",
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
            &[
                "error crate-a crates/a/src/lib.rs:9 not formatted",
                "error crate-a crates/a/src/lib.rs:19 not formatted",
                parse_error,
            ],
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
