//! Somebody stages something in the moment in which repairs are staged: what he has staged is never overwritten, and nothing is
//! committed that was not judged.

use std::fs;
use std::path::PathBuf;

use super::repairs::{Then, assert_three, leaves_no_litter, lines, partly_staged, plain, repairing};
use super::world::World;
use crate::sandbox::Output;

/// What a git that was asked to stage repairs does before and after that, once.
const GIT: &str = r#"
case "$*" in
*"update-index -z --index-info")
    if mkdir "$SANDBOX/once" 2>/dev/null; then
        (unset GIT_INDEX_FILE; cd "$SANDBOX/ws"; . "$SANDBOX/before") </dev/null || exit 9
        "$SANDBOX/toolchain/git" "$@" || exit
        (unset GIT_INDEX_FILE; cd "$SANDBOX/ws"; . "$SANDBOX/after") </dev/null || exit 9
        exit
    fi ;;
esac
exec "$SANDBOX/toolchain/git" "$@"
"#;

/// A world in which `a.txt` is to be repaired, and in which this happens before and after the repair is staged in a copy.
fn meeting(before: &str, after: &str) -> World {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    for (name, script) in [("before", before), ("after", after)] {
        fs::write(world.sandbox.root().join(name), script).unwrap();
    }
    world.sandbox.tool("git", GIT);
    world
}

fn hook(world: &World) -> Output {
    let output = world.sandbox.run("git-hook pre-commit");
    assert!(
        world.sandbox.root().join("once").is_dir(),
        "nobody was asked to stage it: {output}"
    );
    leaves_no_litter(world);
    output
}

fn repair_is_staged(world: &World) {
    let good = plain(&lines(&[(3, "good")]));
    assert_three(world, "a.txt", [None, good.clone(), good]);
}

#[test]
fn what_is_staged_of_the_same_file_stays() {
    let stages = "echo mine >a.txt; git add a.txt";
    for (before, after) in [(stages, ":"), (":", stages)] {
        let world = meeting(before, after);
        let output = hook(&world).exits(1);
        assert!(output.stderr.contains("`a.txt` is staged in another form"), "{output}");
        assert_three(&world, "a.txt", [None, plain("mine\n"), plain("mine\n")]);
    }
}

#[test]
fn what_is_staged_of_another_file_stays_and_is_not_committed_unseen() {
    let stages = "echo mine >b.txt; git add b.txt";
    for (before, after) in [(stages, ":"), (":", stages)] {
        let world = meeting(before, after);
        let output = hook(&world).exits(3);
        assert!(
            output.stderr.contains("something else was staged meanwhile"),
            "{output}"
        );
        assert_three(&world, "b.txt", [None, plain("mine\n"), plain("mine\n")]);
        assert_three(
            &world,
            "a.txt",
            [None, plain(&lines(&[(3, "bad")])), plain(&lines(&[(3, "good")]))],
        );
    }
}

#[test]
fn an_index_that_only_git_has_written_anew_takes_the_repair() {
    // As a prompt does that asks for the status, in each form of an index.
    for form in ["--no-split-index", "--split-index"] {
        let refresh = format!("git update-index --force-write-index {form} --untracked-cache; git status >/dev/null");
        for (before, after) in [(refresh.as_str(), ":"), (":", refresh.as_str())] {
            let world = meeting(before, after);
            hook(&world).ends(0);
            repair_is_staged(&world);
            assert_eq!(world.asked("fsck --no-dangling"), "");
        }
    }
}

#[test]
fn a_git_that_is_at_work_is_waited_for() {
    let world = meeting(
        ":",
        "touch .git/index.lock; (sleep 0.2; rm .git/index.lock) >/dev/null 2>&1 &",
    );
    hook(&world).ends(0);
    repair_is_staged(&world);
}

#[test]
fn a_lock_that_stays_is_named_and_left_alone() {
    let world = meeting(":", "touch .git/index.lock");
    let output = world.sandbox.run("git-hook pre-commit").exits(3);
    assert!(
        output
            .stderr
            .contains("/ws/.git/index.lock` is there: another git writes to the index"),
        "{output}"
    );
    fs::remove_file(world.sandbox.ws().join(".git/index.lock")).unwrap();
    assert_three(
        &world,
        "a.txt",
        [None, plain(&lines(&[(3, "bad")])), plain(&lines(&[(3, "good")]))],
    );
    leaves_no_litter(&world);
    world.sandbox.run("git-hook pre-commit").ends(0);
    repair_is_staged(&world);
}

#[test]
fn an_index_keeps_its_permissions_and_the_link_to_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = meeting(":", ":");
    let (link, index) = (
        world.sandbox.ws().join(".git/index"),
        world.sandbox.ws().join(".git/elsewhere"),
    );
    fs::rename(&link, &index).unwrap();
    symlink("elsewhere", &link).unwrap();
    fs::set_permissions(&index, fs::Permissions::from_mode(0o660)).unwrap();
    // Git itself gives an index that it writes the permissions of a new file: nobody asks it in between.
    world.sandbox.run("git-hook pre-commit").ends(0);
    assert_eq!(fs::read_link(link).unwrap(), PathBuf::from("elsewhere"));
    assert_eq!(fs::metadata(index).unwrap().permissions().mode() & 0o777, 0o660);
    repair_is_staged(&world);
}

#[test]
fn a_change_in_the_same_moment_in_which_the_index_was_written_is_seen() {
    // Only a look into the file tells that it has changed, and git looks where the file is not older than the index.
    let same = "printf 'two\\n' >same.cfg; touch -r stamp.ignored same.cfg";
    let world = meeting(same, ":");
    for setting in ["core.trustctime false", "core.checkStat minimal"] {
        world.git(&format!("config {setting}")).ends(0);
    }
    world.sandbox.write("same.cfg", "one\n");
    let then = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    let path = |name: &str| world.sandbox.ws().join(name);
    for name in ["same.cfg", "stamp.ignored"] {
        world.sandbox.write(name, "one\n");
        let file = fs::File::options().write(true).open(path(name)).unwrap();
        file.set_modified(then).unwrap();
    }
    world.git("add same.cfg").ends(0);
    let index = fs::File::options().write(true).open(path(".git/index")).unwrap();
    index.set_modified(then).unwrap();
    hook(&world).ends(0);
    repair_is_staged(&world);
    assert_eq!(world.asked("diff --name-only"), "same.cfg");
}
