//! The language of Graphviz.

use std::fmt::Write;

use super::drawing::Drawing;

pub(super) fn text(drawing: &Drawing) -> String {
    let mut text = String::from(
        "digraph plan {\n  rankdir=LR\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n  \
         edge [fontname=\"sans-serif\"]\n",
    );
    for (number, node) in drawing.nodes.iter().enumerate() {
        let label = match node.details() {
            details if details.is_empty() => quoted(&node.label()),
            details => format!("{}\\n{}", quoted(&node.label()), quoted(&details)),
        };
        let critical = if node.critical {
            ", color=\"#d9480f\", penwidth=2"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  t{number} [label=\"{label}\", tooltip=\"{}\"{critical}]",
            quoted(&node.command)
        );
    }
    for wave in 0..drawing.waves {
        let members = drawing.nodes.iter().enumerate().filter(|(_, node)| node.wave == wave);
        let members: Vec<String> = members.map(|(number, _)| format!("t{number}")).collect();
        let _ = writeln!(text, "  {{ rank=same; {} }}", members.join("; "));
    }
    for edge in &drawing.edges {
        let mut attributes = Vec::new();
        if !edge.hard {
            attributes.push("style=dashed");
        }
        if edge.critical {
            attributes.push("color=\"#d9480f\", penwidth=2");
        }
        let attributes = if attributes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", attributes.join(", "))
        };
        let _ = writeln!(text, "  t{} -> t{}{attributes}", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

/// The text within quotes. A backslash would begin an escape, such as `\N` for the name of a node, and `&` an entity.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
