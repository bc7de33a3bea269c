//! How the files that runs leave are called. Pure.

use crate::history::RunKey;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The results of one run.
    Run,
    /// The results of many.
    Merged,
}

/// The name of a file that a run left. The names of later runs are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The run, or the last of those that are merged and an id of its own.
    pub(crate) key: RunKey,
    pub(crate) kind: Kind,
}

impl Name {
    /// Reads a name. Whatever else lies in the directory has none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (stem, extension) = text.split_once('.')?;
        let kind = match extension {
            "run" => Kind::Run,
            "merged" => Kind::Merged,
            _ => return None,
        };
        let (sequence, id) = stem.split_once('-')?;
        let number = |digits: &str| {
            let is_plain = digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            u64::from_str_radix(digits, 16).ok().filter(|_| is_plain)
        };
        let key = RunKey {
            sequence: number(sequence)?,
            id: number(id)?,
        };
        Some(Self { key, kind })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RunKey { sequence, id } = self.key;
        let extension = match self.kind {
            Kind::Run => "run",
            Kind::Merged => "merged",
        };
        write!(f, "{sequence:016x}-{id:016x}.{extension}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_write_is_a_name() {
        let name = Name {
            key: RunKey {
                sequence: 23,
                id: u64::MAX,
            },
            kind: Kind::Run,
        };
        assert_eq!(name.to_string(), "0000000000000017-ffffffffffffffff.run");
        assert_eq!(Name::parse(&name.to_string()), Some(name));
        for other in [
            "",
            ".new-1",
            "17-ff.run",
            "0000000000000017-ffffffffffffffff.tmp",
            "0000000000000017-ffffffffffffffff",
            "0000000000000017-fffffffffffffffG.run",
            "+000000000000017-ffffffffffffffff.run",
            "0000000000000017-FFFFFFFFFFFFFFFF.run",
            "../0000000000017-ffffffffffffffff.run",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
