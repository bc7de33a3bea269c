//! `man`: the manual.

use std::fs;

use crate::sandbox::Sandbox;

#[test]
fn the_page_is_roff_and_has_the_options() {
    let out = Sandbox::empty("workspace").run("man").exits(0);
    assert!(out.stdout.contains(".TH cargo-hooks 1"), "{out}");
    assert!(out.stdout.contains(".TH cargo-hooks-check 1"), "{out}");
    assert!(out.stdout.contains("\\-\\-max\\-workers"), "{out}");
}

#[test]
fn every_subcommand_has_a_page() {
    let sandbox = Sandbox::empty("workspace");
    let _ = sandbox.run("man --out-dir pages/man1").exits(0);
    let entries = fs::read_dir(sandbox.ws().join("pages/man1")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "cargo-hooks-affected.1",
        "cargo-hooks-cache-clear.1",
        "cargo-hooks-cache-gc.1",
        "cargo-hooks-cache-info.1",
        "cargo-hooks-cache-verify.1",
        "cargo-hooks-cache.1",
        "cargo-hooks-check.1",
        "cargo-hooks-completions.1",
        "cargo-hooks-doctor.1",
        "cargo-hooks-git-hook.1",
        "cargo-hooks-graph.1",
        "cargo-hooks-history.1",
        "cargo-hooks-init.1",
        "cargo-hooks-install.1",
        "cargo-hooks-list.1",
        "cargo-hooks-man.1",
        "cargo-hooks-metrics.1",
        "cargo-hooks-plan.1",
        "cargo-hooks-schema.1",
        "cargo-hooks-show.1",
        "cargo-hooks-stats.1",
        "cargo-hooks-uninstall.1",
        "cargo-hooks-watch.1",
        "cargo-hooks-why.1",
        "cargo-hooks.1",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let sandbox = Sandbox::empty("workspace");
    sandbox.write("file", "");
    let out = sandbox.run("man --out-dir file/below").exits(3);
    assert!(out.stderr.starts_with("error: file/below: "), "{out}");
}
