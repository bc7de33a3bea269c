//! The first question to git, asked before it is known what else there is to ask.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use super::gather::{Opened, open};
use super::git::Git;
use crate::environment::Environment;

/// The first question to git, which is on its way. Its answer is that of the moment at which it was asked, and is there for
/// one request.
#[derive(Clone, Debug)]
pub struct Ahead {
    git: PathBuf,
    root: PathBuf,
    environment: Environment,
    answer: Arc<Mutex<Once>>,
}

/// An answer that is there once.
#[derive(Debug)]
struct Once(Option<Answer>);

#[derive(Debug)]
enum Answer {
    Asked(JoinHandle<Opened>),
    Known(Box<Opened>),
}

impl Ahead {
    /// Asks about the repository that the root of a workspace lies in, and waits for nothing.
    #[must_use]
    pub fn ask(git: PathBuf, root: PathBuf, environment: Environment) -> Self {
        let asked = (Git::new(git.clone(), environment.clone()), root.clone());
        // Where there is no room for a thread, the question is asked when its answer is needed.
        let asking = Builder::new().spawn(move || open(&asked.0, &asked.1));
        Self::of(git, root, environment, asking.ok().map(Answer::Asked))
    }

    /// What somebody has asked already.
    pub(super) fn known(git: PathBuf, root: PathBuf, environment: Environment, answer: Opened) -> Self {
        Self::of(git, root, environment, Some(Answer::Known(Box::new(answer))))
    }

    fn of(git: PathBuf, root: PathBuf, environment: Environment, answer: Option<Answer>) -> Self {
        Self {
            git,
            root,
            environment,
            answer: Arc::new(Mutex::new(Once(answer))),
        }
    }

    /// The answer, where the question is the same and nobody has taken it before.
    pub(super) fn take(&self, git: &Git, root: &Path) -> Option<Opened> {
        let is_same = self.git == git.program && self.environment == git.environment && self.root == root;
        let answer = self.answer.lock().ok().filter(|_| is_same)?.0.take()?;
        Some(answer.given())
    }
}

impl Answer {
    fn given(self) -> Opened {
        match self {
            Self::Asked(asking) => asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Self::Known(answer) => *answer,
        }
    }
}

impl Drop for Once {
    /// Git ends before whoever asked it does.
    fn drop(&mut self) {
        if let Some(Answer::Asked(asking)) = self.0.take() {
            let _ = asking.join();
        }
    }
}
