//! Runs the hook that was there before ours, as git would have run it.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use rustix::io::Errno;

use super::existing::is_run;

/// Runs it with what git has handed over, and says its exit code; nothing where there is none that git would run.
///
/// It gets the environment of this process, as git has made it: it may commit, push or stage, which a check must not.
pub(crate) fn run_first(hook: &Path, args: &[OsString], input: Option<&[u8]>) -> io::Result<Option<u8>> {
    if !is_run(hook) {
        return Ok(None);
    }
    // Git names hooks with a slash, so that nobody looks for them on the PATH.
    let hook = &if hook.components().count() == 1 {
        Path::new(".").join(hook)
    } else {
        hook.to_owned()
    };
    match run(hook.as_os_str().into(), args, input) {
        // Git takes a hook without `#!` for a script of the shell.
        Err(error) if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            let words = [hook.clone().into_os_string()].into_iter().chain(args.iter().cloned());
            run("sh".into(), &words.collect::<Vec<_>>(), input).map(Some)
        }
        ended => ended.map(Some),
    }
}

fn run(program: OsString, args: &[OsString], input: Option<&[u8]>) -> io::Result<u8> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a hook of somebody else gets the directory, the environment and the streams that git gave to us"
    )]
    let mut command = Command::new(program);
    command.args(args);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn()?;
    let status = thread::scope(|scope| {
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            // A hook need not read what it is given.
            scope.spawn(move || {
                let _ = pipe.write_all(input);
            });
        }
        child.wait()
    })?;
    Ok(code(status))
}

/// The exit code, as a shell would tell it.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
