//! Keeps the diffs that fixers print for the tasks that apply them, in memory.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::model::TaskId;
use crate::patch::{Names, read};

/// No diff is longer. What a person would look through is far shorter.
const LONGEST: usize = 16 * 1024 * 1024;

/// What the tasks of a run have printed, whole, and what nobody has applied yet.
#[derive(Default)]
pub(super) struct Printed(Mutex<HashMap<TaskId, Vec<u8>>>);

impl Printed {
    /// Keeps what a task has printed.
    pub(super) fn put(&self, task: TaskId, diff: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(task, diff);
    }

    /// What that task has printed, if it has ended well.
    pub(super) fn take(&self, task: TaskId) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&task)
    }
}

/// What a fixer prints, as far as it has come.
#[derive(Default)]
pub(super) struct Printing {
    diff: Vec<u8>,
    too_long: bool,
}

impl Printing {
    /// Takes what was written.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.too_long |= bytes.len() > LONGEST - self.diff.len();
        if !self.too_long {
            self.diff.extend(bytes);
        }
    }

    /// The whole diff and how many files it changes, or why it is not to be applied. A tool that failed has printed a diff
    /// only where there is something in it: it may as well have printed why it failed.
    pub(super) fn read(self, root: &Path, cwd: &Path) -> Result<(Vec<u8>, usize), String> {
        if self.too_long {
            return Err(format!("it is longer than {} MiB", LONGEST >> 20));
        }
        let changes = read(&self.diff, Names { root, cwd }).map_err(|error| error.to_string())?;
        Ok((self.diff, changes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_whole_or_none() {
        let root = Path::new("/ws");
        let of = |parts: &[&[u8]]| {
            let mut printing = Printing::default();
            for part in parts {
                printing.write(part);
            }
            printing.read(root, root)
        };
        let diff = b"--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(of(&[&diff[..9], &diff[9..]]), Ok((diff.to_vec(), 1)));
        assert_eq!(of(&[b"all is well\n"]), Ok((b"all is well\n".to_vec(), 0)));
        let long = vec![b'\n'; LONGEST];
        assert!(of(&[&long]).is_ok());
        assert_eq!(of(&[&long, b"\n", diff]), Err("it is longer than 16 MiB".to_owned()));
        assert!(of(&[&diff[..20]]).is_err());
    }

    #[test]
    fn what_was_taken_is_not_applied_again() {
        let printed = Printed::default();
        printed.put(TaskId(1), b"diff".to_vec());
        assert_eq!(printed.take(TaskId(0)), None);
        assert_eq!(printed.take(TaskId(1)), Some(b"diff".to_vec()));
        assert_eq!(printed.take(TaskId(1)), None);
    }
}
