//! The ways to commit, and what they hand to the hook.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::world::{Where, World};

const COMMIT: &str = "commit --quiet -m second";

/// Has an index that is neither the last commit nor the working tree.
fn with_all_three() -> World {
    let world = World::new();
    let sandbox = &world.sandbox;
    sandbox
        .append("alpha/src/lib.rs", "// staged\n")
        .write("both.txt", "staged\n");
    world.git("add --all").ends(0);
    sandbox
        .append("alpha/src/lib.rs", "// not staged\n")
        .write("new.txt", "untracked\n");
    world
}

#[test]
fn what_is_staged_is_judged_and_not_what_lies_around() {
    with_all_three().commits(COMMIT, Where::Snapshot);
}

#[test]
fn where_all_is_staged_it_is_judged_in_place() {
    let world = World::new();
    world
        .sandbox
        .append("alpha/src/lib.rs", "// staged\n")
        .write("new.txt", "new\n")
        .write("a.ignored", "");
    world.git("add --all").ends(0);
    world.commits(COMMIT, Where::InPlace);
}

#[test]
fn a_deletion_is_judged_though_the_file_is_there() {
    let world = World::new();
    world.sandbox.write("gone.txt", "x");
    world.git("add --all").ends(0);
    world.commits(COMMIT, Where::InPlace);
    world.git("rm --quiet --cached gone.txt").ends(0);
    world.commits("commit --quiet -m third", Where::Snapshot);
}

#[test]
fn an_untracked_file_is_not_judged() {
    let world = World::new();
    world
        .sandbox
        .append("alpha/src/lib.rs", "// staged\n")
        .write("new.txt", "new\n");
    world.git("add alpha").ends(0);
    world.commits(COMMIT, Where::Snapshot);
}

#[test]
fn commit_all_takes_what_is_tracked() {
    let world = World::new();
    world.sandbox.append("alpha/src/lib.rs", "// changed\n");
    world.commits("commit --quiet -a -m second", Where::InPlace);
    let world = with_all_three();
    world.commits("commit --quiet -a -m second", Where::Snapshot);
}

#[test]
fn commit_of_a_path_leaves_what_is_staged_beside_it() {
    with_all_three().commits("commit --quiet -m second alpha/src/lib.rs", Where::Snapshot);
}

#[test]
fn commit_including_a_path_takes_both() {
    with_all_three().commits("commit --quiet -m second --include alpha/src/lib.rs", Where::Snapshot);
}

#[test]
fn amending_is_judged_whole() {
    with_all_three().commits("commit --quiet --amend --no-edit", Where::Snapshot);
}

#[test]
fn the_first_commit_is_judged() {
    let hooks = "checks.look = { run = \"look\", scope = \"workspace\", cache = false }";
    let world = World::uncommitted(hooks);
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    world.commits(COMMIT, Where::Snapshot);
    let world = World::uncommitted(hooks);
    world.git("add --all").ends(0);
    world.commits(COMMIT, Where::InPlace);
}

#[test]
fn a_commit_from_a_directory_below() {
    let mut world = with_all_three();
    world.dir = "alpha/src".into();
    world.commits(COMMIT, Where::Snapshot);
}

#[test]
fn a_linked_worktree_has_a_snapshot_of_its_own() {
    let mut world = World::new();
    world.git("worktree add --quiet linked").ends(0);
    world.sandbox.append(".git/info/exclude", "linked\n");
    world.dir = "linked".into();
    world.sandbox.append("linked/alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("linked/alpha/src/lib.rs", "// not staged\n");
    world.commits(COMMIT, Where::Snapshot);
    world.git("checkout --quiet .").ends(0);
    world.sandbox.append("linked/alpha/src/lib.rs", "// all\n");
    world.commits("commit --quiet -a -m third", Where::InPlace);
}

#[test]
fn a_worktree_of_a_bare_repository() {
    let mut world = World::new();
    let root = world.sandbox.root().to_owned();
    world.git("clone --quiet --bare . bare.git").ends(0);
    fs::rename(root.join("ws/bare.git"), root.join("bare.git")).unwrap();
    fs::remove_dir_all(root.join("ws")).unwrap();
    fs::create_dir(root.join("ws")).unwrap();
    world.dir = "../bare.git".into();
    world.git("worktree add --quiet ../ws/linked -b topic").ends(0);
    world.dir = "linked".into();
    for setting in ["user.name n", "user.email e"] {
        world.git(&format!("config {setting}")).ends(0);
    }
    world
        .program("git")
        .args("config core.hooksPath")
        .arg(root.join("bin"))
        .output()
        .ends(0);
    world.sandbox.append("linked/alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("linked/alpha/src/lib.rs", "// not staged\n");
    world.commits(COMMIT, Where::Snapshot);
}

#[test]
fn modes_and_links_are_judged_as_they_are_staged() {
    let world = World::new();
    let ws = world.sandbox.ws();
    world.sandbox.write("tool.sh", "#!/bin/sh\n").write("plain", "x");
    fs::set_permissions(ws.join("tool.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("plain", ws.join("link")).unwrap();
    symlink("/nowhere/at/all", ws.join("dangling")).unwrap();
    symlink("alpha", ws.join("dir")).unwrap();
    world.git("add --all").ends(0);
    fs::set_permissions(ws.join("tool.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(ws.join("link")).unwrap();
    world.sandbox.write("link", "a file now");
    world.commits(COMMIT, Where::Snapshot);
    // A link becomes a file, a file a directory, a directory a link.
    fs::remove_file(ws.join("plain")).unwrap();
    fs::remove_file(ws.join("dir")).unwrap();
    world.sandbox.write("plain/now", "x").write("dir/now", "x");
    world.git("add --all").ends(0);
    world.sandbox.write("new.txt", "untracked");
    world.commits("commit --quiet -m third", Where::Snapshot);
    fs::remove_dir_all(ws.join("dir")).unwrap();
    symlink("plain", ws.join("dir")).unwrap();
    world.git("add dir").ends(0);
    world.commits("commit --quiet -m fourth", Where::Snapshot);
}

#[test]
fn a_merge_with_resolved_conflicts_is_judged() {
    let world = World::new();
    world.git("switch --quiet -c topic").ends(0);
    world.sandbox.write("both.txt", "topic\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m topic").ends(0);
    world.git("switch --quiet main").ends(0);
    world.sandbox.write("both.txt", "main\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m main").ends(0);
    world.git("merge --quiet topic").ends(1);
    world.sandbox.write("both.txt", "merged\n");
    world.git("add both.txt").ends(0);
    world.sandbox.write("both.txt", "not staged\n");
    world.commits("commit --quiet --no-edit", Where::Snapshot);
    assert_eq!(world.asked("rev-list --parents -n1 HEAD").split(' ').count(), 3);
}

#[test]
fn what_failed_in_a_snapshot_can_be_judged_again() {
    let world = with_all_three();
    world.verdict(1);
    let output = world.git(COMMIT).exits(1);
    assert!(
        output.stderr.contains("rerun: cargo hooks git-hook pre-commit\n"),
        "{output}"
    );
    let judged = world.judged();
    world.sandbox.run("git-hook pre-commit").ends(1);
    assert_eq!(world.judged(), judged);
    // What git has made for one commit is gone after that.
    let output = world.git("commit --quiet -a -m second").exits(1);
    assert!(output.stderr.contains("rerun: cargo hooks check look\n"), "{output}");
}
