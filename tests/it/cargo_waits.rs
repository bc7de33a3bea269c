//! Somebody else's cargo holds the lock: the task that waits for it is shown as waiting, and that time is none of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::sandbox::{Output, Running, Sandbox, eventually};

/// How long a check may take, and less than the time for which somebody else holds the lock.
const LIMIT: Duration = Duration::from_secs(3);

/// A workspace with one check, which calls cargo and has been built before.
fn sandbox(command: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks(&format!("checks.tool = {{ run = \"{command}\", timeout = \"3s\" }}"));
    let _ = sandbox.run("check --timeout 50s").exits(0);
    sandbox
}

/// Holds what cargo locks, as another cargo would, until it is dropped.
fn hold(sandbox: &Sandbox) -> Vec<File> {
    let entries = fs::read_dir(sandbox.ws().join("target/debug")).unwrap();
    let names = entries.map(|entry| entry.unwrap().path());
    let is_lock = |name: &str| name.starts_with(".cargo") && name.ends_with("lock");
    let locks = names.filter(|path| path.file_name().unwrap().to_str().is_some_and(is_lock));
    let held: Vec<File> = locks
        .map(|path| File::options().write(true).open(path).unwrap())
        .collect();
    assert!(!held.is_empty(), "cargo locks something else by now");
    for file in &held {
        file.lock().unwrap();
    }
    held
}

/// Reads what the run writes up to the line that says that it waits, and with that line.
fn read_until_it_waits(out: &mut impl BufRead, sign: &str) -> String {
    let mut text = String::new();
    while !text.contains(sign) {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "{text}");
    }
    text
}

/// Runs the check while somebody else holds the lock for longer than it may take. What it wrote, and how it ended.
fn run_behind_another(sandbox: &Sandbox, arguments: &str, sign: &str) -> (String, Output) {
    let held = hold(sandbox);
    let mut running = sandbox.command(arguments).start();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    let mut text = read_until_it_waits(&mut out, sign);
    let waits = Instant::now();
    eventually("the time of the check is over", || waits.elapsed() > LIMIT);
    drop(held);
    std::io::Read::read_to_string(&mut out, &mut text).unwrap();
    (text, running.wait())
}

#[test]
fn the_wait_for_another_cargo_is_told_and_counts_into_nothing() {
    let sandbox = sandbox("cargo check");
    let (text, out) = run_behind_another(&sandbox, "check --message-format json", "task-waits");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    let expected = [
        "run-started",
        "task-started",
        "task-waits",
        "task-goes-on",
        "task-finished",
        "run-finished",
    ];
    assert_eq!(kinds, expected, "{text}");
    let seconds = |line: usize, field: &str| lines[line][field].as_f64().unwrap();
    assert_eq!(lines[2]["lock"], "build directory");
    assert_eq!(lines[2]["task"]["check"], "tool");
    assert!((1.0..3.0).contains(&seconds(2, "waited")), "{text}");
    assert!(seconds(3, "waited") > LIMIT.as_secs_f64(), "{text}");
    assert_eq!(lines[4]["outcome"], "passed", "{text}");
    assert!(seconds(4, "took") < LIMIT.as_secs_f64(), "{text}");
    assert!(seconds(4, "waited") >= seconds(3, "waited"), "{text}");
    let _ = out.exits(0);
    let plan = sandbox.run("plan --no-cache --message-format json").exits(0);
    let learned = plan.json()[0]["tasks"][0]["estimate"].clone();
    assert_eq!(learned["runs"], 2, "{plan}");
    assert!(learned["high"].as_f64() < Some(LIMIT.as_secs_f64()), "{plan}");
}

#[test]
fn a_person_is_told_for_what_a_task_waits() {
    let sandbox = sandbox("cargo test --no-run");
    let (text, out) = run_behind_another(&sandbox, "check", "WAITS");
    assert!(
        text.contains("tool: another cargo holds the artifact directory\n"),
        "{text}"
    );
    let passed = text.lines().find(|line| line.contains("PASS")).unwrap_or_default();
    assert!(
        passed.contains("waited ") && passed.ends_with(" for another cargo"),
        "{text}"
    );
    let _ = out.exits(0);
}

#[test]
fn who_waits_for_another_cargo_can_be_interrupted() {
    let sandbox = sandbox("cargo check");
    let _held = hold(&sandbox);
    let mut running: Running<'_> = sandbox.command("check --message-format json").start();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    read_until_it_waits(&mut out, "task-waits");
    running.signal(Signal::INT);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut out, &mut rest).unwrap();
    assert!(rest.contains(r#""outcome":"cancelled""#), "{rest}");
    let _ = running.wait().exits(130);
}

/// Only cargo waits for locks of cargo's. Whoever else says so has no more time than others.
#[test]
fn a_tool_that_only_says_that_it_waits_gains_nothing_by_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "echo '    Blocking waiting for file lock on build directory' >&2; exec sleep 1000",
        )
        .hooks("checks.tool = { run = \"tool\", timeout = \"300ms\" }");
    let out = sandbox.run("check --message-format json").exits(1);
    assert_eq!(out.outcomes(), ["tool: timed-out"]);
}
