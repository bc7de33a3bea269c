//! Reads the unified diffs in which formatters say what they would change.

use std::path::PathBuf;

use crate::model::{Exit, Finding, Severity};
use crate::patch::{HunkHead, headed, quoted};
use crate::tool_output::Stream;
use crate::tool_output::findings::{Findings, counted};
use crate::tool_output::locator::Locator;
use crate::tool_output::plain::PlainReader;
use crate::tool_output::reader::{Line, Reader, Verdict};

/// How a line begins that says of a file that it cannot be formatted. Black writes such lines too.
const CANNOT: &str = "error: cannot format ";
/// What tools call their standard input where they name a place in it, which is no file of anybody's.
const INPUT: &str = "<stdin>";

/// What is said of a file that cannot be formatted.
#[must_use]
pub fn cannot_format(file: &std::ffi::OsStr, reason: &str) -> String {
    format!("{CANNOT}{}: {reason}\n", quoted(file))
}

/// Reads diffs on standard output, and whatever else is written as [`PlainReader`] does.
#[derive(Debug)]
pub(super) struct DiffReader {
    locator: Locator,
    plain: PlainReader,
    /// The first and the second line of a header, where they were the last lines.
    header: Vec<u8>,
    /// The file whose changes are being read.
    file: Option<File>,
    /// Whether a line that is too long to be read has not ended yet.
    is_within_line: bool,
    unformatted: usize,
    broken: usize,
}

/// A file, and how far its changes have been read.
#[derive(Debug)]
struct File {
    name: Option<PathBuf>,
    /// Whether its first difference has come.
    found: bool,
    /// What is still to come of the change that is being read.
    change: HunkHead,
}

impl DiffReader {
    /// Expects files to be named as this locator has it.
    pub(super) fn new(locator: Locator) -> Self {
        Self {
            plain: PlainReader::new(locator.clone()),
            locator,
            header: Vec::new(),
            file: None,
            is_within_line: false,
            unformatted: 0,
            broken: 0,
        }
    }

    /// Takes a line that may be one of a diff: whether it is.
    fn is_of_diff(&mut self, line: &Line<'_>, findings: &mut Findings) -> bool {
        // What a terminal would show of a line of a file is not how it begins. Only one in colour begins with that.
        let line = if line.bytes.starts_with(b"\x1b") {
            line.text.as_bytes()
        } else {
            line.bytes.trim_ascii_end()
        };
        if self.is_in_change(line.first(), findings) {
            return true;
        }
        match HunkHead::read(line) {
            Some(change) => self.begin(change),
            None => self.is_of_header(line) || self.file.is_some() && line.starts_with(b"\\"),
        }
    }

    /// Remembers a line that a header may begin or end with; forgets that at any other.
    fn is_of_header(&mut self, line: &[u8]) -> bool {
        let is_second = self.header.starts_with(b"--- ") && line.starts_with(b"+++ ");
        if !is_second {
            self.header.clear();
        }
        let is_of_header = is_second || line.starts_with(b"--- ");
        if is_of_header {
            self.header.extend([line, b"\n"].concat());
        }
        is_of_header
    }

    /// A change begins: of another file where a header came before it.
    fn begin(&mut self, change: HunkHead) -> bool {
        let header = std::mem::take(&mut self.header);
        match &mut self.file {
            Some(file) if header.is_empty() => file.change = change,
            None if header.is_empty() => return false,
            _ => {
                self.file = Some(File {
                    name: headed(&header, self.locator.names()),
                    found: false,
                    change,
                });
            }
        }
        true
    }

    /// Takes a line of a change, which is all in its first character: whether it is one.
    fn is_in_change(&mut self, sign: Option<&u8>, findings: &mut Findings) -> bool {
        let Some(file) = &mut self.file else { return false };
        let line = file.change.line;
        let Some((before, after)) = file.change.take(sign) else {
            return false;
        };
        if before != after && !std::mem::replace(&mut file.found, true) {
            let name = file.name.clone();
            self.unformatted += 1;
            self.push(name, Some(line.max(1)), "not formatted", findings);
        }
        true
    }

