//! How tasks come into a schedule, before it begins or while it goes on.

use std::time::Duration;

use super::holds::Hold;
use super::{Entry, Phase, Schedule, task_id};
use crate::event::Outcome;
use crate::model::TaskId;
use crate::schedule::job::{AddError, Job};
use crate::schedule::message::Effect;
use crate::schedule::outlook::Outlook;
use crate::schedule::queue::Key;
use crate::schedule::states::{Change, Life, State};

/// A task without a deadline should start so long after it came.
const PATIENCE: i64 = 60_000;
/// A task of one more priority goes before those that came up to so much earlier, in milliseconds.
const AGE_OF_PRIORITY: i64 = 10_000;

impl Schedule {
    /// Adds tasks, before the run has begun or while it goes on; they get the next places. Those that nothing keeps
    /// from it start at once, if the run has begun.
    ///
    /// # Errors
    ///
    /// Where one of them needs what does not exist, where they need each other, or where the run is over. Then none of
    /// them is added.
    pub fn add(&mut self, at: Duration, jobs: Vec<Job>) -> Result<Vec<Effect>, AddError> {
        if self.phase == Phase::Over {
            return Err(AddError::Over);
        }
        self.now = self.now.max(at);
        let first = self.tasks.len();
        let outlook = Outlook::new(&self.rules, &jobs, first)?;
        let agenda = self.tactics.agenda(&outlook);
        let ranks = ranks(&agenda.order, first, jobs.len());
        let dues = self.dues(&outlook);
        let holds = self.holds(&agenda, &outlook, &dues);
        let jobs = jobs.into_iter().zip(ranks).zip(dues);
        for (place, ((job, rank), due)) in (first..).zip(jobs) {
            let task = task_id(place);
            self.enter(job, Key { due, rank, task });
        }
        for Hold { held, until } in holds {
            self.tasks[until.index()].holds.push(held);
            let held = &mut self.tasks[held.index()];
            held.held_by += 1;
            held.life.wait_for_one_more();
        }
        for place in first..self.tasks.len() {
            self.connect(task_id(place));
        }
        for place in first..self.tasks.len() {
            self.catch_up(task_id(place), first);
        }
        Ok(self.answer())
    }

    /// When each of the tasks should start, in milliseconds of the run: the less, the earlier it goes.
    ///
    /// That is the time at which it came and some patience, or the last moment from which it is expected to meet its
    /// deadline; less what its priority is worth. So a task that came long ago goes before one of a higher priority in
    /// the end. What another task needs goes no later than that one.
    fn dues(&self, outlook: &Outlook<'_>) -> Vec<i64> {
        let arrived = millis(self.now);
        let mut dues: Vec<i64> = outlook
            .tasks()
            .map(|(task, job)| {
                let latest = |deadline| millis(deadline) - millis(outlook.to_end(task));
                let due = job.deadline.map_or(arrived.saturating_add(PATIENCE), latest);
                due.saturating_sub(i64::from(job.priority) * AGE_OF_PRIORITY)
            })
            .collect();
        for (task, _) in outlook.sorted().rev() {
            let after = outlook.waiting_for(task).filter_map(|other| outlook.place(other));
            let earliest = after.map(|place| dues[place]).min();
            if let (Some(place), Some(earliest)) = (outlook.place(task), earliest) {
                dues[place] = dues[place].min(earliest);
            }
        }
        dues
    }

    fn enter(&mut self, mut job: Job, key: Key) {
        job.needs
            .sort_unstable_by_key(|(needed, need)| (*needed, std::cmp::Reverse(*need)));
        job.needs.dedup_by_key(|(needed, _)| *needed);
        let group = self.queue.group(job.weight, &job.resources);
        self.tasks.push(Entry {
            life: Life::new(u32::try_from(job.needs.len()).unwrap_or(u32::MAX - 1)),
            job,
            key,
            group,
            needed_by: Vec::new(),
            holds: Vec::new(),
            held_by: 0,
            failed: None,
            built: false,
            left: false,
            settled: None,
        });
        self.unsettled += 1;
    }

    /// Connects a new task with those that it needs, some of which may have come to their end.
    fn connect(&mut self, id: TaskId) {
        let due = self.tasks[id.index()].key.due;
        for (needed, need) in self.tasks[id.index()].job.needs.clone() {
            self.tasks[needed.index()].needed_by.push((id, need));
            self.go_no_later(needed, due);
        }
    }

    /// Tells a new task what has already happened to those that were there before `first`.
    fn catch_up(&mut self, id: TaskId, first: usize) {
        let now = match self.phase {
            Phase::Ahead => return,
            Phase::Going => Change::NeedMet,
            Phase::Stopping | Phase::Over => Change::RunStops,
        };
        let mut changes = vec![(now, Outcome::Cancelled)];
        let needs = self.tasks[id.index()].job.needs.iter();
        let known = needs.filter(|(needed, _)| needed.index() < first);
        changes.extend(known.filter_map(|(needed, need)| self.after(*needed).on(*need)));
        for (change, outcome) in changes {
            if let Some(State::Settled(_)) = self.change(id, change) {
                self.settle(id, outcome);
            }
        }
    }

    /// Lets a task, and what it needs, go no later than another one that needs it.
    fn go_no_later(&mut self, id: TaskId, due: i64) {
        let mut tasks = vec![id];
        while let Some(id) = tasks.pop() {
            let task = &mut self.tasks[id.index()];
            if task.key.due <= due {
                continue;
            }
            let waits = task.life.state() == State::Ready;
            if waits {
                self.queue.remove(task.key, task.group);
            }
            task.key.due = due;
            if waits {
                self.queue.insert(task.key, task.group);
            }
            tasks.extend(task.job.needs.iter().map(|(needed, _)| *needed));
        }
    }
}

/// The place of each task in an order; what the order leaves out comes last.
fn ranks(order: &[TaskId], first: usize, count: usize) -> Vec<u32> {
    let mut ranks = vec![u32::MAX; count];
    for (rank, task) in (0..).zip(order) {
        let place = task.index().checked_sub(first).and_then(|place| ranks.get_mut(place));
        if let Some(known) = place.filter(|known| **known == u32::MAX) {
            *known = rank;
        }
    }
    ranks
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
