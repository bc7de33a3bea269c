//! A key as the Remote Execution API has it: the digest of an `Action`, of its command and of its tree of inputs.
//!
//! Engines that share results know an action by this digest. They need not know anything else of us, and what is shared
//! one day has the keys that it has today. Only what is used is here; the numbers are those of the published messages.

use std::collections::BTreeMap;

use prost::Message;

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

/// A file of the tree of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputNode<'a> {
    /// From the root of the tree, with `/` between directories and neither at its ends.
    pub(super) path: &'a str,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) executable: bool,
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

/// The digest of the action. The files are sorted by their paths, each of which is there once.
pub(super) fn action(invocation: &Invocation<'_>, files: &[InputNode<'_>]) -> Digest {
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
        input_root_digest: Some(directory(files, 0)),
        platform,
    };
    Digest::of(&action.encode_to_vec())
}

/// The digest of the directory that these files are in: `from` bytes of their paths name it.
fn directory(files: &[InputNode<'_>], from: usize) -> DigestMessage {
    let mut found = Directory::default();
    let mut rest = files;
    while let Some(first) = rest.first() {
        let below = &first.path[from..];
        let Some(end) = below.find('/') else {
            found.files.push(FileNode {
                name: below.to_owned(),
                digest: Some(message(&first.digest, first.size)),
                is_executable: first.executable,
            });
            rest = &rest[1..];
            continue;
        };
        let within = &first.path[..=from + end];
        let count = rest.iter().take_while(|file| file.path.starts_with(within)).count();
        found.directories.push(DirectoryNode {
            name: below[..end].to_owned(),
            digest: Some(directory(&rest[..count], from + end + 1)),
        });
        rest = &rest[count..];
    }
    found.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    found.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    digest_of(&found)
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
    use super::*;

    fn node<'p>(path: &'p str, content: &str) -> InputNode<'p> {
        InputNode {
            path,
            digest: Digest::of(content.as_bytes()),
            size: content.len() as u64,
            executable: false,
        }
    }

    fn key(arguments: &[&str], files: &[InputNode<'_>]) -> Digest {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let none = BTreeMap::new();
        action(
            &Invocation {
                arguments: &arguments,
                variables: &none,
                directory: "",
                platform: &none,
            },
            files,
        )
    }

    #[test]
    fn the_messages_are_those_that_are_published() {
        // An empty directory is an empty message, and the digest of nothing is known to everybody.
        let nothing = directory(&[], 0);
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
        let mut executable = files;
        executable[3].executable = true;
        others.push(key(&["run"], &executable));
        for (place, other) in others.iter().enumerate() {
            assert_ne!(*other, base, "{place}");
            assert!(!others[..place].contains(other), "{place}");
        }
    }
}
