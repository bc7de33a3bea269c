//! What the verdicts of tasks rest upon, so that a pass counts only where none of it has moved meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fixedbitset::FixedBitSet;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::digests::FileTree;
use crate::model::TaskId;

/// The files that count for each task, as they were before the run.
#[derive(Clone, Debug)]
pub struct Inputs {
    tree: Arc<FileTree>,
    of_task: Arc<BTreeMap<TaskId, FixedBitSet>>,
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
        of_task: BTreeMap<TaskId, FixedBitSet>,
        outside: impl Iterator<Item = PathBuf>,
    ) -> Self {
        let outside = outside.map(|path| (path.clone(), seen_at(&path)));
        Self {
            outside: Arc::new(outside.collect()),
            tree,
            of_task: Arc::new(of_task),
        }
    }

    /// For each of these tasks, a file that somebody has touched since then, if there is one. What was changed and changed
    /// back counts as well: the tool may have seen it as it was between.
    fn touched(&self, tasks: &[TaskId]) -> Vec<Option<PathBuf>> {
        let of_task = |task: &TaskId| self.of_task.get(task);
        let mut all = FixedBitSet::with_capacity(self.tree.len());
        for places in tasks.iter().filter_map(of_task) {
            all.union_with(places);
        }
        let touched = self.tree.touched(all.ones());
        let outside = self.outside.iter().find(|(path, before)| seen_at(path) != *before);
        let first = |places: &FixedBitSet| {
            let own = touched.iter().find(|place| places.contains(**place));
            let own = own.map(|place| self.tree.entry(*place).path.to_owned());
            own.or_else(|| outside.map(|(path, _)| path.clone()))
        };
        tasks.iter().map(|task| of_task(task).and_then(first)).collect()
    }
}

/// Looks at the inputs for all tasks that have come to their end meanwhile at once: many of them rest upon the same files.
#[derive(Debug)]
pub(super) struct Watch {
    inputs: Inputs,
    /// Held by the one that looks.
    turn: tokio::sync::Mutex<()>,
    /// Those that want to know, and whom to tell.
    asked: Mutex<Vec<(TaskId, oneshot::Sender<Option<PathBuf>>)>>,
}

impl Watch {
    pub(super) fn new(inputs: Inputs) -> Self {
        Self {
            inputs,
            turn: tokio::sync::Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// A file of a task that somebody has touched since the run began, if there is one. Looked at on another thread: signals
    /// are heard meanwhile.
    pub(super) async fn touched(&self, task: TaskId) -> Option<PathBuf> {
        loop {
            let (tell, mut told) = oneshot::channel();
            self.asked().push((task, tell));
            let _turn = self.turn.lock().await;
            match told.try_recv() {
                Ok(touched) => return touched,
                // Whoever looked has panicked.
                Err(TryRecvError::Closed) => continue,
                Err(TryRecvError::Empty) => self.look().await,
            }
            if let Ok(touched) = told.try_recv() {
                return touched;
            }
        }
    }

    /// Looks for all who have asked by now.
    async fn look(&self) {
        let (tasks, asked): (Vec<TaskId>, Vec<_>) = std::mem::take(&mut *self.asked()).into_iter().unzip();
        let inputs = self.inputs.clone();
        let looking = tokio::task::spawn_blocking(move || inputs.touched(&tasks));
        let found = looking
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        for (tell, touched) in asked.into_iter().zip(found) {
            // Who does not wait any more need not know.
            let _ = tell.send(touched);
        }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(TaskId, oneshot::Sender<Option<PathBuf>>)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;
    use crate::digests::Scan;
    use crate::environment::Environment;

    #[test]
    fn each_task_is_told_of_its_own_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let program = tempfile::NamedTempFile::new().unwrap();
        let scan = Scan {
            root: dir.path().to_owned(),
            outside: Vec::new(),
            but: Vec::new(),
            git: None,
            environment: Environment::default(),
            state_dir: None,
            threads: NonZero::<usize>::MIN,
        };
        let tree = Arc::new(scan.tree());
        let of_task: BTreeMap<TaskId, FixedBitSet> = [(0, "ab"), (1, "c"), (2, "")]
            .into_iter()
            .map(|(task, names)| {
                let place = |name: char| tree.find(Path::new(&name.to_string())).unwrap();
                (TaskId(task), names.chars().map(place).collect())
            })
            .collect();
        let inputs = Inputs::new(Arc::clone(&tree), of_task, std::iter::once(program.path().to_owned()));
        let touched = || {
            let told = inputs.touched(&[TaskId(3), TaskId(2), TaskId(1), TaskId(0)]);
            let name = |path: Option<PathBuf>| path.map_or("-".into(), |path| path.display().to_string());
            told.into_iter().map(name).collect::<Vec<String>>()
        };
        assert_eq!(touched(), ["-", "-", "-", "-"]);
        fs::write(dir.path().join("b"), "longer").unwrap();
        assert_eq!(touched(), ["-", "-", "-", "b"]);
        fs::remove_file(dir.path().join("c")).unwrap();
        assert_eq!(touched(), ["-", "-", "c", "b"]);
        // A program counts for all that rest upon anything.
        fs::write(program.path(), "another").unwrap();
        assert_eq!(touched(), ["-", &program.path().display().to_string(), "c", "b"]);
    }
}
