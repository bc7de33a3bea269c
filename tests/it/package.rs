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
    assert_snapshot!(sandbox.run("plan"), @"");
}

#[test]
fn the_own_check_of_a_package_runs_in_its_directory() {
    let sandbox = three();
    sandbox.tool("own", "note \"${PWD#\"$SANDBOX\"} $*\"");
    sandbox.package_hooks("beta", "checks.own = { run = \"own {files}\", files = [\"src/*.rs\"] }");
    let out = sandbox.run("check own");
    assert_snapshot!(out, @"");
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
    assert_snapshot!(sandbox.run("check"), @"");
}

#[test]
fn the_table_of_a_single_package_is_the_whole_configuration() {
    let sandbox = Sandbox::package("solo");
    sandbox.recorder("each");
    sandbox.hooks("max-parallel = 1\nchecks.each = \"each {package}\"\nchecks.once = \"each once\"");
    assert_snapshot!(sandbox.run("check"), @"");
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
    assert_snapshot!(sandbox.run("check"), @"");
    let sandbox = three();
    sandbox.hooks("checks.each = { run = \"each {package}\", packages = [\"be*\", \"gamma\"] }");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments(), ["beta", "gamma"]);
}
