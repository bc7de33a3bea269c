//! What has passed does not run again on the same content, and nothing that has not passed is taken for it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

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
        (cached(&out), sandbox.log().len())
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
    assert_eq!(sandbox.log(), ["--workspace", "-p beta", "-p alpha -p beta"]);
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
        let before = sandbox.log().len();
        let _ = sandbox.run("check").exits(0);
        let after = sandbox.log().len();
        let _ = sandbox.run("check").exits(0);
        assert_eq!(sandbox.log().len(), after, "after {what}, it passes from then on");
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
        let before = sandbox.log().len();
        let _ = sandbox.command("check").env(name, value).output().exits(0);
        sandbox.log().len() - before
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
        let before = sandbox.log().len();
        let _ = sandbox.run(&format!("check {options}")).exits(0);
        assert_eq!(sandbox.log().len() - before, expected, "{options}");
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
    assert_eq!(sandbox.log().len(), 2, "it was not remembered as a pass");
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
    assert_eq!(sandbox.log().len(), 1);
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
    let before = sandbox.log().len();
    let out = sandbox.run("check").exits(0);
    assert!(out.stdout.contains("2 of them cached"), "{out}");
    assert_eq!(sandbox.log()[before..], [""; 0]);
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
    assert_eq!(sandbox.log(), ["--workspace", "-p gamma"]);
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

#[test]
fn only_the_variables_that_are_named_count_and_only_they_are_given() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("own", "note \"${DB_URL-none} ${OTHER-none}\"")
        .hooks("checks.own = { run = \"own\", env = [\"DB_*\", \"SANDBOX\"] }");
    let run = |variables: &[(&str, &str)]| {
        let command = sandbox.command("check");
        let command = variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value));
        let _ = command.output().exits(0);
        sandbox.log().last().cloned().unwrap_or_default() + &format!(" {}", sandbox.log().len())
    };
    assert_eq!(run(&[("OTHER", "1")]), "none none 1");
    assert_eq!(run(&[("OTHER", "2")]), "none none 1");
    assert_eq!(run(&[("DB_URL", "x"), ("OTHER", "1")]), "x none 2");
    assert_eq!(run(&[("DB_URL", "y")]), "y none 3");
    assert_eq!(run(&[]), "y none 3");
    // Compilers read it, whoever names it or not.
    assert_eq!(run(&[("RUSTFLAGS", "-Cdebuginfo=0")]), "none none 4");
}

