//! Somebody goes on working while files change places.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::decide::{Hindrance, Step};
use super::put::{Keep, Named, Putting, Ready, put};
use crate::private_files::{PlainFile, PrivateDir, note_traces, remove_traces};

/// A working tree with the file `x`, and a place for the journal.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("top")).unwrap();
        let world = Self { dir };
        fs::write(world.x(), "old\n").unwrap();
        world
    }

    fn top(&self) -> PathBuf {
        self.dir.path().join("top")
    }

    fn x(&self) -> PathBuf {
        self.top().join("x")
    }

    fn private(&self) -> PrivateDir {
        PrivateDir::make(&self.dir.path().join("state"), &[]).unwrap()
    }

    fn old(&self) -> Box<PlainFile> {
        Box::new(PlainFile::read(&self.top(), Path::new("x")).unwrap())
    }

    fn write(&self) -> Step {
        Step::Write {
            old: self.old(),
            content: b"new\n".to_vec(),
            executable: None,
        }
    }

    /// Where what was rescued lies.
    fn kept(&self) -> PathBuf {
        self.dir.path().join("kept")
    }

    fn keep(&self) -> impl Fn(&[u8]) -> Option<PathBuf> {
        let kept = self.kept();
        move |content| fs::write(&kept, content).ok().map(|()| kept.clone())
    }

    fn put(&self, step: Step) -> (Result<(), Hindrance>, Vec<PathBuf>) {
        let steps = vec![("x".into(), Ok(Some(step)))];
        let mut outcome = put(&self.top(), steps, (&self.private(), &self.keep())).unwrap();
        (outcome.results.remove(0), outcome.rescued)
    }

    fn named(&self, putting: &mut Putting<'_>) -> Vec<Named> {
        putting.named(vec![("x".into(), Ok(Some(self.write())))])
    }

    fn prepared(&self, putting: &mut Putting<'_>) -> Vec<Ready> {
        let named = self.named(putting);
        putting.prepared(named)
    }

    /// Everything that lies in the working tree.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.top()).unwrap().map(Result::unwrap);
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_file_is_replaced_made_and_removed() {
    let world = World::new();
    assert_eq!(world.put(world.write()), (Ok(()), vec![]));
    assert_eq!(fs::read(world.x()).unwrap(), b"new\n");
    assert_eq!(world.put(Step::Remove(world.old())), (Ok(()), vec![]));
    assert_eq!(world.names(), [""; 0]);
    fs::create_dir_all(world.top()).unwrap();
    let make = Step::Make {
        content: b"made\n".to_vec(),
        executable: false,
    };
    assert_eq!(world.put(make), (Ok(()), vec![]));
    assert_eq!(fs::read(world.x()).unwrap(), b"made\n");
    assert_eq!(world.names(), ["x"]);
    assert_eq!(world.private().names(), [""; 0], "nothing is left of the journal");
}

/// What somebody does to the file after it was read.
const EDITS: [fn(&Path); 6] = [
    |file| fs::write(file, "mine\n").unwrap(),
    |file| {
        fs::write(file.with_extension("swp"), "mine\n").unwrap();
        fs::rename(file.with_extension("swp"), file).unwrap();
    },
    |file| fs::remove_file(file).unwrap(),
    |file| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    },
    |file| {
        fs::remove_file(file).unwrap();
        symlink("elsewhere", file).unwrap();
    },
    |file| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(file, mode).unwrap();
    },
];

/// What can be seen under a name.
fn seen(path: &Path) -> Option<(u32, Option<Vec<u8>>)> {
    let found = fs::symlink_metadata(path).ok()?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions());
    Some((mode, fs::read(path).ok()))
}

