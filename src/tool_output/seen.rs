//! Remembers what has been said before, in bounded memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Beyond this many things, repetitions of new ones go unnoticed: better said twice than memory without bound.
const MAX_SEEN: usize = 65_536;

/// What has been said before. It keeps a hash of each thing, which is only ever asked for membership.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    /// Whether this thing is new. From then on it is not.
    pub(super) fn is_new(&mut self, thing: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        thing.hash(&mut hasher);
        let hash = hasher.finish();
        if self.0.len() < MAX_SEEN {
            self.0.insert(hash)
        } else {
            !self.0.contains(&hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_new_once() {
        let mut seen = Seen::default();
        assert!(seen.is_new("a"));
        assert!(!seen.is_new("a"));
        assert!(seen.is_new("b"));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut seen = Seen::default();
        for number in 0..MAX_SEEN {
            assert!(seen.is_new(number));
        }
        assert!(!seen.is_new(0_usize));
        assert!(seen.is_new(MAX_SEEN));
        assert!(seen.is_new(MAX_SEEN), "no longer remembered");
        assert_eq!(seen.0.len(), MAX_SEEN);
    }
}
