//! Draws the mistakes of a configuration: file, line, column, the text underlined, and the way out.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::tool_output::{Colour, sanitize};

/// All of them, and a last line with their number.
pub(super) fn render(mistakes: &Diagnostics, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Keep => Renderer::styled(),
        Colour::Strip => Renderer::plain(),
    };
    let mut text = String::new();
    for mistake in mistakes.iter() {
        text.push_str(&renderer.render(&groups(mistake)));
        text.push_str("\n\n");
    }
    let count = match mistakes.len() {
        1 => "the configuration has a mistake; nothing was run".to_owned(),
        several => format!("the configuration has {several} mistakes; nothing was run"),
    };
    text.push_str(&super::output::labelled("error", &count, colour));
    // Names and values come from a manifest that somebody else may have written.
    sanitize(text.as_bytes(), colour)
}

fn groups(mistake: &Diagnostic) -> Vec<Group<'_>> {
    let title = Level::ERROR.primary_title(mistake.message.as_str()).id(mistake.code);
    let primary = AnnotationKind::Primary.span(mistake.span.range.clone());
    let primary = match &mistake.label {
        Some(label) => primary.label(label.as_str()),
        None => primary,
    };
    let mut snippet = Snippet::source(mistake.span.file.text.as_str())
        .path(path(&mistake.span))
        .annotation(primary);
    let (here, elsewhere): (Vec<_>, Vec<_>) = mistake
        .related
        .iter()
        .partition(|(span, _)| span.file == mistake.span.file);
    for (span, remark) in here {
        snippet = snippet.annotation(AnnotationKind::Context.span(span.range.clone()).label(remark.as_str()));
    }
    let mut group = title.element(snippet);
    for (span, remark) in elsewhere {
        let annotation = AnnotationKind::Context.span(span.range.clone()).label(remark.as_str());
        group = group.element(
            Snippet::source(span.file.text.as_str())
                .path(path(span))
                .annotation(annotation),
        );
    }
    if let Some(help) = &mistake.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

fn path(span: &Span) -> String {
    span.file.path.display().to_string()
}
