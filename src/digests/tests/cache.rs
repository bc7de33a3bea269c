//! What is remembered, and when it is trusted.

use super::*;
use crate::digests::memory;
use crate::digests::stored::{self, Record, Stored};

/// Makes the stat cache say something else of a file, so that it shows whether it was asked.
fn poison(sandbox: &Sandbox, path: &str) {
    let name = tree_file(sandbox);
    let content = memory::load(Some(&sandbox.state()), &name, stored::KIND).unwrap();
    let subject = sandbox.root.as_os_str().as_bytes();
    let stored = Stored::new(content, subject).unwrap();
    assert!(stored.find(path.as_bytes()).is_some(), "{path} is not remembered");
    let records = (0..stored.len()).map(|place| stored.get(place));
    let records = records.map(|record| {
        let digest = if record.path == path.as_bytes() {
            poisoned()
        } else {
            record.digest
        };
        Record { digest, ..record }
    });
    let file = stored::encoded(subject, stored.newest(), records).unwrap();
    memory::save(Some(&sandbox.state()), &name, file);
}

fn poisoned() -> Digest {
    Digest::of(b"poison")
}

fn tree_file(sandbox: &Sandbox) -> String {
    let mut files = fs::read_dir(sandbox.state())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.find(|name| name.starts_with("tree-")).unwrap()
}

/// Whether a scan at a moment takes its word for a file.
fn trusts(sandbox: &Sandbox, path: &str, now: Nanoseconds) -> bool {
    digest(&sandbox.without_git().tree_at(now), path) == poisoned()
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let first = told(&sandbox.without_git().tree_at(later()));
    assert_eq!(told(&sandbox.without_git().tree_at(later())), first);
    poison(&sandbox, "a");
    assert!(trusts(&sandbox, "a", later()));
    assert_eq!(digest(&sandbox.without_git().tree_at(later()), "b"), Digest::of(b"b"));
}

#[test]
fn what_may_have_changed_within_the_same_tick_is_not_remembered() {
    let sandbox = Sandbox::with(&["a"]);
    let written = stat::now();
    for (after, remembered) in [
        (0, false),
        (SECOND, false),
        (SECOND * 19 / 10, false),
        (4 * SECOND, true),
    ] {
        let _ = fs::remove_dir_all(sandbox.state());
        let _ = sandbox.without_git().tree_at(written + after);
        let known = fs::read_dir(sandbox.state()).is_ok_and(|mut files| files.next().is_some());
        assert_eq!(known, remembered, "{after}");
    }
}

#[test]
fn a_time_in_the_future_is_not_trusted() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let future = fs::FileTimes::new().set_modified(std::time::SystemTime::now() + std::time::Duration::from_hours(1));
    fs::File::options()
        .write(true)
        .open(sandbox.root.join("a"))
        .unwrap()
        .set_times(future)
        .unwrap();
    let tree = sandbox.without_git().tree_at(later());
    assert!(tree.unsettled().ones().eq([0]));
    poison(&sandbox, "b");
    let name = tree_file(&sandbox);
    let content = memory::load(Some(&sandbox.state()), &name, stored::KIND).unwrap();
    let stored = Stored::new(content, sandbox.root.as_os_str().as_bytes()).unwrap();
    assert_eq!(stored.len(), 1);
}

#[test]
fn a_clock_that_was_set_back_distrusts_everything() {
    let sandbox = Sandbox::with(&["a"]);
    let now = later();
    let _ = sandbox.without_git().tree_at(now + 100 * SECOND);
    poison(&sandbox, "a");
    assert!(
        trusts(&sandbox, "a", now + 99 * SECOND),
        "clocks of two processors may differ a little"
    );
    assert!(trusts(&sandbox, "a", now + 200 * SECOND));
    assert!(!trusts(&sandbox, "a", now));
    assert!(
        !trusts(&sandbox, "a", now + 200 * SECOND),
        "it was read again, and that is remembered"
    );
    let tree = sandbox.without_git().tree_at(now + 100 * SECOND);
    sandbox.write("a", "b");
    let none = FixedBitSet::with_capacity(1);
    assert_eq!(
        digest(&sandbox.scan().tree_after(&tree, &none, now), "a"),
        Digest::of(b"b")
    );
}

/// What was written by the clock of then stays in the future, so that nothing of it can be remembered.
#[test]
fn that_a_clock_was_set_back_is_seen_once() {
    let sandbox = Sandbox::with(&["a"]);
    let scan = sandbox.without_git();
    let newest = || {
        let content = memory::load(Some(&sandbox.state()), &tree_file(&sandbox), stored::KIND).unwrap();
        Stored::new(content, sandbox.root.as_os_str().as_bytes())
            .unwrap()
            .newest()
    };
    let _ = scan.tree_at(later() + 100 * SECOND);
    let long_ago = later() - 1000 * SECOND;
    let _ = scan.tree_at(long_ago);
    assert_eq!(newest(), long_ago);
}

