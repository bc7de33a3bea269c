//! `doctor`: what the machine lacks.

use insta::assert_snapshot;

use crate::sandbox::{Output, Sandbox};

/// The report without the versions of what the tests cannot choose.
fn doctor(sandbox: &Sandbox) -> Output {
    let mut out = sandbox.run("doctor");
    let lines = out
        .stdout
        .lines()
        .map(|line| match line.find(" 1.").or(line.find(" version ")) {
            Some(version) => format!("{} VERSION\n", &line[..version]),
            None => format!("{line}\n"),
        });
    out.stdout = lines.collect();
    out
}

#[test]
fn where_nothing_is_missing_it_says_what_there_is() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox
        .noting(&["lint"])
        .hooks("checks.lint = \"lint\"\nchecks.script = \"scripts/a.sh\"");
    assert_snapshot!(doctor(&sandbox), @"
    exit code 0
    --- stdout ---
          ok cargo      cargo VERSION
          ok rustc      rustc VERSION
          ok git        git VERSION
          ok workspace  [ROOT]/ws (2 crates)
          ok checks     lint, script
          ok lint       [ROOT]/bin/lint
    ");
    assert!(sandbox.log().is_empty(), "no check is run");
}

#[test]
fn where_something_is_missing_it_says_how_to_get_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks(
        "checks.machete = true\nchecks.own = { run = \"no-such-tool\", requires = [{ tool = \"helper\", hint = \"apt install helper\" }] }",
    );
    assert_snapshot!(doctor(&sandbox), @"
    exit code 3
    --- stdout ---
          ok cargo          cargo VERSION
          ok rustc          rustc VERSION
          ok git            git VERSION
          ok workspace      [ROOT]/ws (1 crate)
          ok checks         machete, own
     missing cargo-machete  not installed; to install it: cargo install --locked cargo-machete
     missing helper         not installed; to install it: apt install helper
     missing no-such-tool   not installed
    ");
}

#[test]
fn the_defaults_are_named() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let out = sandbox.run("doctor");
    assert!(
        out.stdout
            .contains("fmt, clippy, test, doc (the defaults, since none are configured)"),
        "{out}"
    );
}

#[test]
fn a_tool_that_does_not_work_is_no_better_than_one_that_is_missing() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("git", "echo git is broken >&2; exit 1")
        .hooks("checks.a = \"sh\"");
    let out = sandbox.run("doctor").exits(3);
    assert!(
        out.stdout.contains("git") && out.stdout.contains("does not work: git is broken"),
        "{out}"
    );
}

#[test]
fn it_says_which_checks_start_cargo_too_often() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.hooks("checks.each = \"cargo check -p {package}\"\nchecks.all = \"cargo check {packages}\"");
    let out = sandbox.run("doctor").exits(0);
    let advice: Vec<_> = out
        .stdout
        .lines()
        .filter(|line| line.trim_start().starts_with("advice"))
        .collect();
    assert_eq!(
        advice,
        [
            "  advice each       starts cargo once for each crate; with `{packages}` for `-p {package}` it would start it once for all"
        ]
    );
}
