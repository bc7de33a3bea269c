//! The `cargo-hooks` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_hooks::cli::main()
}
