//! Over trees in a temporary directory.
#![allow(clippy::disallowed_methods, reason = "tests make repositories")]

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A tree with these files; a file contains its own path.
fn tree(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        write(&dir, file, file);
    }
    dir
}

fn write(dir: &TempDir, file: &str, text: &str) {
    let path = dir.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The tree as it is seen without git.
fn plain(dir: &TempDir) -> Tree {
    let root = dir.path().canonicalize().unwrap();
    Tree {
        target_dir: root.join("target"),
        root,
        outside: Vec::new(),
        git: None,
        environment: Environment::default(),
    }
}

/// The tree as git sees it, whatever it is configured to on this machine.
fn with_git(dir: &TempDir) -> Tree {
    let nothing = ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into());
    let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
    Tree {
        git: Some("git".into()),
        environment: Environment::without_leaks([nothing, path], None),
        ..plain(dir)
    }
}

fn git(dir: &TempDir, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(dir.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}

fn listed(dir: &TempDir) -> String {
    names(&plain(dir))
}

fn names(tree: &Tree) -> String {
    let files = tree.files();
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    files.join(" ")
}

#[test]
fn files_are_listed_in_order_with_hidden_ones() {
    let dir = tree(&[
        "b.rs",
        "a/b.rs",
        "a.rs",
        ".github/ci.yml",
        ".hidden",
        "a/b/c.rs",
        "ü.md",
    ]);
    assert_eq!(listed(&dir), ".github/ci.yml .hidden a/b/c.rs a/b.rs a.rs b.rs ü.md");
    assert_eq!(listed(&tree(&[])), "");
}

#[test]
fn what_git_keeps_for_itself_is_left_out() {
    let dir = tree(&[
        "a.rs",
        ".git/config",
        ".git/objects/00/x",
        "sub/.git",
        ".gitattributes",
        ".github/x",
    ]);
    assert_eq!(listed(&dir), ".gitattributes .github/x a.rs");
}

#[test]
fn the_target_directory_is_left_out_and_no_other_of_its_name() {
    let dir = tree(&["a.rs", "target/debug/a", "a/target/x", "targets/x"]);
    assert_eq!(listed(&dir), "a/target/x a.rs targets/x");
}

#[test]
fn ignored_files_are_left_out_with_or_without_git() {
    let all = [
        "a.log",
        "b/c.log",
        "b/keep.log",
        "b/own.txt",
        "own.txt",
        "dir/x",
        "b/dir/y",
    ];
    let dir = tree(&all);
    write(&dir, ".gitignore", "*.log\n/dir/\n");
    write(&dir, "b/.gitignore", "!keep.log\nown.txt\n");
    let expected = ".gitignore b/.gitignore b/dir/y b/keep.log own.txt";
    assert_eq!(listed(&dir), expected);
    fs::create_dir_all(dir.path().join(".git/info")).unwrap();
    assert_eq!(listed(&dir), expected);
    write(&dir, ".git/info/exclude", "own.txt\n");
    assert_eq!(listed(&dir), ".gitignore b/.gitignore b/dir/y b/keep.log");
}

#[test]
fn a_tracked_file_is_listed_although_it_is_ignored() {
    let dir = tree(&["gen.rs", "other.log", "kept.log", "a.rs"]);
    write(&dir, ".gitignore", "gen.rs\n*.log\n");
    git(&dir, &["init", "-q"]);
    git(&dir, &["add", "-f", "gen.rs", "kept.log"]);
    assert_eq!(names(&with_git(&dir)), ".gitignore a.rs gen.rs kept.log");
    fs::remove_file(dir.path().join("gen.rs")).unwrap();
    assert_eq!(names(&with_git(&dir)), ".gitignore a.rs kept.log");
}

/// Somebody who keeps a home directory in git ignores all of it.
#[test]
fn what_lies_above_the_repository_hides_nothing() {
    let home = tree(&["project/a.rs"]);
    write(&home, ".gitignore", "*\n");
    let project = |tree: Tree| Tree {
        root: tree.root.join("project"),
        ..tree
    };
    assert_eq!(names(&project(plain(&home))), "a.rs");
    git(&home, &["init", "-q", "project"]);
    assert_eq!(names(&project(with_git(&home))), "a.rs");
}

#[test]
fn a_workspace_below_the_root_of_a_repository_has_its_own_files_only() {
    let dir = tree(&["README.md", "rust/a.rs", "rust/target/x"]);
    git(&dir, &["init", "-q"]);
    let all = with_git(&dir);
    let below = Tree {
        target_dir: all.root.join("rust/target"),
        root: all.root.join("rust"),
        ..all
    };
    assert_eq!(names(&below), "a.rs");
}

#[test]
fn members_outside_of_the_root_have_their_files_too() {
    let dir = tree(&["ws/a.rs", "other/b.rs", "other/target/c.rs", "third/d.rs"]);
    let names_of = |tree: Tree| {
        let top = tree.root.display().to_string();
        let tree = Tree {
            root: tree.root.join("ws"),
            outside: vec![tree.root.join("other")],
            ..tree
        };
        names(&tree).replace(&top, "TOP")
    };
    assert_eq!(names_of(plain(&dir)), "TOP/other/b.rs TOP/other/target/c.rs a.rs");
    write(&dir, ".gitignore", "target\n");
    git(&dir, &["init", "-q"]);
    assert_eq!(names_of(with_git(&dir)), "TOP/other/b.rs a.rs");
}

#[test]
fn a_repository_inside_is_looked_into() {
    let dir = tree(&["a.rs", "sub/b.rs", "sub/c.log"]);
    write(&dir, "sub/.gitignore", "*.log\n");
    git(&dir, &["init", "-q"]);
    git(&dir, &["init", "-q", "sub"]);
    assert_eq!(names(&with_git(&dir)), "a.rs sub/.gitignore sub/b.rs");
}

#[test]
fn modes_and_links_are_content() {
    let dir = tree(&["a.sh"]);
    let run = |mode| fs::set_permissions(dir.path().join("a.sh"), fs::Permissions::from_mode(mode)).unwrap();
    run(0o644);
    assert_eq!(differences(&dir, &[], || run(0o755)), "a.sh");
    let link = |to: &str| std::os::unix::fs::symlink(to, dir.path().join("link")).unwrap();
    link("a.sh");
    let relink = || {
        fs::remove_file(dir.path().join("link")).unwrap();
        link("b.sh");
    };
    assert_eq!(differences(&dir, &[], relink), "link");
}

#[test]
fn what_only_a_search_tool_ignores_is_listed() {
    let dir = tree(&["a.rs"]);
    write(&dir, ".ignore", "a.rs\n");
    assert_eq!(listed(&dir), ".ignore a.rs");
}

#[test]
fn links_are_not_followed() {
    let dir = tree(&["a/x.rs"]);
    std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
    std::os::unix::fs::symlink("..", dir.path().join("a/up")).unwrap();
    assert_eq!(listed(&dir), "a/x.rs");
}

fn state(dir: &TempDir, include: &[&str]) -> TreeState {
    let globs = include.iter().map(|glob| globset::Glob::new(glob).unwrap());
    let filter = FileFilter {
        include: globs.collect(),
        exclude: Vec::new(),
    };
    plain(dir).state(&filter)
}

fn differences(dir: &TempDir, include: &[&str], change: impl Fn()) -> String {
    let before = state(dir, include);
    change();
    let after = state(dir, include);
    let names = |files: Vec<PathBuf>| -> String {
        let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap().to_owned()).collect();
        files.join(" ")
    };
    let differences = names(before.differences(&after));
    assert_eq!(
        differences,
        names(after.differences(&before)),
        "what differs differs both ways"
    );
    assert_eq!(differences.is_empty(), before == after);
    differences
}

