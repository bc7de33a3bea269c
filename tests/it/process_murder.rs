//! Somebody kills the program, its guard, or both, as hard as it goes. Nothing is left, and nothing passes that did not.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::process_marks::{Mark, NASTY, guard_of, has_ended};
use crate::sandbox::{Output, Running, Sandbox, eventually};

/// A workspace whose only check starts everything that is hard to end, and waits.
fn nasty(mark: &Mark) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            &format!("{}while :; do sleep {}; done", mark.nasty(), mark.seconds()),
        )
        .hooks("checks.tool = \"tool\"");
    sandbox
}

/// Starts the run, and comes back when all that it starts is there.
fn start<'s>(sandbox: &'s Sandbox, mark: &Mark, arguments: &str) -> Running<'s> {
    let running = sandbox.command(arguments).own_group().start();
    // One more is what the tool itself waits for.
    mark.are(NASTY + 1);
    running
}

fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

/// The directory in which runs that go on are written down.
fn records(sandbox: &Sandbox) -> Vec<PathBuf> {
    let caches = sandbox.root().join("home/.cache/cargo-hooks");
    let states = fs::read_dir(caches).into_iter().flatten().flatten();
    let dirs = states.filter_map(|state| fs::read_dir(state.path().join("running")).ok());
    dirs.flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn nothing_survives_the_death_of_the_program() {
    let mark = Mark::new();
    let sandbox = nasty(&mark);
    let running = start(&sandbox, &mark, "check");
    let guard = guard_of(running.pid());
    kill(running.pid());
    let _ = running.wait().exits(-1);
    mark.gone();
    eventually("the guard goes home", || has_ended(guard));
}

#[test]
fn nothing_survives_the_death_of_the_whole_group() {
    let mark = Mark::new();
    let sandbox = nasty(&mark);
    let running = start(&sandbox, &mark, "check");
    let guard = guard_of(running.pid());
    kill_process_group(running.pid(), Signal::KILL).unwrap();
    let _ = running.wait().exits(-1);
    mark.gone();
    eventually("the guard goes home", || has_ended(guard));
}

/// The guard is there before there is a plan, and before anybody watches over it.
#[test]
fn a_guard_that_has_no_task_yet_goes_home_with_the_program() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.git().noting(&["good"]).hooks("checks.good = \"good\"");
    sandbox.tool("git", "note asked; exec sleep 60");
    let running = sandbox.command("check --changed-only --no-cache").own_group().start();
    let guard = guard_of(running.pid());
    eventually("git is asked", || !sandbox.log().is_empty());
    kill_process_group(running.pid(), Signal::KILL).unwrap();
    let _ = running.wait().exits(-1);
    eventually("the guard goes home", || has_ended(guard));
}

#[test]
fn a_guard_that_is_killed_before_its_first_task_is_replaced() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.git().noting(&["good"]).hooks("checks.good = \"good\"");
    let go_on = sandbox.root().join("go-on");
    sandbox.tool(
        "git",
        "until test -e \"$SANDBOX/go-on\"; do sleep 0.01; done; exec \"$SANDBOX/toolchain/git\" \"$@\"",
    );
    let running = sandbox.command("check --changed-only --no-cache").start();
    let guard = guard_of(running.pid());
    kill(guard);
    eventually("the guard is gone", || has_ended(guard));
    fs::write(go_on, "").unwrap();
    let out = running.wait().exits(0);
    assert_eq!(out.stderr.matches("guard").count(), 0, "{out}");
    assert_eq!(sandbox.log(), ["good"]);
}

#[test]
fn nothing_survives_the_death_of_the_guard_and_nobody_takes_that_for_a_pass() {
    let mark = Mark::new();
    let sandbox = nasty(&mark);
    sandbox
        .noting(&["next"])
        .append("Cargo.toml", "checks.next = { run = \"next\", after = [\"tool\"] }\n");
    let running = start(&sandbox, &mark, "check --message-format json");
    kill(guard_of(running.pid()));
    let out = running.wait().exits(1);
    assert!(mark.living().is_empty(), "{out}");
    // What comes later gets a new guard.
    assert_eq!(out.outcomes(), ["tool: failed", "next: passed"]);
    assert_eq!(out.json()[2]["failure"], "uncertain", "{out}");
    assert!(records(&sandbox).is_empty());
}

#[test]
fn what_survives_the_death_of_both_is_ended_by_the_next_run() {
    let mark = Mark::new();
    let sandbox = nasty(&mark);
    let running = start(&sandbox, &mark, "check");
    let guard = guard_of(running.pid());
    assert_eq!(records(&sandbox).len(), 1);
    // In one moment, as far as they can tell: neither sees the other one die.
    for pid in [running.pid(), guard] {
        kill_process(pid, Signal::STOP).unwrap();
    }
    for pid in [running.pid(), guard] {
        kill(pid);
    }
    let process = running.pid();
    drop(running);
    eventually("both are gone", || has_ended(process) && has_ended(guard));
    // The system itself hangs up on groups that nobody watches any more and that hold a stopped process.
    let left = mark.living().len();
    assert!(left >= 4, "only {left} are left: this test tests nothing");

    sandbox.tool("tool", "exit 0");
    let out = sandbox.run("check").exits(0);
    assert!(mark.living().is_empty(), "{out}");
    let said = out
        .stdout
        .lines()
        .find(|line| line.trim_start().starts_with("Ended"))
        .unwrap_or_default();
    assert!(said.ends_with("processes that a killed run had left behind"), "{out}");
    assert!(records(&sandbox).is_empty());
    let out = sandbox.run("check").exits(0);
    assert!(!out.stdout.contains("Ended"), "{out}");
}

