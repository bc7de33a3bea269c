//! Several runs at once, in one working tree and in several; and somebody who tidies up meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use rustix::process::{Signal, kill_process};

use crate::process_marks::Mark;
use crate::sandbox::{Output, Running, Sandbox, eventually};

/// The files below the directories of the state of this name.
fn state(sandbox: &Sandbox, name: &str) -> Vec<PathBuf> {
    let states = fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks"))
        .into_iter()
        .flatten();
    let dirs = states.flat_map(|state| fs::read_dir(state.unwrap().path().join(name)));
    dirs.flatten().map(|file| file.unwrap().path()).collect()
}

/// So many runs at once in one repository, of which the first few are killed as soon as all their tasks run.
fn runs_at_once(runs: usize, killed: usize) {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .tool("good", "note good")
        .tool("bad", "exit 7")
        .tool("waits", &format!("[ -z \"$WAIT\" ] || sleep {}", mark.seconds()))
        .hooks("checks.good = \"good\"\nchecks.bad = \"bad\"\nchecks.waits = \"waits\"");
    let start = |wait: &str| {
        // What one of them has passed would not run in another that begins later.
        let run = sandbox.command("check -j 3 --force --message-format json");
        run.env("WAIT", wait).own_group().start()
    };
    let victims: Vec<Running<'_>> = (0..killed).map(|_| start("1")).collect();
    let others: Vec<Running<'_>> = (killed..runs).map(|_| start("")).collect();
    mark.are(killed);
    for victim in victims {
        kill_process(victim.pid(), Signal::KILL).unwrap();
        let _ = victim.wait().exits(-1);
    }
    for other in others {
        let out = other.wait().exits(1);
        let mut outcomes = out.outcomes();
        outcomes.sort();
        assert_eq!(outcomes, ["bad: failed", "good: passed", "waits: passed"], "{out}");
        assert_eq!(out.stderr, "");
    }
    mark.gone();
    let plan = sandbox.run("plan --message-format json").exits(0);
    for task in plan.json()[0]["tasks"].as_array().unwrap() {
        assert_eq!(task["estimate"]["runs"], runs - killed, "{task}");
    }
    let _ = sandbox.run("check good").exits(0);
    eventually("no record of a run is left", || state(&sandbox, "running").is_empty());
    let git = fs::read_dir(sandbox.ws().join(".git")).unwrap();
    let locks = git.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|name| name == "lock")
    });
    assert_eq!(locks.count(), 0, "no lock is left");
}

#[test]
fn runs_beside_each_other_are_right_and_remembered_though_some_are_killed() {
    runs_at_once(6, 2);
}

#[test]
#[ignore = "takes minutes; for the night"]
fn twenty_runs_beside_each_other_of_which_five_are_killed() {
    (0..10).for_each(|_| runs_at_once(20, 5));
}

/// The working trees of a repository share the directory of the state, and nothing else: each has its own members,
/// configuration and verdict.
#[test]
fn linked_worktrees_are_judged_by_what_is_in_them() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .tool("good", "read -r word <word && [ \"$word\" = good ]")
        .hooks("checks.good = \"good\"\nchecks.each = { run = \"good\", scope = \"package\", cwd = \"{package-dir}\" }")
        .write("word", "good\n")
        .write("alpha/word", "good\n");
    git(&sandbox, "add --all");
    git(&sandbox, "commit --quiet --message all");
    for tree in ["one", "two"] {
        git(&sandbox, &format!("worktree add --quiet --detach ../{tree}"));
    }
    sandbox.write("../one/word", "bad\n");
    let members = "[workspace]\nmembers = [\"alpha\", \"beta\"]\n";
    let manifest = sandbox.read("Cargo.toml");
    let other = manifest.replace("[workspace]\nmembers = [\"alpha\"]\n", members);
    assert_ne!(manifest, other);
    sandbox
        .krate("../two/beta", "beta", "")
        .write("../two/Cargo.toml", other);
    for round in 0..3 {
        let start = |tree: &str| sandbox.command("check --message-format json").dir(tree).start();
        let runs = ["", "../one", "../two"].map(start);
        let [main, one, two] = runs.map(|run| {
            let out = run.wait();
            let mut outcomes = out.outcomes();
            outcomes.sort();
            (out.code, outcomes)
        });
        let known =
            |code: i32, outcomes: &[&str]| (code, outcomes.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert_eq!(main, known(0, &["each alpha: passed", "good: passed"]), "round {round}");
        assert_eq!(one, known(1, &["each alpha: passed", "good: failed"]), "round {round}");
        let expected = ["each alpha: passed", "each beta: failed", "good: passed"];
        assert_eq!(two, known(1, &expected), "round {round}");
    }
    assert_eq!(state(&sandbox, "running").len(), 0);
}

/// A build script that says that it is there, and waits until it may go on. Cargo runs it each time.
const BUILD_SCRIPT: &str = r#"
use std::io::{Read, Write};

fn main() {
    println!("cargo::rerun-if-changed=there-is-none");
    let dir = std::env::var("SANDBOX").unwrap();
    let pipe = |name: &str| std::fs::File::options().read(true).write(true).open(format!("{dir}/{name}")).unwrap();
    pipe("begun").write_all(b"x").unwrap();
    pipe("go-on").read_exact(&mut [0]).unwrap();
}
"#;

