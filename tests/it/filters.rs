//! Tools that read a file on their standard input, and write what it should be.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

/// A filter that makes `good` of each line `bad`, and notes how it is called.
const GOOD: &str = "note \"good $*\"; exec sed 's/^bad/good/'";

/// A workspace in a repository with this filter, of text files, as a check with these further keys.
fn sandbox(script: &str, keys: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.git().tool("good", script);
    sandbox.hooks(&format!(
        "checks.x = {{ run = \"good {{file}}\", filter = true, files = [\"*.txt\"], {keys} }}"
    ));
    sandbox
}

/// What was found, as `file:line message`, in the order of the files.
fn findings(out: &Output) -> Vec<String> {
    let lines = out.json();
    // What prints a diff finds the same, before it is repaired.
    let repairs = |label: &str| label.ends_with(" diff") || label.ends_with(" fix");
    let judged =
        |line: &&Value| line["type"] == "task-finished" && !repairs(line["task"]["label"].as_str().unwrap_or_default());
    let finished = lines.iter().filter(judged);
    let found = finished.flat_map(|line| line["findings"].as_array().cloned().unwrap_or_default());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = found
        .map(|found| {
            let line = found["line"]
                .as_u64()
                .map_or_else(String::new, |line| format!(":{line}"));
            format!("{}{line} {}", text(&found["file"]), text(&found["message"]))
        })
        .collect();
    found.sort();
    found
}

fn check(sandbox: &Sandbox, arguments: &str, code: i32) -> Vec<String> {
    let out = sandbox
        .run(&format!("check --message-format json {arguments}"))
        .exits(code);
    findings(&out)
}

