//! `cargo xtask hooks [CHECK]…`: the checks of this workspace. Needs, in `.cargo/config.toml`:
//!
//!     [alias]
//!     xtask = "run --quiet --package xtask --"

use std::error::Error;
use std::process::ExitCode;

use cargo_hooks::report::{HumanReporter, Reporter};
use cargo_hooks::{LoadOptions, Request, load};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let ended = match arguments.next().as_deref() {
        Some("hooks") => hooks(arguments.collect()),
        _ => Err("usage: cargo xtask hooks [CHECK]…".into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn hooks(checks: Vec<String>) -> Result<ExitCode, Box<dyn Error>> {
    let project = load(&LoadOptions::from_process()?)?;
    let mut request = Request::default();
    request.checks = checks.into_iter().map(Into::into).collect();
    let plan = project.plan(&request)?;

    let mut reporter = HumanReporter::plain();
    let mut written = Ok(());
    let stats = project.run(&plan, |event| {
        if written.is_ok() {
            written = reporter.on_event(event, &mut std::io::stdout());
        }
    })?;
    written?;
    let passed = stats.is_success();
    Ok(ExitCode::from(if passed { 0 } else { 1 }))
}