/// The pipes that build scripts use. They are held open, so that nobody has to wait for somebody else to open them.
struct Pipes {
    begun: fs::File,
    go_on: fs::File,
}

impl Pipes {
    fn new(sandbox: &Sandbox) -> Self {
        let pipe = |name: &str| {
            let path = sandbox.root().join(name);
            let _ = sandbox.program("mkfifo").arg(&path).output().exits(0);
            fs::File::options().read(true).write(true).open(path).unwrap()
        };
        Self {
            begun: pipe("begun"),
            go_on: pipe("go-on"),
        }
    }

    /// Runs the checks, and disturbs them once the build script waits.
    fn disturbed(&mut self, sandbox: &Sandbox, disturb: impl FnOnce()) -> Output {
        let running = sandbox.command("check --message-format json").start();
        self.begun.read_exact(&mut [0]).unwrap();
        disturb();
        self.let_go_on();
        running.wait()
    }

    /// Lets one build script go on, now or later.
    fn let_go_on(&mut self) {
        self.go_on.write_all(b"x").unwrap();
    }
}

/// Whoever removes what cargo builds in the middle of a run gets the right verdict or a failure, and no pass by accident.
#[test]
fn what_is_tidied_away_during_a_run_makes_nothing_pass() {
    for (code, right) in [
        ("pub fn right() {}\n", true),
        ("pub fn wrong() -> u32 {\n    \"\"\n}\n", false),
    ] {
        for tidy in ["rm -rf target", "cargo clean --quiet", "git gc --quiet --prune=now"] {
            let sandbox = Sandbox::workspace(&["alpha"]);
            sandbox
                .git()
                .hooks("checks.check = \"cargo check\"")
                .write("alpha/build.rs", BUILD_SCRIPT)
                .write("alpha/src/lib.rs", code);
            let tidy_up = || drop(sandbox.program("sh").arg("-c").arg(tidy).output().exits(0));
            let out = Pipes::new(&sandbox).disturbed(&sandbox, tidy_up);
            let context = format!("{tidy}: {out}");
            assert!([0, 1].contains(&out.code), "{context}");
            assert!(right || out.code == 1, "{context}");
            let passed = out.outcomes() == ["check: passed"];
            assert_eq!(passed, out.code == 0, "{context}");
        }
    }
}

/// A repository whose branches are right and wrong, with a check that waits until somebody has disturbed it.
fn branches() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .hooks("checks.check = \"cargo check\"")
        .write("alpha/build.rs", BUILD_SCRIPT)
        .write(".gitignore", "/target\n");
    let _ = sandbox
        .program("cargo")
        .args("generate-lockfile --offline")
        .output()
        .exits(0);
    git(&sandbox, "checkout --quiet -b right");
    git(&sandbox, "add --all");
    git(&sandbox, "commit --quiet --message right");
    git(&sandbox, "checkout --quiet -b wrong");
    sandbox.append("alpha/src/lib.rs", "pub fn wrong() -> u32 {\n    \"\"\n}\n");
    git(&sandbox, "commit --quiet --all --message wrong");
    // One that changes nothing of that.
    git(&sandbox, "checkout --quiet -b mine-wrong");
    sandbox.write("notes.txt", "mine");
    git(&sandbox, "add notes.txt");
    git(&sandbox, "commit --quiet --message notes");
    sandbox
}

fn git(sandbox: &Sandbox, arguments: &str) {
    let run = sandbox
        .program("git")
        .args("-c user.name=x -c user.email=x@example.com");
    let _ = run.args(arguments).output().exits(0);
}

/// How a run ends, and whether it found the verdict in the cache.
fn verdict(out: &Output) -> (i32, bool) {
    let line = out.json().into_iter().find(|line| line["type"] == "task-finished");
    (out.code, line.is_some_and(|line| !line["cached"].is_null()))
}

/// Whoever changes the files under a run gets a failure or the verdict on what is there then, and nothing of it is kept:
/// neither for the files that there were, nor for those that there are.
#[test]
fn a_checkout_or_a_rebase_during_a_run_makes_nothing_pass() {
    for (before, disturbance, right) in [
        ("right", "checkout --quiet wrong", false),
        ("mine-wrong", "rebase --quiet --onto right wrong", true),
    ] {
        let sandbox = branches();
        git(&sandbox, &format!("checkout --quiet {before}"));
        let mut pipes = Pipes::new(&sandbox);
        let out = pipes.disturbed(&sandbox, || git(&sandbox, disturbance));
        let context = format!("{disturbance}: {out}");
        assert!(out.code == 1 || out.code == 0 && right, "{context}");
        assert_eq!(out.outcomes() == ["check: passed"], out.code == 0, "{context}");
        let before = before.trim_start_matches("mine-");
        for (tree, expected) in [("HEAD", right), (before, !right)] {
            git(&sandbox, &format!("checkout --quiet --detach {tree}"));
            // What has passed undisturbed is kept: else this would show nothing.
            for cached in [false, true].into_iter().take(1 + usize::from(expected)) {
                pipes.let_go_on();
                let out = sandbox.run("check --message-format json");
                assert_eq!(
                    verdict(&out),
                    (i32::from(!expected), cached),
                    "{context}\n{tree}: {out}"
                );
            }
        }
    }
}