/// Writes with everything put back that can be: only the time shows it that nobody can set.
#[test]
fn an_edit_is_seen_that_puts_size_and_time_back() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let tree = sandbox.without_git().tree_at(later());
    let times = sandbox.root.join("a").metadata().unwrap();
    sandbox.write("a", "A");
    set_times(&sandbox.root.join("a"), &times);
    assert_eq!(tree.touched([0, 1]), [0]);
    assert_eq!(digest(&sandbox.without_git().tree_at(later()), "a"), Digest::of(b"A"));
    assert_eq!(
        digest(&tree.again(&sandbox.without_git(), &FixedBitSet::with_capacity(2)), "a"),
        Digest::of(b"A")
    );
}

#[test]
fn a_file_in_the_place_of_another_is_seen() {
    let sandbox = Sandbox::with(&["a"]);
    sandbox.write("../b", "b");
    fs::hard_link(sandbox.base.join("b"), sandbox.base.join("c")).unwrap();
    let times = sandbox.root.join("a").metadata().unwrap();
    set_times(&sandbox.base.join("b"), &times);
    let tree = sandbox.without_git().tree_at(later());
    fs::rename(sandbox.base.join("b"), sandbox.root.join("a")).unwrap();
    assert_eq!(tree.touched([0]), [0]);
    assert_eq!(digest(&sandbox.without_git().tree_at(later()), "a"), Digest::of(b"b"));
    fs::hard_link(sandbox.base.join("c"), sandbox.root.join("d")).unwrap();
    assert_eq!(digest(&sandbox.without_git().tree_at(later()), "d"), Digest::of(b"b"));
    fs::write(sandbox.base.join("c"), "other").unwrap();
    let tree = sandbox.without_git().tree_at(later());
    assert_eq!(
        [digest(&tree, "a"), digest(&tree, "d")],
        [Digest::of(b"other"); 2],
        "a write through another name"
    );
}

#[test]
fn what_is_changed_and_changed_back_is_touched() {
    let sandbox = Sandbox::with(&["a", "b", "c", "d"]);
    symlink("a", sandbox.root.join("e")).unwrap();
    let tree = sandbox.without_git().tree_at(later());
    assert!(tree.touched(0..5).is_empty());
    sandbox.write("a", "A");
    sandbox.write("a", "a");
    fs::set_permissions(sandbox.root.join("b"), fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.remove("d");
    sandbox.remove("e");
    symlink("a", sandbox.root.join("e")).unwrap();
    assert_eq!(tree.touched([4, 3, 2, 1, 0]), [0, 1, 3, 4]);
    assert!(tree.touched([2]).is_empty());
    let again = tree.again(&sandbox.without_git(), &FixedBitSet::with_capacity(5));
    assert_eq!(names(&again), "a b c e");
    assert_eq!(digest(&again, "a"), digest(&tree, "a"));
}

#[test]
fn what_nobody_had_written_to_since_a_moment_was_unchanged() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let written = stat::now();
    let scanned = written + 9 * SECOND;
    let mut tree = sandbox.without_git().tree_at(scanned);
    for (moment, expected) in [
        (written + 4 * SECOND, true),
        (scanned, true),
        // They may have been written after that moment.
        (written, false),
        (written - 9 * SECOND, false),
        // The clock was set back.
        (scanned + 4 * SECOND, false),
    ] {
        assert_eq!(tree.was_unchanged_since_then(moment), expected, "{}", moment - written);
    }
    tree.entries[1].content = Content::Unknown;
    assert!(!tree.was_unchanged_since_then(scanned));
}

/// A cached digest that is wrong stands for a write through a mapping of memory: nothing that the system says shows it.
#[test]
fn what_is_distrusted_is_read_again_and_remembered_as_it_is() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let scan = sandbox.without_git();
    let _ = scan.tree_at(later());
    poison(&sandbox, "a");
    let tree = scan.tree_at(later());
    assert_eq!(digest(&tree, "a"), poisoned());
    assert!(tree.touched(0..2).is_empty());
    let none = FixedBitSet::with_capacity(2);
    assert_eq!(digest(&scan.tree_after(&tree, &none, later()), "a"), poisoned());
    let again = scan.tree_after(&tree, &places(&tree, &["a"]), later());
    assert_eq!(digest(&again, "a"), Digest::of(b"a"));
    assert_eq!(digest(&scan.tree_at(later()), "a"), Digest::of(b"a"));
}

