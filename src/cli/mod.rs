//! The command line: what was typed, what it means, and which exit code comes of it.
//!
//! The only room that knows clap and the terminal. It decides nothing about a run: it makes a `Request`, hands it on,
//! and lends the reporters a place to write.

mod affected;
mod args;
mod cache;
mod check;
mod colour;
mod comparison;
mod completions;
mod diagnostics;
mod doctor;
mod error;
mod git;
mod git_hook;
mod github;
mod graph;
mod history;
mod init;
mod install;
mod judge;
mod list;
mod log;
mod man;
mod metrics;
mod output;
mod plan;
mod reference;
mod repair;
mod report_file;
mod reporters;
mod request;
mod schema;
mod show;
mod stats;
mod terminal;
mod timings;
mod uninstall;
mod verify;
mod watch;
mod why;
mod why_check;

use std::process::ExitCode;

use clap::Parser;

pub use reference::{cli_reference, configuration_reference};
pub use schema::{output_schema_text, schema_text};

use args::{Cli, Command, GlobalArgs};
use error::CliError;

use crate::run::Guard;

/// Runs the program and says how it ends.
pub fn main() -> ExitCode {
    let guard = Guard::of_this_program();
    let cli = Cli::parse_from(args::with_subcommand(arguments()));
    log::start(&cli.global);
    let global = GlobalArgs { guard, ..cli.global };
    let ended = match cli.command {
        Command::Check(args) => check::check(&args, &global),
        Command::Watch(args) => watch::watch(&args, &global),
        Command::List(args) => list::list(&args, &global),
        Command::Plan(args) => plan::plan(&args, &global),
        Command::Graph(args) => graph::graph(&args, &global),
        Command::Affected(args) => affected::affected(&args, &global),
        Command::Why(args) => why::why(&args, &global),
        Command::Cache { command } => cache::cache(&command, &global),
        Command::History(args) => history::history(&args, &global),
        Command::Show(args) => show::show(&args, &global),
        Command::Stats(args) => stats::stats(&args, &global),
        Command::Metrics(args) => metrics::metrics(&args, &global),
        Command::Init(args) => init::init(&args, &global),
        Command::Install(args) => install::install(&args, &global),
        Command::Uninstall(args) => uninstall::uninstall(&args, &global),
        Command::GitHook(args) => git_hook::git_hook(&args, &global),
        Command::Doctor => doctor::doctor(&global),
        Command::Schema(args) => schema::schema(&args),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { out_dir } => man::man(out_dir.as_deref()),
    };
    ended.unwrap_or_else(|error| error.report(&global))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program's own arguments are read here and nowhere else"
)]
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::args_os()
}

/// What a subcommand comes to.
type Ended = Result<ExitCode, CliError>;
