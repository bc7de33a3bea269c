//! Changes what has a name in one step in which nothing is lost: what had the name gets another one, under which somebody
//! can look whether it is what he took it for.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, RenameFlags, renameat_with, statat, unlinkat};

use super::new_file::{NewFile, new_name};

/// Which file something is, whatever it is called.
pub(crate) type Identity = (u64, u64);

/// What had a name in a directory, under a name that nobody knows.
#[derive(Debug)]
pub(crate) struct Displaced {
    dir: OwnedFd,
    hidden: OsString,
    name: OsString,
}

impl NewFile {
    /// Gives the file its name, and keeps what had it. Fails where nothing has it, and where the file system cannot do that.
    pub(crate) fn exchange(self) -> io::Result<Displaced> {
        let displaced = Displaced {
            dir: self.dir().as_fd().try_clone_to_owned()?,
            hidden: self.temporary().to_owned(),
            name: self.name().to_owned(),
        };
        displaced.exchange()?;
        self.leave();
        Ok(displaced)
    }

    /// Gives the file another name of its own, where nothing has that.
    pub(crate) fn rename(&mut self, own: &OsStr) -> io::Result<()> {
        renameat_with(self.dir(), self.temporary(), self.dir(), own, RenameFlags::NOREPLACE)?;
        self.is_called(own.to_owned());
        Ok(())
    }

    /// Gives the file its name where nothing has it.
    pub(crate) fn put_new(self) -> io::Result<()> {
        let (dir, from, to) = (self.dir(), self.temporary(), self.name());
        renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE)?;
        self.leave();
        Ok(())
    }
}

impl Displaced {
    /// Takes the name away from what has it.
    pub(crate) fn take(dir: OwnedFd, name: &OsStr, hidden: OsString) -> io::Result<Self> {
        renameat_with(&dir, name, &dir, hidden.as_os_str(), RenameFlags::NOREPLACE)?;
        let name = name.to_owned();
        Ok(Self { dir, hidden, name })
    }

    /// Gives it back the name; what has that now is what is displaced from then on.
    pub(crate) fn exchange(&self) -> io::Result<()> {
        let (dir, hidden, name) = (&self.dir, self.hidden.as_os_str(), self.name.as_os_str());
        Ok(renameat_with(dir, hidden, dir, name, RenameFlags::EXCHANGE)?)
    }

    /// Gives it back the name, where nothing has that.
    pub(crate) fn put_back(&self) -> io::Result<()> {
        let (dir, hidden, name) = (&self.dir, self.hidden.as_os_str(), self.name.as_os_str());
        Ok(renameat_with(dir, hidden, dir, name, RenameFlags::NOREPLACE)?)
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &OwnedFd {
        &self.dir
    }

    /// What it is called.
    pub(crate) fn hidden(&self) -> &Path {
        Path::new(&self.hidden)
    }

    /// Which file it is.
    pub(crate) fn identity(&self) -> io::Result<Identity> {
        identity(&self.dir, Path::new(&self.hidden))
    }

    /// Removes it. Only who knows that it is of no use to anybody may do that.
    pub(crate) fn remove(&self) -> io::Result<()> {
        Ok(unlinkat(&self.dir, self.hidden.as_os_str(), AtFlags::empty())?)
    }
}

/// Which file has a name; a link is itself.
fn identity(dir: &OwnedFd, name: &Path) -> io::Result<Identity> {
    let found = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    #[allow(clippy::unnecessary_cast, reason = "the types differ from system to system")]
    Ok((found.st_dev as u64, found.st_ino as u64))
}

/// A name under which something can be hidden.
pub(crate) fn hidden_name() -> OsString {
    new_name()
}
