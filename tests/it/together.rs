//! Several runs at once, in one working tree and in several; and somebody who tidies up meanwhile.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use rustix::process::{Signal, kill_process};

use crate::process_marks::Mark;
use crate::sandbox::{Running, Sandbox, eventually};

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
        let run = sandbox.command("check -j 3 --message-format json");
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
    let git = |arguments: &str| {
        let run = sandbox
            .program("git")
            .args("-c user.name=x -c user.email=x@example.com");
        let _ = run.args(arguments).output().exits(0);
    };
    git("add --all");
    git("commit --quiet --message all");
    for tree in ["one", "two"] {
        git(&format!("worktree add --quiet --detach ../{tree}"));
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

/// A build script that waits until somebody has tidied up.
const BUILD_SCRIPT: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=there-is-none");
    std::fs::write("../in", "").unwrap();
    std::fs::read("../go").unwrap();
}
"#;

/// Whoever removes what cargo builds in the middle of a run gets the right verdict or a failure, and no pass by accident.
#[test]
fn what_is_tidied_away_during_a_run_makes_nothing_pass() {
    for (code, right) in [
        ("pub fn right() {}\n", true),
        ("pub fn wrong() -> u32 {\n    \"\"\n}\n", false),
    ] {
        for tidy in ["rm -rf target", "git gc --quiet --prune=now"] {
            let sandbox = Sandbox::workspace(&["alpha"]);
            sandbox
                .git()
                .hooks("checks.check = \"cargo check\"")
                .write("alpha/build.rs", BUILD_SCRIPT)
                .write("alpha/src/lib.rs", code);
            for fifo in ["in", "go"] {
                let _ = sandbox.program("mkfifo").arg(fifo).output().exits(0);
            }
            let running = sandbox.command("check --message-format json").start();
            // Nobody has it open until the build script runs.
            let begun = fs::File::open(sandbox.ws().join("in")).unwrap();
            let _ = BufReader::new(begun).read_line(&mut String::new());
            let _ = sandbox.program("sh").arg("-c").arg(tidy).output().exits(0);
            fs::write(sandbox.ws().join("go"), "").unwrap();
            let out = running.wait();
            let context = format!("{tidy}: {out}");
            assert!([0, 1].contains(&out.code), "{context}");
            assert!(right || out.code == 1, "{context}");
            let passed = out.outcomes() == ["check: passed"];
            assert_eq!(passed, out.code == 0, "{context}");
        }
    }
}
