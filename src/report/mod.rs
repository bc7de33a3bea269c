//! Says what happens in a run: to a person, to a program, on a live terminal.
//!
//! Reporters see owned [`Event`](crate::event::Event)s and write to what they are handed. Nothing here may read a
//! file or the environment, start a process or look at the clock, and no text that comes from tools, file names
//! or the configuration is written before it has gone through [`sanitize`](crate::tool_output::sanitize).

pub mod duration;
mod failure;
mod findings;
#[cfg(test)]
pub(crate) mod fixtures;
mod flow;
mod forecast;
mod github;
mod graph;
mod human;
mod json;
mod junit;
mod options;
mod plan;
#[cfg(feature = "cli")]
mod progress;
mod reporter;
mod sarif;
mod signal;
mod status;
mod style;
mod summary;
mod text;
mod timings;
mod verdict;
mod watch;

pub use github::{GithubReporter, GithubSummary, Places};
pub use graph::{graph_dot, graph_html, graph_mermaid, graph_svg};
pub use human::HumanReporter;
pub use json::{FORMAT, JsonReporter, json_schema};
pub use junit::JunitReporter;
pub use options::{HumanOptions, Verbosity};
pub use plan::{PlanDetail, plan_json, plan_text};
#[cfg(feature = "cli")]
pub use progress::{ProgressOptions, ProgressTarget, ProgressView};
pub use reporter::Reporter;
pub use sarif::SarifReporter;
pub use signal::signal_name;
pub use timings::{TimingsAbout, TimingsForm, TimingsReporter, timings_page, timings_trace};
pub use watch::{Changed, changed_json, changed_text, watching_json, watching_text};
