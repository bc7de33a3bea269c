//! What a check says of itself, and what the workspace says of its files.

use super::template::repository;
use super::{check, check_in, compare};
use crate::sandbox::Sandbox;

/// What a check of these keys runs on after a change. Its name is `each`, and it is given the crates.
#[track_caller]
fn each(keys: &str, change: impl for<'r> FnOnce(&'r Sandbox) -> &'r Sandbox, expected: &str) {
    let repo = repository();
    repo.one_more_check("[workspace.metadata.hooks.checks.each]\nrun = \"each {packages}\"")
        .one_more_check(keys)
        .base();
    change(&repo);
    let out = repo
        .command("affected --format names --check each --since base")
        .output();
    let out = out.exits(0);
    let names: Vec<_> = out.stdout.lines().collect();
    let mut expected: Vec<_> = expected.split_whitespace().collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "{keys}\n{out}");
}

const T_BASE: &str = "base bdep devonly mid opt optuser renamed top winonly";

#[test]
fn a_check_follows_dependents_unless_it_says_otherwise() {
    each("", |repo| repo.edit("crates/base/src/lib.rs"), T_BASE);
    each(
        "affects = \"dependents\"",
        |repo| repo.edit("crates/base/src/lib.rs"),
        T_BASE,
    );
}

#[test]
fn a_check_of_what_has_changed_itself() {
    each(
        "affects = \"changed\"",
        |repo| repo.edit("crates/base/src/lib.rs"),
        "base",
    );
}

#[test]
fn a_check_of_its_inputs_alone() {
    let keys = "affects = \"inputs\"\ninputs = [\"**/*.proto\"]";
    each(keys, |repo| repo.edit("crates/base/src/lib.rs"), "");
    each(keys, |repo| repo.write("crates/base/proto/a.proto", ""), "base");
}

#[test]
fn an_input_of_no_crate_touches_all_crates() {
    let repo = repository();
    repo.one_more_check("each = { run = \"each {packages}\", inputs = [\"schema/**\"] }")
        .base()
        .write("schema/deep/a.sql", "");
    compare(&repo, "--since base", "each: ALL");
}

#[test]
fn an_input_of_a_crate_touches_that_crate() {
    each(
        "affects = \"inputs\"\ninputs = [\"**/schema.sql\"]",
        |repo| repo.write("crates/outer/schema.sql", ""),
        "inner outer",
    );
    each(
        "packages = [\"ext*\"]\ninputs = [\"schema/**\"]",
        |repo| repo.write("schema/a.sql", ""),
        "ext1 ext1user ext2 ext3a ext3b extdev extgit",
    );
}

#[test]
fn a_file_that_is_no_input_touches_nobody() {
    each("inputs = [\"schema/**\"]", |repo| repo.write("schemas/a.sql", ""), "");
}

#[test]
fn a_check_of_manifests() {
    let keys = "affects = \"changed\"\nkinds = [\"manifest\"]";
    each(keys, |repo| repo.edit("crates/mid/src/lib.rs"), "");
    each(
        keys,
        |repo| repo.replace("crates/mid/Cargo.toml", "edition = \"2024\"", "edition = \"2021\""),
        "mid",
    );
    each(
        keys,
        |repo| repo.replace("Cargo.toml", "edition = \"2021\"", "edition = \"2024\""),
        "vers",
    );
    each(keys, |repo| repo.prepend("crates/mid/Cargo.toml", "# For you."), "");
}

#[test]
fn a_check_of_all_files() {
    let keys = "affects = \"changed\"\nkinds = [\"files\"]";
    each(keys, |repo| repo.edit("crates/base/README.md"), "base");
    each(keys, |repo| repo.edit("docs/guide.md"), "");
}

#[test]
fn a_check_of_what_is_built_but_not_of_tests() {
    let keys = "kinds = [\"source\"]";
    each(keys, |repo| repo.edit("crates/base/tests/it.rs"), "");
    each(
        keys,
        |repo| repo.edit("crates/base/src/lib.rs"),
        "base bdep mid opt optuser renamed top winonly",
    );
}

#[test]
fn a_check_of_tests_alone() {
    let keys = "kinds = [\"tests\"]";
    each(keys, |repo| repo.edit("crates/base/tests/it.rs"), "base");
    each(keys, |repo| repo.edit("crates/lonely/src/lib.rs"), "");
}

#[test]
fn a_check_of_some_packages() {
    let keys = "packages = [\"m*\", \"top\"]";
    each(keys, |repo| repo.edit("crates/base/src/lib.rs"), "mid top");
    each(keys, |repo| repo.edit("crates/lonely/src/lib.rs"), "");
}

#[test]
fn a_check_of_some_files() {
    each(
        "affects = \"changed\"\nfiles = [\"*.md\"]",
        |repo| repo.edit("crates/base/README.md").edit("crates/lonely/src/lib.rs"),
        "base",
    );
}

#[test]
fn a_check_that_excludes_files() {
    each(
        "affects = \"changed\"\nexclude = [\"*.md\"]",
        |repo| repo.edit("crates/base/README.md").edit("crates/lonely/src/lib.rs"),
        "lonely",
    );
}

#[test]
fn a_preset_with_another_word() {
    let repo = repository();
    repo.replace("Cargo.toml", "clippy = true", "clippy = { affects = \"changed\" }")
        .base()
        .edit("crates/base/src/lib.rs");
    compare(
        &repo,
        "--since base",
        "clippy: base; test: T(base); doc: D(base); fmt: base",
    );
}

#[test]
fn a_rule_for_files_of_no_crate() {
    check_in(
        |repo| {
            repo.settings("rules = [{ files = [\"docs/**\"], packages = [\"ext3*\", \"mid\"] }]")
                .base()
        },
        |repo| repo.edit("docs/guide.md"),
        "source: ext3a ext3b mid top",
    );
}

