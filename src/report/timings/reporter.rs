//! Gathers the events of a run, and draws it when it is over.

use std::io;

use super::{TimingsAbout, timings_page, timings_trace};
use crate::event::Event;
use crate::report::Reporter;
use crate::timeline::Gatherer;

/// How a run is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingsForm {
    /// As a page.
    Page,
    /// As a trace.
    Trace,
}

/// Draws a run when it is over, however that ended.
#[derive(Debug)]
pub struct TimingsReporter {
    form: TimingsForm,
    about: TimingsAbout,
    gatherer: Gatherer,
}

impl TimingsReporter {
    /// A reporter that has heard nothing.
    #[must_use]
    pub fn new(form: TimingsForm, about: TimingsAbout) -> Self {
        let gatherer = Gatherer::default();
        Self { form, about, gatherer }
    }
}

impl Reporter for TimingsReporter {
    fn on_event(&mut self, event: &Event, _: &mut dyn io::Write) -> io::Result<()> {
        self.gatherer.hear(event);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let timeline = self.gatherer.timeline();
        let text = match self.form {
            TimingsForm::Page => timings_page(&timeline, &self.about),
            TimingsForm::Trace => timings_trace(&timeline, &self.about),
        };
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
