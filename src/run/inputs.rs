//! What the verdicts of tasks rest upon, so that a pass counts only where none of it has moved meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digests::FileTree;
use crate::model::TaskId;

/// The files that count for each task, as they were before the run.
#[derive(Clone, Debug)]
pub struct Inputs {
    tree: Arc<FileTree>,
    of_task: Arc<BTreeMap<TaskId, Vec<usize>>>,
    /// What lies elsewhere and counts for all of them: programs, configuration.
    outside: Arc<Vec<(PathBuf, Option<Seen>)>>,
}

/// What the system says of a file: its size, its inode, and when it was written and changed.
pub(super) type Seen = (u64, u64, (i64, i64), (i64, i64));

fn seen_at(path: &Path) -> Option<Seen> {
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(seen(&found))
}

/// What the system says of a file that was found.
pub(super) fn seen(found: &fs::Metadata) -> Seen {
    let (written, changed) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
    (found.len(), found.ino(), written, changed)
}

impl Inputs {
    /// The files of each task, by their places in a tree, and what counts for all of them.
    #[must_use]
    pub fn new(
        tree: Arc<FileTree>,
        of_task: BTreeMap<TaskId, Vec<usize>>,
        outside: impl Iterator<Item = PathBuf>,
    ) -> Self {
        let outside = outside.map(|path| (path.clone(), seen_at(&path)));
        Self {
            outside: Arc::new(outside.collect()),
            tree,
            of_task: Arc::new(of_task),
        }
    }

    /// A file of a task that somebody has touched since then, if there is one. What was changed and changed back counts as
    /// well: the tool may have seen it as it was between.
    pub(super) fn touched(&self, task: TaskId) -> Option<PathBuf> {
        let places = self.of_task.get(&task)?;
        let touched = self.tree.touched(places.iter().copied());
        if let Some(first) = touched.first() {
            return Some(self.tree.entry(*first).path.to_owned());
        }
        let mut outside = self.outside.iter();
        let touched = outside.find(|(path, before)| seen_at(path) != *before)?;
        Some(touched.0.clone())
    }
}
