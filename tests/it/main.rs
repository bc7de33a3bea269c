//! The program as somebody meets it: what is typed, what is written, how it ends, and what is left behind.
//!
//! One binary for all of it, and a file for each subcommand or topic. Every test has a [`Sandbox`](sandbox::Sandbox) of
//! its own, depends on no other, and needs neither the network nor any tool beyond a Rust toolchain, git and `sh`.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start the program and look at what it did to the world"
)]

mod sandbox;

mod affected;
mod architecture;
mod cache;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod cache_clock;
mod cache_crowd;
mod cache_damage;
#[cfg(target_os = "linux")]
mod cache_disk;
mod cached_runs;
mod campaign;
mod cargo;
mod cargo_waits;
mod check;
mod completions;
mod config;
mod doctor;
mod environment;
mod files;
mod filters;
mod generated;
mod generates;
mod git_hooks;
mod git_hooks_install;
mod git_hooks_shim;
mod git_hooks_stages;
mod graph;
mod help;
mod history;
mod hooked;
#[cfg(target_os = "linux")]
mod hostile_output;
mod init;
#[cfg(target_os = "linux")]
mod injection;
mod invocation;
#[cfg(target_os = "linux")]
mod jobs;
mod library;
mod list;
mod man;
mod missing;
mod output;
mod output_files;
mod package;
mod plan;
mod presets;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod process_alone;
#[cfg(target_os = "linux")]
mod process_census;
#[cfg(target_os = "linux")]
mod process_leftovers;
#[cfg(target_os = "linux")]
mod process_marks;
#[cfg(target_os = "linux")]
mod process_murder;
#[cfg(target_os = "linux")]
mod process_stops;
#[cfg(target_os = "linux")]
mod process_terminal;
mod records;
mod repairs;
mod repairs_by_diff;
mod reports;
mod rules_page;
mod schedule;
mod schema;
mod secrets;
mod select;
#[cfg(target_os = "linux")]
mod signals;
mod simulation;
mod timings;
#[cfg(target_os = "linux")]
mod together;
#[cfg(target_os = "linux")]
mod watch;
mod workspace;
