//! `cargo hooks cache`: what is kept of checks that passed.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use super::args::{CacheArgs, CacheCommand, GlobalArgs, MessageFormat};
use super::error::exit;
use super::{CliError, Ended, colour, output, request};
use crate::git_hooks::{RemovedSnapshots, SnapshotError, Unused, remove_unused};
use crate::project::{NoStateError, state_dir};
use crate::results::{Collected, Damage, Extent, Summary, Verified, clear, collect, summarize, verify};
use crate::store::StoreError;
use crate::tool_output::sanitize;

/// A snapshot that no hook has used for so long is of no use.
const UNUSED_FOR: Duration = Duration::from_hours(30 * 24);

/// The version of the JSON.
const FORMAT: u32 = 1;

pub(super) fn cache(command: &CacheCommand, global: &GlobalArgs) -> Ended {
    let state = state_dir(&request::load_options(global)?)?;
    match command {
        CacheCommand::Info(args) => info(&state, args, global),
        CacheCommand::Verify(args) => verified(&state, args, global),
        CacheCommand::Gc(args) => {
            let collected = collect(&state)?;
            let removed = remove_unused(&state, Unused::For(UNUSED_FOR), SystemTime::now())?;
            answer(
                args,
                global,
                || collected_text(&collected) + &snapshots_text(removed),
                || {
                    json!({
                        "type": "cache-gc",
                        "before": extent(&collected.before),
                        "after": extent(&collected.after),
                        "snapshots": snapshots_json(removed),
                    })
                },
            )
        }
        CacheCommand::Clear(args) => {
            let removed = clear(&state)?;
            let snapshots = remove_unused(&state, Unused::Now, SystemTime::now())?;
            answer(
                args,
                global,
                || cleared_text(&removed) + &snapshots_text(snapshots),
                || {
                    json!({
                        "type": "cache-clear",
                        "removed": extent(&removed),
                        "snapshots": snapshots_json(snapshots),
                    })
                },
            )
        }
    }
}

/// Writes an answer in the form that is wanted.
fn answer(args: &CacheArgs, global: &GlobalArgs, text: impl Fn() -> String, json: impl Fn() -> Json) -> Ended {
    let text = match args.message_format {
        MessageFormat::Human => sanitize(text().as_bytes(), colour::for_stdout(global.color)),
        MessageFormat::Json => {
            let mut json = json();
            json["format"] = FORMAT.into();
            format!("{json}\n")
        }
    };
    output::stdout(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn info(state: &Path, args: &CacheArgs, global: &GlobalArgs) -> Ended {
    let summary = summarize(state)?;
    let now = SystemTime::now();
    answer(args, global, || info_text(&summary, now), || info_json(&summary))
}

fn info_text(summary: &Summary, now: SystemTime) -> String {
    let mut text = format!("{}\n", summary.dir.display());
    let (Some(oldest), Some(newest)) = (summary.oldest, summary.newest) else {
        return text + &damage_lines(&summary.damage) + "nothing is kept\n";
    };
    let Extent { files, bytes, passes } = summary.extent;
    let (files, passes, bytes) = (counted(files, "file"), counted(passes, "pass"), size(bytes));
    let _ = writeln!(
        text,
        "{passes} in {files}, {bytes}; from {} to {}",
        age(oldest, now),
        age(newest, now)
    );
    let width = summary
        .checks
        .keys()
        .map(|name| name.as_str().chars().count())
        .max()
        .unwrap_or(0);
    for (name, check) in &summary.checks {
        let (passes, bytes) = (counted(check.passes, "pass"), size(check.bytes));
        let crates = match check.crates.len() {
            0 => String::new(),
            count => format!(" of {}", counted(count, "crate")),
        };
        let newest = check.newest.map(|newest| age(newest, now)).unwrap_or_default();
        let _ = writeln!(text, "  {name:width$}  {passes}{crates}, {bytes}, the newest {newest}");
    }
    text + &damage_lines(&summary.damage)
}

fn info_json(summary: &Summary) -> Json {
    let checks = summary.checks.iter().map(|(name, check)| {
        json!({
            "check": name,
            "passes": check.passes,
            "crates": check.crates,
            "bytes": check.bytes,
            "newest": seconds(check.newest),
        })
    });
    json!({
        "type": "cache-info",
        "directory": summary.dir.to_string_lossy(),
        "files": summary.extent.files,
        "bytes": summary.extent.bytes,
        "passes": summary.extent.passes,
        "oldest": seconds(summary.oldest),
        "newest": seconds(summary.newest),
        "checks": checks.collect::<Vec<_>>(),
        "damage": damage_json(&summary.damage),
    })
}

fn verified(state: &Path, args: &CacheArgs, global: &GlobalArgs) -> Ended {
    let verified = verify(state)?;
    let is_sound = verified.damage.is_empty();
    answer(
        args,
        global,
        || verified_text(&verified),
        || {
            json!({
                "type": "cache-verify",
                "files": verified.files,
                "passes": verified.passes,
                "blobs": verified.blobs,
                "damage": damage_json(&verified.damage),
            })
        },
    )?;
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::FAILED)
    })
}

