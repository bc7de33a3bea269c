//! The clock of a run: it stands while the run is suspended.

use std::time::Duration;

use tokio::sync::watch;

/// Stops the clocks of all who hold its [`Pauses`], and lets them go on.
pub(super) struct Clock(watch::Sender<State>);

/// Tells somebody of the pauses since then.
pub(super) struct Pauses {
    state: watch::Receiver<State>,
    /// What is already known of.
    known: Duration,
}

#[derive(Clone, Copy, Default)]
struct State {
    standing: bool,
    /// All pauses that are over.
    total: Duration,
}

impl Clock {
    /// A clock that goes.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// To be told of its pauses from now on.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses {
            state: self.0.subscribe(),
            known: self.total(),
        }
    }

    /// How long all pauses up to now have taken.
    pub(super) fn total(&self) -> Duration {
        self.0.borrow().total
    }

    /// It stands.
    pub(super) fn stop(&self) {
        self.0.send_modify(|state| state.standing = true);
    }

    /// It goes on after a pause of this length.
    pub(super) fn go_on(&self, pause: Duration) {
        self.0.send_modify(|state| {
            state.standing = false;
            state.total += pause;
        });
    }
}

impl Pauses {
    /// Waits for the beginning of a pause. Whoever waits for points in time asks this before it looks whether they have
    /// come: what seems to be over may only have been slept through.
    pub(super) async fn begin(&mut self) {
        let known = self.known;
        let paused = |state: &State| state.standing || state.total != known;
        if self.state.wait_for(paused).await.is_err() {
            // The run is over, and nobody waits for anything.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the end of the pause, and says how long it was.
    pub(super) async fn end(&mut self) -> Duration {
        let over = self.state.wait_for(|state| !state.standing).await;
        let total = over.map_or(self.known, |state| state.total);
        total.saturating_sub(std::mem::replace(&mut self.known, total))
    }
}
