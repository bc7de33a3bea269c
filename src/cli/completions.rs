//! `cargo hooks completions`.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::{Ended, output};

pub(super) fn completions(shell: Shell) -> Ended {
    let mut text = Vec::new();
    // The name of the program, not that of the subcommand: a shell completes the word that it is given.
    let mut command = Cli::command().bin_name("cargo-hooks");
    clap_complete::generate(shell, &mut command, "cargo-hooks", &mut text);
    output::stdout(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}
