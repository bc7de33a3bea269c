//! `cargo hooks stats`: what the record of many runs says about the checks.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use super::args::{GlobalArgs, MessageFormat, StatsArgs};
use super::cache::{age, counted};
use super::history::{FORMAT, began, lines, say};
use super::{Ended, request};
use crate::insight::{Advice, CheckFigures, Figures, advice, figures};
use crate::journal::{Tally, journals};
use crate::project::state_dir;
use crate::report::duration::roughly;

pub(super) fn stats(args: &StatsArgs, global: &GlobalArgs) -> Ended {
    let state = state_dir(&request::load_options(global)?)?;
    let figures = figures(&journals(&state, args.last));
    let advice = advice(&figures);
    let text = match args.message_format {
        MessageFormat::Human => stats_text(&figures, &advice, global),
        MessageFormat::Json => format!("{}\n", stats_json(&figures, &advice)),
    };
    say(&text, args.message_format, global)
}

fn stats_text(figures: &Figures, advice: &[Advice], global: &GlobalArgs) -> String {
    let Some(since) = figures.since else {
        return "no run is recorded\n".to_owned();
    };
    let runs = counted(usize::try_from(figures.runs).unwrap_or(usize::MAX), "run");
    let mut text = format!(
        "{runs}, the first {}: {} passed, {} failed, {} interrupted\n",
        age(began(since), SystemTime::now()),
        figures.passed,
        figures.failed,
        figures.interrupted
    );
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "{} tasks ran, {} did not have to ({})\nsaved about {} of task time by what had passed before, and {} by looking at \
         changes alone\nthe slots were used to {}, {:.1} times as fast as one task after the other; {} of waiting for other \
         cargos",
        figures.ran,
        figures.cached,
        percent(figures.hit_rate()),
        roughly(figures.saved_by_cache),
        roughly(figures.saved_by_selection),
        percent(figures.utilisation()),
        figures.speed_up(),
        roughly(figures.waited),
    );
    text.push('\n');
    text.push_str(&checks_text(figures, global.verbose > 0));
    if !advice.is_empty() {
        text.push('\n');
    }
    for advice in advice {
        let _ = writeln!(text, "advice: {}", advice.text);
    }
    text
}

fn checks_text(figures: &Figures, with_crates: bool) -> String {
    let headings = ["", "ran", "failed", "flaky", "cached", "usual", "95 %", "longest", ""].map(str::to_owned);
    let mut rows = Vec::new();
    for check in &figures.checks {
        rows.push(row(check.check.as_str(), &check.tally));
        if with_crates {
            let crates = check.crates.iter();
            rows.extend(crates.map(|krate| row(&format!("{} {}", check.check, krate.krate), &krate.tally)));
        }
    }
    lines(&headings, &rows)
}

fn row(name: &str, tally: &Tally) -> [String; 9] {
    let time = |percent: u64| tally.took.percentile(percent).map_or_else(String::new, roughly);
    let most = if tally.took.count() == 0 {
        String::new()
    } else {
        roughly(tally.took.most())
    };
    [
        name.to_owned(),
        tally.ran().to_string(),
        percent(tally.failure_rate()),
        percent(tally.flaky_rate()),
        tally.cached.to_string(),
        time(50),
        time(95),
        most,
        if tally.is_quarantined() { "quarantined" } else { "" }.to_owned(),
    ]
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn stats_json(figures: &Figures, advice: &[Advice]) -> Json {
    let seconds = |time: Duration| time.as_secs_f64();
    json!({
        "type": "stats",
        "format": FORMAT,
        "since": figures.since.map(|millis| millis / 1000),
        "runs": figures.runs,
        "passed": figures.passed,
        "failed": figures.failed,
        "interrupted": figures.interrupted,
        "ran": figures.ran,
        "cached": figures.cached,
        "hit_rate": figures.hit_rate(),
        "elapsed": seconds(figures.elapsed),
        "busy": seconds(figures.busy),
        "waited": seconds(figures.waited),
        "utilisation": figures.utilisation(),
        "speed_up": figures.speed_up(),
        "saved_by_cache": seconds(figures.saved_by_cache),
        "saved_by_selection": seconds(figures.saved_by_selection),
        "checks": figures.checks.iter().map(check_json).collect::<Vec<_>>(),
        "advice": advice
            .iter()
            .map(|advice| json!({ "about": advice.about, "check": advice.check, "text": advice.text }))
            .collect::<Vec<_>>(),
    })
}

fn check_json(check: &CheckFigures) -> Json {
    let mut json = tally_json(&check.tally);
    json["check"] = check.check.as_str().into();
    let crates = check.crates.iter().map(|krate| {
        let mut json = tally_json(&krate.tally);
        json["crate"] = krate.krate.as_str().into();
        json
    });
    json["crates"] = crates.collect();
    json
}

fn tally_json(tally: &Tally) -> Json {
    let seconds = |percent: u64| tally.took.percentile(percent).map(|took| took.as_secs_f64());
    json!({
        "passed": tally.passed,
        "failed": tally.failed,
        "timed_out": tally.timed_out,
        "flaky": tally.flaky,
        "cached": tally.cached,
        "quarantined": tally.is_quarantined(),
        "failure_rate": tally.failure_rate(),
        "took": {
            "median": seconds(50),
            "high": seconds(95),
            "longest": tally.took.most().as_secs_f64(),
            "total": tally.took.total().as_secs_f64(),
        },
    })
}
