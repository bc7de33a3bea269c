//! `cargo hooks history`: the runs that are recorded.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use super::args::{GlobalArgs, HistoryArgs, MessageFormat};
use super::cache::{age, counted};
use super::error::exit;
use super::{CliError, Ended, colour, output, request};
use crate::journal::{RunSummary, Verified, journals, verify};
use crate::private_files::Unsafe;
use crate::project::state_dir;
use crate::report::duration::elapsed;
use crate::tool_output::sanitize;

/// The version of the JSON.
pub(super) const FORMAT: u32 = 1;
/// No more columns are taken by what a run was about.
const MOST_WHAT: usize = 40;

pub(super) fn history(args: &HistoryArgs, global: &GlobalArgs) -> Ended {
    let state = state_dir(&request::load_options(global)?)?;
    if args.verify {
        return verified(&state, args, global);
    }
    let mut runs = journals(&state, args.last).runs;
    let runs = runs.split_off(runs.len().saturating_sub(args.last));
    let text = match args.message_format {
        MessageFormat::Human => table(&runs, SystemTime::now()),
        MessageFormat::Json => runs.iter().map(|run| format!("{}\n", run_json(run))).collect(),
    };
    say(&text, args.message_format, global)
}

/// Writes a text. What people read holds no control characters of others.
pub(super) fn say(text: &str, format: MessageFormat, global: &GlobalArgs) -> Ended {
    let text = match format {
        MessageFormat::Human => sanitize(text.as_bytes(), colour::for_stdout(global.color)),
        MessageFormat::Json => text.to_owned(),
    };
    if !text.is_empty() {
        output::stdout(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// When a run began.
pub(super) fn began(millis: u64) -> SystemTime {
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis));
    at.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// What came of a run, in a word.
pub(super) fn outcome(run: &RunSummary) -> &'static str {
    match run {
        run if run.goes_on() => "running",
        run if !run.has_ended() || run.stats.interrupted => "interrupted",
        run if run.stats.is_success() => "passed",
        _ => "failed",
    }
}

/// A line for each run, the newest one last, where the eye is.
fn table(runs: &[RunSummary], now: SystemTime) -> String {
    if runs.is_empty() {
        return "no run is recorded\n".to_owned();
    }
    let rows: Vec<[String; 6]> = runs.iter().map(|run| row(run, now)).collect();
    lines(
        &["run", "when", "what", "tasks", "time", "outcome"].map(str::to_owned),
        &rows,
    )
}

/// Rows under their headings, in columns. Numbers go to the right.
pub(super) fn lines<const N: usize>(headings: &[String; N], rows: &[[String; N]]) -> String {
    let all = || std::iter::once(headings).chain(rows);
    let widths: Vec<usize> = (0..N)
        .map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in all() {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| {
                if cell.parse::<u64>().is_ok() {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:width$}")
                }
            })
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(run: &RunSummary, now: SystemTime) -> [String; 6] {
    let counts = [
        (run.stats.passed - run.stats.cached.min(run.stats.passed), "passed"),
        (run.stats.cached, "cached"),
        (run.stats.failed + run.stats.tolerated, "failed"),
        (run.stats.blocked, "blocked"),
        (run.stats.cancelled, "cancelled"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let tasks = if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    };
    [
        run.number.to_string(),
        age(began(run.began), now),
        what(run),
        tasks,
        elapsed(if run.goes_on() {
            now.duration_since(began(run.began)).unwrap_or_default()
        } else {
            run.took
        }),
        outcome(run).to_owned(),
    ]
}

/// What a run was about, in few words.
fn what(run: &RunSummary) -> String {
    let names: Vec<&str> = run.checks.iter().map(crate::model::CheckName::as_str).collect();
    let mut text = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    };
    if text.chars().count() > MOST_WHAT {
        text = text.chars().take(MOST_WHAT - 1).chain(['…']).collect();
    }
    match (run.repairs, run.limited) {
        (true, true) => text + " (repairs, changes)",
        (true, false) => text + " (repairs)",
        (false, true) => text + " (changes)",
        (false, false) => text,
    }
}

fn run_json(run: &RunSummary) -> Json {
    let seconds = |time: Duration| time.as_secs_f64();
    json!({
        "type": "run",
        "format": FORMAT,
        "run": run.number,
        "began": run.began / 1000,
        "outcome": outcome(run),
        "ended": run.has_ended(),
        "limited": run.limited,
        "repairs": run.repairs,
        "checks": run.checks,
        "left_out": run.left_out,
        "slots": run.slots,
        "took": seconds(run.took),
        "busy": seconds(run.busy),
        "waited": seconds(run.waited),
        "longest": run.longest.as_ref().map(|task| json!({ "task": task.label, "took": seconds(task.took) })),
        "stats": run.stats,
        "bytes": run.bytes,
    })
}

fn verified(state: &Path, args: &HistoryArgs, global: &GlobalArgs) -> Ended {
    let verified = verify(state)?;
    let text = match args.message_format {
        MessageFormat::Human => verified_text(&verified),
        MessageFormat::Json => {
            let troubles = verified.troubles.iter();
            let json = json!({
                "type": "history-verify",
                "format": FORMAT,
                "runs": verified.runs,
                "events": verified.events,
                "broken_off": verified.broken_off,
                "running": verified.going_on,
                "never_begun": verified.never_begun,
                "damage": troubles.map(|trouble| json!({ "run": trouble.run, "what": trouble.what })).collect::<Vec<_>>(),
            });
            format!("{json}\n")
        }
    };
    say(&text, args.message_format, global)?;
    Ok(if verified.troubles.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::FAILED)
    })
}

fn verified_text(verified: &Verified) -> String {
    let troubles = verified.troubles.iter();
    let mut lines: Vec<String> = troubles
        .map(|trouble| format!("damaged: run {}: {}", trouble.run, trouble.what))
        .collect();
    let (runs, events) = (counted(verified.runs, "run"), counted(verified.events, "event"));
    lines.push(match verified.troubles.len() {
        0 => format!("all is sound: {events} in {runs}"),
        count => format!(
            "damaged in {}; all else is sound: {events} in {runs}",
            counted(count, "place")
        ),
    });
    if verified.broken_off > 0 {
        lines.push(format!(
            "interrupted before it had an end: {}",
            counted(verified.broken_off, "run")
        ));
    }
    if verified.going_on > 0 {
        lines.push(format!("still going on: {}", counted(verified.going_on, "run")));
    }
    lines.join("\n") + "\n"
}

impl From<Unsafe> for CliError {
    fn from(error: Unsafe) -> Self {
        Self::environment(error.to_string())
    }
}
