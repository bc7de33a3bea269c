//! `--verify`: what a run that is limited to changes would have missed, seen from a run of everything.

use std::collections::BTreeMap;

use super::args::GlobalArgs;
use super::{colour, output};
use crate::affected::Affected;
use crate::event::{EventKind, TaskFinished};
use crate::model::{CheckName, CrateName, Severity};
use crate::plan::{Plan, Role};

/// Listens to a run of everything.
pub(super) struct Verification<'p> {
    everything: &'p Plan,
    /// The crates that each check of the limited plan works on; none where it works on no crates.
    limited: BTreeMap<CheckName, Vec<CrateName>>,
    missed: Vec<String>,
    /// How many tasks the limited run would have had.
    tasks: usize,
}

impl<'p> Verification<'p> {
    pub(super) fn new(everything: &'p Plan, limited: &Plan) -> Self {
        let mut checks: BTreeMap<CheckName, Vec<CrateName>> = BTreeMap::new();
        for task in limited.tasks().filter(|task| task.role == Role::Judge) {
            checks
                .entry(task.head.check.clone())
                .or_default()
                .extend(task.crates.iter().cloned());
        }
        Self {
            everything,
            limited: checks,
            missed: Vec::new(),
            tasks: limited.tasks().len(),
        }
    }

    pub(super) fn on_event(&mut self, event: &EventKind) {
        if let EventKind::TaskFinished(finished) = event
            && finished.outcome.is_failure()
        {
            self.missed.extend(self.missed_of(finished));
        }
    }

    /// What the limited run would not have seen of a failure.
    fn missed_of(&self, finished: &TaskFinished) -> Option<String> {
        let task = self.everything.task(finished.task.id);
        let check = &finished.task.check;
        let Some(limited) = self.limited.get(check) else {
            return Some(format!("`{check}` fails, and would not have run"));
        };
        // A task of many crates fails for those that its tool names, as far as it names any.
        let errors = finished
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        let mut failing: Vec<&CrateName> = errors.filter_map(|finding| finding.crate_name.as_ref()).collect();
        if failing.is_empty() {
            failing = task.crates.iter().collect();
        }
        failing.sort_unstable();
        failing.dedup();
        let missed: Vec<String> = failing
            .into_iter()
            .filter(|name| !limited.contains(name))
            .map(|name| format!("`{name}`"))
            .collect();
        (!missed.is_empty()).then(|| {
            format!(
                "`{check}` fails on {}, on which it would not have run",
                missed.join(", ")
            )
        })
    }

    /// Says what came of it.
    pub(super) fn report(&self, affected: &Affected, global: &GlobalArgs) {
        let colour = colour::for_stderr(global.color);
        for missed in &self.missed {
            output::stderr(&output::labelled("warning", missed, colour));
        }
        let (tasks, all) = (self.tasks, self.everything.tasks().len());
        let crates = affected.crates().count();
        let of = affected.members().len();
        let verdict = match self.missed.len() {
            0 => "no failure would have been missed".to_owned(),
            1 => "1 failure would have been missed".to_owned(),
            count => format!("{count} failures would have been missed"),
        };
        let text = format!("the changes alone: {tasks} of {all} tasks, {crates} of {of} crates are touched; {verdict}");
        output::stderr(&output::labelled("note", &text, colour));
    }
}
