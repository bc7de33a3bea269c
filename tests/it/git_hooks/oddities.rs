//! Repositories in which an index, a working tree and a commit are not what they seem.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::world::{Where, World};

const COMMIT: &str = "commit --quiet -m second";

/// Stages a change, and makes sure that all else is as it is committed.
fn staged() -> World {
    let world = World::new();
    world.sandbox.write("a.txt", "one\n").write("b.txt", "one\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m files").ends(0);
    world.sandbox.write("a.txt", "two\n");
    world.git("add --all").ends(0);
    world
}

#[test]
fn what_git_is_told_not_to_look_at_is_not_judged() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let world = staged();
        world.git(&format!("update-index {flag} b.txt")).ends(0);
        world.sandbox.write("b.txt", "own\n");
        assert_eq!(world.asked("status --porcelain"), "M  a.txt");
        world.commits(COMMIT, Where::Snapshot);
    }
}

#[test]
fn what_is_only_intended_is_not_judged() {
    let world = staged();
    world.sandbox.write("later.txt", "later\n");
    world.git("add --intent-to-add later.txt").ends(0);
    world.commits(COMMIT, Where::Snapshot);
}

#[test]
fn a_change_in_the_same_moment_as_the_index_is_seen() {
    let world = World::new();
    // All within one tick of a second: neither size nor seconds tell the two apart.
    for round in 0..5 {
        world.sandbox.write("racy.txt", format!("aa{round}\n"));
        world.git("add --all").ends(0);
        world.sandbox.write("racy.txt", format!("bb{round}\n"));
        world.git("commit --quiet -m racy").ends(0);
        let (place, tree) = world.judged();
        assert_eq!((place, tree), (Where::Snapshot, world.asked("rev-parse HEAD^{tree}")));
    }
}

#[test]
fn forms_of_an_index() {
    for (settings, how) in [
        ("core.splitIndex true", "update-index --split-index"),
        ("index.version 4", "update-index --index-version 4"),
        ("core.untrackedCache true", "update-index --untracked-cache"),
        ("index.skipHash true", "update-index --force-write-index"),
    ] {
        let world = staged();
        world.git(&format!("config {settings}")).ends(0);
        world.git(how).ends(0);
        world.commits(COMMIT, Where::InPlace);
        world.sandbox.write("a.txt", "three\n");
        world.git("add --all").ends(0);
        world.sandbox.write("a.txt", "four\n");
        world.commits("commit --quiet -m third", Where::Snapshot);
    }
}

#[test]
fn a_sparse_checkout_is_judged_whole() {
    for kind in ["--no-sparse-index", "--sparse-index"] {
        let world = World::new();
        world.sandbox.write("far/away.txt", "x").write("near/here.txt", "x");
        world.git("add --all").ends(0);
        world.git("commit --quiet --no-verify -m files").ends(0);
        world
            .git(&format!("sparse-checkout set --cone {kind} near alpha"))
            .ends(0);
        assert!(!world.sandbox.ws().join("far").exists());
        world.sandbox.write("near/here.txt", "y");
        world.git("add near").ends(0);
        world.commits(COMMIT, Where::Snapshot);
        assert!(world.snapshot().join("far/away.txt").exists());
    }
}

#[test]
fn names_of_all_kinds_are_judged() {
    let world = World::new();
    let names: [&[u8]; 9] = [
        b"with space",
        b"new\nline",
        b"\xff\xfe",
        b"-rf",
        b"quote\"'",
        b" leading",
        b"trailing ",
        b"$(touch pwned)",
        b":(glob)*",
    ];
    for name in names {
        fs::write(world.sandbox.ws().join(OsStr::from_bytes(name)), name).unwrap();
    }
    world.git("add --all").ends(0);
    for name in names {
        fs::write(world.sandbox.ws().join(OsStr::from_bytes(name)), b"not staged").unwrap();
    }
    world.commits(COMMIT, Where::Snapshot);
}

#[test]
fn line_ends_are_judged_as_git_writes_them() {
    for (setting, attributes) in [
        ("core.autocrlf input", ""),
        ("core.autocrlf true", ""),
        ("core.eol lf", "* text=auto\n"),
    ] {
        let world = World::new();
        world.git(&format!("config {setting}")).ends(0);
        world
            .sandbox
            .write(".gitattributes", attributes)
            .write("dos.txt", "a\r\nb\r\n")
            .write("unix.txt", "a\nb\n");
        world.git("add --all").ends(0);
        // The working tree has other bytes than anybody who clones this.
        world.commits(COMMIT, Where::Snapshot);
        let ends = if setting.ends_with("true") { "\r\n" } else { "\n" };
        let written = fs::read_to_string(world.snapshot().join("dos.txt")).unwrap();
        assert_eq!(written, format!("a{ends}b{ends}"), "{setting}");
    }
    let world = World::new();
    world
        .sandbox
        .write(".gitattributes", "* text=auto\n")
        .write("unix.txt", "a\nb\n");
    world.git("add --all").ends(0);
    world.commits(COMMIT, Where::InPlace);
}

