//! What git says on standard input of a push. Pure.

use crate::tool_output::{Colour, sanitize};

/// One reference that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// What is pushed, as it was named: any expression for a revision.
    pub(crate) local: Vec<u8>,
    /// Its object; all zeros where the reference is deleted.
    pub(crate) object: String,
    /// The object that the remote has now; all zeros where it has none.
    pub(crate) remote_object: String,
}

impl Update {
    /// Whether the remote is to forget the reference.
    pub(crate) fn is_deletion(&self) -> bool {
        is_zero(&self.object)
    }

    /// What the remote has now, if it has the reference.
    pub(crate) fn before(&self) -> Option<&str> {
        Some(self.remote_object.as_str()).filter(|object| !is_zero(object))
    }

    /// How it was named, for a person.
    pub(crate) fn name(&self) -> String {
        sanitize(&self.local, Colour::Strip)
    }
}

/// A line of standard input that is not as git writes them. It is no reason to check less.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of what git hands to `pre-push` is not `<local ref> <object> <remote ref> <object>`: `{line}`")]
pub(crate) struct MalformedPush {
    /// Which one, from 1.
    number: usize,
    /// How it begins.
    line: String,
}

/// Every reference that is pushed.
pub(crate) fn updates(input: &[u8]) -> Result<Vec<Update>, MalformedPush> {
    let whole = input.strip_suffix(b"\n").unwrap_or(input);
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let lines = whole.split(|byte| *byte == b'\n').enumerate();
    lines
        .map(|(index, line)| update(line).ok_or_else(|| malformed(index + 1, line)))
        .collect()
}

/// The names of references have no blanks, but what is pushed may be any expression: `HEAD^{/some words}`. So a line is read
/// from its end.
fn update(line: &[u8]) -> Option<Update> {
    let mut fields = line.rsplitn(4, |byte| *byte == b' ');
    let (remote_object, remote) = (object(fields.next()?)?, fields.next()?);
    let (object, local) = (object(fields.next()?)?, fields.next()?);
    let sound = !remote.is_empty() && !local.is_empty() && object.len() == remote_object.len();
    sound.then(|| Update {
        local: local.to_owned(),
        object,
        remote_object,
    })
}

/// The name of an object: 40 hexadecimal digits, or 64.
fn object(field: &[u8]) -> Option<String> {
    let sound = [40, 64].contains(&field.len()) && field.iter().all(u8::is_ascii_hexdigit);
    sound.then(|| String::from_utf8_lossy(field).into_owned())
}

fn is_zero(object: &str) -> bool {
    object.bytes().all(|digit| digit == b'0')
}

fn malformed(number: usize, line: &[u8]) -> MalformedPush {
    let beginning = &line[..line.len().min(200)];
    MalformedPush {
        number,
        line: sanitize(beginning, Colour::Strip),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    /// Each as `name object before`, where an object is its first digit; or the mistake.
    fn check(input: &str, expected: &[&str]) {
        let found = match updates(input.as_bytes()) {
            Ok(updates) => updates
                .iter()
                .map(|update| {
                    let deleted = if update.is_deletion() {
                        "deleted"
                    } else {
                        &update.object[..1]
                    };
                    let before = update.before().map_or("-", |object| &object[..1]);
                    format!("{} {deleted} {before}", update.name())
                })
                .collect(),
            Err(error) => vec![error.to_string()],
        };
        assert_eq!(found, expected, "{input:?}");
    }

    #[test]
    fn every_reference_is_read() {
        let long = |digit: &str| digit.repeat(64);
        check("", &[]);
        check(
            &format!("refs/heads/a {A} refs/heads/b {ZERO}\n"),
            &["refs/heads/a 1 -"],
        );
        check(&format!("refs/heads/a {A} refs/heads/b {A}"), &["refs/heads/a 1 1"]);
        check(&format!("(delete) {ZERO} refs/heads/b {A}\n"), &["(delete) deleted 1"]);
        let two = format!("a {} b {}\nc {} d {}\n", long("2"), long("0"), long("0"), long("3"));
        check(&two, &["a 2 -", "c deleted 3"]);
        check(
            &format!("HEAD^{{/fix a b}} {A} refs/heads/b {A}\n"),
            &["HEAD^{/fix a b} 1 1"],
        );
    }

    #[test]
    fn what_git_does_not_write_is_a_mistake() {
        let message = |number: usize, line: &str| {
            format!(
                "line {number} of what git hands to `pre-push` is not `<local ref> <object> <remote ref> <object>`: `{line}`"
            )
        };
        let good = format!("a {A} b {A}");
        for bad in [
            "",
            " ",
            "a",
            &format!("a {A} b"),
            &format!("a {A} {A}"),
            &format!("a  b {A}"),
            &format!(" {A} b {A}"),
            &format!("a {A} b {}", "1".repeat(64)),
            &format!("a {A} b {}", "g".repeat(40)),
        ] {
            check(&format!("{bad}\n{good}\n"), &[&message(1, bad)]);
            check(&format!("{good}\n{bad}\n"), &[&message(2, bad)]);
        }
        check("\n", &[&message(1, "")]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_no_line_is_lost(input in proptest::collection::vec(any::<u8>(), 0..400)) {
            let lines = input.strip_suffix(b"\n").unwrap_or(&input).split(|byte| *byte == b'\n').count();
            if let Ok(updates) = updates(&input) {
                prop_assert_eq!(updates.len(), if input.is_empty() { 0 } else { lines });
            }
        }

        #[test]
        fn whatever_git_writes_is_read(
            refs in proptest::collection::vec(("[^\n]{1,20}", "[0-9a-f]{40}", "[^ \n]{1,20}", "[0-9a-f]{40}"), 0..20),
            ends in any::<bool>(),
        ) {
            let lines: Vec<String> = refs.iter().map(|(a, b, c, d)| format!("{a} {b} {c} {d}")).collect();
            let text = lines.join("\n") + if ends && !lines.is_empty() { "\n" } else { "" };
            let found = updates(text.as_bytes()).unwrap();
            let expected: Vec<_> = refs.iter().map(|(name, object, _, before)| Update {
                local: name.clone().into_bytes(),
                object: object.clone(),
                remote_object: before.clone(),
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
