//! From a configuration, a workspace and a request to an acyclic graph of tasks: what would happen, and what happens.
//!
//! Pure. `plan`, `--dry-run` and `run` all use the same [`Plan`]; there is no second idea of what a run does.

mod advice;
mod basis;
mod build;
mod cargo;
mod command_line;
mod critical;
mod files;
mod graph;
mod identity;
mod jobs;
mod limit;
mod needs;
mod parts;
mod request;
mod requirements;
mod reuse;
mod select;
mod task;
#[cfg(test)]
mod tests;
mod units;

pub use advice::checks_to_batch;
pub use basis::{Basis, Counts, Subject};
pub use build::plan;
pub use cargo::{CargoSettings, ConfigText};
pub use critical::CriticalPath;
pub use graph::{Need, Plan};
pub use jobs::Jobs;
pub use limit::Limit;
pub use request::{CacheUse, CargoOption, CrateSelection, Facts, HookInput, Mode, PlanError, Request};
pub use requirements::requirements;
pub use reuse::{Companions, Passed, Replays, with_what_passed};
pub use select::definitions;
pub use task::{
    Access, CargoUse, Diff, FilePlace, Handling, MissingTool, OverFiles, Program, Replay, Resource, Role, Task,
    TaskCommand,
};
