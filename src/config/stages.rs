//! What the hook of a stage does beside running its checks.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::raw::read_keys;
use super::reader::{Node, Reader, Value, listed, table};
use super::words::Stage;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::Keyword;

/// What becomes of what a hook repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repairs {
    /// It comes into the working tree, and the commit stops, so that somebody looks at it and stages it.
    Shown,
    /// It comes into the working tree and becomes part of the commit.
    Staged,
}

table! {
    /// What the hook of a stage does beside running its checks.
    pub(super) struct RawStage {
        /// Whether the hook repairs what is going to be committed before it is checked, by what the checks have for `fix`.
        "fix" => fix: bool,
        /// Whether what was repaired becomes part of the commit. Else the commit stops there, and somebody stages it.
        "stage-fixes" => stage_fixes: bool,
    }
}

/// The stages that something is said of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RawStages(BTreeMap<Stage, RawStage>);

impl RawStages {
    /// The stages that repair, and what becomes of that.
    pub(super) fn repairs(&self) -> BTreeMap<Stage, Repairs> {
        let repairing = self.0.iter().filter(|(_, raw)| is_on(raw.fix.as_deref()));
        let repairs = |raw: &RawStage| {
            if is_on(raw.stage_fixes.as_deref()) {
                Repairs::Staged
            } else {
                Repairs::Shown
            }
        };
        repairing.map(|(stage, raw)| (*stage, repairs(raw))).collect()
    }
}

fn is_on(value: Option<&bool>) -> bool {
    value.is_some_and(|on| *on)
}

impl Value for RawStages {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            reader.wrong_type(node, "a table of stages");
            return None;
        };
        let mut stages = Self::default();
        for (key, value) in table {
            let stage = stage(key.get_ref(), key.span(), reader);
            let raw = stage_table(value, reader);
            if let (Some(stage), Some(raw)) = (stage, raw) {
                stages.0.insert(stage, raw);
            }
        }
        Some(stages)
    }

    fn schema() -> Json {
        let of_stage = json!({
            "type": "object",
            "properties": RawStage::properties(),
            "additionalProperties": false,
        });
        let stages = Stage::ALL.iter().filter(|(stage, ..)| stage.can_repair());
        let properties: Map<String, Json> = stages
            .map(|(_, word, _)| ((*word).to_owned(), of_stage.clone()))
            .collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// The stage of a key, if it is one of which something can be said.
fn stage(word: &str, span: std::ops::Range<usize>, reader: &mut Reader<'_>) -> Option<Stage> {
    let repairing = Stage::ALL.iter().filter(|(stage, ..)| stage.can_repair());
    let words: Vec<_> = repairing.map(|(_, word, _)| *word).collect();
    let diagnostic = match Stage::from_word(word) {
        Some(stage) if stage.can_repair() => return Some(stage),
        Some(_) => {
            let message = format!("`{word}` repairs nothing: it is about no commit that could still be changed");
            Diagnostic::new("wrong-stage", reader.span(span), message).help(format!("{} can", listed(&words)))
        }
        None => {
            let help = match nearest(word, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of {}", listed(&words)),
            };
            Diagnostic::new(
                "unknown-value",
                reader.span(span),
                format!("there is no stage `{word}`"),
            )
            .help(help)
        }
    };
    reader.report(diagnostic);
    None
}

fn stage_table(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<RawStage> {
    let Some(table) = node.get_ref().as_table() else {
        reader.wrong_type(node, "a table with `fix`");
        return None;
    };
    let known = reader.mistakes.len();
    let mut raw = RawStage::default();
    read_keys(table, reader, RawStage::KEYS, |key, value, reader| {
        raw.read_key(key, value, reader)
    });
    // What seems to be missing beside a mistake may only be misspelt.
    let staged = raw.stage_fixes.as_ref().filter(|_| reader.mistakes.len() == known);
    if let Some(staged) = staged.filter(|staged| staged.value && !is_on(raw.fix.as_deref())) {
        let message = "nothing is repaired that could be staged";
        reader.report(Diagnostic::new("no-effect", staged.span.clone(), message).help("write `fix = true` beside it"));
    }
    Some(raw)
}