    fn push(&self, file: Option<PathBuf>, line: Option<u32>, message: &str, findings: &mut Findings) {
        let (place, crate_name) = file.map(|file| self.locator.place(&file, line)).unzip();
        findings.push(Finding {
            severity: Severity::Error,
            crate_name: crate_name.flatten(),
            place,
            code: None,
            test: None,
            message: message.to_owned(),
        });
    }

    /// What a line says of a file that cannot be formatted: whether it is such a line.
    fn cannot(&mut self, text: &str, findings: &mut Findings) -> bool {
        let Some((name, reason)) = text.strip_prefix(CANNOT).and_then(name_and_reason) else {
            return false;
        };
        // The names in a header are written in the same way.
        let header = format!("--- {name}\n+++ {name}\n");
        let file = headed(header.as_bytes(), self.locator.names());
        self.broken += 1;
        self.push(file, None, reason, findings);
        true
    }
}

impl Reader for DiffReader {
    fn read(&mut self, line: &Line<'_>, findings: &mut Findings) -> Verdict {
        let known = match line.stream {
            Stream::Stdout => self.is_of_diff(line, findings),
            Stream::Stderr => self.cannot(line.text, findings),
        };
        if !known && !line.text.contains(INPUT) {
            return self.plain.read(line, findings);
        }
        Verdict::Show
    }

    fn read_part(&mut self, stream: Stream, part: &[u8], findings: &mut Findings) {
        let ends = part.ends_with(b"\n");
        if stream == Stream::Stdout && !std::mem::replace(&mut self.is_within_line, !ends) {
            self.is_in_change(part.first(), findings);
        }
    }

    fn finish(&mut self, exit: Exit, findings: &mut Findings) -> Option<String> {
        if exit.is_success() {
            findings.drop_errors();
            return None;
        }
        let unformatted = format!("{} not formatted", counted(self.unformatted, "file"));
        match (self.unformatted, self.broken) {
            (0, 0) => None,
            (_, 0) => Some(unformatted),
            (0, broken) => Some(format!("{} cannot be formatted", counted(broken, "file"))),
            (_, broken) => Some(format!("{unformatted}, {broken} cannot be")),
        }
    }
}

