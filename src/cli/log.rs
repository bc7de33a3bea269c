//! The log: what happens inside, and what takes how long.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::GlobalArgs;
use super::{colour, output};
use crate::tool_output::Colour;

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
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour == Colour::Keep)
        .with_span_events(FmtSpan::CLOSE)
        .with_timer(tracing_subscriber::fmt::time::uptime());
    tracing_subscriber::registry().with(filter).with(layer).init();
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
