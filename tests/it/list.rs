//! `list`: which checks there are.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.hooks(
        r#"
checks.fmt = true
checks.lint = { run = "lint {package}", fix = "lint --fix {package}", description = "No lint", depends-on = ["fmt"] }

[workspace.metadata.hooks.checks.late]
shell = "echo late | cat"
stages = ["pre-push"]
files = ["*.md", "docs/**"]
exclude = ["CHANGELOG.md"]
affects = "inputs"
inputs = ["./late.toml"]
"#,
    );
    sandbox.package_hooks("beta", "checks.lint.args = [\"two words\"]");
    sandbox
}

#[test]
fn names_and_purposes() {
    assert_snapshot!(sandbox().run("list"), @"
    exit code 0
    --- stdout ---
    fmt   Rust sources are formatted
    lint  No lint
    late  echo late | cat
    ");
    assert_snapshot!(sandbox().run("list -v"), @"
    exit code 0
    --- stdout ---
    fmt   Rust sources are formatted
          run      rustfmt --check --color {color} --edition {edition} {roots}
          fix      rustfmt --edition {edition} {roots}
          scope    packages
          stages   pre-commit, pre-push, ci
          affects  changed
          kinds    rust
          inputs   **/rustfmt.toml, **/.rustfmt.toml
    lint  No lint
          run      lint {package}
          fix      lint --fix {package}
          scope    package
          stages   pre-commit, pre-push, ci
          needs    fmt
          affects  dependents
          kinds    source, tests, dev-dependencies, rust, manifest, files
          crates   alpha
          run      lint {package} 'two words'
          fix      lint --fix {package} 'two words'
          scope    package
          stages   pre-commit, pre-push, ci
          needs    fmt
          affects  dependents
          kinds    source, tests, dev-dependencies, rust, manifest, files
          crates   beta
    late  echo late | cat
          run      echo late | cat
          scope    workspace
          stages   pre-push
          files    **/*.md, docs/**
          exclude  **/CHANGELOG.md
          affects  inputs
          inputs   late.toml
    ");
}

#[test]
fn for_programs() {
    let out = sandbox().run("list --message-format json").exits(0);
    let lines = out.json();
    let names: Vec<_> = lines.iter().map(|line| line["check"].as_str().unwrap()).collect();
    assert_eq!(names, ["fmt", "lint", "late"]);
    assert_eq!(lines[1]["format"], 1);
    assert_eq!(lines[1]["variants"][1]["crates"][0], "beta");
    assert_eq!(lines[1]["variants"][1]["run"], "lint {package} 'two words'");
    let late = &lines[2]["variants"][0];
    assert_eq!(late["stages"][0], "pre-push");
    assert_eq!(late["files"], serde_json::json!(["**/*.md", "docs/**"]));
    assert_eq!(late["exclude"], serde_json::json!(["**/CHANGELOG.md"]));
    assert_eq!(late["affects"], "inputs");
    assert_eq!(late["kinds"], serde_json::json!([]));
    assert_eq!(late["inputs"], serde_json::json!(["late.toml"]));
    assert_eq!(lines[0]["variants"][0]["kinds"], serde_json::json!(["rust"]));
}

#[test]
fn the_defaults_where_nothing_is_configured() {
    let out = Sandbox::package("solo").run("list").exits(0);
    let names: Vec<_> = out
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, ["fmt", "clippy", "test", "doc"]);
}

#[test]
fn what_is_built_in_is_listed_without_a_workspace() {
    let sandbox = Sandbox::empty("workspace");
    assert_snapshot!(sandbox.run("list --presets"), @"
    exit code 0
    --- stdout ---
    fmt            Rust sources are formatted
    clippy         Clippy finds nothing that is an error
    check          Everything compiles
    test           The tests pass: with nextest where it is installed, else with cargo test
    nextest        The tests pass, run by nextest, which runs no documentation tests
    doctest        The examples in the documentation pass
    doc            The documentation builds
    deny           Licences, advisories, bans and sources are as deny.toml wants them
    audit          No dependency has a known vulnerability
    machete        Every dependency is used, as far as the sources tell
    shear          Every dependency is used, as far as the sources and the manifests tell
    udeps          Every dependency is used, as the compiler sees it (needs a nightly toolchain)
    typos          No word is misspelt in a way that people often misspell it
    spellcheck     The documentation is spelt well
    taplo          TOML files are formatted
    sort           The dependencies in every manifest are sorted
    hakari         The workspace-hack crate is up to date
    semver-checks  The public interface has changed only as the version says
    hack           Every combination of features compiles
    msrv           The crate compiles with the oldest Rust that its manifest promises
    miri           The tests have no undefined behaviour that Miri sees (needs a nightly toolchain)
    ");
    let _ = sandbox.run("list --presets -v --message-format json").exits(0).json();
}
