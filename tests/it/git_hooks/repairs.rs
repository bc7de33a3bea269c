//! What fixers of a hook do: to what is committed, to the index, and to the files of somebody who goes on working.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::world::{Everything, World};
use crate::sandbox::Output;

const COMMIT: &str = "commit --quiet -m second";

/// Makes `good` of each line `bad`, in all files that are text, or looks for such lines; and does what a test wants.
pub(super) const FIXER: &str = r#"
cr=$(printf '\r')
files=$(find . -name '*.txt' -type f -not -path './.git/*')
if [ "$1" = look ]; then
    if [ -e "$SANDBOX/checking" ]; then . "$SANDBOX/checking"; fi
    for file in $files; do
        if [ -n "$(sed -n "/^bad$cr*\$/p" "$file")" ]; then exit 1; fi
    done
    exit 0
fi
note "fixed in $PWD"
for file in $files; do
    if [ -n "$(sed -n "/^bad$cr*\$/p" "$file")" ]; then
        sed "s/^bad\($cr*\)\$/good\1/" "$file" >"$SANDBOX/fixed.$$"
        cat "$SANDBOX/fixed.$$" >"$file"
    fi
done
if [ -e "$SANDBOX/fixing" ]; then . "$SANDBOX/fixing"; fi
"#;

pub(super) const CHECK: &str = "checks.fixer = { run = \"fixer look\", fix = \"fixer\", scope = \"workspace\", stages = [\"pre-commit\", \"pre-merge-commit\"] }";

/// What becomes of repairs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Stop,
    Stage,
}

/// A repository in which a commit is repaired.
pub(super) fn repairing(then: Then) -> World {
    let world = World::with(&settings(then));
    world.sandbox.tool("fixer", FIXER);
    world
}

pub(super) fn settings(then: Then) -> String {
    let stage = then == Then::Stage;
    format!("stages.pre-commit = {{ fix = true, stage-fixes = {stage} }}\n{CHECK}")
}

/// Ten lines, of which these are others.
pub(super) fn lines(others: &[(usize, &str)]) -> String {
    let line = |at: usize| {
        let other = others.iter().find(|(number, _)| *number == at);
        other.map_or_else(|| format!("{at}\n"), |(_, text)| format!("{text}\n"))
    };
    (1..=10).map(line).collect()
}

/// What a file is in the last commit, in the index and in the working tree, each with its mode.
#[derive(Debug, PartialEq, Eq)]
struct Three {
    head: Option<String>,
    index: Option<String>,
    tree: Option<String>,
}

