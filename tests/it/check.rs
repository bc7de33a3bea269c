//! `check` with nothing configured, and with the real tools.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const CRATES: [&str; 3] = ["alpha", "beta -> alpha", "gamma"];

#[test]
fn a_workspace_without_configuration_is_checked_by_the_defaults() {
    let sandbox = Sandbox::workspace(&CRATES);
    let out = sandbox.run("--serial");
    assert_snapshot!(out, @"");
}

#[test]
fn quiet_says_nothing_where_all_is_well() {
    let sandbox = Sandbox::workspace(&CRATES);
    assert_snapshot!(sandbox.run("check fmt -q"), @"");
}

#[test]
fn what_is_not_formatted_is_found_repaired_and_found_no_more() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.write("beta/src/lib.rs", "//! B.\nfn  one() {}\n");
    assert_snapshot!(sandbox.run("check fmt"), @"");
    assert_snapshot!(sandbox.run("check fmt --fix"), @"");
    assert_eq!(sandbox.read("beta/src/lib.rs"), "//! B.\nfn one() {}\n");
    assert_snapshot!(sandbox.run("check fmt"), @"");
}

#[test]
fn what_clippy_finds_is_shown_with_crate_file_and_line() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.hooks("checks.clippy = { args = ['--', '-D', 'warnings'] }");
    sandbox.write(
        "beta/src/lib.rs",
        "//! B.\n\n/// Tells.\npub fn tell(x: bool) -> bool {\n    return x;\n}\n",
    );
    assert_snapshot!(sandbox.run("clippy --serial"), @"");
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
fn what_does_not_compile_is_not_blamed_on_others() {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox.hooks("checks.check = true");
    sandbox.write("gamma/src/lib.rs", "//! G.\n\nfn f() -> u32 {\n    \"\"\n}\n");
    assert_snapshot!(sandbox.run("check --message-format human"), @"");
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
