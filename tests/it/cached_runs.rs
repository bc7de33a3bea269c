//! What has passed does not run again on the same content, and nothing that has not passed is taken for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::sandbox::{Output, Sandbox, eventually};

/// Three crates of which `beta` is built from `alpha`, and a check that notes on which crates it runs.
fn sandbox(hooks: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta", "gamma"]);
    sandbox.append("beta/Cargo.toml", "alpha = { path = \"../alpha\" }\n");
    sandbox.tool("look", "shift; note \"$@\"").hooks(hooks);
    // The lock file that a build would write.
    let _ = sandbox
        .program("cargo")
        .args("generate-lockfile --offline")
        .output()
        .exits(0);
    sandbox
}

/// A check of crates by a program that looks at their sources, and at those of what they are built from.
const LOOK: &str = "checks.look = { run = \"look at {packages}\", kinds = [\"source\", \"tests\", \"dev-dependencies\"], \
                    affects = \"dependents\" }";

/// What the tool of [`LOOK`] was given, run by run.
fn looked(sandbox: &Sandbox) -> Vec<String> {
    sandbox.log()
}

/// How much of each task was cached, as JSON has it.
fn cached(out: &Output) -> Vec<String> {
    let lines = out.json();
    let ends = lines.iter().filter(|line| line["type"] == "task-finished");
    ends.map(|end| format!("{} {}", end["task"]["label"].as_str().unwrap(), end["cached"]))
        .collect()
}

