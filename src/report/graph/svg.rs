//! One picture, which needs no script, no font and no other file.

use std::fmt::Write;

use super::drawing::{Drawing, Edge, Node};
use super::layout::{Layout, Measures, layout};
use super::xml::{STYLE, xml};
use crate::report::text::{self, cut};

/// The space around everything.
const MARGIN: f64 = 24.0;
/// The space between two columns, in which edges turn.
const BETWEEN: f64 = 72.0;
/// The space between two lines of text.
const LINE: f64 = 20.0;
/// How wide a letter is, most likely: of a name, and of what is said below it.
const LETTER: (f64, f64) = (7.5, 6.2);
/// The columns of text that a task shows. The rest of a longer name is told when it is pointed at.
const LONGEST: usize = 36;
/// What is left and right of the text of a task.
const INSET: f64 = 12.0;
/// As wide as tasks without edges are set beside each other. A picture that is wider for its waves uses its width.
const BROAD: f64 = 1100.0;
/// The space between two such tasks.
const BESIDE: f64 = 18.0;
/// How far a text of the legend reaches beyond its letters: the sign before it, the space behind.
const SIGN: (f64, f64) = (38.0, 26.0);
/// How wide a letter of what is said about the picture is.
const SAID: f64 = 7.0;

/// The picture as a file of its own, with what the plan comes to above it.
pub(super) fn document(drawing: &Drawing) -> String {
    let figure = Figure::new(drawing);
    let heading = heading(drawing);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
        figure.element(&format!("<style>\n{STYLE}</style>\n"), &heading)
    )
}

/// The picture as a part of a page.
pub(super) fn figure(drawing: &Drawing) -> String {
    Figure::new(drawing).element("", &[])
}

/// What the plan comes to: how much, then how long.
fn heading(drawing: &Drawing) -> Vec<String> {
    let (much, long) = drawing.summary.split_at(drawing.summary.len().min(3));
    let lines = [much.join(" · "), long.join(" · ")];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    lines.chain(drawing.remarks.iter().cloned()).collect()
}

/// Writes the heading, and says where the rest begins.
fn headed(body: &mut String, heading: &[String]) -> f64 {
    if heading.is_empty() {
        return MARGIN;
    }
    let mut y = MARGIN + 16.0;
    let _ = writeln!(
        body,
        "<text class=\"title\" x=\"{MARGIN}\" y=\"{y:.0}\">Plan of the checks</text>"
    );
    for line in heading {
        y += LINE;
        let _ = writeln!(
            body,
            "<text class=\"said\" x=\"{MARGIN}\" y=\"{y:.0}\">{}</text>",
            xml(line)
        );
    }
    y + 26.0
}

/// Everything with its place.
struct Figure<'a> {
    drawing: &'a Drawing,
    layout: Layout,
    /// The width and the height of a task.
    node: (f64, f64),
    /// How many tasks without edges stand beside each other, and which tasks are such.
    beside: usize,
    alone: Vec<bool>,
}

impl<'a> Figure<'a> {
    fn new(drawing: &'a Drawing) -> Self {
        let nodes = drawing.nodes.iter();
        let has_details = nodes.clone().any(|node| !node.details().is_empty());
        let widest = nodes.map(|node| {
            let name = float(text::columns(&node.label()).min(LONGEST)) * LETTER.0;
            name.max(float(text::columns(&node.details()).min(LONGEST)) * LETTER.1)
        });
        let width = widest.fold(96.0, f64::max) + 2.0 * INSET;
        let height = if has_details { 50.0 } else { 34.0 };
        let waves: Vec<usize> = drawing.nodes.iter().map(|node| node.wave).collect();
        let graph = float(drawing.waves) * (width + BETWEEN);
        let beside = usize_of(BROAD.max(graph) / (width + BESIDE)).max(1);
        let mut alone = vec![true; waves.len()];
        for edge in &drawing.edges {
            (alone[edge.from], alone[edge.to]) = (false, false);
        }
        let measures = Measures {
            node: (height, 14.0),
            passing: 16.0,
            apart: 22.0,
            beside,
        };
        Self {
            drawing,
            layout: layout(&waves, &drawing.edges, measures),
            node: (width, height),
            beside,
            alone,
        }
    }

    /// Where a column begins.
    fn left(&self, column: usize) -> f64 {
        MARGIN + float(column) * (self.node.0 + BETWEEN)
    }

    /// Where a task begins: one without edges stands closer to the next.
    fn left_of(&self, number: usize) -> f64 {
        let (column, _) = self.layout.nodes[number];
        if self.alone[number] {
            MARGIN + float(column) * (self.node.0 + BESIDE)
        } else {
            self.left(column)
        }
    }

