//! What a file of the history says, as bytes and as values. Pure.
//!
//! The first line names the format and carries a checksum of the rest, which is one JSON object: plain to read, and a
//! later version may add fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::{End, Extent, Record, RunKey, Subject, TaskKey};
use crate::model::checksum;

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
    /// What came of their tasks, one after the other.
    pub(super) records: Vec<(TaskKey, Vec<Record>)>,
}

/// Texts are borrowed from the file where they can be: there may be many.
#[derive(Default, Serialize, Deserialize)]
struct Body<'a> {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    merged: Vec<String>,
    runs: Vec<RunLine>,
    #[serde(borrow)]
    tasks: Vec<TaskLine<'a>>,
}

#[derive(Serialize, Deserialize)]
struct RunLine {
    sequence: u64,
    id: u64,
    started: u64,
}

#[derive(Serialize, Deserialize)]
struct TaskLine<'a> {
    #[serde(borrow)]
    check: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    part: Cow<'a, str>,
    subject: SubjectWord,
    #[serde(default, rename = "crate", skip_serializing_if = "Option::is_none")]
    krate: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    repairs: bool,
    /// One for each end; see [`write_end`].
    #[serde(borrow)]
    ends: Cow<'a, str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SubjectWord {
    Workspace,
    Crate,
    Crates,
    Files,
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
        let ends = |records: &[Record]| {
            let mut text = String::new();
            for record in records {
                // A record whose run is not told of has no place to refer to.
                if let Some(place) = places.get(&record.run) {
                    write_end(&mut text, *place, record);
                }
            }
            text
        };
        let tasks = self.records.iter();
        let tasks = tasks.map(|(key, records)| task_line(key, ends(records)));
        let body = Body {
            merged: self.merged.clone(),
            runs: runs.collect(),
            tasks: tasks.collect(),
        };
        let body = serde_json::to_string(&body).unwrap_or_default();
        format!("{MAGIC} {:016x} {}\n{body}\n", checksum(body.as_bytes()), body.len()).into_bytes()
    }

    /// What these bytes say, unless they are not whole and sound.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let body = rest.strip_suffix('\n')?;
        let (digits, length) = head.strip_prefix(MAGIC)?.strip_prefix(' ')?.split_once(' ')?;
        let is_sound =
            length.parse() == Ok(body.len()) && u64::from_str_radix(digits, 16) == Ok(checksum(body.as_bytes()));
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
        let mut records = Vec::with_capacity(body.tasks.len());
        for task in &body.tasks {
            let Some(key) = key(task) else { continue };
            let ends = task.ends.split_terminator(';').filter_map(|end| read_end(end, &runs));
            records.push((key, ends.collect()));
        }
        Some(Self {
            started: started.collect(),
            records,
            merged: body.merged,
        })
    }
}

fn task_line(key: &TaskKey, ends: String) -> TaskLine<'_> {
    let (subject, krate) = match &key.subject {
        Subject::Workspace => (SubjectWord::Workspace, None),
        Subject::Crate(name) => (SubjectWord::Crate, Some(name.as_str().into())),
        Subject::Crates => (SubjectWord::Crates, None),
        Subject::Files => (SubjectWord::Files, None),
    };
    TaskLine {
        check: key.check.as_str().into(),
        part: key.part.as_str().into(),
        subject,
        krate,
        repairs: key.repairs,
        ends: ends.into(),
    }
}

fn key(task: &TaskLine<'_>) -> Option<TaskKey> {
    let subject = match task.subject {
        SubjectWord::Workspace => Subject::Workspace,
        SubjectWord::Crate => Subject::Crate(task.krate.as_deref()?.into()),
        SubjectWord::Crates => Subject::Crates,
        SubjectWord::Files => Subject::Files,
    };
    Some(TaskKey {
        check: (*task.check).into(),
        part: task.part.clone().into_owned(),
        subject,
        repairs: task.repairs,
    })
}

/// Writes the end of a task in few letters, since there are many of them: the place of the run in `runs`, that of the task
/// in its plan, how it ended, how long it took in microseconds, how often it was tried, when it started in microseconds
/// after the run, how many crates or files, whether these were all, and the digest of their names.
fn write_end(text: &mut String, run: usize, record: &Record) {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(LONGEST_MICROS);
    let end = match record.end {
        End::Passed => 'p',
        End::Failed => 'f',
        End::TimedOut => 't',
    };
    let (took, started) = (micros(record.took), micros(record.started));
    let Record { task, attempts, .. } = record;
    let Extent { count, whole, names } = record.extent;
    let whole = u8::from(whole);
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        "{run} {task} {end} {took} {attempts} {started} {count} {whole} {names};"
    );
}

/// What [`write_end`] wrote. A later version may add more at the end.
fn read_end(text: &str, runs: &[RunKey]) -> Option<Record> {
    let mut words = text.split(' ');
    let run = *runs.get(words.next()?.parse::<usize>().ok()?)?;
    let task = words.next()?.parse().ok()?;
    let end = match words.next()? {
        "p" => End::Passed,
        "f" => End::Failed,
        "t" => End::TimedOut,
        _ => return None,
    };
    let mut number = || words.next()?.parse::<u64>().ok();
    let (took, attempts, started) = (number()?, number()?, number()?);
    let (count, whole, names) = (number()?, number()?, number()?);
    let time = |micros: u64| Duration::from_micros(micros.min(LONGEST_MICROS));
    Some(Record {
        run,
        task,
        extent: Extent {
            count: u32::try_from(count).ok()?,
            whole: whole == 1,
            names,
        },
        end,
        took: time(took),
        attempts: u32::try_from(attempts).ok()?,
        started: time(started),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_record(run: RunKey) -> impl Strategy<Value = (TaskKey, Record)> {
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
                let key = TaskKey {
                    check: check.as_str().into(),
                    part,
                    subject,
                    repairs,
                };
                let record = Record {
                    run,
                    task,
                    extent: Extent { count, whole, names },
                    end,
                    took: Duration::from_micros(took),
                    attempts,
                    started: Duration::from_micros(started),
                };
                (key, record)
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
                segment
                    .records
                    .extend(records.into_iter().map(|(key, record)| (key, vec![record])));
            }
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
            {"check":"a","subject":"workspace","ends":"0 0 p 18446744073709551615 1 0 0 1 0 more;9 0 p 1 1 0 0 1 0;0 1 x 1 1 0 0 1 0;"},
            {"check":"a","subject":"crate","ends":"0 2 p 1 1 0 0 1 0;"}]}"#;
        let file = format!("{MAGIC} {:x} {}\n{body}\n", checksum(body.as_bytes()), body.len());
        let read = Segment::from_bytes(file.as_bytes()).unwrap();
        let records: Vec<_> = read.records.into_iter().flat_map(|(_, records)| records).collect();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].took, Duration::from_micros(LONGEST_MICROS));
    }
}