#[test]
fn a_person_is_told_why_a_check_would_run() {
    let sandbox = sandbox(&format!("{LOOK}\nchecks.now = {{ run = \"look at\", cache = false }}"));
    assert_snapshot!(sandbox.run("why look -p alpha"), @"
    exit code 0
    --- stdout ---
    look alpha: would run: no pass of it is remembered
    ");
    let _ = sandbox.run("check look").exits(0);
    let passed = sandbox.run("why look").exits(0);
    assert!(
        passed
            .stdout
            .starts_with("look alpha, look beta, look gamma: has passed on the same content "),
        "{passed}"
    );
    sandbox.append("alpha/src/lib.rs", "// more\n");
    sandbox.write("beta/src/new.rs", "");
    sandbox.append("beta/Cargo.toml", "[lints.rust]\nunused = \"warn\"\n");
    let why = |arguments: &str| {
        let out = sandbox.command(arguments).env("WHO", "me").output().exits(0);
        let told = out.stdout.split_once(" since ").map(|(_, told)| told.to_owned());
        let told = told.unwrap_or_else(|| panic!("{out}"));
        // How long ago that was is not always the same.
        told.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_snapshot!(why("why look -p beta"), @"
    source of alpha: changed
      alpha/src/lib.rs: changed
    source of beta: changed
      `[lints]` in its manifest: new
      beta/src/new.rs: new
    tests of beta: changed
      `[lints]` in its manifest: new
    variable WHO: new
    ");
    assert_snapshot!(sandbox.run("why now"), @"
    exit code 0
    --- stdout ---
    now: runs each time: its passes are not remembered
    ");
    let json = sandbox.run("why look -p gamma --message-format json").exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["tasks"][0]["standing"], "passed", "{json}");
    let near = "`loook` is no crate of the workspace, no check and no file; did you mean `look`?";
    assert!(sandbox.run("why loook").exits(2).stderr.contains(near));
}

#[test]
fn a_share_of_what_has_passed_runs_again_where_that_is_asked() {
    let sandbox = sandbox(LOOK);
    let _ = sandbox.run("check").exits(0);
    let out = sandbox.run("check --verify-cache").exits(0);
    assert!(out.stderr.contains("1 pass that is remembered runs again"), "{out}");
    let again = sandbox.log().pop().unwrap();
    assert!(["-p alpha", "-p beta", "-p gamma"].contains(&again.as_str()), "{again}");
    let out = sandbox.run("check --verify-cache=100").exits(0);
    assert!(out.stderr.contains("3 passes that are remembered run again"), "{out}");
    assert_eq!(sandbox.log().pop().unwrap(), "--workspace");
}

#[test]
fn a_pass_that_does_not_hold_any_more_is_told_and_forgotten() {
    // What nobody can know of: the tool looks outside of the tree.
    let sandbox = sandbox(LOOK);
    sandbox.tool("look", "shift; note \"$@\"; test ! -e \"$SANDBOX/broken\"");
    let _ = sandbox.run("check").exits(0);
    fs::write(sandbox.root().join("broken"), "").unwrap();
    let _ = sandbox.run("check").exits(0);
    let out = sandbox.run("check --verify-cache=100").exits(1);
    for name in ["alpha", "beta", "gamma"] {
        let alarm = format!("`look` for {name} has failed on what it passed on at 2");
        assert!(out.stderr.contains(&alarm), "{out}");
    }
    let out = sandbox.run("check").exits(1);
    assert!(!out.stderr.contains("has failed on what"), "{out}");
    // A file that is edited while the tool runs is no contradiction, nor is a failure on another content.
    fs::remove_file(sandbox.root().join("broken")).unwrap();
    let _ = sandbox.run("check").exits(0);
    fs::write(sandbox.root().join("broken"), "").unwrap();
    sandbox.append("gamma/src/lib.rs", "// more\n");
    let out = sandbox.run("check").exits(1);
    assert!(!out.stderr.contains("has failed on what"), "{out}");
}

#[test]
fn what_a_batch_said_of_each_crate_is_said_again() {
    let sandbox = sandbox("checks.check = true");
    for name in ["alpha", "gamma"] {
        sandbox.append(format!("{name}/src/lib.rs"), &format!("fn unused_in_{name}() {{}}\n"));
    }
    let said = |out: &Output| {
        let lines = out.stdout.lines().filter(|line| line.contains("warning: function `"));
        lines.map(|line| line.trim().to_owned()).collect::<BTreeSet<_>>()
    };
    let first = sandbox.run("check -v").exits(0);
    let expected = ["alpha", "gamma"].map(|name| format!("warning: function `unused_in_{name}` is never used"));
    assert_eq!(said(&first), BTreeSet::from(expected), "{first}");
    let again = sandbox.run("check -v").exits(0);
    assert_eq!(said(&again), said(&first), "{again}");
    sandbox.append("gamma/src/lib.rs", "// more\n");
    let of_some = sandbox.run("check -v").exits(0);
    assert_eq!(said(&of_some), said(&first), "{of_some}");
    assert!(of_some.stdout.contains("2 crates cached)"), "{of_some}");
}

#[test]
fn what_a_check_names_counts_though_git_ignores_it() {
    let sandbox = sandbox(
        "checks.look = { run = \"look at {packages}\", kinds = [\"source\"], inputs = [\"fixtures/**/*.txt\", \"secret.env\"] }",
    );
    sandbox.write(".gitignore", "/target\n/fixtures\n*.env\n");
    let _ = sandbox.program("git").args("init --quiet").output().exits(0);
    let runs = |what: &str| {
        let before = sandbox.log().len();
        for _ in 0..2 {
            let _ = sandbox.run("check").exits(0);
        }
        assert!(
            sandbox.log().len() <= before + 1,
            "after {what}, it passes from then on"
        );
        sandbox.log().len() - before
    };
    assert_eq!(runs("nothing"), 1);
    sandbox.write("fixtures/a/b.txt", "one");
    assert_eq!(runs("a file that git ignores"), 1);
    sandbox.write("fixtures/a/b.txt", "two");
    assert_eq!(runs("a change of it"), 1);
    sandbox.write("fixtures/a/b.bin", "of no interest");
    assert_eq!(runs("another file"), 0);
    sandbox.write("secret.env", "A=1");
    assert_eq!(runs("a file that is named"), 1);
    fs::remove_file(sandbox.ws().join("fixtures/a/b.txt")).unwrap();
    assert_eq!(runs("its end"), 1);
}

/// What is done to a workspace.
type Change<'c> = &'c dyn Fn(&Sandbox);

/// Cargo goes by times: what is put in the place of a source without a new one, it takes for what it has compiled.
#[test]
fn what_cargo_takes_for_something_older_is_not_remembered() {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50);
    let old = |sandbox: &Sandbox, path: &str, text: &str| {
        sandbox.write(path, text);
        let file = fs::File::options().append(true).open(sandbox.ws().join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    };
    let changes: [(&str, Change<'_>); 6] = [
        ("a source by a link", &|sandbox| {
            let source = sandbox.ws().join("alpha/src/lib.rs");
            fs::remove_file(&source).unwrap();
            symlink("../other/lib.rs", source).unwrap();
        }),
        ("a source with its directory", &|sandbox| {
            let alpha = sandbox.ws().join("alpha");
            fs::rename(alpha.join("src"), alpha.join("aside")).unwrap();
            fs::rename(alpha.join("other"), alpha.join("src")).unwrap();
        }),
        ("the same, where something is added to it", &|sandbox| {
            let alpha = sandbox.ws().join("alpha");
            fs::rename(alpha.join("src"), alpha.join("aside")).unwrap();
            fs::rename(alpha.join("other"), alpha.join("src")).unwrap();
            sandbox.write("alpha/src/note", "Both times of the directory are those of this.\n");
        }),
        ("what git ignores and a source includes", &|sandbox| {
            fs::rename(sandbox.ws().join("other.txt"), sandbox.ws().join("data.txt")).unwrap();
        }),
        ("what a build script watches", &|sandbox| {
            fs::rename(sandbox.ws().join("other.txt"), sandbox.ws().join("watched/data.txt")).unwrap();
        }),
        ("what clippy is configured by", &|sandbox| {
            sandbox.write("clippy.toml", "too-many-arguments-threshold = 1\n");
        }),
    ];
    for (what, change) in changes {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox
            .hooks("checks.clippy = { args = [\"--\", \"-D\", \"warnings\"] }")
            .git();
        sandbox.write(".gitignore", "data.txt\nCargo.lock\ntarget\n");
        for data in ["data.txt", "watched/data.txt", "other.txt"] {
            old(&sandbox, data, if data == "other.txt" { "evil" } else { "good" });
        }
        sandbox.write(
            "alpha/build.rs",
            "//! Builds.\n\nfn main() {\n    println!(\"cargo::rerun-if-changed=../watched\");\n    \
             let text = std::fs::read(\"../watched/data.txt\").unwrap();\n    assert_ne!(text, b\"evil\");\n}\n",
        );
        let source = "//! A crate.\n\n/// Data.\npub const DATA: &str = include_str!(\"../../data.txt\");\n\n\
                      const _: () = assert!(DATA.as_bytes()[0] == b'g');\n\n/// Adds.\n#[must_use]\n\
                      pub fn add(one: u32, other: u32) -> u32 {\n    one + other\n}\n";
        old(&sandbox, "alpha/src/lib.rs", source);
        old(&sandbox, "alpha/other/lib.rs", &source.replace("one + other", "none"));
        let run = || cached(&sandbox.run("check --message-format json"));
        // The first run writes the lock file.
        let _ = (run(), run());
        assert_eq!(run(), ["clippy \"whole\""], "before, {what}");
        change(&sandbox);
        assert_eq!(run(), ["clippy null"], "{what}");
        assert_eq!(run(), ["clippy null"], "again, {what}");
        for source in ["alpha/src/lib.rs", "alpha/build.rs"] {
            let file = fs::File::options()
                .append(true)
                .open(sandbox.ws().join(source))
                .unwrap();
            file.set_modified(SystemTime::now()).unwrap();
        }
        assert_eq!(sandbox.run("check").code, 1, "once cargo looks, {what}");
    }
}

/// What a build script reads that tells of nothing, nobody knows, unless it does nothing.
#[test]
fn a_build_script_that_does_nothing_reads_nothing() {
    for (script, expected) in [
        ("// It has to be there.\nfn main() {}\n", "check \"whole\""),
        ("fn main() {\n    std::env::args();\n}\n", "check null"),
    ] {
        let sandbox = sandbox("checks.check = true");
        sandbox.write("alpha/build.rs", script).write("beta/build.rs", script);
        sandbox.write("gamma/build.rs", script);
        let run = || cached(&sandbox.run("check --message-format json").exits(0));
        let _ = run();
        assert_eq!(run(), [expected], "{script}");
    }
}

/// Times tell of changes that are none to the compiler: what it has compiled is remembered by its content.
#[test]
fn what_was_compiled_from_the_same_is_remembered_whatever_times_say() {
    let changes: [(&str, Change<'_>); 3] = [
        ("a program", &|sandbox| {
            let source = sandbox.ws().join("alpha/src/lib.rs");
            fs::set_permissions(source, fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a link", &|sandbox| {
            let source = sandbox.ws().join("alpha/src/lib.rs");
            fs::rename(&source, source.with_file_name("real.rs")).unwrap();
            symlink("real.rs", source).unwrap();
        }),
        ("moved", &|sandbox| {
            let dir = sandbox.ws().join("alpha/src");
            let aside = dir.with_file_name("aside");
            fs::rename(&dir, &aside).unwrap();
            fs::create_dir(&dir).unwrap();
            fs::rename(aside.join("lib.rs"), dir.join("lib.rs")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let sandbox = sandbox("checks.check = true");
        let run = || cached(&sandbox.run("check --message-format json").exits(0));
        let _ = run();
        change(&sandbox);
        let _ = run();
        assert_eq!(run(), ["check \"whole\""], "{what}");
    }
}

/// However soon after a run somebody edits, be it within the same tick of the clock.
#[test]
fn edits_right_after_a_run_are_seen() {
    let sandbox = sandbox(LOOK);
    sandbox.tool("look", "shift; case $(cat gamma/src/lib.rs) in *evil*) exit 1 ;; esac");
    let source = sandbox.ws().join("gamma/src/lib.rs");
    let time = SystemTime::now() + Duration::from_hours(24 * 3650);
    for round in 0..12 {
        let (word, code) = [("good", 0), ("evil", 1), ("gold", 0)][round % 3];
        sandbox.write(&source, format!("//! {word}\n"));
        // Some are dated as all of them are, in ten years.
        if round > 5 {
            fs::File::options()
                .append(true)
                .open(&source)
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        let out = sandbox.run("check");
        assert_eq!(out.code, code, "round {round}: {out}");
    }
}

#[test]
fn a_file_that_becomes_another_while_a_check_runs_is_judged_by_the_next_run() {
    let sandbox = sandbox(LOOK);
    sandbox.tool(
        "look",
        "shift; note \"$@\"; text=$(cat beta/src/lib.rs); : >\"$SANDBOX/there\"; until test -e \"$SANDBOX/go\"; do sleep 0.01; done; \
         case $text in *evil*) exit 1 ;; esac",
    );
    let source = sandbox.ws().join("beta/src/lib.rs");
    sandbox.write(&source, "//! good\n");
    let modified = fs::metadata(&source).unwrap().modified().unwrap();
    let running = sandbox.command("check").start();
    eventually("the tool has read", || sandbox.root().join("there").exists());
    sandbox.write(&source, "//! evil\n");
    fs::File::options()
        .append(true)
        .open(&source)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    sandbox.write("../go", "");
    let _ = running.wait().exits(1);
    let _ = sandbox.run("check").exits(1);
    sandbox.write(&source, "//! good\n");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(sandbox.log().len(), 3, "what passed at first was not remembered");
}

/// A lock file that git ignores, as that of a library often is, counts like any other.
#[test]
fn a_lock_file_that_git_ignores_counts() {
    let sandbox = sandbox("checks.check = true");
    sandbox.git().write(".gitignore", "Cargo.lock\ntarget\nvendor\n");
    sandbox.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n",
    );
    for (version, number) in [("1.0.0", "1"), ("1.0.1", "\"none\"")] {
        let dir = format!("vendor/dep-{version}");
        sandbox.write(
            format!("{dir}/Cargo.toml"),
            format!("[package]\nname = \"dep\"\nversion = \"{version}\"\nedition = \"2024\"\n"),
        );
        sandbox.write(
            format!("{dir}/src/lib.rs"),
            format!("pub const NUMBER: u32 = {number};\n"),
        );
        sandbox.write(format!("{dir}/.cargo-checksum.json"), "{\"files\":{}}");
    }
    sandbox.append("gamma/Cargo.toml", "dep = \"1\"\n");
    let update = |version: &str| {
        let lock = sandbox.read("Cargo.lock");
        sandbox.write("Cargo.lock", lock.replace("1.0.0", version).replace("1.0.1", version));
    };
    let _ = sandbox
        .program("cargo")
        .args("generate-lockfile --offline")
        .output()
        .exits(0);
    update("1.0.0");
    let _ = sandbox.run("check").exits(0);
    assert_eq!(
        cached(&sandbox.run("check --message-format json").exits(0)),
        ["check \"whole\""]
    );
    update("1.0.1");
    let out = sandbox.run("check --message-format json").exits(1);
    assert_eq!(cached(&out), [r#"check gamma {"crates":2}"#]);
    update("1.0.0");
    assert_eq!(
        cached(&sandbox.run("check --message-format json").exits(0)),
        ["check \"whole\""]
    );
}

/// Cargo builds a package once, with the features that all of those ask for who are built: without one of them, the others
/// are built from something else.
#[test]
fn what_is_built_with_the_features_that_others_ask_for_runs_together_with_them() {
    let sandbox = sandbox("checks.check = true");
    sandbox.append("alpha/Cargo.toml", "\n[features]\nextra = []\n");
    sandbox.append(
        "alpha/src/lib.rs",
        "/// What there is.\npub struct Options {\n    /// With more.\n    #[cfg(feature = \"extra\")]\n    pub extra: u32,\n}\n",
    );
    sandbox.append(
        "beta/src/lib.rs",
        "/// All.\npub const OPTIONS: alpha::Options = alpha::Options {};\n",
    );
    sandbox.append("gamma/Cargo.toml", "alpha = { path = \"../alpha\" }\n");
    let _ = sandbox
        .program("cargo")
        .args("generate-lockfile --offline")
        .output()
        .exits(0);
    let run = |arguments: &str| {
        let out = sandbox.run(&format!("check --message-format json {arguments}"));
        (out.code, cached(&out))
    };
    let said = |code: i32, cached: &str| (code, vec![cached.to_owned()]);
    assert_eq!(run(""), said(0, "check null"));
    sandbox.append("beta/src/lib.rs", "// more\n");
    assert_eq!(
        run(""),
        said(0, r#"check beta {"crates":2}"#),
        "nobody asks for more than beta"
    );
    let manifest = sandbox.read("gamma/Cargo.toml");
    sandbox.write(
        "gamma/Cargo.toml",
        manifest.replace("\"../alpha\" }", "\"../alpha\", features = [\"extra\"] }"),
    );
    assert_eq!(run(""), said(1, "check null"));
    assert_eq!(
        run(""),
        said(1, r#"check 2 crates {"crates":1}"#),
        "not beta alone, which would pass"
    );
    assert_eq!(run("-p beta"), said(0, "check beta null"), "that is what was asked for");
    assert_eq!(
        run("-p beta"),
        said(0, "check beta null"),
        "and not what passes with all"
    );
    assert_eq!(run(""), said(1, r#"check 2 crates {"crates":1}"#));
    sandbox.write("gamma/Cargo.toml", manifest);
    assert_eq!(run(""), said(0, "check \"whole\""));
}
