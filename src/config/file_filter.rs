//! Which files a check is about.

use std::path::{Component, Path};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Which files a check is about. The patterns are relative to the workspace root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFilter {
    /// It is about files that match one of these; about all where there are none.
    pub include: Vec<Glob>,
    /// But about none that matches one of these.
    pub exclude: Vec<Glob>,
}

impl FileFilter {
    /// Every file.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }

    /// Whether the check is about this file, for a path relative to the workspace root.
    pub fn matcher(&self) -> impl Fn(&Path) -> bool + use<> {
        let (include, exclude) = (glob_set(&self.include), glob_set(&self.exclude));
        let all = self.include.is_empty();
        move |file| (all || include.is_match(file)) && !exclude.is_match(file)
    }
}

/// The glob of a pattern that was written for files below a directory. One without a `/` means any depth.
pub(super) fn glob_below(dir: &Path, pattern: &str) -> Option<Glob> {
    let anywhere = if pattern.contains('/') { "" } else { "**/" };
    glob_at(dir, &format!("{anywhere}{}", pattern.trim_start_matches("./")))
}

/// The glob of a pattern that may lead out of the directory it was written for. Names alone decide where to.
pub(super) fn glob_around(dir: &Path, pattern: &str) -> Option<Glob> {
    let (mut dir, mut rest) = (dir.to_owned(), pattern);
    loop {
        if let Some(below) = rest.strip_prefix("../") {
            rest = below;
            match dir.components().next_back() {
                Some(Component::Normal(_)) => _ = dir.pop(),
                None | Some(Component::ParentDir | Component::CurDir) => dir.push(".."),
                // Nothing is above the root of the file system.
                Some(Component::RootDir | Component::Prefix(_)) => {}
            }
        } else if let Some(below) = rest.strip_prefix("./") {
            rest = below;
        } else if rest.len() == pattern.len() {
            return glob_below(&dir, rest);
        } else {
            return glob_at(&dir, rest);
        }
    }
}

fn glob_at(dir: &Path, pattern: &str) -> Option<Glob> {
    let dir = dir.to_str().map(globset::escape).filter(|dir| !dir.is_empty());
    let dir = dir.unwrap_or_default();
    let slash = if dir.is_empty() || dir.ends_with('/') { "" } else { "/" };
    let whole = format!("{dir}{slash}{pattern}");
    GlobBuilder::new(&whole).literal_separator(true).build().ok()
}

/// What matches one of these patterns; nothing where there are none.
pub(crate) fn glob_set(globs: &[Glob]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    // Each pattern was compiled when the configuration was read; together they only fail beyond any sensible size.
    builder.build().unwrap_or_default()
}
