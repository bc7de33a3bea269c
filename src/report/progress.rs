//! What runs at this moment, below the results, on a live terminal.
//!
//! The view is one bar of `indicatif` whose only field is all of its lines: that gives the redrawing, the ticking and
//! the clearing, while what is drawn is a pure function of the events and the time. It looks at no clock itself:
//! the time that has passed comes from the bar.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::duration::clock;
use super::style::{ASIDE, FAIL, NAME, PASS};
use super::text::{columns, cut, one_line};
use super::verdict::held_by_another;
use super::{HumanOptions, Verbosity};
use crate::event::{Event, EventKind, TaskFinished};
use crate::model::TaskId;
use crate::tool_output::Colour;

/// How often the view is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// However low the terminal, this many tasks are shown.
const LEAST_ROWS: usize = 1;
/// The lines that are no tasks: the header, the count of the rest, the last result above, and the cursor's.
const OTHER_LINES: usize = 4;

/// Shows what runs, until it is dropped or the run ends.
///
/// Results that are printed meanwhile must be printed within [`Self::suspend`].
#[derive(Debug)]
pub struct ProgressView {
    bar: ProgressBar,
    running: Arc<Mutex<Running>>,
}

/// Where and how the view is shown.
#[derive(Clone, Copy, Debug)]
pub struct ProgressOptions {
    /// Where.
    pub target: ProgressTarget,
    /// Whether it has colours.
    pub colour: Colour,
    /// The columns of the terminal.
    pub width: usize,
    /// The lines of the terminal.
    pub height: usize,
}

/// Where the view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressTarget {
    /// On standard error, if that is a terminal.
    Stderr,
    /// Nowhere.
    Hidden,
}

impl ProgressView {
    /// A view that shows nothing before the run has started.
    #[must_use]
    pub fn new(options: ProgressOptions) -> Self {
        let target = match options.target {
            ProgressTarget::Stderr => ProgressDrawTarget::stderr(),
            ProgressTarget::Hidden => ProgressDrawTarget::hidden(),
        };
        Self::on(target, options)
    }

    /// Takes note of an event. Must not be called within [`Self::suspend`].
    pub fn on_event(&self, event: &Event) {
        self.locked().note(event);
        match event.kind {
            EventKind::RunStarted(ref started) if started.tasks > 0 => {
                self.bar.reset_elapsed();
                self.bar.enable_steady_tick(TICK);
            }
            EventKind::RunFinished { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
    }

    /// Takes the view off the screen while `write` writes there, and puts it back below.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        // The bar would draw itself for the first time when it comes back.
        if self.locked().total == 0 {
            write()
        } else {
            self.bar.suspend(write)
        }
    }

    fn on(target: ProgressDrawTarget, options: ProgressOptions) -> Self {
        let running = Arc::new(Mutex::new(Running::default()));
        let shown = Arc::clone(&running);
        let draw = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let text = lock(&shown).draw(state.elapsed(), options);
            // Writing into the bar's buffer cannot fail, and a view that is not drawn harms nothing.
            let _ = out.write_str(&text);
        };
        let style = ProgressStyle::default_spinner().with_key("view", draw);
        let style = style.clone().template("{view}").unwrap_or(style);
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        Self { bar, running }
    }

    fn locked(&self) -> MutexGuard<'_, Running> {
        lock(&self.running)
    }
}

/// A view that panicked while it was drawn is still a view.
fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of the run at this moment.
#[derive(Debug, Default)]
struct Running {
    /// Those that run, the longest first.
    tasks: Vec<Row>,
    total: usize,
    done: usize,
    failed: usize,
    stopping: bool,
}

#[derive(Debug)]
struct Row {
    id: TaskId,
    label: String,
    since: Duration,
    said: String,
    /// Since when it waits for another cargo, and why.
    waits: Option<(Duration, String)>,
}

