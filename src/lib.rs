//! Runs the checks of a Rust workspace (formatting, clippy, tests, documentation, anything with a command) on the
//! crates that matter, in parallel and in the right order.
//!
//! This is the library behind `cargo hooks`, for xtasks and other programs. Three steps lead to a result: [`load`] finds
//! the workspace and reads its configuration, [`Project::plan`] says what a [`Request`] comes to, and [`Project::run`]
//! runs that plan and tells a reporter of everything that happens.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use cargo_hooks::report::{HumanReporter, Reporter};
//! use cargo_hooks::{LoadOptions, Request, load};
//!
//! fn checks() -> Result<ExitCode, Box<dyn std::error::Error>> {
//!     let project = load(&LoadOptions::from_process()?)?;
//!     let request = Request { checks: vec!["clippy".into()], ..Request::default() };
//!     let plan = project.plan(&request)?;
//!
//!     let mut reporter = HumanReporter::plain();
//!     let mut written = Ok(());
//!     let stats = project.run(&plan, |event| {
//!         if written.is_ok() {
//!             written = reporter.on_event(event, &mut std::io::stdout());
//!         }
//!     })?;
//!     written?;
//!     Ok(ExitCode::from(if stats.is_success() { 0 } else { 1 }))
//! }
//! ```
//!
//! `templates/xtask` in the repository is a whole xtask.
//!
//! Without the default feature `cli`, the crates that only the command line needs are not built:
//!
//! ```toml
//! cargo-hooks = { version = "0.1", default-features = false }
//! ```
//!
//! docs/architecture.md in the repository describes how the modules fit together.

#[cfg(not(unix))]
compile_error!("cargo-hooks needs process groups and signals as Unix-like systems have them");

pub mod affected;
pub mod cache;
pub mod changes;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod digests;
pub mod environment;
pub mod event;
pub mod fingerprint;
pub mod git_hooks;
pub mod history;
pub mod insight;
pub mod journal;
pub mod model;
pub mod patch;
pub mod plan;
pub mod presets;
mod private_files;
pub mod project;
pub mod readers;
pub mod report;
pub mod results;
pub mod run;
pub mod schedule;
pub mod store;
pub mod timeline;
pub mod tool_output;
pub mod workspace;

pub use event::{Event, RunStats};
pub use model::TaskId;
pub use plan::{Plan, Request};
pub use project::{LoadError, LoadOptions, Project, load};
