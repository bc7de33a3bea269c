//! What the sources of one commit name, and how it is written to a file. Pure.
//!
//! The file is read at every start, so it holds only the sources that name anything, and is read in one pass. It is not
//! trusted: one that is damaged, or of another version, is no file.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use super::resolve::Target;

/// What is known of a commit. Paths are bytes, from the top of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The commit.
    pub(super) commit: String,
    /// The root of the workspace, from which some names go.
    pub(super) root: Vec<u8>,
    /// The directories that have a `Cargo.toml`.
    pub(super) packages: BTreeSet<Vec<u8>>,
    /// What lies directly in the top of the repository.
    pub(super) in_top: BTreeSet<Vec<u8>>,
    /// What lies directly in the root of the workspace.
    pub(super) in_root: BTreeSet<Vec<u8>>,
    /// What the sources name; those that name nothing of interest are left out.
    pub(super) sources: BTreeMap<Vec<u8>, SourceFacts>,
    /// Symbolic links, and what they lead to.
    pub(super) links: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Sources and links that could not be looked at, since the state that was loaded had others in their place.
    pub(super) unknown: BTreeSet<Vec<u8>>,
}

/// What a source names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SourceFacts {
    pub(super) targets: Vec<Target>,
    pub(super) programs: Vec<String>,
    /// Whether it tells cargo what to run it again for, should it be a build script.
    pub(super) watches: bool,
}

impl SourceFacts {
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.programs.is_empty() && !self.watches
    }
}

impl Facts {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(self.commit.as_bytes());
        writer.bytes(&self.root);
        for set in [&self.packages, &self.in_top, &self.in_root, &self.unknown] {
            writer.list(set, |writer, path| writer.bytes(path));
        }
        writer.list(&self.sources, |writer, (source, facts)| {
            writer.bytes(source);
            writer.list(&facts.targets, |writer, target| {
                writer.number(usize::from(target.whole) + 2 * usize::from(target.tests));
                writer.bytes(&target.path);
            });
            writer.list(&facts.programs, |writer, program| writer.bytes(program.as_bytes()));
            writer.number(usize::from(facts.watches));
        });
        writer.list(&self.links, |writer, (link, target)| {
            writer.bytes(link);
            writer.bytes(target);
        });
        writer.sealed(KIND)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::opened(bytes, KIND)?;
        let facts = Self {
            commit: reader.text()?,
            root: reader.bytes()?,
            packages: reader.list(Reader::bytes)?,
            in_top: reader.list(Reader::bytes)?,
            in_root: reader.list(Reader::bytes)?,
            unknown: reader.list(Reader::bytes)?,
            sources: reader.list(|reader| {
                let source = reader.bytes()?;
                let targets = reader.list(|reader| {
                    let bits = reader.number()?;
                    Some(Target {
                        path: reader.bytes()?,
                        whole: bits & 1 != 0,
                        tests: bits & 2 != 0,
                    })
                })?;
                let programs = reader.list(Reader::text)?;
                let watches = reader.number()? != 0;
                let facts = SourceFacts {
                    targets,
                    programs,
                    watches,
                };
                Some((source, facts))
            })?,
            links: reader.list(|reader| Some((reader.bytes()?, reader.bytes()?)))?,
        };
        reader.is_at_end().then_some(facts)
    }
}

const KIND: &str = "facts";

/// The first bytes of a file of this kind. Another version of the program may find other things in the same sources.
fn header(kind: &str) -> String {
    format!("cargo-hooks {} readers {kind} 3\n", env!("CARGO_PKG_VERSION"))
}

/// Against damage, not against malice.
fn checksum(body: &[u8]) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish().to_le_bytes()
}

/// Writes numbers, in as few bytes as they need, and byte strings after their length.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, mut number: usize) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.0.push(low & 0x7f);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let items = items.into_iter();
        self.number(items.len());
        for item in items {
            write(self, item);
        }
    }

    /// The file: its header, a checksum and what was written.
    pub(super) fn sealed(self, kind: &str) -> Vec<u8> {
        let mut file = header(kind).into_bytes();
        file.extend(checksum(&self.0));
        file.extend(self.0);
        file
    }
}

/// Reads what [`Writer`] wrote. Every step gives nothing where the file does not go on as it should.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn opened(file: &'b [u8], kind: &str) -> Option<Self> {
        let file = file.strip_prefix(header(kind).as_bytes())?;
        let (sum, rest) = file.split_first_chunk::<8>()?;
        (checksum(rest) == *sum).then_some(Self { rest })
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn slice(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        self.slice().map(<[u8]>::to_vec)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn list<T, C: FromIterator<T>>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<C> {
        let length = self.number()?;
        (0..length).map(|_| read(self)).collect()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..12)
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let target =
            (path(), any::<bool>(), any::<bool>()).prop_map(|(path, whole, tests)| Target { path, whole, tests });
        let source = (
            prop::collection::vec(target, 0..4),
            prop::collection::vec("[a-zü]{0,200}", 0..3),
            any::<bool>(),
        )
            .prop_map(|(targets, programs, watches)| SourceFacts {
                targets,
                programs,
                watches,
            });
        let set = || prop::collection::btree_set(path(), 0..4);
        let sources = prop::collection::btree_map(path(), source, 0..5);
        let links = prop::collection::btree_map(path(), path(), 0..4);
        ("[0-9a-f]{0,40}", path(), [set(), set(), set(), set()], sources, links).prop_map(
            |(commit, root, [packages, in_top, in_root, unknown], sources, links)| Facts {
                commit,
                root,
                packages,
                in_top,
                in_root,
                sources,
                links,
                unknown,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(facts in facts()) {
            prop_assert_eq!(Facts::from_bytes(&facts.to_bytes()), Some(facts));
        }

        #[test]
        fn a_damaged_file_is_no_file(facts in facts(), at: prop::sample::Index, bit in 0_u8..8) {
            let mut file = facts.to_bytes();
            let at = at.index(file.len());
            file[at] ^= 1_u8 << bit;
            prop_assert_eq!(Facts::from_bytes(&file), None);
            prop_assert_eq!(Facts::from_bytes(&file[..at]), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Facts::from_bytes(&bytes);
            let _ = Facts::from_bytes(&Writer(bytes).sealed(KIND));
        }
    }
}
