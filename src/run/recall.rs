//! Ends a run from another thread: what it looks at has changed, and nobody waits for its verdict any more.

use tokio::sync::watch;

/// Calls a run back, as the first signal does: tasks that run are asked to end, and killed where they do not.
///
/// It serves one run. One that was called before the run began ends that at once.
#[derive(Clone, Debug, Default)]
pub struct Recall(watch::Sender<bool>);

impl Recall {
    /// One that nobody has called.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls the run back.
    pub fn call(&self) {
        self.0.send_replace(true);
    }

    /// Whether the run was called back.
    #[must_use]
    pub fn is_called(&self) -> bool {
        *self.0.borrow()
    }
}

/// Ends when the run is called back, once; never where nobody can.
pub(super) async fn called(recall: Option<&Recall>) {
    if let Some(recall) = recall
        && recall.0.subscribe().wait_for(|called| *called).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}
