//! What lies ahead: what each task is expected to take, and how much comes after it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::job::{AddError, Job, Rules};
use crate::model::TaskId;
use crate::plan::{Access, Resource};

/// What a task is expected to take where nothing is known of any.
const GUESS: Duration = Duration::from_secs(1);

/// Tasks that came together, and what they let expect.
#[derive(Debug)]
pub struct Outlook<'a> {
    rules: &'a Rules,
    jobs: &'a [Job],
    first: usize,
    /// The places of the tasks that wait for each.
    waiting: Vec<Vec<usize>>,
    /// All places, what is needed before what needs it.
    sorted: Vec<usize>,
    guess: Duration,
    to_end: OnceCell<Vec<Duration>>,
}

impl<'a> Outlook<'a> {
    /// The outlook on jobs whose tasks have the places from `first` on.
    ///
    /// # Errors
    ///
    /// Where one needs what does not exist, or where they need each other.
    pub(super) fn new(rules: &'a Rules, jobs: &'a [Job], first: usize) -> Result<Self, AddError> {
        let mut waiting = vec![Vec::new(); jobs.len()];
        let mut unmet = vec![0_usize; jobs.len()];
        for (place, job) in jobs.iter().enumerate() {
            for (needed, _) in &job.needs {
                let Some(needed_place) = needed.index().checked_sub(first) else {
                    continue;
                };
                let Some(others) = waiting.get_mut(needed_place) else {
                    let (check, needed) = (job.check.clone(), *needed);
                    return Err(AddError::UnknownTask { check, needed });
                };
                others.push(place);
                unmet[place] += 1;
            }
        }
        let mut sorted: Vec<usize> = (0..jobs.len()).filter(|place| unmet[*place] == 0).collect();
        let mut next = 0;
        while let Some(place) = sorted.get(next).copied() {
            next += 1;
            for other in &waiting[place] {
                unmet[*other] -= 1;
                if unmet[*other] == 0 {
                    sorted.push(*other);
                }
            }
        }
        if let Some(place) = unmet.iter().position(|unmet| *unmet > 0) {
            let check = jobs[place].check.clone();
            return Err(AddError::Circle { check });
        }
        Ok(Self {
            rules,
            jobs,
            first,
            waiting,
            sorted,
            guess: guess(jobs),
            to_end: OnceCell::new(),
        })
    }

