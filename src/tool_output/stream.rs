//! Takes what a tool writes while it writes it, and says in the end what it amounts to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::event::Output;
use crate::model::{CrateName, Dialect, Exit, Finding, Severity};
use crate::tool_output::Attribution;
use crate::tool_output::cargo::CargoReader;
use crate::tool_output::cargo_test::CargoTestReader;
use crate::tool_output::crates::{Asked, Verdicts};
use crate::tool_output::diff::DiffReader;
use crate::tool_output::findings::{Findings, cut_short};
use crate::tool_output::kept_text::{HEAD_LIMIT, KeptText, TAIL_LIMIT};
use crate::tool_output::lines::{LineSplitter, Piece};
use crate::tool_output::locator::Locator;
use crate::tool_output::lock_wait::awaited_lock;
use crate::tool_output::nextest::NextestReader;
use crate::tool_output::plain::PlainReader;
use crate::tool_output::reader::{End, Line, Reader, Verdict};
use crate::tool_output::rustfmt::RustfmtReader;
use crate::tool_output::secrets::{LongLine, Secrets};
use crate::tool_output::spool::Spool;
use crate::tool_output::terminal_text::shown_line;

/// How much of a line is shown while a tool runs, in characters.
const LAST_LINE_LIMIT: usize = 200;

/// Where a tool wrote something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// What a tool's output amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolReport {
    /// What it found, in the order in which it said so.
    pub findings: Vec<Finding>,
    /// What its end means, in a few words (`2 errors, 1 warning`), where that is known.
    pub meaning: Option<String>,
    /// What a person should read of it.
    pub output: Output,
    /// What came of each crate that was asked for, if nothing but the tool itself has ended it.
    pub crates: Verdicts,
    /// How many warnings there were that fail the task, although the tool is content.
    pub denied: usize,
    /// The end of an output that is long, as [`ToolOutput::take_long`] gives it.
    pub rest: Vec<u8>,
}

/// The output of one tool, taken in while it is written.
#[derive(Debug)]
pub struct ToolOutput {
    asked: Asked,
    stdout: LineSplitter,
    stderr: LineSplitter,
    taken: Taken,
}

impl ToolOutput {
    /// Expects a tool that speaks this dialect and runs in this directory.
    #[must_use]
    pub fn new(dialect: Dialect, attribution: Arc<Attribution>, command_dir: PathBuf) -> Self {
        let locator = match dialect {
            Dialect::Plain | Dialect::Rustfmt | Dialect::Diff => Locator::from_dir(attribution, command_dir),
            // Cargo runs the compiler and the tests so that both name files relative to the workspace root.
            Dialect::Cargo | Dialect::CargoTest | Dialect::Nextest => Locator::from_root(attribution),
        };
        let reader: Box<dyn Reader> = match dialect {
            Dialect::Plain => Box::new(PlainReader::new(locator)),
            Dialect::Cargo => Box::new(CargoReader::new(locator)),
            Dialect::CargoTest => Box::new(CargoTestReader::new(locator)),
            Dialect::Nextest => Box::new(NextestReader::new(locator)),
            Dialect::Rustfmt => Box::new(RustfmtReader::new(locator)),
            Dialect::Diff => Box::new(DiffReader::new(locator)),
        };
        Self {
            asked: Asked::default(),
            stdout: LineSplitter::default(),
            stderr: LineSplitter::default(),
            taken: Taken::new(reader),
        }
    }

