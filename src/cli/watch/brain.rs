//! Hears everything that happens while somebody watches, looks when the time has come, and gives orders to whoever runs the
//! checks. What the orders are is decided in `machine`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

use super::eyes::{Eyes, Stir};
use super::machine::{End, Machine, Scope, Seen, Step};
use super::noise::is_noise;
use crate::cli::CliError;
use crate::cli::error::exit;
use crate::project::{Difference, Lookout, Sight};
use crate::run::Recall;

/// So often it is looked again at once, since there are directories that nobody has watched before.
const MOST_LOOKS: usize = 8;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Note {
    /// The system says that something stirs.
    Stir(Stir),
    /// Somebody asks the program to end.
    Signal,
    /// A plan has been made, and this is what it rests upon.
    Planned(Box<Lookout>),
    /// The run has ended.
    Ended(End),
}

/// What to do.
pub(super) enum Order {
    /// Run the checks.
    Run(Job),
    /// Say that nothing happens until something changes, and which files are not heeded since they change with every run.
    Rest(Vec<Difference>),
    /// End.
    End(Result<ExitCode, CliError>),
}

/// A run that is to be made.
pub(super) struct Job {
    /// What it is about.
    pub(super) scope: Scope,
    /// Why it is made; nothing where somebody has asked for it.
    pub(super) causes: Vec<Difference>,
    /// What calls it back.
    pub(super) recall: Recall,
}

/// What both sides know of the run that goes on.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Whether it hears signals by itself.
    pub(super) hears: Arc<AtomicBool>,
    /// Whether a task is writing that is there to write.
    pub(super) writing: AtomicBool,
    /// Whether one has come to its end since somebody looked.
    pub(super) wrote: AtomicBool,
}

/// What there is to remember.
pub(super) struct Brain {
    pub(super) lookout: Lookout,
    pub(super) eyes: Eyes,
    pub(super) orders: Sender<Order>,
    pub(super) shared: Arc<Shared>,
}

/// How it went on from there.
struct Thinking {
    brain: Brain,
    machine: Machine,
    began: Instant,
    /// What was there when the last run began.
    base: Arc<Sight>,
    /// What was there when somebody looked last.
    last: Arc<Sight>,
    /// What was different from the base already when another place was chosen to look from.
    carried: Vec<Difference>,
    recall: Recall,
    /// Whether somebody has asked the program to end.
    signalled: bool,
}

/// There is nobody left to give orders to, or nothing more to order.
struct Over;

impl Brain {
    /// Thinks until the end.
    pub(super) fn think(mut self, notes: &Receiver<Note>) {
        let orders = self.orders.clone();
        let began = self.see().map(Arc::new);
        let ended = began.and_then(|sight| {
            let mut thinking = Thinking {
                machine: Machine::new(),
                began: Instant::now(),
                base: Arc::clone(&sight),
                last: sight,
                carried: Vec::new(),
                recall: Recall::new(),
                signalled: false,
                brain: self,
            };
            let first = thinking.machine.begin();
            match thinking.act(first) {
                Ok(()) => thinking.go_on(notes),
                Err(Over) => Ok(()),
            }
        });
        if let Err(error) = ended {
            // Where nobody hears it, the program is over already.
            let _ = orders.send(Order::End(Err(error)));
        }
    }

    /// Looks, with the eyes on everything that there is to see.
    fn see(&mut self) -> Result<Sight, CliError> {
        let root = self.lookout.root();
        if !root.is_dir() {
            let text = format!(
                "the workspace is gone: there is no directory `{}` any more",
                root.display()
            );
            return Err(CliError::environment(text));
        }
        let mut sight = self.lookout.look();
        for _ in 0..MOST_LOOKS {
            if !self.eyes.turn_to(sight.dirs())? {
                break;
            }
            // What was written in a directory before it was watched, nobody has told.
            sight = self.lookout.look();
        }
        tracing::debug!(directories = self.eyes.count(), "looked");
        Ok(sight)
    }
}

