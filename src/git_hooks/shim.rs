//! The script that stands in the place of a hook: it finds this program and hands everything on to it. Pure.
//!
//! It starts no other process, and it never succeeds without having said why where the checks could not run.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::config::Stage;

const TEMPLATE: &str = include_str!("../../templates/git-hook.sh");

/// What the second line of every version begins with.
const MARK: &[u8] = b"# cargo-hooks shim ";

/// What is added to the name of a hook that was there before.
pub(crate) const KEPT: &str = ".before-cargo-hooks";

/// A script for one hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shim {
    /// The hook.
    pub(crate) stage: Stage,
    /// This program, as it was found when the script was written.
    pub(crate) program: PathBuf,
    /// The directory of the workspace, from the top of the working tree.
    pub(crate) workspace: PathBuf,
}

impl Shim {
    /// The script.
    pub(crate) fn text(&self) -> Vec<u8> {
        let status = if self.stage.comes_after() { "0" } else { "1" };
        let mut text = Vec::new();
        let mut rest = TEMPLATE;
        while let Some((before, from)) = rest.split_once('{') {
            text.extend(before.as_bytes());
            let filled = from.split_once('}').and_then(|(name, after)| {
                let value = match name {
                    "stage" => self.stage.to_string().into_bytes(),
                    "status" => status.into(),
                    "program" => quoted(self.program.as_os_str()),
                    "workspace" => quoted(self.workspace.as_os_str()),
                    _ => return None,
                };
                Some((value, after))
            });
            // What is no name of ours is a brace of the shell.
            let (value, after) = filled.unwrap_or((vec![b'{'], from));
            text.extend(value);
            rest = after;
        }
        text.extend(rest.as_bytes());
        text
    }

    /// What a script of ours says; nothing where it is somebody else's.
    pub(crate) fn read(stage: Stage, text: &[u8]) -> Option<Self> {
        let second = text.splitn(3, |byte| *byte == b'\n').nth(1)?;
        if !second.starts_with(MARK) {
            return None;
        }
        let value = |name: &[u8]| {
            let at = text.windows(name.len()).position(|found| found == name)?;
            Some(PathBuf::from(OsStr::from_bytes(&unquoted(&text[at + name.len()..])?)))
        };
        Some(Self {
            stage,
            program: value(b"\nrecorded=")?,
            workspace: value(b"\nworkspace=")?,
        })
    }
}

/// A word for the shell, whatever it holds.
fn quoted(word: &OsStr) -> Vec<u8> {
    let mut text = vec![b'\''];
    for byte in word.as_bytes() {
        match byte {
            b'\'' => text.extend(br"'\''"),
            other => text.push(*other),
        }
    }
    text.push(b'\'');
    text
}

/// The word that a text begins with, as [`quoted`] writes it.
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = text.strip_prefix(b"'")?;
    let mut word = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\'')?;
        word.extend(&rest[..end]);
        match rest[end..].strip_prefix(br"'\''") {
            Some(after) => {
                word.push(b'\'');
                rest = after;
            }
            None => return Some(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;
    use crate::model::Keyword;

    fn path(bytes: Vec<u8>) -> PathBuf {
        std::ffi::OsString::from_vec(bytes).into()
    }

    #[test]
    fn nothing_of_the_template_is_left_open() {
        for (stage, ..) in Stage::ALL {
            let shim = Shim {
                stage: *stage,
                program: "/bin/cargo-hooks".into(),
                workspace: ".".into(),
            };
            let text = String::from_utf8(shim.text()).unwrap();
            assert!(text.starts_with("#!/bin/sh\n# cargo-hooks shim 1"), "{text}");
            for open in ["{stage}", "{status}", "{program}", "{workspace}"] {
                assert!(!text.contains(open), "{text}");
            }
            let status = if stage.comes_after() { "exit 0\n" } else { "exit 1\n" };
            assert!(text.ends_with(status), "{text}");
            assert!(text.contains("${0%/*}") && text.contains("works() {"), "{text}");
        }
    }

    #[test]
    fn somebody_elses_script_is_none_of_ours() {
        let check = |text: &str| assert_eq!(Shim::read(Stage::PreCommit, text.as_bytes()), None, "{text}");
        check("");
        check("#!/bin/sh\nexec cargo-hooks check\n");
        check("# cargo-hooks shim 1\n");
        check("#!/bin/sh\n# cargo-hooks shim 1\nrecorded='/never closed");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            program in proptest::collection::vec(1..=255_u8, 1..40),
            workspace in proptest::collection::vec(1..=255_u8, 1..40),
        ) {
            let shim = Shim { stage: Stage::PrePush, program: path(program), workspace: path(workspace) };
            prop_assert_eq!(Shim::read(Stage::PrePush, &shim.text()), Some(shim));
        }
    }
}
