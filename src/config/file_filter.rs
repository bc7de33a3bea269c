//! Which files a check is about.

use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};

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
        let (include, exclude) = (set(&self.include), set(&self.exclude));
        let all = self.include.is_empty();
        move |file| (all || include.is_match(file)) && !exclude.is_match(file)
    }
}

fn set(globs: &[Glob]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    // Each pattern was compiled when the configuration was read; together they only fail beyond any sensible size.
    builder.build().unwrap_or_default()
}
