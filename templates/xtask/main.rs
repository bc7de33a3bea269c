//! `cargo xtask hooks [CHECK]…`: the checks of this workspace. Needs, in `.cargo/config.toml`:
//!
//!     [alias]
//!     xtask = "run --quiet --package xtask --"

use std::error::Error;
use std::process::ExitCode;

use cargo_hooks::report::{HumanReporter, Reporter};
use cargo_hooks::{LoadOptions, Request, load};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("hooks") => hooks(arguments.collect()),
        _ => {
            eprintln!("usage: cargo xtask hooks [CHECK]…");
            Ok(ExitCode::from(2))
        }
    }
}

fn hooks(checks: Vec<String>) -> Result<ExitCode, Box<dyn Error>> {
    let project = load(&LoadOptions::from_process()?)?;
    let request = Request { checks: checks.into_iter().map(Into::into).collect(), ..Request::default() };
    let plan = project.plan(&request)?;
    let mut reporter = HumanReporter::plain();
    let mut written = Ok(());
    let stats = project.run(&plan, |event| {
        if written.is_ok() {
            written = reporter.on_event(event, &mut std::io::stdout());
        }
    })?;
    written?;
    Ok(if stats.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
