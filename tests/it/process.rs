//! The processes of checks: how they end, and that none is left behind.

use std::fs;

use insta::assert_snapshot;
use rustix::process::Pid;

use crate::process_marks::has_ended;
use crate::sandbox::{Sandbox, eventually};

pub(crate) fn sandbox(tool: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("tool", tool).hooks("checks.tool = \"tool\"");
    sandbox
}

/// The process whose id a tool has written into this file.
pub(crate) fn pid(sandbox: &Sandbox, name: &str) -> u32 {
    let text = fs::read_to_string(sandbox.root().join(name)).unwrap_or_default();
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{name} holds no process id: {text:?}"))
}

/// Waits until the process is no more.
pub(crate) fn is_gone(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    eventually("the process is gone", || has_ended(pid));
}

#[test]
fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let sandbox = sandbox(
        "sh -c 'sleep 1000 & echo $! >\"$SANDBOX/below\"; wait' & echo $! >\"$SANDBOX/child\"; echo still there; wait",
    );
    let out = sandbox.run("check --serial --timeout 2s");
    assert_snapshot!(out, @"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
         TIMEOUT [     TIME] tool: longer than 2s

    --- tool ---
        still there

    ------------
         Summary [     TIME] 1 task: 1 failed
         TIMEOUT [     TIME] tool: longer than 2s
                 rerun: cargo hooks check tool
    ");
    is_gone(pid(&sandbox, "child"));
    is_gone(pid(&sandbox, "below"));
}

#[test]
fn a_limit_is_that_of_the_check_or_else_that_of_the_settings() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", "exec sleep 1000")
        .hooks("timeout = \"150ms\"\nchecks.a = { run = \"tool\", timeout = \"100ms\" }\nchecks.b = \"tool\"");
    let out = sandbox.run("check --serial --message-format json").exits(1);
    let lines = out.json();
    let finished = lines.iter().filter(|line| line["type"] == "task-finished");
    let limits: Vec<_> = finished.map(|line| line["limit"].as_f64().unwrap()).collect();
    assert_eq!(limits, [0.1, 0.15]);
}

#[test]
fn what_does_not_want_to_end_is_killed() {
    let sandbox =
        sandbox("trap '' TERM; echo $$ >\"$SANDBOX/tool\"; sleep 1000 & echo $! >\"$SANDBOX/below\"; wait; wait");
    let out = sandbox.run("check --timeout 2s").exits(1);
    assert!(out.stdout.contains("TIMEOUT"), "{out}");
    is_gone(pid(&sandbox, "tool"));
    is_gone(pid(&sandbox, "below"));
}

#[test]
fn a_signal_that_ended_a_tool_is_named() {
    assert_snapshot!(sandbox("echo before; kill -KILL $$").run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] tool: killed by SIGKILL

    --- tool ---
        before

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] tool: killed by SIGKILL
                 rerun: cargo hooks check tool
    ");
    let out = sandbox("kill -SEGV $$").run("check --message-format json").exits(1);
    assert_eq!(out.json()[2]["signal_name"], "SIGSEGV");
}

#[test]
fn what_cannot_be_started_has_failed_and_nothing_else_has() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .write("scripts/no-exec-bit.sh", "#!/bin/sh\n")
        .noting(&["good"])
        .hooks(
            r#"
checks.no-bit = "scripts/no-exec-bit.sh"
checks.nowhere = "scripts/nowhere.sh"
checks.no-dir = { run = "good", cwd = "no-such-dir" }
checks.good = "good"
"#,
        );
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 4 checks, 4 tasks in 1 wave on 1 slot
            FAIL [     TIME] no-bit: could not be started: `scripts/no-exec-bit.sh`: Permission denied (os error 13)
            FAIL [     TIME] nowhere: could not be started: `scripts/nowhere.sh`: No such file or directory (os error 2)
            FAIL [     TIME] no-dir: could not be started: there is no directory `[ROOT]/ws/no-such-dir`
            PASS [     TIME] good
    ------------
         Summary [     TIME] 4 tasks: 1 passed, 3 failed
            FAIL [     TIME] no-bit: could not be started: `scripts/no-exec-bit.sh`: Permission denied (os error 13)
                 rerun: cargo hooks check no-bit
            FAIL [     TIME] nowhere: could not be started: `scripts/nowhere.sh`: No such file or directory (os error 2)
                 rerun: cargo hooks check nowhere
            FAIL [     TIME] no-dir: could not be started: there is no directory `[ROOT]/ws/no-such-dir`
                 rerun: cargo hooks check no-dir
    ");
    assert_eq!(sandbox.log(), ["good"]);
}

#[test]
fn a_script_of_the_workspace_runs_where_the_check_runs() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("script", "note \"${PWD#\"$SANDBOX\"}\"");
    fs::create_dir_all(sandbox.ws().join("tools/deep")).unwrap();
    fs::rename(sandbox.root().join("bin/script"), sandbox.ws().join("tools/script")).unwrap();
    sandbox.hooks("checks.a = \"tools/script\"\nchecks.b = { run = \"../script\", cwd = \"tools/deep\" }");
    let _ = sandbox.run("check --serial").exits(0);
    assert_eq!(sandbox.log(), ["/ws", "/ws/tools/deep"]);
}

#[test]
fn what_a_tool_left_running_neither_holds_the_run_nor_outlives_it() {
    for exit in [0, 1] {
        let sandbox = sandbox(&format!(
            "sleep 1000 & echo $! >\"$SANDBOX/left\"; echo started; exit {exit}"
        ));
        let _ = sandbox.run("check").exits(exit);
        is_gone(pid(&sandbox, "left"));
    }
}

#[test]
fn not_even_a_daemon_outlives_the_run() {
    let sandbox = sandbox("setsid sh -c 'echo $$ >\"$SANDBOX/daemon\"; exec sleep 1000' & wait");
    let _ = sandbox.run("check --timeout 2s").exits(1);
    is_gone(pid(&sandbox, "daemon"));
}

#[test]
fn a_tool_that_closes_its_output_is_waited_for() {
    let sandbox = sandbox("exec >&- 2>&-; sleep 0.05; note done; exit 3");
    let _ = sandbox.run("check").exits(1);
    assert_eq!(sandbox.log(), ["done"]);
}

#[test]
fn a_shell_fails_where_its_script_fails() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.script = { shell = \"echo one && echo two | cat && exit 9\" }");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] script: exit code 9

    --- script ---
        one
        two

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] script: exit code 9
                 rerun: cargo hooks check script
    ");
}

/// A pager that nobody scrolls, or a terminal that is stopped.
#[test]
fn a_reader_that_does_not_read_holds_up_no_limit() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("talks", "yes 0123456789 | head -c 1000000")
        .tool("waits", "echo $$ >\"$SANDBOX/pid\"; exec sleep 1000")
        .hooks(
            "checks.talks = \"talks\"\nchecks.waits = { run = \"waits\", after = [\"talks\"], timeout = \"500ms\" }",
        );
    let running = sandbox.command("check -v --serial").start();
    let pid = sandbox.root().join("pid");
    let read = || std::fs::read_to_string(&pid).unwrap_or_default().trim().to_owned();
    eventually("the tool starts", || !read().is_empty());
    let process = format!("/proc/{}", read());
    eventually("the tool is ended", || !std::fs::exists(&process).unwrap());
    let out = running.wait().exits(1);
    assert!(out.stdout.contains("TIMEOUT"), "{}", out.stderr);
}
