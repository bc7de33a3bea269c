//! The record of runs: what is shown of them, what is never written, and that no run is any different for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value as Json;

use crate::sandbox::{Output, Sandbox, eventually};

/// Two crates, and checks of which one fails.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.noting(&["good"]);
    sandbox.tool("bad", "echo one; echo \"two $A_TOKEN\"; exit 7");
    sandbox.hooks("checks.good = \"good {packages}\"\nchecks.bad = \"bad\"");
    sandbox
}

fn state(sandbox: &Sandbox) -> PathBuf {
    let caches = sandbox.root().join("home/.cache/cargo-hooks");
    let mut states = fs::read_dir(caches).unwrap();
    states.next().unwrap().unwrap().path()
}

/// Every file below a directory, with what is in it.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

fn json(out: &Output) -> Json {
    serde_json::from_str(&out.stdout).unwrap()
}

/// The text without what says how long ago something was.
fn without_ages(text: &str) -> String {
    let words = ["just now", "1 second ago", "2 seconds ago", "3 seconds ago"];
    words
        .iter()
        .fold(text.to_owned(), |text, age| text.replace(age, "[AGE]"))
}

#[test]
fn runs_are_listed_and_told_again() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("history"), @"
    exit code 0
    --- stdout ---
    no run is recorded
    ");
    assert_snapshot!(sandbox.run("show"), @"
    exit code 2
    --- stderr ---
    error: no run is recorded
    ");
    let first = sandbox.run("check --serial --message-format json").exits(1);
    sandbox.run("check good").ends(0);
    let listed = sandbox.run("history --message-format json").exits(0);
    let runs = listed.json();
    let told: Vec<String> = runs
        .iter()
        .map(|run| {
            format!(
                "{} {} {} {}",
                run["run"], run["checks"], run["outcome"], run["stats"]["cached"]
            )
        })
        .collect();
    assert_eq!(told, [r#"1 ["good","bad"] "failed" 0"#, r#"2 ["good"] "passed" 1"#,]);
    let again = sandbox.run("show 1 --as json").exits(0);
    assert_eq!(again.json(), first.json(), "nothing of it is lost");
    let shown = sandbox.run("show 1").exits(0).stdout;
    let (head, told) = shown.split_once('\n').unwrap();
    assert!(head.starts_with("run 1, "), "{head}");
    assert_snapshot!(told, @"
        Checking 2 crates: 2 checks, 2 tasks in 1 wave on 1 slot
            PASS [     TIME] good
            FAIL [     TIME] bad: exit code 7

    --- bad ---
        one
        two

    ------------
         Summary [     TIME] 2 tasks: 1 passed, 1 failed
            FAIL [     TIME] bad: exit code 7
                 rerun: cargo hooks check bad
    ");
    let last = sandbox.run("show").exits(0).stdout;
    assert!(last.starts_with("run 2, ") && last.contains("CACHED"), "{last}");
    let table = without_ages(&sandbox.run("history").exits(0).stdout);
    assert!(table.contains("4 passed") || table.contains("1 cached"), "{table}");
    assert_eq!(table.lines().count(), 3, "{table}");
    assert_eq!(sandbox.run("history -n 1").exits(0).stdout.lines().count(), 2);
    assert_snapshot!(sandbox.run("history --verify"), @"
    exit code 0
    --- stdout ---
    all is sound: 9 events in 2 runs
    ");
    assert_snapshot!(sandbox.run("show 3"), @"
    exit code 2
    --- stderr ---
    error: nothing is recorded of a run 3
    help: `cargo hooks history` lists the runs
    ");
}

#[test]
fn a_run_that_was_killed_is_shown_as_interrupted() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["good"]).tool("waits", "exec sleep 1000");
    sandbox.hooks("checks.good = \"good\"\nchecks.waits = \"waits\"");
    let outcome = || {
        let runs = sandbox.run("history --message-format json").exits(0).json();
        runs.last().map(|run| run["outcome"].as_str().unwrap().to_owned())
    };
    let running = sandbox.command("check waits").start();
    eventually("the run is recorded", || outcome().as_deref() == Some("running"));
    assert!(sandbox.run("show").exits(0).stdout.ends_with("the run goes on\n"));
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(outcome().as_deref(), Some("interrupted"));
    assert!(
        sandbox
            .run("show")
            .exits(0)
            .stdout
            .contains("\ninterrupted: the run was killed")
    );
    assert_eq!(sandbox.run("history --verify").exits(0).stdout.lines().count(), 2);
    sandbox.run("check good").ends(0);
    assert_eq!(outcome().as_deref(), Some("passed"));
    let stats = json(&sandbox.run("stats --message-format json").exits(0));
    assert_eq!(
        (&stats["runs"], &stats["interrupted"], &stats["passed"]),
        (&2.into(), &1.into(), &1.into())
    );
}

#[test]
fn a_run_in_which_nothing_runs_leaves_one_file() {
    let sandbox = sandbox();
    sandbox.run("check good").ends(0);
    // What is beside it only saves looking, and may be renewed as files come of age.
    let kept = || files(&state(&sandbox).join("v1"));
    let before = kept();
    sandbox.run("check good").ends(0);
    let after = kept();
    let new: Vec<_> = after.iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(
        new[0].0.ends_with("v1/runs/000000/2/events") && new[0].1.len() < 2048,
        "{new:?}"
    );
}

#[test]
fn what_is_secret_is_not_recorded() {
    let sandbox = sandbox();
    let secret = "hunter22-hunter22";
    let out = sandbox.command("check bad").env("A_TOKEN", secret).output().exits(1);
    assert!(out.stdout.contains("two [hidden]"), "{out}");
    let leaks: Vec<_> = files(&state(&sandbox).join("v1/runs")).into_iter().collect();
    assert!(!leaks.is_empty());
    for (path, content) in leaks {
        assert!(
            !String::from_utf8_lossy(&content).contains("hunter"),
            "{}",
            path.display()
        );
    }
    assert!(sandbox.run("show").exits(0).stdout.contains("two [hidden]"));
}

#[test]
fn what_cannot_be_recorded_is_one_warning_and_no_verdict() {
    let sandbox = sandbox();
    sandbox.run("check good").ends(0);
    let runs = state(&sandbox).join("v1/runs");
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o777)).unwrap();
    for (arguments, code) in [("check good", 0), ("check bad", 1)] {
        let out = sandbox.run(arguments).exits(code);
        assert_eq!(out.stderr.lines().count(), 1, "{out}");
        assert!(out.stderr.contains("the run cannot be recorded"), "{out}");
    }
    assert!(
        sandbox
            .run("history --verify")
            .exits(3)
            .stderr
            .contains("others can write to")
    );
}

#[test]
fn damage_is_found_and_takes_no_other_run_along() {
    let sandbox = sandbox();
    for _ in 0..3 {
        sandbox.run("check bad").ends(1);
    }
    let file = state(&sandbox).join("v1/runs/000000/2/events");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_snapshot!(sandbox.run("history --verify"), @"
    exit code 1
    --- stdout ---
    damaged: run 2: 1 damaged, and 1 missing of its events
    damaged in 1 place; all else is sound: 11 events in 3 runs
    ");
    let runs = sandbox.run("history --message-format json").exits(0).json();
    assert_eq!(runs.len(), 3);
    assert!(sandbox.run("show 2").exits(0).stdout.contains("1 event is missing\n"));
}

#[test]
fn figures_are_told_to_people_and_to_programs() {
    let sandbox = sandbox();
    for _ in 0..6 {
        sandbox.run("check").ends(1);
    }
    let text = sandbox.run("stats").exits(0).stdout;
    assert!(text.starts_with("6 runs, the first "), "{text}");
    assert!(
        text.contains(": 0 passed, 6 failed, 0 interrupted\n7 tasks ran, 5 did not have to (42 %)\n"),
        "{text}"
    );
    assert!(text.contains("advice: `bad` fails in every run"), "{text}");
    assert!(sandbox.run("stats -v").exits(0).stdout.contains("good beta"));
    let stats = json(&sandbox.run("stats --message-format json").exits(0));
    assert_eq!(stats["checks"][0]["check"], "bad");
    assert_eq!(
        (&stats["checks"][0]["failed"], &stats["checks"][0]["quarantined"]),
        (&6.into(), &true.into())
    );
    assert_eq!(stats["checks"][1]["crates"][0]["cached"], 5);
    let prometheus = sandbox.run("metrics").exits(0).stdout;
    for line in [
        "cargo_hooks_runs{outcome=\"failed\"} 6",
        "cargo_hooks_quarantined{check=\"bad\"} 1",
    ] {
        assert!(prometheus.lines().any(|found| found == line), "{prometheus}");
    }
    let metrics = json(&sandbox.run("metrics --format json").exits(0));
    let names = metrics["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["name"].as_str().unwrap());
    let typed = prometheus
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" gauge"));
    assert!(names.eq(typed), "{metrics}");
}
