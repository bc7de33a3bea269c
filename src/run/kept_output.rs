//! Keeps what a task writes for the task after it, in a file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::private_files::{Durability, NewFile};
use crate::tool_output::test_binaries;

/// What a task has written so far. It is only under its name once it is whole: another run may read it at any moment.
pub(super) struct KeptOutput {
    path: PathBuf,
    file: io::Result<NewFile>,
}

impl KeptOutput {
    /// For the file of this name, whose directory is made where there is none.
    pub(super) fn new(path: &Path) -> Self {
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        Self {
            file: made.and_then(|()| NewFile::beside(path)),
            path: path.to_owned(),
        }
    }

    /// Takes what was written. What goes wrong is told in the end.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if let Ok(file) = &mut self.file
            && let Err(error) = file.write_all(bytes)
        {
            self.file = Err(error);
        }
    }

    /// Gives the file its name, and says what is in it where that is a list of tests; or why there is no file.
    pub(super) fn hand_on(self) -> Result<Option<String>, String> {
        let named = self.file.and_then(|file| file.put(Durability::Later));
        let content = named.and_then(|()| fs::read(&self.path));
        let content = content.map_err(|error| format!("`{}` cannot be written: {error}", self.path.display()))?;
        let binaries = test_binaries(&content);
        Ok(binaries.map(|count| format!("{count} test {}", if count == 1 { "binary" } else { "binaries" })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/list.json");
        let mut kept = KeptOutput::new(&path);
        kept.write(b"one ");
        kept.write(b"two");
        assert!(!path.exists());
        drop(kept);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        let mut kept = KeptOutput::new(&path);
        kept.write(b"whole");
        assert_eq!(kept.hand_on(), Ok(None));
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let mut kept = KeptOutput::new(&dir.path().join("file/list.json"));
        kept.write(b"lost");
        assert!(kept.hand_on().unwrap_err().contains("list.json` cannot be written"));
    }
}
