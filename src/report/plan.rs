//! Says what a run would do: to a person and to a program.

use std::ffi::OsString;
use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use super::duration::limit;
use super::forecast;
use super::style::{NAME, WARN};
use super::text::{count, cut, exact_line, one_line};
use crate::model::TaskId;
use crate::plan::{Access, Diff, Need, Plan, Resource, Role, Task};
use crate::schedule::Forecast;
use crate::tool_output::Colour;

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanDetail {
    /// One line for each command, cut where the terminal ends.
    FittingTheTerminal,
    /// Whole commands, and where and with what they run.
    Whole,
}

/// The plan for a person: wave by wave what runs, what it waits for, and what is left out.
#[must_use]
pub fn plan_text(plan: &Plan, detail: PlanDetail, width: usize, colour: Colour) -> String {
    let paint = |style: anstyle::Style, text: &str| match colour {
        Colour::Keep => format!("{style}{text}{style:#}"),
        Colour::Strip => text.to_owned(),
    };
    let started = plan.started();
    let forecast = Forecast::of(plan);
    let mut text = String::new();
    if started.tasks == 0 {
        text.push_str("nothing to do\n");
    } else {
        let (tasks, waves) = (count(started.tasks, "task"), count(started.waves, "wave"));
        let (checks, slots) = (count(started.checks.len(), "check"), count(plan.slots as usize, "slot"));
        let _ = writeln!(text, "{checks}, {tasks} in {waves} on {slots}");
        for sentence in forecast::sentences(&forecast) {
            let _ = writeln!(text, "{sentence}");
        }
    }
    for (number, wave) in (1..).zip(plan.waves()) {
        let _ = writeln!(text, "\nwave {number}");
        for id in wave {
            let task = plan.task(*id);
            let _ = writeln!(
                text,
                "  {}{}",
                paint(NAME, &one_line(&task.head.label())),
                remarks(plan, task, &forecast)
            );
            let command = exact_line(&command(task));
            let shown = if detail == PlanDetail::Whole {
                command
            } else {
                cut(&command, width.saturating_sub(4).max(1)).into_owned()
            };
            let _ = writeln!(text, "    {shown}");
            if detail == PlanDetail::Whole {
                let _ = writeln!(text, "    in {}", exact_line(&task.command.cwd.to_string_lossy()));
            }
        }
    }
    if !plan.cached.is_empty() {
        text.push('\n');
    }
    for task in &plan.cached {
        let label = one_line(&task.head.label());
        let _ = writeln!(
            text,
            "{} {label}: it has passed on the same content",
            paint(NAME, "cached")
        );
    }
    if let Some(path) = forecast::critical_path(plan, &forecast) {
        let _ = writeln!(text, "\n{} {path}", paint(NAME, "critical path"));
    }
    if !plan.left_out.is_empty() || !plan.missing.is_empty() {
        text.push('\n');
    }
    for left_out in &plan.left_out {
        let (check, reason) = (one_line(left_out.check.as_str()), one_line(&left_out.reason));
        let _ = writeln!(text, "{} {check}: {reason}", paint(WARN, "left out"));
    }
    for missing in &plan.missing {
        let hint = missing
            .hint
            .as_ref()
            .map(|hint| format!("; to install it: {}", exact_line(hint)))
            .unwrap_or_default();
        let (check, tool) = (one_line(missing.check.as_str()), one_line(&missing.tool));
        let _ = writeln!(
            text,
            "{} {check}: `{tool}` is not installed{hint}",
            paint(WARN, "missing")
        );
    }
    text
}

/// What is to be known about a task beside its command.
fn remarks(plan: &Plan, task: &Task, forecast: &Forecast) -> String {
    let mut remarks = Vec::new();
    if !forecast.is_guess() {
        remarks.push(forecast::expected(task.estimate));
        remarks.extend(task.estimate.and_then(|known| forecast::failure(known.failure)));
    }
    let mut waits = |need, words: &str| {
        let mut names: Vec<String> = Vec::new();
        for (other, strength) in plan.needs_of(task.head.id) {
            let name = waited_for(plan, other);
            if strength == need && !names.contains(&name) {
                names.push(name);
            }
        }
        if !names.is_empty() {
            remarks.push(format!("{words} {}", names.join(", ")));
        }
    };
    waits(Need::Hard, "if passed:");
    waits(Need::Soft, "after");
    if let Some(most) = plan.limit_of(task.head.id) {
        let origin = if most.calibrated { ", from earlier runs" } else { "" };
        remarks.push(format!("at most {}{origin}", limit(most.time)));
    }
    if task.retry.times > 0 {
        remarks.push(format!("tried {} times", task.retry.times.saturating_add(1)));
    }
    if task.priority != 0 {
        remarks.push(format!("priority {}", task.priority));
    }
    remarks.extend(match task.passed_before.len() {
        0 => None,
        crates => Some(format!("{} cached", count(crates, "crate"))),
    });
    remarks.extend(uses(task));
    if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    }
}

