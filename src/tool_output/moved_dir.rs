//! Names a directory in a text otherwise, with all that lies below it.

use std::path::Path;

/// The text with one directory in the place of another, wherever it is named. `/a/b` is not named in `/a/bc`.
pub(crate) fn replaced_dir(text: &[u8], from: &Path, to: &Path) -> Vec<u8> {
    let (from, to) = (from.as_os_str().as_encoded_bytes(), to.as_os_str().as_encoded_bytes());
    let mut replaced = Vec::with_capacity(text.len());
    let mut done = 0;
    for start in memchr::memmem::find_iter(text, from) {
        let end = start + from.len();
        let goes_on = text.get(end).is_some_and(|byte| is_of_name(*byte));
        if from.is_empty() || goes_on {
            continue;
        }
        replaced.extend_from_slice(&text[done..start]);
        replaced.extend_from_slice(to);
        done = end;
    }
    replaced.extend_from_slice(&text[done..]);
    replaced
}

/// A dot may also end a sentence, so that it does not count.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_as_a_whole() {
        let check = |text: &str, expected: &str| {
            let replaced = replaced_dir(text.as_bytes(), Path::new("/s/tree"), Path::new("/home/me/ws"));
            assert_eq!(String::from_utf8(replaced).unwrap(), expected);
        };
        check("", "");
        check("nothing of it", "nothing of it");
        check("/s/tree", "/home/me/ws");
        check("at `/s/tree/a.rs`, /s/tree.", "at `/home/me/ws/a.rs`, /home/me/ws.");
        check("(/s/tree/a)(/s/tree)", "(/home/me/ws/a)(/home/me/ws)");
        check(
            "/s/tree2 /s/tree-x /s/tree_y /s/treeé",
            "/s/tree2 /s/tree-x /s/tree_y /s/treeé",
        );
    }
}
