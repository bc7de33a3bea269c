//! `plan`: what would run. `check --dry-run` is the same.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha"]);
    sandbox.noting(&["tool"]).hooks(
        r#"
checks.first = { run = "tool {package}", fix = "tool --fix {package}", timeout = "10m", locks = ["db"] }
checks.second = { run = "tool {packages}", depends-on = ["first"], set-env = { KEY = "a value" }, allow-failure = true }
checks.third = { shell = "tool | tool", after = ["second"], critical = true, weight = 2 }
checks.none = { run = "tool {files}", files = ["*.none"] }
"#,
    );
    sandbox
}

#[test]
fn every_task_wave_by_wave_and_nothing_runs() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    3 checks, 4 tasks in 3 waves on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      first alpha (at most 10m; lock db)
        tool alpha
      first beta (at most 10m; lock db)
        tool beta

    wave 2
      second (if passed: first)
        KEY='a value' tool --workspace

    wave 3
      third (after second; 2 slots)
        sh -c 'tool | tool' sh

    left out none: no file matches
    ");
    assert_snapshot!(sandbox.run("plan --serial -v --fix -p beta"), @"
    exit code 0
    --- stdout ---
    2 checks, 3 tasks in 3 waves on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      first beta, fix (at most 10m; writes files; lock db)
        tool --fix beta
        in [ROOT]/ws

    wave 2
      first beta (after first beta, fix; at most 10m; lock db)
        tool beta
        in [ROOT]/ws

    wave 3
      second beta (if passed: first; after first beta, fix)
        KEY='a value' tool -p beta
        in [ROOT]/ws

    left out third: it is about the whole workspace, not about single crates
    left out none: no file matches
    ");
    assert!(sandbox.log().is_empty());
}

#[test]
fn a_dry_run_shows_the_plan() {
    let sandbox = sandbox();
    for arguments in [
        "",
        "--fix",
        "-p beta second",
        "--message-format json",
        "--skip none -j 3",
    ] {
        let plan = sandbox.run(&format!("plan {arguments}")).exits(0);
        let dry_run = sandbox.run(&format!("check --dry-run {arguments}")).exits(0);
        assert_eq!(plan.stdout, dry_run.stdout, "{arguments}");
        assert_eq!(plan.stderr, dry_run.stderr, "{arguments}");
    }
    assert!(sandbox.log().is_empty());
}

#[test]
fn for_programs() {
    let out = sandbox().run("plan --message-format json").exits(0);
    let plan: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(plan["format"], 1, "{out}");
    assert!(plan["tasks"].as_array().is_some_and(|tasks| tasks.len() == 4), "{out}");
}

#[test]
fn what_is_planned_is_what_runs() {
    let sandbox = sandbox();
    let out = sandbox.run("plan --message-format json").exits(0);
    let plan: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
    let tasks = plan["tasks"].as_array().unwrap().len();
    let out = sandbox.run("check --message-format json").exits(0);
    assert_eq!(out.json()[0]["tasks"], tasks);
    assert_eq!(out.outcomes().len(), tasks);
}

#[test]
fn a_tool_that_is_missing_is_shown_in_the_plan() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.machete = true");
    assert_snapshot!(sandbox.run("plan --serial"), @"
    exit code 0
    --- stdout ---
    1 check, 1 task in 1 wave on 1 slot
    how long it takes is unknown, since nothing of it has run before

    wave 1
      machete
        cargo machete

    missing machete: `cargo-machete` is not installed; to install it: cargo install --locked cargo-machete
    ");
}

#[test]
fn a_plan_for_a_workspace_that_is_wrong_is_refused() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "checks.fifth = { run = \"tool\", after = [\"sixth\"] }\n");
    let out = sandbox.run("plan").exits(2);
    assert!(out.stderr.contains("there is no check `sixth`"), "{out}");
}

#[test]
fn the_cases_that_schedulers_are_compared_by() {
    // Of each: the number of tasks in each wave, and how many times as fast as one after the other, all times being equal.
    let check = |checks: &str, arguments: &str, waves: &[usize], speed_up: f64| {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox.tool("tool", "").hooks(checks);
        let out = sandbox.run(&format!("plan --message-format json {arguments}")).exits(0);
        let plan: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
        let found = plan["waves"].as_array().unwrap().iter();
        let found: Vec<usize> = found.map(|wave| wave.as_array().unwrap().len()).collect();
        assert_eq!(
            (found.as_slice(), &plan["forecast"]["speed_up"]),
            (waves, &speed_up.into()),
            "{checks} {arguments}"
        );
    };
    let ten: String = (0..10).map(|number| format!("checks.c{number} = \"tool\"\n")).collect();
    // 30 seconds where each takes 3, and 9 seconds.
    check(&ten, "-j 4 --strategy sequential", &[10], 1.0);
    check(&ten, "-j 4 --strategy parallel", &[10], 3.333);
    check(&ten, "-j 4 --strategy adaptive", &[10], 3.333);

    let alone = ["black", "isort", "yamllint", "a", "b", "c", "d", "e", "f"].map(|name| (name, ""));
    let waiting = [
        ("mypy", "\"black\", \"isort\""),
        ("flake8", "\"black\", \"isort\""),
        ("bandit", "\"black\""),
        ("ansible-lint", "\"yamllint\""),
        ("gitlab-ci", "\"yamllint\""),
        ("helm-lint", "\"yamllint\""),
    ];
    let checks = alone.iter().chain(&waiting);
    let fifteen: String = checks
        .map(|(name, needs)| format!("checks.{name} = {{ run = \"tool\", depends-on = [{needs}] }}\n"))
        .collect();
    // 15 tasks in two waves: 7.5 of them run at the same time.
    check(&fifteen, "-j 9", &[9, 6], 7.5);
    let out = {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox.tool("tool", "").hooks(&fifteen);
        sandbox.run("plan -j 9").exits(0)
    };
    assert!(
        out.stdout.contains("15 checks, 15 tasks in 2 waves on 9 slots"),
        "{out}"
    );
}
