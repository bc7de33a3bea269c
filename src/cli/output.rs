//! Where the program writes. A reader that has gone away is no error: what it did not want is not written.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::tool_output::{Colour, Secrets, sanitize};

/// Standard output, until its reader goes away; nothing from then on.
#[derive(Debug, Default)]
pub(super) struct Stdout {
    gone: bool,
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gone {
            Ok(())
        } else {
            self.unless_gone(|stdout| stdout.write_all(bytes))
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            Ok(())
        } else {
            self.unless_gone(Write::flush)
        }
    }
}

impl Stdout {
    fn unless_gone(&mut self, write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) -> io::Result<()> {
        match write(&mut io::stdout().lock()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(())
            }
            result => result,
        }
    }
}

/// Writes a text to standard output, whole lines of it.
pub(super) fn stdout(text: &str) -> io::Result<()> {
    let mut stdout = Stdout::default();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Writes lines to standard error, harmless ones: names in them may come from a manifest or a lock file that somebody
/// else wrote. There is nowhere left to say that this failed.
pub(super) fn stderr(text: &str) {
    let clean = sanitize(text.trim_end_matches('\n').as_bytes(), Colour::Keep);
    let _ = writeln!(io::stderr(), "{clean}");
}

/// What nobody is told of the environment of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "an error may come before there is anything that the environment was passed to"
)]
pub(super) fn secrets() -> Secrets {
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let variables = variables.iter();
    Secrets::of(variables.map(|(name, value)| (name.as_os_str(), value.as_os_str())))
}

/// `error: text`, with the word in its colour.
pub(super) fn labelled(label: &str, text: &str, colour: Colour) -> String {
    let style = match (colour, label) {
        (Colour::Strip, _) => Style::new(),
        (Colour::Keep, "error") => AnsiColor::Red.on_default().bold(),
        (Colour::Keep, "warning") => AnsiColor::Yellow.on_default().bold(),
        (Colour::Keep, _) => AnsiColor::Cyan.on_default().bold(),
    };
    format!("{style}{label}{style:#}: {text}")
}

/// A word that says how something is, right-aligned.
pub(super) fn status(word: &str, of_colour: AnsiColor, colour: Colour) -> String {
    let style = match colour {
        Colour::Strip => Style::new(),
        Colour::Keep => of_colour.on_default().bold(),
    };
    format!("{style}{word:>8}{style:#}")
}
