//! The file that a filter reads.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, FileType, statat};

use crate::private_files::{open_plain, place_of};

/// Neither a file nor what is written of it is longer, in bytes.
pub(super) const LONGEST: u64 = 64 * 1024 * 1024;

/// A file, opened at its beginning, and what it contains.
pub(super) struct Source {
    pub(super) file: File,
    pub(super) content: Vec<u8>,
}

impl Source {
    /// Reads a file of the workspace, given from the directory of this process or absolute. There is nothing to read where it
    /// is a symbolic link: what that leads to is judged where it lies. The error is what there is to say.
    pub(super) fn open(root: &Path, name: &OsStr) -> Result<Option<Self>, String> {
        match Self::read(root, Path::new(name)) {
            Ok(Some(source)) if source.content.len() as u64 > LONGEST => {
                Err(format!("it is longer than {} MiB", LONGEST >> 20))
            }
            Ok(source) => Ok(source),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err("it is no plain file".to_owned()),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    }

    fn read(root: &Path, name: &Path) -> io::Result<Option<Self>> {
        let (from, below) = match name.strip_prefix(root) {
            Ok(below) => (root, below),
            Err(_) => (Path::new("."), name),
        };
        let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !below.components().all(is_inside) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (dir, name) = place_of(from, below, None)?;
        let mut file = match open_plain(&dir, &name) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                let found = statat(&dir, &name, AtFlags::SYMLINK_NOFOLLOW)?;
                let is_link = FileType::from_raw_mode(found.st_mode) == FileType::Symlink;
                return if is_link { Ok(None) } else { Err(error) };
            }
            opened => opened?,
        };
        let mut content = Vec::new();
        // It may grow while it is read.
        (&file).take(LONGEST + 1).read_to_end(&mut content)?;
        file.rewind()?;
        Ok(Some(Self { file, content }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_plain_files_of_the_workspace_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("ws");
        fs::create_dir_all(root.join("a")).unwrap();
        for file in ["ws/a/x", "outside"] {
            fs::write(dir.path().join(file), file).unwrap();
        }
        symlink("../outside", root.join("link")).unwrap();
        symlink("..", root.join("way")).unwrap();
        File::create(root.join("long")).unwrap().set_len(LONGEST + 1).unwrap();
        let check = |name: &Path, expected: Result<Option<&str>, &str>| {
            let found = Source::open(&root, name.as_os_str());
            let found = found.map(|source| source.map(|source| String::from_utf8(source.content).unwrap()));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_deref(), expected, "{name:?}"),
                (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{name:?}: {found}"),
                (found, expected) => panic!("{name:?}: {found:?} is not {expected:?}"),
            }
        };
        check(&root.join("a/x"), Ok(Some("ws/a/x")));
        check(&root.join("link"), Ok(None));
        check(&root.join("way/outside"), Err("it cannot be read: "));
        check(&root.join("gone"), Err("it cannot be read: "));
        check(&root.join("a"), Err("it is no plain file"));
        check(&root.join("../outside"), Err("it is no plain file"));
        check(&dir.path().join("outside"), Err("it is no plain file"));
        check(&root.join("long"), Err("it is longer than 64 MiB"));
    }
}
