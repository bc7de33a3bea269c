//! Files of the user's, found below a directory without following a link on the way.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

/// Directories that are removed again when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct MadeDirs(Vec<PathBuf>);

impl MadeDirs {
    /// Lets them stay.
    pub(crate) fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for MadeDirs {
    fn drop(&mut self) {
        for dir in self.0.iter().rev() {
            // Only where it is empty.
            let _ = fs::remove_dir(dir);
        }
    }
}

/// The directory of a file, opened without following a link, and the name of the file in it. Missing directories are made
/// where somebody takes note of them.
pub(crate) fn place_of(root: &Path, file: &Path, mut made: Option<&mut MadeDirs>) -> io::Result<(OwnedFd, PathBuf)> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut dir = openat(CWD, root, flags, Mode::empty())?;
    let mut path = root.to_owned();
    for part in file.parent().into_iter().flat_map(Path::components) {
        path.push(part);
        let open = || openat(&dir, part.as_os_str(), flags | OFlags::NOFOLLOW, Mode::empty());
        dir = match (open(), made.as_deref_mut()) {
            (Err(Errno::NOENT), Some(made)) => {
                mkdirat(&dir, part.as_os_str(), Mode::from_raw_mode(0o777))?;
                made.0.push(path.clone());
                open()?
            }
            (opened, _) => opened?,
        };
    }
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok((dir, name.into()))
}

/// A plain file as it was read.
#[derive(Debug)]
pub(crate) struct PlainFile {
    pub(crate) dir: OwnedFd,
    pub(crate) name: PathBuf,
    pub(crate) content: Vec<u8>,
    pub(crate) metadata: Metadata,
}

impl PlainFile {
    /// Reads a file below a directory. What is no plain file is an `InvalidInput`.
    pub(crate) fn read(root: &Path, file: &Path) -> io::Result<Self> {
        let (dir, name) = place_of(root, file, None)?;
        let mut opened = open_plain(&dir, &name)?;
        let metadata = opened.metadata()?;
        let mut content = Vec::new();
        opened.read_to_end(&mut content)?;
        Ok(Self {
            dir,
            name,
            content,
            metadata,
        })
    }
}

/// Opens a plain file to read it. What is none is an `InvalidInput`.
pub(crate) fn open_plain(dir: &OwnedFd, name: &Path) -> io::Result<File> {
    // A pipe that nobody writes to would else be waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = match openat(dir, name, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::ErrorKind::InvalidInput.into()),
        opened => File::from(opened?),
    };
    if opened.metadata()?.is_file() {
        Ok(opened)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

/// The permissions that a file is to have: those that it had, but for what is to change; nothing for those of a new file.
pub(crate) fn permissions(old: Option<u32>, executable: Option<bool>) -> Option<u32> {
    match executable {
        // Whoever may read it may execute it.
        Some(true) => Some(old.map_or(0o755, |mode| mode | (mode & 0o444) >> 2)),
        Some(false) => old.map(|mode| mode & !0o111),
        None => old,
    }
}
