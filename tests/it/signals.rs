//! Somebody interrupts a run: it ends, and everything that it started ends with it.

use std::fs;
use std::io::Read;
use std::time::Instant;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::process::{is_gone, pid, sandbox};
use crate::sandbox::{Running, Sandbox, eventually};

/// A tool that starts another, says that it is there, and waits.
const WAITS: &str =
    "sleep 1000 & echo $! >\"$SANDBOX/below\"; echo $$ >\"$SANDBOX/tool\"; touch \"$SANDBOX/ready\"; wait; wait";

/// Starts a run, and comes back when its tool is there.
fn start<'s>(sandbox: &'s Sandbox, arguments: &str) -> Running<'s> {
    let running = sandbox.command(arguments).start();
    eventually("the tool is there", || sandbox.root().join("ready").exists());
    running
}

/// Whether this process ignores a signal, and with it what it starts.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    ignored & (1 << (signal.as_raw() - 1)) != 0
}

fn nothing_is_left(sandbox: &Sandbox) {
    is_gone(pid(sandbox, "tool"));
    is_gone(pid(sandbox, "below"));
}

#[test]
fn an_interrupted_run_says_so_and_takes_all_its_processes_with_it() {
    let sandbox = sandbox(WAITS);
    sandbox.append(
        "Cargo.toml",
        "checks.next = { run = \"tool\", depends-on = [\"tool\"] }\n",
    );
    let running = start(&sandbox, "check --serial");
    running.signal(Signal::INT);
    let out = running.wait();
    nothing_is_left(&sandbox);
    assert_snapshot!(out, @"
    exit code 130
    --- stdout ---
        Checking the workspace: 2 checks, 2 tasks in 2 waves on 1 slot
        Stopping after an interrupt
       CANCELLED [     TIME] tool
    ------------
         Summary [     TIME] interrupted; 2 tasks: 2 cancelled
    ");
}

#[test]
fn every_signal_that_asks_to_end_is_heard() {
    // What was to be ignored from the start, as below `nohup`, stays ignored.
    let all = [Signal::TERM, Signal::HUP, Signal::QUIT];
    for signal in all.into_iter().filter(|signal| !is_ignored(*signal)) {
        let sandbox = sandbox(WAITS);
        let running = start(&sandbox, "check --message-format json");
        running.signal(signal);
        let out = running.wait().exits(130);
        nothing_is_left(&sandbox);
        assert_eq!(out.outcomes(), ["tool: cancelled"]);
        let lines = out.json();
        assert_eq!(lines.last().unwrap()["stats"]["interrupted"], true);
    }
}

#[test]
fn a_tool_has_time_to_clean_up() {
    let sandbox = sandbox(
        "trap 'note cleaned up; exit 0' TERM; echo $$ >\"$SANDBOX/tool\"; touch \"$SANDBOX/ready\"; while :; do sleep 0.01; done",
    );
    let running = start(&sandbox, "check");
    running.signal(Signal::INT);
    let _ = running.wait().exits(130);
    assert_eq!(sandbox.log(), ["cleaned up"]);
}

#[test]
fn the_second_signal_kills_what_does_not_want_to_end() {
    let sandbox = sandbox(&format!("trap '' TERM; {WAITS}"));
    let mut running = start(&sandbox, "check");
    let mut stdout = running.stdout.take().unwrap();
    running.signal(Signal::INT);
    let mut said = Vec::new();
    while !said.ends_with(b"Stopping") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        said.extend(byte);
    }
    let second = Instant::now();
    running.signal(Signal::INT);
    stdout.read_to_end(&mut said).unwrap();
    // With one signal alone, it would have had two seconds.
    assert!(second.elapsed().as_millis() < 1800, "{:?}", second.elapsed());
    let _ = running.wait().exits(130);
    nothing_is_left(&sandbox);
}

#[test]
fn what_ignores_a_polite_word_is_killed_in_the_end() {
    let sandbox = sandbox(&format!("trap '' TERM; {WAITS}"));
    let running = start(&sandbox, "check");
    running.signal(Signal::TERM);
    let _ = running.wait().exits(130);
    nothing_is_left(&sandbox);
}

#[test]
fn nothing_that_waited_starts_after_the_signal() {
    let sandbox = sandbox(WAITS);
    sandbox
        .noting(&["later"])
        .append("Cargo.toml", "checks.later = \"later\"\n");
    let running = start(&sandbox, "check --serial");
    running.signal(Signal::INT);
    let out = running.wait().exits(130);
    assert!(sandbox.log().is_empty(), "{out}");
    assert!(!fs::exists(sandbox.root().join("log")).unwrap());
}

#[test]
fn not_even_kill_9_leaves_processes_behind() {
    let sandbox = sandbox(WAITS);
    let running = start(&sandbox, "check");
    running.signal(Signal::KILL);
    let _ = running.wait().exits(-1);
    nothing_is_left(&sandbox);
}
