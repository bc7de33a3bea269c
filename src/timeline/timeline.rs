//! From what was told of a run to what is drawn of it.

use std::sync::Arc;
use std::time::Duration;

use super::gather::{Gatherer, Told, Tried};
use super::lanes::{Taker, lanes};
use super::locks::{GRAIN, Locks};
use super::path::{Link, path};
use super::trend::Point;
use crate::event::{Cached, Outcome, RunStarted, RunStats, StopReason, TaskFinished, TaskHead, Timing};
use crate::model::CheckName;

/// How a run went. Points in time are counted from its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What the run was about.
    pub started: Option<RunStarted>,
    /// When the first task could start.
    pub begin: Duration,
    /// When the run ended, or was last heard of.
    pub end: Duration,
    /// What came of it; nothing where it has no end.
    pub stats: Option<RunStats>,
    /// When and why it stopped before its end, if it did.
    pub stop: Option<(Duration, StopReason)>,
    /// The tasks: first those that started, in that order, then all others.
    pub rows: Vec<Row>,
    /// What ran, in the order of the starts. A task that was tried again has several.
    pub attempts: Vec<Attempt>,
    /// How many lanes there are.
    pub lanes: usize,
    /// The attempts that led to the end, one after the other.
    pub path: Vec<Link>,
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub task: Arc<TaskHead>,
    /// What came of it.
    pub state: State,
    /// Its wave, counted from 0, where it was to run.
    pub wave: Option<u32>,
    /// When that was known, or when it was last heard of.
    pub end: Duration,
    /// What it did from the begin of the run to its end, piece by piece, without gaps. Nothing of what is cached.
    pub segments: Vec<Segment>,
    /// Its attempts, among [`Timeline::attempts`].
    pub attempts: Vec<usize>,
    /// What was told of its end; nothing where the run broke off before. Of outputs, only those of failures are kept.
    pub finished: Option<Box<TaskFinished>>,
    /// What was told of attempts that failed before it was tried again.
    pub failed_before: Vec<TaskFinished>,
}

/// What came of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It passed.
    Passed,
    /// It passed, but not the first time.
    Flaky,
    /// It did not run, since it had passed before.
    Cached,
    /// It failed.
    Failed,
    /// It ran out of time.
    TimedOut,
    /// It could not start, since what it needs did not pass.
    Blocked,
    /// The end of the run overtook it.
    Cancelled,
    /// The run broke off before it came to an end.
    Unfinished,
}

/// A piece of what a task did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// From when on.
    pub from: Duration,
    /// Until when.
    pub to: Duration,
    /// What it was.
    pub what: Wait,
}

/// What a task did, most of which is waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It waited for what it needs.
    Need {
        /// The row of what came to its end last.
        by: Option<usize>,
    },
    /// It waited for something that others used.
    Lock {
        /// What that was, in words.
        what: String,
        /// The attempt that gave it back last.
        by: Option<usize>,
    },
    /// It waited for slots.
    Slot,
    /// It waited to be tried again.
    Backoff,
    /// It had started, and waited for a job of the run.
    Job,
    /// It had started, and its cargo waited for a lock that another cargo held.
    Cargo {
        /// What was locked, as cargo calls it.
        lock: String,
    },
    /// It waited, and nothing says what for.
    Unknown,
    /// It ran.
    Ran {
        /// The attempt.
        attempt: usize,
    },
}

/// A task that runs, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The row of the task.
    pub row: usize,
    /// What came of it.
    pub state: State,
    /// When it was started.
    pub start: Duration,
    /// When it began, after it had waited for a job of the run.
    pub began: Duration,
    /// When it gave its slots back.
    pub released: Duration,
    /// When it had been judged.
    pub end: Duration,
    /// How many slots it took.
    pub slots: u32,
    /// Which lanes: as many as slots.
    pub lanes: Vec<usize>,
    /// The time of processors that it took, where that is known.
    pub processor: Option<Duration>,
}

