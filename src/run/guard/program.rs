//! Which program is the guard, and how a program becomes one.

use std::path::{Path, PathBuf};

/// Who sees to it that nothing of a run outlives it.
///
/// Without a guard a task is ended with its process group: what has left that group is not found, and when the program that
/// runs the tasks is killed by `SIGKILL`, nobody ends them. With one, nothing survives either. It exists on Linux alone;
/// elsewhere [`Guard::of_this_program`] is [`Guard::none`].
#[derive(Clone, Debug, Default)]
pub struct Guard(Option<PathBuf>);

impl Guard {
    /// Process groups, and nothing more.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The guard is this same program, started once more.
    ///
    /// Call it first of all in `main`. Where the program has been started to be the guard, it does that work and never
    /// returns: what `main` does next would else be done twice.
    ///
    /// ```no_run
    /// let mut options = cargo_hooks::LoadOptions::from_process()?;
    /// options.guard = cargo_hooks::run::Guard::of_this_program();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn of_this_program() -> Self {
        #[cfg(target_os = "linux")]
        {
            if let Some(tag) = asked() {
                leave(super::serve::serve(tag));
            }
            // The program as it runs, even where another version has been installed meanwhile.
            Self(Some("/proc/self/exe".into()))
        }
        #[cfg(not(target_os = "linux"))]
        Self::none()
    }

    /// Another program, which may be none that can be a guard.
    #[cfg(test)]
    pub(in crate::run) fn of(program: &str) -> Self {
        Self(Some(program.into()))
    }

    /// The program to start, if there is to be a guard.
    pub(in crate::run) fn program(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

/// The argument that makes a program the guard. The tag of the run follows it.
#[cfg(target_os = "linux")]
pub(super) const ARGUMENT: &str = "__guard";

/// The tag of the run, where this process is to be its guard.
#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "whether this process is the guard must be known before anything else is"
)]
fn asked() -> Option<super::tag::RunTag> {
    let mut arguments = std::env::args_os().skip(1);
    let asked = arguments.next()? == ARGUMENT;
    let tag = arguments.next()?;
    let alone = arguments.next().is_none();
    super::tag::RunTag::from_text(tag.to_str()?).filter(|_| asked && alone)
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "a guard has nothing more to do, and `main` must not go on"
)]
fn leave(code: i32) -> ! {
    std::process::exit(code)
}
