//! Which files a check is given, and that their names are data.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.recorder("each");
    sandbox
}

/// What a check is given that asks for files in this way.
#[track_caller]
fn check(keys: &str, files: &[&str], expected: &[&str]) {
    let sandbox = sandbox();
    for file in files {
        sandbox.write(file, "");
    }
    sandbox.hooks(&format!("checks.each = {{ run = \"each {{files}}\", {keys} }}"));
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.arguments(), expected, "{keys}");
}

#[test]
fn patterns_choose_files() {
    let files = ["a.sql", "db/b.sql", "db/deep/c.sql", "db/d.txt", ".hidden.sql"];
    check(
        "files = [\"*.sql\"]",
        &files,
        &[".hidden.sql", "a.sql", "db/b.sql", "db/deep/c.sql"],
    );
    check("files = [\"db/*.sql\"]", &files, &["db/b.sql"]);
    check("files = [\"db/**/*.sql\"]", &files, &["db/b.sql", "db/deep/c.sql"]);
    check("files = [\"db/**\"], exclude = [\"*.sql\"]", &files, &["db/d.txt"]);
    check(
        "files = [\"*.sql\"], exclude = [\"db/deep/**\", \".*\"]",
        &files,
        &["a.sql", "db/b.sql"],
    );
    check("files = [\"*.{txt,md}\"]", &files, &["db/d.txt"]);
}

#[test]
fn without_a_pattern_every_file_is_given() {
    check(
        "exclude = [\"*.toml\"]",
        &["README.md", "target/debug/junk"],
        &["README.md", "alpha/src/lib.rs"],
    );
}

#[test]
fn no_name_is_read_as_anything_but_a_name() {
    let names: [&[u8]; 9] = [
        b"$(touch pwned).t",
        b"'quote'.t",
        b"*.t",
        b"-rf.t",
        b"; touch pwned;.t",
        b"caf\xe9.t",
        b"new\nline.t",
        b"{packages}.t",
        b"two words.t",
    ];
    let expected = [
        "$(touch pwned).t",
        "\\'quote\\'.t",
        "*.t",
        "./-rf.t",
        "; touch pwned;.t",
        "caf\\xe9.t",
        "new\\nline.t",
        "two words.t",
        "{packages}.t",
    ];
    for command in [
        "run = \"each {files}\"",
        "shell = \"each {files}\"",
        "shell = \"sh -c 'each \\\"$@\\\"' x {files}\"",
    ] {
        let sandbox = sandbox();
        for name in names {
            sandbox.write(OsStr::from_bytes(name), "");
        }
        sandbox.hooks(&format!("checks.each = {{ {command}, files = [\"*.t\"] }}"));
        let out = sandbox.run("check").exits(0);
        assert_eq!(sandbox.arguments(), expected, "{command}");
        assert!(!sandbox.ws().join("pwned").exists(), "{out}");
        let plan = sandbox.run("plan -v --no-cache").exits(0);
        assert!(plan.stdout.contains("./-rf.t"), "{plan}");
        let plan = sandbox.run("plan --message-format json").exits(0);
        let parsed = serde_json::from_str::<serde_json::Value>(&plan.stdout);
        assert!(parsed.is_ok(), "{plan}");
    }
}

#[test]
fn what_git_ignores_is_not_given() {
    let sandbox = sandbox();
    sandbox.git();
    sandbox.write(".gitignore", "*.log\n!kept.log\n");
    sandbox.write(".git/info/exclude", "secret.t\n");
    for file in ["a.t", "b.log", "kept.log", "secret.t", ".git/x.t"] {
        sandbox.write(file, "");
    }
    sandbox.hooks("checks.each = { run = \"each {files}\", files = [\"*.t\", \"*.log\"] }");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.arguments(), ["a.t", "kept.log"]);
}

#[test]
fn a_check_whose_files_do_not_exist_is_left_out_audibly() {
    let sandbox = sandbox();
    sandbox.hooks("checks.each = { run = \"each\", files = [\"*.none\"] }\nchecks.other = \"each other\"");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
         SKIPPED each: no file matches
            PASS [     TIME] other
    ------------
         Summary [     TIME] 1 task: 1 passed, 1 skipped
    ");
    assert_eq!(sandbox.arguments(), ["other"]);
}

#[test]
fn files_of_crates_that_were_not_asked_for_are_not_given() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.recorder("each");
    sandbox.write("root.rs", "");
    sandbox.hooks("checks.each = { run = \"each {files}\", files = [\"*.rs\"] }");
    let _ = sandbox.run("check -p beta").exits(0);
    assert_eq!(sandbox.arguments(), ["beta/src/lib.rs"]);
}

#[test]
fn more_files_than_a_command_can_take_are_given_in_parts_each_once() {
    let sandbox = sandbox();
    let name = |index| format!("many/{index:04}-{}.t", "x".repeat(200));
    let names: Vec<_> = (0..6000).map(name).collect();
    for name in &names {
        sandbox.write(name, "");
    }
    sandbox.hooks("checks.each = { run = \"each {files}\", files = [\"*.t\"] }");
    let out = sandbox.run("check --serial").exits(0);
    assert!(out.stdout.contains("PASS [     TIME] each part 2/2"), "{out}");
    assert!(sandbox.arguments() == names, "every file is given once");
}

#[test]
fn each_part_of_a_check_reports_and_one_that_fails_fails_the_check() {
    let sandbox = sandbox();
    for index in 0..6000 {
        sandbox.write(format!("many/{index:04}-{}.t", "x".repeat(200)), "");
    }
    // Only the part with the very first file fails.
    sandbox
        .tool("each", "case \"$1\" in many/0000-*) exit 1 ;; esac")
        .hooks("checks.each = { run = \"each {files}\", files = [\"*.t\"] }");
    let out = sandbox.run("check --serial --message-format json").exits(1);
    assert_eq!(out.outcomes(), ["each part 1/2: failed", "each part 2/2: passed"]);
}
