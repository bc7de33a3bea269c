//! How a line of the record looks: a newline, a checksum, a number, and what is recorded. Pure.
//!
//! The newline comes first. A writer that was killed within a line, or found the disk full, has left a beginning without
//! an end; what is written after it still stands on a line of its own.

use crate::model::checksum;

/// A line that is whole and sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'b> {
    /// Its place among the lines, counted from 0. A number that is missing is a line that was never written, or is damaged.
    pub(super) number: u64,
    /// What is recorded.
    pub(super) body: &'b str,
}

/// Adds a line to the end. `body` holds no newline: JSON writes one as an escape.
pub(super) fn write(to: &mut Vec<u8>, number: u64, body: &[u8]) {
    let guarded = [number.to_string().as_bytes(), b" ", body].concat();
    to.extend_from_slice(format!("\n{:016x} ", checksum(&guarded)).as_bytes());
    to.extend_from_slice(&guarded);
}

/// The lines that are sound, each later than the one before it, and how many pieces are not.
pub(super) fn read(bytes: &[u8]) -> (Vec<Line<'_>>, usize) {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut damaged = 0;
    for piece in bytes.split(|byte| *byte == b'\n').filter(|piece| !piece.is_empty()) {
        let is_next = |line: &Line<'_>| lines.last().is_none_or(|last| last.number < line.number);
        match parse(piece).filter(is_next) {
            Some(line) => lines.push(line),
            None => damaged += 1,
        }
    }
    (lines, damaged)
}

fn parse(piece: &[u8]) -> Option<Line<'_>> {
    let (sum, guarded) = std::str::from_utf8(piece).ok()?.split_at_checked(17)?;
    let sum = u64::from_str_radix(sum.strip_suffix(' ')?, 16).ok()?;
    let (number, body) = guarded.split_once(' ')?;
    (sum == checksum(guarded.as_bytes())).then_some(Line {
        number: number.parse().ok()?,
        body,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(bodies: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, body) in (0..).zip(bodies) {
            write(&mut bytes, number, body.as_bytes());
        }
        bytes
    }

    fn bodies() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[ -~é漢]{0,40}", 1..8)
    }

    #[test]
    fn what_repeats_or_goes_back_does_not_count() {
        let mut bytes = Vec::new();
        for number in [0, 2, 2, 1, 3] {
            write(&mut bytes, number, b"{}");
        }
        let (lines, damaged) = read(&bytes);
        let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
        assert_eq!((numbers, damaged), (vec![0, 2, 3], 2));
        assert_eq!(read(b"\n+000000000000000 0 {}\n\n0").1, 2);
    }

    proptest! {
        #[test]
        fn lines_are_read_as_they_were_written(bodies in bodies()) {
            let bytes = written(&bodies);
            let (lines, damaged) = read(&bytes);
            prop_assert_eq!(damaged, 0);
            let read: Vec<&str> = lines.iter().map(|line| line.body).collect();
            prop_assert_eq!(read, bodies);
        }

        #[test]
        fn a_cut_takes_only_the_line_that_it_is_in(bodies in bodies(), at in any::<prop::sample::Index>(), rest in bodies()) {
            let bytes = written(&bodies);
            let mut bytes = bytes[..at.index(bytes.len() + 1)].to_vec();
            let (whole, _) = read(&bytes);
            for (place, line) in whole.iter().enumerate() {
                prop_assert_eq!((line.number, line.body), (place as u64, bodies[place].as_str()));
            }
            let whole = whole.len();
            for (number, body) in (100..).zip(&rest) {
                write(&mut bytes, number, body.as_bytes());
            }
            let (lines, damaged) = read(&bytes);
            prop_assert_eq!(lines.len(), whole + rest.len());
            prop_assert!(damaged <= 1);
        }

        #[test]
        fn a_byte_that_changes_takes_only_its_lines(
            bodies in bodies(),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let mut bytes = written(&bodies);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (lines, _) = read(&bytes);
            // A newline that becomes a letter joins two lines; any other byte belongs to one.
            prop_assert!(lines.len() + 2 >= bodies.len());
            for line in lines {
                prop_assert_eq!(line.body, bodies[usize::try_from(line.number).unwrap()].as_str());
            }
        }
    }
}
