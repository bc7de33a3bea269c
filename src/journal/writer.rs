//! Records a run while it goes on, on a thread of its own.
//!
//! What happens is made into lines at once, where it is cheap, and handed over in memory. The thread writes all that has
//! come together at a time. A run in which nothing starts needs neither: its few lines are written in one go at its end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::entry::{self, Begin};
use super::place::{JournalError, Placed, place};
use super::room::Room;
use crate::event::{Event, EventKind};

/// What waits to be written takes no more memory than this.
const PENDING: usize = 8 * 1024 * 1024;
/// No record is longer.
const LONGEST: u64 = 32 * 1024 * 1024;

/// Records a run. Dropped before it is closed, it leaves a record that breaks off.
#[derive(Debug)]
pub struct Journal {
    state: PathBuf,
    room: Room,
    /// The number of the next line.
    next: u64,
    written: u64,
    /// How many events there was no room for in the record.
    left_out: u64,
    to: To,
}

/// What was recorded of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The number of the run.
    pub number: u64,
    /// How large its record is.
    pub bytes: u64,
}

/// Where lines go.
#[derive(Debug)]
enum To {
    /// They wait, since nothing has started yet.
    Memory(Vec<u8>),
    /// They are handed over.
    Thread(Writer),
}

impl Journal {
    /// For a run that begins now. Nothing is written yet.
    #[must_use]
    pub fn new(state: &Path, begin: &Begin) -> Self {
        let mut lines = Vec::new();
        entry::write_begin(&mut lines, begin);
        Self {
            state: state.to_owned(),
            room: Room::default(),
            next: 1,
            written: lines.len() as u64,
            left_out: 0,
            to: To::Memory(lines),
        }
    }

    /// Hears what happens. It waits for nothing but memory.
    pub fn hear(&mut self, event: &Event) {
        let Some(kept) = self.room.kept(event) else {
            return;
        };
        let mut line = Vec::new();
        entry::write_event(&mut line, self.next, &kept);
        self.next += 1;
        let is_end = matches!(event.kind, EventKind::RunFinished { .. });
        if self.written + line.len() as u64 > LONGEST && !is_end {
            self.left_out += 1;
            return;
        }
        self.written += line.len() as u64;
        if let (To::Memory(lines), EventKind::TaskStarted { .. }) = (&mut self.to, &event.kind) {
            self.to = To::Thread(Writer::start(self.state.clone(), std::mem::take(lines)));
        }
        match &mut self.to {
            To::Memory(lines) => lines.extend_from_slice(&line),
            To::Thread(writer) => writer.take(&line, is_end),
        }
    }

    /// The run is over: waits until all of it is written.
    ///
    /// # Errors
    ///
    /// Where something of it could not be recorded. That is worth a warning, and no reason to fail.
    pub fn close(self) -> Result<Written, JournalError> {
        let number = match self.to {
            To::Memory(lines) => {
                let mut placed = place(&self.state)?;
                placed.file.write_all(&lines).map_err(|source| JournalError::Write {
                    path: placed.path,
                    source,
                })?;
                placed.number
            }
            To::Thread(writer) => writer.finish()?,
        };
        match self.left_out {
            0 => Ok(Written {
                number,
                bytes: self.written,
            }),
            events => Err(JournalError::TooMuch(events)),
        }
    }
}

/// What the run and the thread share.
#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    something: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    lines: Vec<u8>,
    /// How many events there was no memory for.
    lost: u64,
    /// Nothing more will come.
    is_over: bool,
    /// There is nowhere to write to, so that nothing need be handed over.
    has_failed: bool,
}

/// The thread that writes.
#[derive(Debug)]
struct Writer {
    shared: Arc<Shared>,
    /// Until the end; or why there is none.
    thread: Option<Result<JoinHandle<Result<u64, JournalError>>, JournalError>>,
}

impl Writer {
    fn start(state: PathBuf, lines: Vec<u8>) -> Self {
        let shared = Arc::new(Shared::default());
        shared.locked().lines = lines;
        let write = {
            let (shared, state) = (Arc::clone(&shared), state.clone());
            move || {
                let placed = place(&state);
                shared.locked().has_failed = placed.is_err();
                shared.write_all(placed?)
            }
        };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(write);
        shared.locked().has_failed = thread.is_err();
        Self {
            shared,
            thread: Some(thread.map_err(|source| JournalError::Write { path: state, source })),
        }
    }

    /// Hands a line over. The end of a run always has room: without it, the run would look as if it had been killed.
    fn take(&self, line: &[u8], is_end: bool) {
        let mut pending = self.shared.locked();
        if pending.has_failed {
            return;
        }
        if pending.lines.len() + line.len() > PENDING && !is_end {
            pending.lost += 1;
            return;
        }
        let was_empty = pending.lines.is_empty();
        pending.lines.extend_from_slice(line);
        drop(pending);
        if was_empty {
            self.shared.something.notify_one();
        }
    }

    /// Waits until all is written. The number of the run.
    fn finish(mut self) -> Result<u64, JournalError> {
        let thread = self.thread.take();
        let number = thread.map_or(Ok(0), |thread| self.end(thread?))?;
        match self.shared.locked().lost {
            0 => Ok(number),
            lost => Err(JournalError::TooSlow(lost)),
        }
    }

    fn end(&self, thread: JoinHandle<Result<u64, JournalError>>) -> Result<u64, JournalError> {
        self.shared.locked().is_over = true;
        self.shared.something.notify_one();
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Writer {
    /// The run has panicked. What happened until then is written.
    fn drop(&mut self) {
        if let Some(Ok(thread)) = self.thread.take()
            && let Err(error) = self.end(thread)
        {
            tracing::debug!(%error, "a run that ended early is not recorded whole");
        }
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes until nothing more will. The number of the run.
    ///
    /// Where something cannot be written, what comes later may: each line stands for itself, and the last one says that the
    /// run came to its end.
    fn write_all(&self, mut placed: Placed) -> Result<u64, JournalError> {
        let mut first_failure = None;
        let mut lines = Vec::new();
        while let Some(more) = self.next(lines) {
            lines = more;
            if let Err(source) = placed.file.write_all(&lines) {
                first_failure.get_or_insert(source);
            }
            lines.clear();
        }
        match first_failure {
            None => Ok(placed.number),
            Some(source) => Err(JournalError::Write {
                path: placed.path,
                source,
            }),
        }
    }

    /// Waits for lines, and takes all that are there. `room` is where further ones are gathered meanwhile.
    fn next(&self, room: Vec<u8>) -> Option<Vec<u8>> {
        let mut pending = self.locked();
        while pending.lines.is_empty() && !pending.is_over {
            pending = self.something.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        (!pending.lines.is_empty()).then(|| std::mem::replace(&mut pending.lines, room))
    }
}