    /// Holds it against this what the tool was asked for.
    #[must_use]
    pub fn asked_for(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    /// Tells none of these. They are looked for in what is told, not in what is read: what they happen to be changes no verdict.
    #[must_use]
    pub fn without(mut self, secrets: &Secrets) -> Self {
        self.taken.secrets = secrets.clone();
        self.taken.findings = Findings::without(secrets.clone());
        self
    }

    /// Gives out what is long, whole and in the order of its arrival: see [`Self::take_long`].
    #[must_use]
    pub fn giving_out_what_is_long(mut self) -> Self {
        self.taken.spool = Some(Spool::default());
        self
    }

    /// What a person can read of a long output ([`LONG_BYTES`](super::LONG_BYTES), [`LONG_LINES`](super::LONG_LINES)) and
    /// nobody has taken yet, from its beginning on. It is what the tool wrote, status lines too, but for what is for machines:
    /// of that, what it says. To be taken after each [`Self::feed`], so that memory is bounded.
    #[must_use]
    pub fn take_long(&mut self) -> Vec<u8> {
        self.taken.spool.as_mut().map(Spool::take).unwrap_or_default()
    }

    /// Whether the tool has built all that it will, and now only runs it.
    #[must_use]
    pub fn has_built(&self) -> bool {
        self.taken.reader.has_built()
    }

    /// What cargo waits for, if the last that it wrote says that another cargo holds the lock on it.
    #[must_use]
    pub fn awaited_lock(&self) -> Option<&str> {
        self.taken.awaited_lock.as_deref()
    }

    /// Takes what the tool wrote, in whatever pieces it comes.
    pub fn feed(&mut self, stream: Stream, bytes: &[u8]) {
        let taken = &mut self.taken;
        if !bytes.is_empty() {
            taken.awaited_lock = None;
        }
        let splitter = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        splitter.feed(bytes, |piece| taken.take(stream, piece));
        if splitter.is_within_line() {
            taken.awaited_lock = None;
        }
    }

    /// The last whole line that says something, made harmless for a terminal and short.
    #[must_use]
    pub fn last_line(&self) -> Option<&str> {
        Some(self.taken.last_line.as_str()).filter(|line| !line.is_empty())
    }

    /// Says what it all amounts to, now that the tool has ended like this.
    #[must_use]
    pub fn finish(self, exit: Exit) -> ToolReport {
        let mut taken = self.taken;
        self.stdout.finish(|piece| taken.take(Stream::Stdout, piece));
        self.stderr.finish(|piece| taken.take(Stream::Stderr, piece));
        taken.end_long_lines();
        let mut meaning = taken.reader.finish(exit, &mut taken.findings);
        if let Some(meaning) = &mut meaning {
            taken.secrets.hide_in(meaning);
            cut_short(meaning);
        }
        let warnings = taken.reader.lint_warnings();
        let denied = if self.asked.deny_warnings { warnings } else { 0 };
        let crates = taken.reader.verdicts(&End {
            asked: &self.asked,
            exit,
            passed: exit.is_success() && denied == 0,
            findings: &taken.findings,
        });
        let mut findings = taken.findings.into_kept();
        if self.asked.deny_warnings {
            // What fails the task is an error, whatever its tool calls it.
            let lints = findings.iter_mut().filter(|finding| finding.code.is_some());
            lints.for_each(|finding| finding.severity = Severity::Error);
        }
        ToolReport {
            crates,
            denied,
            findings,
            meaning,
            rest: taken.spool.as_mut().map(Spool::take).unwrap_or_default(),
            output: joined(taken.top.into_output(), taken.kept.into_output(), taken.of_crates),
        }
    }
}

fn joined(mut top: Output, rest: Output, of_crates: BTreeMap<CrateName, Vec<u8>>) -> Output {
    top.bytes.extend(rest.bytes);
    top.dropped += rest.dropped;
    if top.dropped == 0 {
        top.of_crates = of_crates;
    }
    top
}

/// What has become of the lines so far.
#[derive(Debug)]
struct Taken {
    reader: Box<dyn Reader>,
    findings: Findings,
    /// Whole lines that are shown before `kept`.
    top: KeptText,
    kept: KeptText,
    /// What of both is about single crates.
    of_crates: BTreeMap<CrateName, Vec<u8>>,
    /// The same and more, for whoever keeps all of it.
    spool: Option<Spool>,
    /// The stream that the end of `kept` came from.
    speaker: Stream,
    last_line: String,
    /// What the last line says that cargo waits for.
    awaited_lock: Option<String>,
    /// What must not be told.
    secrets: Secrets,
    /// What has come of a line of either stream that is too long to be read as one.
    long_lines: [LongLine; 2],
}

impl Taken {
    fn new(reader: Box<dyn Reader>) -> Self {
        Self {
            reader,
            findings: Findings::default(),
            top: KeptText::default(),
            kept: KeptText::default(),
            of_crates: BTreeMap::new(),
            spool: None,
            speaker: Stream::Stdout,
            last_line: String::new(),
            awaited_lock: None,
            secrets: Secrets::default(),
            long_lines: Default::default(),
        }
    }

