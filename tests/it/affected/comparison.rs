//! What is compared with what.

use super::compare;
use super::template::repository;
use crate::sandbox::Sandbox;

pub(super) const LONELY: &str = "source: lonely; fmt: lonely";
pub(super) const LEAF: &str = "source: leaf xincl; fmt: leaf";
pub(super) const NOTHING: &str = "typos: no";
pub(super) const EVERYTHING: &str = "source: ALL; fmt: ALL; deny: yes";
/// `lonely` has changed, and as to the rest nobody can know.
pub(super) const LONELY_OR_MORE: &str = "source: lonely ALL?; fmt: lonely ALL?; deny: any";

/// The template on a branch of its own with one commit, in which `lonely` changes; `main` went on with `pm`.
pub(super) fn branched() -> Sandbox {
    let repo = repository();
    repo.git_run("checkout --quiet -b work")
        .edit("crates/lonely/src/lib.rs")
        .commit()
        .git_run("checkout --quiet main")
        .edit("crates/pm/src/lib.rs")
        .commit()
        .git_run("checkout --quiet work");
    repo
}

/// The template with a remote `origin`, whose branch `main` it follows.
fn with_origin() -> Sandbox {
    let repo = repository();
    repo.git_run("clone --quiet --bare . ../origin")
        .git_run("remote add origin ../origin")
        .git_run("fetch --quiet origin")
        .git_run("branch --quiet --set-upstream-to origin/main");
    repo
}

#[test]
fn all() {
    compare(&repository(), "--all", EVERYTHING);
}

#[test]
fn nothing_has_changed() {
    compare(&repository(), "", NOTHING);
    compare(&repository(), "--staged", NOTHING);
    compare(&repository(), "--since HEAD", NOTHING);
    compare(&repository(), "--range HEAD..HEAD", NOTHING);
}

#[test]
fn without_a_word_it_is_the_working_tree_with_the_branch() {
    let repo = branched();
    repo.edit("crates/incl/src/lib.rs");
    let expected = "source: lonely incl; fmt: lonely incl";
    compare(&repo, "", expected);
    compare(&repo, "--changed-only", expected);
}

#[test]
fn n57_there_is_no_upstream() {
    compare(&branched(), "--changed-only", LONELY);
}

#[test]
fn the_branch_has_an_upstream() {
    let repo = with_origin();
    repo.edit("crates/mid/src/lib.rs")
        .commit()
        .edit("crates/lonely/src/lib.rs");
    compare(&repo, "--changed-only", "source: mid top lonely; fmt: mid lonely");
}

#[test]
fn the_upstream_has_gone_on() {
    let repo = with_origin();
    repo.edit("crates/pm/src/lib.rs")
        .commit()
        .git_run("push --quiet origin main")
        .git_run("reset --quiet --hard base")
        .edit("crates/lonely/src/lib.rs")
        .commit();
    compare(&repo, "--changed-only", LONELY);
}

#[test]
fn the_upstream_is_gone() {
    let repo = branched();
    repo.git_run("remote add origin ../gone")
        .git_run("config branch.work.remote origin")
        .git_run("config branch.work.merge refs/heads/work");
    compare(&repo, "--changed-only", LONELY).notes("upstream");
}

#[test]
fn only_the_remote_has_the_default_branch() {
    let repo = with_origin();
    repo.git_run("checkout --quiet --no-track -b work")
        .git_run("branch --quiet -D main")
        .edit("crates/lonely/src/lib.rs")
        .commit();
    compare(&repo, "--changed-only", LONELY);
}

#[test]
fn no_branch_of_the_repository_is_known_to_be_the_default_one() {
    let repo = repository();
    repo.git_run("branch --quiet -m main something")
        .git_run("tag --delete base")
        .edit("crates/lonely/src/lib.rs");
    compare(&repo, "--changed-only", LONELY_OR_MORE).notes("");
}

#[test]
fn the_base_is_configured() {
    let repo = repository();
    repo.settings("base = \"release\"")
        .base()
        .git_run("branch --quiet release")
        .edit("crates/mid/src/lib.rs")
        .commit();
    compare(&repo, "--changed-only", "source: mid top; fmt: mid");
    compare(&repo, "--changed-only --base main", NOTHING);
}

#[test]
fn the_configured_base_is_missing() {
    let repo = repository();
    repo.settings("base = \"origin/nowhere\"")
        .base()
        .edit("crates/lonely/src/lib.rs");
    compare(&repo, "--changed-only", LONELY_OR_MORE).notes("origin/nowhere");
}

#[test]
fn a_revision_that_somebody_typed_is_missing() {
    // Debatable: a mistake, or one more thing that is not known. It is not passed over in silence in either case.
    for comparison in [
        "--changed-only --base nowhere",
        "--since nowhere",
        "--range nowhere..HEAD",
    ] {
        let repo = repository();
        let out = repo.command("affected --format json").args(comparison).output();
        assert!(
            out.code == 2 || out.stdout.contains("\"lonely\""),
            "{comparison}: {out}"
        );
        assert!(out.stderr.contains("nowhere"), "{comparison}: {out}");
    }
}

#[test]
fn a_revision_that_looks_like_an_option() {
    let repo = repository();
    let run = repo.command("affected --format json").arg("--since=--output=pwned");
    let out = run.output();
    assert!(out.code == 2 || out.stderr.contains("--output=pwned"), "{out}");
    assert!(!repo.ws().join("pwned").exists(), "{out}");
}

