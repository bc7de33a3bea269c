//! How the answer is written: for people, for cargo, for nextest, for a matrix, and why.

use serde_json::Value;

use super::template::repository;
use super::{check, compare};
use crate::sandbox::Sandbox;

fn leaf_changed() -> Sandbox {
    let repo = repository();
    repo.edit("crates/leaf/src/lib.rs");
    repo
}

/// What is written on standard output.
#[track_caller]
fn written(repo: &Sandbox, arguments: &str) -> String {
    repo.run(&format!("affected {arguments}")).exits(0).stdout
}

#[test]
fn names_one_a_line() {
    let repo = leaf_changed();
    assert_eq!(written(&repo, ""), "leaf\nxincl\n");
    assert_eq!(written(&repo, "--format names --since base"), "leaf\nxincl\n");
}

#[test]
fn names_of_those_that_compile_something_new() {
    let repo = repository();
    repo.edit("crates/base/README.md").edit("crates/devonly/src/lib.rs");
    assert_eq!(written(&repo, ""), "devonly\ndevonly2\n");
}

#[test]
fn names_for_one_check() {
    let repo = leaf_changed();
    assert_eq!(written(&repo, "--check fmt"), "leaf\n");
    assert_eq!(written(&repo, "--check clippy"), "leaf\nxincl\n");
    let out = repo.run("affected --check clipy").exits(2);
    assert!(out.stderr.contains("clippy"), "{out}");
}

#[test]
fn arguments_for_cargo() {
    let written = written(&leaf_changed(), "--format cargo-args");
    let words: Vec<_> = written.split_whitespace().collect();
    assert_eq!(words, ["-p", "leaf", "-p", "xincl"]);
}

#[test]
fn n60_arguments_for_cargo_where_a_package_has_a_namesake() {
    let repo = repository();
    repo.edit("crates/twin/src/lib.rs");
    let written = written(&repo, "--format cargo-args");
    let words: Vec<_> = written.split_whitespace().collect();
    assert_eq!(words, ["-p", "twin@0.1.0"]);
}

#[test]
fn a_filter_for_nextest() {
    let written = written(&leaf_changed(), "--format nextest");
    let mut parts: Vec<_> = written.trim().split(['|', '+']).map(str::trim).collect();
    parts.sort_unstable();
    assert_eq!(parts, ["package(=leaf)", "package(=xincl)"]);
}

#[test]
fn a_filter_for_nextest_names_no_crate_that_is_gone() {
    // To nextest, a package that it does not know is a mistake.
    let repo = repository();
    repo.delete("crates/lonely").edit("crates/incl/src/lib.rs");
    let written = written(&repo, "--format nextest");
    assert_eq!(written.trim(), "package(=incl)");
}

#[test]
fn a_matrix_for_github() {
    let written = written(&leaf_changed(), "--format github-matrix");
    assert_eq!(written.trim().lines().count(), 1, "{written}");
    let matrix: Value = serde_json::from_str(&written).unwrap();
    let entries = matrix["include"].as_array().unwrap();
    // Whatever the key, each entry has the name as a value.
    let has = |entry: &Value, name: &str| entry.as_object().unwrap().values().any(|value| value == name);
    assert_eq!(entries.len(), 2, "{written}");
    assert!(has(&entries[0], "leaf") && has(&entries[1], "xincl"), "{written}");
}

#[test]
fn nothing_in_every_form() {
    let repo = repository();
    repo.edit("docs/guide.md");
    assert_eq!(written(&repo, "--format names"), "");
    assert_eq!(written(&repo, "--format cargo-args").trim(), "");
    assert_eq!(written(&repo, "--format nextest").trim(), "none()");
    let matrix: Value = serde_json::from_str(&written(&repo, "--format github-matrix")).unwrap();
    assert_eq!(matrix, serde_json::json!({ "include": [] }));
}

