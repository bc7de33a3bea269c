//! What waits for what, and what stops a run, as it is seen from outside.

use std::fs;
use std::io::{BufRead, BufReader};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// One crate, and the tools `good` and `bad`, which note their argument.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("good", "note $1");
    sandbox.tool("bad", "note $1; echo this is broken; exit 7");
    sandbox
}

#[test]
fn what_depends_on_a_failure_is_blocked_and_what_comes_after_it_is_not() {
    let sandbox = sandbox();
    sandbox.hooks(
        r#"
checks.base = "bad base"
checks.hard = { run = "good hard", depends-on = ["base"] }
checks.harder = { run = "good harder", depends-on = ["hard"] }
checks.soft = { run = "good soft", after = ["base"] }
"#,
    );
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 4 checks, 4 tasks in 3 waves on 1 slot
            FAIL [     TIME] base: exit code 7
         BLOCKED [         ] hard: base did not pass
         BLOCKED [         ] harder: hard did not pass
            PASS [     TIME] soft

    --- base ---
        this is broken

    ------------
         Summary [     TIME] 4 tasks: 1 passed, 1 failed, 2 blocked
            FAIL [     TIME] base: exit code 7
                 rerun: cargo hooks check base
    ");
    assert_eq!(sandbox.log(), ["base", "soft"]);
}

#[test]
fn with_fail_fast_the_first_failure_ends_the_run() {
    let sandbox = sandbox();
    sandbox.hooks("fail-fast = true\nchecks.a = \"good a\"\nchecks.b = \"bad b\"\nchecks.c = \"good c\"");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 3 checks, 3 tasks in 1 wave on 1 slot
            PASS [     TIME] a
            FAIL [     TIME] b: exit code 7
        Stopping after the first failure: b

    --- b ---
        this is broken

    ------------
         Summary [     TIME] 3 tasks: 1 passed, 1 failed, 1 cancelled
            FAIL [     TIME] b: exit code 7
                 rerun: cargo hooks check b
    ");
    assert_eq!(sandbox.log(), ["a", "b"]);
    let _ = sandbox.run("check --serial --no-fail-fast --force").exits(1);
    assert_eq!(sandbox.log(), ["a", "b", "a", "b", "c"]);
}

#[test]
fn a_critical_failure_ends_the_run_unless_the_settings_say_otherwise() {
    let check = |settings: &str, expected: &[&str]| {
        let sandbox = sandbox();
        sandbox.hooks(&format!(
            "{settings}\nchecks.a = {{ run = \"bad a\", critical = true }}\nchecks.b = \"good b\""
        ));
        let out = sandbox.run("check --serial").exits(1);
        assert_eq!(sandbox.log(), expected, "{out}");
        assert_eq!(
            out.stdout.contains("after a critical failure: a"),
            expected.len() == 1,
            "{out}"
        );
    };
    check("", &["a"]);
    check("stop-on-critical-failure = false", &["a", "b"]);
}

#[test]
fn what_may_fail_is_shown_and_does_not_fail_the_run() {
    let sandbox = sandbox();
    sandbox.hooks(
        r#"
fail-fast = true
checks.shaky = { run = "bad shaky", allow-failure = true }
checks.next = { run = "good next", depends-on = ["shaky"] }
"#,
    );
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 2 checks, 2 tasks in 2 waves on 1 slot
           FAIL* [     TIME] shaky: exit code 7 (may fail)
            PASS [     TIME] next

    --- shaky ---
        this is broken

    ------------
         Summary [     TIME] 2 tasks: 1 passed, 1 failed (may fail)
           FAIL* [     TIME] shaky: exit code 7 (may fail)
                 rerun: cargo hooks check shaky
    ");
}

#[test]
fn one_slot_runs_the_checks_in_the_order_of_the_configuration() {
    let check = |settings: &str, arguments: &str| {
        let sandbox = sandbox();
        sandbox.hooks(&format!(
            "{settings}\nchecks.z = \"good z\"\nchecks.m = \"bad m\"\nchecks.a = \"good a\"\nchecks.k = \"good k\""
        ));
        let _ = sandbox.run(arguments).exits(1);
        assert_eq!(sandbox.log(), ["z", "m", "a", "k"], "{settings} {arguments}");
    };
    check("max-parallel = 1", "check");
    check("strategy = \"sequential\"", "check");
    check("", "check --serial");
    check("", "check -j 1");
    check("", "check --strategy sequential");
}