impl Running {
    fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted(started) => {
                *self = Self {
                    total: started.tasks,
                    ..Self::default()
                }
            }
            EventKind::TaskStarted { task } => {
                let label = one_line(&task.label());
                self.tasks.push(Row {
                    id: task.id,
                    label,
                    since: event.at,
                    said: String::new(),
                    waits: None,
                });
            }
            EventKind::TaskSaid { task, line } => self.said(*task, line),
            EventKind::TaskSlow { .. } | EventKind::LeftoversEnded { .. } => {}
            EventKind::TaskWaits { task, lock, waited } => {
                let since = event.at.saturating_sub(*waited);
                self.change(task.id, |row| row.waits = Some((since, held_by_another(lock))));
            }
            EventKind::TaskGoesOn { task, waited } => self.change(task.id, |row| row.go_on(*waited)),
            EventKind::TaskRetries(retries) => self.tasks.retain(|row| row.id != retries.failed.task.id),
            EventKind::TaskFinished(finished) => self.finished(finished),
            EventKind::StopBegan { .. } => self.stopping = true,
            EventKind::RunFinished { .. } => self.tasks.clear(),
        }
    }

    /// A blank line hides what was said before it, and tells nothing: it is passed over.
    fn said(&mut self, task: TaskId, line: &str) {
        let line = one_line(line);
        if !line.is_empty() {
            self.change(task, |row| row.said = line);
        }
    }

    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut Row)) {
        self.tasks.iter_mut().find(|row| row.id == task).map(change);
    }

    fn finished(&mut self, finished: &TaskFinished) {
        self.tasks.retain(|row| row.id != finished.task.id);
        self.done += 1;
        if finished.outcome.is_failure() && !finished.task.may_fail {
            self.failed += 1;
        }
    }

    /// All lines of the view, without the last newline.
    fn draw(&self, now: Duration, options: ProgressOptions) -> String {
        let most = options.height.saturating_sub(OTHER_LINES).max(LEAST_ROWS);
        let painter = HumanOptions {
            colour: options.colour,
            width: options.width,
            verbosity: Verbosity::Normal,
        };
        let mut text = self.header(now, painter);
        for row in self.tasks.iter().take(most) {
            text.push('\n');
            text.push_str(&row.draw(now, painter));
        }
        if self.tasks.len() > most {
            let rest = format!("… and {} more", self.tasks.len() - most);
            let indent = painter.detail_indent();
            let _ = write!(text, "\n{:indent$}{}", "", painter.paint(ASIDE, &rest));
        }
        text
    }

    fn header(&self, now: Duration, painter: HumanOptions) -> String {
        let (word, style) = match (self.stopping, self.failed) {
            (true, _) => ("Stopping", FAIL),
            (false, 0) => ("Running", PASS),
            (false, _) => ("Running", FAIL),
        };
        let mut text = format!(" [{}] {}/{}", clock(now), self.done, self.total);
        // On a narrow terminal the end is cut, and that something failed matters more than how many run.
        if self.failed > 0 {
            let _ = write!(text, ", {} failed", self.failed);
        }
        let _ = write!(text, ", {} running", self.tasks.len());
        let room = painter.columns().saturating_sub(13).max(1);
        format!(
            "{}{}{}",
            " ".repeat(12 - word.len()),
            painter.paint(style, word),
            cut(&text, room)
        )
    }
}

impl Row {
    /// The time that it waited is none of its own.
    fn go_on(&mut self, waited: Duration) {
        self.waits = None;
        self.since += waited;
    }

    fn draw(&self, now: Duration, painter: HumanOptions) -> String {
        let indent = painter.detail_indent();
        let (until, said) = match &self.waits {
            Some((since, why)) => (*since, format!("waits [{}] {why}", clock(now.saturating_sub(*since)))),
            None => (now, self.said.clone()),
        };
        let mut text = format!("{:indent$}[{}] ", "", clock(until.saturating_sub(self.since)));
        let room = painter.columns().saturating_sub(columns(&text) + 1);
        let label = cut(&self.label, room.max(1));
        text.push_str(&painter.paint(NAME, &label));
        let room = room.saturating_sub(columns(&label) + 2);
        if room > 1 && !said.is_empty() {
            let _ = write!(text, "  {}", painter.paint(ASIDE, &cut(&said, room)));
        }
        text
    }
}

#[cfg(test)]
mod tests;