#[test]
fn every_change_of_content_is_seen() {
    let dir = tree(&["a", "b", "c/d", "e"]);
    assert_eq!(differences(&dir, &[], || {}), "");
    assert_eq!(differences(&dir, &[], || write(&dir, "a", "A")), "a");
    assert_eq!(
        differences(&dir, &[], || write(&dir, "c/d", "longer than before")),
        "c/d"
    );
    assert_eq!(differences(&dir, &[], || write(&dir, "c/new", "")), "c/new");
    assert_eq!(
        differences(&dir, &[], || fs::remove_file(dir.path().join("b")).unwrap()),
        "b"
    );
    let rename = || fs::rename(dir.path().join("e"), dir.path().join("f")).unwrap();
    assert_eq!(differences(&dir, &[], rename), "e f");
}

#[test]
fn a_file_that_is_written_as_it_was_is_the_same() {
    let dir = tree(&["a"]);
    assert_eq!(differences(&dir, &[], || write(&dir, "a", "a")), "");
}

#[test]
fn a_change_behind_the_first_block_is_seen() {
    let dir = tree(&[]);
    let text = "x".repeat(200_000);
    write(&dir, "large", &text);
    assert_eq!(
        differences(&dir, &[], || write(&dir, "large", &format!("{}y", &text[1..]))),
        "large"
    );
}

#[test]
fn only_what_the_filter_names_counts() {
    let dir = tree(&["a.rs", "b.md", "target/c.rs"]);
    write(&dir, ".gitignore", "*.log");
    let change = || {
        write(&dir, "b.md", "other");
        write(&dir, "target/c.rs", "other");
        write(&dir, "d.log", "new");
    };
    assert_eq!(differences(&dir, &["*.rs"], change), "");
    assert_eq!(differences(&dir, &["*.rs"], || write(&dir, "a.rs", "other")), "a.rs");
}
