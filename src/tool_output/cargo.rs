//! Reads what Cargo writes when it builds: JSON messages on standard output, its own words on standard error.

use std::path::Path;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use serde::Deserialize;

use crate::model::{Exit, Finding, Severity};
use crate::tool_output::Stream;
use crate::tool_output::cargo_status::status_verb;
use crate::tool_output::crates::{BuildEvidence, Built, How, Verdicts};
use crate::tool_output::findings::{Findings, one_line};
use crate::tool_output::locator::Locator;
use crate::tool_output::place_text::TextPlace;
use crate::tool_output::reader::{End, Line, Reader, Verdict};
use crate::tool_output::rustc_text::RustcText;
use crate::tool_output::seen::Seen;
use crate::tool_output::terminal_text::{Colour, sanitize};
use crate::workspace::TargetKind;

/// Reads the output of `cargo check`, `clippy`, `build`, `doc`.
#[derive(Debug)]
pub(super) struct CargoReader {
    locator: Locator,
    seen: Seen,
    evidence: BuildEvidence,
    /// Cargo's own diagnostics, and the compiler's too if nobody asked for JSON.
    text: RustcText,
}

impl CargoReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            text: RustcText::new(locator.clone()),
            locator,
            seen: Seen::default(),
            evidence: BuildEvidence::default(),
        }
    }

    /// Takes a line of standard output.
    pub(super) fn read_message(&mut self, bytes: &[u8], findings: &mut Findings) -> Verdict {
        // Only Cargo begins a line like this, so that all other lines need not go through the parser.
        if !bytes.starts_with(b"{\"reason\":") {
            return Verdict::Show;
        }
        match serde_json::from_slice(bytes) {
            Ok(Message::Diagnostic { package_id, message }) => self.diagnostic(&package_id, message, findings),
            Ok(Message::Artifact(artifact)) => {
                self.built(artifact);
                Verdict::Hide
            }
            Ok(Message::Finished) => {
                self.evidence.finished();
                Verdict::Hide
            }
            Ok(Message::Progress) => Verdict::Hide,
            Err(_) => Verdict::Show,
        }
    }

    /// Takes a line of standard error that is no status line.
    pub(super) fn read_text(&mut self, text: &str, findings: &mut Findings) {
        if let Some(error) = text.strip_prefix("error: ") {
            self.failed_by_word(error);
        }
        self.text.read(text, findings);
    }

    /// What has been seen of each crate.
    pub(super) fn evidence(&self) -> &BuildEvidence {
        &self.evidence
    }

    /// ``could not compile `crate-a` (lib)``, ``failed to run custom build command for `crate-a v0.1.0 (/ws/a)` ``: which
    /// crate it is. Any other error may be about all of them.
    fn failed_by_word(&mut self, error: &str) {
        let is_named = error.starts_with("could not ") || error.contains(" build command for `");
        let named = error.split('`').nth(1).filter(|_| is_named);
        let name = named.and_then(|named| named.split_whitespace().next());
        self.evidence
            .failed(name.and_then(|name| self.locator.attribution().crate_named(name)));
    }

    fn built(&mut self, artifact: Artifact) {
        let Some(krate) = self.locator.attribution().crate_of_package(&artifact.package_id) else {
            return;
        };
        let kind = artifact.target.kind.first().map_or("", String::as_str);
        let is_page = |file: &String| Path::new(file).extension().is_some_and(|extension| extension == "html");
        let documented = artifact.filenames.iter().any(is_page);
        let built = Built {
            kind: kind_of_target(kind),
            name: artifact.target.name,
            how: match artifact.profile.test {
                _ if documented => How::Documented,
                true => How::AsTest,
                false => How::Plain,
            },
        };
        self.evidence.built(krate, built);
    }

    /// If Cargo failed without an error of the compiler, adds the reason that it gave itself as the one finding.
    pub(super) fn add_own_error(&mut self, findings: &mut Findings) -> Option<OwnError> {
        let message = self.text.unplaced_error().filter(|_| findings.errors() == 0)?;
        let is_build = message.starts_with("could not compile") || message.contains("build command");
        findings.push(Finding {
            severity: Severity::Error,
            // ``could not compile `crate-a` (lib)``
            crate_name: message
                .split('`')
                .nth(1)
                .and_then(|name| self.locator.attribution().crate_named(name)),
            place: None,
            code: None,
            test: None,
            message,
        });
        Some(if is_build { OwnError::Build } else { OwnError::Other })
    }

    fn diagnostic(&mut self, package_id: &str, message: Diagnostic, findings: &mut Findings) -> Verdict {
        let krate = self.locator.attribution().crate_of_package(package_id);
        if matches!(message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice) {
            self.evidence.failed(krate.clone());
        }
        if is_summary(&message) || !self.seen.is_new((package_id, said(&message))) {
            return Verdict::Hide;
        }
        // What comes with no name is no lint, and is not denied by `-D warnings` either.
        if message.level == DiagnosticLevel::Warning && message.code.is_some() {
            self.evidence.warned(krate.clone());
        }
        let finding = self.finding(package_id, &message);
        let is_error = finding
            .as_ref()
            .is_some_and(|finding| finding.severity == Severity::Error);
        if let Some(finding) = finding {
            findings.push(finding);
        }
        let mut shown = message.rendered.unwrap_or(message.message);
        if !shown.ends_with('\n') {
            shown.push('\n');
        }
        // One error must not be lost among six hundred warnings.
        if is_error {
            Verdict::ReplaceAtTop(shown)
        } else {
            Verdict::Replace(shown, krate)
        }
    }

    fn finding(&self, package_id: &str, message: &Diagnostic) -> Option<Finding> {
        let severity = match message.level {
            DiagnosticLevel::Error | DiagnosticLevel::Ice => Severity::Error,
            DiagnosticLevel::Warning => Severity::Warning,
            _ => return None,
        };
        let place = primary_place(message).map(|place| self.locator.locate(&place));
        let (place, crate_of_file) = place.unzip();
        Some(Finding {
            severity,
            crate_name: self
                .locator
                .attribution()
                .crate_of_package(package_id)
                .or(crate_of_file.flatten()),
            place,
            code: message.code.as_ref().map(|code| code.code.clone()),
            test: None,
            message: one_line(&sanitize(message.message.as_bytes(), Colour::Strip)),
        })
    }
}

