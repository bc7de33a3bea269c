//! What cargo and rustc have written down about earlier builds, and what of it matters. Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What has to be known to tell whose a path is. All paths are absolute.
pub(super) struct Members<'m> {
    top: &'m Path,
    root: &'m Path,
    target_dirs: &'m [PathBuf],
    dirs: HashMap<&'m Path, &'m str>,
}

/// The directories of a package whose sources are no part of its library and programs.
const ASIDE: [&str; 3] = ["tests", "examples", "benches"];

impl<'m> Members<'m> {
    pub(super) fn new(
        top: &'m Path,
        root: &'m Path,
        target_dirs: &'m [PathBuf],
        crates: &'m [(String, PathBuf)],
    ) -> Self {
        let dirs = crates
            .iter()
            .map(|(name, dir)| (dir.as_path(), name.as_str()))
            .collect();
        Self {
            top,
            root,
            target_dirs,
            dirs,
        }
    }

    /// The directory of the member that a path belongs to.
    fn of(&self, path: &Path) -> Option<&'m Path> {
        path.ancestors()
            .find_map(|dir| self.dirs.get_key_value(dir))
            .map(|(dir, _)| *dir)
    }

    /// Whether a file of the repository has this path, and nobody builds it.
    fn is_ours(&self, path: &Path) -> bool {
        path.starts_with(self.top) && !self.target_dirs.iter().any(|dir| path.starts_with(dir))
    }

    /// The file as rustc names it: from the root of the workspace, if not from that of the system.
    fn absolute(&self, written: &[u8]) -> PathBuf {
        normal(&self.root.join(OsStr::from_bytes(written)))
    }
}

/// What one dep-info file says: the files that a unit was compiled from, the root of its sources first, and the variables
/// that it asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DepInfo {
    /// Absolute, or as they were written where they are relative to the root of the workspace.
    pub(crate) files: Vec<PathBuf>,
    /// By their names.
    pub(crate) variables: Vec<String>,
}

impl DepInfo {
    /// Reads one.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let path = |file: Cow<'_, [u8]>| PathBuf::from(OsStr::from_bytes(&file));
        let lines = text.split(|byte| *byte == b'\n');
        let variables = lines.filter_map(|line| line.strip_prefix(b"# env-dep:"));
        let name = |line: &[u8]| {
            let end = memchr::memchr(b'=', line).unwrap_or(line.len());
            String::from_utf8_lossy(&line[..end]).into_owned()
        };
        Self {
            files: prerequisites(text).map(path).collect(),
            variables: variables.map(name).collect(),
        }
    }
}

/// Who reads what, by a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) file: PathBuf,
    pub(super) by: PathBuf,
}

/// Whether the beginning of a dep-info file shows that it is about a crate of this repository.
pub(super) fn is_ours(beginning: &[u8], members: &Members<'_>) -> bool {
    let unit = prerequisites(beginning).find(|file| is_code(file));
    unit.is_some_and(|unit| members.of(&members.absolute(&unit)).is_some())
}

fn is_code(file: &[u8]) -> bool {
    file.ends_with(b".rs")
}

/// Whether only clippy reads a file, for itself: it notes its configuration down with what the crate reads.
fn is_of_clippy(file: &[u8], by_clippy: bool) -> bool {
    let slash = memchr::memrchr(b'/', file).map_or(0, |slash| slash + 1);
    match &file[slash..] {
        b"clippy.toml" | b".clippy.toml" => true,
        b"Cargo.toml" => by_clippy,
        _ => false,
    }
}

/// What a unit reads that is not, or not only, the business of its crate, by its dep-info file.
pub(super) fn of_dep_info(dep_info: &[u8], members: &Members<'_>) -> Vec<Recorded> {
    let by_clippy = memchr::memmem::find(dep_info, b"# env-dep:CLIPPY_").is_some();
    // Rustc begins with the unit's own root, and clippy with its configuration.
    let Some(unit) = prerequisites(dep_info).find(|file| is_code(file)) else {
        return Vec::new();
    };
    let unit = members.absolute(&unit);
    let files = prerequisites(dep_info).filter(|file| !is_of_clippy(file, by_clippy));
    let files = files.map(|file| members.absolute(&file)).filter(|file| *file != unit);
    let Some(owner) = members.of(&unit) else {
        return Vec::new();
    };
    let aside = is_aside(&unit, owner);
    let matters = |file: &PathBuf| {
        let code = file.extension().is_some_and(|extension| extension == "rs");
        let elsewhere = members.of(file) != Some(owner);
        members.is_ours(file) && (elsewhere || !code || is_aside(file, owner) && !aside)
    };
    files
        .filter(matters)
        .map(|file| Recorded { file, by: unit.clone() })
        .collect()
}

fn is_aside(file: &Path, package: &Path) -> bool {
    let within = file.strip_prefix(package).unwrap_or(file);
    ASIDE.iter().any(|dir| within.starts_with(dir))
}

/// What the build script of a package reads, by what it wrote.
pub(super) fn of_build_script(output: &[u8], package: &Path, members: &Members<'_>) -> Vec<Recorded> {
    let by = package.join("build.rs");
    let named = output.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.trim_ascii_end().strip_prefix(b"cargo:")?;
        line.strip_prefix(b":")
            .unwrap_or(line)
            .strip_prefix(b"rerun-if-changed=")
    });
    let files = named.map(|path| normal(&package.join(OsStr::from_bytes(path))));
    let is_above = |file: &Path| package.starts_with(file) || members.root.starts_with(file);
    let matters = |file: &PathBuf| members.is_ours(file) && !is_above(file) && *file != by;
    files
        .filter(matters)
        .map(|file| Recorded { file, by: by.clone() })
        .collect()
}

/// Whether a build script, or what it wrote, holds what tells cargo when to run it again. Without that, cargo does so for
/// any file of the package.
pub(super) fn tells_what_it_reads(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"rerun-if-").is_some()
}

/// The files that the first rule names after its colon. All rules of a dep-info file name the same.
fn prerequisites(dep_info: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let rule = dep_info
        .split(|byte| *byte == b'\n')
        .find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let colon = rule.and_then(|rule| memchr::memmem::find(rule, b": ").map(|at| &rule[at + 2..]));
    let mut rest = colon.unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let end = end_of_word(rest);
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then(|| unescaped(word))
    })
}

/// Where a word ends: at a blank before which no `\` stands.
fn end_of_word(text: &[u8]) -> usize {
    let blanks = memchr::memchr_iter(b' ', text);
    blanks
        .into_iter()
        .find(|at| *at == 0 || text[at - 1] != b'\\')
        .unwrap_or(text.len())
}

fn unescaped(word: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', word).is_none() {
        return Cow::Borrowed(word);
    }
    let mut plain = Vec::with_capacity(word.len());
    let mut bytes = word.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escapes = byte == b'\\' && matches!(bytes.peek(), Some(b' ' | b'#' | b'\\'));
        plain.push(if escapes { bytes.next().unwrap_or(byte) } else { byte });
    }
    Cow::Owned(plain)
}

/// The path without `.` and `..`, worked out as text.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests;
