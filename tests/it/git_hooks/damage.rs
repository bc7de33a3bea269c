//! Snapshots that were damaged, left behind or tampered with, and runs that were killed: the next verdict is right.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use super::world::{Everything, Where, World};
use crate::sandbox::eventually;

/// A world in which a snapshot was needed, and is needed again.
fn with_snapshot() -> World {
    let world = World::new();
    world
        .sandbox
        .append("alpha/src/lib.rs", "// staged\n")
        .write("a.txt", "staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    world.sandbox.run("git-hook pre-commit").ends(0);
    world.staged();
    world
}

/// Judges, and makes sure that it was the right tree, and nothing of the user's was touched.
fn is_right(world: &World, after: &str) {
    let before = Everything::of(&world.sandbox.ws());
    world.sandbox.run("git-hook pre-commit").ends(0);
    before.is_as_in(&world.sandbox.ws());
    assert_eq!(world.judged(), (Where::Snapshot, world.staged()), "after `{after}`");
    world.leaves_no_litter();
}

fn shell(world: &World, script: &str) {
    let run = world.program("sh").arg("-c").arg(script).dir(world.snapshot());
    run.output().ends(0);
}

#[test]
fn whatever_was_done_to_a_snapshot_is_undone() {
    let world = with_snapshot();
    for damage in [
        "echo tampered >a.txt",
        "touch -r Cargo.toml stamp; echo tamperd >a.txt; touch -r stamp a.txt; rm stamp",
        "rm a.txt",
        "rm -r alpha",
        "rm a.txt; mkdir a.txt; touch a.txt/x",
        "rm -r alpha; ln -s ../../../ alpha",
        "rm a.txt; ln -s Cargo.toml a.txt",
        "rm a.txt; mkfifo a.txt",
        "mkdir -p left/over; touch left/over/file left/.hidden x.ignored; mkdir empty",
        "git init --quiet inner; touch inner/x",
        "touch .git/index.lock .git/HEAD.lock .git/shallow.lock .git/refs/heads.lock",
        "echo garbage >.git/index",
        "rm .git/index",
        "rm -r .git",
        "rm -r .git; echo 'gitdir: /nowhere' >.git",
        "rm -r .git/objects",
        "echo garbage >.git/HEAD; echo garbage >.git/config; echo '/nowhere' >.git/objects/info/alternates",
        "git update-index --assume-unchanged a.txt; echo unseen >a.txt",
        "git update-index --skip-worktree a.txt; echo unseen >a.txt",
        "echo 'a.txt filter=x' >.git/info/attributes",
        "mkdir -p .git/hooks; ln -s /bin/false .git/hooks/post-index-change",
        "git -c user.name=n -c user.email=e commit --quiet --allow-empty -m own",
        "cd ..; rm -r tree",
    ] {
        shell(&world, damage);
        is_right(&world, damage);
    }
}

#[test]
fn links_of_a_check_lead_nowhere() {
    let world = with_snapshot();
    let (snapshot, ws) = (world.snapshot(), world.sandbox.ws());
    let before = Everything::of(&ws);
    fs::remove_dir_all(snapshot.join("alpha")).unwrap();
    symlink(ws.join("alpha"), snapshot.join("alpha")).unwrap();
    fs::remove_file(snapshot.join(".git/index")).unwrap();
    symlink(ws.join(".git/index"), snapshot.join(".git/index")).unwrap();
    is_right(&world, "that");
    fs::remove_dir_all(snapshot.join(".git")).unwrap();
    symlink(ws.join(".git"), snapshot.join(".git")).unwrap();
    is_right(&world, "that");
    fs::remove_dir_all(&snapshot).unwrap();
    symlink(&ws, &snapshot).unwrap();
    is_right(&world, "that");
    before.is_as_in(&ws);
}

#[test]
fn what_a_check_writes_makes_its_verdict_uncertain() {
    let world = with_snapshot();
    for (script, named) in [
        ("echo x >>a.txt", "`a.txt`"),
        ("rm a.txt", "`a.txt`"),
        ("touch new.txt", "`new.txt`"),
        ("ln -sf x a.txt; touch new.txt", "`a.txt` and 1 more"),
    ] {
        world.during(script);
        let output = world.sandbox.run("git-hook pre-commit").exits(1);
        assert!(
            output.stderr.contains(&format!("a check has changed {named}")),
            "{output}"
        );
        world.during("");
        is_right(&world, script);
    }
    // What is ignored is no part of what is judged, and a time is no content.
    world.during("touch x.ignored a.txt; mkdir -p target/x");
    is_right(&world, "that");
}

#[test]
fn what_changes_meanwhile_makes_a_verdict_uncertain() {
    let world = World::new();
    world.sandbox.write("a.txt", "staged\n");
    world.git("add --all").ends(0);
    let edit = format!("echo edited >>'{}/a.txt'", world.sandbox.ws().display());
    world.during(&edit);
    let output = world.sandbox.run("git-hook pre-commit").exits(1);
    assert!(
        output.stderr.contains("this has changed meanwhile: `a.txt`"),
        "{output}"
    );
    assert_eq!(world.judged().0, Where::InPlace);
    // In a snapshot the user goes on as he likes, as long as what he commits stays the same.
    world.sandbox.run("git-hook pre-commit").ends(0);
    assert_eq!(world.judged().0, Where::Snapshot);
    let refresh = format!(
        "git -C '{}' update-index -q --really-refresh",
        world.sandbox.ws().display()
    );
    world.during(&format!("{edit}; env -u GIT_DIR {refresh} || true"));
    world.sandbox.run("git-hook pre-commit").ends(0);
    world.during(&format!("git -C '{}' add --all", world.sandbox.ws().display()));
    let output = world.sandbox.run("git-hook pre-commit").exits(1);
    assert!(output.stderr.contains("what is staged has changed"), "{output}");
}

#[test]
fn a_clock_that_was_set_back_costs_what_was_built() {
    let world = with_snapshot();
    let slot = world.snapshot().parent().unwrap().to_owned();
    fs::create_dir_all(slot.join("target/debug")).unwrap();
    is_right(&world, "that");
    assert!(slot.join("target").exists());
    let ahead = SystemTime::now() + Duration::from_hours(1);
    let ahead = ahead.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    fs::write(slot.join("used"), ahead.to_string()).unwrap();
    fs::set_permissions(slot.join("used"), fs::Permissions::from_mode(0o600)).unwrap();
    is_right(&world, "that");
    assert!(!slot.join("target").exists());
}

#[test]
fn objects_of_the_user_that_are_gone_are_not_missed() {
    let world = with_snapshot();
    world.git("reset --quiet --hard").ends(0);
    world.git("reflog expire --expire=now --all").ends(0);
    world.git("gc --quiet --prune=now").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// other\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    world.sandbox.run("git-hook pre-commit").ends(0);
    assert_eq!(world.judged().0, Where::Snapshot);
}

#[test]
fn two_at_once_do_not_meet() {
    let world = with_snapshot();
    world.during("touch \"$SANDBOX/at-$$\"; while [ ! -e \"$SANDBOX/go\" ]; do sleep 0.01; done");
    let runs: Vec<_> = (0..2)
        .map(|_| world.sandbox.command("git-hook pre-commit").start())
        .collect();
    let here = || {
        let entries = fs::read_dir(world.sandbox.root()).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("at-"))
            .count()
    };
    eventually("both are within a snapshot", || here() == 2);
    fs::write(world.sandbox.root().join("go"), "").unwrap();
    for run in runs {
        run.wait().ends(0);
    }
    let tree = world.staged();
    let log = world.sandbox.log();
    assert!(log.iter().all(|line| *line == format!("snapshot {tree}")), "{log:?}");
}

