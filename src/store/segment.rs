//! What a file of the history says, as bytes and as values. Pure.
//!
//! The first line names the format and carries a checksum of the rest, which is one JSON object: plain to read, and a
//! later version may add fields.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::{End, Extent, Record, RunKey, Subject, TaskKey};
use crate::model::fnv1a;

const MAGIC: &str = "cargo-hooks history 1";
/// No task takes longer. What says so is damaged, and must not make sums overflow.
const LONGEST_MICROS: u64 = 366 * 24 * 3600 * 1_000_000;

/// The content of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment {
    /// The names of the files whose content this one holds as well.
    pub(super) merged: Vec<String>,
    /// When the runs started, in seconds since 1970.
    pub(super) started: BTreeMap<RunKey, u64>,
    /// What came of their tasks.
    pub(super) records: Vec<Record>,
}

#[derive(Default, Serialize, Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    merged: Vec<String>,
    runs: Vec<RunLine>,
    tasks: Vec<TaskLine>,
}

#[derive(Serialize, Deserialize)]
struct RunLine {
    sequence: u64,
    id: u64,
    started: u64,
}

#[derive(Serialize, Deserialize)]
struct TaskLine {
    check: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    part: String,
    subject: SubjectWord,
    #[serde(default, rename = "crate", skip_serializing_if = "Option::is_none")]
    krate: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    repairs: bool,
    ends: Vec<EndLine>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SubjectWord {
    Workspace,
    Crate,
    Crates,
    Files,
}

/// A list rather than an object, since there are many.
#[derive(Serialize, Deserialize)]
struct EndLine(
    /// The place of the run in `runs`.
    usize,
    /// The place of the task in its plan.
    u32,
    EndWord,
    /// How long it took, in microseconds.
    u64,
    /// How often it was tried.
    u32,
    /// When it started, in microseconds since the run did.
    u64,
    /// How many crates or files.
    u32,
    /// Whether these were all.
    bool,
    /// The digest of their names.
    u64,
);

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EndWord {
    Passed,
    Failed,
    TimedOut,
}

impl Segment {
    /// The bytes of a file with this content.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let places: BTreeMap<RunKey, usize> = self.started.keys().zip(0..).map(|(run, place)| (*run, place)).collect();
        let runs = self.started.iter().map(|(run, started)| RunLine {
            sequence: run.sequence,
            id: run.id,
            started: *started,
        });
        let mut tasks: BTreeMap<&TaskKey, Vec<EndLine>> = BTreeMap::new();
        for record in &self.records {
            // A record whose run is not told of has no place to refer to.
            if let Some(place) = places.get(&record.run) {
                tasks.entry(&record.key).or_default().push(end_line(*place, record));
            }
        }
        let body = Body {
            merged: self.merged.clone(),
            runs: runs.collect(),
            tasks: tasks.into_iter().map(|(key, ends)| task_line(key, ends)).collect(),
        };
        let body = serde_json::to_string(&body).unwrap_or_default();
        format!("{MAGIC} {:016x} {}\n{body}\n", fnv1a(body.bytes()), body.len()).into_bytes()
    }

    /// What these bytes say, unless they are not whole and sound.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let body = rest.strip_suffix('\n')?;
        let (checksum, length) = head.strip_prefix(MAGIC)?.strip_prefix(' ')?.split_once(' ')?;
        let is_sound = length.parse() == Ok(body.len()) && u64::from_str_radix(checksum, 16) == Ok(fnv1a(body.bytes()));
        if !is_sound {
            return None;
        }
        let body: Body = serde_json::from_str(body).ok()?;
        let runs: Vec<RunKey> = body
            .runs
            .iter()
            .map(|RunLine { sequence, id, .. }| RunKey {
                sequence: *sequence,
                id: *id,
            })
            .collect();
        let started = runs.iter().copied().zip(body.runs.iter().map(|run| run.started));
        let records = body.tasks.iter().flat_map(|task| {
            let key = key(task);
            let runs = &runs;
            let record = move |end: &EndLine| Some(record(*runs.get(end.0)?, key.clone()?, end));
            task.ends.iter().filter_map(record)
        });
        Some(Self {
            records: records.collect(),
            started: started.collect(),
            merged: body.merged,
        })
    }
}

fn task_line(key: &TaskKey, ends: Vec<EndLine>) -> TaskLine {
    let (subject, krate) = match &key.subject {
        Subject::Workspace => (SubjectWord::Workspace, None),
        Subject::Crate(name) => (SubjectWord::Crate, Some(name.to_string())),
        Subject::Crates => (SubjectWord::Crates, None),
        Subject::Files => (SubjectWord::Files, None),
    };
    TaskLine {
        check: key.check.to_string(),
        part: key.part.clone(),
        subject,
        krate,
        repairs: key.repairs,
        ends,
    }
}

