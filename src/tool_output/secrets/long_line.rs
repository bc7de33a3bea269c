//! Takes values out of a line that is too long to be held as a whole, whatever the pieces in which it comes.

use std::sync::Arc;

use super::Secrets;
use super::engine::Engine;

/// What of such a line has come and was not told yet, since it may be the beginning of a value.
#[derive(Debug, Default)]
pub(in crate::tool_output) struct LongLine {
    held: Vec<u8>,
}

impl LongLine {
    /// Takes a piece, and gives what can be told of the line. The piece that has its end gives all that is left.
    pub(in crate::tool_output) fn take(&mut self, piece: &[u8], secrets: &Secrets) -> Vec<u8> {
        let Some(engine) = &secrets.0 else {
            return piece.to_vec();
        };
        self.held.extend_from_slice(piece);
        let settled = if piece.ends_with(b"\n") {
            self.held.len()
        } else {
            engine.settled(&self.held)
        };
        self.tell(engine, settled)
    }

    /// What is left of a line that has no end.
    pub(in crate::tool_output) fn rest(&mut self, secrets: &Secrets) -> Vec<u8> {
        let held = self.held.len();
        secrets
            .0
            .as_ref()
            .map(|engine| self.tell(engine, held))
            .unwrap_or_default()
    }

    fn tell(&mut self, engine: &Arc<Engine>, settled: usize) -> Vec<u8> {
        let told: Vec<u8> = self.held.drain(..settled).collect();
        engine.without(&told).unwrap_or(told)
    }
}