impl Reader for CargoReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        match line.stream {
            Stream::Stdout => self.read_message(line.bytes, findings),
            Stream::Stderr if status_verb(line.text).is_some() => Verdict::Status,
            Stream::Stderr => {
                self.read_text(line.text, findings);
                Verdict::Show
            }
        }
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        let in_words = findings.in_words();
        if exit.is_success() || findings.errors() > 0 {
            return in_words;
        }
        let own = self.add_own_error(findings).map(|own| own.in_words().to_owned());
        own.or(in_words)
    }

    fn lint_warnings(&self) -> usize {
        self.evidence.warnings()
    }

    fn verdicts(&self, end: &End<'_>) -> Verdicts {
        self.evidence
            .verdicts(end.asked, end.passed, self.locator.attribution())
    }
}

/// Why Cargo failed when the compiler reported no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnError {
    /// Something could not be built: the compiler was killed, or a build script failed.
    Build,
    /// It did not come to building: a manifest is wrong, a package is unknown.
    Other,
}

impl OwnError {
    /// What it means, in a few words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Build => "build failed",
            Self::Other => "cargo failed",
        }
    }
}

/// What Cargo says in JSON. Only what is needed is parsed, so that new editions and kinds of targets change nothing.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Diagnostic { package_id: String, message: Diagnostic },
    #[serde(rename = "compiler-artifact")]
    Artifact(Artifact),
    #[serde(rename = "build-finished")]
    Finished,
    #[serde(rename = "build-script-executed", alias = "timing-info")]
    Progress,
}

