//! The library without a guard: process groups are all that there is, and they are ended.

use std::fs;

use cargo_hooks::environment::Environment;
use cargo_hooks::event::{Event, EventKind, Outcome};
use cargo_hooks::{LoadOptions, Request, RunStats, load};

use crate::process::{is_gone, pid};
use crate::process_marks::Mark;
use crate::sandbox::Sandbox;

/// Runs all checks of a sandbox in this process.
fn run(sandbox: &Sandbox) -> (RunStats, Vec<Outcome>) {
    let below = |dir: &str| sandbox.root().join(dir);
    let path = std::env::join_paths([below("bin"), below("toolchain")]).unwrap();
    let rustup = std::env::var_os("RUSTUP_HOME").map(|home| ("RUSTUP_HOME", home));
    let environment = rustup
        .into_iter()
        .fold(Environment::default(), |all, (name, value)| all.with(name, value));
    let environment = environment
        .with("PATH", path)
        .with("SANDBOX", sandbox.root())
        .with("HOME", std::env::var_os("HOME").unwrap_or_default())
        .with("CARGO_HOOKS_DIR", below("state"))
        .with("CARGO_HOME", below("cargo-home"));
    let options = LoadOptions {
        current_dir: sandbox.ws(),
        environment,
        ..LoadOptions::from_process().unwrap()
    };
    let project = load(&options).unwrap();
    let plan = project.plan(&Request::default()).unwrap();
    let mut outcomes = Vec::new();
    let stats = project.run(&plan, |event: &Event| {
        if let EventKind::TaskFinished(finished) = &event.kind {
            outcomes.push(finished.outcome.clone());
        }
    });
    (stats.unwrap(), outcomes)
}

#[test]
fn without_a_guard_a_group_is_ended_with_its_task() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "sleep 1000 & echo $! >\"$SANDBOX/left\"; echo $PPID >\"$SANDBOX/parent\"; exit 0",
        )
        .hooks("checks.tool = \"tool\"");
    let (stats, outcomes) = run(&sandbox);
    assert!(stats.is_success(), "{outcomes:?}");
    is_gone(pid(&sandbox, "left"));
    assert_eq!(pid(&sandbox, "parent"), std::process::id(), "there is no guard between");
    let states = fs::read_dir(sandbox.root().join("state")).into_iter().flatten();
    let is_running = |state: fs::DirEntry| fs::exists(state.path().join("running")).unwrap();
    assert!(!states.map(Result::unwrap).any(is_running), "no guard was noted");
}

#[test]
fn without_a_guard_an_output_that_stays_open_is_no_pass() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("tool", &format!("setsid sleep {} & exit 0", mark.seconds()))
        .hooks("checks.tool = \"tool\"");
    let (stats, outcomes) = run(&sandbox);
    assert!(!stats.is_success());
    assert!(
        matches!(&outcomes[0], Outcome::Failed(failure) if format!("{failure:?}").contains("not closed")),
        "{outcomes:?}"
    );
    assert_eq!(mark.living().len(), 1, "what has left the group is nobody's to end");
}

#[test]
fn without_a_guard_a_timeout_ends_the_group() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "trap '' TERM; sleep 1000 & echo $! >\"$SANDBOX/left\"; wait; wait",
        )
        .hooks("checks.tool = { run = \"tool\", timeout = \"300ms\" }");
    let (_, outcomes) = run(&sandbox);
    assert!(matches!(outcomes[0], Outcome::TimedOut { .. }), "{outcomes:?}");
    is_gone(pid(&sandbox, "left"));
}
