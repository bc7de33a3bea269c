//! Finds values in a text, also where colours stand within them, and takes them out.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::HIDDEN;
use super::forms::forms;
use crate::tool_output::terminal_text::{has_unseen, unseen};

/// Of a line that does not end, no more than this is held back beside what may be the beginning of a value.
const LONGEST_HELD: usize = 64 * 1024;

/// What is looked for.
pub(super) struct Engine {
    /// Says fast whether a text has any of it; nothing where that is too much to be looked for.
    any: Option<AhoCorasick>,
    /// Finds all of it, also what overlaps. It is only made where something is found.
    all: OnceLock<Option<AhoCorasick>>,
    forms: Vec<Vec<u8>>,
    longest: usize,
    values: usize,
}

/// A line as it is seen.
struct Seen {
    bytes: Vec<u8>,
    /// Where its bytes stand in what was written.
    places: Vec<usize>,
    /// The colours in what was written.
    colours: Vec<Range<usize>>,
    /// The length of what was written.
    end: usize,
}

impl Engine {
    /// For these values; nothing where none of them can be looked for.
    pub(super) fn new(values: &[&[u8]]) -> Option<Self> {
        let each: Vec<Vec<Vec<u8>>> = values.iter().map(|value| forms(value)).collect();
        let values = each.iter().filter(|forms| !forms.is_empty()).count();
        let mut forms = each.concat();
        forms.sort_unstable();
        forms.dedup();
        let longest = forms.iter().map(Vec::len).max()?;
        let any = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostFirst)
            .build(&forms);
        Some(Self {
            any: any.ok(),
            all: OnceLock::new(),
            forms,
            longest,
            values,
        })
    }

    /// How many values there are.
    pub(super) fn values(&self) -> usize {
        self.values
    }

    /// The text without the values, where it has any.
    pub(super) fn without(&self, text: &[u8]) -> Option<Vec<u8>> {
        if !has_unseen(text) && !self.has_any(text) {
            return None;
        }
        let mut without = Vec::new();
        let mut found = false;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let seen = Seen::of(line);
            let places = self.places(line, seen.as_ref());
            found |= !places.is_empty();
            self.replace(line, &places, seen.as_ref(), &mut without);
        }
        found.then_some(without)
    }

    /// Up to where what was written so far of a line can be told: nothing that comes after it makes a value of that.
    pub(super) fn settled(&self, line: &[u8]) -> usize {
        let seen = Seen::of(line);
        let held = self.longest - 1;
        let written = line.len().saturating_sub(held);
        let settled = match &seen {
            None => written,
            Some(seen) if seen.bytes.len() <= held => 0,
            Some(seen) => written.min(seen.place(seen.bytes.len() - held)),
        };
        // A sequence that nobody ends must not be held for ever.
        let settled = settled.max(line.len().saturating_sub(held + LONGEST_HELD));
        let places = self.places(line, seen.as_ref());
        let cut = places.iter().find(|place| place.contains(&settled));
        match cut {
            // One after the other, without end: what follows belongs to the next.
            Some(place) if place.len() > LONGEST_HELD => place.end,
            Some(place) => place.start,
            None => settled,
        }
    }

    fn has_any(&self, text: &[u8]) -> bool {
        self.any.as_ref().is_none_or(|any| any.is_match(text))
    }

    /// Where this line has values; what touches counts as one.
    fn places(&self, line: &[u8], seen: Option<&Seen>) -> Vec<Range<usize>> {
        let mut places = self.found(line);
        if let Some(seen) = seen {
            let found = self.found(&seen.bytes).into_iter();
            places.extend(found.map(|found| seen.place(found.start)..seen.place(found.end - 1) + 1));
        }
        places.sort_unstable_by_key(|place| place.start);
        places.dedup_by(|next, before| {
            let touches = next.start <= before.end;
            if touches {
                before.end = before.end.max(next.end);
            }
            touches
        });
        places
    }

    fn found(&self, text: &[u8]) -> Vec<Range<usize>> {
        if !self.has_any(text) {
            return Vec::new();
        }
        match self.all.get_or_init(|| AhoCorasick::new(&self.forms).ok()) {
            Some(all) => all.find_overlapping_iter(text).map(|found| found.range()).collect(),
            // More values than can be looked for: nothing is told rather than one of them.
            None => std::iter::once(0..text.len()).filter(|all| !all.is_empty()).collect(),
        }
    }

    /// Adds the line without these places. The colours that began or ended within them do so after them.
    fn replace(&self, line: &[u8], places: &[Range<usize>], seen: Option<&Seen>, to: &mut Vec<u8>) {
        let mut after = 0;
        for place in places {
            to.extend_from_slice(&line[after..place.start]);
            to.extend_from_slice(HIDDEN.as_bytes());
            let colours = seen.into_iter().flat_map(|seen| &seen.colours);
            for colour in colours.filter(|colour| place.start <= colour.start && colour.end <= place.end) {
                let sequence = &line[colour.clone()];
                if !self.has_any(sequence) {
                    to.extend_from_slice(sequence);
                }
            }
            after = place.end;
        }
        to.extend_from_slice(&line[after..]);
    }
}

impl Seen {
    /// How this line is seen; nothing where that is as it was written.
    fn of(line: &[u8]) -> Option<Self> {
        if !has_unseen(line) {
            return None;
        }
        let mut seen = Self {
            bytes: Vec::with_capacity(line.len()),
            places: Vec::with_capacity(line.len()),
            colours: Vec::new(),
            end: line.len(),
        };
        let mut after = 0;
        for (unseen, is_colour) in unseen(line) {
            seen.add(line, after..unseen.start);
            after = unseen.end;
            if is_colour {
                seen.colours.push(unseen);
            }
        }
        seen.add(line, after..line.len());
        Some(seen)
    }

    fn add(&mut self, line: &[u8], range: Range<usize>) {
        self.bytes.extend_from_slice(&line[range.clone()]);
        self.places.extend(range);
    }

    /// Where this byte of what is seen stands; the end, where there is no such byte.
    fn place(&self, seen: usize) -> usize {
        self.places.get(seen).copied().unwrap_or(self.end)
    }
}
