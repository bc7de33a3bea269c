//! Reads the lines that the standard library prints when a thread panics, in all the forms that it had over time.

use crate::tool_output::place_text::{TextPlace, whole_place};

/// A panic and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PanicLine {
    /// The name of the thread: the test's own name, or `main`.
    pub(super) thread: String,
    /// Where it panicked.
    pub(super) place: TextPlace,
}

/// Finds panics in a text that comes line by line.
#[derive(Debug, Default)]
pub(super) struct PanicText {
    /// A thread whose message goes on over several lines, with the place behind it, as it was before Rust 1.73.
    open: Option<String>,
}

impl PanicText {
    /// Takes a line, and says which panic is complete with it.
    pub(super) fn read(&mut self, text: &str) -> Option<PanicLine> {
        if let Some((thread, rest)) = panic_headline(text) {
            self.open = None;
            if rest.starts_with('\'') {
                self.open = Some(thread.to_owned());
            } else {
                let thread = thread.to_owned();
                return whole_place(rest).map(|place| PanicLine { thread, place });
            }
        }
        self.open.as_ref()?;
        let (_, place) = text.rsplit_once("', ")?;
        let place = whole_place(place)?;
        self.open.take().map(|thread| PanicLine { thread, place })
    }
}

/// The place of a test that should have panicked and did not. There is no panic, but libtest names the place.
pub(super) fn missing_panic(text: &str) -> Option<TextPlace> {
    whole_place(
        text.trim_start()
            .strip_prefix("note: test did not panic as expected at ")?,
    )
}

/// `thread 'NAME' panicked at REST` and `thread 'NAME' (PID) panicked at REST`.
fn panic_headline(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start().strip_prefix("thread '")?;
    let (head, rest) = text.split_once(" panicked at ")?;
    let head = match head.strip_suffix(')').and_then(|head| head.rsplit_once(" (")) {
        Some((name, id)) if id.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => head,
    };
    Some((head.strip_suffix('\'')?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panics(text: &str) -> Vec<String> {
        let mut reader = PanicText::default();
        let shown = |panic: PanicLine| {
            let place = panic.place;
            format!("{} {}:{}", panic.thread, place.file, place.line.unwrap_or(0))
        };
        text.lines().filter_map(|line| reader.read(line)).map(shown).collect()
    }

    #[test]
    fn every_form_of_a_panic_is_known() {
        for (text, expected) in [
            (
                "thread 'tests::x' (14788) panicked at src/lib.rs:10:5:\nmessage",
                &["tests::x src/lib.rs:10"][..],
            ),
            (
                "    thread 'tests::x' panicked at src/lib.rs:10:5:",
                &["tests::x src/lib.rs:10"],
            ),
            ("thread 'a' panicked at 'boom', src/lib.rs:10:5", &["a src/lib.rs:10"]),
            (
                "thread 'a' panicked at 'assertion failed: `(left == right)`\n  left: `1`,\n right: `2`', src/lib.rs:7:5",
                &["a src/lib.rs:7"],
            ),
            (
                "thread 'a' panicked at 'never closed\nthread 'b' (1) panicked at src/b.rs:1:1:\n x', src/c.rs:1:1",
                &["b src/b.rs:1"],
            ),
            (
                "thread '<unnamed>' panicked at src/lib.rs:1:1:",
                &["<unnamed> src/lib.rs:1"],
            ),
            ("thread 'a' panicked at nowhere", &[]),
            ("thread 'a' woke up", &[]),
            ("', src/lib.rs:7:5", &[]),
        ] {
            assert_eq!(panics(text), expected, "{text}");
        }
    }

    #[test]
    fn a_test_that_should_panic_names_its_place() {
        let note = "note: test did not panic as expected at crates/a/tests/it.rs:11:4";
        assert_eq!(
            missing_panic(note).map(|place| place.file).as_deref(),
            Some("crates/a/tests/it.rs")
        );
        assert_eq!(missing_panic("note: run with `RUST_BACKTRACE=1`"), None);
    }
}