    fn take(&mut self, stream: Stream, piece: Piece<'_>) {
        let bytes = match piece {
            Piece::Line(bytes) => bytes,
            Piece::Part(bytes) => {
                self.awaited_lock = None;
                self.reader.read_part(stream, bytes, &mut self.findings);
                let told = self.long_lines[stream as usize].take(bytes, &self.secrets);
                return self.tell(stream, &told);
            }
        };
        let text = shown_line(bytes);
        self.awaited_lock = (stream == Stream::Stderr).then(|| awaited_lock(&text)).flatten();
        let line = Line {
            stream,
            bytes,
            text: &text,
        };
        let verdict = self.reader.read(&line, &mut self.findings);
        let secrets = self.secrets.clone();
        match verdict {
            Verdict::Show | Verdict::Status => {
                let told = secrets.hidden(bytes);
                if verdict == Verdict::Show {
                    self.keep(stream, &told);
                }
                self.spool(stream, &told);
                match told {
                    // What is seen of a line has none where the line has none.
                    Cow::Borrowed(_) => self.remember(&text),
                    Cow::Owned(_) => self.remember(&secrets.hidden_in(&text)),
                }
            }
            Verdict::Hide => {}
            Verdict::Replace(rendered, krate) => {
                let rendered = secrets.hidden(rendered.as_bytes());
                self.tell(stream, &rendered);
                if let Some(krate) = krate {
                    self.keep_of(krate, rendered.into_owned());
                }
            }
            Verdict::ReplaceAtTop(rendered) => {
                let rendered = secrets.hidden(rendered.as_bytes());
                self.spool(stream, &rendered);
                self.top.push(&rendered);
            }
        }
    }

    /// Lines that have no end have come to theirs.
    fn end_long_lines(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let rest = self.long_lines[stream as usize].rest(&self.secrets);
            self.tell(stream, &rest);
        }
    }