impl Gatherer {
    /// How the run went, as far as has been heard.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        let slots = self.started.as_ref().map_or(1, |started| started.slots.max(1));
        let begin = self.attempts.first().map_or(self.last, |tried| tried.start);
        let mut order: Vec<usize> = (0..self.tasks.len()).collect();
        // Of those that never started, the order of the plan says most.
        order.sort_by_key(|place| {
            let told = &self.tasks[*place];
            (told.attempts.is_empty(), told.attempts.first().copied(), told.head.id)
        });
        let mut row_of = vec![0; order.len()];
        for (row, place) in order.iter().enumerate() {
            row_of[*place] = row;
        }
        let mut timeline = Timeline {
            started: self.started.clone(),
            begin,
            end: self.last,
            stats: self.stats,
            stop: self.stop.clone(),
            attempts: self.attempts(&row_of, slots),
            ..Timeline::default()
        };
        let takers: Vec<Taker> = timeline.attempts.iter().map(taker).collect();
        let (taken, lanes) = lanes(&takers, slots as usize);
        timeline.lanes = lanes;
        for (attempt, lanes) in timeline.attempts.iter_mut().zip(taken) {
            attempt.lanes = lanes;
        }
        let locks = self.locks(&timeline.attempts);
        let scene = Scene {
            told: self,
            attempts: &timeline.attempts,
            locks: &locks,
            row_of: &row_of,
            begin,
        };
        timeline.rows = order.iter().map(|place| scene.row(&self.tasks[*place])).collect();
        timeline.path = path(&timeline);
        timeline
    }

    fn attempts(&self, row_of: &[usize], slots: u32) -> Vec<Attempt> {
        let attempt = |(number, tried): (usize, &Tried)| {
            let ended = self.ended(number);
            let timing = ended.map(|finished| &finished.timing);
            let end = tried.end.unwrap_or(self.last).max(tried.start);
            // A job that is free is not waited for, though it takes a moment to get it.
            let queued = timing.map(|timing| timing.queued).filter(|queued| *queued >= GRAIN);
            let queued = queued.unwrap_or_default();
            let left = timing.and_then(|timing| timing.left);
            Attempt {
                row: row_of[tried.task],
                state: ended.map_or(State::Unfinished, state),
                start: tried.start,
                began: (tried.start + queued).min(end),
                released: left.map_or(end, |left| left.clamp(tried.start, end)),
                end,
                slots: timing.map_or(1, |timing| timing.slots).clamp(1, slots),
                lanes: Vec::new(),
                processor: timing.and_then(|timing| timing.processor),
            }
        };
        self.attempts.iter().enumerate().map(attempt).collect()
    }

    /// What was told of the end of an attempt.
    fn ended(&self, number: usize) -> Option<&TaskFinished> {
        let tried = &self.attempts[number];
        if let Some((failed, _)) = &tried.failed {
            return Some(failed);
        }
        tried.end?;
        self.tasks[tried.task]
            .finished
            .as_ref()
            .map(|(_, finished)| &**finished)
    }

    fn locks(&self, attempts: &[Attempt]) -> Locks<'_> {
        let mut locks = Locks::default();
        for (number, attempt) in attempts.iter().enumerate() {
            for used in self.ended(number).into_iter().flat_map(|ended| &ended.timing.uses) {
                locks.used(used, (attempt.start, attempt.end), number);
            }
        }
        locks.complete();
        locks
    }
}

fn taker(attempt: &Attempt) -> Taker {
    Taker {
        from: attempt.start,
        to: attempt.released,
        lanes: attempt.slots as usize,
    }
}

fn state(finished: &TaskFinished) -> State {
    match &finished.outcome {
        Outcome::Passed if finished.cached == Cached::Whole => State::Cached,
        Outcome::Passed if finished.is_flaky() => State::Flaky,
        Outcome::Passed => State::Passed,
        Outcome::Failed(_) => State::Failed,
        Outcome::TimedOut { .. } => State::TimedOut,
        Outcome::Blocked { .. } => State::Blocked,
        Outcome::Cancelled => State::Cancelled,
    }
}

/// All that is needed to say what a task did.
struct Scene<'a> {
    told: &'a Gatherer,
    attempts: &'a [Attempt],
    locks: &'a Locks<'a>,
    row_of: &'a [usize],
    begin: Duration,
}

