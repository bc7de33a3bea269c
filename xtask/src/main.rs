//! `cargo xtask`: what those who work on cargo-hooks need beside cargo.

mod learn;
mod page;
mod sample;
mod verify;

use std::error::Error;
use std::process::{Command, ExitCode};

use cargo_hooks::report::{HumanReporter, Reporter};
use cargo_hooks::run::Guard;
use cargo_hooks::{LoadOptions, Request, load};

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  hooks [CHECK]…   run this repository's checks through the library, as any other xtask would
  codegen          write the files that are generated from the code: the schema and the reference pages
  sample DIR CHECKS [CRATES FILES]
                   write a repository of so many crates (50) with so many files each (100) and so many checks that cost
                   nothing, to measure in; for other runners of hooks as well
  page MODULES [DIR]
                   draw runs of 10, 300 and 5,000 tasks into DIR (target/page), and have Chromium open the pages, use them
                   and take pictures; MODULES is a directory in which `npm install playwright-core axe-core` has run
  learn [RUNS]     run checks so often (20), and say how far off the estimates were, and how soon a failure was seen
  verify members [DIR]…
                   compare how the manifests of a workspace are read with what cargo says of them
  verify closure [DIR]…
                   compare what a change in each member affects with what `cargo tree --invert` says
  verify freshness [DIR] [--mutations N] [--seed S]
                   change a copy of a workspace in N ways, one at a time (40), and compare what is affected with
                   what `cargo check --workspace --all-targets` builds again
";

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]
fn main() -> ExitCode {
    let guard = Guard::of_this_program();
    let mut arguments = std::env::args().skip(1);
    let ended = match arguments.next().as_deref() {
        Some("hooks") => hooks(arguments.collect(), guard),
        Some("codegen") => codegen(),
        Some("learn") => learn::learn(&arguments.collect::<Vec<_>>(), &guard),
        Some("page") => page::page(&arguments.collect::<Vec<_>>()),
        Some("sample") => sample::sample(&arguments.collect::<Vec<_>>()),
        Some("verify") => verify::verify(&arguments.collect::<Vec<_>>()),
        _ => Err(USAGE.into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("{}", error.to_string().trim_end());
        ExitCode::from(2)
    })
}

fn hooks(checks: Vec<String>, guard: Guard) -> Result<ExitCode, Box<dyn Error>> {
    let mut options = LoadOptions::from_process()?;
    options.guard = guard;
    let project = load(&options)?;
    let plan = project.plan(&Request {
        checks: checks.into_iter().map(Into::into).collect(),
        ..Request::default()
    })?;
    let mut reporter = HumanReporter::plain();
    let mut written = Ok(());
    let stats = project.run(&plan, |event| {
        if written.is_ok() {
            written = reporter.on_event(event, &mut std::io::stdout());
        }
    })?;
    written?;
    Ok(exit_code(stats.is_success()))
}

fn exit_code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The tests know what each file must be; told so, they write it.
#[expect(clippy::disallowed_methods, reason = "cargo runs the tests")]
fn codegen() -> Result<ExitCode, Box<dyn Error>> {
    let status = Command::new("cargo")
        .args([
            "test",
            "--quiet",
            "--package",
            "cargo-hooks",
            "--test",
            "it",
            "generated::",
        ])
        .env("UPDATE_GENERATED_FILES", "1")
        .status()?;
    Ok(exit_code(status.success()))
}