/// A name, which may be in quotes, and what comes after the colon behind it.
fn name_and_reason(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.strip_prefix('"').map(|quoted| {
        quoted.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })
    });
    let (name, rest) = match end {
        Some(end) => text.split_at(end? + 2),
        None => text.split_at(text.find(": ")?),
    };
    Some((name, rest.strip_prefix(": ")?))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::model::Dialect;
    use crate::patch::unified;
    use crate::tool_output::LINE_LIMIT;
    use crate::tool_output::recorded::{Recorded, check};

    fn diff(name: &str, before: &str, after: &str) -> String {
        String::from_utf8(unified(OsStr::new(name), before.as_bytes(), after.as_bytes())).unwrap()
    }

    fn failing<'a>(stdout: &'a str, stderr: &'a str) -> Recorded<'a> {
        Recorded {
            stdout,
            stderr,
            command_dir: "/ws/crates/b",
            ..Recorded::new(Dialect::Diff, Exit::Code(1))
        }
    }

    #[test]
    fn each_file_is_found_once_at_its_first_difference() {
        let lines = |others: &[(u32, &str)]| -> String {
            let other = |at: u32| others.iter().find(|(other, _)| *other == at).map(|(_, text)| *text);
            (1..=30)
                .map(|at| other(at).map_or(format!("{at}\n"), str::to_owned))
                .collect()
        };
        let stdout = [
            diff("src/x.sql", &lines(&[]), &lines(&[(9, "nine\n"), (29, "x\n")])),
            diff("/ws/top.sql", &lines(&[]), &lines(&[(4, ""), (5, "")])),
            // Its content is that of a diff, in colour and at its very beginning.
            diff(
                "odd \u{fc}\n.sql",
                "-- a\n++ b\n@@ -1 +1 @@\n",
                "\u{1b}[31m@@ -1 +1 @@\n",
            ),
            diff("empty", "", "a\n"),
            diff("end", "a\nb", "a\nb\n"),
            diff("more", &lines(&[]), &(lines(&[]) + "x\n")),
        ];
        check(
            &failing(&stdout.concat(), ""),
            Some("6 files not formatted"),
            &[
                "error crate-b crates/b/src/x.sql:9 not formatted",
                "error top.sql:4 not formatted",
                "error crate-b crates/b/odd \u{fc}\n.sql:1 not formatted",
                "error crate-b crates/b/empty:1 not formatted",
                "error crate-b crates/b/end:2 not formatted",
                "error crate-b crates/b/more:31 not formatted",
            ],
        );
    }

    #[test]
    fn other_tools_write_diffs_as_well() {
        let black = "--- src/x.py\t2026-01-01 00:00:00.000000+00:00\n+++ src/x.py\t2026-01-01 00:00:01.000000+00:00\n\
                     @@ -1,3 +1,3 @@\n a\n\n-b  = 1\n+b = 1\n";
        let git = "diff --git a/y.py b/y.py\nindex 1..2 100644\n\u{1b}[1m--- a/y.py\u{1b}[m\n\u{1b}[1m+++ b/y.py\u{1b}[m\n\
                   \u{1b}[36m@@ -7,2 +7,2 @@ fn\u{1b}[m\n\u{1b}[31m-a\u{1b}[m\n\u{1b}[32m+b\u{1b}[m\n c\n";
        let stderr = "would reformat src/x.py\nerror: cannot format z.py: Cannot parse: 1:4: x\nsrc/w.py:3:1: bad\n";
        check(
            &failing(&[black, git].concat(), stderr),
            Some("2 files not formatted, 1 cannot be"),
            &[
                "error crate-b crates/b/src/x.py:3 not formatted",
                "error crate-b crates/b/y.py:7 not formatted",
                "error crate-b crates/b/z.py Cannot parse: 1:4: x",
                "error crate-b crates/b/src/w.py:3:1 bad",
            ],
        );
        let passed = Recorded {
            stdout: black,
            ..Recorded::new(Dialect::Diff, Exit::Code(0))
        };
        check(&passed, None, &[]);
    }

    #[test]
    fn what_cannot_be_formatted_is_found() {
        let names = ["x.sql", "a: b \"c\\\n.sql"].map(|name| cannot_format(OsStr::new(name), "no: \"way\""));
        let tool = "error: unclosed delimiter\n --> <stdin>:1:14\n";
        check(
            &failing("", &[tool, &names.concat()].concat()),
            Some("2 files cannot be formatted"),
            &[
                "error crate-b crates/b/x.sql no: \"way\"",
                "error crate-b crates/b/a: b \"c\\\n.sql no: \"way\"",
            ],
        );
        check(
            &failing(
                "--- x\n+++ y\n@@ -1 +1 @@\n-a\n+b\n",
                "error: cannot format ../../../x: y\nerror: cannot format \"\n",
            ),
            Some("1 file not formatted, 1 cannot be"),
            &["error not formatted", "error y"],
        );
    }

    #[test]
    fn lines_that_are_too_long_to_be_read_are_counted() {
        let long = "x".repeat(LINE_LIMIT + 1);
        let stdout = [
            diff("a", &long, "a\n"),
            diff("b", &format!("1\n2\n{long}\n4\n"), "1\n2\n3\n4\n"),
            diff("c", &format!("1\n{long}\n3\n4\n"), &format!("1\n{long}\n3\n{long}\n")),
            diff("d", &format!("{long}\n"), &long),
            diff("e", "1\n2\n", "1\n3\n"),
        ];
        check(
            &failing(&stdout.concat(), ""),
            Some("5 files not formatted"),
            &[
                "error crate-b crates/b/a:1 not formatted",
                "error crate-b crates/b/b:3 not formatted",
                "error crate-b crates/b/c:4 not formatted",
                "error crate-b crates/b/d:1 not formatted",
                "error crate-b crates/b/e:2 not formatted",
            ],
        );
    }
}