#[test]
fn since_a_commit() {
    let repo = branched();
    repo.edit("crates/incl/src/lib.rs");
    compare(&repo, "--since HEAD", "source: incl; fmt: incl");
    compare(&repo, "--since HEAD^", "source: lonely incl; fmt: lonely incl");
    // The tree of `main`, not the commit where the branches parted.
    let also_pm = "source: lonely incl pm usespm; fmt: lonely incl pm";
    compare(&repo, "--since main", also_pm);
}

#[test]
fn two_commits_whatever_is_in_the_working_tree() {
    let repo = branched();
    repo.edit("crates/base/src/lib.rs").git_run("add --all");
    compare(&repo, "--range base..work", LONELY);
    compare(&repo, "--range base..main", "source: pm usespm; fmt: pm");
    compare(&repo, "--range main..work", "source: pm usespm lonely; fmt: pm lonely");
    compare(&repo, "--range main...work", LONELY);
    compare(&repo, "--range work...main", "source: pm usespm; fmt: pm");
    compare(&repo, "--range base..", LONELY);
}

#[test]
fn the_manifests_of_two_commits() {
    // The working tree knows neither of these edges.
    let repo = repository();
    let manifest = "crates/top/Cargo.toml";
    repo.append(
        "crates/lonely/Cargo.toml",
        "\n[dependencies]\nmid = { path = \"../mid\" }\n",
    )
    .base()
    .edit("crates/mid/src/lib.rs")
    .commit()
    .replace(manifest, "mid = { path = \"../mid\" }", "")
    .replace("crates/lonely/Cargo.toml", "mid = { path = \"../mid\" }", "")
    .commit();
    compare(&repo, "--range base..HEAD^", "source: mid top lonely; fmt: mid");
}

#[test]
fn a_crate_that_came_and_went() {
    let repo = repository();
    repo.member("newc").commit().delete("crates/newc").commit();
    compare(&repo, "--range base..HEAD", NOTHING);
    compare(&repo, "--since HEAD^", "deny: yes; removed: newc");
}

#[test]
fn a_branch_into_which_another_was_merged() {
    let repo = branched();
    repo.git_run("merge --quiet --no-edit main");
    compare(&repo, "--changed-only", LONELY);
    compare(&repo, "--range HEAD^..HEAD", "source: pm usespm; fmt: pm");
}

#[test]
fn two_branches_that_were_merged_crosswise() {
    let repo = branched();
    // Each has merged what the other was before: there are two commits where they left each other.
    repo.git_run("tag work-before")
        .git_run("merge --quiet --no-edit main")
        .git_run("checkout --quiet main")
        .git_run("merge --quiet --no-edit work-before")
        .git_run("checkout --quiet work")
        .edit("crates/mid/src/lib.rs")
        .commit();
    compare(
        &repo,
        "--changed-only --base main",
        "source: mid top lonely? pm? usespm?; fmt: mid lonely? pm?",
    );
}

#[test]
fn histories_that_have_nothing_in_common() {
    let repo = repository();
    repo.git_run("checkout --quiet --orphan other")
        .edit("crates/lonely/src/lib.rs")
        .commit();
    compare(&repo, "--changed-only --base main", LONELY_OR_MORE).notes("");
}

#[test]
fn n38_a_change_is_staged_and_then_taken_back_in_the_working_tree() {
    let repo = repository();
    let source = repo.read("crates/leaf/src/lib.rs");
    repo.edit("crates/leaf/src/lib.rs")
        .git_run("add --all")
        .write("crates/leaf/src/lib.rs", source);
    compare(&repo, "--since base", NOTHING);
    compare(&repo, "--changed-only", NOTHING);
    compare(&repo, "--staged", LEAF);
}

#[test]
fn what_is_staged_among_other_changes() {
    let repo = repository();
    repo.edit("crates/leaf/src/lib.rs")
        .git_run("add --all")
        .edit("crates/base/src/lib.rs")
        .member("newc");
    compare(&repo, "--staged", LEAF);
}

#[test]
fn a_manifest_differs_only_in_the_index() {
    let repo = repository();
    let manifest = repo.read("crates/mid/Cargo.toml");
    repo.replace("crates/mid/Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"")
        .git_run("add --all")
        .write("crates/mid/Cargo.toml", manifest);
    compare(&repo, "--staged", "source: mid top; deny: yes");
    compare(&repo, "--changed-only", NOTHING);
}

#[test]
fn the_lock_differs_only_in_the_index() {
    let repo = repository();
    let lock = repo.read("Cargo.lock");
    repo.lock_version("gamma", "1.0.1")
        .git_run("add --all")
        .write("Cargo.lock", lock);
    compare(&repo, "--staged", "source: ext2; deny: yes");
}

#[test]
fn an_edge_that_only_the_working_tree_lacks() {
    let repo = repository();
    repo.edit("crates/mid/src/lib.rs").git_run("add --all").replace(
        "crates/top/Cargo.toml",
        "mid = { path = \"../mid\" }",
        "",
    );
    compare(&repo, "--staged", "source: mid top; fmt: mid");
}

#[test]
fn an_edge_that_only_the_working_tree_has() {
    let repo = repository();
    repo.edit("crates/mid/src/lib.rs").git_run("add --all").append(
        "crates/lonely/Cargo.toml",
        "\n[dependencies]\nmid = { path = \"../mid\" }\n",
    );
    // Debatable: the check will run in the working tree, where the edge is.
    compare(&repo, "--staged", "source: mid top lonely?; fmt: mid");
}

#[test]
fn a_file_that_was_added_without_content() {
    let repo = repository();
    repo.write("crates/mid/tests/new.rs", "//! Tests.\n")
        .git_run("add --intent-to-add crates/mid/tests/new.rs");
    compare(&repo, "--changed-only", "build: mid; fmt: mid");
    compare(&repo, "--staged", "build: mid?; fmt: mid?; typos: any");
}
