//! `cargo xtask`: what those who work on cargo-hooks need beside cargo.

use std::error::Error;
use std::process::{Command, ExitCode};

use cargo_hooks::report::{HumanReporter, Reporter};
use cargo_hooks::{LoadOptions, Request, load};

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  hooks [CHECK]…   run this repository's checks through the library, as any other xtask would
  codegen          write the files that are generated from the code: the schema and the reference pages
";

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a program for developers, with no caller"
)]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("hooks") => hooks(arguments.collect()),
        Some("codegen") => codegen(),
        _ => {
            eprint!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

fn hooks(checks: Vec<String>) -> Result<ExitCode, Box<dyn Error>> {
    let project = load(&LoadOptions::from_process()?)?;
    let checks = checks.into_iter().map(Into::into).collect();
    let plan = project.plan(&Request {
        checks,
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
    Ok(if stats.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
