//! Findings as short rows: crate, place, what is wrong. Pure.

use super::flow::{flow, words};
use super::options::HumanOptions;
use super::style::PLAIN;
use super::text::{columns, cut, cut_front, exact_line, one_line};
use crate::model::{Finding, Place, Severity};

/// Columns wider than this do not make the others wait for them.
const MOST_PADDING: usize = 40;
/// The columns, with those that separate it, from which on a message is worth its space.
const LEAST_MESSAGE: usize = 8;
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

impl Extent {
    fn indent(self, options: HumanOptions) -> usize {
        match self {
            Self::Glance => options.detail_indent(),
            Self::Whole => options.output_indent(),
        }
    }
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
    let indent = extent.indent(options);
    let mut text = String::new();
    for cells in &cells {
        match extent {
            Extent::Glance => text.push_str(&glance(cells, widths, options)),
            Extent::Whole => text.push_str(&whole(cells, widths, options)),
        }
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

/// A finding on a line of its own, as compilers write it: `src/lib.rs:3:7: error: mismatched types [E0308] (parser)`.
pub(super) fn line(finding: &Finding) -> String {
    let [name, place, message] = cells(finding);
    let place = if place.is_empty() { place } else { format!("{place}: ") };
    let error = if finding.severity == Severity::Error {
        "error: "
    } else {
        ""
    };
    let name = if name.is_empty() { name } else { format!(" ({name})") };
    format!("{place}{error}{message}{name}")
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

/// One line, of which the place matters most: it is where somebody will look.
fn glance([name, place, message]: &[String; 3], widths: [usize; 2], options: HumanOptions) -> String {
    let indent = Extent::Glance.indent(options);
    let room = options.columns() - indent;
    let name = cut(name, room / 2);
    let before = widths[0].clamp(columns(&name), room / 2) + 2;
    let place = cut_front(place, room - before);
    let line = row([&name, &place, message], widths);
    // What is left for the message may be too little to say anything.
    let bare = row([&name, &place, ""], widths);
    let line = if columns(&bare) + LEAST_MESSAGE > room {
        bare
    } else {
        line
    };
    format!("{:indent$}{}\n", "", cut(&line, room))
}

/// One line where it fits, else the message below the place.
fn whole([name, place, message]: &[String; 3], widths: [usize; 2], options: HumanOptions) -> String {
    let indent = Extent::Whole.indent(options);
    let one = format!("{:indent$}{}", "", row([name, place, message], widths));
    if columns(&one) <= options.columns() || name.is_empty() && place.is_empty() {
        return format!("{}\n", cut(&one, MOST_COLUMNS));
    }
    let mut text = format!("{:indent$}{}\n", "", cut(&row([name, place, ""], [0, 0]), MOST_COLUMNS));
    let mut below = " ".repeat(indent + 2);
    flow(
        &mut below,
        &words(PLAIN, &cut(message, MOST_COLUMNS)),
        indent + 2,
        options,
    );
    text.push_str(&below);
    text.push('\n');
    text
}

/// The cells beside each other, with nothing where there is none.
fn row([name, place, message]: [&str; 3], widths: [usize; 2]) -> String {
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