#[test]
fn a_file_that_is_not_what_its_filter_writes_is_found_and_repaired() {
    let sandbox = sandbox(GOOD, "");
    sandbox
        .write("a.txt", "1\n2\nbad\n")
        .write("alpha/b.txt", "bad")
        .write("c.txt", "good\n");
    fs::set_permissions(sandbox.ws().join("a.txt"), fs::Permissions::from_mode(0o750)).unwrap();
    assert_snapshot!(sandbox.run("plan --fix --max-workers 2").exits(0), @"
    exit code 0
    --- stdout ---
    1 check, 3 tasks in 3 waves on 2 slots
    how long it takes is unknown, since nothing of it has run before

    wave 1
      x diff (prints a diff; filters 3 files)
        good {file}

    wave 2
      x fix (after x diff; writes files; applies that diff, and runs only where it does not fit; filters 3 files)
        good {file}

    wave 3
      x (after x fix; filters 3 files)
        good {file}
    ");
    let out = sandbox.run("check --serial").exits(1);
    assert_snapshot!(out, @r"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] x: 2 files not formatted in alpha
                        a.txt:3        not formatted
                 alpha  alpha/b.txt:1  not formatted

    --- x ---
        --- a.txt
        +++ a.txt
        @@ -1,3 +1,3 @@
         1
         2
        -bad
        +good
        --- alpha/b.txt
        +++ alpha/b.txt
        @@ -1 +1 @@
        -bad
        \ No newline at end of file
        +good
        \ No newline at end of file

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] x: 2 files not formatted in alpha
                 rerun: cargo hooks check x
                 fix:   cargo hooks check x --fix
    ");
    assert_eq!(sandbox.read("a.txt"), "1\n2\nbad\n", "a check changes nothing");
    assert_eq!(sandbox.log(), ["good a.txt", "good alpha/b.txt", "good c.txt"]);
    assert_eq!(
        check(&sandbox, "", 1),
        ["a.txt:3 not formatted", "alpha/b.txt:1 not formatted"]
    );
    let out = sandbox.run("check --fix --serial").exits(0);
    assert_snapshot!(out, @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 3 tasks in 3 waves on 1 slot
            PASS [     TIME] x diff (would repair 2 files)
            PASS [     TIME] x fix (repaired 2 files)
            PASS [     TIME] x
    ------------
         Summary [     TIME] 3 tasks: 3 passed
    ");
    assert_eq!(
        (sandbox.read("a.txt"), sandbox.read("alpha/b.txt")),
        ("1\n2\ngood\n".into(), "good".into())
    );
    let mode = fs::metadata(sandbox.ws().join("a.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

#[test]
fn whatever_a_file_contains_and_is_called_it_is_read_and_repaired_as_it_is() {
    let names: [&[u8]; 8] = [
        b"two words.txt",
        b"it's \"quoted\".txt",
        b"new\nline.txt",
        b"-dash.txt",
        b"caf\xe9.txt",
        b"caf\xc3\xa9: x.txt",
        b"{file} $(touch pwned).txt",
        b"dir/-x/a\\b.txt",
    ];
    let contents: [(&[u8], &[u8]); 8] = [
        (b"bad\n", b"good\n"),
        (b"bad\r\nx\r\n", b"good\r\nx\r\n"),
        (b"x\nbad", b"x\ngood"),
        (b"\xff\xfe\nbad\n", b"\xff\xfe\ngood\n"),
        (
            b"--- a\nbad\n+++ b\n@@ -1 +1 @@\n",
            b"--- a\ngood\n+++ b\n@@ -1 +1 @@\n",
        ),
        (b"bad \x1b[31mred\x1b[0m\n", b"good \x1b[31mred\x1b[0m\n"),
        (b"bad\n\n\n\n\n\n\n\n\n\nbad\n", b"good\n\n\n\n\n\n\n\n\n\ngood\n"),
        (b"\n bad\nbad", b"\n bad\ngood"),
    ];
    let script =
        "for name; do printf '%s\\0' \"$name\" >>\"$SANDBOX/arguments\"; done; exec env LC_ALL=C sed 's/^bad/good/'";
    let sandbox = sandbox(script, "");
    let path = |name: &[u8]| sandbox.ws().join(OsStr::from_bytes(name));
    sandbox.write("empty.txt", "").write("dir/-x/y", "");
    for (name, (before, _)) in names.iter().zip(contents) {
        fs::write(path(name), before).unwrap();
    }
    let found = check(&sandbox, "", 1);
    assert_eq!(found.len(), 8, "{found:?}");
    assert!(
        found.contains(&"it's \"quoted\".txt:1 not formatted".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"-dash.txt:2 not formatted".to_owned()), "{found:?}");
    let mut arguments = sandbox.arguments();
    arguments.sort();
    let mut expected: Vec<_> = names.iter().map(|name| name.escape_ascii().to_string()).collect();
    expected[3] = "./-dash.txt".to_owned();
    expected.push("empty.txt".to_owned());
    expected.sort();
    assert_eq!(arguments, expected);
    assert_eq!(check(&sandbox, "--fix", 0), [""; 0]);
    for (name, (_, after)) in names.iter().zip(contents) {
        assert_eq!(
            fs::read(path(name)).unwrap().escape_ascii().to_string(),
            after.escape_ascii().to_string()
        );
    }
    assert!(!sandbox.ws().join("pwned").exists());
    assert_eq!(sandbox.read("empty.txt"), "");
}

/// The filter is this script, and the file holds a line `bad` that nobody is to touch.
fn cannot_tell(script: &str, expected: &str) {
    let sandbox = sandbox(script, "");
    sandbox.write("a.txt", "bad\n");
    for arguments in ["", "--fix"] {
        let found = check(&sandbox, arguments, 1);
        assert_eq!(found.len(), usize::from(!expected.is_empty()), "{script}: {found:?}");
        assert!(
            found.iter().all(|found| found == &format!("a.txt {expected}")),
            "{script}: {found:?}"
        );
        assert_eq!(sandbox.read("a.txt"), "bad\n", "{script}");
    }
}

#[test]
fn a_filter_that_does_not_say_what_a_file_should_be_passes_nothing() {
    cannot_tell("cat; exit 3", "`good` failed: exit code 3");
    cannot_tell("echo good; kill -KILL $$", "`good` failed: killed by signal 9");
    cannot_tell("exit 0", "nothing would be left of it");
    cannot_tell("echo; echo", "nothing would be left of it");
    cannot_tell(
        "printf 'good\\0'",
        "it is not as it should be, and is no text of which a diff can be made",
    );
    cannot_tell("yes", "`good` writes more than 64 MiB");
    cannot_tell(
        "sleep 60 & cat",
        "`good` has ended, and something that it has started still has its output",
    );
}

#[test]
fn a_filter_that_cannot_be_started_passes_nothing() {
    let sandbox = sandbox(GOOD, "");
    sandbox.write("a.txt", "good\n").write("b.txt", "good\n");
    fs::write(sandbox.root().join("bin/good"), "#!/no/such/program\n").unwrap();
    let out = sandbox.run("check").exits(1);
    assert_eq!(out.stdout.matches("`good` cannot be started").count(), 1, "{out}");
    fs::remove_file(sandbox.root().join("bin/good")).unwrap();
    let out = sandbox.run("check").exits(3);
    assert!(out.stderr.contains("`good`, which the check `x` needs"), "{out}");
}

#[test]
fn where_a_filter_fails_on_one_file_the_others_are_judged_and_repaired() {
    let sandbox = sandbox("case $1 in b.txt) echo no >&2; exit 1;; esac; sed 's/bad/good/'", "");
    for file in ["a.txt", "b.txt", "c.txt"] {
        sandbox.write(file, "bad\n");
    }
    let out = sandbox.run("check --message-format json").exits(1);
    let failed = "b.txt `good` failed: exit code 1";
    assert_eq!(
        findings(&out),
        ["a.txt:1 not formatted", failed, "c.txt:1 not formatted"]
    );
    let lines = out.json();
    let finished = lines.iter().find(|line| line["type"] == "task-finished").unwrap();
    assert_eq!(finished["meaning"], "2 files not formatted, 1 cannot be", "{finished}");
    assert_eq!(check(&sandbox, "--fix", 1), [failed]);
    assert_eq!(
        ["a.txt", "b.txt", "c.txt"].map(|file| sandbox.read(file)),
        ["good\n", "bad\n", "good\n"]
    );
}

#[test]
fn a_filter_need_not_read_what_it_is_given() {
    // More than any pipe would hold.
    let long = "x\n".repeat(500_000);
    let sandbox = sandbox("cat \"$SANDBOX/ws/$1\"", "");
    sandbox.write("a.txt", &long);
    assert_eq!(check(&sandbox, "", 0), [""; 0]);
    sandbox.tool("good", "exec 0<&-; echo other");
    assert_eq!(check(&sandbox, "--force", 1), ["a.txt:1 not formatted"]);
    let _ = sandbox.run("check --fix").exits(0);
    assert_eq!(sandbox.read("a.txt"), "other\n");
}

#[test]
fn a_filter_that_hangs_is_ended_with_its_task() {
    let sandbox = sandbox("exec sleep 60", "timeout = \"300ms\"");
    sandbox.write("a.txt", "good\n");
    assert_eq!(
        sandbox.run("check --message-format json").exits(1).outcomes(),
        ["x: timed-out"]
    );
}

#[test]
fn links_are_not_followed_and_a_file_that_is_gone_is_missed() {
    let sandbox = sandbox(GOOD, "depends-on = [\"first\"]");
    sandbox
        .append("Cargo.toml", "checks.first = { run = \"first\", cache = false }\n")
        .noting(&["first"]);
    fs::write(sandbox.root().join("outside"), "bad\n").unwrap();
    symlink(sandbox.root().join("outside"), sandbox.ws().join("link.txt")).unwrap();
    symlink("alpha", sandbox.ws().join("way")).unwrap();
    sandbox.write("a.txt", "good\n").write("alpha/b.txt", "good\n");
    assert_eq!(check(&sandbox, "", 0), [""; 0]);
    assert_eq!(sandbox.log(), ["first", "good a.txt", "good alpha/b.txt"]);
    // What was planned is not there any more, or not where it was.
    sandbox.tool("first", "rm \"$SANDBOX/ws/a.txt\"; mv \"$SANDBOX/ws/alpha\" \"$SANDBOX/alpha\"; ln -s \"$SANDBOX/alpha\" \"$SANDBOX/ws/alpha\"");
    let found = check(&sandbox, "--force", 1);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|found| found.contains(".txt it cannot be read: ")),
        "{found:?}"
    );
}

#[test]
fn a_pass_is_remembered_until_something_changes() {
    let sandbox = sandbox(GOOD, "");
    sandbox.write("a.txt", "good\n").write("b.txt", "good\n");
    let calls = |arguments: &str, code: i32| {
        let before = sandbox.log().len();
        let _ = sandbox.run(&format!("check {arguments}")).exits(code);
        sandbox.log().len() - before
    };
    assert_eq!([calls("", 0), calls("", 0)], [2, 0]);
    sandbox.write("a.txt", "bad\n");
    assert_eq!([calls("", 1), calls("", 1)], [2, 2]);
    sandbox.write("a.txt", "good\n");
    assert_eq!(calls("", 0), 0, "that is what has passed");
    // The same words mean something else where it is none.
    let manifest = sandbox.read("Cargo.toml");
    sandbox.write(
        "Cargo.toml",
        manifest
            .replace("good {file}", "good")
            .replace("filter = true", "output = \"diff\""),
    );
    assert_eq!(calls("", 0), 1);
}

#[test]
fn only_what_is_asked_for_is_filtered() {
    let sandbox = sandbox(GOOD, "");
    sandbox
        .write("a.txt", "good\n")
        .write("b.txt", "good\n")
        .write("alpha/c.txt", "good\n");
    let git = |arguments: &str| sandbox.program("git").args(arguments).output().ends(0);
    git("add --all");
    git("-c user.name=x -c user.email=x@example.com commit --quiet --message x");
    sandbox.write("b.txt", "bad\n");
    for arguments in ["--changed-only", "--files b.txt --force"] {
        assert_eq!(check(&sandbox, arguments, 1), ["b.txt:1 not formatted"]);
    }
    assert_eq!(check(&sandbox, "-p alpha", 0), [""; 0]);
    assert_eq!(sandbox.log(), ["good b.txt", "good b.txt", "good alpha/c.txt"]);
}

#[test]
fn a_filter_with_several_slots_is_run_as_often_at_a_time() {
    let meet = "touch \"$SANDBOX/$1\"; case $1 in a.*) other=b.txt;; *) other=a.txt;; esac\n\
                until [ -e \"$SANDBOX/$other\" ]; do sleep 0.01; done; echo good";
    let sandbox = sandbox(meet, "weight = 2, timeout = \"50s\"");
    sandbox.write("a.txt", "bad\n").write("b.txt", "bad\n");
    let out = sandbox.run("check --max-workers 2").exits(1);
    let (first, second) = (out.stdout.find("--- a.txt"), out.stdout.find("--- b.txt"));
    assert!(first.is_some() && first < second, "{out}");
    // Where there is one slot only, it is run once at a time.
    let alone = "mkdir \"$SANDBOX/lock\" || exit 1; echo good; rm -r \"$SANDBOX/lock\"";
    sandbox.tool("good", alone);
    for name in 0..20 {
        sandbox.write(format!("{name}.txt"), "good\n");
    }
    sandbox.write("a.txt", "good\n").write("b.txt", "good\n");
    assert_eq!(check(&sandbox, "--serial", 0), [""; 0]);
}

#[test]
fn no_filter_is_told_to_write_in_colour() {
    let script = "case \"$CLICOLOR_FORCE$FORCE_COLOR$CARGO_TERM_COLOR$NO_COLOR\" in $EXPECTED) exec cat;; esac; exit 7";
    let sandbox = sandbox(script, "set-env = { EXPECTED = \"never1\" }");
    sandbox.write("a.txt", "good\n");
    for colour in ["always", "never"] {
        let run = sandbox.command(&format!("check --force --color {colour}"));
        run.env("FORCE_COLOR", "1").output().ends(0);
    }
    let manifest = sandbox.read("Cargo.toml");
    let own = "EXPECTED = \"2always\", FORCE_COLOR = \"2\", CARGO_TERM_COLOR = \"always\", NO_COLOR = \"\"";
    sandbox.write("Cargo.toml", manifest.replace("EXPECTED = \"never1\"", own));
    sandbox.run("check --force").ends(0);
}

#[test]
fn a_script_can_be_a_filter() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks(
        "checks.x = { shell = 'echo {file}: | cat - /dev/stdin; sed s/bad/good/', filter = true, files = [\"*.txt\"] }",
    );
    let manifest = sandbox
        .read("Cargo.toml")
        .replace("echo {file}: | cat - /dev/stdin;", "echo name={file};");
    sandbox.write("Cargo.toml", manifest).write("it's $(a).txt", "bad\n");
    let _ = sandbox.run("check").exits(1);
    let out = sandbox.run("check --fix --message-format json").exits(1);
    // Each time it is run it adds a line, so that there is always something to repair.
    assert_eq!(sandbox.read("it's $(a).txt"), "name=it's $(a).txt\ngood\n", "{out}");
}

#[test]
fn a_package_can_have_its_own() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.tool("good", GOOD);
    sandbox.package_hooks(
        "alpha",
        "checks.x = { run = \"good {file}\", filter = true, files = [\"sql/*.txt\"] }",
    );
    sandbox
        .write("alpha/sql/a.txt", "bad\n")
        .write("beta/sql/a.txt", "bad\n")
        .write("sql/a.txt", "bad\n");
    assert_eq!(check(&sandbox, "x", 1), ["alpha/sql/a.txt:1 not formatted"]);
    let _ = sandbox.run("check x --fix").exits(0);
    assert_eq!(sandbox.read("alpha/sql/a.txt"), "good\n");
    assert!(
        sandbox.log().iter().all(|line| line == "good sql/a.txt"),
        "{:?}",
        sandbox.log()
    );
}

#[test]
fn repairs_are_applied_one_after_the_other_and_made_again_where_they_do_not_fit() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("good", GOOD)
        .tool("best", "exec sed 's/^good$/best/; s/^bad$/best/'");
    sandbox.hooks(
        "checks.x = { run = \"good\", filter = true, files = [\"*.txt\"], allow-failure = true }\n\
         checks.y = { run = \"best\", filter = true, files = [\"*.txt\"] }",
    );
    sandbox.write("a.txt", "bad\n");
    let _ = sandbox.run("check --fix --serial").exits(0);
    assert_eq!(sandbox.read("a.txt"), "best\n");
}

#[test]
fn reports_have_what_was_found() {
    let sandbox = sandbox(GOOD, "");
    sandbox.write("alpha/a.txt", "1\nbad\n");
    let _ = sandbox.run("check --junit junit.xml --sarif report.sarif").exits(1);
    assert!(
        sandbox.read("junit.xml").contains("alpha/a.txt:2"),
        "{}",
        sandbox.read("junit.xml")
    );
    let sarif: Value = serde_json::from_str(&sandbox.read("report.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["message"]["text"], "not formatted");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "alpha/a.txt");
    assert_eq!(place["region"]["startLine"], 2);
}

#[test]
fn formatters_that_print_a_diff_are_understood() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let diff = "--- a.txt\\n+++ a.txt\\n@@ -7 +7 @@\\n-a\\n+b\\n";
    sandbox.tool("black", &format!("printf -- '{diff}'; exit 1"));
    sandbox.hooks("checks.x = { run = \"black\", output = \"diff\" }");
    assert_eq!(check(&sandbox, "", 1), ["a.txt:7 not formatted"]);
}
