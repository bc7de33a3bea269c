//! Which program is the guard, and how a program becomes one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::{Arc, Mutex};

#[cfg(target_os = "linux")]
use super::link::Launched;
use crate::environment::Environment;
use crate::run::filter::{self, Call};

/// Who sees to it that nothing of a run outlives it.
///
/// Without a guard a task is ended with its process group: what has left that group is not found, and when the program that
/// runs the tasks is killed by `SIGKILL`, nobody ends them. With one, nothing survives either. It exists on Linux alone;
/// elsewhere [`Guard::of_this_program`] only lets checks run that are filters (`filter = true`): those are run by the program
/// itself, started once more.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    program: Option<PathBuf>,
    /// One that was called before there was a task, and the environment that it was started in.
    #[cfg(target_os = "linux")]
    called: Arc<Mutex<Option<(Environment, Launched)>>>,
}

impl Guard {
    /// Process groups, and nothing more. Checks that are filters fail.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The guard is this same program, started once more.
    ///
    /// Call it first of all in `main`. Where the program has been started to be the guard, or to run a filter, it does that
    /// work and never returns: what `main` does next would else be done twice.
    ///
    /// ```no_run
    /// let mut options = cargo_hooks::LoadOptions::from_process()?;
    /// options.guard = cargo_hooks::run::Guard::of_this_program();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn of_this_program() -> Self {
        if let Some(call) = Call::read(arguments()) {
            leave(filter::serve(call));
        }
        #[cfg(target_os = "linux")]
        {
            if let Some(tag) = asked() {
                leave(super::serve::serve(tag));
            }
            // The program as it runs, even where another version has been installed meanwhile.
            Self::of("/proc/self/exe")
        }
        #[cfg(not(target_os = "linux"))]
        Self {
            program: std::env::current_exe().ok(),
        }
    }

    /// Another program, which may be none that can be a guard.
    #[cfg(any(test, target_os = "linux"))]
    pub(in crate::run) fn of(program: &str) -> Self {
        Self {
            program: Some(program.into()),
            ..Self::default()
        }
    }

    /// Starts the guard for the next run in this environment, so that it is there when the first task is. Where there is no
    /// such run it ends with the last copy of this value.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(unused_variables, clippy::unused_self, reason = "there is nobody to call")
    )]
    pub(crate) fn call(&self, environment: &Environment) {
        #[cfg(target_os = "linux")]
        if let (Some(program), Ok(mut called)) = (&self.program, self.called.lock()) {
            // Where it cannot be started, that is tried again and told with the first task.
            let launched = Launched::start(program, environment).ok();
            *called = launched.map(|launched| (environment.clone(), launched));
        }
    }

    /// One that was called for this environment. It serves one run.
    #[cfg(target_os = "linux")]
    pub(super) fn called(&self, environment: &Environment) -> Option<Launched> {
        let (its_environment, launched) = self.called.lock().ok()?.take()?;
        (its_environment == *environment).then_some(launched)
    }

    /// The program to start, if there is to be a guard.
    pub(in crate::run) fn program(&self) -> Option<&Path> {
        self.this_program().filter(|_| cfg!(target_os = "linux"))
    }

    /// This same program, where it can be started once more to do other work than what it was started for.
    pub(in crate::run) fn this_program(&self) -> Option<&Path> {
        self.program.as_deref()
    }
}

/// The argument that makes a program the guard. The tag of the run follows it.
#[cfg(target_os = "linux")]
pub(super) const ARGUMENT: &str = "__guard";

/// The tag of the run, where this process is to be its guard.
#[cfg(target_os = "linux")]
fn asked() -> Option<super::tag::RunTag> {
    let mut arguments = arguments();
    let asked = arguments.next()? == ARGUMENT;
    let tag = arguments.next()?;
    let alone = arguments.next().is_none();
    super::tag::RunTag::from_text(tag.to_str()?).filter(|_| asked && alone)
}

/// What this program was started with.
#[expect(
    clippy::disallowed_methods,
    reason = "whether this process is the guard or runs a filter must be known before anything else is"
)]
fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip(1)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a guard has nothing more to do, nor has what runs a filter, and `main` must not go on"
)]
fn leave(code: i32) -> ! {
    std::process::exit(code)
}
