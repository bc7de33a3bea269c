//! Reads places as tools write them: `src/lib.rs:10:5`.

/// A place as it was written, before anybody said where its file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextPlace {
    /// The file, as the tool names it.
    pub(super) file: String,
    /// The line, counted from 1.
    pub(super) line: Option<u32>,
    /// The column, counted from 1.
    pub(super) column: Option<u32>,
}

/// Reads a text that is nothing but a place: `path:line:column` or `path:line`, maybe with a colon behind it.
pub(super) fn whole_place(text: &str) -> Option<TextPlace> {
    let text = text.trim();
    let text = text.strip_suffix(':').unwrap_or(text);
    let (before, last) = split_number(text)?;
    // From the right, since a path may hold colons of its own (`C:\src\lib.rs`).
    let (file, line, column) = match split_number(before) {
        Some((file, line)) => (file, line, Some(last)),
        None => (before, last, None),
    };
    (!file.is_empty()).then(|| TextPlace {
        file: file.to_owned(),
        line: Some(line),
        column,
    })
}

/// Reads a line that begins with a place: `path:line:column: message` or `path:line: message`.
pub(super) fn place_at_start(text: &str) -> Option<(TextPlace, &str)> {
    let (colon, line, mut rest) = text.match_indices(':').find_map(|(colon, _)| {
        let (line, rest) = leading_number(&text[colon + 1..])?;
        Some((colon, line, rest))
    })?;
    let file = &text[..colon];
    let mut column = None;
    if let Some((number, behind)) = leading_number(rest) {
        (column, rest) = (Some(number), behind);
    }
    let place = TextPlace {
        file: file.to_owned(),
        line: Some(line),
        column,
    };
    looks_like_a_file(file).then(|| (place, rest.trim_start()))
}

/// `12: rest` as its number and the rest.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let (number, rest) = text.split_once(':')?;
    Some((positive(number)?, rest))
}

/// `before:12` as its two parts.
fn split_number(text: &str) -> Option<(&str, u32)> {
    let (before, number) = text.rsplit_once(':')?;
    Some((before, positive(number)?))
}

/// Lines and columns count from 1; `parse` alone would also take a sign.
fn positive(digits: &str) -> Option<u32> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| all_digits && *number > 0)
}

/// Whether this may well be the path of a file, and not a time, an address or prose.
fn looks_like_a_file(path: &str) -> bool {
    path.contains(['.', '/', '\\'])
        && !path.contains("://")
        && !path.contains(char::is_whitespace)
        && path.contains(|letter: char| letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: u32, column: Option<u32>) -> TextPlace {
        TextPlace {
            file: file.to_owned(),
            line: Some(line),
            column,
        }
    }

    #[test]
    fn a_text_may_be_a_place() {
        for (text, expected) in [
            ("src/lib.rs:10:5", Some(place("src/lib.rs", 10, Some(5)))),
            ("src/lib.rs:10:5:", Some(place("src/lib.rs", 10, Some(5)))),
            ("  src/lib.rs:10 ", Some(place("src/lib.rs", 10, None))),
            (r"C:\ws\lib.rs:3:4", Some(place(r"C:\ws\lib.rs", 3, Some(4)))),
            ("my file.rs:1:2", Some(place("my file.rs", 1, Some(2)))),
            ("src/lib.rs", None),
            ("src/lib.rs:0:1", Some(place("src/lib.rs:0", 1, None))),
            ("src/lib.rs:+1", None),
            ("src/lib.rs:99999999999", None),
            (":1:2", None),
            ("", None),
        ] {
            assert_eq!(whole_place(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_may_begin_with_a_place() {
        for (text, expected) in [
            ("a.toml:3:9: bad key", Some((place("a.toml", 3, Some(9)), "bad key"))),
            ("src/x:3: bad", Some((place("src/x", 3, None), "bad"))),
            (r"C:\a.c:3:4: bad", Some((place(r"C:\a.c", 3, Some(4)), "bad"))),
            ("Makefile:3: no dot and no slash", None),
            ("12:30:45: a time", None),
            ("http://host:80: an address", None),
            ("127.0.0.1:80: an address", None),
            ("see src/lib.rs:3: prose", None),
            ("src/lib.rs:3", None),
            ("src/lib.rs: no line", None),
            ("", None),
        ] {
            assert_eq!(place_at_start(text), expected, "{text}");
        }
    }
}