/// What hinders a step where somebody edits the file first, which stays as he has left it.
fn hindered(edit: fn(&Path), removes: bool) -> Hindrance {
    let world = World::new();
    let step = if removes {
        Step::Remove(world.old())
    } else {
        world.write()
    };
    edit(&world.x());
    let (before, names) = (seen(&world.x()), world.names());
    let (result, rescued) = world.put(step);
    assert_eq!(rescued, [""; 0].map(PathBuf::from));
    assert_eq!((seen(&world.x()), world.names()), (before, names));
    result.unwrap_err()
}

#[test]
fn what_somebody_has_done_meanwhile_stays() {
    for (at, edit) in EDITS.into_iter().enumerate() {
        for removes in [false, true] {
            // A process that another test starts has what is open here open for a moment, and it counts as in use so long.
            let mut whys = (0..50).map(|_| hindered(edit, removes));
            let why = whys.find(|why| *why != Hindrance::InUse);
            assert_eq!(why, Some(Hindrance::Newer), "edit {at}");
        }
    }
}

#[test]
fn something_new_keeps_its_name() {
    let world = World::new();
    let make = Step::Make {
        content: b"made\n".to_vec(),
        executable: true,
    };
    assert_eq!(world.put(make), (Err(Hindrance::Taken), vec![]));
    assert_eq!(fs::read(world.x()).unwrap(), b"old\n");
    assert_eq!(world.names(), ["x"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_somebody_has_open_is_left_alone() {
    for removes in [false, true] {
        let world = World::new();
        let step = if removes {
            Step::Remove(world.old())
        } else {
            world.write()
        };
        let mut editor = File::options().append(true).open(world.x()).unwrap();
        assert_eq!(world.put(step), (Err(Hindrance::InUse), vec![]));
        editor.write_all(b"late\n").unwrap();
        assert_eq!(fs::read(world.x()).unwrap(), b"old\nlate\n");
        assert_eq!(world.names(), ["x"]);
    }
}

/// Writes to the old file between the change and the last look at it, through a descriptor that stays open or not.
fn written_between(stays_open: bool) {
    let world = World::new();
    let top = world.top();
    let keep = world.keep();
    let mut putting = Putting::new(&top, 1, &keep);
    let ready = world.prepared(&mut putting);
    let ready = putting.filled(ready);
    let mut editor = File::options().append(true).open(world.x()).unwrap();
    let done = putting.done(ready);
    assert_eq!(fs::read(world.x()).unwrap(), b"new\n");
    editor.write_all(b"late\n").unwrap();
    let editor = stays_open.then_some(editor);
    putting.settle(done);
    assert!(putting.outcome.results[0].is_err());
    if let Some(mut editor) = editor {
        editor.write_all(b"later\n").unwrap();
        assert_eq!(fs::read(world.x()).unwrap(), b"old\nlate\nlater\n");
    } else {
        assert_eq!(fs::read(world.x()).unwrap(), b"old\nlate\n");
    }
    assert_eq!(world.names(), ["x"]);
    assert_eq!(putting.outcome.rescued, Vec::<PathBuf>::new());
}

#[test]
fn what_is_written_to_the_old_file_comes_back_with_it() {
    written_between(true);
    written_between(false);
}

/// Writes to the old file and to the new one, and says where the latter lies in the end.
fn written_to_both(world: &World, keep: Keep<'_>) -> Vec<PathBuf> {
    let top = world.top();
    let mut putting = Putting::new(&top, 1, keep);
    let ready = world.prepared(&mut putting);
    let ready = putting.filled(ready);
    let mut editor = File::options().append(true).open(world.x()).unwrap();
    let done = putting.done(ready);
    editor.write_all(b"late\n").unwrap();
    drop(editor);
    fs::write(world.x(), "new\nand more\n").unwrap();
    putting.settle(done);
    assert_eq!(fs::read(world.x()).unwrap(), b"old\nlate\n");
    putting.outcome.rescued
}

#[test]
fn what_is_written_to_both_is_kept() {
    let world = World::new();
    assert_eq!(written_to_both(&world, &world.keep()), [world.kept()]);
    assert_eq!(fs::read(world.kept()).unwrap(), b"new\nand more\n");
    assert_eq!(world.names(), ["x"]);
}

#[test]
fn what_cannot_be_kept_elsewhere_stays_beside_the_file() {
    let world = World::new();
    let rescued = written_to_both(&world, &|_| None);
    let [beside] = rescued.as_slice() else {
        panic!("{rescued:?}");
    };
    assert_eq!(fs::read(beside).unwrap(), b"new\nand more\n");
    assert_eq!(world.names().len(), 2);
}

#[test]
fn what_was_saved_last_keeps_the_name() {
    let world = World::new();
    let top = world.top();
    let keep = world.keep();
    let mut putting = Putting::new(&top, 1, &keep);
    let ready = world.prepared(&mut putting);
    let ready = putting.filled(ready);
    let mut editor = File::options().append(true).open(world.x()).unwrap();
    let done = putting.done(ready);
    editor.write_all(b"late\n").unwrap();
    drop(editor);
    // Another editor saves in its own way.
    fs::write(world.top().join("swp"), "last\n").unwrap();
    fs::rename(world.top().join("swp"), world.x()).unwrap();
    putting.settle(done);
    assert_eq!(fs::read(world.x()).unwrap(), b"last\n");
    assert_eq!(putting.outcome.rescued, [world.kept()]);
    assert_eq!(fs::read(world.kept()).unwrap(), b"old\nlate\n");
    assert_eq!(world.names(), ["x"]);
}

#[test]
fn what_a_run_that_was_killed_has_left_is_removed_where_nobody_misses_it() {
    // Before and after the exchange, and with something that somebody has written since.
    for (exchanged, late) in [(false, false), (true, false), (true, true)] {
        let world = World::new();
        let top = world.top();
        let keep = world.keep();
        let mut putting = Putting::new(&top, 1, &keep);
        let ready = world.prepared(&mut putting);
        let entries: Vec<_> = ready.iter().map(|ready| ready.entry(&top)).collect();
        note_traces(&world.private(), &entries).unwrap();
        let ready = putting.filled(ready);
        let mut editor = File::options().append(true).open(world.x()).unwrap();
        if exchanged {
            std::mem::forget(putting.done(ready));
        } else {
            std::mem::forget(ready);
        }
        if late {
            editor.write_all(b"late\n").unwrap();
        }
        drop(editor);
        assert_eq!(world.names().len(), 2);
        remove_traces(&world.private());
        let expected: &[u8] = if exchanged { b"new\n" } else { b"old\n" };
        assert_eq!(fs::read(world.x()).unwrap(), expected);
        let names = world.names();
        assert_eq!(names.len(), if late { 2 } else { 1 }, "{names:?}");
        if late {
            assert_eq!(fs::read(top.join(&names[0])).unwrap(), b"old\nlate\n");
        }
        assert_eq!(world.private().names(), [""; 0]);
    }
}

#[test]
fn a_name_is_noted_down_before_anything_has_it() {
    for made in [false, true] {
        let world = World::new();
        let top = world.top();
        let keep = world.keep();
        let mut putting = Putting::new(&top, 1, &keep);
        let named = world.named(&mut putting);
        let entries: Vec<_> = named.iter().map(|named| named.entry(&top)).collect();
        assert_eq!(world.names(), ["x"]);
        note_traces(&world.private(), &entries).unwrap();
        if made {
            std::mem::forget(putting.prepared(named));
            assert_eq!(world.names().len(), 2);
        }
        remove_traces(&world.private());
        assert_eq!(world.names(), ["x"]);
        assert_eq!(fs::read(world.x()).unwrap(), b"old\n");
    }
}

proptest! {
    #[test]
    fn a_journal_of_any_bytes_removes_nothing(text: Vec<u8>) {
        let world = World::new();
        world.private().write("displaced", &text, crate::private_files::Durability::Later).unwrap();
        remove_traces(&world.private());
        prop_assert_eq!(world.names(), ["x"]);
    }
}
