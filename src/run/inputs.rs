//! What the verdicts of tasks rest upon, so that a pass counts only where none of it has moved meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::digests::FileTree;
use crate::model::TaskId;

/// The files that count for each task, as they were before the run.
#[derive(Clone, Debug)]
pub struct Inputs {
    tree: Arc<FileTree>,
    of_task: Arc<BTreeMap<TaskId, Vec<usize>>>,
}

impl Inputs {
    /// The files of each task, by their places in a tree.
    #[must_use]
    pub fn new(tree: Arc<FileTree>, of_task: BTreeMap<TaskId, Vec<usize>>) -> Self {
        Self {
            tree,
            of_task: Arc::new(of_task),
        }
    }

    /// A file of a task that somebody has touched since then, if there is one. What was changed and changed back counts as
    /// well: the tool may have seen it as it was between.
    pub(super) fn touched(&self, task: TaskId) -> Option<PathBuf> {
        let places = self.of_task.get(&task)?;
        let touched = self.tree.touched(places.iter().copied());
        let first = touched.first()?;
        Some(self.tree.entry(*first).path.to_owned())
    }
}