/// Wherever a run is killed, nothing of the user's has changed and the next one is right.
fn killed_at_random(rounds: u64) {
    let world = with_snapshot();
    for round in 0..rounds {
        // Other files each time, so that there is much to do.
        for file in 0..40 {
            world
                .sandbox
                .write(format!("many/{file}.txt"), format!("{round} {file}"));
        }
        world.git("add --all").ends(0);
        world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
        world.staged();
        let before = Everything::of(&world.sandbox.ws());
        let run = world.sandbox.command("git-hook pre-commit").start();
        std::thread::sleep(Duration::from_millis(round * 7 % 300));
        run.signal(Signal::KILL);
        drop(run);
        before.is_as_in(&world.sandbox.ws());
        if round % 5 == 0 {
            world.sandbox.run("git-hook pre-commit").ends(0);
            assert_eq!(world.judged(), (Where::Snapshot, world.staged()));
            before.is_as_in(&world.sandbox.ws());
        }
    }
    world.sandbox.run("git-hook pre-commit").ends(0);
    assert_eq!(world.judged(), (Where::Snapshot, world.staged()));
}

#[test]
fn a_run_that_is_killed_leaves_everything_as_it_was() {
    killed_at_random(10);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn many_runs_that_are_killed_leave_everything_as_it_was() {
    killed_at_random(300);
}

#[test]
fn a_snapshot_that_nobody_uses_can_be_removed() {
    let world = World::new();
    world.sandbox.append("alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.write("new.txt", "untracked\n");
    world.commits("commit --quiet -m second", Where::Snapshot);
    let snapshot = world.snapshot();
    assert_eq!(
        world.sandbox.run("cache gc").exits(0).stdout.lines().count(),
        1,
        "it was used just now"
    );
    assert!(snapshot.is_dir());
    let cleared = world.sandbox.run("cache clear --message-format json").exits(0);
    assert_eq!(cleared.json()[0]["snapshots"]["removed"], 1);
    assert!(!snapshot.exists());
    world.sandbox.append("alpha/src/lib.rs", "// more\n");
    world.git("add alpha").ends(0);
    world.commits("commit --quiet -m third", Where::Snapshot);
}
