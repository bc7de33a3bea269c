//! What stops a run from outside, and what does not: ignored signals, the end of git, suspension, time.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::pid;
use crate::process_marks::{Mark, children, guard_of, state};
use crate::sandbox::{Running, Sandbox, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-hooks");

/// A check that says that it is there, and waits until it is let go.
const WAITS: &str = "echo $$ >\"$SANDBOX/pid\"; : >\"$SANDBOX/ready\"\n\
                     while ! [ -e \"$SANDBOX/go\" ]; do sleep 0.01; done";

/// The states of a shell that was stopped: `D` where it was just about to start something, and waits for that in the kernel.
const STANDS: &str = "TD";

fn sandbox(settings: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", WAITS)
        .hooks(&format!("{settings}\nchecks.tool = \"tool\""));
    sandbox
}

fn is_ready(sandbox: &Sandbox) {
    eventually("the tool is there", || sandbox.root().join("ready").exists());
}

fn let_go(sandbox: &Sandbox) {
    fs::write(sandbox.root().join("go"), "").unwrap();
}

/// Waits until the process is in one of these states; `-` is that it is gone.
#[track_caller]
fn is_in(pid: Pid, states: &str) {
    let line = std::panic::Location::caller().line();
    eventually(&format!("the process of line {line} is in a state of {states}"), || {
        let now = state(pid);
        now.chars()
            .next()
            .map_or(states.contains('-'), |letter| states.contains(letter))
    });
}

fn raw(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

#[test]
fn a_signal_that_the_program_was_started_to_ignore_stays_ignored() {
    let sandbox = sandbox("");
    let run = format!("trap '' INT HUP; exec {PROGRAM} check");
    let running = sandbox.program("sh").arg("-c").arg(run).start();
    is_ready(&sandbox);
    running.signal(Signal::INT);
    running.signal(Signal::HUP);
    // One that is heard would come first: signals wait in the order of their numbers, and these are lower.
    running.signal(Signal::TERM);
    let out = running.wait().exits(130);
    assert_eq!(out.stdout.matches("Stopping").count(), 1, "{out}");
}

#[test]
fn with_ignored_signals_alone_a_run_goes_on() {
    let sandbox = sandbox("");
    let run = format!("trap '' INT HUP; exec {PROGRAM} check");
    let running = sandbox.program("sh").arg("-c").arg(run).start();
    is_ready(&sandbox);
    for _ in 0..3 {
        running.signal(Signal::INT);
        running.signal(Signal::HUP);
    }
    let_go(&sandbox);
    let _ = running.wait().exits(0);
}

/// Git, which is killed and tells nobody; the shell stands for it.
#[test]
fn a_run_ends_with_the_process_that_it_is_to_end_with() {
    for signal in [Signal::TERM, Signal::KILL] {
        let sandbox = sandbox("");
        let run = format!("{PROGRAM} check --ends-with $$ & wait; :");
        let running = sandbox.program("sh").arg("-c").arg(run).start();
        is_ready(&sandbox);
        let program = children(running.pid())[0];
        let guard = guard_of(program);
        running.signal(signal);
        for process in [program, guard, raw(pid(&sandbox, "pid"))] {
            is_in(process, "Z-");
        }
        let _ = running.wait();
    }
}

#[test]
fn a_run_outlives_who_started_it_where_nobody_said_otherwise() {
    let sandbox = sandbox("");
    let running = sandbox
        .program("sh")
        .arg("-c")
        .arg(format!("{PROGRAM} check & wait; :"))
        .start();
    is_ready(&sandbox);
    let program = children(running.pid())[0];
    running.signal(Signal::KILL);
    let_go(&sandbox);
    let out = running.wait();
    assert!(out.stdout.contains("1 passed"), "{out}");
    is_in(program, "Z-");
}

#[test]
fn who_has_ended_before_the_run_began_ends_it_too() {
    let sandbox = sandbox("");
    let out = sandbox.run("check --ends-with 2147483647").exits(130);
    assert!(out.stdout.contains("Stopping after an interrupt"), "{out}");
    // Somebody else's process that happens to have the number now is not who was meant.
    let mut other = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let _ = sandbox.run(&format!("check --ends-with {}", other.id())).exits(130);
    other.kill().unwrap();
    other.wait().unwrap();
}

/// Suspends a run with its task, waits for some time, and lets it go on. How long it stood, at least.
fn pause(running: &Running<'_>, task: Pid, time: Duration) -> Duration {
    running.signal(Signal::TSTP);
    is_in(running.pid(), "T");
    is_in(task, STANDS);
    let began = Instant::now();
    thread::sleep(time);
    let stood = began.elapsed();
    running.signal(Signal::CONT);
    is_in(running.pid(), "SR");
    is_in(task, "SR");
    stood
}

#[test]
fn twenty_pauses_do_not_count() {
    let sandbox = sandbox("");
    let began = Instant::now();
    let running = sandbox.command("check --message-format json").own_group().start();
    is_ready(&sandbox);
    let task = raw(pid(&sandbox, "pid"));
    let paused: Duration = (0..20).map(|_| pause(&running, task, Duration::from_millis(100))).sum();
    let_go(&sandbox);
    let out = running.wait().exits(0);
    let active = began.elapsed().saturating_sub(paused).as_secs_f64();
    let lines = out.json();
    let took = lines[2]["took"].as_f64().unwrap();
    let at = lines.last().unwrap()["at"].as_f64().unwrap();
    assert!(
        took <= active && at <= active,
        "of {active} active seconds: {took}, {at}"
    );
}

#[test]
fn no_time_runs_out_in_a_pause() {
    let sandbox = sandbox("timeout = \"5s\"");
    let running = sandbox.command("check").own_group().start();
    is_ready(&sandbox);
    let task = raw(pid(&sandbox, "pid"));
    pause(&running, task, Duration::from_millis(5500));
    let_go(&sandbox);
    let _ = running.wait().exits(0);
}

/// A test runner with processes in groups of their own, say.
#[test]
fn a_task_is_told_before_it_is_stopped() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        // A shell that waits for what has stopped with it looks at no signals: this one starts nothing.
        .tool(
            "tool",
            &format!(
                "trap 'note told; kill -STOP $$' TSTP\n{}",
                WAITS.replace("do sleep 0.01", "do :")
            ),
        )
        .hooks("checks.tool = \"tool\"");
    let running = sandbox.command("check").own_group().start();
    is_ready(&sandbox);
    let task = raw(pid(&sandbox, "pid"));
    running.signal(Signal::TSTP);
    is_in(running.pid(), "T");
    is_in(task, STANDS);
    assert_eq!(sandbox.log(), ["told"]);
    running.signal(Signal::CONT);
    let_go(&sandbox);
    let _ = running.wait().exits(0);
}

#[test]
fn a_suspended_run_ends_when_it_is_asked_to_and_let_go_on() {
    let sandbox = sandbox("");
    let running = sandbox.command("check").own_group().start();
    is_ready(&sandbox);
    let task = raw(pid(&sandbox, "pid"));
    running.signal(Signal::TSTP);
    is_in(running.pid(), "T");
    running.signal(Signal::TERM);
    running.signal(Signal::CONT);
    let _ = running.wait().exits(130);
    is_in(task, "Z-");
}

#[test]
fn nothing_survives_the_death_of_a_suspended_run() {
    let sandbox = sandbox("");
    let running = sandbox.command("check").own_group().start();
    is_ready(&sandbox);
    let task = raw(pid(&sandbox, "pid"));
    running.signal(Signal::TSTP);
    is_in(running.pid(), "T");
    is_in(task, STANDS);
    running.signal(Signal::KILL);
    let _ = running.wait().exits(-1);
    is_in(task, "Z-");
}

/// Nobody could let it go on: the terminal of a container, say, where no shell watches over jobs.
#[test]
fn a_run_that_nobody_could_wake_does_not_fall_asleep() {
    let sandbox = sandbox("");
    let running = sandbox
        .program("setsid")
        .arg("--wait")
        .arg(PROGRAM)
        .arg("check")
        .start();
    is_ready(&sandbox);
    let program = match children(running.pid()).as_slice() {
        [program] => *program,
        // It did not need to fork.
        _ => running.pid(),
    };
    kill_process(program, Signal::TSTP).unwrap();
    let_go(&sandbox);
    let _ = running.wait().exits(0);
}

#[test]
fn a_task_that_stopped_itself_is_ended_when_its_time_is_over() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "trap 'note asked; exit 1' TERM; kill -STOP $$; note went on")
        .hooks("checks.tool = { run = \"tool\", timeout = \"300ms\" }");
    let out = sandbox.run("check").exits(1);
    assert!(out.stdout.contains("TIMEOUT"), "{out}");
    assert_eq!(sandbox.log()[0], "asked", "it hears that it is asked");
}

#[test]
fn no_limit_is_too_long() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("tool", "exit 0").hooks("checks.tool = \"tool\"");
    let _ = sandbox.run("check --timeout 500000000years").exits(0);
    let _ = sandbox.run("check --timeout 0s").exits(2);
}

/// The leader hears that it is asked and goes; what it started has the time that is left.
#[test]
fn what_cleans_up_after_a_timeout_has_time_for_it_though_its_parent_is_gone() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "below",
            "trap 'sleep 0.3; note cleaned up; exit' TERM; touch \"$SANDBOX/ready\"; while :; do sleep 0.01; done",
        )
        .tool(
            "tool",
            &format!("below & setsid sleep {} & while :; do sleep 0.01; done", mark.seconds()),
        )
        .hooks("checks.tool = { run = \"tool\", timeout = \"500ms\" }");
    let out = sandbox.run("check").exits(1);
    assert!(out.stdout.contains("TIMEOUT"), "{out}");
    assert_eq!(sandbox.log(), ["cleaned up"]);
    assert!(mark.living().is_empty());
}
