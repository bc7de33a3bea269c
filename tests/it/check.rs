//! `check` with nothing configured, and with the real tools.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const CRATES: [&str; 3] = ["alpha", "beta -> alpha", "gamma"];

#[test]
fn a_workspace_without_configuration_is_checked_by_the_defaults() {
    let sandbox = Sandbox::workspace(&CRATES);
    let out = sandbox.run("--serial");
    assert_snapshot!(out, @"
    exit code 0
    --- stdout ---
        Checking 3 crates: 4 checks, 4 tasks in 1 wave on 1 slot
            PASS [     TIME] fmt
            PASS [     TIME] clippy
            PASS [     TIME] test (no tests)
            PASS [     TIME] doc
    ------------
         Summary [     TIME] 4 tasks: 4 passed
    --- stderr ---
    note: no checks are configured, so the defaults stand in: fmt, clippy, test, doc; `cargo hooks init` writes them down
    ");
}

#[test]
fn only_the_defaults_that_run_are_announced() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let out = sandbox.run("check fmt doc --serial").exits(0);
    assert!(out.stderr.contains("stand in: fmt, doc; "), "{out}");
    let out = sandbox.run("check --stage commit-msg").exits(0);
    assert_eq!(out.stderr, "note: no check has the stage `commit-msg`\n");
}

#[test]
fn quiet_says_nothing_where_all_is_well() {
    let sandbox = Sandbox::workspace(&CRATES);
    assert_snapshot!(sandbox.run("check fmt -q"), @"exit code 0");
}

#[test]
fn what_is_not_formatted_is_found_repaired_and_found_no_more() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.write("beta/src/lib.rs", "//! B.\nfn  one() {}\n");
    assert_snapshot!(sandbox.run("check fmt --serial"), @"
    exit code 1
    --- stdout ---
        Checking 3 crates: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] fmt: 1 file not formatted in beta
                 beta  beta/src/lib.rs:2  not formatted

    --- fmt ---
        Diff in [ROOT]/ws/beta/src/lib.rs:1:
         //! B.
        -fn  one() {}
        +fn one() {}

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] fmt: 1 file not formatted in beta
                 rerun: cargo hooks check fmt
                 fix:   cargo hooks check fmt --fix
    --- stderr ---
    note: no checks are configured, so the defaults stand in: fmt; `cargo hooks init` writes them down
    ");
    assert_snapshot!(sandbox.run("check fmt --fix --serial"), @"
    exit code 0
    --- stdout ---
        Checking 3 crates: 1 check, 2 tasks in 2 waves on 1 slot
            PASS [     TIME] fmt fix
            PASS [     TIME] fmt
    ------------
         Summary [     TIME] 2 tasks: 2 passed
    --- stderr ---
    note: no checks are configured, so the defaults stand in: fmt; `cargo hooks init` writes them down
    ");
    assert_eq!(sandbox.read("beta/src/lib.rs"), "//! B.\nfn one() {}\n");
    assert_snapshot!(sandbox.run("check fmt --serial"), @"
    exit code 0
    --- stdout ---
        Checking 3 crates: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] fmt
    ------------
         Summary [     TIME] 1 task: 1 passed
    --- stderr ---
    note: no checks are configured, so the defaults stand in: fmt; `cargo hooks init` writes them down
    ");
}

#[test]
fn what_clippy_finds_is_told_with_crate_file_and_line() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.hooks("checks.clippy = { args = ['--', '-D', 'warnings'] }");
    sandbox.write(
        "beta/src/lib.rs",
        "//! B.\n\n/// Tells.\npub fn tell(x: bool) -> bool {\n    return x;\n}\n",
    );
    let out = sandbox.run("clippy").exits(1);
    assert!(
        out.stdout
            .contains("FAIL [     TIME] clippy: 1 denied warning in beta; 2 crates passed\n"),
        "{out}"
    );
    let finding = "beta  beta/src/lib.rs:5:5  unneeded `return` statement [clippy::needless_return]\n";
    assert!(out.stdout.contains(finding), "{out}");
    assert!(out.stdout.contains("rerun: cargo hooks check clippy\n"), "{out}");
    assert!(out.stdout.contains("fix:   cargo hooks check clippy --fix\n"), "{out}");
}

#[test]
fn a_failing_test_is_named() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.append(
        "beta/src/lib.rs",
        "\n#[test]\nfn two_is_one() {\n    assert_eq!(next(1), 1);\n}\n",
    );
    let out = sandbox.run("test --serial").exits(1);
    assert!(out.stdout.contains("FAIL"), "{out}");
    assert!(out.stdout.contains("two_is_one"), "{out}");
    assert!(out.stdout.contains("beta"), "{out}");
}

#[test]
fn what_does_not_compile_is_blamed_on_nobody_else() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.hooks("checks.check = true");
    sandbox.write("gamma/src/lib.rs", "//! G.\n\nfn f() -> u32 {\n    \"\"\n}\n");
    let out = sandbox.run("check --message-format json").exits(1);
    assert_eq!(out.outcomes(), ["check: failed"]);
    let lines = out.json();
    let finished = lines.iter().find(|line| line["type"] == "task-finished").unwrap();
    let findings = finished["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{out}");
    assert_eq!(findings[0]["crate"], "gamma");
    assert_eq!(findings[0]["file"], "gamma/src/lib.rs");
    assert_eq!(findings[0]["line"], 4);
    assert_eq!(findings[0]["code"], "E0308");
}

#[test]
fn checking_writes_nothing_but_the_target_directory_and_the_lock_file() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let _ = sandbox.run("check --serial").exits(0);
    let mut names: Vec<_> = std::fs::read_dir(sandbox.ws())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["Cargo.lock", "Cargo.toml", "alpha", "target"]);
}
