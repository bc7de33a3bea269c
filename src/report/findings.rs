//! Findings as short rows: crate, place, what is wrong. Pure.

use super::human::HumanOptions;
use super::text::{columns, cut, exact_line, one_line};
use crate::model::{Finding, Place, Severity};

/// Columns wider than this do not make the others wait for them.
const MOST_PADDING: usize = 40;
/// A message shown in full may still have any length.
const MOST_COLUMNS: usize = 1000;

/// How much is shown of the findings of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first few, each on one line: the whole of them is still to come.
    Glance,
    /// As many as can be read, each in full: nothing else shows them.
    Whole,
}

/// The rows for findings, errors before warnings and crate by crate, and how many more there are.
pub(super) fn rows(findings: &[Finding], extent: Extent, options: HumanOptions) -> String {
    let most = match extent {
        Extent::Glance => 5,
        Extent::Whole if options.is_verbose() => usize::MAX,
        Extent::Whole => 50,
    };
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.crate_name.as_ref()));
    let cells: Vec<[String; 3]> = sorted.into_iter().take(most).map(cells).collect();
    let widths = [widest(&cells, 0, options), widest(&cells, 1, options)];
    let (indent, room) = match extent {
        Extent::Glance => (options.detail_indent(), options.columns() - options.detail_indent()),
        Extent::Whole => (options.output_indent(), MOST_COLUMNS),
    };
    let mut text = String::new();
    for cells in &cells {
        let row = row(cells, widths);
        text.extend([&" ".repeat(indent), &*cut(&row, room), "\n"]);
    }
    if findings.len() > most {
        let more = format!("… and {} more", findings.len() - most);
        text.push_str(&options.aside(indent, &more));
    }
    text
}

fn cells(finding: &Finding) -> [String; 3] {
    let name = finding
        .crate_name
        .as_ref()
        .map_or(String::new(), |name| one_line(name.as_str()));
    let place = finding.place.as_ref().map_or(String::new(), place);
    let warning = if finding.severity == Severity::Warning {
        "warning: "
    } else {
        ""
    };
    let code = finding
        .code
        .as_ref()
        .map_or(String::new(), |code| format!(" [{}]", one_line(code)));
    [name, place, format!("{warning}{}{code}", one_line(&finding.message))]
}

/// As compilers write it, so that terminals and editors can open it.
fn place(place: &Place) -> String {
    let file = exact_line(&place.file.to_string_lossy());
    match (place.line, place.column) {
        (None, _) => file,
        (Some(line), None) => format!("{file}:{line}"),
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
    }
}

/// On a narrow terminal nothing is aligned: the columns are needed for words.
fn widest(cells: &[[String; 3]], column: usize, options: HumanOptions) -> usize {
    if options.is_narrow() {
        return 0;
    }
    cells
        .iter()
        .map(|cells| columns(&cells[column]))
        .max()
        .unwrap_or(0)
        .min(MOST_PADDING)
}

fn row([name, place, message]: &[String; 3], widths: [usize; 2]) -> String {
    let mut line = String::new();
    for (cell, width) in [name, place].into_iter().zip(widths) {
        if width > 0 || !cell.is_empty() {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(columns(cell)) + 2));
        }
    }
    line.push_str(message);
    line.truncate(line.trim_end().len());
    line
}