fn verified_text(verified: &Verified) -> String {
    let (passes, files) = (counted(verified.passes, "pass"), counted(verified.files, "file"));
    let mut text = damage_lines(&verified.damage);
    let are = |count: usize| if count == 1 { "is" } else { "are" };
    let _ = match verified.damage.len() {
        0 => writeln!(text, "all is sound: {passes} in {files}"),
        count => writeln!(
            text,
            "{} in {files} {} damaged, and count as never passed; {passes} {} sound; `cargo hooks cache gc` drops what is damaged",
            counted(count, "place"),
            are(count),
            are(verified.passes),
        ),
    };
    text
}

fn collected_text(Collected { before, after }: &Collected) -> String {
    let freed = size(before.bytes.saturating_sub(after.bytes));
    let dropped = before.passes.saturating_sub(after.passes);
    let (files, passes) = (counted(before.files, "file"), counted(after.passes, "pass"));
    format!(
        "freed {freed}: {files} before, {} now; {passes} kept, {dropped} dropped\n",
        after.files
    )
}

fn cleared_text(removed: &Extent) -> String {
    match removed.files {
        0 => "nothing was kept\n".to_owned(),
        files => format!(
            "removed {} in {}, {}\n",
            counted(removed.passes, "pass"),
            counted(files, "file"),
            size(removed.bytes)
        ),
    }
}

/// What became of the snapshots, where there is one.
fn snapshots_text(removed: RemovedSnapshots) -> String {
    let mut text = String::new();
    if removed.snapshots > 0 {
        let snapshots = counted(removed.snapshots, "snapshot");
        let _ = writeln!(text, "removed {snapshots}, {}", size(removed.bytes));
    }
    if removed.in_use > 0 {
        let are = if removed.in_use == 1 { "is" } else { "are" };
        let _ = writeln!(text, "{} {are} in use", counted(removed.in_use, "snapshot"));
    }
    text
}

fn snapshots_json(removed: RemovedSnapshots) -> Json {
    json!({ "removed": removed.snapshots, "bytes": removed.bytes, "in-use": removed.in_use })
}

fn extent(extent: &Extent) -> Json {
    json!({ "files": extent.files, "bytes": extent.bytes, "passes": extent.passes })
}

fn damage_lines(damage: &[Damage]) -> String {
    damage.iter().map(|damage| format!("damaged: {damage}\n")).collect()
}

fn damage_json(damage: &[Damage]) -> Json {
    let one = |damage: &Damage| json!({ "file": damage.file.to_string_lossy(), "what": damage.what });
    damage.iter().map(one).collect()
}

/// A number and its noun.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = match what {
        _ if count == 1 => "",
        "pass" => "es",
        _ => "s",
    };
    format!("{count} {what}{plural}")
}

fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// How long ago something was, in its largest unit: `2 hours ago`. A clock may have been wrong.
pub(super) fn age(at: SystemTime, now: SystemTime) -> String {
    let Ok(since) = now.duration_since(at) else {
        return "in the future, by the clock of then".to_owned();
    };
    let units = [(24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let seconds = since.as_secs();
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) if seconds / unit == 1 => format!("1 {name} ago"),
        Some((unit, name)) => format!("{} {name}s ago", seconds / unit),
        None => "just now".to_owned(),
    }
}

/// A time in whole seconds since 1970; nothing where there is none, or before that.
pub(super) fn seconds(at: Option<SystemTime>) -> Json {
    let since = at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(Json::Null, |since| since.as_secs().into())
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::environment(error.to_string())
    }
}

impl From<SnapshotError> for CliError {
    fn from(error: SnapshotError) -> Self {
        Self::environment(error.to_string())
    }
}

impl From<NoStateError> for CliError {
    fn from(error: NoStateError) -> Self {
        let message = error.to_string();
        match error {
            NoStateError::NoWorkspace(_) => Self::usage(message),
            NoStateError::NoPlace => Self::environment(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_their_largest_unit() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365);
        for (seconds, expected) in [
            (0, "just now"),
            (1, "1 second ago"),
            (7300, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(age(now - Duration::from_secs(seconds), now), expected);
        }
        assert!(age(now + Duration::from_secs(1), now).starts_with("in the future"));
    }

    #[test]
    fn sizes_are_said_in_their_largest_unit() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (2_590_000, "2.5 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