    fn element(&self, style: &str, heading: &[String]) -> String {
        let mut body = String::new();
        let mut top = headed(&mut body, heading);
        let columns = self.waves_with_edges();
        if columns > 0 {
            self.bands(&mut body, top, columns);
            top += 36.0;
        }
        self.edges(&mut body, top);
        for (number, node) in self.drawing.nodes.iter().enumerate() {
            self.task(
                &mut body,
                node,
                (self.left_of(number), self.layout.nodes[number].1 + top),
            );
        }
        if let Some(rows) = self.layout.rows_from {
            let y = rows + top - 12.0;
            let _ = writeln!(
                body,
                "<text class=\"wave\" x=\"{MARGIN}\" y=\"{y:.0}\">by themselves</text>"
            );
        }
        let below = top + self.layout.height + 44.0;
        let legend = self.legend(&mut body, below);
        let (width, height) = (self.width(columns, heading).max(legend), below + MARGIN);
        let label = xml(&format!("Plan of the checks: {}", self.drawing.summary.join(", ")));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plan\" role=\"img\" aria-label=\"{label}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n{style}<defs>{}{}</defs>\n\
             <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n",
            tip("tip", ""),
            tip("critical-tip", " critical"),
        )
    }

    fn waves_with_edges(&self) -> usize {
        let ends = self
            .drawing
            .edges
            .iter()
            .map(|edge| self.drawing.nodes[edge.to].wave + 1);
        ends.max().unwrap_or(0)
    }

    fn width(&self, columns: usize, heading: &[String]) -> f64 {
        let alone = self.alone.iter().filter(|alone| **alone).count();
        let graph = self.left(columns.max(1)) - BETWEEN;
        let rows = MARGIN + float(alone.min(self.beside)) * (self.node.0 + BESIDE) - BESIDE;
        let text = heading
            .iter()
            .map(|line| MARGIN + float(text::columns(line)) * SAID)
            .fold(0.0, f64::max);
        graph.max(rows).max(text) + MARGIN
    }

    /// A band for each wave, so that its tasks are seen to be of one.
    fn bands(&self, body: &mut String, top: f64, columns: usize) {
        let bottom = self.layout.rows_from.map_or(self.layout.height, |rows| rows - 56.0);
        for column in 0..columns {
            let x = self.left(column) - 12.0;
            let (width, height) = (self.node.0 + 24.0, bottom + 36.0 + 12.0);
            let _ = writeln!(
                body,
                "<rect class=\"band\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"10\"/>\n\
                 <text class=\"wave\" x=\"{:.1}\" y=\"{:.1}\">wave {}</text>",
                x + 12.0,
                top + 22.0,
                column + 1
            );
        }
    }

    /// The edges, those of the critical path last: what is drawn last is on top.
    fn edges(&self, body: &mut String, top: f64) {
        let all = || self.drawing.edges.iter().zip(&self.layout.passes);
        for (edge, passes) in all().filter(|(edge, _)| !edge.critical) {
            self.edge(body, *edge, passes, top);
        }
        for (edge, passes) in all().filter(|(edge, _)| edge.critical) {
            self.edge(body, *edge, passes, top);
        }
    }

    fn edge(&self, body: &mut String, edge: Edge, passes: &[f64], top: f64) {
        let (width, turn) = (self.node.0, BETWEEN * 0.55);
        let (column, from) = self.layout.nodes[edge.from];
        let (last, to) = self.layout.nodes[edge.to];
        let mut at = (self.left(column) + width, from + top);
        let mut path = format!("M{:.1} {:.1}", at.0, at.1);
        let mut bend = |path: &mut String, x: f64, y: f64| {
            let _ = write!(
                path,
                " C{:.1} {:.1} {:.1} {y:.1} {x:.1} {y:.1}",
                at.0 + turn,
                at.1,
                x - turn
            );
            at = (x, y);
        };
        for (passed, place) in (column + 1..).zip(passes) {
            let x = self.left(passed);
            bend(&mut path, x, place + top);
            bend(&mut path, x + width, place + top);
        }
        // The tip takes the last pixels.
        bend(&mut path, self.left(last) - 6.0, to + top);
        let strength = if edge.hard { "" } else { " soft" };
        let (critical, tip) = if edge.critical {
            (" critical", "critical-tip")
        } else {
            ("", "tip")
        };
        let _ = writeln!(
            body,
            "<path class=\"edge{strength}{critical}\" d=\"{path}\" marker-end=\"url(#{tip})\"/>"
        );
    }

    fn task(&self, body: &mut String, node: &Node, (x, middle): (f64, f64)) {
        let (width, height) = self.node;
        let y = middle - height / 2.0;
        let mut class = String::from("task");
        if node.critical {
            class.push_str(" critical");
        }
        if node.repairs {
            class.push_str(" repairs");
        }
        let _ = write!(
            body,
            "<g class=\"{class}\"><title>{}</title><rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"8\"/>",
            xml(&tooltip(node))
        );
        let details = node.details();
        let line = if details.is_empty() { middle + 4.5 } else { y + 20.0 };
        let (text, after) = (x + INSET, INSET);
        let _ = write!(
            body,
            "<text class=\"name\" x=\"{text:.1}\" y=\"{line:.1}\">{}</text>",
            name(node)
        );
        if !details.is_empty() {
            let most = usize_of((width - 2.0 * INSET) / LETTER.1).max(1);
            let shown = xml(&cut(&details, most));
            let _ = write!(
                body,
                "<text class=\"info\" x=\"{text:.1}\" y=\"{:.1}\">{shown}</text>",
                y + 35.0
            );
        }
        if node.share > 0.0 {
            let bar = (node.share * (width - 2.0 * after)).max(2.0);
            let _ = write!(
                body,
                "<rect class=\"bar\" x=\"{text:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"3\" rx=\"1.5\"/>",
                y + height - 8.0
            );
        }
        body.push_str("</g>\n");
    }

    /// Says what the signs mean, and how far to the right that goes.
    fn legend(&self, body: &mut String, y: f64) -> f64 {
        let mut x = MARGIN;
        let mut entry = |sign: &dyn Fn(f64) -> String, words: &str| {
            let _ = writeln!(
                body,
                "{}<text class=\"legend\" x=\"{:.0}\" y=\"{:.0}\">{words}</text>",
                sign(x),
                x + SIGN.0,
                y + 4.5
            );
            x += SIGN.0 + float(text::columns(words)) * SAID + SIGN.1;
        };
        let line =
            |class: &'static str| move |x: f64| format!("<path class=\"edge{class}\" d=\"M{x:.0} {y:.0} h30\"/>");
        let edges = &self.drawing.edges;
        if edges.iter().any(|edge| edge.hard) {
            entry(&line(""), "if it passed");
        }
        if edges.iter().any(|edge| !edge.hard) {
            entry(&line(" soft"), "when it has ended");
        }
        if edges.iter().any(|edge| edge.critical) {
            entry(&line(" critical"), "critical path");
        }
        if self.drawing.has_times {
            let bar = |x: f64| {
                format!(
                    "<rect class=\"bar\" x=\"{x:.0}\" y=\"{:.1}\" width=\"30\" height=\"3\" rx=\"1.5\"/>",
                    y - 1.5
                )
            };
            entry(&bar, "time, compared with the longest");
        }
        if self.drawing.nodes.iter().any(|node| node.repairs) {
            let dots = |x: f64| {
                let y = y - 7.0;
                format!(
                    "<g class=\"repairs\"><rect class=\"box\" x=\"{x:.0}\" y=\"{y:.1}\" width=\"30\" height=\"14\" rx=\"4\"/></g>"
                )
            };
            entry(&dots, "repairs");
        }
        x
    }
}

