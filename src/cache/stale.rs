//! Where cargo may take what it has compiled for what is there now. It goes by the times at which files were written, and a
//! file can come to be in its place long after that: under another name, by a link, with the directory that it lies in.
//!
//! Nothing here says that cargo is right, only where it may not be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::readers::normal;

/// A moment, or the time of a file: nanoseconds since 1970.
pub(super) type Nanoseconds = i128;

/// The system follows no more links than this.
const MOST_LINKS: usize = 40;

/// How clippy's configuration is called.
const CLIPPY: [&str; 2] = ["clippy.toml", ".clippy.toml"];

/// Whether a file may have been touched since that time. One that is gone has not.
pub(super) fn may_be_newer(file: &Path, time: SystemTime) -> bool {
    let Ok(found) = fs::metadata(file) else {
        return false;
    };
    let nanoseconds = u32::try_from(found.ctime_nsec()).unwrap_or(0);
    let changed = Duration::new(u64::try_from(found.ctime()).unwrap_or(0), nanoseconds);
    let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // The clock of a file system lags behind by a tick; that of a coarse one by two seconds.
    let lag = if nanoseconds == 0 {
        Duration::from_secs(2)
    } else {
        Duration::from_millis(20)
    };
    changed + lag >= time
}

/// When units were compiled, by the files that they were compiled from.
#[derive(Debug, Default)]
pub(super) struct Compiled(BTreeMap<PathBuf, Vec<Nanoseconds>>);

impl Compiled {
    pub(super) fn add(&mut self, file: &Path, time: Nanoseconds) {
        self.0.entry(normal(file)).or_default().push(time);
    }

    /// Whether a file came to be where it is after a unit was compiled from it, and was written before: cargo then sees
    /// no reason to compile that unit again.
    pub(super) fn may_be_taken_for_older(&self, root: &Path, file: &Path) -> bool {
        let Some(times) = self.0.get(&normal(file)) else {
            return false;
        };
        let found = match fs::metadata(file) {
            Ok(found) => found,
            // Cargo compiles again what it misses a file of. A unit that is of no use any more may name it for ever.
            Err(error) => return error.kind() != io::ErrorKind::NotFound,
        };
        let (written, came) = (modified(&found), came_there(root, file).max(changed(&found)));
        times.iter().any(|compiled| written <= *compiled && *compiled < came)
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
fn came_there(root: &Path, path: &Path) -> Nanoseconds {
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

pub(super) fn modified(found: &Metadata) -> Nanoseconds {
    i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec())
}

fn changed(found: &Metadata) -> Nanoseconds {
    i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A workspace with two files and two directories that are old, and a unit that was compiled from one of each.
    struct Old {
        dir: tempfile::TempDir,
        compiled: Compiled,
    }

    impl Old {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let mut compiled = Compiled::default();
            for name in ["src/lib.rs", "other/lib.rs", "real.rs", "unreal.rs"] {
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, name).unwrap();
                let file = fs::File::options().append(true).open(&path).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(1))
                    .unwrap();
            }
            symlink("real.rs", dir.path().join("link.rs")).unwrap();
            symlink("src", dir.path().join("linked")).unwrap();
            // As late as what is there: what comes now is later.
            let time = tick(dir.path());
            for name in ["src/lib.rs", "link.rs", "linked/lib.rs", "src/../real.rs"] {
                compiled.add(&dir.path().join(name), time);
            }
            tick(dir.path());
            Self { dir, compiled }
        }

        fn is_taken_for_older(&self, name: &str) -> bool {
            self.compiled
                .may_be_taken_for_older(self.dir.path(), &self.dir.path().join(name))
        }
    }

    /// Waits until the clock of the file system shows another time, and says what it showed.
    fn tick(dir: &Path) -> Nanoseconds {
        let now = || {
            fs::write(dir.join("now"), "").unwrap();
            changed(&fs::metadata(dir.join("now")).unwrap())
        };
        let first = now();
        while now() == first {}
        first
    }

    #[test]
    fn what_was_there_when_it_was_compiled_is_not_taken_for_something_else() {
        let old = Old::new();
        for name in [
            "src/lib.rs",
            "link.rs",
            "linked/lib.rs",
            "real.rs",
            "unreal.rs",
            "absent.rs",
        ] {
            assert!(!old.is_taken_for_older(name), "{name}");
        }
        fs::write(old.dir.path().join("src/note"), "beside it").unwrap();
        assert!(!old.is_taken_for_older("src/lib.rs"));
    }

    #[test]
    fn whatever_comes_to_be_there_with_an_older_time_is() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 6] = [
            ("src/lib.rs", |dir| {
                fs::rename(dir.join("other/lib.rs"), dir.join("src/lib.rs")).unwrap();
            }),
            ("src/lib.rs", |dir| {
                fs::rename(dir.join("src"), dir.join("aside")).unwrap();
                fs::rename(dir.join("other"), dir.join("src")).unwrap();
            }),
            ("linked/lib.rs", |dir| {
                fs::remove_file(dir.join("linked")).unwrap();
                symlink("other", dir.join("linked")).unwrap();
            }),
            ("linked/lib.rs", |dir| {
                fs::rename(dir.join("src"), dir.join("aside")).unwrap();
                fs::rename(dir.join("other"), dir.join("src")).unwrap();
            }),
            ("link.rs", |dir| {
                fs::remove_file(dir.join("link.rs")).unwrap();
                symlink("unreal.rs", dir.join("link.rs")).unwrap();
            }),
            ("real.rs", |dir| {
                fs::rename(dir.join("unreal.rs"), dir.join("real.rs")).unwrap();
            }),
        ];
        for (name, change) in changes {
            let old = Old::new();
            change(old.dir.path());
            assert!(old.is_taken_for_older(name), "{name}");
        }
    }

    #[test]
    fn what_is_written_anew_cargo_sees_itself() {
        let old = Old::new();
        fs::write(old.dir.path().join("src/lib.rs"), "new").unwrap();
        assert!(!old.is_taken_for_older("src/lib.rs"));
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
