//! On systems other than Linux there is no way to wait for the end of a process that is no child: nobody is watched.

use std::task::Context;

/// Watches nobody.
pub(super) struct Ancestor;

impl Ancestor {
    /// Nothing can go wrong.
    #[expect(clippy::unnecessary_wraps, reason = "the same function as where this can fail")]
    pub(super) fn watch(_: Option<u32>) -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Nobody's end is told.
    #[expect(
        clippy::unused_self,
        reason = "the same function as where there is something to look at"
    )]
    pub(super) fn poll_gone(&mut self, _: &mut Context<'_>) -> bool {
        false
    }
}