/// What a task takes that others may want as well, in words.
pub(super) fn uses(task: &Task) -> Vec<String> {
    let mut used = Vec::new();
    let (mut builds, mut writes) = (false, false);
    for (resource, access) in &task.resources {
        match (resource, access) {
            (Resource::Tree | Resource::Files(_), Access::Exclusive) if !writes => {
                writes = true;
                used.push("writes files".to_owned());
            }
            (Resource::BuildDirectory(_), Access::Exclusive) => builds = true,
            (Resource::Named(name), _) => used.push(format!("lock {}", one_line(name))),
            (_, Access::Shared) | (Resource::Programs(_) | Resource::Tree | Resource::Files(_), _) => {}
        }
    }
    used.extend(match task.handling.diff {
        Diff::No => None,
        Diff::Prints => Some("prints a diff".to_owned()),
        Diff::Applies { .. } => Some("applies that diff, and runs only where it does not fit".to_owned()),
    });
    let over = task.command.over.as_ref();
    used.extend(over.map(|over| format!("filters {}", count(over.files.len(), "file"))));
    used.extend(task.handling.deny_warnings.then(|| "denies warnings".to_owned()));
    used.extend(builds.then(|| "builds".to_owned()));
    used.extend((task.weight > 1).then(|| count(task.weight as usize, "slot")));
    used
}

/// A task as something to wait for: its check, and that it is the repair where it is.
pub(super) fn waited_for(plan: &Plan, id: TaskId) -> String {
    let task = plan.task(id);
    match task.role {
        Role::Judge => one_line(task.head.check.as_str()),
        Role::Build | Role::Propose | Role::Repair => one_line(&task.head.label()),
    }
}

/// The command as it could be typed.
pub(super) fn command(task: &Task) -> String {
    let variables = task
        .command
        .env
        .iter()
        .map(|(name, value)| format!("{name}={}", shell_words::quote(value)));
    let arguments = task.command.args.iter().map(|argument| argument.to_string_lossy());
    let words = arguments.map(|argument| shell_words::quote(&argument).into_owned());
    let program = shell_words::quote(&task.command.program.name).into_owned();
    variables.chain([program]).chain(words).collect::<Vec<_>>().join(" ")
}

/// The plan for a program: one JSON object, with a version.
#[must_use]
pub fn plan_json(plan: &Plan) -> String {
    let tasks: Vec<_> = plan.tasks().map(|task| task_line(plan, task)).collect();
    let missing = plan
        .missing
        .iter()
        .map(|missing| json!({ "tool": missing.tool, "hint": missing.hint, "check": missing.check }));
    let value = json!({
        "type": "plan",
        "format": super::FORMAT,
        "slots": plan.slots,
        "strategy": plan.strategy,
        "order": plan.order,
        "tasks": tasks,
        "waves": plan.waves(),
        "forecast": forecast::forecast_json(&Forecast::of(plan)),
        "cached": plan.cached.iter().map(|task| task.head.label()).collect::<Vec<_>>(),
        "left_out": plan.left_out,
        "missing": missing.collect::<Vec<_>>(),
    });
    format!("{value}\n")
}

/// A task of a plan, as JSON.
#[derive(Serialize)]
struct TaskLine<'a> {
    id: TaskId,
    check: &'a str,
    unit: &'a str,
    role: &'static str,
    crates: Vec<&'a str>,
    program: &'a str,
    args: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<Vec<String>>,
    cwd: String,
    env: &'a std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<f64>,
    #[serde(skip_serializing_if = "is_default")]
    timeout_calibrated: bool,
    #[serde(skip_serializing_if = "is_default")]
    retries: u32,
    #[serde(skip_serializing_if = "is_default")]
    priority: i32,
    weight: u32,
    locks: Vec<String>,
    needs: Vec<NeedLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<serde_json::Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn lossy(words: &[OsString]) -> Vec<String> {
    words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

#[derive(Serialize)]
struct NeedLine {
    task: TaskId,
    passed: bool,
}

fn task_line<'a>(plan: &Plan, task: &'a Task) -> TaskLine<'a> {
    let exclusive = task.resources.iter().filter(|(_, access)| *access == Access::Exclusive);
    let locks = exclusive.map(|(resource, _)| match resource {
        Resource::Tree => "tree".to_owned(),
        Resource::Files(class) => format!("files:{class}"),
        Resource::BuildDirectory(dir) => format!("build-directory:{}", dir.display()),
        Resource::Programs(dir) => format!("programs:{}", dir.display()),
        Resource::Named(name) => format!("named:{name}"),
    });
    let needs = plan.needs_of(task.head.id).into_iter();
    let most = plan.limit_of(task.head.id);
    TaskLine {
        id: task.head.id,
        check: task.head.check.as_str(),
        unit: &task.head.unit,
        role: match task.role {
            Role::Judge => "judge",
            Role::Build => "build",
            Role::Propose => "propose",
            Role::Repair => "repair",
        },
        crates: task.crates.iter().map(crate::model::CrateName::as_str).collect(),
        program: &task.command.program.name,
        args: lossy(&task.command.args),
        filters: task.command.over.as_ref().map(|over| lossy(&over.files)),
        cwd: task.command.cwd.to_string_lossy().into_owned(),
        env: &task.command.env,
        timeout: most.map(|most| most.time.as_secs_f64()),
        timeout_calibrated: most.is_some_and(|most| most.calibrated),
        retries: task.retry.times,
        priority: task.priority,
        weight: task.weight,
        locks: locks.collect(),
        needs: needs
            .map(|(task, need)| NeedLine {
                task,
                passed: need == Need::Hard,
            })
            .collect(),
        estimate: task.estimate.as_ref().map(forecast::estimate_json),
    }
}
