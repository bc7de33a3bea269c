//! How the program is called, and where.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.tool("tool", "note \"$1 ${PWD#\"$SANDBOX\"}\"");
    sandbox.hooks("checks.a = \"tool a\"\nchecks.b = \"tool b\"");
    sandbox
}

#[test]
fn check_is_the_default_and_cargo_may_add_its_word() {
    let check = |arguments: &str, expected: &[&str]| {
        let sandbox = sandbox();
        let _ = sandbox.run(arguments).exits(0);
        assert_eq!(sandbox.log(), expected, "{arguments}");
    };
    let (a, b) = ("a /ws", "b /ws");
    check("--serial", &[a, b]);
    check("check --serial", &[a, b]);
    check("hooks check --serial", &[a, b]);
    check("hooks --serial", &[a, b]);
    check("--skip a", &[b]);
    check("hooks --skip a", &[b]);
    check("b", &[b]);
    check("hooks a", &[a]);
    check("b a --serial", &[a, b]);
}

#[test]
fn cargo_finds_the_program_as_a_subcommand() {
    let sandbox = sandbox();
    symlink(
        env!("CARGO_BIN_EXE_cargo-hooks"),
        sandbox.root().join("bin/cargo-hooks"),
    )
    .unwrap();
    let out = sandbox.program("cargo").arg("hooks").arg("a").output().exits(0);
    assert_eq!(out.stderr, "");
    assert_eq!(sandbox.log(), ["a /ws"]);
}

#[test]
fn the_workspace_is_found_from_below_and_by_its_manifest() {
    let sandbox = sandbox();
    let _ = sandbox.command("check a --force").dir("beta/src").output().exits(0);
    let elsewhere = sandbox
        .command("check a --force --manifest-path ws/Cargo.toml")
        .dir("..");
    let _ = elsewhere.output().exits(0);
    let absolute = sandbox
        .command("--force --manifest-path")
        .arg(sandbox.ws().join("beta/Cargo.toml"));
    let _ = absolute.arg("a").dir("/").output().exits(0);
    assert_eq!(sandbox.log(), ["a /ws"; 3]);
}

#[test]
fn mistakes_are_named_by_the_path_that_can_be_opened_from_here() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "checks.c = 1\n");
    let shown = |dir: &str, path: &str| {
        let out = sandbox
            .command("check --manifest-path")
            .arg(sandbox.ws().join("Cargo.toml"));
        let out = out.dir(dir).output().exits(2);
        assert!(out.stderr.contains(&format!("--> {path}:8:12")), "{out}");
    };
    shown(".", "Cargo.toml");
    shown("..", "ws/Cargo.toml");
    shown("beta", "[ROOT]/ws/Cargo.toml");
}

#[test]
fn a_manifest_that_does_not_exist_is_a_mistake_of_the_command_line() {
    let out = sandbox().run("check --manifest-path nowhere/Cargo.toml").exits(2);
    assert!(out.stderr.contains("nowhere/Cargo.toml"), "{out}");
}

#[test]
fn the_version_is_that_of_the_crate() {
    let out = sandbox().run("--version").exits(0);
    assert_eq!(out.stdout, concat!("cargo-hooks ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn no_such_option() {
    assert_snapshot!(sandbox().run("check --chnaged"), @"
    exit code 2
    --- stderr ---
    error: unexpected argument '--chnaged' found

      tip: a similar argument exists: '--changed-only'

    Usage: cargo hooks check --changed-only [CHECK]...

    For more information, try '--help'.
    ");
}