fn three(world: &World, file: &str) -> Three {
    let shown = |listed: String, revision: &str| {
        let mode = listed.split(' ').next().filter(|mode| !mode.is_empty())?.to_owned();
        let content = world.git(&format!("show {revision}:{file}")).exits(0).stdout;
        Some(format!("{mode} {content}"))
    };
    let path = world.sandbox.ws().join(file);
    let tree = fs::symlink_metadata(&path).ok().map(|found| {
        if found.is_symlink() {
            return format!("120000 {}", fs::read_link(&path).unwrap().display());
        }
        let mode = if found.permissions().mode() & 0o100 == 0 {
            "100644"
        } else {
            "100755"
        };
        format!("{mode} {}", String::from_utf8_lossy(&fs::read(&path).unwrap()))
    });
    let head = match world.git("rev-parse --verify --quiet HEAD").code {
        0 => shown(world.asked(&format!("ls-tree HEAD {file}")), "HEAD"),
        _ => None,
    };
    Three {
        head,
        index: shown(world.asked(&format!("ls-files --stage {file}")), ""),
        tree,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside nothing at all")]
pub(super) fn plain(content: &str) -> Option<String> {
    Some(format!("100644 {content}"))
}

#[track_caller]
pub(super) fn assert_three(world: &World, file: &str, [head, index, tree]: [Option<String>; 3]) {
    assert_eq!(three(world, file), Three { head, index, tree }, "{file}");
}

/// The patch that is named in the output, which must fit what is staged.
#[track_caller]
fn patch_of(world: &World, output: &Output) -> PathBuf {
    let text = output.stderr.clone();
    let at = text.find("its repair lies in ").unwrap_or_else(|| panic!("{output}"));
    let path = text[at + "its repair lies in ".len()..]
        .split(';')
        .next()
        .unwrap()
        .replace("[ROOT]", &world.sandbox.root().to_string_lossy());
    world
        .program("git")
        .args("apply --cached --check")
        .arg(&path)
        .output()
        .ends(0);
    path.into()
}

/// Nothing of ours lies in the working tree.
pub(super) fn leaves_no_litter(world: &World) {
    let status = world.asked("status --porcelain --untracked-files=all --ignored");
    assert!(!status.contains(".new-"), "{status}");
    world.leaves_no_litter();
}

/// Stages `a.txt` with a line to repair, and has these other lines in the working tree.
pub(super) fn partly_staged(world: &World, unstaged: &[(usize, &str)]) {
    world.sandbox.write("a.txt", lines(&[(3, "bad")]));
    world.git("add --all").ends(0);
    let others: Vec<_> = [(3, "bad")].into_iter().chain(unstaged.iter().copied()).collect();
    world.sandbox.write("a.txt", lines(&others));
}

#[test]
fn a_repair_stops_the_commit_until_it_is_staged() {
    let world = repairing(Then::Stop);
    partly_staged(&world, &[]);
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("repaired `a.txt`"), "{output}");
    assert!(output.stderr.contains("nothing is committed yet"), "{output}");
    let (bad, good) = (lines(&[(3, "bad")]), lines(&[(3, "good")]));
    assert_three(&world, "a.txt", [None, plain(&bad), plain(&good)]);
    assert!(
        world.sandbox.log().iter().all(|line| line.contains("/snapshots/")),
        "{:?}",
        world.sandbox.log()
    );
    // What is there already is not written again, and still has to be staged.
    let before = Everything::of(&world.sandbox.ws());
    world.git(COMMIT).ends(1);
    before.is_as_in(&world.sandbox.ws());
    world.git("add a.txt").ends(0);
    world.git(COMMIT).ends(0);
    assert_three(&world, "a.txt", [plain(&good), plain(&good), plain(&good)]);
    leaves_no_litter(&world);
}

#[test]
fn a_repair_can_become_part_of_the_commit() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    world.git(COMMIT).ends(0);
    let good = lines(&[(3, "good")]);
    assert_three(&world, "a.txt", [plain(&good), plain(&good), plain(&good)]);
    assert_eq!(world.asked("status --porcelain"), "");
    leaves_no_litter(&world);
}

#[test]
fn where_nothing_is_repaired_all_is_as_without_fixers() {
    let world = repairing(Then::Stage);
    world.sandbox.write("a.txt", lines(&[]));
    world.git("add --all").ends(0);
    let before = Everything::of(&world.sandbox.ws()).without_git();
    let output = world.git(COMMIT).exits(0);
    assert!(!output.stderr.contains("snapshot"), "{output}");
    before.is_as_in(&world.sandbox.ws());
    assert_eq!(world.sandbox.log().len(), 1);
    // What has passed needs no repair.
    world.git("commit --quiet --amend -m again").ends(0);
    assert_eq!(world.sandbox.log().len(), 1);
}

#[test]
fn what_is_not_staged_stays_beside_the_repair() {
    for then in [Then::Stop, Then::Stage] {
        keeps_what_is_not_staged(&repairing(then), then);
    }
}

/// Commits a file with a line to repair, beside which others have changed that are not staged.
pub(super) fn keeps_what_is_not_staged(world: &World, then: Then) {
    partly_staged(world, &[(9, "mine"), (10, "bad")]);
    world.git(COMMIT).ends(i32::from(then == Then::Stop));
    let tree = plain(&lines(&[(3, "good"), (9, "mine"), (10, "bad")]));
    let (bad, good) = (plain(&lines(&[(3, "bad")])), plain(&lines(&[(3, "good")])));
    match then {
        Then::Stop => assert_three(world, "a.txt", [None, bad, tree]),
        Then::Stage => assert_three(world, "a.txt", [good.clone(), good, tree]),
    }
    leaves_no_litter(world);
}

