//! What is wrong with a configuration is told all at once, and nothing runs.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn all_mistakes_are_told_at_once_and_nothing_runs() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["marker"]).hooks(
        r#"
strategy = "paralel"
timeout = "10 parsecs"
max-paralel = 4

[workspace.metadata.hooks.checks]
marker = "marker"
fmt = { depends-on = ["clipy"], weight = 0 }
clippy = { preset = "clipy" }
empty = {}
two = { run = "a", shell = "b" }
glob = { run = "a {files}", files = ["src/[ab"] }
first = { run = "a", after = ["second"] }
second = { run = "a", after = ["first"] }
hole = "a {file}"
scope = { run = "a {package}", scope = "workspace" }
on-missing = { run = "a", on-missing = "sikp" }
cwd = { run = "a", cwd = "../elsewhere" }
typed = { run = "a", critical = "yes" }
"bad name" = "a"
off = false
"#,
    );
    let out = sandbox.run("check");
    assert_snapshot!(out, @"");
    assert_eq!(out.stdout, "");
    assert!(sandbox.log().is_empty());
}

#[test]
fn one_mistake_is_one() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.lint = { rnu = \"lint\" }");
    assert_snapshot!(sandbox.run("list"), @"");
}

#[test]
fn a_manifest_that_is_no_toml_is_shown_where_it_breaks() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.lint = \"lint\nchecks.other = = 1");
    assert_snapshot!(sandbox.run("check"), @"");
}

#[test]
fn a_key_that_is_there_twice_is_a_mistake() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("fail-fast = true\nfail-fast = false");
    assert_snapshot!(sandbox.run("check"), @"");
}

#[test]
fn mistakes_in_the_manifest_of_a_member_are_shown_with_its_path() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.hooks("checks.lint = \"lint {package}\"");
    sandbox.package_hooks("beta", "skip = [\"lnit\"]\nstages = 1\nchecks.lint.timeout = \"soon\"");
    assert_snapshot!(sandbox.run("check"), @"");
}

#[test]
fn a_manifest_that_cargo_refuses_is_a_mistake_of_the_project() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.write("alpha/Cargo.toml", "[package]\nversion = \"0.1.0\"\n");
    let out = sandbox.run("check").exits(2);
    assert_eq!(out.stdout, "");
    assert!(out.stderr.contains("alpha/Cargo.toml"), "{out}");
}

#[test]
fn where_there_is_no_workspace_cargo_says_so() {
    let sandbox = Sandbox::empty("workspace");
    assert_snapshot!(sandbox.run("check"), @"");
}

#[test]
fn hostile_names_do_no_harm_to_the_terminal() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.\"\\u001B[2J\\u202Eevil\" = \"a\"");
    let out = sandbox.run("check").exits(2);
    assert!(!out.stderr.contains(['\u{1b}', '\u{202e}']), "{out}");
}
