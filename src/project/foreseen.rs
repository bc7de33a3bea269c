//! The project of the working tree, loaded while git is asked whether that is where something can be judged.
//!
//! Only what costs nothing but a look at files is done ahead: no process is started, and where nobody needs what comes of it,
//! nothing has happened.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::{LoadError, LoadOptions, Project, load, load_remembered};
use crate::workspace::{State, Worktree};

/// A project that is being loaded. It is that of the moment at which this was begun.
#[derive(Debug)]
pub(crate) struct Foreseen(Mutex<Option<JoinHandle<Option<Project>>>>);

/// What the manifests of a project say. It is there for one request.
#[derive(Clone, Debug)]
pub(super) struct ReadState(Arc<Mutex<Option<State>>>);

impl Foreseen {
    /// Begins to load it, and waits for nothing.
    pub(crate) fn begin(options: &LoadOptions) -> Self {
        let options = options.clone();
        // Where there is no room for a thread, it is loaded when it is needed.
        Self(Mutex::new(Builder::new().spawn(move || foreseen(&options)).ok()))
    }

    /// The project, which these options are about as well.
    pub(crate) fn load(&self, options: &LoadOptions) -> Result<Project, LoadError> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let foreseen = begun.and_then(|begun| begun.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        foreseen.map_or_else(|| load(options), Ok)
    }
}

/// The project, where all that there is to say of it is remembered, with what its manifests say.
fn foreseen(options: &LoadOptions) -> Option<Project> {
    let project = load_remembered(options)?;
    let state = State::read(&Worktree::default(), &project.workspace.root).ok()?;
    Some(Project {
        state: Some(ReadState(Arc::new(Mutex::new(Some(state))))),
        ..project
    })
}

impl ReadState {
    /// It, where nobody has taken it before.
    pub(super) fn take(&self) -> Option<State> {
        self.0.lock().ok()?.take()
    }
}
