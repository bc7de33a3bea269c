//! `cargo xtask hooks [--changed] [CHECK]…`: the checks of this workspace. Needs, in `.cargo/config.toml`:
//!
//!     [alias]
//!     xtask = "run --quiet --package xtask --"

use std::error::Error;
use std::process::ExitCode;

use cargo_hooks::changes::Comparison;
use cargo_hooks::report::{HumanReporter, Reporter};
use cargo_hooks::run::Guard;
use cargo_hooks::{LoadOptions, Request, load};

fn main() -> ExitCode {
    // First of all: this same program is what sees to it that no process outlives a run.
    let guard = Guard::of_this_program();
    let mut arguments = std::env::args().skip(1);
    let ended = match arguments.next().as_deref() {
        Some("hooks") => hooks(arguments.collect(), guard),
        _ => Err("usage: cargo xtask hooks [--changed] [CHECK]…".into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn hooks(mut checks: Vec<String>, guard: Guard) -> Result<ExitCode, Box<dyn Error>> {
    let mut options = LoadOptions::from_process()?;
    options.guard = guard;
    let project = load(&options)?;
    let mut request = Request::default();
    if checks.first().is_some_and(|first| first == "--changed") {
        checks.remove(0);
        request.changes = Some(Comparison::Branch { base: None });
    }
    request.checks = checks.into_iter().map(Into::into).collect();
    let plan = project.plan(&request)?;
    for note in plan.affected.iter().flat_map(|affected| &affected.notes) {
        eprintln!("note: {note}");
    }

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