#[test]
fn filters_of_the_user_make_the_files_of_a_snapshot() {
    let world = World::new();
    world
        .sandbox
        .tool("rot-in", "while read -r line; do echo \"in $line\"; done");
    world
        .sandbox
        .tool("rot-out", "while read -r word line; do echo \"$line\"; done");
    world.git("config filter.rot.clean rot-in").ends(0);
    world.git("config filter.rot.smudge rot-out").ends(0);
    world.git("config filter.rot.required true").ends(0);
    world
        .sandbox
        .write(".gitattributes", "*.rot filter=rot\n")
        .write("a.rot", "text\n");
    world.git("add --all").ends(0);
    assert_eq!(world.asked("show :a.rot"), "in text");
    world.commits(COMMIT, Where::Snapshot);
    assert_eq!(fs::read_to_string(world.snapshot().join("a.rot")).unwrap(), "text\n");
    // One that is required and does not work is no reason to judge something else.
    world.git("config filter.rot.smudge false").ends(0);
    world.sandbox.write("a.rot", "other\n");
    world.git("add --all").ends(0);
    let refused = world.git("commit --quiet -m third").exits(1);
    assert!(refused.stderr.contains("smudge filter rot failed"), "{refused}");
}

#[test]
fn programs_of_a_hostile_configuration_do_not_run() {
    let world = staged();
    world.sandbox.tool("canary", "note canary; exit 0");
    for name in [
        "core.fsmonitor",
        "diff.external",
        "core.sshCommand",
        "core.pager",
        "alias.status",
        "core.editor",
    ] {
        let value = if name.starts_with("alias") { "!canary" } else { "canary" };
        world.git(&format!("config {name} {value}")).ends(0);
    }
    // Git itself asks a monitor of the file system. Nobody else does.
    world.sandbox.write("a.txt", "three\n");
    world.sandbox.run("git-hook pre-commit").ends(0);
    assert!(
        world.sandbox.log().iter().all(|line| line.starts_with("snapshot ")),
        "{:?}",
        world.sandbox.log()
    );
}

#[test]
fn a_submodule_is_judged_as_it_is_recorded() {
    let world = World::new();
    let root = world.sandbox.root().to_owned();
    world.git("clone --quiet . ../inner").ends(0);
    world.git("clone --quiet ../inner sub").ends(0);
    world.git("add sub").ends(0);
    world.git("commit --quiet --no-verify -m sub").ends(0);
    let (sub, inner) = (
        root.join("ws/sub"),
        "-C sub -c user.name=n -c user.email=e -c core.hooksPath=/dev/null",
    );
    // The recorded commit moves on; the working tree of the submodule then moves further.
    fs::write(sub.join("recorded.txt"), "1").unwrap();
    world.git(&format!("{inner} add --all")).ends(0);
    world.git(&format!("{inner} commit --quiet -m recorded")).ends(0);
    world.git("add sub").ends(0);
    fs::write(sub.join("recorded.txt"), "dirty").unwrap();
    fs::write(sub.join("untracked.txt"), "").unwrap();
    world.commits(COMMIT, Where::Snapshot);
    let seen = world.snapshot().join("sub");
    assert_eq!(fs::read_to_string(seen.join("recorded.txt")).unwrap(), "1");
    assert!(!seen.join("untracked.txt").exists());
    // It goes away, and a file takes its place.
    world.git("rm --quiet --cached sub").ends(0);
    world.commits("commit --quiet -m third", Where::Snapshot);
    assert!(!world.snapshot().join("sub").exists());
}

#[test]
fn a_submodule_that_nobody_has_is_empty() {
    let world = staged();
    let commit = world.asked("rev-parse HEAD");
    world
        .git(&format!("update-index --add --cacheinfo 160000,{commit},sub"))
        .ends(0);
    fs::create_dir(world.sandbox.ws().join("sub")).unwrap();
    world.sandbox.write("b.txt", "not staged\n");
    world.git("commit --quiet -m second").ends(0);
    assert_eq!(fs::read_dir(world.snapshot().join("sub")).unwrap().count(), 0);
}

#[test]
fn what_is_in_conflict_is_not_judged() {
    let world = staged();
    let blob = world.asked("rev-parse :a.txt");
    let script = format!(
        "printf '0 {blob} 0\\tx\\n100644 {blob} 1\\tx\\n100644 {blob} 2\\tx\\n' | git update-index --index-info"
    );
    world.program("sh").arg("-c").arg(script).output().ends(0);
    let refused = world.sandbox.run("git-hook pre-commit").exits(3);
    assert!(refused.stderr.contains("what is staged"), "{refused}");
    assert!(world.sandbox.log().is_empty());
}

#[test]
fn objects_with_longer_names() {
    let world = World::uncommitted("checks.look = { run = \"look\", scope = \"workspace\", cache = false }");
    fs::remove_dir_all(world.sandbox.ws().join(".git")).unwrap();
    world.git("init --quiet -b main --object-format=sha256").ends(0);
    for setting in ["user.name n", "user.email e"] {
        world.git(&format!("config {setting}")).ends(0);
    }
    let hooks = world.sandbox.root().join("bin");
    world
        .program("git")
        .args("config core.hooksPath")
        .arg(hooks)
        .output()
        .ends(0);
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    // The check has a repository of its own, which it makes with the format of the one that it is in.
    world.git("commit --quiet -m first").ends(0);
    assert_eq!(world.judged(), (Where::Snapshot, world.asked("rev-parse HEAD^{tree}")));
}
