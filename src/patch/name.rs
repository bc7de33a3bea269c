//! Which file a diff means by a name.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What names in a diff are relative to.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The root of the workspace, absolute. No file outside of it is meant.
    pub root: &'a Path,
    /// The directory in which the tool ran, absolute.
    pub cwd: &'a Path,
}

impl Names<'_> {
    /// The file, relative to the root; nothing where it is not in the workspace, or is git's own.
    pub(super) fn file(&self, name: &[u8]) -> Option<PathBuf> {
        let named = self.cwd.join(OsStr::from_bytes(name));
        let below = named.strip_prefix(self.root).ok()?;
        let mut file = PathBuf::new();
        for part in below.components() {
            match part {
                Component::Normal(part) if !is_gits(part) => file.push(part),
                Component::CurDir => {}
                _ => return None,
            }
        }
        let is_a_file = !file.as_os_str().is_empty() && !name.ends_with(b"/");
        (is_a_file && !name.contains(&0)).then_some(file)
    }
}

/// Whatever case the file system makes of it.
fn is_gits(part: &OsStr) -> bool {
    part.eq_ignore_ascii_case(".git")
}

/// The two names of a file that keeps its name, without what tools put in front: `a/` and `b/`, or any two directories that
/// tell the old one from the new one. Nothing where the names are those of two files.
pub(super) fn one_name<'n>(from: &'n [u8], to: &'n [u8]) -> Option<&'n [u8]> {
    if from == to {
        return Some(from);
    }
    let (from, to) = (below_first(from)?, below_first(to)?);
    (from == to).then_some(from)
}

/// The name of a file that is new or taken away, whose other side is no file.
pub(super) fn lone_name<'n>(name: &'n [u8], prefix: &[u8]) -> &'n [u8] {
    name.strip_prefix(prefix).unwrap_or(name)
}

/// A name as it stands in a diff: in quotes, as git does it, where anything in it could be taken for something else.
#[must_use]
pub fn quoted(name: &OsStr) -> String {
    let text = name.to_str();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=@~%,#".contains(c);
    if let Some(text) = text.filter(|text| !text.is_empty() && text.chars().all(is_plain)) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in name.as_bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            _ => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted + "\""
}

fn below_first(name: &[u8]) -> Option<&[u8]> {
    let slash = name.iter().position(|byte| *byte == b'/')?;
    (slash > 0).then(|| &name[slash + 1..])
}
