//! What belongs to one crate itself, kind by kind: its files, what its manifest says, what is locked for it.

use super::files::{Files, Places};
use crate::config::{Kind, Kinds};
use crate::model::{Digest, Keyword};

/// What is one crate's own, of every kind.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnParts([OwnPart; Kind::ALL.len()]);

/// What is one crate's own, of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnPart {
    /// The places of files, in order and each once.
    pub(super) files: Places,
    /// What else counts: one line each.
    lines: Vec<String>,
    /// Whether something counts that nobody knows.
    unknown: bool,
    /// Of its text, once nothing more is added.
    digest: Option<Digest>,
}

impl OwnParts {
    pub(super) fn of(&self, kind: Kind) -> &OwnPart {
        &self.0[kind as usize]
    }

    pub(super) fn add_file(&mut self, place: usize, kinds: Kinds) {
        self.each(kinds, |part| part.files.push(place));
    }

    pub(super) fn add_line(&mut self, kinds: Kinds, line: &str) {
        self.each(kinds, |part| part.lines.push(format!("{line}\n")));
    }

    pub(super) fn add_unknown(&mut self, kinds: Kinds) {
        self.each(kinds, |part| part.unknown = true);
    }

    /// Nothing more is added.
    pub(super) fn close(&mut self, files: &Files) {
        for part in &mut self.0 {
            part.lines.sort_unstable();
            part.unknown |= files.unreadable(&part.files).is_some();
            part.digest = Some(Digest::of_all(part.text(files).map(str::as_bytes)));
        }
    }

    fn each(&mut self, kinds: Kinds, mut change: impl FnMut(&mut OwnPart)) {
        for (kind, ..) in Kind::ALL.iter().filter(|(kind, ..)| kinds.has(*kind)) {
            change(&mut self.0[*kind as usize]);
        }
    }
}

impl OwnPart {
    /// What stands for all of it; nothing where that is not known.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.digest.filter(|_| !self.unknown)
    }

    /// All of it, as lines.
    pub(super) fn text<'t>(&'t self, files: &'t Files) -> impl Iterator<Item = &'t str> {
        files.lines(&self.files).chain(self.lines.iter().map(String::as_str))
    }
}
