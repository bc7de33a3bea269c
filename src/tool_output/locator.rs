//! Turns a place as a tool wrote it into one that means the same everywhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{CrateName, Place};
use crate::patch::Names;
use crate::tool_output::Attribution;
use crate::tool_output::place_text::TextPlace;

/// Knows what the paths of one tool are relative to.
#[derive(Clone, Debug)]
pub(super) struct Locator {
    attribution: Arc<Attribution>,
    base: PathBuf,
}

impl Locator {
    /// For tools that name files relative to the workspace root, as Cargo makes the compiler do.
    pub(super) fn from_root(attribution: Arc<Attribution>) -> Self {
        Self::from_dir(attribution, PathBuf::new())
    }

    /// For tools that name files relative to the directory in which they run.
    pub(super) fn from_dir(attribution: Arc<Attribution>, dir: PathBuf) -> Self {
        Self {
            base: attribution.root().join(dir),
            attribution,
        }
    }

    /// The place, and the crate in which it lies.
    pub(super) fn locate(&self, text: &TextPlace) -> (Place, Option<CrateName>) {
        // Windows' rustfmt writes canonical paths, with a prefix that no other tool understands.
        let file = text.file.strip_prefix(r"\\?\").unwrap_or(&text.file);
        let (place, crate_name) = self.place(&self.base.join(file), text.line);
        let column = text.column;
        (Place { column, ..place }, crate_name)
    }

    /// A line of a file that is given absolute or relative to the workspace root.
    pub(super) fn place(&self, file: &Path, line: Option<u32>) -> (Place, Option<CrateName>) {
        let file = self.attribution.relative(file);
        let crate_name = self.attribution.crate_of_file(&file);
        let column = None;
        (Place { file, line, column }, crate_name)
    }

    /// What the names in a diff are relative to.
    pub(super) fn names(&self) -> Names<'_> {
        Names {
            root: self.attribution.root(),
            cwd: &self.base,
        }
    }

    /// What is known of the workspace.
    pub(super) fn attribution(&self) -> &Attribution {
        &self.attribution
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool_output::place_text::whole_place;
    use crate::tool_output::recorded::attribution;

    #[test]
    fn a_path_is_relative_to_the_root_or_to_the_directory_of_the_command() {
        let known = Arc::new(attribution());
        let below = Locator::from_dir(Arc::clone(&known), PathBuf::from("/ws/crates/b"));
        for (locator, text, file, crate_name) in [
            (
                Locator::from_root(known),
                "crates/a/src/lib.rs:1:2",
                "crates/a/src/lib.rs",
                Some("crate-a"),
            ),
            (below.clone(), "src/lib.rs:1:2", "crates/b/src/lib.rs", Some("crate-b")),
            (below.clone(), "/ws/Cargo.toml:1", "Cargo.toml", None),
            (below, "/else/lib.rs:1", "/else/lib.rs", None),
        ] {
            let (place, found) = locator.locate(&whole_place(text).unwrap());
            assert_eq!(place.file, PathBuf::from(file));
            assert_eq!(found.as_ref().map(CrateName::as_str), crate_name);
        }
    }
}