impl Scene<'_> {
    fn row(&self, told: &Told) -> Row {
        let finished = told.finished.as_ref();
        let state = finished.map_or(State::Unfinished, |(_, finished)| state(finished));
        let timing = finished.map(|(_, finished)| &finished.timing);
        let tried = told.attempts.iter().map(|number| &self.told.attempts[*number]);
        let failed = tried.filter_map(|tried| tried.failed.as_ref());
        let failed_before: Vec<TaskFinished> = failed.map(|(failed, _)| (**failed).clone()).collect();
        let known = timing.or(failed_before.first().map(|failed| &failed.timing));
        Row {
            task: Arc::clone(&told.head),
            state,
            wave: known.filter(|timing| timing.slots > 0).map(|timing| timing.wave),
            end: finished.map_or(self.told.last, |(at, _)| *at),
            segments: if state == State::Cached {
                Vec::new()
            } else {
                self.segments(told, known)
            },
            attempts: told.attempts.clone(),
            finished: finished.map(|(_, finished)| finished.clone()),
            failed_before,
        }
    }

    fn segments(&self, told: &Told, timing: Option<&Timing>) -> Vec<Segment> {
        let mut course = Course {
            at: self.begin,
            segments: Vec::new(),
        };
        let mut due = None;
        for number in &told.attempts {
            self.until_start(&mut course, *number, due, timing);
            self.while_running(&mut course, *number);
            due = self.told.attempts[*number]
                .failed
                .as_ref()
                .map(|(_, wait)| course.at + *wait);
        }
        if let Some((end, _)) = &told.finished {
            let what = if told.attempts.is_empty() {
                Wait::Need { by: None }
            } else {
                Wait::Backoff
            };
            course.until(*end, what);
        }
        course.segments
    }

    /// What an attempt waited for. `due` is when it could be tried again, for all but the first.
    fn until_start(&self, course: &mut Course, number: usize, due: Option<Duration>, timing: Option<&Timing>) {
        let start = self.attempts[number].start;
        let timing = timing.filter(|timing| timing.slots > 0);
        match (due, timing) {
            (Some(due), _) => course.until(due.min(start), Wait::Backoff),
            (
                None,
                Some(Timing {
                    ready,
                    after: Some(after),
                    ..
                }),
            ) => {
                let by = self.told.place_of(*after).map(|place| self.row_of[place]);
                course.until((*ready).min(start), Wait::Need { by });
            }
            (None, _) => {}
        }
        let Some(timing) = timing else {
            return course.until(start, Wait::Unknown);
        };
        for piece in self.locks.waits(&timing.uses, course.at, start) {
            let what = piece.lock.map_or(Wait::Slot, |(what, by)| Wait::Lock {
                what: what.to_owned(),
                by,
            });
            course.until(piece.to, what);
        }
    }

    fn while_running(&self, course: &mut Course, number: usize) {
        let (attempt, tried) = (&self.attempts[number], &self.told.attempts[number]);
        course.until(attempt.began, Wait::Job);
        let ran = Wait::Ran { attempt: number };
        for wait in &tried.waits {
            course.until(wait.from.min(attempt.end), ran.clone());
            let lock = wait.lock.clone();
            course.until(wait.to.unwrap_or(attempt.end).min(attempt.end), Wait::Cargo { lock });
        }
        course.until(attempt.end, ran.clone());
        // What took no time at all has run nevertheless.
        let last = course.segments.last().map(|segment| &segment.what);
        if last != Some(&ran) && tried.waits.is_empty() {
            let (from, to) = (course.at, course.at);
            course.segments.push(Segment { from, to, what: ran });
        }
    }
}

/// What a task did, as it is put together.
struct Course {
    at: Duration,
    segments: Vec<Segment>,
}

impl Course {
    /// It did this until then, if that is later than what it did before.
    fn until(&mut self, to: Duration, what: Wait) {
        if to > self.at {
            let from = std::mem::replace(&mut self.at, to);
            self.segments.push(Segment { from, to, what });
        }
    }
}

impl Timeline {
    /// How each check went of which something came to an end, in the order of the configuration.
    #[must_use]
    pub fn points(&self) -> Vec<(CheckName, Point)> {
        let checks = self.started.iter().flat_map(|started| &started.checks);
        let points = checks.map(|check| (check.clone(), self.point(check)));
        points.filter(|(_, point)| point.ran + point.cached > 0).collect()
    }

    fn point(&self, check: &CheckName) -> Point {
        let mut point = Point::default();
        for row in self.rows.iter().filter(|row| row.task.check == *check) {
            for finished in row
                .finished
                .iter()
                .map(|finished| &**finished)
                .chain(&row.failed_before)
            {
                point.took = point.took.saturating_add(finished.took);
            }
            point.count(row.state);
        }
        point
    }
}

impl Point {
    fn count(&mut self, state: State) {
        match state {
            State::Passed | State::Flaky => self.ran += 1,
            State::Failed | State::TimedOut => {
                self.ran += 1;
                self.failed += 1;
            }
            State::Cached => self.cached += 1,
            State::Blocked | State::Cancelled | State::Unfinished => {}
        }
    }
}
