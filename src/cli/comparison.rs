//! Which changes are meant: the options, and what they come to.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::CliError;
use crate::changes::Comparison;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which changes")]
#[group(id = "comparison", multiple = true)]
pub(super) struct ComparisonArgs {
    /// Every crate, whatever has changed.
    #[arg(long, conflicts_with_all = ["changed_only", "base", "since", "range", "staged", "files", "files_from"])]
    pub(super) all: bool,
    /// Only what this branch changes: since it left its upstream, else the default branch; what is not committed counts.
    #[arg(long, conflicts_with_all = ["since", "range", "staged", "files", "files_from"])]
    pub(super) changed_only: bool,
    /// Compare with where the branch left this one instead; implies `--changed-only`.
    #[arg(long, value_name = "REV", conflicts_with_all = ["since", "range", "staged", "files", "files_from"])]
    pub(super) base: Option<String>,
    /// Only what differs between this revision and the working tree.
    #[arg(long, value_name = "REV", conflicts_with_all = ["range", "staged", "files", "files_from"])]
    pub(super) since: Option<String>,
    /// Only what differs between two revisions; with three dots, since the second left the first.
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "files", "files_from"])]
    pub(super) range: Option<String>,
    /// Only what is staged for the next commit.
    #[arg(long, conflicts_with_all = ["files", "files_from"])]
    pub(super) staged: bool,
    /// Take these files for changed, and no others.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) files: Vec<PathBuf>,
    /// Read them from a file, or from standard input for `-`: apart by NUL, or a line each where there is none.
    #[arg(long, value_name = "FILE")]
    pub(super) files_from: Option<PathBuf>,
}

impl ComparisonArgs {
    /// What was asked to be compared, or what stands in where nothing was said.
    pub(super) fn comparison_or(&self, otherwise: Comparison, current_dir: &Path) -> Result<Comparison, CliError> {
        if self.all {
            return Ok(Comparison::Everything);
        }
        Ok(self.comparison(current_dir)?.unwrap_or(otherwise))
    }

    /// What was asked to be compared; nothing where everything is meant.
    pub(super) fn comparison(&self, current_dir: &Path) -> Result<Option<Comparison>, CliError> {
        let wants_files = !self.files.is_empty() || self.files_from.is_some();
        Ok(if let Some(rev) = &self.since {
            Some(Comparison::Since(rev.clone()))
        } else if let Some(range) = &self.range {
            Some(Comparison::Range(range.clone()))
        } else if self.staged {
            Some(Comparison::Staged)
        } else if wants_files {
            let mut files = self.files.clone();
            if let Some(list) = &self.files_from {
                files.extend(listed(&read(list)?));
            }
            Some(Comparison::Files(
                files.iter().map(|file| absolute(current_dir, file)).collect(),
            ))
        } else if self.changed_only || self.base.is_some() {
            Some(Comparison::Branch {
                base: self.base.clone(),
            })
        } else {
            None
        })
    }
}

/// The path without `.` and `..`, as text: what it names may be gone.
pub(super) fn absolute(current_dir: &Path, file: &Path) -> PathBuf {
    let mut path = PathBuf::new();
    for component in current_dir.join(file).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = path.pop(),
            other => path.push(other),
        }
    }
    path
}

fn read(list: &Path) -> Result<Vec<u8>, CliError> {
    let read = if list == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        read_file(list)
    };
    read.map_err(|error| {
        CliError::usage(format!(
            "the list of files `{}` cannot be read: {error}",
            list.display()
        ))
    })
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// The names in a list: apart by NUL, or by newlines where there is no NUL.
fn listed(bytes: &[u8]) -> Vec<PathBuf> {
    let separator = if bytes.contains(&0) { 0 } else { b'\n' };
    let names = bytes.split(|byte| *byte == separator);
    let names = names.map(|name| {
        if separator == b'\n' {
            name.strip_suffix(b"\r").unwrap_or(name)
        } else {
            name
        }
    });
    names
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_apart_by_nul_or_by_lines() {
        let check = |list: &[u8], expected: &[&[u8]]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|name| PathBuf::from(OsStr::from_bytes(name)))
                .collect();
            assert_eq!(listed(list), expected, "{list:?}");
        };
        check(b"", &[]);
        check(b"a\nb c\r\n\n", &[b"a", b"b c"]);
        check(b"a\nb\0c\r\0", &[b"a\nb", b"c\r"]);
        check(b"\xff.rs", &[b"\xff.rs"]);
    }
}