/// A tool that fails until it has been called so many times.
const SHAKY: &str = r#"
note "$1"
tries=0
[ -e "$SANDBOX/$1.tries" ] && read -r tries <"$SANDBOX/$1.tries"
tries=$((tries + 1))
echo "$tries" >"$SANDBOX/$1.tries"
echo "try $tries"
[ "$tries" -ge "$2" ]"#;

#[test]
fn what_fails_is_tried_again_and_told_apart() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("shaky", SHAKY);
    sandbox.hooks(
        r#"
fail-fast = true
backoff = "1ms"
checks.net = { run = "shaky net 2", retries = 2 }
checks.hopeless = { run = "shaky hopeless 9", retries = 1, depends-on = ["net"] }
checks.never = { run = "shaky never 1", depends-on = ["hopeless"] }
"#,
    );
    let mut out = sandbox.run("check --serial");
    // The waits are up to chance.
    let told = out.stdout.split("; the next in ").collect::<Vec<_>>();
    let without_times = told.iter().enumerate().map(|(place, text)| match place {
        0 => *text,
        _ => text.trim_start_matches(|letter: char| letter != ')'),
    });
    out.stdout = without_times.collect();
    assert_snapshot!(out, @"
    exit code 1
    --- stdout ---
        Checking the workspace: 3 checks, 3 tasks in 3 waves on 1 slot
           RETRY [     TIME] net: exit code 1 (try 1 of 3)
           FLAKY [     TIME] net (passed on try 2)
           RETRY [     TIME] hopeless: exit code 1 (try 1 of 2)
            FAIL [     TIME] hopeless: exit code 1
         BLOCKED [         ] never: hopeless did not pass
        Stopping after the first failure: hopeless

    --- hopeless ---
        try 2

    ------------
         Summary [     TIME] 3 tasks: 1 passed, 1 of them flaky, 1 failed, 1 blocked
            FAIL [     TIME] hopeless: exit code 1
                 rerun: cargo hooks check hopeless
           FLAKY [     TIME] net (passed on try 2)
                 rerun: cargo hooks check net
    ");
    assert_eq!(sandbox.log(), ["net", "net", "hopeless", "hopeless"]);
}

#[test]
fn retries_can_be_asked_for_and_forbidden() {
    let check = |arguments: &str, code: i32, tries: usize| {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox.tool("shaky", SHAKY);
        sandbox.hooks("retries = 1\nbackoff = \"1ms\"\nchecks.net = \"shaky net 3\"");
        let out = sandbox
            .run(&format!("check --message-format json {arguments}"))
            .exits(code);
        assert_eq!(sandbox.log().len(), tries, "{out}");
        let flaky = code == 0;
        assert_eq!(out.stdout.contains(r#""flaky":true"#), flaky, "{out}");
        assert_eq!(
            out.stdout.matches(r#""type":"task-retries""#).count(),
            tries - 1,
            "{out}"
        );
    };
    check("", 1, 2);
    check("--retries 0", 1, 1);
    check("--retries 2", 0, 3);
}

#[test]
fn who_waits_to_be_tried_again_can_be_interrupted() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("shaky", SHAKY);
    sandbox.tool("bad", "until [ -e \"$SANDBOX/go\" ]; do sleep 0.01; done; exit 7");
    sandbox.hooks(
        "fail-fast = true\nchecks.net = { run = \"shaky net 2\", retries = 1, backoff = \"1h\" }\nchecks.bad = \"bad\"",
    );
    // The wait of an hour ends with the failure of the other check, and what failed before has failed.
    let mut running = sandbox.command("check -j 2").start();
    let mut lines = BufReader::new(running.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line.contains("RETRY")));
    fs::write(sandbox.root().join("go"), "").unwrap();
    let rest: Vec<_> = lines.collect();
    assert!(rest.iter().any(|line| line.contains("2 failed")), "{rest:?}");
    let _ = running.wait().exits(1);
}

#[test]
fn a_higher_priority_goes_first() {
    for arguments in ["check --serial", "check -j 1", "check -j 1 --no-optimize"] {
        let sandbox = sandbox();
        sandbox.hooks(
            r#"
checks.a = "good a"
checks.b = { run = "good b", priority = 1 }
checks.c = "good c"
checks.d = { run = "good d", priority = 2, depends-on = ["c"] }
"#,
        );
        let _ = sandbox.run(arguments).exits(0);
        assert_eq!(sandbox.log(), ["c", "d", "b", "a"], "{arguments}");
    }
}

/// Two tools that wait until both are there: they pass only where they run at the same time.
const MEET: &str = r#"
touch "$SANDBOX/$1.here"
tries=0
until [ -e "$SANDBOX/$2.here" ]; do
    tries=$((tries + 1)); [ $tries -gt 1000 ] && exit 1
    sleep 0.01
done"#;

#[test]
fn two_slots_are_used_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("meet", MEET);
    sandbox.hooks("max-parallel = 2\nchecks.a = \"meet a b\"\nchecks.b = \"meet b a\"");
    let _ = sandbox.run("check").exits(0);
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("meet", MEET);
    sandbox.hooks("strategy = \"sequential\"\nchecks.a = \"meet a b\"\nchecks.b = \"meet b a\"");
    let _ = sandbox.run("check --parallel -j 2").exits(0);
}

