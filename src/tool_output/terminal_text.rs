//! Makes untrusted text harmless for a terminal.
//!
//! A tool's output can hold sequences that move the cursor, retitle the window, write the clipboard or reorder what
//! is read. Of all these, colours are the only ones that are ever let through.

use std::borrow::Cow;
use std::ops::Range;

/// The first byte of the control characters beyond ASCII, each of which has two.
const C1_LEAD: u8 = 0xc2;
/// The longest colour sequence that is let through; real ones are far shorter.
const MAX_SGR: usize = 64;

/// What becomes of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// They are let through.
    Keep,
    /// They are removed like every other sequence.
    #[default]
    Strip,
}

/// The text without anything that a terminal would act upon, except for newlines, tabs and maybe colours.
///
/// Carriage returns become newlines, invalid UTF-8 becomes U+FFFD, and controls of the writing direction are written
/// out as `\u{202e}`. Colours that are left open at the end are closed.
#[must_use]
pub fn sanitize(bytes: &[u8], colour: Colour) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    let mut coloured = false;
    let mut rest: &str = &text;
    while let Some(next) = rest.chars().next() {
        if next == '\u{1b}' {
            let (kind, length) = escape_sequence(rest.as_bytes());
            if kind == Escape::Sgr && colour == Colour::Keep {
                let sequence = &rest[..length];
                clean.push_str(sequence);
                coloured = !is_reset(sequence);
            }
            rest = &rest[length..];
        } else {
            rest = &rest[next.len_utf8()..];
            push_clean(&mut clean, next, rest);
        }
    }
    if coloured {
        // Before the last newlines, so that who trims those does not find a sequence there.
        clean.insert_str(clean.trim_end_matches('\n').len(), "\u{1b}[0m");
    }
    clean
}

/// What a person sees of one line: no newline, no colours, and of what carriage returns overwrite only the last.
pub(super) fn shown_line(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    if let (true, Ok(text)) = (plain, std::str::from_utf8(bytes)) {
        return Cow::Borrowed(text);
    }
    let clean = sanitize(bytes, Colour::Strip);
    match clean.split('\n').rfind(|segment| !segment.trim().is_empty()) {
        Some(segment) if segment.len() < clean.len() => Cow::Owned(segment.to_owned()),
        _ => Cow::Owned(clean),
    }
}

/// What an escape character begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// A complete sequence that sets colours.
    Sgr,
    /// Anything else, complete or not.
    Other,
}

/// Whether [`sanitize`] takes anything out of this line, or may do so.
pub(super) fn has_unseen(bytes: &[u8]) -> bool {
    let may_be = |byte: &u8| *byte == C1_LEAD || is_unseen_control(*byte);
    bytes.iter().any(may_be)
}

/// What [`sanitize`] takes out of this line when it takes out colours, and which of it are colours.
pub(super) fn unseen(bytes: &[u8]) -> Vec<(Range<usize>, bool)> {
    let mut unseen = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (is_colour, length) = match &bytes[at..] {
            rest @ [0x1b, ..] => {
                let (kind, length) = escape_sequence(rest);
                (kind == Escape::Sgr, length)
            }
            [C1_LEAD, 0x80..=0x9f, ..] => (false, 2),
            [byte, ..] if is_unseen_control(*byte) => (false, 1),
            _ => {
                at += 1;
                continue;
            }
        };
        unseen.push((at..at + length, is_colour));
        at += length;
    }
    unseen
}

/// A carriage return is seen as a line end.
fn is_unseen_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t' | b'\r')
}

/// The kind and the length of the sequence at the start of this text. Each ends before a newline at the latest.
fn escape_sequence(bytes: &[u8]) -> (Escape, usize) {
    match bytes.get(1) {
        Some(b'[') => control_sequence(bytes),
        Some(b']' | b'P' | b'_' | b'^' | b'X') => (Escape::Other, string_length(bytes)),
        Some(b' '..=b'/') => {
            let final_byte = 1 + run_length(&bytes[1..], b' '..=b'/');
            (Escape::Other, final_byte + usize::from(ends_escape(bytes, final_byte)))
        }
        Some(b'0'..=b'~') => (Escape::Other, 2),
        _ => (Escape::Other, 1),
    }
}