#[test]
fn a_rule_touches_others_beside_the_owner() {
    check_in(
        |repo| {
            repo.settings("rules = [{ files = [\"crates/lonely/**\"], packages = [\"mid\"] }]")
                .base()
        },
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely mid top; fmt: lonely",
    );
}

#[test]
fn a_rule_that_names_nobody_touches_nobody() {
    // Debatable: whether it is a changed file to a check that reads all files.
    check_in(
        |repo| {
            repo.settings("rules = [{ files = [\"crates/lonely/src/**\"], packages = [] }]")
                .base()
        },
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "typos: any",
    );
}

#[test]
fn a_rule_that_names_nobody_is_only_about_its_own_files() {
    check_in(
        |repo| {
            repo.settings("rules = [{ files = [\"docs/**\"], packages = [] }]")
                .base()
        },
        |repo| repo.edit("docs/guide.md").edit("crates/lonely/src/lib.rs"),
        "source: lonely; fmt: lonely",
    );
}

#[test]
fn what_a_package_says_that_it_reads() {
    // Debatable: whether its documentation is touched, since it may be its tests that read.
    check(|repo| repo.edit("fixtures/deep/case.json"), "build: reads; doc: reads?");
}

#[test]
fn what_a_package_says_that_it_reads_no_longer_exists() {
    check(|repo| repo.delete("fixtures"), "build: reads; doc: reads?");
}

#[test]
fn a_check_of_files_is_given_only_those_that_have_changed() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = { run = \"each {files}\", files = [\"*.md\"] }")
        .base()
        .edit("crates/base/README.md")
        .edit("crates/base/src/lib.rs")
        .write("new.md", "")
        .delete("README.md");
    let _ = repo.run("check each --since base").exits(0);
    assert_eq!(repo.arguments(), ["crates/base/README.md", "new.md"]);
}

#[test]
fn a_check_of_files_does_not_run_where_none_has_changed() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = { run = \"each {files}\", files = [\"*.md\"] }")
        .base()
        .edit("crates/base/src/lib.rs");
    compare(
        &repo,
        "--since base",
        "build: T(base); doc: D(base); fmt: base; each: no",
    );
    let _ = repo.run("check each --since base").exits(0);
    assert_eq!(repo.arguments(), [""; 0]);
}

#[test]
fn a_check_is_given_the_crates_that_are_affected() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = \"each {packages}\"")
        .base()
        .edit("crates/mid/src/lib.rs");
    let _ = repo.run("check each --since base").exits(0);
    assert_eq!(repo.arguments(), ["-p", "mid", "-p", "top"]);
}

#[test]
fn what_is_asked_for_and_what_is_affected_intersect() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = \"each {packages}\"")
        .base()
        .edit("crates/mid/src/lib.rs");
    let _ = repo.run("check each --changed-only -p top -p lonely").exits(0);
    assert_eq!(repo.arguments(), ["-p", "top"]);
    let none = repo.run("check each --changed-only -p lonely").exits(0);
    assert_eq!(repo.arguments(), ["-p", "top"], "{none}");
}

#[test]
fn where_nothing_has_changed_there_is_nothing_to_do() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = \"each {packages}\"")
        .base();
    let out = repo.run("check each --changed-only").exits(0);
    assert!(format!("{out}").to_lowercase().contains("nothing to do"), "{out}");
    assert_eq!(repo.arguments(), [""; 0]);
    let _ = repo.run("plan --changed-only").exits(0);
}

#[test]
fn where_no_crate_is_affected_cargo_is_not_given_its_default_set() {
    let repo = repository();
    repo.recorder("each")
        .one_more_check("each = \"each {packages}\"")
        .base()
        .edit("docs/guide.md");
    let _ = repo.run("check each --changed-only").exits(0);
    assert_eq!(repo.arguments(), [""; 0]);
}

#[test]
fn a_check_does_not_wait_for_one_that_has_nothing_to_do() {
    let repo = repository();
    repo.noting(&["first", "second"])
        .one_more_check("first = { run = \"first\", affects = \"inputs\", inputs = [\"schema/**\"] }")
        .one_more_check("second = { run = \"second\", depends-on = [\"first\"] }")
        .base()
        .edit("crates/lonely/src/lib.rs");
    let _ = repo.run("check second --since base").exits(0);
    assert_eq!(repo.log(), ["second"]);
}

#[test]
fn a_check_that_others_wait_for_runs_on_its_own_crates() {
    let repo = repository();
    repo.one_more_check("late = { run = \"late {packages}\", depends-on = [\"clippy\"] }")
        .base()
        .write("clippy.toml", "msrv = \"1.80\"\n");
    compare(&repo, "--since base", "clippy: ALL; late: ");
}

#[test]
fn everything_is_run_and_what_would_have_been_missed_is_said() {
    let repo = repository();
    repo.tool("each", "note \"$2\"; test \"$2\" != lonely")
        .one_more_check("each = \"each -p {package}\"")
        .base()
        .edit("crates/mid/src/lib.rs");
    let _ = repo.run("check each --changed-only").exits(0);
    let out = repo.run("check each --changed-only --verify").exits(1);
    assert!(format!("{out}").contains("lonely"), "{out}");
    assert!(repo.log().contains(&"server".to_owned()), "{out}");
}

#[test]
fn the_plan_is_that_of_what_is_affected() {
    let repo = repository();
    repo.edit("crates/mid/src/lib.rs");
    let out = repo.run("plan doc --since base -v").exits(0);
    assert!(out.stdout.contains("mid") && out.stdout.contains("top"), "{out}");
    assert!(
        !out.stdout.contains("lonely") && !out.stdout.contains("--workspace"),
        "{out}"
    );
}
