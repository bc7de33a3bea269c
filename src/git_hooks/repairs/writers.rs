//! Whether any program of the user's may still write to a file, whatever it is called by now.

use std::collections::BTreeSet;

use crate::private_files::Identity;

/// Those of these files that some program has open to write to them, or has mapped into its memory for that. What programs of
/// others do cannot be seen.
#[cfg(target_os = "linux")]
pub(super) fn written(files: &BTreeSet<Identity>) -> BTreeSet<Identity> {
    use std::fs;

    let mut found = BTreeSet::new();
    if files.is_empty() {
        return found;
    }
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_process = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit();
    for process in processes.filter(is_process) {
        let process = process.path();
        found.extend(opened(&process, files));
        let maps = fs::read_to_string(process.join("maps")).unwrap_or_default();
        found.extend(mapped(&maps, files));
    }
    found
}

/// Where the system does not tell, that a file was changed is all that can be noticed.
#[cfg(not(target_os = "linux"))]
pub(super) fn written(_files: &BTreeSet<Identity>) -> BTreeSet<Identity> {
    BTreeSet::new()
}

/// Those that a process has open.
#[cfg(target_os = "linux")]
fn opened(process: &std::path::Path, files: &BTreeSet<Identity>) -> Vec<Identity> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let mut found = Vec::new();
    for entry in fs::read_dir(process.join("fd")).into_iter().flatten().flatten() {
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        let identity = (metadata.dev(), metadata.ino());
        if !files.contains(&identity) {
            continue;
        }
        let about = fs::read_to_string(process.join("fdinfo").join(entry.file_name())).unwrap_or_default();
        if !is_read_only(&about) {
            found.push(identity);
        }
    }
    found
}

/// Whether a file is open for nothing but reading, by what the system says of a descriptor.
#[cfg(target_os = "linux")]
fn is_read_only(about: &str) -> bool {
    const HOW: u32 = 0o3;
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & HOW == 0)
}

/// Those that are mapped so that what is written to the memory comes into the file. The device has another number there on
/// some file systems.
#[cfg(target_os = "linux")]
fn mapped(maps: &str, files: &BTreeSet<Identity>) -> Vec<Identity> {
    let shared = maps.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let permissions = words.next()?;
        let inode: u64 = words.nth(2)?.parse().ok()?;
        (permissions.contains('w') && permissions.ends_with('s')).then_some(inode)
    });
    let shared: BTreeSet<u64> = shared.collect();
    files
        .iter()
        .filter(|(_, inode)| shared.contains(inode))
        .copied()
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn who_writes_is_seen_and_who_reads_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "x").unwrap();
        let found = fs::metadata(&path).unwrap();
        let file = BTreeSet::from([(found.dev(), found.ino())]);
        assert_eq!(written(&file), BTreeSet::new());
        let reading = File::open(&path).unwrap();
        assert_eq!(written(&file), BTreeSet::new());
        let writing = File::options().append(true).open(&path).unwrap();
        fs::rename(&path, dir.path().join("other")).unwrap();
        assert_eq!(written(&file), file);
        drop(writing);
        assert_eq!(written(&file), BTreeSet::new());
        drop(reading);
    }

    #[test]
    fn shared_memory_counts_only_where_it_can_be_written() {
        let maps = "7f00-7f01 rw-s 00000000 fe:00 11 /a\n7f00-7f01 r--s 00000000 fe:00 12 /b\n\
                    7f00-7f01 rw-p 00000000 fe:00 13 /c\n7ffe-7fff rw-p 00000000 00:00 0 [stack]\n";
        let files: BTreeSet<Identity> = (10..15).map(|inode| (1, inode)).collect();
        assert_eq!(mapped(maps, &files), [(1, 11)]);
    }

    #[test]
    fn what_the_system_does_not_say_is_no_reassurance() {
        assert!(is_read_only("pos:\t0\nflags:\t0100000\nmnt_id:\t1\n"));
        assert!(!is_read_only("pos:\t0\nflags:\t0100001\n"));
        assert!(!is_read_only("pos:\t0\nflags:\t0102002\n"));
        assert!(!is_read_only(""));
    }
}
