//! A copy of the index that git hands over. Many a question to git rewrites the index that it is asked about; this one is
//! ours, and what it says stays the same while the user goes on working.

use std::fs::{self, File, FileTimes};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::SnapshotError;
use super::copy::of;
use super::repository::Repository;
use crate::private_files::{Durability, PrivateDir, random};

/// How the names of copies begin.
const NAME: &str = "index-";

/// A copy of an index. It goes away with its owner.
#[derive(Debug)]
pub(in crate::git_hooks) struct PrivateIndex {
    /// The index itself. It need not be there, where nothing was ever staged.
    pub(in crate::git_hooks) source: PathBuf,
    /// The copy, which is there exactly where the index is.
    pub(in crate::git_hooks) path: PathBuf,
    bytes: Vec<u8>,
}

impl PrivateIndex {
    /// Copies the index that is given, or that of the working tree, into a directory of ours.
    pub(super) fn copy(repository: &Repository, given: Option<&Path>, dir: &PrivateDir) -> Result<Self, SnapshotError> {
        let source = match given {
            Some(file) => repository.top.join(file),
            None => repository.git_dir.join("index"),
        };
        let name = format!("{NAME}{:016x}", random());
        let path = dir.path().join(&name);
        let Some((bytes, modified)) = read(&source).map_err(of(&source))? else {
            let bytes = Vec::new();
            return Ok(Self { source, path, bytes });
        };
        dir.write(&name, &bytes, Durability::Later).map_err(of(&path))?;
        // From here on, the copy is removed whatever happens.
        let copy = Self { source, path, bytes };
        // A file that was written in the same moment as the index may have changed since, and git looks at its content. It
        // goes by the time of the index: a younger copy would hide such a change.
        let file = File::options().write(true).open(&copy.path).map_err(of(&copy.path))?;
        file.set_times(FileTimes::new().set_modified(modified))
            .map_err(of(&copy.path))?;
        Ok(copy)
    }

    /// Whether the index is still the same, byte for byte.
    pub(in crate::git_hooks) fn is_unchanged(&self) -> bool {
        let now = read(&self.source)
            .ok()
            .map(|found| found.map_or_else(Vec::new, |(bytes, _)| bytes));
        now.as_ref() == Some(&self.bytes)
    }
}

impl Drop for PrivateIndex {
    fn drop(&mut self) {
        let lock = [self.path.as_os_str().as_bytes(), b".lock"].concat();
        // What cannot be removed is swept away later.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(Path::new(std::ffi::OsStr::from_bytes(&lock)));
    }
}

/// The content, and the time of it; nothing where there is no index. Git puts another one in its place in one step.
fn read(path: &Path) -> io::Result<Option<(Vec<u8>, std::time::SystemTime)>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let modified = file.metadata()?.modified()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some((bytes, modified)))
}

/// Removes the copies that runs which were killed have left behind.
pub(super) fn sweep(dir: &PrivateDir, now: std::time::SystemTime) {
    const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_hours(24);
    let names = dir.names();
    let copies = names.iter().filter(|name| name.starts_with(NAME));
    for name in copies.filter(|name| dir.is_older(name, ABANDONED_AFTER, now)) {
        dir.remove(name);
    }
}
