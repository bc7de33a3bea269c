//! What cargo and the compiler note down while they build: which files they read, and which variables.
//!
//! Read here once more, apart from the library, which is not to be held against itself.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// What a build has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    /// The files that the compiler read.
    pub(crate) read: BTreeSet<PathBuf>,
    /// The files and directories that build scripts watch.
    pub(crate) watched: BTreeSet<PathBuf>,
    /// The variables that sources or build scripts read.
    pub(crate) variables: BTreeSet<String>,
}

impl Records {
    /// Reads those of a build directory, as far as they are about files below a root. `dirs` has the directory of each
    /// package by its name.
    pub(crate) fn load(target: &Path, root: &Path, dirs: &[(String, PathBuf)]) -> Result<Self, Box<dyn Error>> {
        let mut records = Self::default();
        for entry in fs::read_dir(target.join("debug/deps"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "d") {
                records.dep_info(&fs::read_to_string(path)?, root);
            }
        }
        for entry in fs::read_dir(target.join("debug/build")).into_iter().flatten() {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let package = name.rsplit_once('-').map_or("", |(package, _)| package);
            let dir = dirs.iter().find(|(name, _)| name == package).map(|(_, dir)| dir);
            if let (Some(dir), Ok(text)) = (dir, fs::read_to_string(path.join("output"))) {
                records.output(&text, dir);
            }
        }
        Ok(records)
    }

    /// What the compiler writes, in the form of a makefile.
    fn dep_info(&mut self, text: &str, root: &Path) {
        for line in text.lines() {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                let name = variable.split('=').next().unwrap_or(variable);
                self.variables.insert(name.to_owned());
            } else if let Some(file) = line.strip_suffix(':') {
                // It may be written with `..`, and need not be there any more.
                let path = root.join(file.replace("\\ ", " ")).canonicalize();
                self.read.extend(path.into_iter().filter(|path| path.starts_with(root)));
            }
        }
    }

    /// What a build script prints.
    fn output(&mut self, text: &str, dir: &Path) {
        for line in text.lines() {
            let Some((key, value)) = line
                .strip_prefix("cargo:")
                .and_then(|line| line.trim_start_matches(':').split_once('='))
            else {
                continue;
            };
            match key {
                "rerun-if-changed" => {
                    self.watched.insert(dir.join(value));
                }
                "rerun-if-env-changed" => {
                    self.variables.insert(value.to_owned());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_script_prints() {
        let text = "cargo:rerun-if-changed=a.txt\ncargo::rerun-if-env-changed=X\nplain\ncargo:rustc-cfg=y\n";
        let mut records = Records::default();
        records.output(text, Path::new("/w/a"));
        assert_eq!(records.watched, BTreeSet::from(["/w/a/a.txt".into()]));
        assert_eq!(records.variables, BTreeSet::from(["X".to_owned()]));
    }

    #[test]
    fn what_the_compiler_writes() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["lib.rs", "a b.txt"] {
            fs::write(root.join(name), "").unwrap();
        }
        let text =
            "/t/x.d: lib.rs a\\ b.txt /other.rs\n\nlib.rs:\na\\ b.txt:\n/other.rs:\n\n# env-dep:Y=1\n# env-dep:Z\n";
        let mut records = Records::default();
        records.dep_info(text, &root);
        let read = ["a b.txt", "lib.rs"].map(|name| root.join(name));
        assert_eq!(records.read, BTreeSet::from(read));
        assert_eq!(records.variables, BTreeSet::from(["Y".to_owned(), "Z".to_owned()]));
    }
}
