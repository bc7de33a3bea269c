//! Draws a plan: as text for Graphviz and Mermaid, and as a picture that needs nothing else.
//!
//! Names are data in all of these languages. Each format has one function that all text of others goes through.

mod dot;
mod drawing;
mod html;
mod layout;
mod mermaid;
mod svg;
#[cfg(test)]
mod tests;
mod xml;

use crate::plan::Plan;
use drawing::Drawing;
pub(super) use xml::xml;

/// The plan in the language of Graphviz.
#[must_use]
pub fn graph_dot(plan: &Plan) -> String {
    dot::text(&Drawing::of(plan))
}

/// The plan as a flowchart of Mermaid, as Markdown pages show them.
#[must_use]
pub fn graph_mermaid(plan: &Plan) -> String {
    mermaid::text(&Drawing::of(plan))
}

/// The plan as one picture.
#[must_use]
pub fn graph_svg(plan: &Plan) -> String {
    svg::document(&Drawing::of(plan))
}

/// The plan as one page: the picture, and all about the tasks in a table.
#[must_use]
pub fn graph_html(plan: &Plan) -> String {
    html::page(&Drawing::of(plan))
}
