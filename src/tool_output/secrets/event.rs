//! Takes values out of what is told of a run.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::Secrets;
use crate::event::{Event, EventKind, Failure, Outcome, TaskFinished};
use crate::model::Finding;

impl Secrets {
    /// Takes them out of each text that somebody else than the configuration has written, or that a command line is a part of.
    pub fn hide_in_event(&self, event: &mut Event) {
        if self.is_empty() {
            return;
        }
        match &mut event.kind {
            EventKind::RunStarted(started) => {
                for left_out in &mut started.left_out {
                    self.hide_in(&mut left_out.reason);
                }
            }
            EventKind::TaskFinished(finished) => self.hide_in_task(finished),
            EventKind::TaskRetries(retries) => self.hide_in_task(&mut retries.failed),
            EventKind::TaskWaits { lock, .. } => self.hide_in(lock),
            EventKind::TaskSaid { line, .. } => self.hide_in(line),
            EventKind::LeftoversEnded { .. }
            | EventKind::TaskStarted { .. }
            | EventKind::TaskSlow { .. }
            | EventKind::TaskGoesOn { .. }
            | EventKind::StopBegan { .. }
            | EventKind::RunFinished { .. } => {}
        }
    }

    /// Takes them out of a finding. Its line and its column stay: they are those of the file, whatever that is called.
    pub(in crate::tool_output) fn hide_in_finding(&self, finding: &mut Finding) {
        if self.is_empty() {
            return;
        }
        let said = [&mut finding.code, &mut finding.test];
        said.into_iter().flatten().for_each(|text| self.hide_in(text));
        self.hide_in(&mut finding.message);
        if let Some(place) = &mut finding.place {
            let mut file = std::mem::take(&mut place.file).into_os_string().into_vec();
            self.hide_in_bytes(&mut file);
            place.file = OsString::from_vec(file).into();
        }
    }

    fn hide_in_task(&self, finished: &mut TaskFinished) {
        self.hide_in_bytes(&mut finished.output.bytes);
        for output in finished.output.of_crates.values_mut() {
            self.hide_in_bytes(output);
        }
        if let Some(note) = &mut finished.note {
            self.hide_in(note);
        }
        for finding in &mut finished.findings {
            self.hide_in_finding(finding);
        }
        let text = match &mut finished.outcome {
            Outcome::Failed(Failure::Exit { meaning, .. }) => meaning.as_mut(),
            Outcome::Failed(
                Failure::Start { error: text }
                | Failure::Unapplied { reason: text }
                | Failure::Uncertain { reason: text },
            ) => Some(text),
            Outcome::Failed(Failure::Denied { .. } | Failure::Regenerated)
            | Outcome::Passed
            | Outcome::TimedOut { .. }
            | Outcome::Blocked { .. }
            | Outcome::Cancelled => None,
        };
        if let Some(text) = text {
            self.hide_in(text);
        }
    }

    /// Takes them out of a text.
    pub(in crate::tool_output) fn hide_in(&self, text: &mut String) {
        if let Cow::Owned(without) = self.hidden_in(text) {
            *text = without;
        }
    }

    fn hide_in_bytes(&self, bytes: &mut Vec<u8>) {
        if let Cow::Owned(without) = self.hidden(bytes) {
            *bytes = without;
        }
    }
}
