//! The log: what happens inside, and what takes how long. It tells no secret of the environment.

use std::io::{self, Write};
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::GlobalArgs;
use super::{colour, output};
use crate::tool_output::{Colour, Secrets};

/// Starts the log on standard error: warnings always, more with `-vv` or as `CARGO_HOOKS_LOG` says.
pub(super) fn start(global: &GlobalArgs) {
    let colour = colour::for_stderr(global.color);
    let filter = match variable() {
        Some(directives) => Targets::from_str(&directives).unwrap_or_else(|error| {
            output::stderr(&output::labelled(
                "warning",
                &format!("CARGO_HOOKS_LOG is not understood: {error}"),
                colour,
            ));
            of_verbosity(global.verbose)
        }),
        None => of_verbosity(global.verbose),
    };
    let secrets = output::secrets();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || Discreet(secrets.clone()))
        .with_ansi(colour == Colour::Keep)
        .with_span_events(FmtSpan::CLOSE)
        .with_timer(tracing_subscriber::fmt::time::uptime());
    tracing_subscriber::registry().with(filter).with(layer).init();
}

/// Standard error, without what must not be told. An entry of the log comes whole.
struct Discreet(Secrets);

impl Write for Discreet {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(&self.0.hidden(entry))?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variable of the log is read here and nowhere else"
)]
fn variable() -> Option<String> {
    std::env::var("CARGO_HOOKS_LOG")
        .ok()
        .filter(|directives| !directives.is_empty())
}

fn of_verbosity(verbose: u8) -> Targets {
    let level = match verbose {
        0 | 1 => LevelFilter::WARN,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    Targets::new()
        .with_target("cargo_hooks", level)
        .with_default(LevelFilter::WARN)
}