#[test]
fn where_both_have_changed_the_same_the_users_file_stays() {
    for then in [Then::Stop, Then::Stage] {
        let world = repairing(then);
        partly_staged(&world, &[(3, "mine")]);
        world
            .sandbox
            .write("a.txt", lines(&[(3, "mine")]))
            .write("b.txt", "bad\n");
        world.git("add b.txt").ends(0);
        let index = world.asked("ls-files --stage");
        let output = world.git(COMMIT).exits(1);
        assert!(output.stderr.contains("`a.txt` stays as it is"), "{output}");
        assert_eq!(world.asked("ls-files --stage"), index, "nothing is staged");
        assert_three(
            &world,
            "a.txt",
            [None, plain(&lines(&[(3, "bad")])), plain(&lines(&[(3, "mine")]))],
        );
        assert_three(&world, "b.txt", [None, plain("bad\n"), plain("good\n")]);
        let patch = fs::read_to_string(patch_of(&world, &output)).unwrap();
        assert!(patch.contains("a.txt") && !patch.contains("b.txt"), "{patch}");
        leaves_no_litter(&world);
    }
}

#[test]
fn what_is_no_text_is_not_merged() {
    let world = repairing(Then::Stage);
    world.sandbox.write("a.bin", b"\0one");
    world.git("add --all").ends(0);
    fs::write(world.sandbox.root().join("fixing"), "printf '\\0two' >a.bin\n").unwrap();
    world.sandbox.write("alpha/src/lib.rs", "//! new\n");
    world.git("add --all").ends(0);
    world.git(COMMIT).ends(0);
    assert_eq!(fs::read(world.sandbox.ws().join("a.bin")).unwrap(), b"\0two");
    fs::write(world.sandbox.root().join("fixing"), "printf '\\0three' >a.bin\n").unwrap();
    world.sandbox.write("alpha/src/lib.rs", "//! newer\n");
    world.git("add --all").ends(0);
    world.sandbox.write("a.bin", b"\0mine");
    let output = world.git("commit --quiet -m third").exits(1);
    patch_of(&world, &output);
    assert_eq!(fs::read(world.sandbox.ws().join("a.bin")).unwrap(), b"\0mine");
    leaves_no_litter(&world);
}

#[test]
fn ends_of_lines_stay_what_they_are() {
    let world = repairing(Then::Stage);
    world.sandbox.write(".gitattributes", "*.txt text eol=crlf\n");
    let crlf = |others: &[(usize, &str)]| lines(others).replace('\n', "\r\n");
    world.sandbox.write("a.txt", crlf(&[(3, "bad")]));
    world.git("add --all").ends(0);
    world.sandbox.write("a.txt", crlf(&[(3, "bad"), (9, "mine")]));
    world.git(COMMIT).ends(0);
    let good = plain(&lines(&[(3, "good")]));
    assert_three(
        &world,
        "a.txt",
        [good.clone(), good, plain(&crlf(&[(3, "good"), (9, "mine")]))],
    );
    // Without attributes, the file is what it is in git.
    world
        .sandbox
        .write(".gitattributes", "")
        .write("b.txt", crlf(&[(3, "bad")]));
    world.git("add --all").ends(0);
    world.git("commit --quiet -m third").ends(0);
    let good = plain(&crlf(&[(3, "good")]));
    assert_three(&world, "b.txt", [good.clone(), good.clone(), good]);
    leaves_no_litter(&world);
}

#[test]
fn what_a_filter_makes_another_file_is_not_touched() {
    let world = repairing(Then::Stage);
    for (name, command) in [("clean", "sed y/BADGO/badgo/"), ("smudge", "sed y/badgo/BADGO/")] {
        let setting = format!("filter.upper.{name}");
        world
            .program("git")
            .args("config")
            .arg(setting)
            .arg(command)
            .output()
            .ends(0);
    }
    world
        .sandbox
        .write(".gitattributes", "*.up filter=upper\n")
        .write("a.up", "BAD\n");
    fs::write(world.sandbox.root().join("fixing"), "echo GOOD >a.up\n").unwrap();
    world.git("add --all").ends(0);
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("a filter makes it another one"), "{output}");
    assert_three(&world, "a.up", [None, plain("bad\n"), plain("BAD\n")]);
    patch_of(&world, &output);
}