/// The tip of an edge.
fn tip(id: &str, class: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip{class}\" d=\"M0 0 L8 4 L0 8 z\"/></marker>"
    )
}

/// The name of a task as text of two styles, cut where it is too long.
fn name(node: &Node) -> String {
    let check = cut(&node.check, LONGEST);
    let rest = LONGEST.saturating_sub(text::columns(&check) + 1);
    if node.unit.is_empty() || rest == 0 {
        return xml(&check);
    }
    let unit = cut(&node.unit, rest);
    format!("{} <tspan class=\"unit\">{}</tspan>", xml(&check), xml(&unit))
}

/// All about a task, line by line.
fn tooltip(node: &Node) -> String {
    let mut lines = vec![node.label(), node.command.clone()];
    lines.push(
        node.time
            .as_ref()
            .map_or("time unknown".to_owned(), |time| format!("about {time}")),
    );
    lines.extend(node.failure.clone());
    lines.extend(node.uses.iter().cloned());
    lines.extend(node.needs.iter().cloned());
    if node.critical {
        lines.push("on the critical path".to_owned());
    }
    lines.join("\n")
}

#[expect(clippy::cast_precision_loss, reason = "no drawing is so wide")]
fn float(number: usize) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of columns, which is neither large nor below zero"
)]
fn usize_of(number: f64) -> usize {
    number.max(0.0) as usize
}