#[test]
fn what_was_not_settled_is_read_again() {
    let sandbox = Sandbox::with(&["a"]);
    let scan = sandbox.without_git();
    let mut tree = scan.tree_at(stat::now());
    assert!(tree.unsettled().ones().eq([0]));
    tree.entries[0].content = Content::Known(poisoned());
    let none = FixedBitSet::with_capacity(1);
    assert_eq!(digest(&scan.tree_after(&tree, &none, later()), "a"), Digest::of(b"a"));
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    use std::os::unix::fs::MetadataExt;
    let sandbox = Sandbox::with(&["a", "b"]);
    let scan = sandbox.without_git();
    let _ = scan.tree_at(later());
    let file = sandbox.state().join(tree_file(&sandbox));
    let identity = || (file.metadata().unwrap().ino(), file.metadata().unwrap().ctime_nsec());
    let before = identity();
    let _ = scan.tree_at(later());
    assert_eq!(identity(), before);
    sandbox.remove("b");
    let _ = scan.tree_at(later());
    let removed = identity();
    assert_ne!(removed, before);
    sandbox.write("b", "b");
    let _ = scan.tree_at(later());
    assert_ne!(identity(), removed);
}

#[test]
fn a_damaged_file_is_no_file() {
    let sandbox = Sandbox::with(&["a", "b"]);
    let scan = sandbox.without_git();
    let _ = scan.tree_at(later());
    // A wrong digest would be believed, if the file were.
    poison(&sandbox, "a");
    let path = sandbox.state().join(tree_file(&sandbox));
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], why: &str| {
        fs::write(&path, bytes).unwrap();
        assert_eq!(digest(&scan.tree_at(later()), "a"), Digest::of(b"a"), "{why}");
    };
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        check(&damaged, &format!("byte {at}"));
        check(&whole[..at], &format!("cut at {at}"));
    }
    check(&[&whole[..], b"x"].concat(), "one more");
    check(&[], "empty");
}

#[test]
fn a_file_of_another_tree_or_that_others_can_write_is_no_file() {
    let sandbox = Sandbox::with(&["a"]);
    let scan = sandbox.without_git();
    let _ = scan.tree_at(later());
    poison(&sandbox, "a");
    let path = sandbox.state().join(tree_file(&sandbox));
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let content = memory::load(Some(&sandbox.state()), &tree_file(&sandbox), stored::KIND).unwrap();
    assert!(Stored::new(content, b"/another").is_none());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(!trusts(&sandbox, "a", later()));
    let other = sandbox.base.join("elsewhere");
    poison(&sandbox, "a");
    fs::rename(&path, &other).unwrap();
    symlink(&other, &path).unwrap();
    assert!(!trusts(&sandbox, "a", later()));
}

/// Whoever could write to the directory could have put an older file of ours in the place of the newest.
#[test]
fn nothing_is_read_from_a_directory_that_others_can_write_to() {
    let sandbox = Sandbox::with(&["a"]);
    let _ = sandbox.without_git().tree_at(later());
    poison(&sandbox, "a");
    assert!(trusts(&sandbox, "a", later()));
    poison(&sandbox, "a");
    fs::set_permissions(sandbox.state(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(!trusts(&sandbox, "a", later()));
}

#[test]
fn nobody_waits_for_a_pipe_and_what_the_dead_left_is_removed() {
    let sandbox = Sandbox::with(&["a"]);
    let scan = sandbox.without_git();
    let _ = scan.tree_at(later());
    let path = sandbox.state().join(tree_file(&sandbox));
    fs::remove_file(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    let left = sandbox.state().join(".new-0123456789abcdef");
    fs::write(&left, "half").unwrap();
    let file = fs::File::options().append(true).open(&left).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(2))
        .unwrap();
    assert_eq!(digest(&scan.tree_at(later()), "a"), Digest::of(b"a"));
    assert!(path.is_file(), "the pipe is replaced");
    assert!(!left.exists());
}

#[test]
fn a_state_directory_that_cannot_be_used_costs_time_only() {
    let sandbox = Sandbox::with(&["a"]);
    fs::write(sandbox.state(), "a file").unwrap();
    for scan in [
        sandbox.scan(),
        Scan {
            state_dir: None,
            ..sandbox.scan()
        },
    ] {
        let tree = scan.tree_at(later());
        assert_eq!(digest(&tree, "a"), Digest::of(b"a"));
        tree.remember_paths();
    }
}

#[test]
fn programs_that_run_at_the_same_time_leave_a_whole_file() {
    let sandbox = Sandbox::with(&["a", "b", "c"]);
    let scan = sandbox.without_git();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(digest(&scan.tree_at(later()), "b"), Digest::of(b"b"));
                    let _ = fs::remove_file(sandbox.state().join("tree-x"));
                }
            });
        }
    });
    poison(&sandbox, "b");
    let left = fs::read_dir(sandbox.state()).unwrap().count();
    assert_eq!(left, 1, "nothing is left over");
}
