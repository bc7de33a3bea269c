//! Where cargo may take what it has compiled for what is there now. It goes by the times at which files were written, and a
//! file can come to be in its place long after that: under another name, by a link, with the directory that it lies in.
//!
//! Nothing here says that cargo is right, only where it may not be.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::readers::normal;

/// A moment, or the time of a file: nanoseconds since 1970.
pub(super) type Nanoseconds = i128;

/// The system follows no more links than this.
const MOST_LINKS: usize = 40;

/// How clippy's configuration is called.
const CLIPPY: [&str; 2] = ["clippy.toml", ".clippy.toml"];

/// Whether a file may have been touched since that time. One that is gone has not.
pub(super) fn may_be_newer(file: &Path, time: SystemTime) -> bool {
    fs::metadata(file).is_ok_and(|found| changed(&found) + lag(&found) >= since_1970(time))
}

/// The clock of a file system lags behind by a tick; that of a coarse one by two seconds.
pub(super) fn lag(found: &Metadata) -> Nanoseconds {
    if found.ctime_nsec() == 0 {
        2_000_000_000
    } else {
        20_000_000
    }
}

/// A unit that clippy has looked at: when, and what it was made from, the configuration with it that was found then.
#[derive(Debug, Default)]
pub(super) struct Linted {
    pub(super) time: Nanoseconds,
    pub(super) files: BTreeSet<PathBuf>,
}

impl Linted {
    /// Whether clippy has another configuration now for a crate in this directory, one that was not there when it looked.
    /// Cargo hears of a configuration that was found, and of none that appears later.
    pub(super) fn has_new_configuration(&self, dir: &Path, files: &BTreeSet<PathBuf>) -> bool {
        let here = |dir: &Path| {
            CLIPPY
                .map(|name| dir.join(name))
                .into_iter()
                .find(|file| files.contains(file))
        };
        let Some(nearest) = dir.ancestors().find_map(here) else {
            return false;
        };
        let is_newer = || fs::symlink_metadata(&nearest).is_ok_and(|found| self.time < changed(&found));
        !self.files.contains(&nearest) && is_newer()
    }
}

/// When the last link or directory was put in its place through which this path leads, so far as that is known.
pub(super) fn came_there(root: &Path, path: &Path) -> Nanoseconds {
    let mut latest = Nanoseconds::MIN;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let mut link = None;
        // What holds the whole workspace is no part of it: cargo knows a workspace that was moved for another one.
        for place in path.ancestors().filter(|place| !root.starts_with(place)) {
            let Ok(found) = fs::symlink_metadata(place) else {
                continue;
            };
            if found.is_symlink() {
                latest = latest.max(changed(&found));
                link = Some(place.to_owned());
            } else if found.is_dir() && changed(&found) != modified(&found) {
                // It was renamed: whatever happens to what is in it changes both times.
                latest = latest.max(changed(&found));
            }
        }
        let Some(next) = link.and_then(|link| followed(&path, &link)) else {
            break;
        };
        path = next;
    }
    latest
}

/// Where a path leads through a link on its way.
fn followed(path: &Path, link: &Path) -> Option<PathBuf> {
    let target = link.parent()?.join(fs::read_link(link).ok()?);
    Some(normal(&target).join(path.strip_prefix(link).ok()?))
}

/// What the clock shows; before 1970, that it is 1970.
pub(super) fn now() -> Nanoseconds {
    since_1970(SystemTime::now())
}

pub(super) fn since_1970(at: SystemTime) -> Nanoseconds {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Nanoseconds::try_from(since.as_nanos()).unwrap_or(Nanoseconds::MAX)
}

pub(super) fn modified(found: &Metadata) -> Nanoseconds {
    i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec())
}

pub(super) fn changed(found: &Metadata) -> Nanoseconds {
    i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Waits until the clock of the file system shows another time, and says what it showed.
    pub(in super::super) fn tick(dir: &Path) -> Nanoseconds {
        let now = || {
            fs::write(dir.join("now"), "").unwrap();
            changed(&fs::metadata(dir.join("now")).unwrap())
        };
        let first = now();
        while now() == first {}
        first
    }

    #[test]
    fn a_configuration_that_clippy_has_not_seen_is_new_where_it_is_the_nearest() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("a")).unwrap();
        let time = tick(dir.path());
        let mut linted = Linted {
            time,
            files: BTreeSet::new(),
        };
        let is_new = |linted: &Linted, files: &[&str]| {
            linted.has_new_configuration(&path("a"), &files.iter().map(|name| path(name)).collect())
        };
        fs::write(path("clippy.toml"), "").unwrap();
        assert!(is_new(&linted, &["clippy.toml", "a/lib.rs"]));
        assert!(!is_new(&linted, &["b/clippy.toml", "a/lib.rs"]), "it is for others");
        linted.files.insert(path("clippy.toml"));
        assert!(!is_new(&linted, &["clippy.toml"]), "cargo looks at it");
        fs::write(path("a/.clippy.toml"), "").unwrap();
        assert!(is_new(&linted, &["clippy.toml", "a/.clippy.toml"]));
        linted.time = Nanoseconds::MAX;
        assert!(
            !is_new(&linted, &["clippy.toml", "a/.clippy.toml"]),
            "it was there already"
        );
    }
}
