//! A key as the Remote Execution API has it: the digest of an `Action`, of its command and of its tree of inputs.
//!
//! Engines that share results know an action by this digest. They need not know anything else of us, and what is shared
//! one day has the keys that it has today. Only what is used is here; the numbers are those of the published messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use prost::Message;

use super::files::{InputFile, Places};
use crate::model::Digest;

#[derive(Clone, PartialEq, Eq, Message)]
struct DigestMessage {
    #[prost(string, tag = "1")]
    hash: String,
    #[prost(int64, tag = "2")]
    size_bytes: i64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct FileNode {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    digest: Option<DigestMessage>,
    #[prost(bool, tag = "4")]
    is_executable: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct DirectoryNode {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    digest: Option<DigestMessage>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Directory {
    #[prost(message, repeated, tag = "1")]
    files: Vec<FileNode>,
    #[prost(message, repeated, tag = "2")]
    directories: Vec<DirectoryNode>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Variable {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Platform {
    #[prost(message, repeated, tag = "1")]
    properties: Vec<Variable>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Command {
    #[prost(string, repeated, tag = "1")]
    arguments: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    environment_variables: Vec<Variable>,
    #[prost(message, optional, tag = "5")]
    platform: Option<Platform>,
    #[prost(string, tag = "6")]
    working_directory: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Action {
    #[prost(message, optional, tag = "1")]
    command_digest: Option<DigestMessage>,
    #[prost(message, optional, tag = "2")]
    input_root_digest: Option<DigestMessage>,
    #[prost(message, optional, tag = "10")]
    platform: Option<Platform>,
}

/// A tree of inputs.
#[derive(Clone, Debug)]
pub(super) struct Inputs(Directory);

impl Inputs {
    /// The root, with what are no files as a file of ours.
    fn with(&self, text: &[u8]) -> DigestMessage {
        let ours = Directory {
            files: vec![FileNode {
                name: FINGERPRINT.to_owned(),
                digest: Some(message(&Digest::of(text), text.len() as u64)),
                is_executable: false,
            }],
            directories: Vec::new(),
        };
        let mut root = self.0.clone();
        let place = root.directories.partition_point(|dir| dir.name.as_str() < OURS);
        let ours = DirectoryNode {
            name: OURS.to_owned(),
            digest: Some(digest_of(&ours)),
        };
        root.directories.insert(place, ours);
        digest_of(&root)
    }
}

/// The directory of the tree that is ours, and the file in it that holds what are no files.
const OURS: &str = ".cargo-hooks";
const FINGERPRINT: &str = "fingerprint";

/// Puts together trees of the same files: a directory that many of them have, with all that is in it, is worked out once.
#[derive(Debug, Default)]
pub(super) struct Directories(Mutex<Whole>);

/// What directories are that have all files between two places in them, and how deep they lie.
type Whole = HashMap<(usize, usize, usize), DigestMessage>;

impl Directories {
    /// The tree of some of the files, which are sorted by their paths. What is no plain file below the root, and what cannot
    /// be read, is left out.
    pub(super) fn inputs(&self, files: &[InputFile], places: &Places) -> Inputs {
        let nodes: Vec<Node<'_>> = places
            .iter()
            .filter_map(|place| Node::new(place, &files[place]))
            .collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Inputs(directory(&nodes, 0, &mut known))
    }
}

/// A file of a tree of inputs.
struct Node<'f> {
    place: usize,
    /// From the root of the tree, with `/` between directories and neither at its ends.
    path: &'f str,
    file: &'f InputFile,
    digest: Digest,
}

impl<'f> Node<'f> {
    fn new(place: usize, file: &'f InputFile) -> Option<Self> {
        let is_plain = !file.link && file.path.is_relative() && !file.path.starts_with(OURS);
        Some(Self {
            place,
            path: file.path.to_str().filter(|_| is_plain)?,
            file,
            digest: file.digest?,
        })
    }
}

/// What is run, and where.
pub(super) struct Invocation<'a> {
    pub(super) arguments: &'a [String],
    pub(super) variables: &'a BTreeMap<String, String>,
    /// From the root of the tree; empty for the root itself.
    pub(super) directory: &'a str,
    /// What the machine has to be, by name.
    pub(super) platform: &'a BTreeMap<String, String>,
}

/// The digest of the action upon these inputs, and upon what else counts, as text.
pub(super) fn action(invocation: &Invocation<'_>, inputs: &Inputs, fingerprint: &str) -> Digest {
    let pairs = |map: &BTreeMap<String, String>| {
        let pair = |(name, value): (&String, &String)| Variable {
            name: name.clone(),
            value: value.clone(),
        };
        map.iter().map(pair).collect::<Vec<_>>()
    };
    let platform = Some(Platform {
        properties: pairs(invocation.platform),
    });
    let command = Command {
        arguments: invocation.arguments.to_vec(),
        environment_variables: pairs(invocation.variables),
        platform: platform.clone(),
        working_directory: invocation.directory.to_owned(),
    };
    let action = Action {
        command_digest: Some(digest_of(&command)),
        input_root_digest: Some(inputs.with(fingerprint.as_bytes())),
        platform,
    };
    Digest::of(&action.encode_to_vec())
}

/// The directory that these files are in: `from` bytes of their paths name it.
fn directory(nodes: &[Node<'_>], from: usize, known: &mut Whole) -> Directory {
    let mut found = Directory::default();
    let mut rest = nodes;
    while let Some(first) = rest.first() {
        let below = &first.path[from..];
        let Some(end) = below.find('/') else {
            found.files.push(FileNode {
                name: below.to_owned(),
                digest: Some(message(&first.digest, first.file.size)),
                is_executable: first.file.executable,
            });
            rest = &rest[1..];
            continue;
        };
        let within = &first.path[..=from + end];
        let count = rest.partition_point(|node| node.path.starts_with(within));
        let (inside, others) = rest.split_at(count);
        found.directories.push(DirectoryNode {
            name: below[..end].to_owned(),
            digest: Some(digest_of_directory(inside, within.len(), known)),
        });
        rest = others;
    }
    found.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    found.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    found
}

fn digest_of_directory(nodes: &[Node<'_>], from: usize, known: &mut Whole) -> DigestMessage {
    let ends = nodes.first().zip(nodes.last());
    // With gaps between the places, they do not say which files these are.
    let Some(place) = ends
        .map(|(first, last)| (first.place, last.place, from))
        .filter(|(first, last, _)| last - first + 1 == nodes.len())
    else {
        return digest_of(&directory(nodes, from, known));
    };
    if let Some(digest) = known.get(&place) {
        return digest.clone();
    }
    let digest = digest_of(&directory(nodes, from, known));
    known.insert(place, digest.clone());
    digest
}

fn digest_of(encoded: &impl Message) -> DigestMessage {
    let bytes = encoded.encode_to_vec();
    message(&Digest::of(&bytes), bytes.len() as u64)
}

fn message(digest: &Digest, size: u64) -> DigestMessage {
    DigestMessage {
        hash: digest.to_string(),
        size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(path: &str, content: &str) -> InputFile {
        InputFile {
            path: path.into(),
            digest: Some(Digest::of(content.as_bytes())),
            size: content.len() as u64,
            executable: false,
            link: false,
        }
    }

    fn inputs(files: &[InputFile]) -> Inputs {
        Directories::default().inputs(files, &Places::first(files.len()))
    }

    fn key(arguments: &[&str], files: &[InputFile]) -> Digest {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let none = BTreeMap::new();
        action(
            &Invocation {
                arguments: &arguments,
                variables: &none,
                directory: "",
                platform: &none,
            },
            &inputs(files),
            "",
        )
    }

    #[test]
    fn the_messages_are_those_that_are_published() {
        // An empty directory is an empty message, and the digest of nothing is known to everybody.
        let nothing = digest_of(&inputs(&[]).0);
        assert_eq!(
            (nothing.hash.as_str(), nothing.size_bytes),
            ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0)
        );
        let of_file = Directory {
            files: vec![FileNode {
                name: "a".to_owned(),
                digest: Some(message(&Digest::of(b""), 0)),
                is_executable: true,
            }],
            directories: Vec::new(),
        };
        let bytes = of_file.encode_to_vec();
        assert_eq!(bytes[..5], [0x0a, 0x49, 0x0a, 0x01, b'a']);
        assert_eq!(bytes[5..9], [0x12, 0x42, 0x0a, 0x40]);
        assert_eq!(bytes[bytes.len() - 2..], [0x20, 0x01]);
    }

    #[test]
    fn whatever_differs_makes_another_key() {
        let files = [
            node("a-b/x", "1"),
            node("a/b/c", "2"),
            node("a/b0", "3"),
            node("b", "4"),
        ];
        let base = key(&["run"], &files);
        assert_eq!(base, key(&["run"], &files));
        let mut others = vec![
            key(&["run", ""], &files),
            key(&["r", "un"], &files),
            key(&["run"], &files[1..]),
            key(
                &["run"],
                &[
                    node("a-b/x", "1"),
                    node("a/b/c", "2"),
                    node("a/b0", "4"),
                    node("b", "3"),
                ],
            ),
            key(
                &["run"],
                &[node("a-b/x", "1"), node("a/b", "2"), node("a/b0", "3"), node("b", "4")],
            ),
        ];
        let mut executable = files.clone();
        executable[3].executable = true;
        others.push(key(&["run"], &executable));
        for (place, other) in others.iter().enumerate() {
            assert_ne!(*other, base, "{place}");
            assert!(!others[..place].contains(other), "{place}");
        }
    }

    proptest! {
        /// What trees have in common is worked out once, and each is what it would be alone.
        #[test]
        fn trees_do_not_disturb_each_other(wanted in prop::collection::vec(prop::collection::btree_set(0_usize..27, 0..27), 1..6)) {
            let path = |n: usize| format!("{}/{}/{}", n / 9, n / 3 % 3, n % 3);
            let files: Vec<InputFile> = (0..27).map(|n| node(&path(n), &path(n))).collect();
            let together = Directories::default();
            for places in wanted {
                let places: Places = places.into_iter().collect();
                let alone = Directories::default().inputs(&files, &places);
                prop_assert_eq!(together.inputs(&files, &places).0, alone.0);
            }
        }
    }
}
