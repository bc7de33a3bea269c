//! What all reporters have in common.

use std::io;

use crate::event::Event;

/// Something that tells of a run as it happens.
pub trait Reporter {
    /// Says one event, if it has something to say about it.
    ///
    /// What it says is written at once and flushed, so that it may be a pipe that somebody follows.
    ///
    /// # Errors
    ///
    /// Only what `out` returns. The reporter stays usable: what could not be written is lost, and no more.
    fn on_event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()>;

    /// Says what can only be said when nothing further happens. The run need not have come to its end: of one that was
    /// killed, this follows what is known.
    ///
    /// # Errors
    ///
    /// Only what `out` returns.
    fn finish(&mut self, _out: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}
