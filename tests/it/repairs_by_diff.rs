//! Fixers that print what is to be changed, and write nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::campaign::Chance;
use crate::sandbox::{Output, Sandbox};

/// A workspace in a repository, with a check whose fixer prints these diffs, first one and then the other, and notes each time.
/// It ends as a tool does that would change something.
fn printing(diffs: [&str; 2]) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.git().noting(&["look"]).tool(
        "propose",
        "note propose; if [ -e \"$SANDBOX/again\" ]; then cat \"$SANDBOX/ws/../second\"; else cat \"$SANDBOX/first\"; fi\n\
         touch \"$SANDBOX/again\"; exit 1",
    );
    for (name, diff) in ["first", "second"].into_iter().zip(diffs) {
        fs::write(sandbox.root().join(name), diff).unwrap();
    }
    sandbox.hooks("checks.x = { run = \"look\", fix = \"propose\", diff = true }");
    sandbox
}

/// How the parts of the repair have ended.
fn ends(out: &Output) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let lines = out.json();
    let finished = lines.iter().filter(|line| line["type"] == "task-finished");
    let end = |line: &serde_json::Value| {
        let said = ["note", "error"].into_iter().map(|name| text(&line[name]));
        (
            text(&line["task"]["label"]),
            text(&line["outcome"]) + ": " + &said.collect::<String>(),
        )
    };
    finished.map(end).collect()
}

fn end<'e>(ends: &'e [(String, String)], label: &str) -> &'e str {
    let found = ends.iter().find(|(name, _)| name == label);
    &found.unwrap_or_else(|| panic!("{label} is not in {ends:?}")).1
}

const A_TO_B: &str = "--- a/x.txt\n+++ b/x.txt\n@@ -1 +1 @@\n-a\n+b\n";

