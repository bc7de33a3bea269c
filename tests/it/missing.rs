//! Tools that are not installed.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn nothing_runs_where_a_tool_is_missing_and_it_is_said_how_to_get_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["here"]).hooks(
        r#"
checks.here = "here"
checks.machete = true
checks.other = { run = "no-such-tool --flag", requires = ["no-such-helper"] }
"#,
    );
    assert_snapshot!(sandbox.run("check"), @r#"
    exit code 3
    --- stderr ---
    error: tools are not installed
      `cargo-machete`, which the check `machete` needs: cargo install --locked cargo-machete
      `no-such-helper`, which the check `other` needs
      `no-such-tool`, which the check `other` needs
    help: `on-missing = "skip"` leaves a check out where its tool is not installed; so does `--skip`, once
    "#);
    assert!(sandbox.log().is_empty());
    let _ = sandbox.run("check here").exits(0);
    let _ = sandbox.run("check --force --skip machete --skip other").exits(0);
    assert_eq!(sandbox.log(), ["here", "here"]);
}

#[test]
fn a_check_that_may_be_missing_is_left_out_audibly() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["here"]).hooks(
        r#"
checks.here = "here"
checks.machete = { on-missing = "skip" }
checks.needs = { run = "here", depends-on = ["machete"] }
"#,
    );
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 2 checks, 2 tasks in 1 wave on 1 slot
         SKIPPED machete: `cargo-machete` is not installed
            PASS [     TIME] here
            PASS [     TIME] needs
    ------------
         Summary [     TIME] 2 tasks: 2 passed, 1 skipped
    ");
    assert_eq!(sandbox.log(), ["here", "here"]);
}

#[test]
fn a_tool_for_repairs_is_missed_only_where_something_is_to_be_repaired() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["here"]);
    sandbox.hooks("checks.here = { run = \"here\", fix = \"no-such-fixer\" }");
    let _ = sandbox.run("check").exits(0);
    assert_snapshot!(sandbox.run("check --fix"), @r#"
    exit code 3
    --- stderr ---
    error: a tool is not installed
      `no-such-fixer`, which the check `here` needs
    help: `on-missing = "skip"` leaves a check out where its tool is not installed; so does `--skip`, once
    "#);
}

#[test]
fn without_cargo_nothing_works_and_it_is_said_how_to_get_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let run = sandbox.command("check").env("PATH", sandbox.root().join("home"));
    assert_snapshot!(run.output(), @"
    exit code 3
    --- stderr ---
    error: `cargo` is not installed, or not on the PATH
    help: install Rust from https://rustup.rs
    ");
}

#[test]
fn a_tool_in_the_directory_of_cargo_is_found_though_it_is_not_in_the_path() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("elsewhere", "note found");
    let bin = sandbox.root().join("cargo-home/bin/elsewhere");
    std::fs::rename(sandbox.root().join("bin/elsewhere"), bin).unwrap();
    sandbox.hooks("checks.elsewhere = \"elsewhere\"");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.log(), ["found"]);
}

#[test]
fn what_does_not_run_on_this_system_is_left_out() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.there = { run = \"no-such-tool\", platforms = [\"windows\"] }");
    let out = sandbox.run("check").exits(0);
    assert!(out.stdout.contains("SKIPPED there: it does not run on"), "{out}");
}
