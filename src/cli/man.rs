//! `cargo hooks man`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use super::args::Cli;
use super::{CliError, Ended, output};

pub(super) fn man(out_dir: Option<&Path>) -> Ended {
    if let Some(dir) = out_dir {
        write_all(dir).map_err(|error| CliError::environment(format!("{}: {error}", dir.display())))?;
    } else {
        let mut command = Cli::command().name("cargo-hooks");
        command.build();
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut page)?;
        // The options of what runs when no subcommand is named.
        if let Some(check) = command.find_subcommand("check") {
            clap_mangen::Man::new(check.clone().name("cargo-hooks-check")).render(&mut page)?;
        }
        output::stdout(&String::from_utf8_lossy(&page))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_all(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Cli::command().name("cargo-hooks"), dir)
}