#[test]
fn modes_are_repaired_and_kept() {
    let world = repairing(Then::Stage);
    let ws = world.sandbox.ws();
    let mode = |file: &str, mode| fs::set_permissions(ws.join(file), fs::Permissions::from_mode(mode)).unwrap();
    let now = |file: &str| fs::metadata(ws.join(file)).unwrap().permissions().mode() & 0o7777;
    world
        .sandbox
        .write("a.txt", lines(&[(3, "bad")]))
        .write("run", "x\n")
        .write("b.txt", "bad\n");
    mode("a.txt", 0o640);
    mode("run", 0o640);
    mode("b.txt", 0o755);
    world.git("add --all").ends(0);
    fs::write(world.sandbox.root().join("fixing"), "chmod 755 run\n").unwrap();
    world.sandbox.write("run", "x\nmine\n");
    world.git(COMMIT).ends(0);
    assert_eq!((now("a.txt"), now("run"), now("b.txt")), (0o640, 0o750, 0o755));
    let executable = |content: &str| Some(format!("100755 {content}"));
    assert_three(
        &world,
        "run",
        [executable("x\n"), executable("x\n"), executable("x\nmine\n")],
    );
    assert_three(
        &world,
        "b.txt",
        [executable("good\n"), executable("good\n"), executable("good\n")],
    );
}

#[test]
fn links_and_what_has_become_one_stay() {
    let world = repairing(Then::Stage);
    let ws = world.sandbox.ws();
    partly_staged(&world, &[]);
    symlink("a.txt", ws.join("link")).unwrap();
    world.git("add --all").ends(0);
    // The file is a link to another one by now, which is no part of all this.
    fs::remove_file(ws.join("a.txt")).unwrap();
    fs::write(world.sandbox.root().join("outside"), "bad\n").unwrap();
    symlink("../outside", ws.join("a.txt")).unwrap();
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("`a.txt` stays as it is"), "{output}");
    assert_eq!(
        fs::read_to_string(world.sandbox.root().join("outside")).unwrap(),
        "bad\n"
    );
    assert!(ws.join("a.txt").is_symlink());
    patch_of(&world, &output);
    // A fixer that makes a link another one.
    fs::remove_file(ws.join("a.txt")).unwrap();
    world.sandbox.write("a.txt", "fine\n");
    world.git("add --all").ends(0);
    fs::write(world.sandbox.root().join("fixing"), "ln -sfn b.txt link\n").unwrap();
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("`link` stays as it is"), "{output}");
    assert_eq!(fs::read_link(ws.join("link")).unwrap(), Path::new("a.txt"));
}

#[test]
fn a_link_above_a_file_is_not_followed() {
    let world = repairing(Then::Stage);
    let ws = world.sandbox.ws();
    world.sandbox.write("dir/a.txt", "bad\n");
    world.git("add --all").ends(0);
    fs::rename(ws.join("dir"), world.sandbox.root().join("elsewhere")).unwrap();
    symlink("../elsewhere", ws.join("dir")).unwrap();
    world.git(COMMIT).ends(1);
    assert_eq!(
        fs::read_to_string(world.sandbox.root().join("elsewhere/a.txt")).unwrap(),
        "bad\n"
    );
}

#[test]
fn files_come_go_and_have_other_names() {
    let world = repairing(Then::Stage);
    world
        .sandbox
        .write("old/a.txt", "x\n")
        .write("alpha/src/lib.rs", "//! new\n");
    world.git("add --all").ends(0);
    fs::write(
        world.sandbox.root().join("fixing"),
        "mkdir -p new\nmv old/a.txt new/b.txt\n",
    )
    .unwrap();
    world.git(COMMIT).ends(0);
    assert_three(&world, "old/a.txt", [None, None, None]);
    assert!(
        !world.sandbox.ws().join("old").exists(),
        "git keeps no empty directory either"
    );
    assert_three(&world, "new/b.txt", [plain("x\n"), plain("x\n"), plain("x\n")]);
    assert_eq!(world.asked("status --porcelain"), "");
    leaves_no_litter(&world);
}