/// `ESC [`, then parameters, intermediate characters and a final one; if that is missing, whatever there is of it.
fn control_sequence(bytes: &[u8]) -> (Escape, usize) {
    let parameters = run_length(&bytes[2..], b'0'..=b'?');
    let intermediates = run_length(&bytes[2 + parameters..], b' '..=b'/');
    let end = 2 + parameters + intermediates;
    match bytes.get(end) {
        Some(b'm') if intermediates == 0 && is_plain_sgr(&bytes[2..end]) => (Escape::Sgr, end + 1),
        Some(b'@'..=b'~') => (Escape::Other, end + 1),
        _ => (Escape::Other, end),
    }
}

/// The length of a string for the terminal, up to its terminator. Where that is missing, what follows is no longer
/// taken to belong to it from the next newline or escape character on.
fn string_length(bytes: &[u8]) -> usize {
    let payload = &bytes[2..];
    let is_end = |rest: &[u8]| matches!(rest, [0x07 | 0x1b | b'\n' | b'\r', ..] | [C1_LEAD, 0x9c, ..]);
    let Some(end) = (0..payload.len()).find(|at| is_end(&payload[*at..])) else {
        return bytes.len();
    };
    let terminator = match &payload[end..] {
        [0x07, ..] => 1,
        [0x1b, b'\\', ..] | [C1_LEAD, 0x9c, ..] => 2,
        _ => 0,
    };
    2 + end + terminator
}

fn run_length(bytes: &[u8], of: std::ops::RangeInclusive<u8>) -> usize {
    bytes.iter().take_while(|byte| of.contains(byte)).count()
}

fn ends_escape(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| matches!(byte, b'0'..=b'~'))
}

fn is_plain_sgr(parameters: &[u8]) -> bool {
    parameters.len() <= MAX_SGR && parameters.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'))
}

/// Whether nothing but the plain state is left after this sequence. One that sets something before or after its
/// reset counts as none, which costs one more reset at the end and nothing else.
fn is_reset(sgr: &str) -> bool {
    !sgr.contains(|letter| matches!(letter, '1'..='9'))
}

