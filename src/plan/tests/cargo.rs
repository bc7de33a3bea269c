//! What the plan makes of commands that call cargo.

use std::path::Path;

use insta::assert_snapshot;

use super::{Setting, needs, setting, tasks};
use crate::plan::{Access, Plan, Resource, Role, Task};

/// What the tasks use alone, and of what cargo builds what they share.
fn uses(plan: &Plan) -> String {
    let name = |(resource, access): &(Resource, Access)| {
        let below = |dir: &Path| dir.strip_prefix("/ws").unwrap_or(dir).display().to_string();
        let name = match resource {
            Resource::Tree => "tree".to_owned(),
            Resource::Files(class) => format!("files {class}"),
            Resource::BuildDirectory(dir) => below(dir),
            Resource::Programs(dir) => format!("*{}", below(dir)),
            Resource::Named(name) => format!("lock {name}"),
        };
        match access {
            Access::Exclusive => Some(name),
            Access::Shared => resource.is_of_cargo().then(|| format!("({name})")),
        }
    };
    let line = |task: &Task| {
        let names: Vec<_> = task.resources.iter().filter_map(name).collect();
        format!("{}: {}\n", task.head.label(), names.join(", "))
    };
    plan.tasks().map(line).collect()
}

fn aliased(mut setting: Setting, alias: &str, full: &str) -> Setting {
    let full = full.split(' ').map(str::to_owned).collect();
    setting.facts.cargo.aliases.insert(alias.to_owned(), full);
    setting
}

#[test]
fn each_task_takes_the_locks_of_its_own_command() {
    let checks = r#"
        clippy = true
        test = true
        doc = true
        release = "cargo build --release"
        fmt = "cargo fmt --check"
        lint = "cargo lint"
        own = { run = "cargo check", set-env = { CARGO_TARGET_DIR = "other" } }
        script = { shell = "cargo test | tee log" }
        said = { run = "make", builds = true }
        denied = { run = "cargo check", builds = false, locks = ["db"] }"#;
    let setting = setting("a; b", checks).with_tools("cargo-clippy cargo-nextest make");
    assert_snapshot!(uses(&aliased(setting, "lint", "clippy --profile own").plan()), @"
    clippy: (target), target/debug
    test nextest, build: (target), target/debug, *target/debug
    test nextest: (target), (*target/debug)
    test doctest: (target), target/debug
    doc: (target), target/debug
    release: (target), target/release, *target/release
    fmt: 
    lint: (target), target/own
    own: (other), other/debug
    script: target
    said: target
    denied: lock db
    ");
}

#[test]
fn tests_are_built_first_and_run_once_that_has_passed() {
    let checks = r#"
        fmt = "true"
        nextest = { depends-on = ["fmt"], critical = true }
        later = { run = "true", depends-on = ["nextest"] }"#;
    let setting = setting("a; b", checks).with_tools("cargo-nextest");
    assert_snapshot!(needs(&setting), @"
    fmt
    nextest build <- fmt
    nextest <- nextest build
    later <- nextest build, nextest
    ");
    let plan = setting.plan();
    let [_, build, run, _] = plan.tasks().collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!((build.role, run.role), (Role::Build, Role::Judge));
    assert!(build.critical && run.critical);
    let list = build.handling.kept_output.clone().unwrap();
    assert!(run.command.args.contains(&list.into_os_string()) && run.handling.kept_output.is_none());
    assert_eq!((&build.crates, &build.head.rerun), (&run.crates, &run.head.rerun));
}

#[test]
fn a_repair_comes_before_what_builds_the_tests() {
    let checks = "x = { run = \"true\", fix = \"true\" }\nnextest = true";
    assert_snapshot!(needs(&setting("a", checks).with_tools("cargo-nextest").fixing()), @"
    x fix
    x <- (x fix)
    nextest build <- (x fix)
    nextest <- nextest build
    ");
}

#[test]
fn tests_stay_one_task_where_two_might_say_something_else() {
    let labels = |check: &str| {
        let setting = setting("a; b", &format!("x = {check}")).with_tools("cargo-nextest");
        let labels: Vec<_> = setting.plan().tasks().map(|task| task.head.label()).collect();
        labels.join("; ")
    };
    assert_eq!(labels("\"cargo nextest run {packages}\""), "x build; x");
    assert_eq!(
        labels("{ preset = \"nextest\", args = [\"--all-features\", \"-E\", \"all()\"] }"),
        "x build; x"
    );
    for whole in [
        "{ preset = \"nextest\", allow-failure = true }",
        "{ preset = \"nextest\", builds = true }",
        "{ preset = \"nextest\", args = [\"--no-capture\"] }",
        "{ run = \"cargo nextest run\", generates = true }",
        "{ shell = \"cargo nextest run\" }",
    ] {
        assert_eq!(labels(whole), "x", "{whole}");
    }
}

#[test]
fn warnings_are_denied_by_what_the_tool_says() {
    let checks = r#"
        clippy = { args = ["--", "-D", "warnings"] }
        plain = { preset = "clippy" }
        doc = { deny-warnings = true }
        own = "cargo clippy -- -D warnings""#;
    let setting = setting("a", checks).with_tools("cargo-clippy");
    let said = tasks(&setting);
    assert_snapshot!(said, @"
    clippy: cargo-clippy clippy --message-format json --keep-going --lib --bins --tests --examples --workspace
    plain: cargo-clippy clippy --message-format json --keep-going --lib --bins --tests --examples --workspace
    doc: cargo doc --message-format json --keep-going --no-deps --workspace
    own: cargo clippy -- -D warnings
    ");
    let denies: Vec<_> = setting.plan().tasks().map(|task| task.handling.deny_warnings).collect();
    assert_eq!(denies, [true, false, true, false]);
    let repairs = setting.fixing().plan();
    let repair = repairs.tasks().next().unwrap();
    assert!(repair.role == Role::Repair && !repair.handling.deny_warnings);
    assert!(!repair.command.args.iter().any(|arg| arg == "warnings"));
}

#[test]
fn it_is_known_of_which_crates_something_can_be_said() {
    let known = |check: &str| {
        let plan = setting("a; b", &format!("x = {check}"))
            .with_tools("cargo-clippy")
            .plan();
        let task = plan.tasks().next().unwrap();
        (!task.handling.names_others, task.handling.targets.is_some())
    };
    assert_eq!(known("{ preset = \"clippy\" }"), (true, true));
    assert_eq!(
        known("{ preset = \"clippy\", args = [\"--exclude\", \"a\"] }"),
        (false, true)
    );
    assert_eq!(
        known("{ preset = \"clippy\", args = [\"--test\", \"it\"] }"),
        (true, false)
    );
    assert_eq!(known("{ preset = \"test\" }"), (true, false));
    assert_eq!(known("\"cargo check {packages}\""), (true, false));
}
