//! Tasks that others wait for, though they need nothing of them: so that the slots become free for a task that takes many.
//!
//! A hold keeps a task back until another one has run, and no longer: when that one ends in any way, or will never run, it
//! is over. It never keeps back what the other one needs, nor what comes before it by its priority, so that tasks cannot
//! wait for each other.

use super::{Schedule, task_id};
use crate::model::TaskId;
use crate::schedule::order::Agenda;
use crate::schedule::outlook::Outlook;
use crate::schedule::states::Change;

/// Who is held back, and until which task has run.
pub(super) struct Hold {
    pub(super) held: TaskId,
    pub(super) until: TaskId,
}

impl Schedule {
    /// What an agenda holds back: whatever comes after an awaited task, and would not fit the slots beside it.
    pub(super) fn holds(&self, agenda: &Agenda, outlook: &Outlook<'_>, dues: &[i64]) -> Vec<Hold> {
        if agenda.awaited.is_empty() {
            return Vec::new();
        }
        // With what a task needs before it, no hold leads back to where it began.
        let order = outlook.with_needs_first(&agenda.order);
        let mut rank = vec![None; dues.len()];
        for (number, place) in order.iter().enumerate() {
            rank[*place] = Some(number);
        }
        let mut jobs = outlook.tasks();
        let weights: Vec<u32> = jobs
            .by_ref()
            .map(|(_, job)| job.weight.clamp(1, self.rules.slots))
            .collect();
        let mut awaited: Vec<usize> = agenda.awaited.iter().filter_map(|task| outlook.place(*task)).collect();
        awaited.sort_unstable();
        awaited.dedup();
        let mut holds = Vec::new();
        for until in awaited {
            let Some(after) = rank[until] else { continue };
            let too_much =
                |held: &&usize| weights[**held] + weights[until] > self.rules.slots && dues[**held] >= dues[until];
            let later = order[after + 1..].iter().filter(too_much);
            holds.extend(later.map(|held| Hold {
                held: task_id(outlook.first() + held),
                until: task_id(outlook.first() + until),
            }));
        }
        holds
    }

    /// Those that wait for this task to have run wait for it no longer.
    pub(super) fn release(&mut self, id: TaskId) {
        for held in std::mem::take(&mut self.tasks[id.index()].holds) {
            self.tasks[held.index()].held_by -= 1;
            self.change(held, Change::NeedMet);
        }
    }
}
