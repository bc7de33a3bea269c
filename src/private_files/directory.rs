//! A directory that only the user can write to, and the files in it.

use std::fs::{DirBuilder, File, Metadata, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use super::new_file::{Durability, NEW, NewFile};

/// What a writer that was killed has left behind is removed after this time.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

/// Why a directory is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unsafe {
    /// It cannot be made or looked at.
    #[error("`{}`: {source}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a link, or no directory at all.
    #[error("`{}` is not a directory", .0.display())]
    NoDirectory(PathBuf),
    /// It is somebody else's.
    #[error("`{}` belongs to another user", .0.display())]
    Foreign(PathBuf),
    /// Others could put files into it.
    #[error("others can write to `{}`; `chmod go-w` keeps them out", .0.display())]
    Open(PathBuf),
}

/// A directory that is the user's own and that nobody else can write to, held open.
#[derive(Debug)]
pub(crate) struct PrivateDir {
    dir: File,
    path: PathBuf,
}

impl PrivateDir {
    /// The directory that these names lead to from the one that holds the state. From there down, nobody else can have put
    /// anything in it or in its place.
    pub(crate) fn open(state: &Path, below: &[&str]) -> Result<Self, Unsafe> {
        let mut dir = Self::enter(CWD, state, state.to_owned())?;
        for name in below {
            dir = Self::enter(dir.dir.as_fd(), Path::new(name), dir.path.join(name))?;
        }
        Ok(dir)
    }

    /// The same directory, made where it is not there yet.
    pub(crate) fn make(state: &Path, below: &[&str]) -> Result<Self, Unsafe> {
        match Self::open(state, below) {
            Err(Unsafe::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            known => return known,
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(state);
        made.map_err(|source| Unsafe::Io {
            dir: state.to_owned(),
            source,
        })?;
        let mut dir = Self::open(state, &[])?;
        for name in below {
            let path = dir.path.join(name);
            match mkdirat(&dir.dir, *name, Mode::RWXU) {
                // Somebody else makes it at the same time.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => {
                    let source = errno.into();
                    return Err(Unsafe::Io { dir: path, source });
                }
            }
            dir = Self::enter(dir.dir.as_fd(), Path::new(name), path)?;
        }
        Ok(dir)
    }

    /// Opens a directory that is no link, and looks at what was opened.
    fn enter(above: BorrowedFd<'_>, name: &Path, path: PathBuf) -> Result<Self, Unsafe> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let looked = openat(above, name, flags, Mode::empty()).map_err(io::Error::from);
        let looked = looked.map(File::from).and_then(|dir| Ok((dir.metadata()?, dir)));
        match looked {
            Ok((metadata, dir)) => {
                judge(&metadata, rustix::process::geteuid().as_raw(), &path)?;
                Ok(Self { dir, path })
            }
            // The same error stands for a link in the place of the directory and for a file above it.
            Err(_) if path.symlink_metadata().is_ok_and(|there| !there.is_dir()) => Err(Unsafe::NoDirectory(path)),
            Err(source) => Err(Unsafe::Io { dir: path, source }),
        }
    }

    /// A directory in it.
    pub(crate) fn below(&self, name: &str) -> Result<Self, Unsafe> {
        Self::enter(self.dir.as_fd(), Path::new(name), self.path.join(name))
    }

    /// Makes a directory in it. Whether it was made: of any number that try at once, one makes it.
    pub(crate) fn make_below(&self, name: &str) -> io::Result<bool> {
        match mkdirat(&self.dir, name, Mode::RWXU) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// A file in it that was not there, to be written bit by bit, always at its end.
    pub(crate) fn append_to_new(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Where it lies, to name it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else has it to himself who asks for the same, and keeps others out until it is dropped. The system
    /// gives it back where its holder is killed.
    pub(crate) fn lock(&self) -> io::Result<()> {
        self.dir.lock()
    }

    /// The same without waiting. Whether it was free.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        match self.dir.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What a file holds that is the user's own, no link, and not larger than this.
    pub(crate) fn read(&self, name: &str, largest: u64) -> io::Result<Vec<u8>> {
        let file = self.own_file(name)?;
        let expected = file.metadata()?.len().min(largest);
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
        // It may grow while it is read.
        file.take(largest + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > largest {
            return Err(io::Error::other("it is larger than any file of ours"));
        }
        Ok(bytes)
    }

    /// A file that is the user's own, and that nobody else can have written.
    pub(crate) fn own_file(&self, name: &str) -> io::Result<File> {
        // Opening a pipe must not wait for somebody to write to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.dir, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        let is_own = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw();
        if !is_own || metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("others can have written it"));
        }
        Ok(file)
    }

    /// Writes a file for the user alone, whole or not at all, in the place of one that may be there.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        self.write_parts(name, [bytes], durability)
    }

    /// The same, of parts that follow each other.
    pub(crate) fn write_parts<'p>(
        &self,
        name: &str,
        parts: impl IntoIterator<Item = &'p [u8]>,
        durability: Durability,
    ) -> io::Result<()> {
        let mut file = BufWriter::new(NewFile::private(self.dir.try_clone()?.into(), name)?);
        for part in parts {
            file.write_all(part)?;
        }
        file.into_inner()?.put(durability)
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) {
        if let Err(errno) = unlinkat(&self.dir, name, AtFlags::empty())
            && errno != Errno::NOENT
        {
            tracing::debug!(%errno, name, dir = %self.path.display(), "a file cannot be removed");
        }
    }

    /// Removes a directory in it, if it is there and empty.
    pub(crate) fn remove_below(&self, name: &str) {
        if let Err(errno) = unlinkat(&self.dir, name, AtFlags::REMOVEDIR)
            && !matches!(errno, Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST)
        {
            tracing::debug!(%errno, name, dir = %self.path.display(), "a directory cannot be removed");
        }
    }

    /// The names of what can be files of ours, in no order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names_of(FileType::RegularFile)
    }

    /// The names of what can be directories of ours, in no order.
    pub(crate) fn dir_names(&self) -> Vec<String> {
        self.names_of(FileType::Directory)
    }

    fn names_of(&self, kind: FileType) -> Vec<String> {
        let entries = Dir::read_from(&self.dir).into_iter().flatten().flatten();
        let wanted = entries.filter(|entry| entry.file_type() == kind || entry.file_type() == FileType::Unknown);
        wanted
            .filter_map(|entry| Some(entry.file_name().to_str().ok()?.to_owned()))
            .collect()
    }

    /// Whether a file has not been written for so long.
    pub(crate) fn is_older(&self, name: &str, age: Duration, now: SystemTime) -> bool {
        let modified = self
            .own_file(name)
            .and_then(|file| file.metadata())
            .and_then(|metadata| metadata.modified());
        modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|since| since >= age))
    }

    /// Brings the names of its files to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.dir.sync_all()
    }

    /// Removes what writers that were killed have left behind.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let names = self.names();
        let abandoned = names.iter().filter(|name| name.starts_with(NEW));
        for name in abandoned.filter(|name| self.is_older(name, ABANDONED_AFTER, now)) {
            self.remove(name);
        }
    }
}

/// That others can read it does no harm: they cannot read its files.
fn judge(metadata: &Metadata, user: u32, dir: &Path) -> Result<(), Unsafe> {
    if metadata.uid() != user {
        Err(Unsafe::Foreign(dir.to_owned()))
    } else if metadata.mode() & 0o022 != 0 {
        Err(Unsafe::Open(dir.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
