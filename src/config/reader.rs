//! Reads TOML tables key by key, gathers every mistake, and remembers where each value stands.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use toml::Spanned;
use toml::de::DeValue;

use crate::diagnostic::{Diagnostic, Diagnostics, Located, SourceFile, Span, nearest};

/// Keys that are planned, and that somebody may have read of.
const LATER_KEYS: [&str; 1] = ["env"];

/// A TOML value with its place.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// What is being read, and what was found wrong in it.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Arc<SourceFile>,
    pub(super) mistakes: &'a mut Diagnostics,
}

/// A type that a configuration value can have.
pub(super) trait Value: Sized {
    /// The value, or nothing once every mistake in it has been noted.
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    /// The JSON schema of what [`Value::read`] accepts.
    fn schema() -> Json;
}

impl Reader<'_> {
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span {
            file: Arc::clone(self.file),
            range,
        }
    }

    pub(super) fn located<T>(&self, value: T, range: Range<usize>) -> Located<T> {
        Located {
            value,
            span: self.span(range),
        }
    }

    pub(super) fn mistake(&mut self, code: &'static str, range: Range<usize>, message: impl Into<String>) -> &mut Self {
        let diagnostic = Diagnostic::new(code, self.span(range), message);
        self.mistakes.push(diagnostic);
        self
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.mistakes.push(diagnostic);
    }

    /// Notes that a value is of another type than its key takes.
    pub(super) fn wrong_type(&mut self, node: &Node<'_>, expected: &str) {
        let found = node.get_ref().type_str();
        let diagnostic = Diagnostic::new("wrong-type", self.span(node.span()), format!("expected {expected}"))
            .label(format!("this is {} {found}", article(found)));
        self.report(diagnostic);
    }

    /// Notes a key that does not exist, or not yet.
    pub(super) fn unknown_key(&mut self, range: Range<usize>, key: &str, known: &[&'static str]) {
        let help = match nearest(key, known.iter().copied()) {
            _ if LATER_KEYS.contains(&key) => "this version does not know it yet: leave it out".to_owned(),
            Some(near) => format!("there is a key `{near}`"),
            None => format!("the keys are {}", listed(known)),
        };
        let diagnostic = Diagnostic::new("unknown-key", self.span(range), format!("unknown key `{key}`")).help(help);
        self.report(diagnostic);
    }

    /// The place of `part` inside the value at `range`, where it was written literally; else the whole value.
    pub(super) fn part_of(&self, range: Range<usize>, part: &str) -> Range<usize> {
        match self.file.text.get(range.clone()).and_then(|text| text.find(part)) {
            Some(at) => range.start + at..range.start + at + part.len(),
            None => range,
        }
    }
}

/// `a`, or `an` before a vowel.
pub(super) fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// The words in backticks, with commas between them.
pub(super) fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Declares a table of the configuration: one list of keys gives the struct, its parser, its merge and its schema.
macro_rules! table {
    ($(#[$doc:meta])* pub(super) struct $Name:ident {
        $($(#[doc = $about:literal])* $key:literal => $field:ident: $Type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(super) struct $Name {
            $($(#[doc = $about])* pub(super) $field: Option<$crate::diagnostic::Located<$Type>>,)*
        }

        impl $Name {
            /// The keys, in the order in which they are documented.
            pub(super) const KEYS: &'static [&'static str] = &[$($key),*];

            /// Takes the key into the struct; `false` where it is not one of this table.
            pub(super) fn read_key(
                &mut self,
                key: &str,
                node: &$crate::config::reader::Node<'_>,
                reader: &mut $crate::config::reader::Reader<'_>,
            ) -> bool {
                match key {
                    $($key => {
                        let value = <$Type as $crate::config::reader::Value>::read(node, reader);
                        self.$field = value.map(|value| reader.located(value, node.span()));
                    })*
                    _ => return false,
                }
                true
            }

            /// These values, and those of `base` for the keys that were not given.
            #[allow(dead_code, reason = "not every table is merged with another")]
            pub(super) fn over(self, base: Self) -> Self {
                Self { $($field: self.$field.or(base.$field),)* }
            }

            /// The schema of each key.
            pub(super) fn properties() -> serde_json::Map<String, serde_json::Value> {
                let mut properties = serde_json::Map::new();
                $(properties.insert(
                    $key.to_owned(),
                    $crate::config::reader::described(
                        <$Type as $crate::config::reader::Value>::schema(),
                        concat!($($about),*),
                    ),
                );)*
                properties
            }
        }
    };
}
pub(super) use table;

/// The schema with a description.
pub(super) fn described(mut schema: Json, about: &str) -> Json {
    if let Some(object) = schema.as_object_mut() {
        let mut described = Map::new();
        described.insert("description".to_owned(), Json::from(about.trim()));
        described.append(object);
        *object = described;
    }
    schema
}