/// Something that has been built, now or before.
#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    target: ArtifactTarget,
    #[serde(default)]
    profile: ArtifactProfile,
    #[serde(default)]
    filenames: Vec<String>,
}

#[derive(Default, Deserialize)]
struct ArtifactTarget {
    kind: Vec<String>,
    name: String,
}

#[derive(Default, Deserialize)]
struct ArtifactProfile {
    test: bool,
}

/// A library has its crate types for kinds; all the other kinds have a word.
fn kind_of_target(word: &str) -> TargetKind {
    match word {
        "bin" => TargetKind::Bin,
        "example" => TargetKind::Example,
        "test" => TargetKind::Test,
        "bench" => TargetKind::Bench,
        "custom-build" => TargetKind::BuildScript,
        "proc-macro" => TargetKind::ProcMacro,
        _ => TargetKind::Lib,
    }
}

/// Whether this only counts the messages before it, as Cargo does again at its end.
fn is_summary(message: &Diagnostic) -> bool {
    let text = message.message.as_str();
    let counts = text.ends_with(" warning emitted") || text.ends_with(" warnings emitted");
    message.spans.is_empty() && message.code.is_none() && (counts || text.starts_with("aborting due to "))
}

fn said(message: &Diagnostic) -> &str {
    message.rendered.as_ref().unwrap_or(&message.message)
}

fn primary_place(message: &Diagnostic) -> Option<TextPlace> {
    let span = message.spans.iter().find(|span| span.is_primary)?;
    Some(TextPlace {
        file: span.file_name.clone(),
        line: u32::try_from(span.line_start).ok(),
        column: u32::try_from(span.column_start).ok(),
    })
}

#[cfg(test)]
mod tests {
    use crate::model::{Dialect, Exit};
    use crate::tool_output::recorded::{Recorded, check};