#[test]
fn the_record_of_a_run_is_taken_away_and_a_run_beside_it_does_no_harm() {
    let mark = Mark::new();
    let sandbox = nasty(&mark);
    sandbox
        .noting(&["other"])
        .append("Cargo.toml", "checks.other = \"other\"\n");
    let running = start(&sandbox, &mark, "check tool");
    let out = sandbox.run("check other").exits(0);
    assert!(!out.stdout.contains("Ended"), "{out}");
    assert!(mark.living().len() > NASTY, "another run has ended them");
    running.signal(Signal::INT);
    let _ = running.wait().exits(130);
    assert!(mark.living().is_empty());
    assert!(records(&sandbox).is_empty());
}

#[test]
fn a_task_that_kills_its_guard_has_not_passed() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "kill -KILL $PPID; exit 0")
        .hooks("checks.tool = \"tool\"");
    let out = sandbox.run("check --message-format json").exits(1);
    assert_eq!(out.outcomes(), ["tool: failed"]);
    assert_eq!(out.json()[2]["failure"], "uncertain", "{out}");
}

#[test]
fn a_task_that_stops_its_guard_gains_nothing_by_it() {
    for exit in [0, 3] {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox
            .tool(
                "tool",
                &format!("for i in 1 2 3; do kill -STOP $PPID; done; exit {exit}"),
            )
            .hooks("checks.tool = \"tool\"");
        let out = sandbox.run("check --message-format json").exits(i32::from(exit != 0));
        let finished = &out.json()[2];
        assert_eq!(finished["outcome"], if exit == 0 { "passed" } else { "failed" });
        assert_eq!(finished["exit_code"].as_i64().unwrap_or(0), exit);
    }
}

#[test]
fn the_guard_dies_of_no_signal_that_asks() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let signals = "HUP INT QUIT TERM USR1 USR2 ALRM";
    sandbox
        .tool("tool", &format!("for s in {signals}; do kill -$s $PPID; done; exit 0"))
        .hooks("checks.tool = \"tool\"");
    let out = sandbox.run("check").exits(0);
    assert!(out.stderr.is_empty(), "{out}");
}

#[test]
fn nobody_else_can_start_the_guard_by_mistake() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    // Without a socket there is nobody to be the guard of; without a tag it is the name of a check.
    let out = sandbox.run("__guard 10000000000").exits(1);
    assert!(out.stdout.is_empty() && out.stderr.is_empty(), "{out}");
    let out = sandbox.run("__guard").exits(2);
    assert!(out.stderr.contains("__guard"), "{out}");
}

/// What is killed in a round.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Program,
    Guard,
    Group,
}

/// A run of four checks, of which one is nasty and passes, one is nasty and fails, one is nasty and waits, and one passes
/// without more. Some time after its start somebody is killed.
fn round(seed: u64) {
    let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let victim = [Victim::Program, Victim::Guard, Victim::Group][(random >> 60) as usize % 3];
    let wait = Duration::from_micros((random >> 20) % 100_000);
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    let nasty = mark.nasty();
    sandbox
        .tool("passes", &format!("{nasty}note passes"))
        .tool("fails", &format!("{nasty}exit 1"))
        .tool("waits", &format!("{nasty}sleep {}", mark.seconds()))
        .tool("plain", "note plain")
        .hooks(
            "max-parallel = 3\nchecks.passes = \"passes\"\nchecks.fails = \"fails\"\n\
             checks.waits = { run = \"waits\", timeout = \"150ms\" }\nchecks.plain = \"plain\"",
        );
    let running = sandbox.command("check --message-format json").own_group().start();
    if !seed.is_multiple_of(3) {
        // Else it may be over before the first check has begun.
        mark.are(1);
    }
    thread::sleep(wait);
    let process = running.pid();
    match victim {
        Victim::Program => kill_process(process, Signal::KILL).unwrap_or_default(),
        Victim::Group => kill_process_group(process, Signal::KILL).unwrap_or_default(),
        Victim::Guard => {
            let guards = crate::process_marks::children(process);
            // Any child will do: before the guard there are those of the program itself.
            for pid in guards {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
    let out = running.wait();
    let context = format!("no process is left of seed {seed}: {victim:?} after {wait:?}");
    eventually(&context, || mark.living().is_empty());
    is_true(&out, &sandbox, victim, seed);
}

/// Whatever was reported is so.
fn is_true(out: &Output, sandbox: &Sandbox, victim: Victim, seed: u64) {
    let context = format!("seed {seed}, {victim:?}: {out}");
    let whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    let lines: Vec<serde_json::Value> = out
        .stdout
        .lines()
        .filter(whole)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let log = sandbox.log();
    for line in lines.iter().filter(|line| line["type"] == "task-finished") {
        let check = line["task"]["check"].as_str().unwrap();
        if line["outcome"] == "passed" {
            assert!(log.contains(&check.to_owned()), "{context}");
        }
        if line["exit_code"] == 1 {
            assert_eq!(check, "fails", "{context}");
        }
    }
    assert_ne!(out.code, 0, "a check fails in any case: {context}");
}

#[test]
fn ten_random_kills_leave_nothing_and_misreport_nothing() {
    (0..10).for_each(round);
}

#[test]
#[ignore = "takes minutes; for the night"]
fn two_hundred_random_kills_leave_nothing_and_misreport_nothing() {
    (1000..1200).for_each(round);
}
