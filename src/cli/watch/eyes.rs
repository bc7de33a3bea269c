//! Is told by the system that something stirs in a directory. It decides nothing: that something stirred is a reason to look,
//! and never what counts.

use std::collections::BTreeSet;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::cli::CliError;

/// Something that the system says.
#[derive(Debug)]
pub(super) enum Stir {
    /// Something was written, made or removed here.
    At(PathBuf),
    /// A directory of this name is new, or something of this name is gone or called otherwise: what was watched under the name
    /// may be something else now.
    Moved(PathBuf),
    /// More happened than the system could say.
    Lost,
    /// It cannot say any more what happens.
    Failed(String),
}

/// Watches directories, each by itself: what is ignored lies in none of them, and is not heard of.
#[derive(Debug)]
pub(super) struct Eyes {
    watcher: RecommendedWatcher,
    on: BTreeSet<PathBuf>,
}

impl Eyes {
    /// Opens them. They look at nothing yet.
    pub(super) fn new(tell: impl Fn(Stir) + Send + 'static) -> Result<Self, CliError> {
        let handle = move |event: notify::Result<Event>| match event {
            Ok(event) => stirs(&event).into_iter().for_each(&tell),
            Err(error) => tell(Stir::Failed(error.to_string())),
        };
        let watcher = notify::recommended_watcher(handle).map_err(|error| refused(&error))?;
        Ok(Self {
            watcher,
            on: BTreeSet::new(),
        })
    }

    /// Looks at these directories and no others. Says whether any of them is new: what happened in it until now was not told.
    pub(super) fn turn_to(&mut self, dirs: BTreeSet<PathBuf>) -> Result<bool, CliError> {
        let mut paths = self.watcher.paths_mut();
        // What has got another name is known to the system as what it was: the old name has to go first.
        for gone in self.on.difference(&dirs) {
            // It may have gone by itself.
            let _ = paths.remove(gone);
        }
        let mut is_new = false;
        for dir in dirs.difference(&self.on) {
            match paths.add(dir, RecursiveMode::NonRecursive) {
                Ok(()) => is_new = true,
                Err(error) if is_about_one(&error) => {
                    tracing::debug!(%error, dir = %dir.display(), "a directory cannot be watched");
                }
                Err(error) => return Err(refused(&error)),
            }
        }
        paths.commit().map_err(|error| refused(&error))?;
        self.on = dirs;
        Ok(is_new)
    }

    /// How many directories are watched.
    pub(super) fn count(&self) -> usize {
        self.on.len()
    }

    /// A name stands for something else now, or for nothing: all that was watched under it is to be watched anew. Says whether
    /// there was any.
    pub(super) fn forget(&mut self, path: &Path) -> bool {
        let below = self.below(path);
        for dir in &below {
            // It may have gone by itself.
            let _ = self.watcher.unwatch(dir);
            self.on.remove(dir);
        }
        !below.is_empty()
    }

    fn below(&self, path: &Path) -> Vec<PathBuf> {
        let from = self.on.range(path.to_owned()..);
        from.take_while(|dir| dir.starts_with(path)).cloned().collect()
    }

    /// Anything may have happened: everything is to be watched anew.
    pub(super) fn forget_all(&mut self) {
        self.forget(Path::new(""));
    }
}

/// What an event comes to. That somebody reads is no event.
fn stirs(event: &Event) -> Vec<Stir> {
    if event.need_rescan() {
        return vec![Stir::Lost];
    }
    let stir: fn(PathBuf) -> Stir = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Stir::At,
        EventKind::Access(_) => return Vec::new(),
        EventKind::Create(CreateKind::Folder | CreateKind::Any)
        | EventKind::Remove(_)
        | EventKind::Modify(ModifyKind::Name(_)) => Stir::Moved,
        _ => Stir::At,
    };
    event.paths.iter().cloned().map(stir).collect()
}

/// Whether an error is about one directory, which may be gone by now, or not be ours to read.
fn is_about_one(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(
            error.kind(),
            IoErrorKind::NotFound | IoErrorKind::PermissionDenied | IoErrorKind::NotADirectory
        ),
        _ => false,
    }
}

fn refused(error: &notify::Error) -> CliError {
    let cannot = "the directories of the workspace cannot be watched";
    let (why, name, enough) = match &error.kind {
        ErrorKind::MaxFilesWatch => ("you watch as many as the system allows", "max_user_watches", 1_048_576),
        // Too many open files: what it means of these.
        ErrorKind::Io(error) if error.raw_os_error() == Some(24) => (
            "as many of your programs watch some as the system allows",
            "max_user_instances",
            1024,
        ),
        _ => return CliError::environment(format!("{cannot}: {error}")),
    };
    let refused = CliError::environment(format!("{cannot}: {why}"));
    if !cfg!(target_os = "linux") {
        return refused;
    }
    refused.hint(&format!(
        "`cat /proc/sys/fs/inotify/{name}` shows the limit, `sudo sysctl fs.inotify.{name}={enough}` raises it"
    ))
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

    use super::*;

    #[test]
    fn reading_is_no_event_and_a_queue_that_ran_over_is() {
        let check = |kind: EventKind, expected: &str| {
            let event = Event::new(kind).add_path("/ws/a".into());
            assert_eq!(format!("{:?}", stirs(&event)), expected, "{kind:?}");
        };
        check(EventKind::Access(AccessKind::Open(AccessMode::Any)), "[]");
        check(EventKind::Access(AccessKind::Close(AccessMode::Read)), "[]");
        check(
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            "[At(\"/ws/a\")]",
        );
        check(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "[At(\"/ws/a\")]");
        check(
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            "[At(\"/ws/a\")]",
        );
        check(EventKind::Create(CreateKind::File), "[At(\"/ws/a\")]");
        check(EventKind::Create(CreateKind::Folder), "[Moved(\"/ws/a\")]");
        check(EventKind::Remove(RemoveKind::Folder), "[Moved(\"/ws/a\")]");
        check(
            EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            "[Moved(\"/ws/a\")]",
        );
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(matches!(stirs(&lost)[..], [Stir::Lost]));
    }

    #[test]
    fn an_exhausted_limit_says_how_to_raise_it() {
        let check = |kind: ErrorKind, name: &str| {
            let CliError::Other { code, hint, .. } = refused(&notify::Error::new(kind)) else {
                panic!("it is about the machine");
            };
            assert_eq!(code, 3);
            assert!(hint.unwrap_or_default().contains(name), "{name}");
        };
        if cfg!(target_os = "linux") {
            check(ErrorKind::MaxFilesWatch, "fs.inotify.max_user_watches=");
            check(
                ErrorKind::Io(std::io::Error::from_raw_os_error(24)),
                "fs.inotify.max_user_instances=",
            );
        }
        check(ErrorKind::Generic("no".to_owned()), "");
    }
}
