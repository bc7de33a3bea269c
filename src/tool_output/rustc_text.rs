//! Reads diagnostics as rustc prints them for people: a line `error[E0308]: mismatched types`, then one with
//! ` --> src/lib.rs:6:18`. Rustfmt, Cargo and many tools beside them print theirs alike.

use crate::model::{Finding, Severity};
use crate::tool_output::findings::{Findings, one_line};
use crate::tool_output::locator::Locator;
use crate::tool_output::place_text::whole_place;
use crate::tool_output::seen::Seen;

/// Gathers the diagnostics of one stream of text.
#[derive(Debug)]
pub(super) struct RustcText {
    locator: Locator,
    seen: Seen,
    /// The headline whose place has not come yet.
    headline: Option<Headline>,
    /// The first error that came without a place.
    unplaced: Option<String>,
}

impl RustcText {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            locator,
            seen: Seen::default(),
            headline: None,
            unplaced: None,
        }
    }

    /// Takes a line. A diagnostic becomes a finding once its place is known.
    pub(super) fn read(&mut self, text: &str, findings: &mut Findings) {
        if let Some(headline) = Headline::parse(text) {
            self.give_up_headline();
            self.headline = Some(headline);
        } else if let Some(place) = text.trim_start().strip_prefix("--> ") {
            self.place(place, findings);
        } else if text.trim().is_empty() {
            self.give_up_headline();
        }
    }

    /// The first error that came without a place. Such are the tool's own, as `could not compile`.
    pub(super) fn unplaced_error(&mut self) -> Option<String> {
        self.give_up_headline();
        self.unplaced.take()
    }

    fn place(&mut self, text: &str, findings: &mut Findings) {
        // The place is the end of what may become a finding; later arrows belong to notes.
        let (Some(place), Some(headline)) = (whole_place(text), self.headline.take()) else {
            return;
        };
        if !self
            .seen
            .is_new((&place.file, place.line, place.column, &headline.message))
        {
            return;
        }
        let (place, crate_name) = self.locator.locate(&place);
        findings.push(Finding {
            severity: headline.severity,
            crate_name,
            place: Some(place),
            code: headline.code,
            test: None,
            message: headline.message,
        });
    }

    fn give_up_headline(&mut self) {
        if let Some(headline) = self.headline.take()
            && headline.severity == Severity::Error
        {
            self.unplaced.get_or_insert(headline.message);
        }
    }
}

/// The first line of a diagnostic.
#[derive(Debug, PartialEq, Eq)]
struct Headline {
    severity: Severity,
    code: Option<String>,
    message: String,
}

impl Headline {
    fn parse(text: &str) -> Option<Self> {
        let (severity, rest) = match text.strip_prefix("error") {
            Some(rest) => (Severity::Error, rest),
            None => (Severity::Warning, text.strip_prefix("warning")?),
        };
        let (code, message) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (code, message) = rest.split_once("]: ")?;
                (Some(code.to_owned()), message)
            }
            None => (None, rest.strip_prefix(": ")?),
        };
        Some(Self {
            severity,
            code,
            message: one_line(message),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tool_output::recorded::{attribution, brief};

    fn read(text: &str) -> (Vec<String>, Option<String>) {
        let mut findings = Findings::default();
        let mut reader = RustcText::new(Locator::from_root(Arc::new(attribution())));
        text.lines().for_each(|line| reader.read(line, &mut findings));
        (brief(&findings.into_kept()), reader.unplaced_error())
    }

    #[test]
    fn a_diagnostic_is_a_headline_and_a_place() {
        let text = "\
error[E0308]: mismatched types
 --> crates/b/src/lib.rs:6:18
  |
6 |     let x: u32 = \"b\";
  |            ---   ^^^ expected `u32`, found `&str`
  |
note: a note has a place of its own
 --> crates/b/src/lib.rs:1:1

warning: unused variable: `x`
  --> /ws/crates/a/src/lib.rs:12:1

error: could not compile `crate-b` (lib) due to 1 previous error
warning: build failed, waiting for other jobs to finish...
error: could not compile `crate-b` (lib test) due to 1 previous error";
        let (found, unplaced) = read(text);
        assert_eq!(
            found,
            [
                "error crate-b crates/b/src/lib.rs:6:18 [E0308] mismatched types",
                "warning crate-a crates/a/src/lib.rs:12:1 unused variable: `x`",
            ]
        );
        assert_eq!(
            unplaced.as_deref(),
            Some("could not compile `crate-b` (lib) due to 1 previous error")
        );
    }

    #[test]
    fn what_is_said_twice_is_found_once() {
        let once = "error: bad\n --> crates/a/x.rs:1:1\n\n";
        assert_eq!(read(&once.repeat(2)).0.len(), 1);
    }

    #[test]
    fn other_text_is_no_diagnostic() {
        for text in [
            "",
            "errors: 3",
            "error",
            "error[",
            "error[E1] x",
            "  --> src/lib.rs:1:1",
            "error: later\n\n --> src/lib.rs:1:1",
            "error: bad\n --> nowhere",
        ] {
            assert_eq!(read(text).0, [""; 0], "{text}");
        }
    }
}
