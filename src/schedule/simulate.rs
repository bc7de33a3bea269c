//! Runs that never take place: the schedule, with tasks that take the time that somebody says.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::machine::Schedule;
use super::message::{Effect, Message, Verdict};
use crate::event::Outcome;
use crate::model::TaskId;

/// What comes of a task that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// How long it takes.
    pub takes: Duration,
    /// How it ends.
    pub verdict: Verdict,
}

impl Play {
    /// It passes after this time.
    #[must_use]
    pub fn passes_after(takes: Duration) -> Self {
        let verdict = Verdict::Passed;
        Self { takes, verdict }
    }
}

/// From when to when a task ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which.
    pub task: TaskId,
    /// From when on.
    pub start: Duration,
    /// Until when.
    pub end: Duration,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// How long it took.
    pub makespan: Duration,
    /// When something ran, in the order of the ends. A task that was tried again has several.
    pub spans: Vec<Span>,
    /// The final states, in the order in which they were reached.
    pub outcomes: Vec<(TaskId, Outcome)>,
    /// When the first task failed for good, if one did.
    pub first_failure: Option<Duration>,
}

/// Runs a schedule that has not begun to its end. `play` is asked what comes of a task each time that it is started, and
/// is told which attempt it is. What ends at the same time ends in the order of the plan.
pub fn simulate(schedule: &mut Schedule, mut play: impl FnMut(TaskId, u32) -> Play) -> Course {
    let mut world = World::default();
    let mut effects = schedule.handle(Duration::ZERO, Message::Begin);
    loop {
        for effect in effects {
            match effect {
                Effect::Start(task) => world.start(task, play(task, schedule.attempts(task))),
                Effect::End(task) => world.stop(task),
                Effect::WakeAt(at) => world.wake_at = Some(at),
                Effect::Settled { task, outcome, .. } => world.settle(task, outcome),
                Effect::Finished => {
                    world.course.makespan = world.now;
                    return world.course;
                }
                Effect::Retries { .. } | Effect::StopBegan(_) => {}
            }
        }
        let Some(message) = world.next() else {
            // Nothing runs, and nothing is waited for: a schedule that does not say that it has finished is broken.
            debug_assert!(false, "the schedule waits for nothing");
            return world.course;
        };
        effects = schedule.handle(world.now, message);
    }
}

#[derive(Default)]
struct World {
    now: Duration,
    /// Those that run, by their end; an entry whose place in `running` is another one is out of date.
    ends: BinaryHeap<Reverse<(Duration, TaskId, usize)>>,
    /// When each task was started, and how it ends.
    running: Vec<Option<(Duration, Verdict)>>,
    /// How often each task has been given another end.
    version: Vec<usize>,
    wake_at: Option<Duration>,
    course: Course,
}

impl World {
    fn start(&mut self, task: TaskId, play: Play) {
        if self.running.len() <= task.index() {
            self.running.resize(task.index() + 1, None);
            self.version.resize(task.index() + 1, 0);
        }
        self.running[task.index()] = Some((self.now, play.verdict));
        self.ends_at(task, self.now + play.takes);
    }

    /// It is asked to end, and does so at once.
    fn stop(&mut self, task: TaskId) {
        if let Some((_, verdict)) = &mut self.running[task.index()] {
            *verdict = Verdict::Stopped;
        }
        self.ends_at(task, self.now);
    }

    fn ends_at(&mut self, task: TaskId, at: Duration) {
        self.version[task.index()] += 1;
        self.ends.push(Reverse((at, task, self.version[task.index()])));
    }

    fn settle(&mut self, task: TaskId, outcome: Outcome) {
        if outcome.is_failure() {
            self.course.first_failure.get_or_insert(self.now);
        }
        self.course.outcomes.push((task, outcome));
    }

    /// Goes on to what happens next.
    fn next(&mut self) -> Option<Message> {
        loop {
            let end = self.ends.peek().map(|Reverse((at, ..))| *at);
            if let Some(at) = self.wake_at.filter(|wake| end.is_none_or(|end| *wake < end)) {
                self.wake_at = None;
                self.now = self.now.max(at);
                return Some(Message::Woken);
            }
            let Reverse((at, task, version)) = self.ends.pop()?;
            if self.version[task.index()] != version {
                continue;
            }
            let (start, verdict) = self.running[task.index()].take()?;
            self.now = at;
            self.course.spans.push(Span { task, start, end: at });
            return Some(Message::Ended { task, verdict });
        }
    }
}
