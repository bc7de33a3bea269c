//! Filters in a hook: what is staged is judged, and repaired as with any other fixer.

use std::fs;

use super::repairs::{Then, assert_three, keeps_what_is_not_staged, leaves_no_litter, lines, partly_staged, plain};
use super::world::World;

/// A repository whose hook has a filter that makes `good` of each line `bad`, with these settings.
fn filtering(settings: &str) -> World {
    let check = "checks.x = { run = \"good {file}\", filter = true, files = [\"*.txt\"], stages = [\"pre-commit\"] }";
    let world = World::with(&format!("{settings}\n{check}"));
    world
        .sandbox
        .tool("good", "note \"$1 in $PWD\"; exec sed 's/^bad$/good/'");
    world
}

const COMMIT: &str = "commit --quiet -m second";

#[test]
fn what_is_staged_is_judged_and_not_what_lies_in_the_tree() {
    let world = filtering("");
    // Staged is what is to be repaired, and what lies there is not.
    world.sandbox.write("a.txt", lines(&[(3, "bad")]));
    world.git("add --all").ends(0);
    world.sandbox.write("a.txt", lines(&[]));
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("a.txt:3  not formatted"), "{output}");
    assert!(!output.stderr.contains("/snapshots/"), "{output}");
    world.git("add --all").ends(0);
    world.sandbox.write("a.txt", lines(&[(3, "bad")]));
    world.git(COMMIT).ends(0);
    assert!(
        world.sandbox.log().iter().all(|line| line.contains("/snapshots/")),
        "{:?}",
        world.sandbox.log()
    );
    assert_three(
        &world,
        "a.txt",
        [plain(&lines(&[])), plain(&lines(&[])), plain(&lines(&[(3, "bad")]))],
    );
    leaves_no_litter(&world);
}

#[test]
fn what_is_not_staged_stays_beside_the_repair() {
    for then in [Then::Stop, Then::Stage] {
        let stage = then == Then::Stage;
        let world = filtering(&format!("stages.pre-commit = {{ fix = true, stage-fixes = {stage} }}"));
        keeps_what_is_not_staged(&world, then);
    }
}

#[test]
fn where_both_have_changed_the_same_the_users_file_stays() {
    let world = filtering("stages.pre-commit = { fix = true, stage-fixes = true }");
    partly_staged(&world, &[]);
    world.sandbox.write("a.txt", lines(&[(3, "mine")]));
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("`a.txt` stays as it is"), "{output}");
    assert_three(
        &world,
        "a.txt",
        [None, plain(&lines(&[(3, "bad")])), plain(&lines(&[(3, "mine")]))],
    );
    leaves_no_litter(&world);
}

#[test]
fn a_file_that_cannot_be_told_of_stops_the_commit_and_the_others_are_repaired() {
    let world = filtering("stages.pre-commit = { fix = true, stage-fixes = true }");
    world
        .sandbox
        .tool("good", "case $1 in b.txt) exit 3;; esac; exec sed 's/^bad$/good/'");
    world.sandbox.write("a.txt", "bad\n").write("b.txt", "bad\n");
    world.git("add --all").ends(0);
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("b.txt  `good` failed: exit code 3"), "{output}");
    assert_three(&world, "b.txt", [None, plain("bad\n"), plain("bad\n")]);
    assert_eq!(fs::read_to_string(world.sandbox.ws().join("a.txt")).unwrap(), "good\n");
    assert_three(&world, "a.txt", [None, plain("bad\n"), plain("good\n")]);
    leaves_no_litter(&world);
}
