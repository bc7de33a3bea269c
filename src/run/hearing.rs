//! What becomes of the output of one task: it is understood, handed to the next task, or kept where it is long.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::kept_output::KeptOutput;
use super::lock_wait::{LockWait, Over};
use super::printed::Printing;
use super::spill::Spill;
use super::worker::Workplace;
use crate::model::Exit;
use crate::plan::{CargoUse, Diff, Task};
use crate::tool_output::{Asked, Stream, ToolOutput, ToolReport};

/// All that listens to the output of a task.
pub(super) struct Hearing<'s> {
    pub(super) output: ToolOutput,
    /// What is for the task after it.
    kept: Option<KeptOutput>,
    /// The diff that it prints, where it prints one.
    printing: Option<Printing>,
    /// What is too long for memory.
    spill: Spill<'s>,
    /// The waits that it tells of.
    pub(super) wait: LockWait,
    calls_cargo: bool,
}

/// What came of it.
pub(super) struct Heard<'s> {
    pub(super) said: ToolReport,
    pub(super) kept: Option<KeptOutput>,
    pub(super) printing: Option<Printing>,
    pub(super) spill: Spill<'s>,
    /// How long the task waited for locks of cargo's.
    pub(super) waited: Duration,
}

impl<'s> Hearing<'s> {
    /// For a task that starts now.
    pub(super) fn new(task: &Task, place: &'s Workplace, now: Instant) -> Self {
        let attribution = Arc::clone(&place.context.attribution);
        let output = ToolOutput::new(task.output, attribution, task.command.cwd.clone());
        Self {
            output: output
                .asked_for(asked(task))
                .without(&place.context.secrets)
                .giving_out_what_is_long(),
            kept: task.handling.kept_output.as_deref().map(KeptOutput::new),
            printing: (task.handling.diff != Diff::No).then(Printing::default),
            spill: place.spills.spill(task.head.label()),
            wait: LockWait::new(now),
            calls_cargo: task.handling.cargo != CargoUse::NotCalled,
        }
    }

    /// Takes what was written.
    pub(super) fn hear(&mut self, stream: Stream, bytes: &[u8]) {
        if let Some(printing) = self.printing.as_mut().filter(|_| stream == Stream::Stdout) {
            printing.write(bytes);
        }
        match &mut self.kept {
            Some(kept) if stream == Stream::Stdout => kept.write(bytes),
            _ => self.output.feed(stream, bytes),
        }
        self.spill.write(&self.output.take_long());
    }

    /// What it all amounts to, now that the tool has ended like this.
    pub(super) fn finish(self, exit: Exit) -> Heard<'s> {
        let said = self.output.finish(exit);
        let mut spill = self.spill;
        spill.write(&said.rest);
        Heard {
            said,
            kept: self.kept,
            printing: self.printing,
            spill,
            waited: self.wait.total,
        }
    }

    /// Looks whether the task waits for a lock of cargo's, if it runs still, and says what the end of a wait means.
    pub(super) fn note_wait(&mut self, runs: bool, now: Instant) -> Over {
        // What a test writes that starts a cargo of its own is no word of ours.
        let may_wait = self.calls_cargo && runs && !self.output.has_built();
        self.wait.note(may_wait && self.output.awaited_lock().is_some(), now)
    }
}

/// What the tool of a task is asked for.
fn asked(task: &Task) -> Asked {
    Asked {
        crates: task.crates.clone(),
        targets: task.handling.targets,
        deny_warnings: task.handling.deny_warnings,
    }
}
