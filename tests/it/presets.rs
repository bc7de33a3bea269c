//! The built-in checks, with fakes in the place of the tools.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// What a preset gives to the tool that it needs.
#[track_caller]
fn check(preset: &str, tool: &str, arguments: &str, expected: &str) {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.recorder(tool).hooks(&format!("checks.{preset} = true"));
    let _ = sandbox.run(&format!("check {arguments}")).exits(0);
    assert_eq!(sandbox.arguments().join(" "), expected, "{preset}");
}

#[test]
fn each_tool_is_called_as_it_wants_to_be() {
    check(
        "deny",
        "cargo-deny",
        "--locked",
        "deny --color never --locked --workspace check",
    );
    check("audit", "cargo-audit", "", "audit --color never");
    check("machete", "cargo-machete", "", "machete");
    check("machete", "cargo-machete", "--fix", "machete --fix machete");
    check("shear", "cargo-shear", "", "shear --color never");
    check("typos", "typos", "", "--color never");
    check("typos", "typos", "--fix", "--write-changes --color never");
    check("spellcheck", "cargo-spellcheck", "", "spellcheck check --code 1");
    check(
        "taplo",
        "taplo",
        "--color always",
        "format --check --diff --colors always",
    );
    check("sort", "cargo-sort", "", "sort --check --workspace");
    check("hakari", "cargo-hakari", "", "hakari verify");
    check(
        "semver-checks",
        "cargo-semver-checks",
        "-p beta",
        "semver-checks --color never -p beta",
    );
    check(
        "hack",
        "cargo-hack",
        "--offline",
        "hack check --offline --message-format json --feature-powerset --keep-going --workspace",
    );
}

#[test]
fn the_oldest_rust_is_tried_crate_by_crate() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.recorder("cargo-msrv").hooks("checks.msrv = true");
    let _ = sandbox.run("check --serial").exits(0);
    let dir = |name: &str| sandbox.ws().join(name).to_str().unwrap().to_owned();
    let [alpha, beta] = ["alpha", "beta"].map(dir);
    assert_eq!(
        sandbox.arguments().join(" "),
        format!("msrv verify --path {alpha} msrv verify --path {beta}")
    );
}

#[test]
fn tests_run_with_nextest_where_it_is_installed() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.test = { args = [\"--all-features\"] }");
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    1 check, 1 task in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      test (builds)
        cargo test --message-format json --no-fail-fast --workspace --all-features
    ");
    sandbox.recorder("cargo-nextest");
    let mut plan = sandbox.run("plan --serial");
    // The list of tests has a name that is made from the command.
    let (before, name) = plan.stdout.split_once("/nextest-").unwrap();
    let (_, after) = name.split_once(".json").unwrap();
    plan.stdout = format!("{before}/nextest-X.json{after}");
    assert_snapshot!(plan, @"
    exit code 0
    --- stdout ---
    1 check, 3 tasks in 2 waves on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      test nextest, build (builds)
        cargo-nextest nextest list --list-type binaries-only --message-format json --color never --workspace --all-features
      test doctest (builds)
        cargo test --message-format json --no-fail-fast --doc --workspace --all-features

    wave 2
      test nextest (if passed: test nextest, build)
        cargo-nextest nextest run --binaries-metadata [ROOT]/ws/target/cargo-hooks/nextest-X.json --color never --no-fail-fast --no-tests pass --show-progress none --status-level fail
    ");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments()[..2], ["nextest", "list"]);
}

#[test]
fn nextest_that_is_asked_for_by_name_must_be_there() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.nextest = true");
    let out = sandbox.run("check").exits(3);
    assert!(
        out.stderr.contains("needs: cargo install --locked cargo-nextest"),
        "{out}"
    );
}

#[test]
fn a_preset_can_be_refined_renamed_and_replaced() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks(
        r#"
checks.clippy = { args = ["--", "-D", "warnings"], timeout = "5m" }
checks.pedantic = { preset = "clippy", args = ["--", "-W", "clippy::pedantic"], allow-failure = true }
checks.fmt = "cargo fmt --check"
"#,
    );
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    3 checks, 3 tasks in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      clippy (at most 5m; denies warnings; builds)
        cargo-clippy clippy --message-format json --keep-going --lib --bins --tests --examples --workspace
      pedantic (builds)
        cargo-clippy clippy --message-format json --keep-going --lib --bins --tests --examples --workspace -- -W clippy::pedantic
      fmt
        cargo fmt --check
    ");
}

#[test]
fn options_for_cargo_reach_every_cargo() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let out = sandbox.run("plan --locked --offline").exits(0);
    for command in ["cargo-clippy clippy", "cargo test", "cargo doc"] {
        assert!(
            out.stdout
                .contains(&format!("{command} --locked --offline --message-format")),
            "{out}"
        );
    }
}

#[test]
fn no_alias_of_the_repository_takes_the_place_of_clippy() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .write(".cargo/config.toml", "[alias]\nclippy = \"check\"\n")
        .append(
            "alpha/src/lib.rs",
            "\n#[deny(clippy::needless_return)]\nfn _f() -> u32 {\n    return 1;\n}\n",
        );
    let out = sandbox.run("clippy").exits(1);
    assert!(out.stdout.contains("[clippy::needless_return]"), "{out}");
}

#[test]
fn a_skipped_check_is_said_to_be_skipped() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let out = sandbox.command("fmt doc").env("SKIP", "fmt,doc").output().exits(0);
    assert!(out.stdout.contains("SKIPPED fmt: `--skip` or `SKIP` names it"), "{out}");
}
