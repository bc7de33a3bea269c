//! How files are called on GitHub. Pure.

use std::path::{Path, PathBuf};

/// Where a workspace lies in the repository that a job has checked out.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The root of the workspace, which findings are relative to.
    pub workspace: PathBuf,
    /// The root of what was checked out, where that is known.
    pub checkout: Option<PathBuf>,
}

impl Places {
    /// The file as it is called in the repository: relative to its root where it lies in it.
    pub(in crate::report) fn name(&self, file: &Path) -> String {
        let whole = self.workspace.join(file);
        let below = self.checkout.as_ref().and_then(|root| whole.strip_prefix(root).ok());
        below.unwrap_or(file).to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_root_of_the_repository() {
        let check = |checkout: Option<&str>, file: &str, expected: &str| {
            let places = Places {
                workspace: "/work/repo/rust".into(),
                checkout: checkout.map(PathBuf::from),
            };
            assert_eq!(places.name(Path::new(file)), expected);
        };
        check(Some("/work/repo"), "a/src/lib.rs", "rust/a/src/lib.rs");
        check(Some("/work/repo"), "/work/repo/x.rs", "x.rs");
        check(Some("/work/repo"), "/elsewhere/x.rs", "/elsewhere/x.rs");
        check(Some("/work/other"), "a/src/lib.rs", "a/src/lib.rs");
        check(None, "a/src/lib.rs", "a/src/lib.rs");
    }
}