#[test]
fn a_file_that_is_renamed_in_the_same_commit_is_repaired_under_its_new_name() {
    let world = repairing(Then::Stage);
    world.sandbox.write("a.txt", lines(&[(3, "worse")]));
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m before").ends(0);
    world.git("mv a.txt b.txt").ends(0);
    world.sandbox.write("b.txt", lines(&[(3, "bad")]));
    world.git("add --all").ends(0);
    world.sandbox.write("b.txt", lines(&[(3, "bad"), (9, "mine")]));
    world.git(COMMIT).ends(0);
    let good = plain(&lines(&[(3, "good")]));
    assert_three(
        &world,
        "b.txt",
        [good.clone(), good, plain(&lines(&[(3, "good"), (9, "mine")]))],
    );
    assert_three(&world, "a.txt", [None, None, None]);
}

#[test]
fn what_somebody_has_deleted_or_made_meanwhile_stays_so() {
    let world = repairing(Then::Stage);
    let ws = world.sandbox.ws();
    partly_staged(&world, &[]);
    fs::remove_file(ws.join("a.txt")).unwrap();
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("it is not there any more"), "{output}");
    assert!(!ws.join("a.txt").exists());
    patch_of(&world, &output);
    // A new file of a fixer has the name of one that is not tracked.
    world
        .sandbox
        .write("a.txt", "fine\n")
        .write("alpha/src/lib.rs", "//! new\n");
    world.git("add --all").ends(0);
    world.sandbox.write("made", "mine\n");
    fs::write(world.sandbox.root().join("fixing"), "echo made >made\n").unwrap();
    let output = world.git(COMMIT).exits(1);
    assert!(output.stderr.contains("something else lies there"), "{output}");
    assert_three(&world, "made", [None, None, plain("mine\n")]);
    patch_of(&world, &output);
}

#[test]
fn a_commit_of_paths_leaves_no_reverse_of_the_repair() {
    let world = repairing(Then::Stage);
    world.sandbox.write("a.txt", "x\n").write("b.txt", "x\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m before").ends(0);
    world.sandbox.write("b.txt", "staged\n");
    world.git("add b.txt").ends(0);
    world.sandbox.write("a.txt", lines(&[(3, "bad")]));
    world.git("commit --quiet -m second a.txt").ends(0);
    let good = plain(&lines(&[(3, "good")]));
    assert_three(&world, "a.txt", [good.clone(), good.clone(), good]);
    assert_three(&world, "b.txt", [plain("x\n"), plain("staged\n"), plain("staged\n")]);
    assert_eq!(world.asked("status --porcelain"), "M  b.txt");
    leaves_no_litter(&world);
}

#[test]
fn a_commit_of_paths_is_not_repaired_where_something_else_is_staged_of_a_file() {
    let world = repairing(Then::Stage);
    world.sandbox.write("a.txt", "x\n").write("b.cfg", "x\n1\n2\n3\n4\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m before").ends(0);
    world.sandbox.write("b.cfg", "x\n1\n2\n3\n4\nstaged\n");
    world.git("add b.cfg").ends(0);
    world.sandbox.write("a.txt", "y\n");
    // It is about a file that is not among the paths, and of which another version is staged.
    fs::write(
        world.sandbox.root().join("fixing"),
        "printf 'repaired\\n1\\n2\\n3\\n4\\n' >b.cfg\n",
    )
    .unwrap();
    let index = world.asked("ls-files --stage b.cfg");
    let output = world.git("commit --quiet -m second a.txt").exits(1);
    assert!(output.stderr.contains("`b.cfg` is staged in another form"), "{output}");
    assert_eq!(world.asked("ls-files --stage b.cfg"), index);
    assert_eq!(world.asked("log -1 --format=%s"), "before");
}

