//! From what a file contains and what it should contain to the diff that says so.

use std::ffi::OsStr;
use std::io::Write;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};

use super::name::quoted;

/// How many lines are shown around those that change.
const CONTEXT: u32 = 3;

/// The diff that makes the one content of the other, for a file of this name; nothing where they are the same.
#[must_use]
pub fn unified(name: &OsStr, before: &[u8], after: &[u8]) -> Vec<u8> {
    let input = InternedInput::new(before, after);
    // Its cost is bounded whatever the contents are.
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let name = quoted(name);
    let mut text = Vec::new();
    let hunks: Vec<Hunk> = diff.hunks().collect();
    for group in hunks.chunk_by(|one, next| next.before.start - one.before.end <= 2 * CONTEXT) {
        if text.is_empty() {
            text = format!("--- {name}\n+++ {name}\n").into_bytes();
        }
        Writing {
            input: &input,
            text: &mut text,
        }
        .group(group);
    }
    text
}

struct Writing<'a, 'l> {
    input: &'a InternedInput<&'l [u8]>,
    text: &'a mut Vec<u8>,
}

impl Writing<'_, '_> {
    /// Changes so near each other that nothing between them is left out.
    fn group(&mut self, hunks: &[Hunk]) {
        let (Some(first), Some(last)) = (hunks.first(), hunks.last()) else {
            return;
        };
        let lines = u32::try_from(self.input.before.len()).unwrap_or(u32::MAX);
        let lead = first.before.start.min(CONTEXT);
        let trail = (lines - last.before.end).min(CONTEXT);
        let before = first.before.start - lead..last.before.end + trail;
        let after = first.after.start - lead..last.after.end + trail;
        let _ = writeln!(self.text, "@@ -{} +{} @@", range(&before), range(&after));
        let mut next = before.start;
        for hunk in hunks {
            self.lines(b' ', Side::Before, next..hunk.before.start);
            self.lines(b'-', Side::Before, hunk.before.clone());
            self.lines(b'+', Side::After, hunk.after.clone());
            next = hunk.before.end;
        }
        self.lines(b' ', Side::Before, next..before.end);
    }

    fn lines(&mut self, sign: u8, side: Side, lines: Range<u32>) {
        let tokens = match side {
            Side::Before => &self.input.before,
            Side::After => &self.input.after,
        };
        for token in &tokens[lines.start as usize..lines.end as usize] {
            let line = self.input.interner[*token];
            self.text.push(sign);
            self.text.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                self.text.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// Where lines stand: the first of them and how many they are. Where there are none, the line before them.
fn range(lines: &Range<u32>) -> String {
    match lines.end - lines.start {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}
