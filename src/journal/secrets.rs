//! What must not be recorded: the values of variables whose names say that they are secret. Pure.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use memchr::memmem;

use crate::event::{Event, EventKind, Failure, Outcome, TaskFinished};

/// A name with one of these anywhere in it says that its value is secret,
const MARKS: [&str; 8] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "APIKEY",
    "PRIVATE",
];
/// and so does one of which one of these is a word.
const WORDS: [&str; 5] = ["KEY", "KEYS", "AUTH", "PASS", "PAT"];
/// A shorter value is no secret that anybody could keep, and stands in too many texts by chance.
const SHORTEST: usize = 6;
/// What stands in its place.
const HIDDEN: &str = "[hidden]";

/// The values that must not be recorded, the longest first: one may be a part of another.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    /// Their number, and nothing else.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those among these variables. A secret of several lines is one line by line as well: tools print them one by one.
    #[must_use]
    pub fn of<'v>(variables: impl IntoIterator<Item = (&'v OsStr, &'v OsStr)>) -> Self {
        let mut values: Vec<String> = variables
            .into_iter()
            .filter(|(name, _)| is_secret(&name.to_string_lossy()))
            .flat_map(|(_, value)| {
                let value = value.to_string_lossy().into_owned();
                let lines: Vec<String> = value.lines().map(|line| line.trim().to_owned()).collect();
                lines.into_iter().chain([value])
            })
            .filter(|value| value.len() >= SHORTEST)
            .collect();
        values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    /// The event without them.
    #[must_use]
    pub fn hidden<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        if self.0.is_empty() {
            return Cow::Borrowed(event);
        }
        let mut hidden = event.clone();
        let mut found = false;
        each_text(&mut hidden.kind, &mut |text| {
            if let Some(without) = self.without(text) {
                *text = without;
                found = true;
            }
        });
        if found {
            Cow::Owned(hidden)
        } else {
            Cow::Borrowed(event)
        }
    }

    /// The text without them, where it has any.
    fn without(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut changed: Option<Vec<u8>> = None;
        for secret in &self.0 {
            let from = changed.as_deref().unwrap_or(text);
            let finder = memmem::Finder::new(secret);
            let places: Vec<usize> = finder.find_iter(from).collect();
            if places.is_empty() {
                continue;
            }
            let mut without = Vec::with_capacity(from.len());
            let mut after = 0;
            for place in places {
                without.extend_from_slice(&from[after..place]);
                without.extend_from_slice(HIDDEN.as_bytes());
                after = place + secret.len();
            }
            without.extend_from_slice(&from[after..]);
            changed = Some(without);
        }
        changed
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    MARKS.iter().any(|mark| name.contains(mark)) || name.split('_').any(|word| WORDS.contains(&word))
}

/// Calls this with each text that somebody else than the configuration has written, or that a command line is a part of.
fn each_text(kind: &mut EventKind, change: &mut dyn FnMut(&mut Vec<u8>)) {
    match kind {
        EventKind::RunStarted(started) => {
            for left_out in &mut started.left_out {
                in_text(&mut left_out.reason, change);
            }
        }
        EventKind::TaskFinished(finished) => each_text_of_task(finished, change),
        EventKind::TaskRetries(retries) => each_text_of_task(&mut retries.failed, change),
        EventKind::TaskWaits { lock, .. } => in_text(lock, change),
        EventKind::TaskSaid { line, .. } => in_text(line, change),
        EventKind::LeftoversEnded { .. }
        | EventKind::TaskStarted { .. }
        | EventKind::TaskSlow { .. }
        | EventKind::TaskGoesOn { .. }
        | EventKind::StopBegan { .. }
        | EventKind::RunFinished { .. } => {}
    }
}

fn each_text_of_task(finished: &mut TaskFinished, change: &mut dyn FnMut(&mut Vec<u8>)) {
    change(&mut finished.output.bytes);
    finished.output.of_crates.values_mut().for_each(&mut *change);
    if let Some(note) = &mut finished.note {
        in_text(note, change);
    }
    for finding in &mut finished.findings {
        let said = [&mut finding.code, &mut finding.test];
        said.into_iter().flatten().for_each(|text| in_text(text, change));
        in_text(&mut finding.message, change);
        if let Some(place) = &mut finding.place {
            let mut file = std::mem::take(&mut place.file).into_os_string().into_vec();
            change(&mut file);
            place.file = OsString::from_vec(file).into();
        }
    }
    let text = match &mut finished.outcome {
        Outcome::Failed(Failure::Exit { meaning, .. }) => meaning.as_mut(),
        Outcome::Failed(
            Failure::Start { error: text } | Failure::Unapplied { reason: text } | Failure::Uncertain { reason: text },
        ) => Some(text),
        Outcome::Failed(Failure::Denied { .. } | Failure::Regenerated)
        | Outcome::Passed
        | Outcome::TimedOut { .. }
        | Outcome::Blocked { .. }
        | Outcome::Cancelled => None,
    };
    if let Some(text) = text {
        in_text(text, change);
    }
}

fn in_text(text: &mut String, change: &mut dyn FnMut(&mut Vec<u8>)) {
    let mut bytes = std::mem::take(text).into_bytes();
    change(&mut bytes);
    // What is put in is text, and what is taken out is a whole part of one.
    *text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixtures::{any_events, finished, head, task, wrote};

    fn secrets(variables: &[(&str, &str)]) -> Secrets {
        Secrets::of(
            variables
                .iter()
                .map(|(name, value)| (OsStr::new(*name), OsStr::new(*value))),
        )
    }

    #[test]
    fn names_say_what_is_secret() {
        for name in [
            "CARGO_REGISTRY_TOKEN",
            "GITHUB_TOKEN",
            "npm_config_secret",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "API_KEY",
            "MYAPIKEY",
            "GH_PAT",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "KEYBOARD", "MONKEY", "AUTHOR", "COMPASS", "CARGO_HOME"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_hidden_wherever_a_tool_can_have_written_it() {
        let secrets = secrets(&[
            ("A_TOKEN", "hunter22"),
            ("B_TOKEN", "hunter22-and-more"),
            ("C_KEY", "-----BEGIN-----\nline of a key\n-----END-----"),
            ("D_KEY", "short"),
            ("EDITOR", "editor"),
        ]);
        let mut event = finished(
            1,
            TaskFinished {
                output: wrote("x hunter22-and-more hunter22\n\tline of a key\nshort editor"),
                note: Some("hunter22".to_owned()),
                ..task(
                    head(0, "a", ""),
                    Outcome::Failed(Failure::Start {
                        error: "hunter22!".to_owned(),
                    }),
                    1,
                )
            },
        );
        event = secrets.hidden(&event).into_owned();
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains("hunter") && !text.contains("line of"), "{text}");
        assert!(
            text.contains("x [hidden] [hidden]\\n\\t[hidden]\\nshort editor"),
            "{text}"
        );
        assert_eq!(format!("{secrets:?}"), "Secrets(6)");
    }

    proptest! {
        #[test]
        fn an_event_without_secrets_stays_as_it_is(events in any_events()) {
            let secrets = secrets(&[("A_TOKEN", "nowhere in any of these events")]);
            for event in &events {
                prop_assert!(matches!(secrets.hidden(event), Cow::Borrowed(same) if same == event));
            }
        }
    }
}
