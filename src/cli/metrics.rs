//! `cargo hooks metrics`: the figures of `stats` for a program that watches them.

use std::fmt::Write;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::args::{GlobalArgs, MessageFormat, MetricsArgs};
use super::history::{FORMAT, say};
use super::{Ended, request};
use crate::insight::{Figures, figures};
use crate::journal::journals;
use crate::project::state_dir;
use crate::tool_output::{Colour, sanitize};

/// In which form metrics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MetricsFormat {
    /// The text format of Prometheus.
    #[default]
    Prometheus,
    /// One JSON object.
    Json,
}

/// One metric, with all its values.
struct Metric {
    name: &'static str,
    /// What it says. All are gauges: they go down when old runs are forgotten.
    help: &'static str,
    samples: Vec<Sample>,
}

/// A value, and what it is about.
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

pub(super) fn metrics(args: &MetricsArgs, global: &GlobalArgs) -> Ended {
    let state = state_dir(&request::load_options(global)?)?;
    let metrics = gauges(&figures(&journals(&state, usize::MAX)));
    let text = match args.format {
        MetricsFormat::Prometheus => prometheus(&metrics),
        MetricsFormat::Json => format!("{}\n", metrics_json(&metrics)),
    };
    // Both forms are for programs: names are escaped there, and not made to look nice.
    say(&text, MessageFormat::Json, global)
}

fn one(name: &'static str, help: &'static str, value: f64) -> Metric {
    let labels = Vec::new();
    Metric {
        name,
        help,
        samples: vec![Sample { labels, value }],
    }
}

/// A metric with a value for each of these.
fn several(name: &'static str, help: &'static str, of: &'static str, values: &[(&str, f64)]) -> Metric {
    let sample = |(what, value): &(&str, f64)| Sample {
        labels: vec![(of, (*what).to_owned())],
        value: *value,
    };
    let samples = values.iter().map(sample).collect();
    Metric { name, help, samples }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are floating-point numbers wherever they are read"
)]
fn number(count: u64) -> f64 {
    count as f64
}

fn gauges(figures: &Figures) -> Vec<Metric> {
    let runs = [
        ("passed", number(figures.passed)),
        ("failed", number(figures.failed)),
        ("interrupted", number(figures.interrupted)),
    ];
    let saved = [
        ("cache", figures.saved_by_cache.as_secs_f64()),
        ("selection", figures.saved_by_selection.as_secs_f64()),
    ];
    let of_runs = vec![
        several("cargo_hooks_runs", "Recorded runs by outcome.", "outcome", &runs),
        one(
            "cargo_hooks_run_seconds",
            "Time of the runs in which something ran.",
            figures.elapsed.as_secs_f64(),
        ),
        one(
            "cargo_hooks_cache_hit_ratio",
            "Share of the tasks that did not have to run.",
            figures.hit_rate(),
        ),
        several("cargo_hooks_saved_seconds", "Task time that was saved.", "by", &saved),
        one(
            "cargo_hooks_slot_utilisation_ratio",
            "Share of the slots that was used.",
            figures.utilisation(),
        ),
        one(
            "cargo_hooks_speed_up_ratio",
            "Times as fast as one task after the other.",
            figures.speed_up(),
        ),
        one(
            "cargo_hooks_lock_wait_seconds",
            "Time that tasks waited for a cargo outside of the run.",
            figures.waited.as_secs_f64(),
        ),
    ];
    of_runs.into_iter().chain(of_checks(figures)).collect()
}

fn of_checks(figures: &Figures) -> Vec<Metric> {
    let mut tasks = Vec::new();
    let mut seconds = Vec::new();
    let mut flaky = Vec::new();
    let mut quarantined = Vec::new();
    for check in &figures.checks {
        let (tally, name) = (&check.tally, || ("check", check.check.to_string()));
        let labelled = |label: (&'static str, String), value: f64| Sample {
            labels: vec![name(), label],
            value,
        };
        let ends = [
            ("passed", tally.passed),
            ("failed", tally.failed),
            ("timed-out", tally.timed_out),
            ("cached", tally.cached),
        ];
        tasks.extend(ends.map(|(end, count)| labelled(("outcome", end.to_owned()), number(count))));
        for (quantile, percent) in [("0.5", 50), ("0.95", 95), ("1", 100)] {
            let took = tally.took.percentile(percent);
            seconds.extend(took.map(|took| labelled(("quantile", quantile.to_owned()), took.as_secs_f64())));
        }
        let plain = |value: f64| Sample {
            labels: vec![name()],
            value,
        };
        flaky.push(plain(number(tally.flaky)));
        quarantined.push(plain(f64::from(u8::from(tally.is_quarantined()))));
    }
    let metric = |name, help, samples| Metric { name, help, samples };
    vec![
        metric("cargo_hooks_tasks", "Tasks by check and outcome.", tasks),
        metric(
            "cargo_hooks_task_seconds",
            "How long tasks ran, by check and quantile.",
            seconds,
        ),
        metric(
            "cargo_hooks_flaky_tasks",
            "Tasks that passed only when tried again.",
            flaky,
        ),
        metric(
            "cargo_hooks_quarantined",
            "1 where a check failed as in each of its last runs.",
            quarantined,
        ),
    ]
}

fn prometheus(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "# HELP {} {}", metric.name, metric.help);
        let _ = writeln!(text, "# TYPE {} gauge", metric.name);
        for sample in &metric.samples {
            let labels: Vec<String> = sample
                .labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            let _ = writeln!(text, "{}{labels} {}", metric.name, sample.value);
        }
    }
    text
}

/// A value as the format writes it, without anything that a terminal would obey.
fn escaped(value: &str) -> String {
    let clean = sanitize(value.as_bytes(), Colour::Strip);
    clean.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn metrics_json(metrics: &[Metric]) -> Json {
    let sample = |sample: &Sample| {
        let labels = sample
            .labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        json!({ "labels": labels.collect::<serde_json::Map<_, Json>>(), "value": sample.value })
    };
    let metric = |metric: &Metric| {
        json!({
            "name": metric.name,
            "help": metric.help,
            "samples": metric.samples.iter().map(sample).collect::<Vec<_>>(),
        })
    };
    json!({ "type": "metrics", "format": FORMAT, "metrics": metrics.iter().map(metric).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        let metric = several("m", "Help.", "check", &[("a\"} 1\nb\\\x1b[2J", 0.5)]);
        let expected = "# HELP m Help.\n# TYPE m gauge\nm{check=\"a\\\"} 1\\nb\\\\\"} 0.5\n";
        assert_eq!(prometheus(&[metric]), expected);
    }
}