#[test]
fn every_way_to_commit_takes_the_repair() {
    let commits = [
        "commit --quiet -a -m second",
        "commit --quiet --include -m second a.txt",
        "commit --quiet --amend --no-edit -a",
    ];
    for commit in commits {
        let world = repairing(Then::Stage);
        world.sandbox.write("a.txt", "x\n");
        world.git("add --all").ends(0);
        world.git("commit --quiet --no-verify -m before").ends(0);
        world.sandbox.write("a.txt", lines(&[(3, "bad")]));
        world.git(commit).ends(0);
        let good = plain(&lines(&[(3, "good")]));
        assert_three(&world, "a.txt", [good.clone(), good.clone(), good]);
        assert_eq!(world.asked("status --porcelain"), "", "{commit}");
        leaves_no_litter(&world);
    }
}

#[test]
fn the_first_commit_is_repaired() {
    let world = World::uncommitted(&settings(Then::Stage));
    world.sandbox.tool("fixer", FIXER);
    partly_staged(&world, &[(9, "mine")]);
    world.git(COMMIT).ends(0);
    let good = plain(&lines(&[(3, "good")]));
    assert_three(
        &world,
        "a.txt",
        [good.clone(), good, plain(&lines(&[(3, "good"), (9, "mine")]))],
    );
}

#[test]
fn a_linked_worktree_is_repaired_in_its_own_index() {
    let mut world = repairing(Then::Stage);
    world.git("worktree add --quiet linked").ends(0);
    world.sandbox.append(".git/info/exclude", "linked\n");
    world.dir = "linked".into();
    world.sandbox.write("linked/a.txt", "bad\n");
    world.git("add --all").ends(0);
    world.git(COMMIT).ends(0);
    assert_eq!(world.asked("show HEAD:a.txt"), "good");
    assert_eq!(world.sandbox.read("linked/a.txt"), "good\n");
    assert_eq!(world.asked("status --porcelain"), "");
}

#[test]
fn where_a_check_fails_the_repair_is_in_the_tree_and_not_staged() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    fs::write(world.sandbox.root().join("checking"), "exit 1\n").unwrap();
    world.git(COMMIT).ends(1);
    let bad = plain(&lines(&[(3, "bad")]));
    assert_three(&world, "a.txt", [None, bad, plain(&lines(&[(3, "good")]))]);
}

#[test]
fn where_a_fixer_fails_nothing_comes_back() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    fs::write(world.sandbox.root().join("fixing"), "echo half >a.txt\nexit 1\n").unwrap();
    let before = Everything::of(&world.sandbox.ws()).without_git();
    let index = world.asked("ls-files --stage");
    let output = world.git(COMMIT).exits(1);
    before.is_as_in(&world.sandbox.ws());
    assert!(output.stderr.contains("since a fixer has failed"), "{output}");
    fs::write(world.sandbox.root().join("fixing"), "echo half >a.txt\nkill -9 $$\n").unwrap();
    world.git(COMMIT).ends(1);
    before.is_as_in(&world.sandbox.ws());
    assert_eq!(world.asked("ls-files --stage"), index);
}

#[test]
fn where_what_is_staged_moves_meanwhile_nothing_comes_back() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    let ws = world.sandbox.ws();
    let script = format!(
        "cd '{}' && echo more >more.txt && env -u GIT_INDEX_FILE git add more.txt\n",
        ws.display()
    );
    fs::write(world.sandbox.root().join("checking"), script).unwrap();
    world.git(COMMIT).ends(1);
    assert_eq!(world.sandbox.read("a.txt"), lines(&[(3, "bad")]));
}

#[test]
fn an_editor_that_has_a_file_open_keeps_it() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    let path = world.sandbox.ws().join("a.txt");
    let mut editor = fs::File::options().append(true).open(&path).unwrap();
    let output = world.git(COMMIT).exits(1);
    if cfg!(target_os = "linux") {
        assert!(output.stderr.contains("a program has it open"), "{output}");
    }
    std::io::Write::write_all(&mut editor, b"late\n").unwrap();
    drop(editor);
    assert_eq!(world.sandbox.read("a.txt"), lines(&[(3, "bad")]) + "late\n");
    // Then it is merged like anything that is not staged.
    world.git(COMMIT).ends(0);
    assert_eq!(world.sandbox.read("a.txt"), lines(&[(3, "good")]) + "late\n");
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_is_told_to_repair_an_index_that_is_gone_with_the_commit() {
    for (how, said) in [
        ("commit --quiet --all -m second", false),
        ("commit --quiet -m second a.txt", false),
        (COMMIT, true),
    ] {
        let world = repairing(Then::Stage);
        partly_staged(&world, &[]);
        let editor = fs::File::options().append(true).open(world.sandbox.ws().join("a.txt"));
        let output = world.git(how).exits(1);
        drop(editor);
        assert!(output.stderr.contains("its repair lies in "), "{how}: {output}");
        assert_eq!(output.stderr.contains("git apply --cached"), said, "{how}: {output}");
    }
}