#[test]
fn what_a_fixer_prints_is_applied_and_judged_after_that() {
    let sandbox = printing([A_TO_B, ""]);
    sandbox.write("x.txt", "a\n");
    fs::set_permissions(sandbox.ws().join("x.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    let plan = sandbox.run("plan --fix --max-workers 2").exits(0);
    assert_snapshot!(plan, @"
    exit code 0
    --- stdout ---
    1 check, 3 tasks in 3 waves on 2 slots
    how long it takes is unknown, since nothing of it has run before

    wave 1
      x diff (prints a diff)
        propose

    wave 2
      x fix (after x diff; writes files; applies that diff, and runs only where it does not fit)
        propose

    wave 3
      x (after x fix)
        look
    ");
    assert_eq!(sandbox.read("x.txt"), "a\n");
    let out = sandbox.run("check --fix --serial").exits(0);
    assert_snapshot!(out, @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 3 tasks in 3 waves on 1 slot
            PASS [     TIME] x diff (would repair 1 file)
            PASS [     TIME] x fix (repaired 1 file)
            PASS [     TIME] x
    ------------
         Summary [     TIME] 3 tasks: 3 passed
    ");
    assert_eq!(sandbox.read("x.txt"), "b\n");
    let mode = fs::metadata(sandbox.ws().join("x.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(sandbox.log(), ["propose", "look"]);
    // Without --fix nothing is printed.
    let _ = sandbox.run("check --no-cache").exits(0);
    assert_eq!(sandbox.log(), ["propose", "look", "look"]);
}

#[test]
fn a_fixer_that_fails_without_a_diff_has_repaired_nothing() {
    for (script, said) in [
        ("echo broken; exit 2", "failed: "),
        ("exit 1", "failed: "),
        ("cat \"$SANDBOX/first\"; kill -KILL $$", "failed: "),
        ("echo '@@ -1 +1 @@'; exit 1", "failed: it is no unified diff"),
    ] {
        let sandbox = printing([A_TO_B, A_TO_B]);
        sandbox.tool("propose", script).write("x.txt", "a\n");
        let out = sandbox.run("check --fix --message-format json").exits(0);
        let ends = ends(&out);
        assert!(end(&ends, "x diff").starts_with(said), "{ends:?}");
        assert_eq!(end(&ends, "x fix"), "failed: no diff was printed");
        assert_eq!(end(&ends, "x"), "passed: ");
        assert_eq!(sandbox.read("x.txt"), "a\n");
    }
    let sandbox = printing(["", ""]);
    sandbox.tool("propose", "echo all is well");
    let ends = ends(&sandbox.run("check --fix --message-format json").exits(0));
    assert_eq!(end(&ends, "x diff"), "passed: nothing to repair");
    assert_eq!(end(&ends, "x fix"), "passed: nothing to repair");
}

#[test]
fn fixers_that_print_diffs_of_one_file_look_at_it_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["look"]).write("x.txt", "1\n2\n3\n");
    let tool = |me: &str, other: &str, line: usize| {
        format!(
            "touch \"$SANDBOX/{me}\"\nuntil [ -e \"$SANDBOX/{other}\" ]; do sleep 0.01; done\n\
             printf -- '--- x.txt\\n+++ x.txt\\n@@ -{line} +{line} @@\\n-{line}\\n+{me}\\n'; exit 1"
        )
    };
    sandbox
        .tool("one", &tool("one", "two", 1))
        .tool("two", &tool("two", "one", 3));
    let check = |name: &str| {
        format!(
            "checks.{name} = {{ run = \"look {{files}}\", fix = \"{name} {{files}}\", diff = true, files = [\"*.txt\"] }}\n"
        )
    };
    sandbox.hooks(&(check("one") + &check("two")));
    let _ = sandbox.run("check --fix --max-workers 2").exits(0);
    assert_eq!(sandbox.read("x.txt"), "one\n2\ntwo\n");
}

#[test]
fn a_diff_that_fits_no_more_is_made_once_more() {
    // Both change the same line, and what the second one says of it is no longer so.
    let sandbox = printing([A_TO_B, "--- x.txt\n+++ x.txt\n@@ -1 +1 @@\n-c\n+d\n"]);
    sandbox
        .write("x.txt", "a\n")
        .tool(
            "other",
            "note other; printf -- '--- x.txt\\n+++ x.txt\\n@@ -1 +1 @@\\n-a\\n+c\\n'",
        )
        .write(
            "Cargo.toml",
            sandbox.read("Cargo.toml").replace(
                "checks.x",
                "checks.a = { run = \"look\", fix = \"other\", diff = true }\nchecks.x",
            ),
        );
    let out = sandbox.run("check --fix --serial --message-format json").exits(0);
    let ends = ends(&out);
    assert_eq!(end(&ends, "a fix"), "passed: repaired 1 file");
    assert_eq!(
        end(&ends, "x fix"),
        "passed: repaired 1 file, once the fixer had run again"
    );
    assert_eq!(sandbox.read("x.txt"), "d\n");
    assert_eq!(sandbox.log().iter().filter(|line| *line == "propose").count(), 2);
}

#[test]
fn a_diff_that_never_fits_changes_nothing_and_is_kept() {
    let two = "--- x.txt\n+++ x.txt\n@@ -1 +1 @@\n-a\n+b\n--- y.txt\n+++ y.txt\n@@ -1 +1 @@\n-not there\n+b\n";
    let sandbox = printing([two, two]);
    sandbox.write("x.txt", "a\n").write("y.txt", "a\n");
    let out = sandbox.run("check --fix --message-format json").exits(0);
    let ends = ends(&out);
    let said = end(&ends, "x fix");
    let (why, path) = said
        .split_once("; the diff is in [ROOT]")
        .unwrap_or_else(|| panic!("{said}"));
    assert_eq!(
        why,
        "failed: `y.txt` does not fit: line 1 and what follows it is not what the diff says"
    );
    assert_eq!(
        fs::read_to_string(sandbox.root().join(path.trim_start_matches('/'))).unwrap(),
        two
    );
    assert_eq!(
        (sandbox.read("x.txt"), sandbox.read("y.txt")),
        ("a\n".to_owned(), "a\n".to_owned())
    );
    assert_eq!(sandbox.log(), ["propose", "propose", "look"]);
}

#[test]
fn files_are_made_taken_away_and_renamed_as_a_diff_says() {
    let diff = "diff --git a/new/dir/x b/new/dir/x\nnew file mode 100755\n--- /dev/null\n+++ b/new/dir/x\n@@ -0,0 +1 @@\n+made\n\
                diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n\
                diff --git a/old b/called\nsimilarity index 50%\nrename from old\nrename to called\n";
    let sandbox = printing([diff, ""]);
    sandbox.write("gone", "gone\n").write("old", "old");
    let out = sandbox.run("check --fix --message-format json").exits(0);
    assert_eq!(end(&ends(&out), "x fix"), "passed: repaired 3 files");
    assert_eq!(
        (sandbox.read("new/dir/x"), sandbox.read("called")),
        ("made\n".to_owned(), "old".to_owned())
    );
    let mode = fs::metadata(sandbox.ws().join("new/dir/x"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0o111);
    assert!(!sandbox.ws().join("gone").exists() && !sandbox.ws().join("old").exists());
    let left = fs::read_dir(sandbox.ws()).unwrap().flatten();
    assert!(
        !left
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".new-"))
    );
}

#[test]
fn no_diff_reaches_what_is_not_to_be_changed() {
    let of = |name: &str| format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-a\n+b\n");
    let check = |diff: &str, why: &str| {
        let sandbox = printing([diff, diff]);
        fs::write(sandbox.root().join("outside"), "a\n").unwrap();
        symlink(sandbox.root().join("outside"), sandbox.ws().join("link")).unwrap();
        symlink(sandbox.root(), sandbox.ws().join("way")).unwrap();
        sandbox
            .write(".gitignore", "ignored*\n")
            .write("ignored.txt", "a\n")
            .write("x.txt", "a\n");
        sandbox.write("dir/y", "a\n").write("target/z", "a\n");
        let out = sandbox.run("check --fix --message-format json").exits(0);
        let ends = ends(&out);
        let said = [end(&ends, "x diff"), end(&ends, "x fix")].join(" / ");
        assert!(said.contains(why), "{diff}: {said}");
        assert_eq!(fs::read_to_string(sandbox.root().join("outside")).unwrap(), "a\n");
        for (file, content) in [
            ("x.txt", "a\n"),
            ("ignored.txt", "a\n"),
            ("target/z", "a\n"),
            ("dir/y", "a\n"),
        ] {
            assert_eq!(sandbox.read(file), content, "{diff}");
        }
        assert!(
            !sandbox.ws().join("ignored2").exists() && !sandbox.ws().join("made").exists(),
            "{diff}"
        );
        assert_eq!(
            sandbox.log().iter().filter(|line| *line == "propose").count(),
            1,
            "{diff}: there is no use in trying again"
        );
    };
    check(&of("../outside"), "`../outside`, which is no file of the workspace");
    check(&of(".git/config"), "`.git/config`, which is no file of the workspace");
    check(&of("link"), "`link` is no plain file");
    check(&of("way/outside"), "beyond a symbolic link");
    check(&of("dir"), "`dir` is no plain file");
    check(&of("ignored.txt"), "`ignored.txt` is ignored by git");
    check(&of("target/z"), "`target/z` lies in the target directory");
    check(
        "--- /dev/null\n+++ b/ignored2\n@@ -0,0 +1 @@\n+a\n",
        "`ignored2` is ignored by git",
    );
    // One that could be made, beside one that must not be changed.
    check(
        &("--- /dev/null\n+++ b/made/m\n@@ -0,0 +1 @@\n+a\n".to_owned() + &of("link")),
        "`link` is no plain file",
    );
}

#[test]
fn a_check_about_some_files_changes_no_others() {
    let sandbox = printing([A_TO_B, A_TO_B]);
    let manifest = sandbox
        .read("Cargo.toml")
        .replace("\"propose\"", "\"propose {files}\", files = [\"*.md\"]");
    sandbox.write(
        "Cargo.toml",
        manifest.replace("run = \"look\"", "run = \"look {files}\""),
    );
    sandbox.write("x.txt", "a\n").write("x.md", "a\n");
    let out = sandbox.run("check --fix --message-format json").exits(0);
    let ends = ends(&out);
    let said = end(&ends, "x fix");
    assert!(
        said.starts_with("failed: `x.txt` is changed by the diff, and the check is not about it"),
        "{said}"
    );
    assert_eq!(sandbox.read("x.txt"), "a\n");
}

#[test]
fn a_diff_needs_a_command_that_prints_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.x = { run = \"look\", diff = true }");
    let out = sandbox.run("check").exits(2);
    assert!(out.stderr.contains("`x` has no command that repairs"), "{out}");
}

/// Kills runs at random moments after they have begun to write.
fn killed(rounds: usize, seed: u64) {
    let names: Vec<String> = (0..60)
        .map(|at| format!("{}{at}.txt", if at % 2 == 0 { "" } else { "below/" }))
        .collect();
    let diff: String = names.iter().map(|name| A_TO_B.replace("x.txt", name)).collect();
    let sandbox = printing([&diff, &diff]);
    let mut chance = Chance::new(seed);
    let (mut caught, mut half) = (0, 0);
    for round in 0..rounds {
        for name in &names {
            sandbox.write(name, "a\n");
        }
        let mut running = sandbox.command("check --fix --serial").own_group().start();
        let begins = || left(&sandbox) > 0 || sandbox.read(&names[0]) == "b\n";
        while !running.has_ended() && !begins() {}
        for _ in 0..chance.below(40) {
            std::thread::yield_now();
        }
        if !running.has_ended() {
            running.signal(Signal::KILL);
        }
        let _ = running.wait();
        let contents: Vec<String> = names.iter().map(|name| sandbox.read(name)).collect();
        let whole = contents.iter().all(|content| content == "a\n" || content == "b\n");
        assert!(whole, "round {round}: {contents:?}");
        caught += usize::from(left(&sandbox) > 0);
        half += usize::from(contents.iter().any(|content| *content != contents[0]));
        // Whatever the next run does, it takes away what this one has left.
        let _ = sandbox.run("check --no-cache").exits(0);
        assert_eq!(left(&sandbox), 0, "round {round}");
        let contents_now: Vec<String> = names.iter().map(|name| sandbox.read(name)).collect();
        assert_eq!(contents_now, contents, "round {round}");
    }
    assert!(caught > 0, "{caught} caught, {half} half: this test tests nothing");
}

/// How many files of ours lie in the working tree.
fn left(sandbox: &Sandbox) -> usize {
    let ours = |dir: &str| {
        let names = fs::read_dir(sandbox.ws().join(dir)).unwrap().flatten();
        names
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".new-"))
            .count()
    };
    ours("") + ours("below")
}

#[test]
fn a_run_that_is_killed_while_it_applies_a_diff_leaves_nothing_half_done() {
    killed(4, 1);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn a_run_that_is_killed_at_any_moment_while_it_applies_a_diff_leaves_nothing_half_done() {
    killed(200, 2);
}