    /// For whoever shows it, and for whoever keeps all of it.
    fn tell(&mut self, stream: Stream, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.spool(stream, bytes);
            self.keep(stream, bytes);
        }
    }

    fn spool(&mut self, stream: Stream, bytes: &[u8]) {
        if let Some(spool) = &mut self.spool {
            spool.push(stream, bytes);
        }
    }

    fn keep_of(&mut self, krate: CrateName, bytes: Vec<u8>) {
        // What is longer than what is kept of it is of no use.
        let length: usize = self.of_crates.values().map(Vec::len).sum();
        if length + bytes.len() <= HEAD_LIMIT + TAIL_LIMIT {
            self.of_crates.entry(krate).or_default().extend(bytes);
        }
    }

    fn keep(&mut self, stream: Stream, bytes: &[u8]) {
        // Only an unfinished line can be cut into by the other stream, and then the two must not become one.
        if stream != self.speaker && !self.kept.at_line_start() {
            self.kept.push(b"\n");
        }
        self.speaker = stream;
        self.kept.push(bytes);
    }

    fn remember(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.last_line.clear();
            self.last_line.extend(text.chars().take(LAST_LINE_LIMIT));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::tool_output::recorded::{Recorded, attribution};
    use crate::tool_output::{LINE_LIMIT, LONG_LINES, MAX_FINDINGS};

    const DIALECTS: [Dialect; 6] = [
        Dialect::Plain,
        Dialect::Cargo,
        Dialect::CargoTest,
        Dialect::Nextest,
        Dialect::Rustfmt,
        Dialect::Diff,
    ];

    fn start(dialect: Dialect) -> ToolOutput {
        ToolOutput::new(dialect, Arc::new(attribution()), Path::new("/ws").to_path_buf())
    }

    fn in_chunks(dialect: Dialect, stream: Stream, chunks: &[&[u8]]) -> ToolReport {
        let mut output = start(dialect);
        for chunk in chunks {
            output.feed(stream, chunk);
        }
        output.finish(Exit::Code(101))
    }

    #[test]
    fn the_last_line_is_short_and_harmless() {
        let mut output = start(Dialect::Cargo);
        assert_eq!(output.last_line(), None);
        for (stream, bytes, expected) in [
            (Stream::Stderr, &b"\x1b[1m\x1b[92m   Compiling\x1b[0m serde"[..], None),
            (Stream::Stderr, b" v1.0\n\n", Some("Compiling serde v1.0")),
            (
                Stream::Stdout,
                b"{\"reason\":\"compiler-artifact\"}\n",
                Some("Compiling serde v1.0"),
            ),
            (Stream::Stdout, b"50%\r100%\x1b]0;title\x07\n", Some("100%")),
            (Stream::Stdout, b"unfinished", Some("100%")),
        ] {
            output.feed(stream, bytes);
            assert_eq!(output.last_line(), expected);
        }
        output.feed(Stream::Stderr, &[&[b'x'; 5_000][..], b"\n"].concat());
        assert_eq!(output.last_line().map(str::len), Some(LAST_LINE_LIMIT));
    }

    /// Cargo may write it in colour, and the pipe may hand it over in any pieces.
    #[test]
    fn cargo_waits_for_a_lock_until_it_writes_anything_more() {
        let line = b"\x1b[1m\x1b[92m    Blocking\x1b[0m waiting for file lock on build directory\n";
        for dialect in DIALECTS {
            for cut in 0..=line.len() {
                for (stream, more) in [
                    (Stream::Stderr, &b"    Checking a v0.1.0\n"[..]),
                    (Stream::Stderr, b" "),
                    (Stream::Stdout, b"{\"reason\":\"compiler-artifact\"}\n"),
                    (Stream::Stdout, b"{"),
                ] {
                    let mut output = start(dialect);
                    output.feed(Stream::Stderr, b"warning: something\n");
                    output.feed(Stream::Stderr, &line[..cut]);
                    assert_eq!(output.awaited_lock().is_some(), cut == line.len());
                    output.feed(Stream::Stderr, &line[cut..]);
                    assert_eq!(output.awaited_lock(), Some("build directory"), "cut at {cut}");
                    output.feed(stream, b"");
                    assert!(output.awaited_lock().is_some(), "nothing was written");
                    output.feed(stream, more);
                    assert_eq!(output.awaited_lock(), None);
                }
            }
            let mut output = start(dialect);
            output.feed(Stream::Stderr, &[&line[..], b"   Comp"].concat());
            assert_eq!(output.awaited_lock(), None, "it goes on in the same piece");
            output.feed(Stream::Stdout, line);
            assert_eq!(output.awaited_lock(), None, "cargo says it on standard error");
        }
    }

    #[test]
    fn a_tool_that_runs_its_tests_has_built_them() {
        let check = |dialect, text: &str, expected| {
            let mut output = start(dialect);
            output.feed(Stream::Stderr, text.as_bytes());
            assert_eq!(output.has_built(), expected, "{text}");
        };
        check(Dialect::CargoTest, "   Compiling a v0.1.0\n", false);
        check(
            Dialect::CargoTest,
            "     Running unittests src/lib.rs (/ws/target/debug/deps/a-0)\n",
            true,
        );
        check(Dialect::CargoTest, "   Doc-tests a\n", true);
        check(Dialect::CargoTest, "     Running `rustc --crate-name a`\n", false);
        check(Dialect::Nextest, "    Finished `test` profile\n", false);
        check(Dialect::Nextest, "────────────\n", true);
        check(Dialect::Cargo, "     Running x\n", false);
    }

    #[test]
    fn the_streams_are_kept_in_the_order_in_which_whole_lines_arrive() {
        let mut output = start(Dialect::Plain);
        for (stream, bytes) in [
            (Stream::Stdout, "one, "),
            (Stream::Stderr, "two\n"),
            (Stream::Stdout, "still one\nthree"),
            (Stream::Stderr, "four"),
        ] {
            output.feed(stream, bytes.as_bytes());
        }
        let report = output.finish(Exit::Code(0));
        assert_eq!(
            report.output.bytes.escape_ascii().to_string(),
            r"two\none, still one\nthree\nfour"
        );
    }

    #[test]
    fn a_line_beyond_all_measure_is_passed_on_unread() {
        let message = Recorded::compiler_message(&"x".repeat(LINE_LIMIT));
        let report = in_chunks(Dialect::Cargo, Stream::Stdout, &[message.as_bytes()]);
        assert_eq!(report.findings, []);
        assert!(report.output.bytes == message.as_bytes());
    }

    #[test]
    fn memory_is_bounded() {
        let mut output = start(Dialect::Plain);
        for number in 0..MAX_FINDINGS + 10 {
            output.feed(Stream::Stdout, format!("src/lib.rs:{}: bad\n", number + 1).as_bytes());
        }
        let filler = vec![b'x'; LINE_LIMIT];
        (0..8).for_each(|_| output.feed(Stream::Stderr, &filler));
        let report = output.finish(Exit::Code(1));
        assert_eq!(report.findings.len(), MAX_FINDINGS);
        assert!(report.output.bytes.len() <= HEAD_LIMIT + TAIL_LIMIT);
        assert!(report.output.dropped > 0);
    }

    #[test]
    fn what_is_long_is_given_out_whole_and_nothing_else_is() {
        let long = Recorded::compiler_message("boom") + "   no message\n" + &"line\n".repeat(LONG_LINES);
        for (lines, expected) in [("a\nb\n", 0), (&long, 2)] {
            let mut output = start(Dialect::Cargo).giving_out_what_is_long();
            let mut all = Vec::new();
            output.feed(Stream::Stderr, b"   Compiling alpha v0.1.0\n");
            for piece in lines.as_bytes().chunks(1000) {
                output.feed(Stream::Stdout, piece);
                all.extend(output.take_long());
            }
            let report = output.finish(Exit::Code(1));
            all.extend(report.rest);
            let all = String::from_utf8(all).unwrap();
            assert_eq!(all.lines().take(2).count(), expected, "{all}");
            if expected > 0 {
                assert!(
                    all.starts_with("   Compiling alpha v0.1.0\n"),
                    "status lines are a part of it"
                );
                assert!(all.ends_with("   no message\n") || all.ends_with("line\n"));
                assert!(all.contains("boom") && !all.contains("{\"reason\""), "{all}");
                assert_eq!(all.matches("line\n").count(), LONG_LINES);
            }
        }
    }

    /// Texts that each dialect has something to say about, and bytes that no dialect expects.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let message = Recorded::compiler_message("boom");
        let known = [
            include_str!("recorded/cargo_check_errors.stdout"),
            include_str!("recorded/cargo_check_errors.stderr"),
            include_str!("recorded/cargo_test_failures.stdout"),
            include_str!("recorded/cargo_test_failures.stderr"),
            include_str!("recorded/nextest_failures_colour.stderr"),
            include_str!("recorded/nextest_retries.stderr"),
            include_str!("recorded/rustfmt_differences.stdout"),
            include_str!("recorded/rustfmt_parse_error.stderr"),
            &message,
            "src/lib.rs:3:7: bad\r\n",
            "--- x.sql\n+++ x.sql\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        ];
        let lines = known.iter().flat_map(|text| text.split_inclusive('\n'));
        let lines: Vec<Vec<u8>> = lines.map(|line| line.as_bytes().to_vec()).collect();
        let noise = proptest::collection::vec(any::<u8>(), 0..20);
        let piece = prop_oneof![9 => proptest::sample::select(lines), 1 => noise];
        proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            text in texts(),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
            is_stderr: bool,
        ) {
            let stream = if is_stderr { Stream::Stderr } else { Stream::Stdout };
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut start = 0;
            for cut in cuts {
                chunks.push(&text[start..cut]);
                start = cut;
            }
            for dialect in DIALECTS {
                let whole = in_chunks(dialect, stream, &[&text]);
                prop_assert_eq!(&in_chunks(dialect, stream, &chunks), &whole);
            }
        }

        #[test]
        fn any_bytes_are_taken(stdout: Vec<u8>, stderr: Vec<u8>) {
            for dialect in DIALECTS {
                let mut output = start(dialect);
                output.feed(Stream::Stdout, &stdout);
                output.feed(Stream::Stderr, &stderr);
                let _ = output.last_line();
                let report = output.finish(Exit::Signal(9));
                prop_assert_eq!(report.output.dropped, 0);
            }
        }
    }
}
