//! What a package's own table changes for that package.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn three() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha", "gamma"]);
    sandbox.recorder("each");
    sandbox
}

#[test]
fn a_package_can_leave_a_check_out() {
    let sandbox = three();
    sandbox.hooks("checks.each = \"each {package}\"");
    sandbox.package_hooks("beta", "skip = [\"each\"]");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments(), ["alpha", "gamma"]);
}

#[test]
fn a_package_can_have_other_arguments() {
    let sandbox = three();
    sandbox.hooks("checks.each = { run = \"each {package}\", args = [\"--common\"] }");
    sandbox.package_hooks("beta", "checks.each.args = [\"--own\", \"two words\"]");
    let _ = sandbox.run("check --serial").exits(0);
    let mut arguments = sandbox.arguments();
    arguments.sort();
    let expected = ["--common", "--common", "--own", "alpha", "beta", "gamma", "two words"];
    assert_eq!(arguments, expected);
}

#[test]
fn a_check_of_all_crates_together_is_split_where_a_package_differs() {
    let sandbox = three();
    sandbox.hooks("checks.each = \"each {packages}\"");
    sandbox.package_hooks("beta", "checks.each.args = [\"--own\"]");
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    1 check, 2 tasks in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      each 2 crates
        each -p alpha -p gamma
      each beta
        each -p beta --own
    ");
}

#[test]
fn the_own_check_of_a_package_runs_in_its_directory() {
    let sandbox = three();
    sandbox.tool("own", "note \"${PWD#\"$SANDBOX\"} $*\"");
    sandbox.package_hooks("beta", "checks.own = { run = \"own {files}\", files = [\"src/*.rs\"] }");
    let out = sandbox.run("check own --serial");
    assert_snapshot!(out, @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] own beta
    ------------
         Summary [     TIME] 1 task: 1 passed
    ");
    assert_eq!(sandbox.log(), ["/ws/beta src/lib.rs"]);
}

#[test]
fn what_belongs_to_the_workspace_is_refused_in_a_package() {
    let sandbox = three();
    sandbox.hooks("checks.each = \"each {package}\"\nchecks.once = \"once\"");
    sandbox.package_hooks(
        "beta",
        "max-parallel = 2\ntimeout = \"1s\"\nskip = [\"once\"]\nchecks.once.args = [\"x\"]",
    );
    assert_snapshot!(sandbox.run("check"), @r#"
    exit code 2
    --- stderr ---
    error[misplaced-key]: this holds for a whole run, and cannot be set by one package
      --> beta/Cargo.toml:10:16
       |
    10 | max-parallel = 2
       |                ^
       |
       = help: move it to `[workspace.metadata.hooks]` in the root manifest

    error[misplaced-key]: this holds for a whole run, and cannot be set by one package
      --> beta/Cargo.toml:11:11
       |
    11 | timeout = "1s"
       |           ^^^^
       |
       = help: move it to `[workspace.metadata.hooks]` in the root manifest

    error[misplaced-key]: `once` runs once for the whole workspace: a package cannot skip it
      --> beta/Cargo.toml:12:9
       |
    12 | skip = ["once"]
       |         ^^^^^^
       |
      ::: Cargo.toml:7:8
       |
     7 | checks.once = "once"
       |        ---- the check is here

    error[misplaced-key]: `once` runs once for the whole workspace: a package cannot change it
      --> beta/Cargo.toml:13:8
       |
    13 | checks.once.args = ["x"]
       |        ^^^^
       |
      ::: Cargo.toml:7:8
       |
     7 | checks.once = "once"
       |        ---- the check is here

    error: the configuration has 4 mistakes; nothing was run
    "#);
}

#[test]
fn the_table_of_a_single_package_is_the_whole_configuration() {
    let sandbox = Sandbox::package("solo");
    sandbox.recorder("each");
    sandbox.hooks("max-parallel = 1\nchecks.each = \"each {package}\"\nchecks.once = \"each once\"");
    assert_snapshot!(sandbox.run("check"), @"
    exit code 0
    --- stdout ---
        Checking 1 crate: 2 checks, 2 tasks in 1 wave on 1 slot
            PASS [     TIME] each solo
            PASS [     TIME] once
    ------------
         Summary [     TIME] 2 tasks: 2 passed
    ");
    assert_eq!(sandbox.arguments(), ["solo", "once"]);
}

#[test]
fn the_root_package_of_a_workspace_refines_it_like_any_other() {
    let sandbox = Sandbox::package("root");
    sandbox.recorder("each").krate("member", "member", "");
    sandbox.append(
        "Cargo.toml",
        "[workspace]\nmembers = [\"member\"]\n\n[workspace.metadata.hooks.checks]\neach = \"each {package}\"\n",
    );
    sandbox.hooks("skip = [\"each\"]");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments(), ["member"]);
}

#[test]
fn a_check_can_be_about_some_packages_only() {
    let sandbox = three();
    sandbox.hooks("checks.each = { run = \"each {package}\", packages = [\"*a\", \"no-such*\"] }");
    assert_snapshot!(sandbox.run("check"), @r#"
    exit code 2
    --- stderr ---
    error[never-matches]: no crate of the workspace matches `no-such*`
     --> Cargo.toml:6:59
      |
    6 | checks.each = { run = "each {package}", packages = ["*a", "no-such*"] }
      |                                                           ^^^^^^^^^^

    error: the configuration has a mistake; nothing was run
    "#);
    let sandbox = three();
    sandbox.hooks("checks.each = { run = \"each {package}\", packages = [\"be*\", \"gamma\"] }");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments(), ["beta", "gamma"]);
}
