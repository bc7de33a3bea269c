//! What runs leave for later ones, and what becomes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::sandbox::{Output, Sandbox};

/// One crate, and checks of which one fails, one is blocked by it, and one cannot be started.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["good"]);
    sandbox.tool("bad", "exit 7");
    sandbox.hooks(
        r#"
checks.good = "good {packages}"
checks.bad = "bad"
checks.blocked = { run = "good", depends-on = ["bad"] }
checks.absent = { run = "./absent", timeout = "10s" }
"#,
    );
    sandbox
}

/// The files of the history, below the cache directory of the user.
fn files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let caches = sandbox.root().join("home/.cache/cargo-hooks");
    let repositories = fs::read_dir(caches).into_iter().flatten().flatten();
    let histories = repositories.flat_map(|repository| fs::read_dir(repository.path().join("v1/history")));
    let mut files: Vec<_> = histories.flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    files
}

fn plan(sandbox: &Sandbox) -> Json {
    let out = sandbox.run("plan --no-cache --message-format json").exits(0);
    serde_json::from_str(&out.stdout).unwrap()
}

/// Nothing more is to be known of it.
fn passes(out: Output) {
    drop(out.exits(0));
}

/// How many runs the estimate of each task rests on, in the order of the plan.
fn runs(plan: &Json) -> Vec<u64> {
    let tasks = plan["tasks"].as_array().unwrap().iter();
    tasks
        .map(|task| task["estimate"]["runs"].as_u64().unwrap_or(0))
        .collect()
}

#[test]
fn a_run_is_remembered_and_the_next_plan_knows_of_it() {
    let sandbox = sandbox();
    assert_eq!(plan(&sandbox)["forecast"].as_object().unwrap().len(), 2);
    let out = sandbox.run("check -q").exits(1);
    assert_eq!(out.stderr, "");
    assert_eq!(files(&sandbox).len(), 1);
    let known = plan(&sandbox);
    assert_eq!(
        runs(&known),
        [1, 1, 0, 0],
        "what was blocked or could not be started is not known"
    );
    let (good, bad) = (&known["tasks"][0]["estimate"], &known["tasks"][1]["estimate"]);
    assert!(bad["failure"].as_f64() > good["failure"].as_f64(), "{known}");
    assert!(good["high"].as_f64() >= good["expected"].as_f64(), "{known}");
    assert_eq!(known["forecast"]["unknown"], 2);
    assert!(known["forecast"]["elapsed"].as_f64() <= known["forecast"]["sequential"].as_f64());
    passes(sandbox.run("check -q --force good"));
    assert_eq!(runs(&plan(&sandbox)), [2, 1, 0, 0]);
}

