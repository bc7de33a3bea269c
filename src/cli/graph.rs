//! `cargo hooks graph`.

use std::process::ExitCode;

use clap::ValueEnum;

use super::affected::limits;
use super::args::{CheckArgs, GlobalArgs, GraphArgs};
use super::reporters::{ReportArgs, RunFormat};
use super::{Ended, output, request};
use crate::plan::{CacheUse, Request};
use crate::report::{graph_dot, graph_html, graph_mermaid, graph_svg};

/// In which form a plan is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// Text for Graphviz.
    #[default]
    Dot,
    /// A flowchart of Mermaid, as Markdown pages show them.
    Mermaid,
    /// One picture.
    Svg,
    /// One page: the picture, and all about the tasks in a table.
    Html,
}

pub(super) fn graph(args: &GraphArgs, global: &GlobalArgs) -> Ended {
    let project = request::load_project(global)?;
    let check = CheckArgs {
        checks: args.checks.clone(),
        which: args.which.clone(),
        comparison: args.comparison.clone(),
        how: args.how.clone(),
        // No colour of a terminal belongs into a drawing.
        report: ReportArgs {
            message_format: RunFormat::Json,
            ..ReportArgs::default()
        },
    };
    // A drawing is of all that there is, whatever has passed before.
    let request = Request {
        cache: CacheUse::Off,
        ..request::request(&check, global, &project)?
    };
    let plan = project.plan(&request)?;
    if let Some(affected) = &plan.affected {
        limits(affected, global);
    }
    output::stdout(&match args.format {
        GraphFormat::Dot => graph_dot(&plan),
        GraphFormat::Mermaid => graph_mermaid(&plan),
        GraphFormat::Svg => graph_svg(&plan),
        GraphFormat::Html => graph_html(&plan),
    })?;
    Ok(ExitCode::SUCCESS)
}
