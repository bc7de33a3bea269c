//! The ways in which tools write a value: as it is, and as formats have it that they write.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::HIDDEN;

/// What is shorter is no secret that anybody could keep, and stands in too many texts by chance.
const SHORTEST: usize = 6;
/// In base64, what is left of a value without the letters that it shares with its neighbours has at least so many bytes.
const SHORTEST_IN_BASE64: usize = 6;
/// What stands in the address of a page as it is.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All ways to write a value. None has a line end, so that none is found in more than one line: of several lines each is
/// a value, since tools print them one by one.
pub(super) fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    let lines = value
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii);
    for part in lines.chain([value, value.trim_ascii()]) {
        // What stands in the place of all others tells nothing, and could not be replaced by itself.
        if part.len() < SHORTEST || memchr::memmem::find(HIDDEN.as_bytes(), part).is_some() {
            continue;
        }
        forms.push(part.to_vec());
        forms.push(percent_encode(part, &RESERVED).to_string().into_bytes());
        forms.extend(in_base64(part));
        // Where a tool's text is read as text, what is none has been replaced.
        let text = String::from_utf8_lossy(part);
        forms.push(as_json(&text));
        forms.push(in_quotes(&format!("{text:?}")));
        forms.push(as_xml(&text).into_bytes());
        forms.push(text.replace('\'', r"'\''").into_bytes());
        forms.push(text.into_owned().into_bytes());
    }
    forms.retain(|form| !form.iter().any(|byte| matches!(byte, b'\n' | b'\r')));
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn as_json(text: &str) -> Vec<u8> {
    // Text can always be written.
    in_quotes(&serde_json::to_string(text).unwrap_or_default())
}

fn in_quotes(text: &str) -> Vec<u8> {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text).as_bytes().to_vec()
}

fn as_xml(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;")
}

/// What is the same whatever stands before it, and what is so after it as well: base64 writes three bytes at a time, and the
/// value may begin at any of them. The one or two bytes that it shares with what stands before it are in none of these.
fn in_base64(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let rests = (0..3).filter_map(|shared| value.get(shared..));
    let parts = rests.flat_map(|rest| [rest, &rest[..rest.len() - rest.len() % 3]]);
    let long = parts.filter(|part| part.len() >= SHORTEST_IN_BASE64);
    long.flat_map(|part| [BASE64_NOPAD, BASE64URL_NOPAD].map(|alphabet| alphabet.encode(part).into_bytes()))
}
