//! Runs recorded outputs through the room, for the tests of its dialects.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Dialect, Exit, Finding, Severity};
use crate::tool_output::{Attribution, Stream, ToolOutput, ToolReport};

/// What a tool wrote, and how it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded<'a> {
    pub(super) dialect: Dialect,
    pub(super) stdout: &'a str,
    pub(super) stderr: &'a str,
    pub(super) exit: Exit,
    pub(super) command_dir: &'a str,
}

impl Recorded<'_> {
    /// A tool that wrote nothing.
    pub(super) fn new(dialect: Dialect, exit: Exit) -> Self {
        Self {
            dialect,
            stdout: "",
            stderr: "",
            exit,
            command_dir: "/ws",
        }
    }

    /// What is made of it.
    pub(super) fn report(&self) -> ToolReport {
        let mut output = ToolOutput::new(self.dialect, Arc::new(attribution()), PathBuf::from(self.command_dir));
        output.feed(Stream::Stdout, self.stdout.as_bytes());
        output.feed(Stream::Stderr, self.stderr.as_bytes());
        output.finish(self.exit)
    }

    /// A message of the compiler in Cargo's JSON, without a place.
    pub(super) fn compiler_message(message: &str) -> String {
        format!(
            r#"{{"reason":"compiler-message","package_id":"x","message":{{"level":"error","message":"{message}","code":null,"spans":[],"children":[],"rendered":null}}}}"#
        ) + "\n"
    }
}

/// A workspace of two crates.
pub(super) fn attribution() -> Attribution {
    let member = |dir: &str, name: &str| {
        let path = format!("/ws/crates/{dir}");
        (
            name.into(),
            PathBuf::from(&path),
            format!("path+file://{path}#{name}@0.1.0"),
        )
    };
    Attribution::new("/ws", [member("a", "crate-a"), member("b", "crate-b")])
}

/// Checks what a recorded output means and which findings it has, each in one line.
#[track_caller]
pub(super) fn check(recorded: &Recorded<'_>, meaning: Option<&str>, findings: &[&str]) {
    let report = recorded.report();
    assert_eq!(brief(&report.findings), findings);
    assert_eq!(report.meaning.as_deref(), meaning);
}

/// Findings in one line each: `error crate-a src/lib.rs:6:18 [E0308] mismatched types`.
pub(super) fn brief(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(brief_finding).collect()
}

fn brief_finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let crate_name = finding.crate_name.as_ref().map(ToString::to_string);
    let place = finding.place.as_ref().map(|place| {
        let numbers = [place.line, place.column];
        let numbers = numbers.into_iter().flatten().map(|number| format!(":{number}"));
        format!("{}{}", place.file.display(), numbers.collect::<String>())
    });
    let code = finding.code.as_ref().map(|code| format!("[{code}]"));
    let parts = [
        Some(severity.to_owned()),
        crate_name,
        place,
        code,
        Some(finding.message.clone()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
