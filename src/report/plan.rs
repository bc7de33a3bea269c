//! Says what a run would do: to a person and to a program.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use super::duration::limit;
use super::style::{NAME, WARN};
use super::text::{count, cut, exact_line, one_line};
use crate::model::TaskId;
use crate::plan::{Access, Need, Plan, Resource, Role, Task};
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
    let mut text = String::new();
    if started.tasks == 0 {
        text.push_str("nothing to do\n");
    } else {
        let (tasks, waves) = (count(started.tasks, "task"), count(started.waves, "wave"));
        let (checks, slots) = (count(started.checks.len(), "check"), count(plan.slots as usize, "slot"));
        let _ = writeln!(text, "{checks}, {tasks} in {waves} on {slots}");
    }
    for (number, wave) in (1..).zip(plan.waves()) {
        let _ = writeln!(text, "\nwave {number}");
        for id in wave {
            let task = plan.task(*id);
            let _ = writeln!(
                text,
                "  {}{}",
                paint(NAME, &one_line(&task.head.label())),
                remarks(plan, task)
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
fn remarks(plan: &Plan, task: &Task) -> String {
    let mut remarks = Vec::new();
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
    if let Some(timeout) = task.timeout {
        remarks.push(format!("at most {}", limit(timeout)));
    }
    for (resource, access) in &task.resources {
        match (resource, access) {
            (Resource::Tree, Access::Exclusive) => remarks.push("writes files".to_owned()),
            (Resource::BuildDirectory, Access::Exclusive) => remarks.push("builds".to_owned()),
            (Resource::Named(name), _) => remarks.push(format!("lock {}", one_line(name))),
            (_, Access::Shared) => {}
        }
    }
    if task.weight > 1 {
        remarks.push(count(task.weight as usize, "slot"));
    }
    if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    }
}

/// A task as something to wait for: its check, and that it is the repair where it is.
fn waited_for(plan: &Plan, id: TaskId) -> String {
    let task = plan.task(id);
    match task.role {
        Role::Judge => one_line(task.head.check.as_str()),
        Role::Repair => one_line(&task.head.label()),
    }
}

/// The command as it could be typed.
fn command(task: &Task) -> String {
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
        "tasks": tasks,
        "waves": plan.waves(),
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
    cwd: String,
    env: &'a std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<f64>,
    weight: u32,
    locks: Vec<String>,
    needs: Vec<NeedLine>,
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
        Resource::BuildDirectory => "build-directory".to_owned(),
        Resource::Named(name) => format!("named:{name}"),
    });
    let needs = plan.needs_of(task.head.id).into_iter();
    TaskLine {
        id: task.head.id,
        check: task.head.check.as_str(),
        unit: &task.head.unit,
        role: match task.role {
            Role::Judge => "judge",
            Role::Repair => "repair",
        },
        crates: task.crates.iter().map(crate::model::CrateName::as_str).collect(),
        program: &task.command.program.name,
        args: task
            .command
            .args
            .iter()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        cwd: task.command.cwd.to_string_lossy().into_owned(),
        env: &task.command.env,
        timeout: task.timeout.map(|timeout| timeout.as_secs_f64()),
        weight: task.weight,
        locks: locks.collect(),
        needs: needs
            .map(|(task, need)| NeedLine {
                task,
                passed: need == Need::Hard,
            })
            .collect(),
    }
}
