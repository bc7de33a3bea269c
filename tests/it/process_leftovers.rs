//! What a check leaves running when it ends: it is ended, it is told of, and nobody else's processes are touched.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::process_marks::{Mark, NASTY};
use crate::sandbox::{Sandbox, eventually};

#[test]
fn whatever_a_check_leaves_running_is_ended_and_told_of() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("passes", &format!("{}echo said", mark.nasty()))
        .tool("fails", &format!("{}exit 3", mark.nasty()))
        .hooks("checks.passes = \"passes\"\nchecks.fails = \"fails\"");
    let began = Instant::now();
    let out = sandbox.run("check --serial --message-format json").exits(1);
    assert!(mark.living().is_empty(), "{out}");
    assert!(began.elapsed() < Duration::from_secs(30), "something was waited for");
    assert_eq!(out.outcomes(), ["passes: passed", "fails: failed"]);
    let lines = out.json();
    for finished in lines.iter().filter(|line| line["type"] == "task-finished") {
        // Some of them are below others, and are counted with those or by themselves.
        let leaked = usize::try_from(finished["leaked"].as_u64().unwrap()).unwrap();
        assert!((5..=NASTY + 4).contains(&leaked), "{leaked}");
    }
    assert_eq!(lines[2]["output"], "said\n");
}

#[test]
fn a_person_is_told_how_many_it_were() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    let sleep = format!("sleep {}", mark.seconds());
    sandbox
        .tool("one", &format!("setsid {sleep} & echo said"))
        .tool("two", &format!("setsid {sleep} & ({sleep} &) ; exit 3"))
        .hooks("checks.one = \"one\"\nchecks.two = \"two\"");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 2 checks, 2 tasks in 1 wave on 1 slot
            PASS [     TIME] one: left 1 process running
            FAIL [     TIME] two: exit code 3; left 2 processes running

    --- two ---
        it wrote nothing

    ------------
         Summary [     TIME] 2 tasks: 1 passed, 1 failed
            FAIL [     TIME] two: exit code 3; left 2 processes running
                 rerun: cargo hooks check two
    ");
    assert!(mark.living().is_empty());
}

#[test]
fn what_ends_by_itself_at_once_is_no_leftover() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "(sleep 0.02; echo late) & echo early")
        .hooks("checks.tool = \"tool\"");
    let out = sandbox.run("check --message-format json").exits(0);
    let finished = &out.json()[2];
    assert_eq!(finished["output"], "early\nlate\n");
    assert_eq!(finished["leaked"], serde_json::Value::Null);
}

/// Each of two checks that run at once has a daemon that nothing but its origin tells from the other's.
#[test]
fn the_end_of_one_check_touches_no_process_of_another() {
    let (left, kept) = (Mark::new(), Mark::new());
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("leaves", &left.nasty())
        .tool(
            "keeps",
            &format!(
                "{}while ! [ -e \"$SANDBOX/go\" ]; do sleep 0.01; done; exit 7",
                kept.nasty()
            ),
        )
        .hooks("max-parallel = 2\nchecks.keeps = \"keeps\"\nchecks.leaves = { run = \"leaves\", after = [] }");
    let mut running = sandbox.command("check --parallel --message-format json").start();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let mut next_end = || {
        let is_end = |line: &serde_json::Value| line["type"] == "task-finished";
        let mut parsed = lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        parsed.find(is_end).unwrap()
    };
    let first = next_end();
    assert_eq!(first["task"]["label"], "leaves");
    assert_eq!(first["outcome"], "passed");
    assert!(left.living().is_empty());
    kept.are(NASTY);
    fs::write(sandbox.root().join("go"), "").unwrap();
    let second = next_end();
    assert_eq!(second["exit_code"], 7, "nobody but itself has ended it");
    assert!(kept.living().is_empty());
    assert!(lines.all(|line| line.is_ok()));
    let _ = running.wait().exits(1);
}

/// A process that shakes off what tells where it comes from is ended when nothing runs that it could belong to.
#[test]
fn what_hides_its_origin_does_not_outlive_the_run() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    let helper = std::env::current_exe().unwrap();
    sandbox
        .tool(
            "tool",
            &format!(
                "(setsid {} --exact process_leftovers::hide --ignored {} >/dev/null 2>&1 &)\n\
                 while ! [ -e \"$SANDBOX/hidden\" ]; do sleep 0.01; done",
                helper.display(),
                mark.seconds()
            ),
        )
        .hooks("checks.tool = \"tool\"");
    let out = sandbox.command("check").env("MARK", mark.seconds()).output().exits(0);
    assert!(mark.living().is_empty());
    assert!(out.stderr.contains("nobody knows by which check"), "{out}");
}

/// No test: the program of the one above. It takes the mark off itself and becomes a process that sleeps.
#[test]
#[ignore = "the program of a test"]
fn hide() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    use std::os::unix::process::CommandExt;
    let Ok(mark) = std::env::var("MARK") else { return };
    let none = Rlimit {
        current: None,
        maximum: None,
    };
    setrlimit(Resource::Locks, none).unwrap();
    fs::write(std::env::var("SANDBOX").unwrap() + "/hidden", "").unwrap();
    panic!("{}", std::process::Command::new("sleep").arg(mark).exec());
}