#[test]
fn only_what_a_change_reaches_runs_again() {
    let sandbox = sandbox(LOOK);
    let run = || {
        let out = sandbox.run("check --message-format json").exits(0);
        (cached(&out), looked(&sandbox).len())
    };
    assert_eq!(run(), (vec!["look null".to_owned()], 1));
    assert_eq!(run(), (vec!["look \"whole\"".to_owned()], 1));
    sandbox.append("beta/src/lib.rs", "// more\n");
    assert_eq!(run(), (vec![r#"look beta {"crates":2}"#.to_owned()], 2));
    sandbox.append("alpha/src/lib.rs", "// more\n");
    assert_eq!(run(), (vec![r#"look 2 crates {"crates":1}"#.to_owned()], 3));
    sandbox.write("README.md", "for people");
    sandbox.write("gamma/README.md", "for people");
    sandbox.append("gamma/Cargo.toml", "# a remark\n");
    assert_eq!(run(), (vec!["look \"whole\"".to_owned()], 3));
    assert_eq!(looked(&sandbox), ["--workspace", "-p beta", "-p alpha -p beta"]);
}

#[test]
fn a_person_sees_what_did_not_run() {
    let sandbox = sandbox(LOOK);
    let _ = sandbox.run("check").exits(0);
    sandbox.append("gamma/src/lib.rs", "// more\n");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking 3 crates: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] look gamma (2 crates cached)
    ------------
         Summary [     TIME] 1 task: 1 passed
    ");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking 3 crates: 1 check, 1 task in 0 waves on 1 slot
          CACHED [         ] look
    ------------
         Summary [     TIME] 1 task: 1 passed, 1 of them cached
    ");
    assert_snapshot!(sandbox.run("plan -j 1"), @"
    exit code 0
    --- stdout ---
    1 check, 1 task in 0 waves on 1 slot

    cached look: it has passed on the same content
    ");
}

#[test]
fn whatever_counts_makes_it_run_again() {
    let sandbox = sandbox(LOOK);
    let runs = |what: &str| {
        let before = looked(&sandbox).len();
        let _ = sandbox.run("check").exits(0);
        let after = looked(&sandbox).len();
        let _ = sandbox.run("check").exits(0);
        assert_eq!(looked(&sandbox).len(), after, "after {what}, it passes from then on");
        after - before
    };
    assert_eq!(runs("nothing"), 1);
    // Of the same size, and dated as before.
    let source = sandbox.ws().join("gamma/src/lib.rs");
    let (text, modified) = (
        fs::read_to_string(&source).unwrap(),
        fs::metadata(&source).unwrap().modified().unwrap(),
    );
    fs::write(&source, text.replace("x + 1", "1 + x")).unwrap();
    fs::File::options()
        .append(true)
        .open(&source)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    assert_eq!(runs("an edit that hides its time"), 1);
    fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(runs("a mode"), 1);
    fs::rename(&source, sandbox.ws().join("gamma/src/main.rs")).unwrap();
    assert_eq!(runs("a name"), 1);
    sandbox.write("gamma/tests/new.rs", "#[test]\nfn new() {}\n");
    assert_eq!(runs("a new file"), 1);
    sandbox.append("gamma/Cargo.toml", "[lints.rust]\nunused = \"warn\"\n");
    assert_eq!(runs("a manifest"), 1);
    sandbox.append("Cargo.toml", "\n[profile.dev]\ndebug = 0\n");
    assert_eq!(runs("a profile"), 1);
    // Replaced in place: the same name, and the same command.
    sandbox.tool("look", "shift; note \"$@\"; :");
    assert_eq!(runs("another program"), 1);
    let manifest = sandbox.read("Cargo.toml");
    sandbox.write(
        "Cargo.toml",
        manifest.replace("look at {packages}", "look {packages} at"),
    );
    assert_eq!(runs("the order of the words"), 1);
    let with = |name: &str, value: &str| {
        let before = looked(&sandbox).len();
        let _ = sandbox.command("check").env(name, value).output().exits(0);
        looked(&sandbox).len() - before
    };
    assert_eq!(with("ANYTHING", "1"), 1);
    assert_eq!(with("ANYTHING", "1"), 0);
    assert_eq!(with("ANYTHING", "2"), 1);
    assert_eq!(with("TERM", "dumb"), 0);
}

#[test]
fn what_failed_runs_again_and_its_neighbours_do_not() {
    let sandbox = sandbox("checks.check = true");
    sandbox.append("gamma/src/lib.rs", "/// Wrong.\npub fn wrong() -> u32 {\n    \"\"\n}\n");
    let run = || {
        let out = sandbox.run("check --message-format json").exits(1);
        let end = out
            .json()
            .into_iter()
            .find(|line| line["type"] == "task-finished")
            .unwrap();
        let all = serde_json::json!({"passed": ["alpha", "beta"], "failed": ["gamma"]});
        assert_eq!(end["crates"], all, "{out}");
        cached(&out)
    };
    assert_eq!(run(), ["check null"]);
    assert_eq!(run(), [r#"check gamma {"crates":2}"#]);
}

#[test]
fn nothing_is_kept_of_what_is_not_to_be_kept() {
    let sandbox = sandbox(&format!("{LOOK}\nchecks.now = {{ run = \"look at\", cache = false }}"));
    for (options, expected) in [
        ("--no-cache", 2),
        ("--no-cache", 2),
        ("", 2),
        ("", 1),
        ("--force", 2),
        ("--no-cache", 2),
        ("", 1),
    ] {
        let before = looked(&sandbox).len();
        let _ = sandbox.run(&format!("check {options}")).exits(0);
        assert_eq!(looked(&sandbox).len() - before, expected, "{options}");
    }
}

#[test]
fn a_pass_does_not_count_where_a_file_was_touched_meanwhile() {
    let wait = "shift; note \"$@\"; : >\"$SANDBOX/there\"; until test -e \"$SANDBOX/go\"; do sleep 0.01; done";
    let sandbox = sandbox(LOOK);
    sandbox.tool("look", wait);
    let source = sandbox.ws().join("beta/src/lib.rs");
    let (text, modified) = (
        fs::read(&source).unwrap(),
        fs::metadata(&source).unwrap().modified().unwrap(),
    );
    let running = sandbox.command("check").start();
    eventually("the tool is there", || sandbox.root().join("there").exists());
    // There and back, with the time put back as well: the tool may have seen what was between.
    fs::write(&source, "broken").unwrap();
    fs::write(&source, text).unwrap();
    fs::File::options()
        .append(true)
        .open(&source)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    sandbox.write("../go", "");
    let out = running.wait().exits(1);
    assert!(
        out.stdout.contains("`beta/src/lib.rs` was changed while it ran"),
        "{out}"
    );
    let _ = sandbox.run("check").exits(0);
    assert_eq!(looked(&sandbox).len(), 2, "it was not remembered as a pass");
}

#[test]
fn files_that_only_the_compiler_knows_of_count() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.check = true");
    sandbox.write("data.txt", "1");
    // The name is put together, so that no text in the sources shows it.
    sandbox.append(
        "alpha/src/lib.rs",
        "/// The data.\npub const DATA: &str = include_str!(concat!(\"../../da\", \"ta.txt\"));\n",
    );
    let ends = || {
        let out = sandbox.run("check --message-format json").exits(0);
        cached(&out)
    };
    assert_eq!(ends(), ["check null"]);
    assert_eq!(ends(), ["check null"], "the first run wrote the lock file");
    assert_eq!(ends(), ["check \"whole\""]);
    sandbox.write("data.txt", "2");
    assert_eq!(ends(), ["check null"]);
    assert_eq!(ends(), ["check \"whole\""]);
}

#[test]
fn worktrees_share_what_has_passed() {
    let sandbox = sandbox(LOOK);
    sandbox.git();
    let git = |arguments: &str| drop(sandbox.program("git").args(arguments).output().exits(0));
    git("add -A");
    git("-c user.name=x -c user.email=x@y commit -qm all");
    git("worktree add -q ../other");
    let _ = sandbox.run("check").exits(0);
    let out = sandbox
        .command("check --message-format json")
        .dir("../other")
        .output()
        .exits(0);
    assert_eq!(cached(&out), ["look \"whole\""]);
    assert_eq!(looked(&sandbox).len(), 1);
}

#[test]
fn nothing_to_run_starts_nothing() {
    // In a repository, git is asked once more while its index is younger than what the clock of a file system can tell.
    let sandbox = sandbox(&format!("{LOOK}\nchecks.fmt = true"));
    for name in ["cargo", "git", "rustc", "rustfmt"] {
        sandbox.tool(name, &format!("note {name}; exec \"$SANDBOX/toolchain/{name}\" \"$@\""));
    }
    let _ = sandbox.run("check").exits(0);
    let _ = sandbox.run("check").exits(0);
    let before = looked(&sandbox).len();
    let out = sandbox.run("check").exits(0);
    assert!(out.stdout.contains("2 of them cached"), "{out}");
    assert_eq!(looked(&sandbox)[before..], [""; 0]);
}

#[test]
fn a_package_that_is_no_member_counts_for_those_that_are_built_from_it() {
    let sandbox = sandbox(LOOK);
    sandbox.write(
        "../beside/Cargo.toml",
        "[package]\nname = \"beside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    sandbox.write("../beside/src/lib.rs", "//! Beside.\n");
    sandbox.append("gamma/Cargo.toml", "beside = { path = \"../../beside\" }\n");
    let _ = sandbox
        .program("cargo")
        .args("generate-lockfile --offline")
        .output()
        .exits(0);
    let _ = sandbox.run("check").exits(0);
    sandbox.write("../beside/src/lib.rs", "//! Beside us.\n");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(looked(&sandbox), ["--workspace", "-p gamma"]);
}

#[test]
fn what_lies_outside_of_the_tree_counts_as_well() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("look", "shift; note \"$@\"")
        .tool("inner", "note inner")
        .hooks(
            "checks.look = { run = \"look at {packages}\", kinds = [\"source\"], inputs = [\"look.toml\"] }\n\
             checks.piped = { shell = \"inner | cat\", kinds = [\"source\"] }",
        )
        .write(".gitignore", "look.toml\n")
        .git();
    let runs = |what: &str, expected: usize| {
        let before = sandbox.log().len();
        let _ = sandbox.run("check").exits(0);
        assert_eq!(sandbox.log().len() - before, expected, "{what}");
    };
    runs("nothing", 2);
    runs("nothing", 0);
    sandbox.write("alpha/look.toml", "ignored by git");
    runs("an ignored file of the tool, which a script may read too", 2);
    sandbox.write("../look.toml", "above the root");
    runs("a file of the tool above the root", 2);
    sandbox.tool("inner", "note inner; :");
    runs("a program that a shell starts", 1);
    let with = |wrapper: &str, expected: usize| {
        sandbox.tool("wrapper", wrapper);
        let path = sandbox.root().join("bin/wrapper");
        let before = sandbox.log().len();
        let _ = sandbox.command("check").env("RUSTC_WRAPPER", path).output().exits(0);
        assert_eq!(sandbox.log().len() - before, expected, "{wrapper}");
    };
    with("one", 2);
    with("one", 0);
    with("two", 2);
}
