//! How long a plan will take, in words and for programs.

use serde_json::{Map, Value, json};

use super::duration::roughly;
use super::json::seconds;
use super::text::{count, one_line};
use crate::history::{Chance, Estimate};
use crate::plan::Plan;
use crate::schedule::Forecast;

/// A check that fails less often than this is not talked about.
const WORTH_TELLING: f64 = 0.15;
/// A run that is hardly faster than one task after the other is not praised for it.
const FASTER: f64 = 1.05;

/// How long the plan takes, in a few sentences without a stop.
pub(super) fn sentences(forecast: &Forecast) -> Vec<String> {
    if forecast.took.is_empty() {
        return Vec::new();
    }
    let faster = forecast.speed_up() >= FASTER;
    let times = format!("{:.1} times as fast as one after the other", forecast.speed_up());
    if forecast.is_guess() {
        let mut sentences = vec!["how long it takes is unknown, since nothing of it has run before".to_owned()];
        if faster {
            sentences.push(format!("if all tasks take equally long, {times}"));
        }
        return sentences;
    }
    let mut sentences = vec![format!("about {}", roughly(forecast.elapsed))];
    if faster {
        sentences.push(format!("{times} ({})", roughly(forecast.sequential)));
    }
    if let Some(assumed) = forecast.assumed {
        let tasks = count(forecast.unknown, "task");
        let verbs = if forecast.unknown == 1 {
            ("has", "counts")
        } else {
            ("have", "count")
        };
        sentences.push(format!(
            "{tasks} {} never run, and {} for {}",
            verbs.0,
            verbs.1,
            roughly(assumed)
        ));
    }
    sentences
}

/// The checks on the longest way through the plan, and how long it is; nothing where times are unknown.
pub(super) fn critical_path(plan: &Plan, forecast: &Forecast) -> Option<String> {
    if forecast.is_guess() {
        return None;
    }
    let tasks = forecast.critical.tasks.iter();
    let names: Vec<_> = tasks.map(|id| one_line(&plan.task(*id).head.label())).collect();
    Some(format!("{}, {}", roughly(forecast.critical.length), names.join(" → ")))
}

/// How long a task takes, in words.
pub(super) fn expected(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(known) => format!("about {}", roughly(known.expected)),
        None => "time unknown".to_owned(),
    }
}

/// That a task often fails, where it does.
pub(super) fn failure(chance: Chance) -> Option<String> {
    (chance.share() >= WORTH_TELLING).then(|| format!("fails {:.0} % of the time", chance.share() * 100.0))
}

/// The estimate of a task, for a program.
pub(super) fn estimate_json(estimate: &Estimate) -> Value {
    json!({
        "runs": estimate.runs,
        "expected": seconds(estimate.expected),
        "high": seconds(estimate.high),
        "failure": estimate.failure.share(),
    })
}

/// The forecast, for a program.
pub(super) fn forecast_json(forecast: &Forecast) -> Value {
    let mut fields = Map::new();
    let mut field = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    field("unknown", json!(forecast.unknown));
    field("speed_up", json!((forecast.speed_up() * 1000.0).round() / 1000.0));
    if !forecast.is_guess() {
        field("elapsed", json!(seconds(forecast.elapsed)));
        field("sequential", json!(seconds(forecast.sequential)));
        field("critical", json!(seconds(forecast.critical.length)));
        field("critical_path", json!(forecast.critical.tasks));
    }
    if let Some(assumed) = forecast.assumed {
        field("assumed", json!(seconds(assumed)));
    }
    Value::Object(fields)
}
