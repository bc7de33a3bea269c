//! Runs a tool over files, one by one or some at a time, and says what it would change.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::source::{LONGEST, Source};
use super::{Call, FAILED, FORMATTED, UNFORMATTED};
use crate::model::Exit;
use crate::patch::unified;
use crate::run::worker::DRAIN;
use crate::tool_output::cannot_format;

/// How many files may have been run for each one that runs, and wait for their turn to be told.
const AHEAD: usize = 8;

/// Does what it is told to. Comes back with the exit code.
pub(in crate::run) fn serve(call: Call) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let told = runtime.and_then(|runtime| runtime.block_on(filter(Arc::new(call))));
    told.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error}");
        FAILED
    })
}

/// What is to be told of a file.
enum Told {
    /// It is as it should be.
    Formatted,
    /// It is not, and this is what should be changed.
    Differs(Vec<u8>),
    /// Nobody knows, and this is why.
    Unknown(String),
}

async fn filter(call: Arc<Call>) -> io::Result<i32> {
    let mut files = call.over.files.iter().cloned().enumerate();
    let most = usize::try_from(call.over.at_a_time).unwrap_or(usize::MAX).max(1);
    let mut running = JoinSet::new();
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    let mut code = FORMATTED;
    loop {
        while running.len() < most
            && waiting.len() < most.saturating_mul(AHEAD)
            && let Some((place, file)) = files.next()
        {
            let call = Arc::clone(&call);
            running.spawn(async move { run(&call, &file).await.map(|told| (place, file, told)) });
        }
        let Some(ended) = running.join_next().await else {
            return Ok(code);
        };
        let (place, file, told) = ended.map_err(io::Error::other)??;
        waiting.insert(place, (file, told));
        // In the order of the files, whichever is done first.
        while let Some((file, told)) = waiting.remove(&turn) {
            code = code.max(tell(&file, &told)?);
            turn += 1;
        }
    }
}

fn tell(file: &OsStr, told: &Told) -> io::Result<i32> {
    match told {
        Told::Formatted => Ok(FORMATTED),
        Told::Differs(diff) => io::stdout().write_all(diff).map(|()| UNFORMATTED),
        Told::Unknown(reason) => io::stderr()
            .write_all(cannot_format(file, reason).as_bytes())
            .map(|()| FAILED),
    }
}

/// Runs the tool for a file. The error is what no other file could do anything about.
async fn run(call: &Call, file: &OsString) -> io::Result<Told> {
    let Source { file: input, content } = match Source::open(&call.over.root, file) {
        Ok(Some(source)) => source,
        Ok(None) => return Ok(Told::Formatted),
        Err(reason) => return Ok(Told::Unknown(reason)),
    };
    let tool = Path::new(&call.program).file_name().unwrap_or(&call.program).display();
    let child = start(call, file, input.into())
        .map_err(|error| io::Error::new(error.kind(), format!("`{tool}` cannot be started: {error}")))?;
    Ok(match output(child).await {
        Ok((status, output)) if status.success() => compared(file, &content, &output),
        Ok((status, _)) => Told::Unknown(format!("`{tool}` failed: {}", exit(status))),
        Err(reason) => Told::Unknown(format!("`{tool}` {reason}")),
    })
}

fn start(call: &Call, file: &OsStr, input: Stdio) -> io::Result<Child> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the tools of filters are started; the environment of this process is theirs"
    )]
    let mut tool = tokio::process::Command::new(&call.program);
    tool.args(call.arguments_for(file))
        .current_dir(".")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
}

/// How the tool has ended, and all that it has written; or why that is not known.
async fn output(mut child: Child) -> Result<(ExitStatus, Vec<u8>), String> {
    let failed = |error: io::Error| format!("cannot be heard: {error}");
    let stdout = child.stdout.take();
    let mut reading = pin!(whole(stdout));
    let (status, output) = tokio::select! {
        output = &mut reading => {
            let output = fitting(output.map_err(failed)?)?;
            (child.wait().await, output)
        }
        status = child.wait() => {
            let still_open = |_| "has ended, and something that it has started still has its output".to_owned();
            let output = timeout(DRAIN, reading).await.map_err(still_open)?;
            (status, fitting(output.map_err(failed)?)?)
        }
    };
    Ok((status.map_err(failed)?, output))
}

async fn whole(stdout: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    if let Some(stdout) = stdout {
        stdout.take(LONGEST + 1).read_to_end(&mut output).await?;
    }
    Ok(output)
}

fn fitting(output: Vec<u8>) -> Result<Vec<u8>, String> {
    if output.len() as u64 > LONGEST {
        return Err(format!("writes more than {} MiB", LONGEST >> 20));
    }
    Ok(output)
}

/// What it means that a tool which is content has written this.
fn compared(file: &OsStr, content: &[u8], output: &[u8]) -> Told {
    if content == output {
        return Told::Formatted;
    }
    // Nobody means that, and it would be lost.
    if output.trim_ascii().is_empty() && !content.trim_ascii().is_empty() {
        return Told::Unknown("nothing would be left of it".to_owned());
    }
    if content.contains(&0) || output.contains(&0) {
        return Told::Unknown("it is not as it should be, and is no text of which a diff can be made".to_owned());
    }
    Told::Differs(unified(file, content, output))
}

fn exit(status: ExitStatus) -> Exit {
    let signal = || status.signal().map(Exit::Signal);
    status.code().map(Exit::Code).or_else(signal).unwrap_or(Exit::Code(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_has_written_is_compared() {
        let check = |content: &str, output: &str, expected: Option<&str>| {
            let told = compared(OsStr::new("x"), content.as_bytes(), output.as_bytes());
            let told = match told {
                Told::Formatted => None,
                Told::Differs(diff) => Some(String::from_utf8(diff).unwrap()),
                Told::Unknown(reason) => Some(reason),
            };
            assert_eq!(told.as_deref(), expected, "{content:?} {output:?}");
        };
        check("", "", None);
        check("a\0", "a\0", None);
        check("a", "", Some("nothing would be left of it"));
        check("a", " \n", Some("nothing would be left of it"));
        check(" \n", "", Some("--- x\n+++ x\n@@ -1 +0,0 @@\n- \n"));
        check("", "a\n", Some("--- x\n+++ x\n@@ -0,0 +1 @@\n+a\n"));
        let no_text = "it is not as it should be, and is no text of which a diff can be made";
        check("a\0\n", "b\n", Some(no_text));
        check("a\n", "b\0\n", Some(no_text));
        let colour = "--- x\n+++ x\n@@ -1 +1 @@\n-a\n+\u{1b}[31ma\n";
        check("a\n", "\u{1b}[31ma\n", Some(colour));
    }
}
