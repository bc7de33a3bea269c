//! Which checks run, and on which crates.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// Three checks, of which one needs another, and one runs only when it is asked for.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha", "beta-two"]);
    sandbox.noting(&["base", "top", "late", "by-hand"]).hooks(
        r#"
checks.base = "base"
checks.top = { run = "top", depends-on = ["base"] }
checks.late = { run = "late", stages = ["pre-push"] }
checks.by-hand = { run = "by-hand", stages = ["manual"] }
"#,
    );
    sandbox
}

/// What runs for a command line.
#[track_caller]
fn check(arguments: &str, expected: &[&str]) {
    let sandbox = sandbox();
    let _ = sandbox.run(&format!("check --serial {arguments}")).exits(0);
    assert_eq!(sandbox.log(), expected, "{arguments}");
}

#[test]
fn all_checks_run_but_those_that_want_to_be_asked() {
    check("", &["base", "top", "late"]);
    check("--all", &["base", "top", "late"]);
}

#[test]
fn a_named_check_runs_with_what_it_depends_on() {
    check("top", &["base", "top"]);
    check("base late", &["base", "late"]);
    check("by-hand", &["by-hand"]);
}

#[test]
fn a_skipped_check_does_not_run_even_where_another_depends_on_it() {
    check("--skip late", &["base", "top"]);
    check("--skip base --skip late", &["top"]);
    check("top --skip base", &["top"]);
}

#[test]
fn a_stage_has_its_own_checks() {
    check("--stage pre-push", &["base", "top", "late"]);
    check("--stage pre-commit", &["base", "top"]);
    check("--stage manual", &["by-hand"]);
    check("--stage commit-msg", &[]);
}

#[test]
fn the_variable_skip_leaves_out_what_it_names_and_ignores_what_it_does_not_know() {
    let sandbox = sandbox();
    let run = sandbox.command("check --serial").env("SKIP", "late, top,eslint,");
    let _ = run.output().exits(0);
    assert_eq!(sandbox.log(), ["base"]);
}

#[test]
fn unknown_names_are_refused_with_the_nearest_that_is_known() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("check tpo"), @"
    exit code 2
    --- stderr ---
    error: there is no check `tpo`; did you mean `top`?
    help: `cargo hooks list` shows the checks
    ");
    assert_snapshot!(sandbox.run("check --skip bases"), @"
    exit code 2
    --- stderr ---
    error: there is no check `bases`; did you mean `base`?
    help: `cargo hooks list` shows the checks
    ");
    assert_snapshot!(sandbox.run("check -p alhpa"), @"
    exit code 2
    --- stderr ---
    error: no crate of the workspace is named `alhpa`; did you mean `alpha`?
    ");
    assert_snapshot!(sandbox.run("check --exclude zzz*"), @"
    exit code 2
    --- stderr ---
    error: no crate of the workspace is named `zzz*`
    ");
    assert_snapshot!(sandbox.run("check -p [z-a]"), @"
    exit code 2
    --- stderr ---
    error: `[z-a]` is no pattern for names of crates: invalid range; 'z' > 'a'
    ");
    assert_snapshot!(sandbox.run("check --stage pre-psuh"), @"
    exit code 2
    --- stderr ---
    error: invalid value 'pre-psuh' for '--stage <STAGE>'
      [possible values: pre-commit, pre-merge-commit, prepare-commit-msg, commit-msg, post-commit, pre-rebase, post-checkout, post-merge, post-rewrite, pre-push, applypatch-msg, pre-applypatch, post-applypatch, pre-auto-gc, sendemail-validate, ci, manual]

      tip: a similar value exists: 'pre-push'

    For more information, try '--help'.
    ");
    assert!(sandbox.log().is_empty());
}

#[test]
fn crates_are_selected_by_name_and_pattern() {
    let check = |arguments: &str, expected: &[&str]| {
        let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha", "beta-two"]);
        sandbox.recorder("each").hooks("checks.each = \"each {package}\"");
        let _ = sandbox.run(&format!("check --serial {arguments}")).exits(0);
        assert_eq!(sandbox.arguments(), expected, "{arguments}");
    };
    check("", &["alpha", "beta", "beta-two"]);
    check("-p beta", &["beta"]);
    check("-p beta* --exclude beta", &["beta-two"]);
    check("-p alpha -p beta-t??", &["alpha", "beta-two"]);
    check("--exclude beta*", &["alpha"]);
}

#[test]
fn crates_reach_a_command_as_arguments_of_cargo() {
    let check = |arguments: &str, expected: &[&str]| {
        let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha", "beta-two"]);
        sandbox.recorder("all").hooks("checks.all = \"all {packages}\"");
        let _ = sandbox.run(&format!("check {arguments}")).exits(0);
        assert_eq!(sandbox.arguments(), expected, "{arguments}");
    };
    check("", &["--workspace"]);
    check("-p beta", &["-p", "beta"]);
    check("--exclude beta-two", &["-p", "alpha", "-p", "beta"]);
}

#[test]
fn a_check_of_the_whole_workspace_is_left_out_for_single_crates_unless_it_is_named() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("check -p alpha"), @"
    exit code 0
    --- stdout ---
         SKIPPED base: it is about the whole workspace, not about single crates
         SKIPPED top: it is about the whole workspace, not about single crates
         SKIPPED late: it is about the whole workspace, not about single crates
    ------------
         Summary [     TIME] nothing to do, 3 skipped
    ");
    let _ = sandbox.run("check base -p alpha").exits(0);
    assert_eq!(sandbox.log(), ["base"]);
}

#[test]
fn a_time_that_nobody_lives_to_see_is_a_limit_all_the_same() {
    check("base --timeout 500000years", &["base"]);
}

#[test]
fn contradictions_are_refused() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("check --serial --parallel"), @"
    exit code 2
    --- stderr ---
    error: the argument '--serial' cannot be used with '--parallel'

    Usage: cargo hooks check --serial [CHECK]...

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run("check --all -p alpha"), @"
    exit code 2
    --- stderr ---
    error: the argument '--all' cannot be used with '--package <CRATE>'

    Usage: cargo hooks check --all [CHECK]...

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run("check --timeout soon"), @"
    exit code 2
    --- stderr ---
    error: invalid value 'soon' for '--timeout <DURATION>': expected number at 0

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run("check --timeout 0s"), @"
    exit code 2
    --- stderr ---
    error: invalid value '0s' for '--timeout <DURATION>': no time at all

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run("check -j 0"), @"
    exit code 2
    --- stderr ---
    error: invalid value '0' for '--max-workers <N>': 0 is not in 1..=10000

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run("check -q -v"), @"
    exit code 2
    --- stderr ---
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: cargo hooks check --quiet [CHECK]...

    For more information, try '--help'.
    ");
}