fn push_clean(clean: &mut String, next: char, rest: &str) {
    match next {
        '\n' | '\t' => clean.push(next),
        '\r' if rest.starts_with('\n') => {}
        '\r' => clean.push('\n'),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            clean.extend(next.escape_unicode());
        }
        control if control.is_control() => {}
        plain => clean.push(plain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_colours_are_let_through() {
        for (input, kept, stripped) in [
            (&b"plain\ttext\n"[..], "plain\ttext\n", "plain\ttext\n"),
            (b"\x1b[1m\x1b[38;5;9mred\x1b[0m", "\x1b[1m\x1b[38;5;9mred\x1b[0m", "red"),
            (b"\x1b[4:3mcurly\x1b[m", "\x1b[4:3mcurly\x1b[m", "curly"),
            (b"\x1b[31mopen", "\x1b[31mopen\x1b[0m", "open"),
            (b"\x1b[38;5;0mopen", "\x1b[38;5;0mopen\x1b[0m", "open"),
            (b"\x1b[2J\x1b[1;1Hmoved\x1b[?25l", "moved", "moved"),
            (b"\x1b[>4;2mnot a colour\x1b[0 q", "not a colour", "not a colour"),
            (b"\x1b]0;title\x07after", "after", "after"),
            (b"\x1b]52;c;cGF5\x1b\\after", "after", "after"),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", "link"),
            (b"\x1bPdcs\xc2\x9cafter", "after", "after"),
            (b"\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\after", "after", "after"),
            (b"\x1b]0;never ended\nafter", "\nafter", "\nafter"),
            (b"\x1b]0;cut off\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", "red"),
            (b"\x1b]0;cut off", "", ""),
            (
                b"\x1b(B\x1b[mrustfmt's reset",
                "\x1b[mrustfmt's reset",
                "rustfmt's reset",
            ),
            (b"\x1bc\x1b7\x1b=reset", "reset", "reset"),
            (b"\x1b", "", ""),
            (b"\x1b[", "", ""),
            (b"\x1b[31", "", ""),
            (b"\x1b[3\nm", "\nm", "\nm"),
            (b"\x1b\x1b[31m\x1b[0m", "\x1b[31m\x1b[0m", ""),
            (b"a\x00\x07\x08\x0b\x7fb", "ab", "ab"),
            (b"c1 \xc2\x9b31m\xc2\x85", "c1 31m", "c1 31m"),
            (b"raw c1 \x9b31m", "raw c1 \u{fffd}31m", "raw c1 \u{fffd}31m"),
            (b"one\r\ntwo\rthree\r", "one\ntwo\nthree\n", "one\ntwo\nthree\n"),
            (
                "a\u{202e}b\u{200f}\u{61c}".as_bytes(),
                r"a\u{202e}b\u{200f}\u{61c}",
                r"a\u{202e}b\u{200f}\u{61c}",
            ),
            ("ünï¢ø∂é 🦀".as_bytes(), "ünï¢ø∂é 🦀", "ünï¢ø∂é 🦀"),
        ] {
            assert_eq!(sanitize(input, Colour::Keep), kept, "{}", input.escape_ascii());
            assert_eq!(sanitize(input, Colour::Strip), stripped, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn an_endless_colour_is_none() {
        let endless = format!("\x1b[{}mtext", "1;".repeat(100));
        assert_eq!(sanitize(endless.as_bytes(), Colour::Keep), "text");
    }

    #[test]
    fn a_shown_line_is_what_remains_on_the_screen() {
        for (bytes, expected) in [
            (&b"plain\n"[..], "plain"),
            (b"windows\r\n", "windows"),
            (b"  \x1b[1mbold\x1b[0m ", "  bold "),
            (b"first\rsecond\r\n", "second"),
            (b"kept\r   \n", "kept"),
            (b"\n", ""),
            (b"\xff\n", "\u{fffd}"),
        ] {
            assert_eq!(shown_line(bytes), expected);
        }
    }

    /// Bytes that are rich in what this module is about.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let special: Vec<&[u8]> = vec![
            b"\x1b",
            b"[",
            b"]",
            b"P",
            b"(",
            b"m",
            b"31",
            b"0",
            b";",
            b":",
            b"\x07",
            b"\\",
            b"\x9c",
            b"\xc2\x9c",
            b"\xc2\x9b",
            b"\n",
            b"\r",
            b" ",
            b"?",
            b"x",
            b"\x7f",
            b"\0",
            "\u{202e}".as_bytes(),
            "é".as_bytes(),
            b"\x1b[31m",
            b"\x1b[0m",
            b"\x1b]0;",
            b"\xe2\x80",
        ];
        let piece = prop_oneof![
            4 => proptest::sample::select(special).prop_map(<[u8]>::to_vec),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// Removes complete colour sequences by a way of its own.
    fn without_colours(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !matches!(letter, '0'..='9' | ';' | ':'));
            let end = end.expect("a colour sequence ends");
            assert!(part[end..].starts_with('m'), "{part:?}");
            plain.push_str(&part[end + 1..]);
        }
        plain
    }

    proptest! {
        #[test]
        fn nothing_harmful_comes_through(bytes in hostile()) {
            let kept = sanitize(&bytes, Colour::Keep);
            let harmful = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
            prop_assert!(!without_colours(&kept).contains(harmful), "{kept:?}");
            let turns = ['\u{202e}', '\u{2066}', '\u{200f}'];
            prop_assert!(!kept.contains(turns));

            let stripped = sanitize(&bytes, Colour::Strip);
            prop_assert!(!stripped.contains(harmful), "{stripped:?}");
            prop_assert_eq!(without_colours(&kept), stripped);
        }

        #[test]
        fn a_second_time_changes_nothing(bytes in hostile()) {
            for colour in [Colour::Keep, Colour::Strip] {
                let once = sanitize(&bytes, colour);
                prop_assert_eq!(&sanitize(once.as_bytes(), colour), &once);
            }
        }

        #[test]
        fn colours_are_closed(bytes in hostile()) {
            let kept = sanitize(&bytes, Colour::Keep);
            let last = kept.rfind("\u{1b}[").map(|at| &kept[at..]);
            let closed = last.is_none_or(|last| last.split('m').next().is_some_and(is_reset));
            prop_assert!(closed, "{kept:?}");
        }

        #[test]
        fn plain_text_is_left_alone(text in "[^\\p{Cc}\u{200e}\u{200f}\u{61c}\u{202a}-\u{202e}\u{2066}-\u{2069}]*") {
            let text = format!("{text}\n\t{text}");
            prop_assert_eq!(sanitize(text.as_bytes(), Colour::Keep), text.clone());
            prop_assert_eq!(sanitize(text.as_bytes(), Colour::Strip), text);
        }
    }
}
