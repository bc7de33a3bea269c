//! A file that appears under its name whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, renameat, unlinkat};

/// How the names of files that are being written begin.
pub(super) const NEW: &str = ".new-";

/// How much a power failure may take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// What was written last: the system brings it to the disk when it has time for that.
    Later,
    /// Nothing: it is on the disk before anything goes on.
    Now,
}

/// A file that is being written, under a name of its own. It goes away when it is dropped before it was put in its place.
pub(crate) struct NewFile {
    dir: OwnedFd,
    temporary: OsString,
    name: OsString,
    file: File,
    is_placed: bool,
}

impl NewFile {
    /// For this path, with the permissions that any new file gets. The directory must be there; another file of that name
    /// may be, and is replaced in the end.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(CWD, dir.unwrap_or(Path::new(".")), flags, Mode::empty())?;
        Self::in_dir(dir, name)
    }

    /// For this name in a directory that is open already.
    pub(crate) fn in_dir(dir: OwnedFd, name: &OsStr) -> io::Result<Self> {
        Self::hidden(dir, name, new_name())
    }

    /// For this name, under a name of its own that somebody has noted down before.
    pub(crate) fn hidden(dir: OwnedFd, name: &OsStr, temporary: OsString) -> io::Result<Self> {
        Self::create(dir, name, temporary, Mode::from_raw_mode(0o666))
    }

    /// For this name in a directory, for nobody else to read.
    pub(super) fn private(dir: OwnedFd, name: &str) -> io::Result<Self> {
        Self::create(dir, OsStr::new(name), new_name(), Mode::RUSR | Mode::WUSR)
    }

    fn create(dir: OwnedFd, name: &OsStr, temporary: OsString, mode: Mode) -> io::Result<Self> {
        // Each writer has a name of its own. One that is there all the same, a link say, is not followed.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&dir, temporary.as_os_str(), flags, mode)?);
        Ok(Self {
            dir,
            temporary,
            name: name.to_owned(),
            file,
            is_placed: false,
        })
    }

    /// The file itself, as long as it has its own name.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is.
    pub(super) fn dir(&self) -> &OwnedFd {
        &self.dir
    }

    /// Its own name.
    pub(crate) fn temporary(&self) -> &OsStr {
        &self.temporary
    }

    /// Somebody has given it another name of its own.
    pub(super) fn is_called(&mut self, own: OsString) {
        self.temporary = own;
    }

    /// The name that it is to have.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Somebody has given it that name.
    pub(super) fn leave(mut self) {
        self.is_placed = true;
    }

    /// Gives the file its name, in the place of what had it.
    pub(crate) fn put(mut self, durability: Durability) -> io::Result<()> {
        if durability == Durability::Now {
            self.file.sync_all()?;
        }
        renameat(&self.dir, self.temporary.as_os_str(), &self.dir, self.name.as_os_str())?;
        self.is_placed = true;
        if durability == Durability::Now {
            // The name is part of the directory.
            rustix::fs::fsync(self.dir.as_fd())?;
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    /// What is left of an attempt is of no use; that it stays is no worse than why the attempt failed.
    fn drop(&mut self) {
        if !self.is_placed {
            let _ = unlinkat(&self.dir, self.temporary.as_os_str(), AtFlags::empty());
        }
    }
}

/// A name for something that has none yet.
pub(super) fn new_name() -> OsString {
    OsString::from(format!("{NEW}{:016x}", random()))
}

/// A number that nobody else has: the system gives each hasher keys of its own.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        for durability in [Durability::Later, Durability::Now] {
            let mut file = NewFile::beside(&path).unwrap();
            file.write_all(b"half").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"old");
            drop(file);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the attempt is gone");
            let mut file = NewFile::beside(&path).unwrap();
            file.write_all(b"whole").unwrap();
            file.put(durability).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"whole");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
            fs::write(&path, "old").unwrap();
        }
    }

    #[test]
    fn the_name_is_replaced_and_what_it_led_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, link) = (dir.path().join("victim"), dir.path().join("link"));
        fs::write(&victim, "stays").unwrap();
        symlink(&victim, &link).unwrap();
        let mut file = NewFile::beside(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.put(Durability::Later).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"stays");
        assert!(!link.is_symlink());
    }

    #[test]
    fn a_place_that_does_not_take_the_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("taken")).unwrap();
        let file = NewFile::beside(&dir.path().join("taken")).unwrap();
        assert!(file.put(Durability::Later).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the attempt is gone");
        assert!(NewFile::beside(&dir.path().join("absent/file")).is_err());
        assert!(NewFile::beside(Path::new("/")).is_err());
    }

    #[test]
    fn what_is_private_is_for_nobody_else_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = NewFile::private(File::open(dir.path()).unwrap().into(), "file").unwrap();
        assert_eq!(file.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