#[test]
fn a_plan_says_how_long_it_takes_once_that_is_known() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["tool"]);
    sandbox.hooks("checks.a = \"tool\"\nchecks.b = { run = \"tool\", depends-on = [\"a\"] }\nchecks.c = \"tool\"");
    let said = |out: &Output| {
        out.stdout
            .lines()
            .skip(1)
            .take_while(|line| !line.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let out = sandbox.run("plan -j 2 --no-cache").exits(0);
    assert_eq!(
        said(&out),
        [
            "how long it takes is unknown, since nothing of it has run before",
            "if all tasks take equally long, 1.5 times as fast as one after the other"
        ]
    );
    assert!(!out.stdout.contains("critical path"), "{out}");
    passes(sandbox.run("check a b"));
    let out = sandbox.run("plan -j 2 --no-cache").exits(0);
    let said = said(&out);
    assert!(
        said[0].starts_with("about ")
            && said
                .last()
                .unwrap()
                .starts_with("1 task has never run, and counts for "),
        "{out}"
    );
    assert!(out.stdout.contains("\n  c (time unknown)\n"), "{out}");
    assert!(
        out.stdout.contains("critical path ") && out.stdout.contains(" a → b\n"),
        "{out}"
    );
}

#[test]
fn what_only_looks_writes_nothing() {
    let sandbox = sandbox();
    for command in [
        "plan",
        "check --dry-run",
        "graph",
        "graph --format html",
        "list",
        "doctor",
        "history",
        "history --verify",
        "show",
        "stats",
        "metrics",
    ] {
        assert!(sandbox.run(command).code >= 0, "{command}");
    }
    let states = std::fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks"));
    for state in states.into_iter().flatten() {
        assert!(!state.unwrap().path().join("v1").exists());
    }
}

#[test]
fn a_state_that_cannot_be_used_is_one_warning_and_no_verdict() {
    let sandbox = sandbox();
    let not_a_directory = sandbox.ws().join("Cargo.toml");
    let out = sandbox
        .command("check good")
        .env("CARGO_HOOKS_DIR", &not_a_directory)
        .output()
        .exits(0);
    assert_eq!(out.stderr.matches("cannot be remembered").count(), 1, "{out}");
    assert_eq!(out.stderr.lines().count(), 1, "{out}");
    let out = sandbox
        .command("check bad")
        .env("CARGO_HOOKS_DIR", &not_a_directory)
        .output()
        .exits(1);
    assert_eq!(out.stderr.lines().count(), 1, "{out}");
    // A reader needs nothing, and says nothing.
    let out = sandbox
        .command("plan")
        .env("CARGO_HOOKS_DIR", &not_a_directory)
        .output()
        .exits(0);
    assert_eq!(out.stderr, "");
}

/// As on a full disk: nothing can be written to any file.
#[test]
fn a_disk_that_takes_nothing_is_one_warning_and_leaves_nothing() {
    let sandbox = sandbox();
    // What is true of us is true of tools.
    sandbox.tool("good", "exit 0");
    passes(sandbox.run("check -q --force good"));
    let before = files(&sandbox);
    for (check, code) in [("good", 0), ("bad", 1)] {
        let full = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" hooks check -q --force {check}");
        let program = env!("CARGO_BIN_EXE_cargo-hooks");
        let out = sandbox
            .program("sh")
            .arg("-c")
            .arg(full)
            .arg(program)
            .output()
            .exits(code);
        assert_eq!(out.stderr.matches("cannot be remembered").count(), 1, "{out}");
        assert_eq!(out.stderr.lines().count(), 1, "{out}");
    }
    assert_eq!(files(&sandbox), before);
    for state in fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks")).unwrap() {
        let names = fs::read_dir(state.unwrap().path()).unwrap();
        let left = names.filter(|name| name.as_ref().unwrap().file_name().to_str().unwrap().starts_with('.'));
        assert_eq!(left.count(), 0);
    }
    assert_eq!(runs(&plan(&sandbox)), [1, 0, 0, 0]);
}

/// Whoever could write to the directory could have put anything into it.
#[test]
fn a_state_that_others_can_write_to_is_neither_read_nor_written() {
    let sandbox = sandbox();
    passes(sandbox.run("check -q --force good"));
    let state = fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks")).unwrap();
    let state = state.map(|entry| entry.unwrap().path()).next().unwrap();
    let names = || -> Vec<_> {
        let mut names: Vec<_> = fs::read_dir(&state)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    for below in ["workspace-2", "readers", "records"] {
        let _ = fs::remove_file(state.join(below));
    }
    let before = names();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    for command in ["check -q --force good", "check -q --force good --changed-only"] {
        let out = sandbox.run(command).exits(0);
        assert_eq!(out.stderr.matches("others can write to").count(), 1, "{out}");
    }
    assert_eq!(names(), before);
    assert_eq!(runs(&plan(&sandbox)), [0, 0, 0, 0]);
}

#[test]
fn a_damaged_file_is_left_out_alone() {
    let sandbox = sandbox();
    for _ in 0..3 {
        passes(sandbox.run("check -q --force good"));
    }
    fs::write(&files(&sandbox)[1], b"\0\xff garbage").unwrap();
    assert_eq!(runs(&plan(&sandbox)), [2, 0, 0, 0]);
    let out = sandbox.run("check -q --force good").exits(0);
    assert_eq!(out.stderr, "");
    assert_eq!(runs(&plan(&sandbox)), [3, 0, 0, 0]);
}

#[test]
fn runs_at_the_same_time_are_all_remembered() {
    let sandbox = sandbox();
    let running: Vec<_> = (0..6)
        .map(|_| sandbox.command("check -q --force good").start())
        .collect();
    for run in running {
        passes(run.wait());
    }
    assert_eq!(runs(&plan(&sandbox)), [6, 0, 0, 0]);
}

#[test]
fn the_user_says_where_it_is_kept() {
    let sandbox = sandbox();
    let elsewhere = sandbox.root().join("elsewhere");
    passes(
        sandbox
            .command("check -q --force good")
            .env("CARGO_HOOKS_DIR", &elsewhere)
            .output(),
    );
    assert!(files(&sandbox).is_empty());
    let below = fs::read_dir(&elsewhere).unwrap().next().unwrap().unwrap();
    assert!(below.file_name().to_str().unwrap().starts_with("ws-"), "{below:?}");
    assert!(below.path().join("v1/history").is_dir());
}
