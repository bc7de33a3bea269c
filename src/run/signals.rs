//! The signals that ask a run to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears the signals that ask a program to end.
pub(super) struct Signals(Vec<Signal>);

impl Signals {
    /// Starts listening.
    pub(super) fn listen() -> std::io::Result<Self> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
        ];
        kinds.into_iter().map(signal).collect::<Result<_, _>>().map(Self)
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let came = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if came {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}
