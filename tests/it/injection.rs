//! For the night: the system kills or refuses at every single place.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::process_marks::{Mark, children, has_ended};
use crate::sandbox::{Output, Sandbox, eventually};

/// The outcome of each check whose end was told.
fn told(out: &Output) -> BTreeSet<(String, String)> {
    let lines = out
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let finished = lines.filter(|line| line["type"] == "task-finished");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    finished
        .map(|line| (text(&line["task"]["check"]), text(&line["outcome"])))
        .collect()
}

/// Nothing has passed that did not, and no run is a success in which a check fails.
fn is_true(out: &Output, log: &[String], context: &str) {
    assert_ne!(out.code, 0, "`bad` fails in any case, {context}: {out}");
    for (check, outcome) in told(out) {
        assert!(outcome != "passed" || log.contains(&check), "{check}, {context}: {out}");
        assert!(outcome != "passed" || check != "bad", "{context}: {out}");
    }
}

fn sandbox(mark: &Mark) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .tool("good", &format!("sleep {} & note good", mark.seconds()))
        .tool(
            "bad",
            "i=0; while [ $i -lt 500 ]; do i=$((i + 1)); echo $i; done; note bad; exit 1",
        )
        .hooks("checks.good = \"good\"\nchecks.bad = \"bad\"");
    sandbox
}

/// What the next run finds is in order, and what earlier runs left is still there.
fn goes_on(sandbox: &Sandbox, context: &str) {
    let out = sandbox.run("check --serial --message-format json");
    assert_eq!(out.code, 1, "{context}: {out}");
    assert_eq!(out.outcomes(), ["good: passed", "bad: failed"], "{context}");
    assert!(!out.stderr.contains("panicked"), "{context}: {out}");
    let _ = fs::remove_file(sandbox.root().join("log"));
}

/// The program that watches calls of the system.
fn strace() -> &'static str {
    let places = ["/usr/bin/strace", "/usr/local/bin/strace", "/bin/strace"];
    let found = places.into_iter().find(|path| fs::exists(path).unwrap());
    found.expect("this test needs `strace`")
}

/// Kills each process of the run that comes to its N-th call: the program, its guard, a tool, git or cargo. Where that is the
/// program and its guard, the next run ends what they leave behind.
#[test]
#[ignore = "takes minutes; for the night, where there is `strace`"]
fn killed_at_any_call_of_the_system_nothing_is_left_and_nothing_is_misreported() {
    let strace = strace();
    let mark = Mark::new();
    for (call, most, step) in [
        ("openat", 120, 3),
        ("write", 60, 1),
        ("fsync", 3, 1),
        ("rename", 8, 1),
        ("unlink", 8, 1),
        ("clone", 6, 1),
        ("clone3", 6, 1),
        ("vfork", 3, 1),
        ("mkdir", 6, 1),
        ("sendmsg", 20, 1),
        ("recvmsg", 20, 1),
    ] {
        let sandbox = sandbox(&mark);
        goes_on(&sandbox, "at first");
        for when in (1..=most).step_by(step) {
            let context = format!("{call} {when}");
            let inject = format!("inject={call}:signal=SIGKILL:when={when}");
            let run = sandbox
                .program(strace)
                .args("-f -qqq -o /dev/null -e signal=none -e")
                .arg(inject);
            let run = run.arg(env!("CARGO_BIN_EXE_cargo-hooks"));
            let running = run.args("check --message-format json").start();
            // The tracer itself waits for whatever survives.
            let tracer = running.pid();
            let orphaned = || !mark.living().is_empty() && children(tracer).is_empty();
            eventually(&context, || has_ended(tracer) || orphaned());
            let log = sandbox.log();
            let _ = fs::remove_file(sandbox.root().join("log"));
            goes_on(&sandbox, &context);
            is_true(&running.wait(), &log, &context);
            mark.gone();
        }
    }
}

