//! Hands on all that a person can read of a long output, so that somebody can keep it. What is short is never handed on.

use super::Stream;

/// An output is long when it has more bytes than this.
pub const LONG_BYTES: usize = 64 * 1024;

/// An output is long when it has more lines than this.
pub const LONG_LINES: usize = 400;

/// A text that grows, until it is taken.
#[derive(Debug, Default)]
pub(super) struct Spool {
    pending: Vec<u8>,
    /// Lines that have ended so far, as long as it is not known to be long.
    lines: usize,
    is_long: bool,
    /// The stream that the end of it came from, and whether a line of that one is unfinished.
    within_line_of: Option<Stream>,
}

impl Spool {
    /// Adds to the end. What one stream writes does not become a part of a line of the other.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.within_line_of.is_some_and(|speaker| speaker != stream) {
            self.pending.push(b'\n');
        }
        self.within_line_of = (!bytes.ends_with(b"\n")).then_some(stream);
        self.pending.extend_from_slice(bytes);
        if !self.is_long {
            self.lines += memchr::memchr_iter(b'\n', bytes).count();
            self.is_long = self.lines > LONG_LINES || self.pending.len() > LONG_BYTES;
        }
    }

    /// What has come since the last time, if all of it is long.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.is_long {
            std::mem::take(&mut self.pending)
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_never_handed_on() {
        let mut spool = Spool::default();
        spool.push(Stream::Stdout, &b"\n".repeat(LONG_LINES));
        assert_eq!(spool.take(), b"");
        spool.push(Stream::Stderr, &b"x".repeat(LONG_BYTES - LONG_LINES));
        assert_eq!(spool.take(), b"");
        spool.push(Stream::Stderr, b"y");
        assert_eq!(spool.take().len(), LONG_BYTES + 1);
        spool.push(Stream::Stderr, b"z");
        assert_eq!(spool.take(), b"z");
        assert_eq!(spool.take(), b"");
    }

    #[test]
    fn lines_of_the_two_streams_are_kept_apart() {
        let mut spool = Spool::default();
        for (stream, bytes) in [
            (Stream::Stdout, &b"one"[..]),
            (Stream::Stdout, b", still one"),
            (Stream::Stderr, b"two\n"),
            (Stream::Stdout, b"three\n"),
        ] {
            spool.push(stream, bytes);
        }
        spool.push(Stream::Stdout, &b"\n".repeat(LONG_LINES));
        assert!(spool.take().starts_with(b"one, still one\ntwo\nthree\n\n"));
    }
}