#[test]
fn what_uses_the_same_thing_alone_never_runs_at_the_same_time() {
    // The pause is no synchronisation: it gives what should wait the time to be wrong.
    let check = |keys: &str| {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox.tool("alone", "note begin; sleep 0.03; note end");
        let checks: String = ["a", "b", "c"]
            .map(|name| format!("checks.{name} = {{ run = \"alone\", {keys} }}\n"))
            .concat();
        sandbox.hooks(&checks);
        let _ = sandbox.run("check -j 4").exits(0);
        assert_eq!(sandbox.log(), ["begin", "end"].repeat(3), "{keys}");
    };
    check("locks = [\"database\"]");
    check("builds = true");
    check("weight = 3");
    check("weight = 100");
    check("generates = true");
}

#[test]
fn what_uses_different_things_does_run_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("meet", MEET).hooks(
        r#"
checks.a = { run = "meet a b", locks = ["one"], weight = 2 }
checks.b = { run = "meet b a", locks = ["two"], builds = true }
"#,
    );
    let _ = sandbox.run("check -j 3").exits(0);
}

#[test]
fn crate_by_crate_a_task_waits_only_for_that_of_its_own_crate() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.tool("first", "note \"first $1\"; [ $1 = beta ]");
    sandbox.tool("second", "note \"second $1\"");
    sandbox.hooks(
        "checks.first = \"first {package}\"\nchecks.second = { run = \"second {package}\", depends-on = [\"first\"] }",
    );
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking 2 crates: 2 checks, 4 tasks in 2 waves on 1 slot
            FAIL [     TIME] first alpha: exit code 1
         BLOCKED [         ] second alpha: first did not pass
            PASS [     TIME] first beta
            PASS [     TIME] second beta

    --- first alpha ---
        it wrote nothing

    ------------
         Summary [     TIME] 4 tasks: 2 passed, 1 failed, 1 blocked
            FAIL [     TIME] first alpha: exit code 1
                 rerun: cargo hooks check first -p alpha
    ");
    assert_eq!(sandbox.log(), ["first alpha", "first beta", "second beta"]);
}

#[test]
fn repairs_come_first_one_after_the_other_and_every_verdict_is_about_what_they_left() {
    let sandbox = sandbox();
    sandbox.hooks(
        r#"
checks.a = { run = "good check-a", fix = "bad fix-a" }
checks.b = { run = "good check-b", fix = "good fix-b", builds = true }
checks.c = "good check-c"
"#,
    );
    let out = sandbox.run("check --fix -j 4").exits(0);
    assert_eq!(sandbox.log()[..2], ["fix-b", "fix-a"], "{out}");
    assert_eq!(sandbox.log().len(), 5, "{out}");
}