/// A chain of processes of which each starts the next one in a new session, and ends.
#[test]
fn what_always_starts_itself_anew_is_ended() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "hydra",
            "touch \"$SANDBOX/heads/$$\"; sleep 0.01; setsid \"$0\" & exit 0",
        )
        .tool("tool", "mkdir \"$SANDBOX/heads\"; hydra")
        .hooks("checks.tool = \"tool\"");
    let out = sandbox.run("check --message-format json").exits(0);
    assert!(out.json()[2]["leaked"].as_u64().unwrap() >= 1, "{out}");
    let heads = || fs::read_dir(sandbox.root().join("heads")).unwrap().count();
    let at_end = heads();
    // In the time in which it would have had many more.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(heads(), at_end);
}

#[test]
fn what_the_system_refuses_to_start_has_failed() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("busy", "exit 0")
        .tool("good", "exit 0")
        .write("scripts/no-program", "\x7fELF but not really\n")
        .hooks("checks.busy = \"busy\"\nchecks.garbage = \"scripts/no-program\"\nchecks.good = \"good\"");
    let huge = "x".repeat(200_000);
    sandbox.append("Cargo.toml", &format!("checks.huge = [\"good\", \"{huge}\"]\n"));
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(sandbox.ws().join("scripts/no-program"), executable).unwrap();
    // Nobody can start what somebody writes.
    let _writer = OpenOptions::new()
        .append(true)
        .open(sandbox.root().join("bin/busy"))
        .unwrap();
    let out = sandbox.run("check --serial --message-format json").exits(1);
    assert_eq!(
        out.outcomes(),
        ["busy: failed", "garbage: failed", "good: passed", "huge: failed"]
    );
    let lines = out.json();
    let errors: Vec<_> = lines.iter().filter_map(|line| line["error"].as_str()).collect();
    assert!(errors[0].ends_with("Text file busy (os error 26)"), "{errors:?}");
    assert!(errors[1].ends_with("Exec format error (os error 8)"), "{errors:?}");
    assert!(
        errors[2].ends_with("Argument list too long (os error 7)"),
        "{}",
        &errors[2][..80]
    );
}

/// Signals 32 and 33, which the C library keeps for itself: nobody can take back that they are ignored.
const OF_LIBRARY: u64 = 0x1_8000_0000;

/// The signals of a task are as they are by default, whatever the program was told to ignore.
#[test]
fn a_task_ignores_no_signal_that_somebody_else_ignores() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "while read -r name value; do case $name in SigIgn: | SigBlk:) note \"$value\";; esac; done </proc/self/status",
        )
        .hooks("checks.tool = \"tool\"");
    let run = format!(
        "trap '' HUP INT QUIT TERM USR1 TSTP; exec {} check",
        env!("CARGO_BIN_EXE_cargo-hooks")
    );
    let out = sandbox.program("sh").arg("-c").arg(run).output().exits(0);
    let masks = sandbox.log();
    assert_eq!(masks.len(), 2);
    for mask in masks {
        let mask = u64::from_str_radix(&mask, 16).unwrap();
        assert_eq!(mask & !OF_LIBRARY, 0, "{mask:x}: {out}");
    }
}

/// Whoever starts the program with signals blocked blocks them for it alone. Only the `env` of GNU can start it so; where
/// there is another one, nobody can.
#[test]
fn a_task_blocks_no_signal_that_somebody_else_blocks() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "while read -r name value; do case $name in SigBlk:) note \"$value\";; esac; done </proc/self/status",
        )
        .hooks("checks.tool = \"tool\"");
    let blocked = || sandbox.program("env").arg("--block-signal=TERM,INT,HUP,CHLD,USR1");
    if blocked().arg("sh").args("-c :").output().code != 0 {
        return;
    }
    let _ = blocked()
        .arg(env!("CARGO_BIN_EXE_cargo-hooks"))
        .arg("check")
        .output()
        .exits(0);
    assert_eq!(sandbox.log(), ["0000000000000000"]);
}

#[test]
fn the_environment_of_a_task_holds_nothing_of_the_guard() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "env >\"$SANDBOX/env\"; echo \"$PWD\" >\"$SANDBOX/pwd\"")
        .hooks("checks.tool = { run = \"tool\", set-env = { OF_CHECK = \"1\", HOME = \"/of/check\" } }");
    let _ = sandbox.run("check").exits(0);
    eventually("it was written", || sandbox.root().join("pwd").exists());
    let env = fs::read_to_string(sandbox.root().join("env")).unwrap();
    let mut names: Vec<_> = env
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    let known = [
        "CARGO_HOME",
        "CARGO_NET_OFFLINE",
        "CARGO_TERM_COLOR",
        "CARGO_TERM_PROGRESS_WHEN",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "HOME",
        "OF_CHECK",
        "PATH",
        "PWD",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "SANDBOX",
        "TMPDIR",
        // Of the shell itself.
        "OLDPWD",
        "SHLVL",
        "_",
    ];
    let strange: Vec<_> = names.iter().filter(|name| !known.contains(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(env.contains("HOME=/of/check") && env.contains("OF_CHECK=1"));
}
