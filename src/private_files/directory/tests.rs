//! Directories and files that somebody has prepared, and those that cannot be written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// No file of these tests is as large.
const LARGEST: u64 = 1024;

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn kept(dir: &PrivateDir, name: &str, bytes: &[u8]) {
    dir.write(name, bytes, Durability::Later).unwrap();
}

#[test]
fn a_directory_is_made_private_and_used_only_while_it_is() {
    let top = temporary();
    let state = top.path().join("cache/repo");
    assert!(matches!(PrivateDir::open(&state, &["v1"]), Err(Unsafe::Io { .. })));
    let made = PrivateDir::make(&state, &["v1", "history"]).unwrap();
    assert_eq!(made.path(), state.join("v1/history"));
    for made in ["cache", "cache/repo", "cache/repo/v1", "cache/repo/v1/history"] {
        let mode = top.path().join(made).metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o700, "{made}");
    }
    for (mode, is_used) in [
        (0o770, false),
        (0o702, false),
        (0o1777, false),
        (0o755, true),
        (0o700, true),
    ] {
        set_mode(&state.join("v1"), mode);
        for result in [PrivateDir::make, PrivateDir::open].map(|get| get(&state, &["v1", "history"])) {
            match result {
                Ok(_) => assert!(is_used, "{mode:o}"),
                Err(refused) => {
                    let text = refused.to_string();
                    assert!(!is_used && text.starts_with("others can write to"), "{mode:o}: {text}");
                    assert!(text.contains("/v1`"), "{text}");
                }
            }
        }
    }
}

#[test]
fn links_files_and_what_is_somebody_elses_are_not_used() {
    let top = temporary();
    let real = top.path().join("real");
    PrivateDir::make(&real, &["v1"]).unwrap();
    symlink(&real, top.path().join("link")).unwrap();
    symlink(top.path().join("absent"), top.path().join("dangling")).unwrap();
    fs::write(top.path().join("file"), "").unwrap();
    for wrong in ["link", "file", "dangling"] {
        for (state, below) in [(top.path().join(wrong), "v1"), (top.path().to_owned(), wrong)] {
            for result in [PrivateDir::make, PrivateDir::open].map(|get| get(&state, &[below])) {
                let refused = result.unwrap_err();
                // What a link leads to is not even looked at, let alone made.
                let is_known = matches!(&refused, Unsafe::NoDirectory(dir) if dir.ends_with(wrong));
                let dangles = wrong == "dangling" && matches!(refused, Unsafe::Io { .. });
                assert!(is_known || dangles, "{wrong}: {refused}");
            }
        }
    }
    assert!(!top.path().join("absent").exists());
    assert_eq!(fs::read_dir(real.join("v1")).unwrap().count(), 0);
    let metadata = real.metadata().unwrap();
    let other = judge(&metadata, metadata.uid() + 1, &real).unwrap_err();
    assert!(other.to_string().ends_with("belongs to another user"), "{other}");
}

#[test]
fn what_was_opened_stays_what_is_used() {
    let top = temporary();
    let state = top.path().join("state");
    let dir = PrivateDir::make(&state, &[]).unwrap();
    fs::rename(&state, top.path().join("moved")).unwrap();
    fs::create_dir(&state).unwrap();
    kept(&dir, "file", b"ours");
    assert_eq!(dir.read("file", LARGEST).unwrap(), b"ours");
    assert!(!state.join("file").exists() && top.path().join("moved/file").exists());
}

#[test]
fn what_is_written_is_read_again_and_replaced() {
    let top = temporary();
    let dir = PrivateDir::make(&top.path().join("state"), &["below"]).unwrap();
    for (bytes, durability) in [(b"one", Durability::Later), (b"two", Durability::Now)] {
        dir.write("file", bytes, durability).unwrap();
        assert_eq!(dir.read("file", 3).unwrap(), bytes);
        assert_eq!(dir.names(), ["file"]);
    }
    let mode = dir.path().join("file").metadata().unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    dir.remove("file");
    dir.remove("file");
    assert!(dir.names().is_empty());
    assert_eq!(dir.read("file", 3).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_file_that_somebody_prepared_is_not_read() {
    let top = temporary();
    let dir = PrivateDir::make(&top.path().join("state"), &[]).unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(top.path().join("outside"), "secret").unwrap();
    symlink(top.path().join("outside"), path("link")).unwrap();
    fs::create_dir(path("directory")).unwrap();
    kept(&dir, "open", b"text");
    set_mode(&path("open"), 0o666);
    kept(&dir, "large", &[0; 1025]);
    let pipe = Mode::RUSR | Mode::WUSR;
    rustix::fs::mkfifoat(&dir.dir, "pipe", pipe).unwrap();
    for name in ["link", "directory", "open", "large", "pipe"] {
        assert!(dir.read(name, LARGEST).is_err(), "{name}");
    }
    // Written anew, it is ours, and what a link led to stays as it was.
    for name in ["link", "open", "large", "pipe"] {
        kept(&dir, name, b"ours");
        assert_eq!(dir.read(name, LARGEST).unwrap(), b"ours", "{name}");
    }
    assert_eq!(fs::read(top.path().join("outside")).unwrap(), b"secret");
    assert!(dir.write("directory", b"", Durability::Later).is_err());
}

#[test]
fn where_nothing_can_be_written_there_is_an_error_and_nothing_is_left() {
    let top = temporary();
    let state = top.path().join("state");
    let dir = PrivateDir::make(&state, &[]).unwrap();
    kept(&dir, "file", b"known");
    let in_file = PrivateDir::make(&state.join("file/repo"), &["v1"]).unwrap_err();
    assert!(in_file.to_string().contains("repo`: Not a directory"), "{in_file}");
    // A directory that is gone takes no file, for anybody.
    fs::remove_dir_all(&state).unwrap();
    assert!(dir.write("file", b"lost", Durability::Later).is_err());
    assert!(dir.names().is_empty());
    // The permissions of a directory mean nothing to a superuser.
    let state = top.path().join("read-only");
    let dir = PrivateDir::make(&state, &[]).unwrap();
    set_mode(&state, 0o500);
    if !rustix::process::geteuid().is_root() {
        assert!(dir.write("file", b"lost", Durability::Later).is_err());
        assert!(matches!(PrivateDir::make(&state, &["v1"]), Err(Unsafe::Io { .. })));
    }
    set_mode(&state, 0o700);
}

#[test]
fn what_a_killed_writer_left_is_swept_away() {
    let top = temporary();
    let dir = PrivateDir::make(&top.path().join("state"), &[]).unwrap();
    kept(&dir, "file", b"");
    kept(&dir, ".new-0123", b"half");
    let now = SystemTime::now();
    dir.sweep(now);
    assert_eq!(dir.names().len(), 2, "somebody may be writing it");
    dir.sweep(now + 2 * ABANDONED_AFTER);
    assert_eq!(dir.names(), ["file"]);
}
