//! A directory that only the user can read and write.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

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

/// The directory for what is remembered, made where it is not there yet.
pub(crate) fn made(state: &Path, below: &[&str]) -> Result<PathBuf, Unsafe> {
    let dir = below.iter().fold(state.to_owned(), |dir, name| dir.join(name));
    if let Err(source) = DirBuilder::new().recursive(true).mode(0o700).create(&dir) {
        // What stands in the way says more than that something does.
        check(state, below)?;
        return Err(Unsafe::Io { dir, source });
    }
    check(state, below)
}

/// The directory, if it is there and private: from the one that holds the state down, nobody else can have put anything in
/// it or in its place.
pub(crate) fn check(state: &Path, below: &[&str]) -> Result<PathBuf, Unsafe> {
    let mut dir = state.to_owned();
    is_private(&dir)?;
    for name in below {
        dir.push(name);
        is_private(&dir)?;
    }
    Ok(dir)
}

fn is_private(dir: &Path) -> Result<(), Unsafe> {
    let metadata = dir.symlink_metadata().map_err(|source| Unsafe::Io {
        dir: dir.to_owned(),
        source,
    })?;
    judge(&metadata, rustix::process::geteuid().as_raw(), dir)
}

fn judge(metadata: &Metadata, user: u32, dir: &Path) -> Result<(), Unsafe> {
    if !metadata.is_dir() {
        Err(Unsafe::NoDirectory(dir.to_owned()))
    } else if metadata.uid() != user {
        Err(Unsafe::Foreign(dir.to_owned()))
    } else if metadata.mode() & 0o022 != 0 {
        Err(Unsafe::Open(dir.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_directory_is_made_private_and_used_only_while_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("cache/repo");
        assert!(matches!(check(&state, &["v1"]), Err(Unsafe::Io { .. })));
        let made_dir = made(&state, &["v1", "history"]).unwrap();
        assert_eq!(made_dir, state.join("v1/history"));
        for made in ["cache", "cache/repo", "cache/repo/v1", "cache/repo/v1/history"] {
            let mode = dir.path().join(made).metadata().unwrap().mode();
            assert_eq!(mode & 0o777, 0o700, "{made}");
        }
        fs::set_permissions(state.join("v1"), fs::Permissions::from_mode(0o770)).unwrap();
        let refused = made(&state, &["v1", "history"]).unwrap_err().to_string();
        assert!(
            refused.starts_with("others can write to") && refused.contains("/v1`"),
            "{refused}"
        );
    }

    #[test]
    fn links_files_and_what_is_somebody_elses_are_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        made(&real, &["v1"]).unwrap();
        symlink(&real, dir.path().join("link")).unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for wrong in ["link", "file"] {
            let refused = made(&dir.path().join(wrong), &["v1"]).unwrap_err();
            assert!(matches!(refused, Unsafe::NoDirectory(_)), "{wrong}: {refused}");
        }
        let metadata = real.metadata().unwrap();
        let other = judge(&metadata, metadata.uid() + 1, &real).unwrap_err();
        assert!(other.to_string().ends_with("belongs to another user"), "{other}");
    }
}