fn key(task: &TaskLine) -> Option<TaskKey> {
    let subject = match task.subject {
        SubjectWord::Workspace => Subject::Workspace,
        SubjectWord::Crate => Subject::Crate(task.krate.as_deref()?.into()),
        SubjectWord::Crates => Subject::Crates,
        SubjectWord::Files => Subject::Files,
    };
    Some(TaskKey {
        check: task.check.as_str().into(),
        part: task.part.clone(),
        subject,
        repairs: task.repairs,
    })
}

fn end_line(run: usize, record: &Record) -> EndLine {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(LONGEST_MICROS);
    let end = match record.end {
        End::Passed => EndWord::Passed,
        End::Failed => EndWord::Failed,
        End::TimedOut => EndWord::TimedOut,
    };
    let Extent { count, whole, names } = record.extent;
    let (took, started) = (micros(record.took), micros(record.started));
    EndLine(
        run,
        record.task,
        end,
        took,
        record.attempts,
        started,
        count,
        whole,
        names,
    )
}

fn record(run: RunKey, key: TaskKey, line: &EndLine) -> Record {
    let EndLine(_, task, end, took, attempts, started, count, whole, names) = *line;
    let time = |micros: u64| Duration::from_micros(micros.min(LONGEST_MICROS));
    Record {
        run,
        task,
        key,
        extent: Extent { count, whole, names },
        end: match end {
            EndWord::Passed => End::Passed,
            EndWord::Failed => End::Failed,
            EndWord::TimedOut => End::TimedOut,
        },
        took: time(took),
        attempts,
        started: time(started),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_record(run: RunKey) -> impl Strategy<Value = Record> {
        let subject = prop_oneof![
            Just(Subject::Workspace),
            ".{0,8}".prop_map(|name: String| Subject::Crate(name.into())),
            Just(Subject::Crates),
            Just(Subject::Files),
        ];
        let end = prop_oneof![Just(End::Passed), Just(End::Failed), Just(End::TimedOut)];
        let key = (".{0,12}", ".{0,6}", subject, any::<bool>());
        let extent = (any::<u32>(), any::<bool>(), any::<u64>());
        let times = (0..LONGEST_MICROS, 0..LONGEST_MICROS);
        (key, extent, end, times, any::<(u32, u32)>()).prop_map(
            move |((check, part, subject, repairs), (count, whole, names), end, (took, started), (task, attempts))| {
                Record {
                    run,
                    task,
                    key: TaskKey {
                        check: check.as_str().into(),
                        part,
                        subject,
                        repairs,
                    },
                    extent: Extent { count, whole, names },
                    end,
                    took: Duration::from_micros(took),
                    attempts,
                    started: Duration::from_micros(started),
                }
            },
        )
    }

    fn any_segment() -> impl Strategy<Value = Segment> {
        let runs = any::<[u64; 3]>().prop_flat_map(|[sequence, id, started]| {
            let run = RunKey { sequence, id };
            prop::collection::vec(any_record(run), 0..5).prop_map(move |records| (run, started, records))
        });
        let merged = prop::collection::vec(".{0,20}", 0..4);
        (prop::collection::vec(runs, 0..4), merged).prop_map(|(runs, merged)| {
            let mut segment = Segment {
                merged,
                ..Segment::default()
            };
            for (run, started, records) in runs {
                segment.started.insert(run, started);
                segment.records.extend(records);
            }
            segment.records.sort_by(|a, b| a.key.cmp(&b.key));
            segment
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(segment in any_segment()) {
            prop_assert_eq!(Segment::from_bytes(&segment.to_bytes()), Some(segment));
        }

        #[test]
        fn what_is_cut_off_says_nothing(segment in any_segment(), at in any::<prop::sample::Index>()) {
            let bytes = segment.to_bytes();
            prop_assert_eq!(Segment::from_bytes(&bytes[..at.index(bytes.len())]), None);
        }

        #[test]
        fn one_byte_that_is_wrong_is_noticed(
            segment in any_segment(),
            at in any::<prop::sample::Index>(),
            other in 1..=255_u8,
        ) {
            let mut bytes = segment.to_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= other;
            // Letters of the checksum may stand in upper case.
            prop_assert!(Segment::from_bytes(&bytes).is_none_or(|read| read == segment));
        }

        #[test]
        fn garbage_is_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Segment::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn what_says_too_much_is_bounded_and_fields_of_later_versions_are_skipped() {
        let body = r#"{"later":1,"runs":[{"sequence":1,"id":2,"started":3,"more":[]}],"tasks":[
            {"check":"a","subject":"workspace","ends":[[0,0,"passed",18446744073709551615,1,0,0,true,0],[9,0,"passed",1,1,0,0,true,0]]},
            {"check":"a","subject":"crate","ends":[[0,0,"passed",1,1,0,0,true,0]]}]}"#;
        let file = format!("{MAGIC} {:x} {}\n{body}\n", fnv1a(body.bytes()), body.len());
        let read = Segment::from_bytes(file.as_bytes()).unwrap();
        assert_eq!(read.records.len(), 1);
        assert_eq!(read.records[0].took, Duration::from_micros(LONGEST_MICROS));
    }
}