#[test]
fn the_object() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs").delete("crates/lonely");
    let answer = compare(
        &repo,
        "--since base",
        "build: T(base); doc: D(base); fmt: base; deny: yes; removed: lonely",
    );
    let json = &answer.json;
    assert_eq!(json["version"], 1);
    assert!(json["from"].is_string() && json["to"].is_string());
    assert!(json.get("everything").is_none_or(Value::is_null));
    let files: Vec<_> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["path"])
        .collect();
    assert_eq!(
        files,
        [
            "crates/base/src/lib.rs",
            "crates/lonely/Cargo.toml",
            "crates/lonely/src/lib.rs"
        ]
    );
    let crates = json["crates"].as_array().unwrap();
    let names: Vec<_> = crates.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"devonly"), "{names:?}");
    let checks = json["checks"].as_array().unwrap();
    let checks: Vec<_> = checks.iter().map(|entry| entry["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["fmt", "clippy", "test", "doc", "typos", "deny"]);
}

#[test]
fn the_kinds_and_the_reason_of_each_crate() {
    let answer = check(
        |repo| repo.edit("crates/base/src/lib.rs"),
        "build: T(base); doc: D(base); fmt: base",
    );
    let kinds = |name: &str| answer.entry(name).unwrap()["kinds"].clone();
    assert_eq!(kinds("top"), serde_json::json!(["source"]));
    assert_eq!(kinds("devonly"), serde_json::json!(["dev-dependencies"]));
    let mut base: Vec<_> = kinds("base").as_array().unwrap().clone();
    base.sort_by_key(ToString::to_string);
    assert_eq!(base, ["files", "rust", "source"]);
    assert_eq!(answer.entry("base").unwrap()["dir"], "crates/base");
    let reason = &answer.entry("top").unwrap()["reason"];
    assert_eq!(reason["file"], "crates/base/src/lib.rs");
    assert_eq!(reason["chain"], serde_json::json!(["base", "mid", "top"]));
    assert!(reason["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{reason}");
}

#[test]
fn the_reason_names_the_reader() {
    check(|repo| repo.edit("assets/data.txt"), "source: incl").because("incl", &["assets/data.txt"]);
    check(|repo| repo.lock_version("gamma", "1.0.1"), "source: ext2; deny: yes")
        .because("ext2", &["Cargo.lock", "gamma"]);
    check(|repo| repo.write("rust-toolchain", "stable\n"), "source: ALL; fmt: ALL")
        .because("lonely", &["rust-toolchain"]);
}

#[test]
fn a_name_that_is_no_text_is_in_the_object() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let answer = check(
        |repo| repo.write(OsStr::from_bytes(b"crates/mid/caf\xe9.txt"), ""),
        "source: mid top",
    );
    assert_eq!(answer.json["files"][0]["path"], "crates/mid/caf\u{fffd}.txt");
}

#[test]
fn a_file_above_the_workspace_is_in_the_object() {
    let repo = repository();
    repo.below_the_top().write("clippy.toml", "");
    let answer = super::compare_from(&repo, "rust", "--since base", "clippy: ALL; typos: any");
    assert_eq!(answer.json["files"][0]["path"], "../clippy.toml");
}

#[test]
fn remarks_are_no_part_of_the_answer() {
    let repo = leaf_changed();
    repo.delete("Cargo.lock");
    let out = repo.run("affected --format names").exits(0);
    assert!(out.stdout.lines().all(|line| !line.contains(' ')), "{out}");
    assert!(out.stderr.contains("note: "), "{out}");
}

#[test]
fn what_is_compared_is_said_to_who_asks_for_more() {
    let out = leaf_changed().run("affected -v").exits(0);
    assert_eq!(out.stdout, "leaf\nxincl\n");
    let note = "note: 1 file differs, 2 of 50 crates are affected; comparing the working tree with the last commit, ";
    assert!(out.stderr.starts_with(note), "{out}");
}

#[test]
fn the_log_names_what_git_is_asked_and_no_variable_of_the_environment() {
    let repo = leaf_changed();
    let run = repo.command("affected").env("CARGO_HOOKS_LOG", "debug");
    let out = run.env("TOKEN", "hunter2").output().exits(0);
    assert!(out.stderr.contains(r#"asks git question=["status""#), "{out}");
    assert!(!out.stderr.contains("hunter2"), "{out}");
}

#[test]
fn why_a_crate() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs");
    let out = repo.run("why top --since base").exits(0);
    for word in ["crates/base/src/lib.rs", "base", "mid", "top"] {
        assert!(out.stdout.contains(word), "{word}: {out}");
    }
}

#[test]
fn why_a_crate_that_is_not_affected() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs");
    let out = repo.run("why lonely").exits(0);
    assert!(out.stdout.contains("lonely") && out.stdout.contains("not "), "{out}");
}

#[test]
fn why_a_file() {
    let repo = repository();
    repo.edit("assets/input.txt");
    let out = repo.run("why assets/input.txt").exits(0);
    for word in ["assets/input.txt", "bs", "usesbs"] {
        assert!(out.stdout.contains(word), "{word}: {out}");
    }
    let out = repo.command("why ../assets/input.txt").dir("docs").output().exits(0);
    assert!(out.stdout.contains("bs"), "{out}");
}

#[test]
fn why_a_file_that_is_yet_to_come() {
    let out = repository().run("why clippy.toml").exits(0);
    assert!(out.stdout.contains("clippy runs on every crate"), "{out}");
}

#[test]
fn why_for_programs() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs");
    for what in ["top", "crates/base/src/lib.rs"] {
        let out = repo.run(&format!("why {what} --message-format json")).exits(0);
        let json = serde_json::from_str::<Value>(&out.stdout);
        assert!(json.is_ok_and(|json| json.is_object()), "{out}");
    }
}

#[test]
fn why_somebody_unknown() {
    let out = leaf_changed().run("why leaff").exits(2);
    assert!(out.stderr.contains("leaff"), "{out}");
}

#[test]
fn two_comparisons_at_once() {
    for arguments in [
        "--staged --since base",
        "--all --changed-only",
        "--files x --staged",
        "--range base..HEAD --since base",
    ] {
        let _ = repository().run(&format!("affected {arguments}")).exits(2);
    }
}