#[test]
fn what_an_editor_saves_while_checks_run_is_not_lost() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[]);
    let path = world.sandbox.ws().join("a.txt");
    fs::write(world.sandbox.root().join("saved"), lines(&[(3, "bad"), (8, "saved")])).unwrap();
    let script = format!(
        "cp \"$SANDBOX/saved\" '{0}.swp' && mv '{0}.swp' '{0}'\n",
        path.display()
    );
    fs::write(world.sandbox.root().join("checking"), script).unwrap();
    world.git(COMMIT).ends(0);
    let good = plain(&lines(&[(3, "good")]));
    assert_three(
        &world,
        "a.txt",
        [good.clone(), good, plain(&lines(&[(3, "good"), (8, "saved")]))],
    );
}

#[test]
fn the_rest_of_the_hook_can_ask_for_it() {
    let world = World::with(CHECK);
    world.sandbox.tool("fixer", FIXER);
    partly_staged(&world, &[]);
    world.git(COMMIT).ends(1);
    assert_eq!(
        world.sandbox.read("a.txt"),
        lines(&[(3, "bad")]),
        "nobody has asked for repairs"
    );
    let output = world.sandbox.run("git-hook pre-commit --fix").exits(1);
    assert!(output.stderr.contains("repaired `a.txt`"), "{output}");
    assert_eq!(world.sandbox.read("a.txt"), lines(&[(3, "good")]));
}

#[test]
fn a_merge_that_was_repaired_is_never_committed_without_the_repair() {
    let world = World::with(CHECK);
    world.sandbox.tool("fixer", FIXER);
    let program = env!("CARGO_BIN_EXE_cargo-hooks");
    let hook = format!("exec '{program}' git-hook --fix pre-merge-commit");
    world.sandbox.tool("pre-merge-commit", &hook);
    world.git("switch --quiet -c topic").ends(0);
    world.sandbox.write("a.txt", "bad\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m topic").ends(0);
    world.git("switch --quiet main").ends(0);
    world.sandbox.write("b.txt", "x\n");
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m main").ends(0);
    assert_ne!(world.git("merge --quiet --no-edit topic").code, 0);
    assert_three(&world, "a.txt", [None, plain("bad\n"), plain("good\n")]);
    world.git("add a.txt").ends(0);
    world.git("commit --quiet --no-edit").ends(0);
    let good = plain("good\n");
    assert_three(&world, "a.txt", [good.clone(), good.clone(), good]);
    assert_eq!(world.asked("rev-list --parents -n1 HEAD").split(' ').count(), 3);
}

#[test]
fn a_repository_that_cannot_be_written_keeps_its_index() {
    let world = repairing(Then::Stage);
    partly_staged(&world, &[(9, "mine")]);
    let objects = world.sandbox.ws().join(".git/objects");
    // Root may write everywhere: a file in the place of each directory keeps it out as well.
    let index = world.asked("ls-files --stage");
    fs::rename(&objects, world.sandbox.root().join("objects-elsewhere")).unwrap();
    fs::create_dir_all(objects.join("info")).unwrap();
    let there = world.sandbox.root().join("objects-elsewhere");
    fs::write(objects.join("info/alternates"), format!("{}\n", there.display())).unwrap();
    for first in 0..=255_u8 {
        fs::write(objects.join(format!("{first:02x}")), "").unwrap();
    }
    let output = world.git(COMMIT);
    assert_ne!(output.code, 0, "{output}");
    assert_eq!(world.asked("ls-files --stage"), index);
    assert_eq!(world.sandbox.read("a.txt"), lines(&[(3, "good"), (9, "mine")]));
}
