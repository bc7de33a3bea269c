//! What stands on the lines of a record: first what the run is, then its events. Pure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::line;
use crate::event::{Event, EventKind};

/// The version of the form. A later one gets a directory beside `v1`.
const FORMAT: u32 = 1;

/// What a run is, as far as its events do not say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// When it began, in milliseconds since the beginning of 1970, by the clock of then.
    pub began: u64,
    /// Whether it was limited to what changes touch.
    pub limited: bool,
    /// Whether it repaired first.
    pub repairs: bool,
    /// The version of the program.
    pub version: String,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct First<'a> {
    format: u32,
    #[serde(flatten)]
    begin: Cow<'a, Begin>,
}

/// Adds the first line.
pub(super) fn write_begin(to: &mut Vec<u8>, begin: &Begin) {
    let first = First {
        format: FORMAT,
        begin: Cow::Borrowed(begin),
    };
    // Nothing in it refuses to be written as JSON.
    line::write(to, 0, &serde_json::to_vec(&first).unwrap_or_default());
}

/// Adds the line of an event.
pub(super) fn write_event(to: &mut Vec<u8>, number: u64, event: &Event) {
    line::write(to, number, &serde_json::to_vec(event).unwrap_or_default());
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Content {
    pub(super) begin: Begin,
    pub(super) events: Vec<Event>,
    /// How many lines are damaged, or say what this version does not understand.
    pub(super) damaged: usize,
    /// How many lines are missing between those that are there.
    pub(super) missing: u64,
}

impl Content {
    /// What these bytes say; nothing where they do not even say what the run is.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (lines, mut damaged) = line::read(bytes);
        let (first, rest) = lines.split_first()?;
        let first_line: First<'_> = serde_json::from_str(first.body).ok()?;
        if first.number != 0 || first_line.format != FORMAT {
            return None;
        }
        let mut events = Vec::with_capacity(rest.len());
        for line in rest {
            match serde_json::from_str(line.body) {
                Ok(event) => events.push(event),
                Err(_) => damaged += 1,
            }
        }
        let last = lines.last().map_or(0, |line| line.number);
        Some(Self {
            begin: first_line.begin.into_owned(),
            events,
            damaged,
            missing: (last + 1).saturating_sub(lines.len() as u64),
        })
    }

    /// Whether the run came to its end.
    pub(super) fn has_end(&self) -> bool {
        let last = self.events.last();
        last.is_some_and(|event| matches!(event.kind, EventKind::RunFinished { .. }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixtures::any_events;
    use crate::report::{JsonReporter, Reporter};

    fn begin() -> Begin {
        Begin {
            began: 1_795_293_054_123,
            limited: true,
            repairs: false,
            version: "0.1.0".to_owned(),
        }
    }

    fn recorded(events: &[Event]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_begin(&mut bytes, &begin());
        for (number, event) in (1..).zip(events) {
            write_event(&mut bytes, number, event);
        }
        bytes
    }

    fn told(events: &[Event]) -> String {
        let mut text = Vec::new();
        for event in events {
            JsonReporter::new().on_event(event, &mut text).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    proptest! {
        /// What is replayed is what was said, however hostile the text.
        #[test]
        fn events_are_told_again_as_they_were_told(events in any_events()) {
            let content = Content::of(&recorded(&events)).unwrap();
            prop_assert_eq!((content.damaged, content.missing, &content.begin), (0, 0, &begin()));
            // A time of half a million years is cut to what fits; all others are exact.
            if events.iter().all(|event| !format!("{event:?}").contains("18446744073709551")) {
                prop_assert_eq!(told(&content.events), told(&events));
            }
            let again = Content::of(&recorded(&content.events)).unwrap();
            prop_assert_eq!(again.events, content.events);
        }
    }

    /// Lines as the first version has written them. They are never changed: later versions have to read them.
    const OF_FORMAT_1: [&str; 10] = [
        r#"{"at":0,"kind":{"run-started":{"checks":["fmt"],"crates":2,"tasks":3,"waves":1,"slots":2,"left_out":[{"check":"doc","reason":"why"}]}}}"#,
        r#"{"at":1,"kind":{"leftovers-ended":{"processes":3}}}"#,
        r#"{"at":2,"kind":{"task-started":{"task":{"id":0,"check":"fmt","unit":"a","may_fail":false,"rerun":"r","fix":"f"}}}}"#,
        r#"{"at":3,"kind":{"task-slow":{"task":{"id":0,"check":"fmt","unit":"","may_fail":true,"rerun":"r"},"running":60000000}}}"#,
        r#"{"at":4,"kind":{"task-waits":{"task":{"id":0,"check":"fmt","unit":"","may_fail":true,"rerun":"r"},"lock":"build directory","waited":1}}}"#,
        r#"{"at":5,"kind":{"task-goes-on":{"task":{"id":0,"check":"fmt","unit":"","may_fail":true,"rerun":"r"},"waited":1}}}"#,
        r#"{"at":6,"kind":{"task-retries":{"failed":{"task":{"id":0,"check":"fmt","unit":"","may_fail":false,"rerun":"r"},"outcome":{"timed-out":{"limit":5,"calibrated":true}},"attempts":1,"took":5},"most":3,"wait":7}}}"#,
        r#"{"at":7,"kind":{"task-finished":{"task":{"id":0,"check":"fmt","unit":"","may_fail":false,"rerun":"r"},"outcome":{"failed":{"exit":{"exit":{"signal":9},"meaning":null}}},"attempts":2,"quarantined":true,"took":5,"waited":3,"crates":{"a":"not-reached"},"note":"n","findings":[{"severity":"error","crate":"a","file":"src/lib.rs","line":1,"column":2,"code":"E1","message":"m"}],"output":{"bytes":"text\n","dropped":4,"saved":{"path":"/x","left_out":2}},"leaked":1,"cached":{"crates":2}}}}"#,
        r#"{"at":8,"kind":{"stop-began":{"reason":{"fail-fast":{"check":"fmt"}}}}}"#,
        r#"{"at":9,"kind":{"run-finished":{"stats":{"tasks":3,"passed":1,"cached":1,"flaky":0,"failed":1,"tolerated":0,"quarantined":1,"blocked":1,"cancelled":0,"interrupted":false}}}}"#,
    ];

    #[test]
    fn what_the_first_version_wrote_is_read() {
        let mut bytes = Vec::new();
        let first = r#"{"format":1,"began":1795293054123,"limited":true,"repairs":false,"version":"0.1.0"}"#;
        line::write(&mut bytes, 0, first.as_bytes());
        for (number, body) in (1..).zip(OF_FORMAT_1) {
            line::write(&mut bytes, number, body.as_bytes());
        }
        let content = Content::of(&bytes).unwrap();
        assert_eq!(
            (content.damaged, &content.begin, content.has_end()),
            (0, &begin(), true)
        );
        let again: Vec<String> = content
            .events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap())
            .collect();
        assert_eq!(again, OF_FORMAT_1, "and this version writes the same");
    }

    /// What decided when a task ran was added later; it is written so.
    #[test]
    fn what_is_known_of_the_timing_of_a_task_is_read() {
        let body = r#"{"at":7,"kind":{"task-finished":{"task":{"id":1,"check":"fmt","unit":"","may_fail":false,"rerun":"r"},"outcome":"passed","attempts":1,"took":5,"timing":{"slots":2,"wave":1,"ready":3,"after":0,"uses":[{"what":"lock db","alone":true,"until":6},{"what":"all files"}],"queued":1,"left":6,"processor":4}}}}"#;
        let event: Event = serde_json::from_str(body).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), body);
        let EventKind::TaskFinished(finished) = event.kind else {
            panic!("{body}")
        };
        let timing = &finished.timing;
        assert_eq!((timing.slots, timing.after), (2, Some(crate::model::TaskId(0))));
        assert_eq!(timing.processor, Some(std::time::Duration::from_micros(4)));
    }

    #[test]
    fn a_record_that_does_not_say_what_it_is_says_nothing() {
        assert_eq!(Content::of(b""), None);
        let mut bytes = Vec::new();
        write_event(
            &mut bytes,
            1,
            &Content::of(&recorded(&[])).map_or_else(
                || unreachable!("an empty record has a beginning"),
                |_| Event {
                    at: std::time::Duration::ZERO,
                    kind: EventKind::LeftoversEnded { processes: 1 },
                },
            ),
        );
        assert_eq!(Content::of(&bytes), None);
        let mut bytes = Vec::new();
        line::write(
            &mut bytes,
            0,
            br#"{"format":2,"began":1,"limited":true,"repairs":false,"version":""}"#,
        );
        assert_eq!(Content::of(&bytes), None, "a format of later");
    }
}
