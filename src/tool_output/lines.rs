//! Cuts a stream of bytes into lines, whatever the pieces in which it comes.

/// The longest line that is read as one, without its newline. A longer one is passed on unread.
pub const LINE_LIMIT: usize = 1024 * 1024;

/// A piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A whole line, with its newline where it has one.
    Line(&'a [u8]),
    /// A part of a line that is longer than [`LINE_LIMIT`].
    Part(&'a [u8]),
}

/// Cuts one stream into lines.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    /// The beginning of a line that has not ended yet.
    held: Vec<u8>,
    /// Whether the line that has not ended yet is beyond the limit.
    overlong: bool,
}

impl LineSplitter {
    /// Takes a piece, and passes on what has become whole.
    pub(super) fn feed(&mut self, bytes: &[u8], mut pass: impl FnMut(Piece<'_>)) {
        for chunk in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = chunk.ends_with(b"\n");
            if self.overlong {
                pass(Piece::Part(chunk));
                self.overlong = !ends;
                continue;
            }
            if self.held.is_empty() && ends && chunk.len() <= LINE_LIMIT {
                pass(Piece::Line(chunk));
                continue;
            }
            self.held.extend_from_slice(chunk);
            if self.held.len() - usize::from(ends) > LINE_LIMIT {
                pass(Piece::Part(&std::mem::take(&mut self.held)));
                self.overlong = !ends;
            } else if ends {
                pass(Piece::Line(&self.held));
                self.held.clear();
            }
        }
    }

    /// Whether a line has begun and not ended yet.
    pub(super) fn is_within_line(&self) -> bool {
        self.overlong || !self.held.is_empty()
    }

    /// Passes on the last line if it had no newline.
    pub(super) fn finish(self, mut pass: impl FnMut(Piece<'_>)) {
        if !self.held.is_empty() {
            pass(Piece::Line(&self.held));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let mut splitter = LineSplitter::default();
        let mut pieces = Vec::new();
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Line(bytes) => pieces.push((true, bytes.to_vec())),
            Piece::Part(bytes) => pieces.push((false, bytes.to_vec())),
        };
        for chunk in chunks {
            splitter.feed(chunk, &mut take);
        }
        splitter.finish(take);
        pieces
    }

    #[test]
    fn lines_are_whole_whatever_the_chunks() {
        let expected = [&b"a\n"[..], b"\n", b"bc\n", b"d"].map(|line| (true, line.to_vec()));
        for chunks in [&[&b"a\n\nbc\nd"[..]][..], &[b"a", b"\n\nb", b"", b"c\n", b"d"]] {
            assert_eq!(split(chunks), expected);
        }
        assert_eq!(split(&[]), []);
    }

    #[test]
    fn a_line_at_the_limit_is_a_line_and_a_longer_one_is_not() {
        let at_limit = [vec![b'x'; LINE_LIMIT], b"\n".to_vec()].concat();
        assert_eq!(split(&[&at_limit]), [(true, at_limit.clone())]);
        assert_eq!(split(&[&at_limit[..9], &at_limit[9..]]), [(true, at_limit.clone())]);

        let beyond = [vec![b'x'; LINE_LIMIT + 1], b"\n".to_vec()].concat();
        for cut in [0, 9, LINE_LIMIT, LINE_LIMIT + 1] {
            let pieces = split(&[&beyond[..cut], &beyond[cut..], b"next\n"]);
            let (last, long) = pieces.split_last().unwrap();
            assert_eq!(last, &(true, b"next\n".to_vec()));
            assert!(long.iter().all(|(whole, _)| !whole), "cut at {cut}");
            assert!(long.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() == beyond.len());
        }
    }
}
