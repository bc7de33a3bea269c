//! Workspaces of every shape.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn a_root_package_with_members_is_one_crate_among_them() {
    let sandbox = Sandbox::package("root");
    sandbox.recorder("each").krate("member", "member", "");
    sandbox.append(
        "Cargo.toml",
        "\n[workspace]\nmembers = [\"member\"]\n[workspace.metadata.hooks]\nchecks.each = \"each {package}\"\n",
    );
    let _ = sandbox.run("check --serial").exits(0);
    let mut crates = sandbox.arguments();
    crates.sort();
    assert_eq!(crates, ["member", "root"]);
}

#[test]
fn crates_come_after_those_that_they_depend_on() {
    let sandbox = Sandbox::workspace(&["a -> m z", "m -> z", "z"]);
    sandbox.recorder("each").hooks("checks.each = \"each {package}\"");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.arguments(), ["z", "m", "a"]);
}

#[test]
fn what_is_excluded_is_no_crate_of_the_workspace() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.krate("vendored", "vendored", "").recorder("each");
    sandbox.append("Cargo.toml", "exclude = [\"vendored\"]\n");
    sandbox.hooks("checks.each = \"each {package}\"");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.arguments(), ["alpha"]);
    let _ = sandbox.run("check -p vendored").exits(2);
}

#[test]
fn a_crate_in_a_directory_of_another_name_is_called_by_its_own() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.krate("crates/inner dir", "real-name", "").recorder("each");
    sandbox.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"alpha\", \"crates/*\"]\nresolver = \"3\"\n",
    );
    sandbox.hooks("checks.each = { run = \"each {package} {package-dir}\", cwd = \"{package-dir}\" }");
    let _ = sandbox.run("check -p real-name").exits(0);
    let dir = sandbox.ws().join("crates/inner dir");
    assert_eq!(sandbox.arguments(), ["real-name", dir.to_str().unwrap()]);
}

#[test]
fn sources_of_two_editions_are_formatted_each_by_its_own() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.write(
        "beta/Cargo.toml",
        "[package]\nname = \"beta\"\nversion = \"0.1.0\"\nedition = \"2018\"\n",
    );
    sandbox
        .write("beta/src/lib.rs", "pub fn async_() {}\n")
        .write("beta/src/main.rs", "fn main() {}\n");
    assert_snapshot!(sandbox.run("plan fmt --serial"), @"
    exit code 0
    --- stdout ---
    1 check, 2 tasks in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      fmt edition 2018
        rustfmt --check --color never --edition 2018 beta/src/lib.rs beta/src/main.rs
      fmt edition 2024
        rustfmt --check --color never --edition 2024 alpha/src/lib.rs
    ");
    let _ = sandbox.run("check fmt").exits(0);
}

#[test]
fn a_check_for_libraries_passes_over_crates_without_one() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    std::fs::rename(
        sandbox.ws().join("beta/src/lib.rs"),
        sandbox.ws().join("beta/src/main.rs"),
    )
    .unwrap();
    sandbox.recorder("each");
    sandbox.hooks("checks.each = { run = \"each {package}\", with-target = \"lib\" }");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.arguments(), ["alpha"]);
    let out = sandbox.run("check -p beta").exits(0);
    assert!(
        out.stdout.contains("SKIPPED each: no selected crate has a lib target"),
        "{out}"
    );
}

#[test]
fn a_workspace_whose_path_has_spaces_and_signs_works() {
    let sandbox = Sandbox::empty("workspace");
    sandbox.krate("odd [dir] 'x' $y", "odd", "").recorder("each");
    sandbox.append(
        "odd [dir] 'x' $y/Cargo.toml",
        "[package.metadata.hooks.checks]\nfmt = true\neach = { run = \"each {files}\", files = [\"src/*.rs\"] }\n",
    );
    let run = sandbox.command("check").dir("odd [dir] 'x' $y");
    let _ = run.output().exits(0);
    assert_eq!(sandbox.arguments(), ["src/lib.rs"]);
}

#[test]
fn two_programs_can_run_in_one_workspace_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "note ran")
        .hooks("checks.tool = \"tool\"\nchecks.check = true");
    let runs = [(); 2].map(|()| sandbox.command("check").start());
    for run in runs {
        let _ = run.wait().exits(0);
    }
    assert_eq!(sandbox.log(), ["ran", "ran"]);
}
