//! Hears signals for a program that goes on when a run is over.
//!
//! From the first run on, signals that would end the program only end runs: between two of them nobody would hear any.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::signals::{Heard, Signals, somebody_watches};

/// From now on, calls `end` for every signal that asks the program to end, on a thread of its own. A run hears those
/// signals as well, and ends by itself.
///
/// A signal to stand still is obeyed while nothing is running: a run sees to that by itself, with all its tasks.
///
/// # Errors
///
/// Where the system refuses.
pub fn listen(running: Arc<AtomicBool>, end: impl Fn() + Send + 'static) -> std::io::Result<()> {
    let (tell, told) = std::sync::mpsc::channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let listening = runtime.and_then(|runtime| {
            let signals = {
                let _entered = runtime.enter();
                Signals::listen(None)?
            };
            Ok((runtime, signals))
        });
        match listening {
            Ok((runtime, signals)) => {
                let _ = tell.send(Ok(()));
                runtime.block_on(hear(signals, &running, &end));
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    })?;
    // A thread that ends without a word has panicked.
    told.recv()
        .unwrap_or_else(|_| Err(std::io::Error::other("nobody listens for signals")))
}

async fn hear(mut signals: Signals, running: &AtomicBool, end: &impl Fn()) {
    loop {
        match signals.next().await {
            Heard::End => end(),
            Heard::Suspend if !running.load(Ordering::SeqCst) && somebody_watches() => signals.stand_still().await,
            Heard::Suspend => {}
        }
    }
}
