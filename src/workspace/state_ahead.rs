//! The manifests of the working tree, which are read before anybody needs them, while git is waited for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use super::state::{State, StateError};
use super::worktree::Worktree;

/// What the manifests say, or will say. It is there for one request, and is that of the moment at which it was begun.
#[derive(Clone, Debug)]
pub(crate) struct StateAhead {
    root: PathBuf,
    state: Arc<Mutex<Option<Begun>>>,
}

type Begun = JoinHandle<Result<State, StateError>>;

impl StateAhead {
    /// Begins with the root of a workspace, and waits for nothing.
    pub(crate) fn begin(root: PathBuf) -> Self {
        let dir = root.clone();
        // Where there is no room for a thread, they are read when they are needed.
        let begun = Builder::new()
            .spawn(move || State::read(&Worktree::default(), &dir))
            .ok();
        Self {
            root,
            state: Arc::new(Mutex::new(begun)),
        }
    }

    /// What they say, where it is about the same workspace and nobody has taken it before.
    pub(crate) fn take(&self, root: &Path) -> Option<Result<State, StateError>> {
        let begun = self.state.lock().ok().filter(|_| self.root == root)?.take()?;
        Some(begun.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}
