//! One text for each meaning of a TOML value: the order of keys, the layout and where the workspace lies do not count.

use std::fmt::Write as _;
use std::path::Path;

use toml::{Table, Value};

/// Writes values so that two of them have the same text exactly where they mean the same.
pub(super) struct Canonical<'a> {
    root: &'a str,
}

impl<'a> Canonical<'a> {
    /// Paths below this root are written as they are from there.
    pub(super) fn new(root: &'a Path) -> Self {
        // A root that is no text has no name in a manifest either.
        let root = root.to_str().unwrap_or_default();
        Self { root }
    }

    pub(super) fn value(&self, value: &Value) -> String {
        let mut text = String::new();
        self.write(value, &mut text);
        text
    }

    fn write(&self, value: &Value, to: &mut String) {
        match value {
            Value::String(text) => self.write_text(text, to),
            Value::Array(values) => {
                to.push('[');
                for value in values {
                    self.write(value, to);
                    to.push(',');
                }
                to.push(']');
            }
            Value::Table(table) => self.write_table(table, to),
            Value::Integer(number) => _ = write!(to, "{number}"),
            Value::Float(number) => _ = write!(to, "{number:?}"),
            Value::Boolean(truth) => _ = write!(to, "{truth}"),
            Value::Datetime(time) => _ = write!(to, "{time}"),
        }
    }

    fn write_table(&self, table: &Table, to: &mut String) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        to.push('{');
        for (key, value) in entries {
            let _ = write!(to, "{key:?}=");
            self.write(value, to);
            to.push(',');
        }
        to.push('}');
    }

    fn write_text(&self, text: &str, to: &mut String) {
        let below = text.strip_prefix(self.root).filter(|_| !self.root.is_empty());
        match below.filter(|below| below.is_empty() || below.starts_with('/')) {
            // No text is written without quotation marks but this.
            Some(below) => {
                let _ = write!(to, "root{below:?}");
            }
            None => {
                let _ = write!(to, "{text:?}");
            }
        }
    }
}
