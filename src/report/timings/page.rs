//! One page: the chart, and below it all that it shows, in words and in a table.

use std::fmt::Write;

use super::TimingsAbout;
use super::data::data;
use crate::event::RunStats;
use crate::model::Digest;
use crate::report::duration::roughly;
use crate::report::graph::xml;
use crate::report::text::{count, one_line};
use crate::timeline::{State, Timeline};

const PAGE: &str = include_str!("../../../templates/timings/page.html");
const STYLE: &str = include_str!("../../../templates/timings/page.css");
/// The script, in parts that follow each other.
const SCRIPT: [&str; 5] = [
    include_str!("../../../templates/timings/data.js"),
    include_str!("../../../templates/timings/chart.js"),
    include_str!("../../../templates/timings/hands.js"),
    include_str!("../../../templates/timings/parts.js"),
    include_str!("../../../templates/timings/main.js"),
];

/// A page about a run.
#[must_use]
pub fn timings_page(timeline: &Timeline, about: &TimingsAbout) -> String {
    let script = SCRIPT.concat();
    let title = match about.run {
        Some(number) => format!("Run {number}"),
        None => "Run of the checks".to_owned(),
    };
    let outcome = outcome(timeline);
    let summary = summary(timeline, about);
    let paragraphs: String = summary
        .iter()
        .map(|line| format!("<p>{}</p>\n", xml(&one_line(line))))
        .collect();
    fill(|name| match name {
        "hash" => format!("sha256-{}", base64(Digest::of(script.as_bytes()).as_bytes())),
        "title" => xml(&title),
        "outcome" => outcome.to_owned(),
        "summary" => paragraphs.clone(),
        "style" => STYLE.to_owned(),
        "footer" => format!("cargo-hooks {}", env!("CARGO_PKG_VERSION")),
        "data" => embedded(&data(timeline, about)),
        "script" => script.clone(),
        _ => String::new(),
    })
}

/// The page with what belongs into its holes. What is put in is not looked at again.
fn fill(value: impl Fn(&str) -> String) -> String {
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        page.push_str(&value(name));
        rest = after;
    }
    page + rest
}

/// JSON that ends no script, begins no comment, and is the same value.
fn embedded(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

fn outcome(timeline: &Timeline) -> &'static str {
    match timeline.stats {
        None => "unfinished",
        Some(RunStats { interrupted: true, .. }) => "interrupted",
        Some(stats) if stats.is_success() => "passed",
        Some(_) => "failed",
    }
}

/// What came of the run, how long it took, and what it was about: a line each.
fn summary(timeline: &Timeline, about: &TimingsAbout) -> Vec<String> {
    let mut lines = vec![came_of_it(timeline)];
    if let Some(started) = &timeline.started {
        let mut line = format!(
            "{} of {}, in {} on {}, took {}",
            count(started.tasks, "task"),
            count(started.checks.len(), "check"),
            count(started.waves, "wave"),
            count(started.slots as usize, "slot"),
            roughly(timeline.end)
        );
        if about.limited {
            line.push_str("; limited to what changes touch");
        }
        if about.repairs {
            line.push_str("; repaired first");
        }
        if !about.began.is_empty() {
            let _ = write!(line, "; began {}", about.began);
        }
        lines.push(line);
        let left_out = started.left_out.iter();
        lines.extend(left_out.map(|out| format!("left out: {}: {}", out.check, out.reason)));
    }
    if let Some((at, reason)) = &timeline.stop {
        let why = match reason {
            crate::event::StopReason::FailFast { check } => format!("{check} failed, and the run ends at a failure"),
            crate::event::StopReason::Critical { check } => format!("{check}, which is critical, failed"),
            crate::event::StopReason::Interrupted => "somebody interrupted it".to_owned(),
            crate::event::StopReason::Outdated => "what it looked at has changed".to_owned(),
        };
        lines.push(format!("stopped after {}: {why}", roughly(*at)));
    }
    lines
}

fn came_of_it(timeline: &Timeline) -> String {
    let with = |state: State| timeline.rows.iter().filter(|row| row.state == state).count();
    let words = [
        (State::Failed, "failed"),
        (State::TimedOut, "timed out"),
        (State::Passed, "passed"),
        (State::Flaky, "passed when tried again"),
        (State::Cached, "cached"),
        (State::Blocked, "blocked"),
        (State::Cancelled, "cancelled"),
        (State::Unfinished, "did not come to an end"),
    ];
    let counts = words.map(|(state, word)| (with(state), word));
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if told.is_empty() {
        "nothing came to an end".to_owned()
    } else {
        told.join(" · ")
    }
}

/// Bytes as the policy of a page wants a digest.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| chunk.get(place).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
