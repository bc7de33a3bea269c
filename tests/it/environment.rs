//! Which variables reach a check.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{Run, Sandbox};

fn sandbox(keys: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("dump", "env >\"$SANDBOX/env\"");
    sandbox.hooks(&format!("checks.dump = {{ run = \"dump\", {keys} }}"));
    sandbox
}

/// The variables that the check has seen.
fn seen(sandbox: &Sandbox, run: Run<'_>) -> BTreeMap<String, String> {
    let _ = run.output().exits(0);
    let text = fs::read_to_string(sandbox.root().join("env")).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn what_an_outer_cargo_or_git_left_does_not_reach_a_check() {
    const LEAKS: [&str; 12] = [
        "CARGO",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_PKG_NAME",
        "CARGO_PKG_VERSION",
        "CARGO_BIN_EXE_cargo-hooks",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_WORK_TREE",
        "GIT_AUTHOR_DATE",
        "OUT_DIR",
        "RUST_RECURSION_COUNT",
    ];
    let sandbox = sandbox("");
    let run = LEAKS
        .iter()
        .fold(sandbox.command("check"), |run, name| run.env(name, "/leaked"));
    let seen = seen(&sandbox, run);
    let leaked: Vec<_> = LEAKS.iter().filter(|name| seen.contains_key(**name)).collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

/// A test that makes a repository of its own must not end up in the user's.
#[test]
fn every_variable_that_git_calls_local_is_kept_from_checks() {
    let sandbox = sandbox("");
    let listed = sandbox
        .program("git")
        .args("rev-parse --local-env-vars")
        .output()
        .exits(0)
        .stdout;
    // How people configure git from outside.
    let names: Vec<_> = listed.lines().filter(|name| *name != "GIT_CONFIG_COUNT").collect();
    assert!(names.contains(&"GIT_DIR"), "{names:?}");
    let run = names
        .iter()
        .fold(sandbox.command("check"), |run, name| run.env(name, "/victim"));
    let seen = seen(&sandbox, run.env("GIT_CONFIG_COUNT", "0"));
    let leaked: Vec<_> = names.iter().filter(|name| seen.contains_key(**name)).collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    assert_eq!(seen["GIT_CONFIG_COUNT"], "0");
}

#[test]
fn what_the_user_sets_reaches_a_check() {
    const OWN: [&str; 7] = [
        "MY_OWN",
        "RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_PROFILE_DEV_DEBUG",
        "GIT_SSH_COMMAND",
        "GIT_AUTHOR_NAME",
        "LD_LIBRARY_PATH",
    ];
    let sandbox = sandbox("");
    let run = OWN
        .iter()
        .fold(sandbox.command("check"), |run, name| run.env(name, "/own value"));
    let seen = seen(&sandbox, run);
    for name in OWN {
        assert_eq!(seen.get(name).map(String::as_str), Some("/own value"), "{name}");
    }
}

#[test]
fn the_configuration_sets_variables_for_its_command_alone() {
    let sandbox = sandbox("set-env = { MY_OWN = \"from $HOME\", EMPTY = \"\" }");
    sandbox.append("Cargo.toml", "checks.other = \"other\"\n");
    sandbox.tool("other", "note \"other ${MY_OWN-unset}\"");
    let seen = seen(&sandbox, sandbox.command("check"));
    assert_eq!(seen["MY_OWN"], "from $HOME");
    assert_eq!(seen["EMPTY"], "");
    assert_eq!(sandbox.log(), ["other unset"]);
}

#[test]
fn the_library_path_loses_what_cargo_put_into_it() {
    let sandbox = sandbox("");
    let run = sandbox
        .command("check")
        .env("CARGO", "/toolchain/bin/cargo")
        .env("LD_LIBRARY_PATH", "/toolchain/lib:/opt/own/lib");
    assert_eq!(seen(&sandbox, run)["LD_LIBRARY_PATH"], "/opt/own/lib");
}

#[test]
fn through_cargo_a_check_sees_what_it_sees_without() {
    let sandbox = sandbox("");
    let direct = seen(&sandbox, sandbox.command("check"));
    symlink(
        env!("CARGO_BIN_EXE_cargo-hooks"),
        sandbox.root().join("bin/cargo-hooks"),
    )
    .unwrap();
    let through = seen(&sandbox, sandbox.program("cargo").arg("hooks").arg("check"));
    // The directories that rustup or cargo put in front of the PATH are no harm.
    let without_path = |mut variables: BTreeMap<String, String>| {
        variables.retain(|name, _| !["PATH", "_", "SSL_CERT_FILE", "SSL_CERT_DIR"].contains(&name.as_str()));
        variables
    };
    assert_eq!(without_path(through), without_path(direct));
}

#[test]
fn a_check_has_no_standard_input() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("reader", "note \"read: $(cat)\"");
    sandbox.hooks("checks.reader = \"reader\"");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.log(), ["read: "]);
}
