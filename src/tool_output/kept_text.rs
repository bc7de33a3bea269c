//! Keeps the beginning and the end of what a tool wrote, whatever its length.

use std::collections::{BTreeMap, VecDeque};

use crate::event::Output;

/// How many bytes are kept from the beginning.
pub const HEAD_LIMIT: usize = 256 * 1024;

/// How many bytes are kept from the end.
pub const TAIL_LIMIT: usize = 4 * 1024 * 1024;

/// How far the edges of a gap may move so that it falls between two lines.
const EDGE: usize = 64 * 1024;

/// The first [`HEAD_LIMIT`] and the last [`TAIL_LIMIT`] bytes of a text that grows.
#[derive(Debug, Default)]
pub(super) struct KeptText {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl KeptText {
    /// Adds to the end.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = HEAD_LIMIT - self.head.len();
        let (to_head, to_tail) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(to_head);
        // Of more than the tail can hold, only its end would survive, so the rest need not go through it.
        let skipped = to_tail.len().saturating_sub(TAIL_LIMIT);
        self.tail.extend(&to_tail[skipped..]);
        let surplus = self.tail.len().saturating_sub(TAIL_LIMIT);
        self.tail.drain(..surplus);
        self.dropped += (skipped + surplus) as u64;
    }

    /// Whether the next byte begins a line.
    pub(super) fn at_line_start(&self) -> bool {
        self.tail.back().or(self.head.last()).is_none_or(|last| *last == b'\n')
    }

    /// What was kept. Where something was dropped, the gap falls between two lines if there is one near.
    pub(super) fn into_output(mut self) -> Output {
        if self.dropped > 0 {
            self.widen_gap_to_lines();
        }
        let mut bytes = self.head;
        let (front, back) = self.tail.as_slices();
        bytes.extend_from_slice(front);
        bytes.extend_from_slice(back);
        Output {
            bytes,
            dropped: self.dropped,
            saved: None,
            of_crates: BTreeMap::new(),
        }
    }

    fn widen_gap_to_lines(&mut self) {
        let broken = self.head.iter().rev().take(EDGE).position(|byte| *byte == b'\n');
        let broken = broken.unwrap_or(0);
        self.head.truncate(self.head.len() - broken);
        let rest = self.tail.iter().take(EDGE).position(|byte| *byte == b'\n');
        let rest = rest.map_or(0, |newline| newline + 1);
        self.tail.drain(..rest);
        self.dropped += (broken + rest) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pieces: impl IntoIterator<Item = Vec<u8>>) -> Output {
        let mut text = KeptText::default();
        pieces.into_iter().for_each(|piece| text.push(&piece));
        text.into_output()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let all = vec![b'x'; HEAD_LIMIT + TAIL_LIMIT];
        let output = kept([all.clone()]);
        assert!(output.bytes == all && output.dropped == 0);
    }

    #[test]
    fn the_middle_of_a_long_text_is_dropped_at_line_ends() {
        let lines: Vec<Vec<u8>> = (0..600_000).map(|n| format!("line {n}\n").into_bytes()).collect();
        let all = lines.concat();
        let output = kept(lines);
        assert_eq!(output.bytes.len() as u64 + output.dropped, all.len() as u64);
        let text = std::str::from_utf8(&output.bytes).unwrap();
        assert!(text.starts_with("line 0\n") && text.ends_with("line 599999\n"));
        assert!(text.lines().all(|line| line.starts_with("line ")));
        assert!(text.len() > TAIL_LIMIT + HEAD_LIMIT - 100);
        assert!(output == kept([all]), "the pieces in which it came make no difference");
    }

    #[test]
    fn a_text_without_lines_is_cut_at_the_limits() {
        let output = kept([vec![b'x'; HEAD_LIMIT + TAIL_LIMIT + 7]]);
        assert_eq!((output.bytes.len(), output.dropped), (HEAD_LIMIT + TAIL_LIMIT, 7));
    }
}
