//! `init` writes a configuration, and changes nothing else.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// A workspace of one crate with this root manifest.
fn sandbox(manifest: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.write("Cargo.toml", manifest);
    sandbox
}

const MANIFEST: &str = "# A comment.\n[workspace]\nmembers = [\n    'alpha', # why not\n]\nresolver  =  \"3\"\n";

#[test]
fn a_commented_configuration_is_written_that_works() {
    let sandbox = sandbox(MANIFEST);
    assert_snapshot!(sandbox.run("init"), @"
    exit code 0
    --- stdout ---
    wrote [workspace.metadata.hooks] into [ROOT]/ws/Cargo.toml
    ");
    assert_snapshot!(sandbox.read("Cargo.toml"), @r#"
    # A comment.
    [workspace]
    members = [
        'alpha', # why not
    ]
    resolver  =  "3"

    # The checks of this repository. `cargo hooks` runs them, `cargo hooks plan` shows what it would run, and
    # `cargo hooks list --presets` what else is built in.
    [workspace.metadata.hooks]
    # timeout = "10m"      # how long a task may take; without it, as long as it wants
    # max-parallel = 4     # how many tasks run at a time; without it, one for each processor
    # fail-fast = true     # end at the first failure

    [workspace.metadata.hooks.checks]
    # A string is a command of your own; this one gets every file of the workspace.
    # typos = "typos {files}"
    # A table says more: this check waits for another one, and runs only where certain files are.
    # migrations = { run = "cargo run -p migrate -- --check", files = ["migrations/**/*.sql"], depends-on = ["test"] }
    # `true` is a preset as it is.
    fmt = true
    test = true
    doc = true
    # A preset can be refined: here, warnings are errors.
    clippy = { args = ["--", "-D", "warnings"] }
    "#);
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    4 checks, 4 tasks in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      fmt
        rustfmt --check --color never --edition 2024 alpha/src/lib.rs
      test (builds)
        cargo test --message-format json --no-fail-fast --workspace
      doc (builds)
        cargo doc --message-format json --keep-going --no-deps --workspace
      clippy (denies warnings; builds)
        cargo-clippy clippy --message-format json --keep-going --lib --bins --tests --examples --workspace
    ");
}

#[test]
fn what_was_there_stays_as_it_was_byte_for_byte() {
    let with = |text: &str| format!("{MANIFEST}{text}");
    for manifest in [
        MANIFEST.to_owned(),
        MANIFEST.trim_end().to_owned(),
        MANIFEST.replace('\n', "\r\n"),
        MANIFEST.replace('\n', "\r\n").trim_end().to_owned(),
        with("\n\n"),
        with("\n[workspace.metadata.other]\nkey = { deep = [1] }\n"),
        "workspace.members = [\"alpha\"]\nworkspace.resolver = \"3\"\n".to_owned(),
        with("\n[workspace.metadata]\nother.key = 1\n\n[profile.dev]\ndebug = 0\n# the end"),
        with(
            "\n[workspace.metadata.other]\nkey = 1\n\n[workspace.lints.rust]\nunused = \"allow\"\n\n[[workspace.metadata.list]]\n",
        ),
    ] {
        let sandbox = sandbox(&manifest);
        let _ = sandbox.run("init").exits(0);
        let written = sandbox.read("Cargo.toml");
        let added = written.strip_prefix(&manifest).unwrap_or_else(|| panic!("{written}"));
        let end_of_line = if manifest.contains('\r') { "\r\n" } else { "\n" };
        assert!(
            written.contains(&format!("{end_of_line}{end_of_line}# The checks")),
            "{written}"
        );
        assert!(added.ends_with(end_of_line), "{written}");
        assert_eq!(added.contains('\r'), manifest.contains('\r'), "{written}");
        assert_eq!(
            added.matches('\n').count(),
            added.matches(end_of_line).count(),
            "{written}"
        );
        let list = sandbox.run("list").exits(0);
        assert_eq!(list.stdout.lines().count(), 4, "{list}");
    }
}

#[test]
fn a_single_package_has_it_in_its_own_table() {
    let sandbox = Sandbox::package("solo");
    let _ = sandbox.run("init").exits(0);
    assert!(
        sandbox
            .read("Cargo.toml")
            .contains("\n[package.metadata.hooks.checks]\n")
    );
    let _ = sandbox.run("plan").exits(0);
}

#[test]
fn the_root_package_of_a_workspace_has_it_in_the_table_of_the_workspace() {
    let sandbox = Sandbox::package("root");
    sandbox.krate("member", "member", "");
    sandbox.append("Cargo.toml", "[workspace]\nmembers = [\"member\"]\n");
    let _ = sandbox.run("init").exits(0);
    assert!(
        sandbox
            .read("Cargo.toml")
            .contains("\n[workspace.metadata.hooks.checks]\n")
    );
    let _ = sandbox.run("plan").exits(0);
}

#[test]
fn from_below_it_is_the_root_manifest_that_is_written() {
    let sandbox = sandbox(MANIFEST);
    let _ = sandbox.command("init").dir("alpha/src").output().exits(0);
    assert!(sandbox.read("Cargo.toml").contains("[workspace.metadata.hooks]"));
    assert!(!sandbox.read("alpha/Cargo.toml").contains("hooks"));
}

#[test]
fn a_configuration_that_is_there_is_not_touched() {
    let sandbox = sandbox(MANIFEST);
    let _ = sandbox.run("init").exits(0);
    let before = sandbox.read("Cargo.toml");
    assert_snapshot!(sandbox.run("init"), @"
    exit code 2
    --- stderr ---
    error: [ROOT]/ws/Cargo.toml: there is a [workspace.metadata.hooks] already
    help: change it by hand; docs/configuration.md says how
    ");
    assert_eq!(sandbox.read("Cargo.toml"), before);
}

#[test]
fn a_dry_run_shows_what_would_be_written_and_writes_nothing() {
    let sandbox = sandbox(MANIFEST);
    let out = sandbox.run("init --dry-run").exits(0);
    assert_eq!(sandbox.read("Cargo.toml"), MANIFEST);
    let _ = sandbox.run("init").exits(0);
    let written = sandbox.read("Cargo.toml");
    assert_eq!(out.stdout, written.strip_prefix(MANIFEST).unwrap().trim_start());
}

#[test]
fn what_cannot_be_added_to_is_refused() {
    let check = |manifest: String| {
        let sandbox = sandbox(&manifest);
        let out = sandbox.run("init").exits(2);
        assert_eq!(sandbox.read("Cargo.toml"), manifest);
        out
    };
    let inline = MANIFEST.to_owned() + "metadata = { other = 1 }\n";
    assert_snapshot!(check(inline), @"
    exit code 2
    --- stderr ---
    error: [ROOT]/ws/Cargo.toml: `workspace` or its `metadata` is an inline table, which cannot be added to from outside
    help: write it as [workspace] and [workspace.metadata], or write `hooks` into it yourself
    ");
    let inline_workspace = "workspace = { members = [\"alpha\"], resolver = \"3\" }\n".to_owned();
    assert_snapshot!(check(inline_workspace), @"
    exit code 2
    --- stderr ---
    error: [ROOT]/ws/Cargo.toml: `workspace` or its `metadata` is an inline table, which cannot be added to from outside
    help: write it as [workspace] and [workspace.metadata], or write `hooks` into it yourself
    ");
}
