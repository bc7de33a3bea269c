//! The language of Mermaid.

use std::fmt::Write;

use super::drawing::Drawing;

pub(super) fn text(drawing: &Drawing) -> String {
    let mut text = String::from("flowchart LR\n");
    for wave in 0..drawing.waves {
        let _ = writeln!(text, "  subgraph wave{0}[\"wave {0}\"]", wave + 1);
        for (number, node) in drawing.nodes.iter().enumerate().filter(|(_, node)| node.wave == wave) {
            let label = match node.details() {
                details if details.is_empty() => escaped(&node.label()),
                details => format!("{}<br/>{}", escaped(&node.label()), escaped(&details)),
            };
            let _ = writeln!(text, "    t{number}[\"{label}\"]");
        }
        text.push_str("  end\n");
    }
    for edge in &drawing.edges {
        let arrow = if edge.hard { "-->" } else { "-.->" };
        let _ = writeln!(text, "  t{} {arrow} t{}", edge.from, edge.to);
    }
    critical(&mut text, drawing);
    text
}

fn critical(text: &mut String, drawing: &Drawing) {
    let nodes = drawing.nodes.iter().enumerate().filter(|(_, node)| node.critical);
    let nodes: Vec<String> = nodes.map(|(number, _)| format!("t{number}")).collect();
    if !nodes.is_empty() {
        text.push_str("  classDef critical stroke:#d9480f,stroke-width:3px\n");
        let _ = writeln!(text, "  class {} critical", nodes.join(","));
    }
    let edges = drawing.edges.iter().enumerate().filter(|(_, edge)| edge.critical);
    let edges: Vec<String> = edges.map(|(number, _)| number.to_string()).collect();
    if !edges.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:#d9480f,stroke-width:3px", edges.join(","));
    }
}

/// The text within quotes, where Mermaid reads Markdown, HTML and entities of its own: all but plain letters, digits and
/// a few signs becomes the number of its character.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | '-' | '/' => c.to_string(),
            _ => format!("#{};", u32::from(c)),
        })
        .collect()
}
