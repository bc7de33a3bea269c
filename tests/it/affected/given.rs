//! Files that are taken to have changed, since somebody says so.

use std::fs;

use super::expect::judge;
use super::template::repository;
use super::{compare, compare_from};

const LEAF: &str = "source: leaf xincl; fmt: leaf";

#[test]
fn a_file_that_has_not_changed() {
    compare(&repository(), "--files crates/leaf/src/lib.rs", LEAF);
}

#[test]
fn several_files() {
    compare(
        &repository(),
        "--files crates/leaf/src/lib.rs --files docs/guide.md --files crates/base/tests/it.rs",
        "source: leaf xincl; build: leaf xincl base; fmt: leaf base",
    );
}

#[test]
fn several_files_after_one_flag() {
    // Debatable: the contract says `--files F…`, and "repeatable".
    compare(
        &repository(),
        "--files crates/leaf/src/lib.rs docs/guide.md crates/base/tests/it.rs",
        "source: leaf xincl; build: leaf xincl base; fmt: leaf base",
    );
}

#[test]
fn a_file_that_is_no_more() {
    compare(
        &repository(),
        "--files crates/base/tests/never.rs",
        "build: base; fmt: base",
    );
}

#[test]
fn a_file_as_seen_from_the_current_directory() {
    compare_from(&repository(), "crates/leaf/src", "--files lib.rs", LEAF);
    compare_from(&repository(), "crates/base", "--files ../leaf/src/lib.rs", LEAF);
}

#[test]
fn a_file_by_its_whole_path() {
    let repo = repository();
    let path = repo.ws().join("crates/leaf/src/lib.rs");
    compare(&repo, &format!("--files {}", path.display()), LEAF);
}

#[test]
fn a_directory_is_everything_in_it() {
    compare(
        &repository(),
        "--files crates/base/src",
        "build: T(base); doc: D(base); fmt: base",
    );
    compare(&repository(), "--files assets", "source: incl bs usesbs");
    compare(&repository(), "--files crates", "source: ALL; fmt: ALL; deny: any");
}

#[test]
fn a_file_that_git_cannot_see() {
    compare(
        &repository(),
        "--files ../outside/out/src/lib.rs",
        "source: outuser; typos: any",
    );
}

#[test]
fn other_changes_do_not_count() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs");
    compare(&repo, "--files crates/leaf/src/lib.rs", LEAF);
}

#[test]
fn the_lock_without_what_it_was_before() {
    compare(
        &repository(),
        "--files Cargo.lock",
        "build: ext1 ext1user ext2 ext3a ext3b extdev extgit twinuser ALL?; \
         doc: ext1 ext1user ext2 ext3a ext3b extgit twinuser ALL?; fmt: ALL?; deny: yes",
    );
}

#[test]
fn a_manifest_without_what_it_was_before() {
    compare(
        &repository(),
        "--files crates/mid/Cargo.toml",
        "source: mid top; fmt: mid?; deny: yes",
    );
}

#[test]
fn the_root_manifest_without_what_it_was_before() {
    compare(&repository(), "--files Cargo.toml", "source: ALL; fmt: ALL?; deny: yes");
}

#[test]
fn without_git() {
    let repo = repository();
    repo.delete(".git");
    compare(&repo, "--files crates/leaf/src/lib.rs", LEAF);
}

/// A list of files in a file.
#[track_caller]
fn listed(list: &[u8], expected: &str) {
    let repo = repository();
    fs::write(repo.root().join("list"), list).unwrap();
    compare(&repo, "--files-from ../list", expected);
    let run = repo.command("affected --format json --files-from -");
    judge(&repo, run.input("../list").output(), expected);
}

#[test]
fn a_list_of_lines() {
    let expected = "source: leaf xincl; build: leaf xincl base; fmt: leaf base";
    listed(b"crates/leaf/src/lib.rs\ncrates/base/tests/it.rs\n", expected);
    listed(b"crates/leaf/src/lib.rs\ncrates/base/tests/it.rs", expected);
}

#[test]
fn a_list_with_nul_between() {
    listed(b"crates/leaf/src/lib.rs\0", LEAF);
    listed(
        b"crates/leaf/src/lib.rs\0crates/base/tests/two\nlines.rs\0",
        "source: leaf xincl; build: leaf xincl base; fmt: leaf base",
    );
}

#[test]
fn a_list_of_names_that_are_no_text() {
    listed(b"crates/mid/tests/caf\xe9.rs\n", "build: mid; fmt: mid");
    listed(b"crates/mid/tests/caf\xe9.rs\0docs/\xff\0", "build: mid; fmt: mid");
}

#[test]
fn an_empty_list() {
    listed(b"", "typos: no");
    listed(b"\n", "typos: no");
}