impl Thinking {
    fn go_on(&mut self, notes: &Receiver<Note>) -> Result<(), CliError> {
        loop {
            let heard = match self.machine.look_at() {
                Some(at) => notes.recv_timeout(at.saturating_sub(self.began.elapsed())),
                None => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let went_on = match heard {
                Ok(note) => self.hear(note)?,
                Err(RecvTimeoutError::Timeout) => self.look()?,
                Err(RecvTimeoutError::Disconnected) => Err(Over),
            };
            if let Err(Over) = went_on {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, note: Note) -> Result<Result<(), Over>, CliError> {
        match note {
            Note::Stir(stir) => self.stirred(stir)?,
            Note::Signal => return Ok(self.signalled()),
            Note::Planned(lookout) => return self.look_from(*lookout),
            Note::Ended(_) if self.signalled => return Ok(self.end(ExitCode::from(exit::INTERRUPTED))),
            Note::Ended(how) => self.machine.ended(how),
        }
        Ok(Ok(()))
    }

    fn stirred(&mut self, stir: Stir) -> Result<(), CliError> {
        let counts = match stir {
            Stir::At(path) => self.counts(&path),
            Stir::Moved(path) => {
                let was_watched = self.brain.eyes.forget(&path);
                was_watched || self.counts(&path)
            }
            Stir::Lost => {
                self.brain.eyes.forget_all();
                true
            }
            Stir::Failed(why) => {
                let text = format!("the system does not say any more what changes in the workspace: {why}");
                return Err(CliError::environment(text));
            }
        };
        if counts {
            self.machine.stirred(self.began.elapsed());
        }
        Ok(())
    }

    fn counts(&self, path: &std::path::Path) -> bool {
        !is_noise(path) && self.brain.lookout.may_count(path)
    }

    /// A run hears signals by itself, and ends. What comes before that need not go on.
    fn signalled(&mut self) -> Result<(), Over> {
        if self.machine.is_at_rest() {
            return self.end(ExitCode::from(exit::INTERRUPTED));
        }
        if !self.brain.shared.hears.load(Ordering::SeqCst) {
            if self.signalled {
                leave();
            }
            self.recall.call();
        }
        self.signalled = true;
        Ok(())
    }

    fn end(&self, code: ExitCode) -> Result<(), Over> {
        self.order(Order::End(Ok(code)))?;
        Err(Over)
    }

    fn order(&self, order: Order) -> Result<(), Over> {
        self.brain.orders.send(order).map_err(|_| Over)
    }

    fn look(&mut self) -> Result<Result<(), Over>, CliError> {
        let shared = &self.brain.shared;
        // Before anything is looked at: what one writes that ends now is its own.
        let writing = shared.writing.load(Ordering::SeqCst);
        let writers = shared.wrote.swap(false, Ordering::SeqCst) || writing;
        let sight = Arc::new(self.brain.see()?);
        let mut since_run = heeded(sight.since(&self.base));
        since_run.extend(self.carried.iter().cloned());
        since_run.sort_unstable();
        since_run.dedup();
        let seen = Seen {
            since_look: heeded(sight.since(&self.last)),
            since_run,
            writers,
        };
        self.last = sight;
        let step = self.machine.looked(seen);
        if let Step::Run(..) | Step::Rest(_) = step {
            self.base = Arc::clone(&self.last);
            self.carried.clear();
        }
        Ok(self.act(step))
    }

    /// Looks from another place from now on. What is different already, seen from the old one, stays so.
    fn look_from(&mut self, lookout: Lookout) -> Result<Result<(), Over>, CliError> {
        let lookout = lookout.with_all_of(&self.brain.lookout);
        if lookout.is_same(&self.brain.lookout) {
            return Ok(Ok(()));
        }
        let went_on = self.look()?;
        self.carried.extend(heeded(self.last.since(&self.base)));
        self.brain.lookout = lookout;
        self.base = Arc::new(self.brain.see()?);
        self.last = Arc::clone(&self.base);
        Ok(went_on)
    }

    fn act(&mut self, step: Step) -> Result<(), Over> {
        match step {
            Step::None => Ok(()),
            Step::Recall => {
                self.recall.call();
                Ok(())
            }
            Step::Run(scope, causes) => {
                self.recall = Recall::new();
                let recall = self.recall.clone();
                self.order(Order::Run(Job { scope, causes, recall }))
            }
            Step::Rest(restless) => self.order(Order::Rest(restless)),
        }
    }
}

/// What is different, without what editors put beside their files.
fn heeded(differences: Vec<Difference>) -> Vec<Difference> {
    let is_heeded = |difference: &Difference| match difference {
        Difference::File(path, _) | Difference::Elsewhere(path) => !is_noise(path),
        Difference::Git => true,
    };
    differences.into_iter().filter(is_heeded).collect()
}

/// Nothing runs, and whoever plans does not come to an end: a second signal ends the program, as it would without us.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing runs, and the thread that would return an exit code is held up"
)]
fn leave() -> ! {
    std::process::exit(exit::INTERRUPTED.into())
}
