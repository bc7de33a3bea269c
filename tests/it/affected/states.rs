//! Every state that a repository can be in, and every place from which somebody can ask.

use super::comparison::{EVERYTHING, LEAF, LONELY, LONELY_OR_MORE, NOTHING, branched};
use super::expect::judge;
use super::template::repository;
use super::{compare, compare_from};

#[test]
fn n57_the_index_is_unmerged() {
    let repo = repository();
    repo.git_run("checkout --quiet -b work")
        .append("crates/leaf/src/lib.rs", "// Ours.\n")
        .commit()
        .git_run("checkout --quiet main")
        .append("crates/leaf/src/lib.rs", "// Theirs.\n")
        .commit();
    let merge = repo.git_in(".", "merge work");
    assert_eq!(merge.code, 1, "{merge}");
    compare(&repo, "--changed-only", LEAF);
    compare(&repo, "--since HEAD", LEAF);
    compare(&repo, "--staged", "source: leaf xincl ALL?; fmt: leaf ALL?; deny: any");
}

#[test]
fn n57_a_manifest_is_unmerged() {
    let repo = repository();
    let manifest = "crates/mid/Cargo.toml";
    repo.git_run("checkout --quiet -b work")
        .replace(manifest, "version = \"0.1.0\"", "version = \"0.2.0\"")
        .commit()
        .git_run("checkout --quiet main")
        .replace(manifest, "version = \"0.1.0\"", "version = \"0.3.0\"")
        .commit();
    let merge = repo.git_in(".", "merge work");
    assert_eq!(merge.code, 1, "{merge}");
    // The person has put it right, and not said so yet.
    repo.git_run("checkout --quiet --theirs crates/mid/Cargo.toml");
    compare(&repo, "--since HEAD", "source: mid top; deny: yes");
    compare(&repo, "--staged", "source: mid top ALL?; fmt: mid? ALL?; deny: yes");
}

#[test]
fn n57_no_branch_is_checked_out() {
    let repo = branched();
    repo.git_run("checkout --quiet --detach");
    compare(&repo, "--changed-only", LONELY);
    repo.git_run("checkout --quiet --detach base")
        .edit("crates/leaf/src/lib.rs");
    compare(&repo, "--changed-only", LEAF);
}

#[test]
fn n57_nothing_was_ever_committed() {
    let repo = repository();
    repo.delete(".git")
        .git_run("-c init.defaultBranch=main init --quiet --template=");
    let empty = repo.run("affected --staged").exits(2);
    assert!(empty.stderr.contains("there is no workspace in the index"), "{empty}");
    let answer = compare(&repo, "--changed-only", EVERYTHING).notes("no workspace in an empty tree");
    assert_eq!(
        answer.json["notes"].as_array().map(Vec::len),
        Some(1),
        "{}",
        answer.json
    );
    repo.git_run("add --all");
    compare(&repo, "--staged", EVERYTHING);
}

#[test]
fn n57_there_is_only_one_commit() {
    let repo = repository();
    compare(&repo, "--changed-only", NOTHING);
    compare(&repo, "--staged", NOTHING);
}

#[test]
fn n57_a_shallow_clone() {
    let repo = branched();
    let url = format!("file://{}", repo.ws().display());
    repo.git_run(&format!("clone --quiet --depth 1 --branch work {url} ../clone"))
        .edit("../clone/crates/lonely/src/lib.rs");
    compare_from(&repo, "../clone", "--changed-only", LONELY_OR_MORE);
    // The other branch is there, but not the commit where they parted.
    repo.git_run("-C ../clone fetch --quiet --depth 1 origin main:refs/remotes/origin/main");
    compare_from(&repo, "../clone", "--changed-only --base origin/main", LONELY_OR_MORE).notes("shallow");
}

#[test]
fn n57_there_is_no_git() {
    let repo = repository();
    repo.delete(".git");
    compare(&repo, "--changed-only", EVERYTHING).notes("git");
    compare(&repo, "--staged", EVERYTHING).notes("git");
}

#[test]
fn git_is_not_installed() {
    let repo = repository();
    repo.delete("../toolchain/git").edit("crates/lonely/src/lib.rs");
    compare(&repo, "--changed-only", EVERYTHING).notes("git");
}

#[test]
fn a_linked_worktree() {
    let repo = branched();
    repo.edit("crates/base/src/lib.rs")
        .git_run("worktree add --quiet -b side ../linked base")
        .edit("../linked/crates/leaf/src/lib.rs");
    compare_from(&repo, "../linked", "--changed-only", LEAF);
    repo.git_run("-C ../linked add --all");
    compare_from(&repo, "../linked", "--staged", LEAF);
}

#[test]
fn a_rebase_has_stopped() {
    let repo = branched();
    repo.append("crates/pm/src/lib.rs", "// Not theirs.\n").commit();
    let rebase = repo.git_in(".", "rebase main");
    assert_eq!(rebase.code, 1, "{rebase}");
    compare(&repo, "--since HEAD", "source: pm usespm; fmt: pm");
}

#[test]
fn from_a_directory_below() {
    let repo = repository();
    repo.edit("crates/leaf/src/lib.rs");
    compare_from(&repo, "crates/leaf/src", "--changed-only", LEAF);
    compare_from(&repo, "docs", "--since base", LEAF);
}

#[test]
fn with_the_manifest_named_from_elsewhere() {
    let repo = repository();
    repo.edit("crates/leaf/src/lib.rs");
    let run = repo.command("affected --format json --changed-only --manifest-path ../ws/Cargo.toml");
    judge(&repo, run.dir("../home").output(), LEAF);
}

#[test]
fn git_is_configured_in_odd_ways() {
    let repo = repository();
    for setting in [
        "status.showUntrackedFiles no",
        "status.relativePaths true",
        "diff.noprefix true",
        "diff.renames copies",
        "diff.external false",
        "diff.ignoreSubmodules all",
        "core.quotePath true",
        "color.ui always",
        "core.pager false",
    ] {
        repo.git_run(&format!("config {setting}"));
    }
    repo.write("crates/mid/tests/new.rs", "")
        .rename("crates/leaf/src/lib.rs", "crates/leaf/src/moved.rs")
        .write("crates/leaf/src/lib.rs", "//! Another.\n");
    compare(
        &repo,
        "--changed-only",
        "source: leaf xincl; build: leaf xincl mid; fmt: leaf mid",
    );
}

#[test]
fn a_file_that_only_moves_into_another_crate() {
    let repo = repository();
    repo.rename("crates/base/examples/ex.rs", "crates/mid/examples/ex.rs")
        .git_run("add --all");
    let expected = "build: base mid; fmt: base mid";
    compare(&repo, "--staged", expected);
    compare(&repo, "--since base", expected);
}

#[test]
fn nothing_of_the_repository_is_written() {
    let repo = repository();
    repo.edit("crates/leaf/src/lib.rs")
        .git_run("add --all")
        .edit("docs/guide.md");
    let state = || {
        let index = std::fs::read(repo.ws().join(".git/index")).unwrap();
        (
            index,
            repo.git_in(".", "--no-optional-locks status --porcelain --ignored")
                .stdout,
        )
    };
    let before = state();
    compare(&repo, "--changed-only", LEAF);
    compare(&repo, "--staged", LEAF);
    // Debatable: git itself may note in the index what it has found unchanged; a check beside a commit had better not.
    let after = state();
    assert_eq!(before.1, after.1);
    assert!(before.0 == after.0, "the index was written");
}
