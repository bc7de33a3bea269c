//! One page: the picture, and all about the tasks in a table. It needs no script and no other file, and lets none in.

use std::fmt::Write;

use super::drawing::{Drawing, Node};
use super::svg;
use super::xml::{self, xml};

const STYLE: &str = "\
:root { color-scheme: light dark; }
body.plan { margin: 0; background: var(--paper); color: var(--ink); \
font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; }
header, section { padding: 0 24px; }
h1 { font-size: 22px; margin: 24px 0 4px; }
h2 { font-size: 16px; margin: 32px 0 8px; }
header p { margin: 2px 0; color: var(--soft); }
.picture { overflow-x: auto; }
.picture svg { display: block; }
.rows { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 6px 20px 6px 0; border-bottom: 1px solid var(--edge); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.critical td:first-child { box-shadow: inset 3px 0 var(--accent); padding-left: 10px; }
td:first-child, th:first-child { padding-left: 10px; }
code { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.unit, .quiet { color: var(--soft); }
footer { height: 40px; }
";

pub(super) fn page(drawing: &Drawing) -> String {
    let (much, long) = drawing.summary.split_at(drawing.summary.len().min(3));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Plan of the checks</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body class=\"plan\">\n\
         <header>\n<h1>Plan of the checks</h1>\n<p>{}</p>\n",
        xml::STYLE,
        xml(&much.join(" · "))
    );
    for sentence in long {
        let _ = writeln!(page, "<p>{}</p>", xml(sentence));
    }
    page.push_str("</header>\n<main>\n");
    if !drawing.nodes.is_empty() {
        let figure = svg::figure(drawing);
        let _ = write!(page, "<div class=\"picture\" tabindex=\"0\">\n{figure}</div>\n");
        tasks(&mut page, drawing);
    }
    if !drawing.remarks.is_empty() {
        page.push_str("<section>\n<h2>What does not run</h2>\n<ul>\n");
        for remark in &drawing.remarks {
            let _ = writeln!(page, "<li>{}</li>", xml(remark));
        }
        page.push_str("</ul>\n</section>\n");
    }
    page.push_str("</main>\n<footer></footer>\n</body>\n</html>\n");
    page
}

fn tasks(page: &mut String, drawing: &Drawing) {
    page.push_str(
        "<section>\n<h2>Tasks</h2>\n<div class=\"rows\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Task</th>\
         <th scope=\"col\">Wave</th><th scope=\"col\">Time</th><th scope=\"col\">Waits for</th><th scope=\"col\">Takes</th>\
         <th scope=\"col\">Command</th></tr></thead>\n<tbody>\n",
    );
    for node in &drawing.nodes {
        row(page, node);
    }
    page.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

fn row(page: &mut String, node: &Node) {
    let class = if node.critical { " class=\"critical\"" } else { "" };
    let unit = match node.unit.as_str() {
        "" => String::new(),
        unit => format!(" <span class=\"unit\">{}</span>", xml(unit)),
    };
    let time = match &node.time {
        Some(time) => xml(time),
        None => "<span class=\"quiet\">unknown</span>".to_owned(),
    };
    let failure = node.failure.iter().map(|failure| format!("<br>{}", xml(failure)));
    let _ = writeln!(
        page,
        "<tr{class}><td><strong>{}</strong>{unit}</td><td class=\"number\">{}</td><td class=\"number\">{time}{}</td>\
         <td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
        xml(&node.check),
        node.wave + 1,
        failure.collect::<String>(),
        lines(&node.needs),
        lines(&node.uses),
        xml(&node.command)
    );
}

fn lines(words: &[String]) -> String {
    let lines: Vec<String> = words.iter().map(|word| xml(word)).collect();
    lines.join("<br>")
}