    /// Recorded: `cargo check --all-targets --keep-going --message-format=json-diagnostic-rendered-ansi`, where the
    /// library and its tests say the same.
    fn errors() -> Recorded<'static> {
        Recorded {
            stdout: include_str!("recorded/cargo_check_errors.stdout"),
            stderr: include_str!("recorded/cargo_check_errors.stderr"),
            ..Recorded::new(Dialect::Cargo, Exit::Code(101))
        }
    }

    #[test]
    fn compiler_messages_are_found_once_each() {
        check(
            &errors(),
            Some("3 errors, 1 warning"),
            &[
                "warning crate-a crates/a/src/lib.rs:9:9 [unused_variables] unused variable: `unused`",
                "error crate-b crates/b/src/lib.rs:6:18 [E0308] mismatched types",
                "error crate-b crates/b/src/lib.rs:7:5 [E0425] cannot find function `missing` in this scope",
                "error crate-b crates/b/src/lib.rs:8:5 [E0308] mismatched types",
            ],
        );
    }

    #[test]
    fn a_person_reads_what_the_compiler_rendered() {
        let output = String::from_utf8(errors().report().output.bytes).unwrap();
        assert!(output.starts_with("\u{1b}[1m\u{1b}[91merror[E0308]"), "{output:?}");
        assert!(output.contains("\u{1b}[1m\u{1b}[33mwarning\u{1b}[0m\u{1b}[1m: unused variable: `unused`"));
        assert!(output.ends_with(
            "\u{1b}[1mFor more information about an error, try `rustc --explain E0308`.\u{1b}[0m\n\
             error: could not compile `crate-b` (lib) due to 3 previous errors\n\
             warning: build failed, waiting for other jobs to finish...\n\
             error: could not compile `crate-b` (lib test) due to 3 previous errors\n"
        ));
        assert_eq!(output.matches("mismatched types").count(), 2);
        assert!(!output.contains("reason") && !output.contains("Checking"));
    }

    #[test]
    fn a_success_may_come_with_warnings() {
        let stdout = errors().stdout;
        let warnings = Recorded {
            stdout: stdout.lines().next().unwrap(),
            ..Recorded::new(Dialect::Cargo, Exit::Code(0))
        };
        check(
            &warnings,
            Some("1 warning"),
            &["warning crate-a crates/a/src/lib.rs:9:9 [unused_variables] unused variable: `unused`"],
        );
        check(&Recorded::new(Dialect::Cargo, Exit::Code(0)), None, &[]);
    }

    #[test]
    fn what_cargo_says_itself_is_found_where_the_compiler_says_nothing() {
        for (stderr, meaning, found) in [
            (
                "error: could not compile `crate-b` (lib)\n\nCaused by:\n  process didn't exit successfully: `rustc` \
                 (signal: 9, SIGKILL: kill)\n",
                Some("build failed"),
                &["error crate-b could not compile `crate-b` (lib)"][..],
            ),
            (
                "error: failed to run custom build command for `x v0.1.0 (/ws/x)`\n",
                Some("build failed"),
                &["error failed to run custom build command for `x v0.1.0 (/ws/x)`"],
            ),
            (
                "error: no test target named `nosuch` in default-run packages\nhelp: available test targets:\n    it\n",
                Some("cargo failed"),
                &["error no test target named `nosuch` in default-run packages"],
            ),
            (
                "error: invalid table header\n --> crates/a/Cargo.toml:3:1\n  |\n",
                Some("1 error"),
                &["error crate-a crates/a/Cargo.toml:3:1 invalid table header"],
            ),
            ("", None, &[]),
        ] {
            let recorded = Recorded {
                stderr,
                ..Recorded::new(Dialect::Cargo, Exit::Code(101))
            };
            check(&recorded, meaning, found);
        }
    }

    #[test]
    fn other_messages_are_what_they_are() {
        let message = |level: &str, message: &str, spans: &str, rendered: &str| {
            format!(
                r#"{{"reason":"compiler-message","package_id":"unknown","target":{{"edition":"2099"}},"message":{{"level":"{level}","message":"{message}","code":null,"spans":[{spans}],"children":[],"rendered":{rendered}}}}}"#
            ) + "\n"
        };
        let span = r#"{"file_name":"/ws/crates/a/x.rs","byte_start":0,"byte_end":1,"line_start":4,"line_end":4,"column_start":2,"column_end":3,"is_primary":true,"text":[],"label":null,"suggested_replacement":null,"suggestion_applicability":null,"expansion":null}"#;
        for (line, found, shown) in [
            (
                message("error", "aborting due to 1 previous error", "", r#""x""#),
                None,
                "",
            ),
            (message("warning", "2 warnings emitted", "", r#""x""#), None, ""),
            (message("failure-note", "see", "", r#""see\n""#), None, "see\n"),
            (
                message("error", "linking failed", "", "null"),
                Some("error linking failed"),
                "linking failed\n",
            ),
            (
                message(
                    "error: internal compiler error",
                    r"\u001b[31mbug\nmore",
                    span,
                    r#""ice""#,
                ),
                Some("error crate-a crates/a/x.rs:4:2 bug"),
                "ice\n",
            ),
            (r#"{"reason":"build-finished","success":true}"#.to_owned(), None, ""),
            (
                "{\"reason\":\"from a test\"}\n".to_owned(),
                None,
                "{\"reason\":\"from a test\"}\n",
            ),
            ("plain\n".to_owned(), None, "plain\n"),
        ] {
            let report = Recorded {
                stdout: &line,
                ..Recorded::new(Dialect::Cargo, Exit::Code(101))
            };
            check(&report, found.map(|_| "1 error"), found.as_slice());
            assert_eq!(
                report.report().output.bytes.escape_ascii().to_string(),
                shown.as_bytes().escape_ascii().to_string()
            );
        }
    }
}