    /// The tasks, in the order of the plan.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = (TaskId, &Job)> {
        self.jobs.iter().enumerate().map(|(place, job)| (self.id(place), job))
    }

    /// The tasks, each after all that it needs.
    pub fn sorted(&self) -> impl DoubleEndedIterator<Item = (TaskId, &Job)> {
        self.sorted.iter().map(|place| (self.id(*place), &self.jobs[*place]))
    }

    /// The tasks that wait for this one.
    pub fn waiting_for(&self, task: TaskId) -> impl Iterator<Item = TaskId> {
        let waiting = self.place(task).map(|place| &self.waiting[place]);
        waiting.into_iter().flatten().map(|place| self.id(*place))
    }

    /// How long the task is expected to take. Where nothing is known of it, as long as most of the others.
    #[must_use]
    pub fn expected(&self, task: TaskId) -> Duration {
        self.place(task).map_or(self.guess, |place| self.expected_at(place))
    }

    /// How long it takes from the start of this task to the end of the run, however many slots there are: the task
    /// itself and the longest way from it through what waits for it, where tasks that exclude each other count as if
    /// they waited for each other.
    #[must_use]
    pub fn to_end(&self, task: TaskId) -> Duration {
        let all = self.to_end.get_or_init(|| self.all_to_end());
        self.place(task).map_or(Duration::ZERO, |place| all[place])
    }

    /// Whether the failure of this task would end the run.
    #[must_use]
    pub fn stops_run(&self, task: TaskId) -> bool {
        self.place(task)
            .is_some_and(|place| self.rules.stop_after(&self.jobs[place]))
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.rules.slots
    }

    pub(super) fn rules(&self) -> Rules {
        *self.rules
    }

    /// The place of the first of the tasks.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// Whether the task takes so many slots that no two of its kind run beside each other.
    pub(super) fn is_heavy(&self, job: &Job) -> bool {
        job.weight > 1 && job.weight.saturating_mul(2) > self.rules.slots
    }

    /// The places of these tasks in their order, each after all that it needs.
    pub(super) fn with_needs_first(&self, order: &[TaskId]) -> Vec<usize> {
        let mut placed = vec![false; self.jobs.len()];
        let mut sorted = Vec::with_capacity(self.jobs.len());
        let mut open: Vec<usize> = order.iter().rev().filter_map(|task| self.place(*task)).collect();
        while let Some(place) = open.last().copied() {
            let needs = self.jobs[place]
                .needs
                .iter()
                .filter_map(|(needed, _)| self.place(*needed));
            let before = open.len();
            open.extend(needs.filter(|needed| !placed[*needed]));
            if placed[place] || open.len() == before {
                open.truncate(before - 1);
                if !placed[place] {
                    placed[place] = true;
                    sorted.push(place);
                }
            }
        }
        sorted
    }

    fn id(&self, place: usize) -> TaskId {
        TaskId(u32::try_from(self.first + place).unwrap_or(u32::MAX))
    }

    pub(super) fn place(&self, task: TaskId) -> Option<usize> {
        let place = task.index().checked_sub(self.first)?;
        (place < self.jobs.len()).then_some(place)
    }

    fn expected_at(&self, place: usize) -> Duration {
        self.jobs[place]
            .estimate
            .map_or(self.guess, |estimate| estimate.expected)
    }

    /// The longest ways, first without, then with what excludes each other. Who excludes each other will run in some
    /// order, one after the other; the one whose way was longer comes first.
    fn all_to_end(&self) -> Vec<Duration> {
        let mut ways = vec![Duration::ZERO; self.jobs.len()];
        for place in self.sorted.iter().rev() {
            let after = self.waiting[*place].iter().map(|other| ways[*other]).max();
            ways[*place] = self.expected_at(*place) + after.unwrap_or_default();
        }
        // The way of a task is no shorter than that of any that waits for it, and ties keep their order: so this
        // order, too, has what waits before what it waits for.
        let mut shortest_first: Vec<usize> = self.sorted.iter().rev().copied().collect();
        shortest_first.sort_by_key(|place| ways[*place]);
        let mut last: BTreeMap<Excluding<'_>, Duration> = BTreeMap::new();
        for place in shortest_first {
            let after = self.waiting[place].iter().map(|other| ways[*other]);
            let excluded = self.excluding(place);
            let beside = excluded.iter().filter_map(|by| last.get(by).copied());
            ways[place] = self.expected_at(place) + after.chain(beside).max().unwrap_or_default();
            last.extend(excluded.into_iter().map(|by| (by, ways[place])));
        }
        ways
    }

    /// What keeps the task from running beside others of its kind.
    fn excluding(&self, place: usize) -> Vec<Excluding<'a>> {
        let job = &self.jobs[place];
        let exclusive = job.resources.iter().filter(|(_, access)| *access == Access::Exclusive);
        let heavy = self.is_heavy(job).then_some(Excluding::Weight);
        exclusive
            .map(|(resource, _)| Excluding::Lock(resource))
            .chain(heavy)
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Excluding<'a> {
    Lock(&'a Resource),
    /// No two tasks that take more than one slot and more than half of all.
    Weight,
}

/// The median of what is known.
fn guess(jobs: &[Job]) -> Duration {
    let mut known: Vec<Duration> = jobs.iter().filter_map(|job| Some(job.estimate?.expected)).collect();
    if known.is_empty() {
        return GUESS;
    }
    let middle = known.len() / 2;
    *known.select_nth_unstable(middle).1
}
