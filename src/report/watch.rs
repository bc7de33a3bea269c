//! What is said between the runs of a watcher: what has changed, and that it waits. Pure.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::json::harmless;
use super::options::HumanOptions;
use super::status::StatusLine;
use super::style::{PASS, WARN};
use super::text::{enumerate, exact_line};
use crate::digests::Became;
use crate::model::CrateName;

/// So many files are named to a person.
const MOST_NAMED: usize = 3;

/// Something that has changed, and starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A file of the workspace, or one elsewhere that counts.
    File {
        /// Its path: relative to the root, where it lies below it.
        path: PathBuf,
        /// What has become of it.
        became: Became,
        /// The crate that it belongs to.
        krate: Option<CrateName>,
    },
    /// What git has staged, or where its references lead.
    Git,
}

/// Says to a person what has changed, in a line; nothing to one who wants to hear little.
#[must_use]
pub fn changed_text(changed: &[Changed], options: HumanOptions) -> String {
    if options.is_quiet() {
        return String::new();
    }
    let named: Vec<String> = changed.iter().map(in_words).collect();
    line("Changed", PASS, &enumerate(&named, MOST_NAMED), options)
}

/// Says to a person that nothing happens until something changes; and which files start nothing, since they change whenever
/// the checks run.
#[must_use]
pub fn watching_text(restless: &[Changed], options: HumanOptions) -> String {
    let mut text = String::new();
    if !restless.is_empty() {
        let named: Vec<String> = restless.iter().map(in_words).collect();
        let tail = format!("{}: written whenever the checks run", enumerate(&named, MOST_NAMED));
        text.push_str(&line("Ignoring", WARN, &tail, options));
    }
    if !options.is_quiet() {
        text.push_str(&line("Watching", PASS, "for changes; Ctrl-C ends", options));
    }
    text
}

/// The line for programs that says what has changed.
#[must_use]
pub fn changed_json(changed: &[Changed]) -> String {
    let files: Vec<Value> = changed.iter().filter_map(file).collect();
    let mut value = json!({"type": "files-changed", "at": 0.0, "files": files});
    if changed.contains(&Changed::Git) {
        value["git"] = true.into();
    }
    text_of(value)
}

/// The line for programs that says that nothing happens until something changes.
#[must_use]
pub fn watching_json(restless: &[Changed], error: Option<&str>) -> String {
    let mut value = json!({"type": "watching", "at": 0.0});
    let files: Vec<Value> = restless.iter().filter_map(file).collect();
    if !files.is_empty() {
        value["ignored"] = files.into();
    }
    if let Some(error) = error {
        value["error"] = error.trim_end().into();
    }
    text_of(value)
}

fn text_of(value: Value) -> String {
    format!("{}\n", harmless(value))
}

fn file(changed: &Changed) -> Option<Value> {
    let Changed::File { path, became, krate } = changed else {
        return None;
    };
    let mut value = json!({"file": path.to_string_lossy(), "became": became.word()});
    if let Some(krate) = krate {
        value["crate"] = krate.as_str().into();
    }
    Some(value)
}

fn in_words(changed: &Changed) -> String {
    match changed {
        Changed::File { path, became, krate } => {
            let of = krate.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
            let became = match became {
                Became::New => " (new)",
                Became::Other => "",
                Became::Gone => " (gone)",
            };
            format!("{}{of}{became}", shown(path))
        }
        Changed::Git => "what git has".to_owned(),
    }
}

fn shown(path: &Path) -> String {
    exact_line(&path.to_string_lossy())
}

fn line(word: &str, style: anstyle::Style, tail: &str, options: HumanOptions) -> String {
    StatusLine::of_run(word, style, tail).render(options)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::report::Verbosity;
    use crate::tool_output::Colour;

    const PLAIN: HumanOptions = HumanOptions {
        colour: Colour::Strip,
        width: 120,
        verbosity: Verbosity::Normal,
    };

    fn changed(path: &str, became: Became, krate: Option<&str>) -> Changed {
        Changed::File {
            path: path.into(),
            became,
            krate: krate.map(CrateName::from),
        }
    }

    #[test]
    fn people_are_told_what_changed_and_in_which_crate() {
        let some = [
            changed("a/src/lib.rs", Became::Other, Some("a")),
            changed("b/src/x.rs", Became::New, Some("b")),
            changed("docs/old.md", Became::Gone, None),
        ];
        assert_snapshot!(changed_text(&some[..1], PLAIN), @"     Changed a/src/lib.rs of a");
        assert_snapshot!(changed_text(&some, PLAIN), @"     Changed a/src/lib.rs of a, b/src/x.rs of b (new) and docs/old.md (gone)");
        let many = vec![Changed::Git; 5];
        assert_snapshot!(changed_text(&many, PLAIN), @"     Changed what git has, what git has, what git has and 2 more");
    }

    #[test]
    fn no_name_of_a_file_can_pass_for_a_line_of_ours() {
        let evil = changed("a\n        PASS all\u{1b}[2J.rs", Became::Other, None);
        let evil = [evil];
        for text in [changed_text(&evil, PLAIN), changed_json(&evil)] {
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }

    #[test]
    fn waiting_is_one_line_and_files_that_start_nothing_are_named() {
        let restless = [changed("a/log.txt", Became::Other, Some("a"))];
        assert_snapshot!(watching_text(&[], PLAIN), @"    Watching for changes; Ctrl-C ends");
        assert_snapshot!(watching_text(&restless, PLAIN), @"
            Ignoring a/log.txt of a: written whenever the checks run
            Watching for changes; Ctrl-C ends
        ");
        assert_snapshot!(
            watching_json(&restless, None),
            @r#"{"type":"watching","at":0.0,"ignored":[{"file":"a/log.txt","became":"changed","crate":"a"}]}"#
        );
        assert_snapshot!(
            watching_json(&[], Some("error: no\n")),
            @r#"{"type":"watching","at":0.0,"error":"error: no"}"#
        );
    }

    #[test]
    fn programs_are_told_every_file() {
        let some = [
            changed("a/src/lib.rs", Became::Other, Some("a")),
            changed("docs/old.md", Became::Gone, None),
            Changed::Git,
        ];
        assert_snapshot!(
            changed_json(&some),
            @r#"{"type":"files-changed","at":0.0,"files":[{"file":"a/src/lib.rs","became":"changed","crate":"a"},{"file":"docs/old.md","became":"gone"}],"git":true}"#
        );
    }
}
