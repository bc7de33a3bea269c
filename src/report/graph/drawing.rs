//! What a drawing shows of a plan, whatever it is drawn with.

use std::collections::BTreeSet;
use std::time::Duration;

use fixedbitset::FixedBitSet;

use crate::model::TaskId;
use crate::plan::{Need, Plan, Task};
use crate::report::duration::roughly;
use crate::report::forecast;
use crate::report::plan::{command, uses, waited_for};
use crate::report::text::{count, exact_line, one_line};
use crate::schedule::Forecast;

/// A plan, ready to be drawn. Its texts are of one line each; they may still hold what means something to a format.
#[derive(Debug)]
pub(super) struct Drawing {
    /// What it comes to, part by part.
    pub(super) summary: Vec<String>,
    /// The tasks, by their place in the plan.
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) waves: usize,
    /// What is left out or missing, and why.
    pub(super) remarks: Vec<String>,
    /// Whether any duration is known.
    pub(super) has_times: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) check: String,
    /// What of the workspace it works on; empty for the whole.
    pub(super) unit: String,
    /// Counted from 0.
    pub(super) wave: usize,
    /// How long it takes, in words, where that is known.
    pub(super) time: Option<String>,
    /// Its duration as a share of that of the longest task.
    pub(super) share: f64,
    /// How likely it fails, in words, where that is worth telling.
    pub(super) failure: Option<String>,
    /// The slots and locks that it takes, in words.
    pub(super) uses: Vec<String>,
    /// What it waits for, in words.
    pub(super) needs: Vec<String>,
    pub(super) command: String,
    pub(super) repairs: bool,
    /// Whether it is on the critical path.
    pub(super) critical: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether the first must pass, or only end.
    pub(super) hard: bool,
    pub(super) critical: bool,
}

impl Drawing {
    pub(super) fn of(plan: &Plan) -> Self {
        let forecast = Forecast::of(plan);
        let critical = if forecast.is_guess() {
            &[]
        } else {
            forecast.critical.tasks.as_slice()
        };
        let mut wave_of = vec![0; plan.tasks().len()];
        for (number, wave) in plan.waves().iter().enumerate() {
            for id in wave {
                wave_of[id.index()] = number;
            }
        }
        let longest = forecast.took.iter().max().copied().unwrap_or_default();
        let nodes = plan.tasks().map(|task| {
            let id = task.head.id;
            Node {
                wave: wave_of[id.index()],
                share: task.estimate.map_or(0.0, |known| share(known.expected, longest)),
                critical: critical.contains(&id),
                ..node(plan, task)
            }
        });
        let left_out = plan
            .left_out
            .iter()
            .map(|out| format!("left out: {}: {}", out.check, out.reason));
        let missing = plan
            .missing
            .iter()
            .map(|missing| format!("missing: {}: `{}` is not installed", missing.check, missing.tool));
        Self {
            summary: summary(plan, &forecast),
            nodes: nodes.collect(),
            edges: edges(plan, critical),
            waves: plan.waves().len(),
            remarks: left_out.chain(missing).map(|remark| one_line(&remark)).collect(),
            has_times: !forecast.is_guess(),
        }
    }
}

impl Node {
    /// The check and the unit.
    pub(super) fn label(&self) -> String {
        if self.unit.is_empty() {
            self.check.clone()
        } else {
            format!("{} {}", self.check, self.unit)
        }
    }

    /// What is said below the name.
    pub(super) fn details(&self) -> String {
        let known = self.time.iter().chain(&self.failure).chain(&self.uses);
        known.cloned().collect::<Vec<_>>().join(" · ")
    }
}

fn node(plan: &Plan, task: &Task) -> Node {
    let needs = plan.needs_of(task.head.id).into_iter().map(|(other, need)| match need {
        Need::Hard => format!("if passed: {}", waited_for(plan, other)),
        Need::Soft => format!("after {}", waited_for(plan, other)),
    });
    let needs: BTreeSet<String> = needs.collect();
    Node {
        check: one_line(task.head.check.as_str()),
        unit: one_line(&task.head.unit),
        wave: 0,
        time: task.estimate.map(|known| roughly(known.expected)),
        share: 0.0,
        failure: task.estimate.and_then(|known| forecast::failure(known.failure)),
        uses: uses(task),
        needs: needs.into_iter().collect(),
        command: exact_line(&command(task)),
        repairs: task.role.is_of_repair(),
        critical: false,
    }
}

fn share(part: Duration, of: Duration) -> f64 {
    if of.is_zero() {
        0.0
    } else {
        part.as_secs_f64() / of.as_secs_f64()
    }
}

fn summary(plan: &Plan, forecast: &Forecast) -> Vec<String> {
    let started = plan.started();
    let mut summary = vec![
        count(started.tasks, "task"),
        count(started.waves, "wave"),
        count(plan.slots as usize, "slot"),
    ];
    summary.extend(forecast::sentences(forecast));
    summary
}

/// The edges, without those that others imply: a drawing with all of them hides what matters.
fn edges(plan: &Plan, critical: &[TaskId]) -> Vec<Edge> {
    let count = plan.tasks().len();
    // What comes after each task, however far; and what comes only if it passes.
    let mut after = vec![FixedBitSet::with_capacity(count); count];
    let mut if_passed = after.clone();
    let mut edges = Vec::new();
    for id in plan.waves().iter().rev().flatten() {
        let from = id.index();
        let next = plan.needed_by(*id);
        let mut reached = (FixedBitSet::with_capacity(count), FixedBitSet::with_capacity(count));
        for (other, need) in &next {
            reached.0.union_with(&after[other.index()]);
            if *need == Need::Hard {
                reached.1.union_with(&if_passed[other.index()]);
            }
        }
        for (other, need) in next {
            let (to, hard) = (other.index(), need == Need::Hard);
            // No other edge of this task leads there directly: what has been reached so far was reached by way of others.
            let implied = if hard {
                reached.1.contains(to)
            } else {
                reached.0.contains(to)
            };
            if !implied {
                let critical = critical.windows(2).any(|pair| pair == [*id, other]);
                edges.push(Edge {
                    from,
                    to,
                    hard,
                    critical,
                });
            }
            reached.0.insert(to);
            reached.1.set(to, hard || reached.1.contains(to));
        }
        (after[from], if_passed[from]) = reached;
    }
    edges.sort_unstable_by_key(|edge| (edge.from, edge.to));
    edges
}