/// With so few processes, whatever cannot be started has failed, alone, and nobody panics.
#[test]
#[ignore = "takes minutes; for the night, as root and where there are `setpriv` and `prlimit`: no limit binds root itself"]
fn where_the_system_starts_no_more_processes_nothing_passes_that_did_not_run() {
    let setpriv = "/usr/bin/setpriv";
    assert!(
        fs::exists(setpriv).unwrap() && rustix::process::geteuid().is_root(),
        "this test needs root, and `setpriv` and `prlimit`"
    );
    let mark = Mark::new();
    let mut refused = 0;
    for limit in 1..=24 {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox
            .tool("bomb", &format!("while :; do sleep {} & done", mark.seconds()))
            .tool("good", "note good")
            .tool("bad", "note bad; exit 1")
            .hooks("checks.bomb = { run = \"bomb\", timeout = \"5s\" }\nchecks.good = \"good\"\nchecks.bad = \"bad\"");
        // The toolchain may lie where only root looks.
        let metadata = sandbox
            .program("cargo")
            .args("metadata --no-deps --format-version 1")
            .output();
        let metadata = metadata.stdout.replace("[ROOT]", sandbox.root().to_str().unwrap());
        sandbox
            .write("metadata.json", metadata)
            .tool("cargo", "exec cat \"$SANDBOX/ws/metadata.json\"");
        fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
        // A user of its own, who may read all files and not exceed limits.
        let user = 61_000 + limit;
        let run = sandbox.program(setpriv).arg(format!("--reuid={user}"));
        let caps = "-all,+dac_override,+dac_read_search";
        let run = run.args(&format!(
            "--clear-groups --inh-caps={caps} --ambient-caps={caps} --bounding-set={caps}"
        ));
        let run = run
            .arg("/usr/bin/prlimit")
            .arg(format!("--nproc={limit}:{limit}"))
            .arg(env!("CARGO_BIN_EXE_cargo-hooks"))
            .args("check --message-format json");
        let out = run.env("CARGO_HOOKS_DIR", sandbox.root().join("state/own")).output();
        let context = format!("{limit} processes");
        assert!(!out.stderr.contains("panicked"), "{context}: {out}");
        is_true(&out, &sandbox.log(), &context);
        refused += usize::from(out.stdout.contains("Resource temporarily unavailable"));
        mark.gone();
    }
    assert!(refused > 0, "the limit did not bind: this test tests nothing");
}

/// Refuses the N-th call of each process of the run, whichever it is: the program, its guard, a tool, git or cargo.
#[test]
#[ignore = "takes minutes; for the night, where there is `strace`"]
fn refused_at_any_call_of_the_system_nothing_is_misreported_and_the_next_run_is_right() {
    let strace = strace();
    let mark = Mark::new();
    for (call, most, step) in [
        ("write", 60, 1),
        ("fsync", 3, 1),
        ("/^rename", 8, 1),
        ("/^mkdir", 6, 1),
        ("/^unlink", 8, 1),
        ("openat", 120, 4),
        ("/^[fl]*stat", 120, 8),
    ] {
        let sandbox = sandbox(&mark);
        goes_on(&sandbox, "at first");
        for when in (1..=most).step_by(step) {
            let error = ["ENOSPC", "EIO", "EROFS"][when % 3];
            let context = format!("{call} {when} {error}");
            let inject = format!("inject={call}:error={error}:when={when}");
            let run = sandbox.program(strace).args("-f -qqq -o /dev/null -e signal=none -e");
            let run = run.arg(inject).arg(env!("CARGO_BIN_EXE_cargo-hooks"));
            let out = run.args("check --message-format json --force").output();
            mark.gone();
            // What the tool notes may be what is refused.
            let log = [sandbox.log(), vec!["good".to_owned()]].concat();
            is_true(&out, &log, &context);
            // What threads wake each other by is no file, and is refused here alone.
            let of_no_disk = out.stderr.contains("failed to wake I/O driver");
            assert!(of_no_disk || !out.stderr.contains("panicked"), "{context}: {out}");
            let _ = fs::remove_file(sandbox.root().join("log"));
            goes_on(&sandbox, &context);
            let verified = sandbox.run("cache verify");
            assert_eq!(verified.code, 0, "{context}: {verified}");
        }
    }
}
