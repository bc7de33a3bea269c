//! Which checks and crates take part, and what is said of the others.

use insta::assert_snapshot;

use super::{Setting, configured, setting, tasks};
use crate::config::{Operation, Order, Stage, Strategy};
use crate::plan::{HookInput, Mode};
use crate::workspace::fixture;

const CHECKS: &str =
    "fmt = \"tool fmt\"\nlint = { run = \"tool {package}\", depends-on = [\"fmt\"] }\ntest = \"tool {packages}\"";

fn error(setting: &Setting) -> String {
    setting.try_plan().unwrap_err().to_string()
}

#[test]
fn what_is_asked_for_runs_with_what_it_depends_on_in_the_order_of_the_configuration() {
    let asked = |words: &str| tasks(&setting("a; b", CHECKS).asked(words));
    assert_snapshot!(asked("test lint"), @"
    fmt: tool fmt
    lint a: tool a
    lint b: tool b
    test: tool --workspace
    ");
    assert_snapshot!(asked("fmt fmt"), @"fmt: tool fmt");
    // Who is skipped is skipped, whoever depends on it.
    assert_snapshot!(asked("--skip fmt --skip test"), @"
    lint a: tool a
    lint b: tool b
    no fmt: `--skip` or `SKIP` names it
    no test: `--skip` or `SKIP` names it
    ");
    assert_snapshot!(asked("lint --skip lint"), @"no lint: `--skip` or `SKIP` names it");
    // A check that is only to run after another does not bring it along.
    assert_snapshot!(tasks(&setting("a", "x = \"tool\"\ny = { run = \"tool\", after = [\"x\"] }").asked("y")), @"y: tool");
}

#[test]
fn a_check_about_the_whole_workspace_is_not_about_some_crates_unless_it_is_asked_for() {
    let asked = |words: &str| tasks(&setting("a; b", CHECKS).asked(words));
    assert_snapshot!(asked("-p a"), @"
    lint a: tool a
    test a: tool -p a
    no fmt: it is about the whole workspace, not about single crates
    ");
    assert_snapshot!(asked("fmt -p a"), @"fmt: tool fmt");
    assert_snapshot!(asked("lint -p a"), @"
    lint a: tool a
    no fmt: it is about the whole workspace, not about single crates
    ");
}

#[test]
fn names_that_nobody_knows_are_told_with_the_nearest() {
    let asked = |words: &str| error(&setting("core; db-core", CHECKS).asked(words));
    assert_snapshot!(asked("tset"), @"there is no check `tset`; did you mean `test`?");
    assert_snapshot!(asked("zzz"), @"there is no check `zzz`");
    assert_snapshot!(asked("--skip lnt"), @"there is no check `lnt`; did you mean `lint`?");
    assert_snapshot!(asked("-p coer"), @"no crate of the workspace is named `coer`; did you mean `core`?");
    assert_snapshot!(asked("--exclude db-coer"), @"no crate of the workspace is named `db-coer`; did you mean `db-core`?");
    assert_snapshot!(asked("-p x-*"), @"no crate of the workspace is named `x-*`");
    assert_snapshot!(asked("-p {a"), @"`{a` is no pattern for names of crates: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)");
}

#[test]
fn nothing_left_is_said_of_each_check() {
    assert_snapshot!(tasks(&setting("a", CHECKS).asked("-p a --exclude a")), @"
    no fmt: it is about the whole workspace, not about single crates
    no lint: no crate is selected
    no test: no crate is selected
    ");
    let narrowed = setting("a; b", "x = { run = \"tool {package}\", packages = [\"b\"] }").asked("-p a");
    assert_snapshot!(tasks(&narrowed), @"no x: no crate is selected");
}

#[test]
fn a_stage_chooses_checks() {
    let stages = |stage: Option<Stage>| -> String {
        let checks = "always = \"tool\"\nci = { run = \"tool\", stages = [\"ci\"] }\nmanual = { run = \"tool\", stages = [\"manual\"] }\n\
                      message = { run = \"tool\", stages = [\"commit-msg\"] }\n\
                      later = { run = \"tool\", stages = [\"post-merge\"], depends-on = [\"manual\"] }";
        let mut setting = setting("a", checks);
        setting.request.stage = stage;
        let names: Vec<_> = setting.plan().tasks().map(|task| task.head.label()).collect();
        names.join(" ")
    };
    assert_eq!(stages(None), "always ci");
    assert_eq!(stages(Some(Stage::Ci)), "always ci");
    assert_eq!(stages(Some(Stage::PreCommit)), "always");
    assert_eq!(stages(Some(Stage::CommitMsg)), "message");
    assert_eq!(stages(Some(Stage::Manual)), "manual");
    assert_eq!(stages(Some(Stage::PostMerge)), "manual later");
}

#[test]
fn a_hook_leaves_out_what_it_has_nothing_for() {
    let check = |hook: Option<HookInput>, expected: &str| {
        let checks = "message = \"tool {message-file}\"\nargs = \"tool {hook-args} end\"\nboth = { shell = \"tool {message-file} {hook-args}\" }\n\
                      careful = { run = \"tool\", skip-in = [\"rebase\"] }";
        let mut setting = setting("a", checks);
        setting.request.hook = hook;
        assert_eq!(tasks(&setting), expected);
    };
    let lacking = "it reads the message of a commit, and git has handed over none";
    let alone = "it reads what git hands to a hook, and no hook runs it";
    check(
        None,
        &format!("careful: tool\nno message: {lacking}\nno args: {alone}\nno both: {lacking}\n"),
    );
    let hook = HookInput {
        args: vec!["/repo/a b".into(), "$(x)".into()],
        ..HookInput::default()
    };
    check(
        Some(HookInput {
            during: vec![Operation::Merge, Operation::Rebase],
            ..hook.clone()
        }),
        &format!(
            "args: tool '/repo/a b' '$(x)' end\nno message: {lacking}\nno both: {lacking}\n\
             no careful: git is in the middle of a rebase\n"
        ),
    );
    check(
        Some(HookInput {
            message_file: Some("/repo/a b".into()),
            during: vec![Operation::Merge],
            ..hook
        }),
        "message: tool '/repo/a b'\nargs: tool '/repo/a b' '$(x)' end\n\
         both: sh -c 'tool '\\''/repo/a b'\\'' \"$@\"' sh '/repo/a b' '$(x)'\ncareful: tool\n",
    );
}

#[test]
fn a_package_may_have_a_check_in_another_stage() {
    let own = ("b", "x = { stages = [\"manual\"] }");
    let planned = |words: &str, stage: Option<Stage>| -> String {
        let mut setting = configured(fixture("a; b"), "x = \"tool {package}\"", &[own]).asked(words);
        setting.request.stage = stage;
        let names: Vec<_> = setting.plan().tasks().map(|task| task.head.label()).collect();
        names.join(", ")
    };
    assert_eq!(planned("", None), "x a");
    assert_eq!(planned("", Some(Stage::PreCommit)), "x a");
    assert_eq!(planned("", Some(Stage::Manual)), "x b");
    assert_eq!(planned("x", None), "x a, x b");
}

#[test]
fn nextest_runs_the_tests_where_it_is_installed() {
    let test = |tools: &str| tasks(&setting("a; b", "test = true").with_tools(tools));
    assert_snapshot!(test(""), @"test: cargo test --message-format json --no-fail-fast --workspace");
    assert_snapshot!(test("cargo-nextest"), @"
    test nextest, build: cargo-nextest nextest list --list-type binaries-only --message-format json --color never --workspace
    test nextest: cargo-nextest nextest run --binaries-metadata LIST --color never --no-fail-fast --no-tests pass --show-progress none --status-level fail
    test doctest: cargo test --message-format json --no-fail-fast --doc --workspace
    ");
}

#[test]
fn what_runs_instead_may_have_less_to_do() {
    let mut crates = fixture("a").crates().to_vec();
    crates[0].targets[0].doctest = false;
    let workspace = crate::workspace::fixture_of(crates);
    let setting = configured(workspace, "test = true", &[]).with_tools("cargo-nextest");
    assert_snapshot!(tasks(&setting), @"
    test nextest, build: cargo-nextest nextest list --list-type binaries-only --message-format json --color never --workspace
    test nextest: cargo-nextest nextest run --binaries-metadata LIST --color never --no-fail-fast --no-tests pass --show-progress none --status-level fail
    ");
}

#[test]
fn what_is_missing_is_told_once() {
    let checks = r#"x = { run = "lint", requires = [{ tool = "lint", hint = "get lint" }] }
                    y = "lint {package}"
                    z = { run = "true", fix = "repair" }
                    w = "./own.sh""#;
    assert_snapshot!(tasks(&setting("a; b", checks)), @"
    x: lint
    y a: lint a
    y b: lint b
    z: true
    w: ./own.sh
    missing: lint for x (get lint)
    ");
    // What only repairs is missed when it is to repair.
    assert_snapshot!(tasks(&setting("a; b", checks).asked("z").fixing()), @"
    z fix: repair
    z: true
    missing: repair for z
    ");
}

#[test]
fn a_check_may_be_left_out_where_its_tool_is_missing() {
    let checks = r#"x = { run = "lint", on-missing = "skip" }
                    y = { run = "true", on-missing = "skip", requires = ["lint"] }
                    z = { run = "true", on-missing = "skip" }"#;
    assert_snapshot!(tasks(&setting("a", checks)), @"
    z: true
    no x: `lint` is not installed
    no y: `lint` is not installed
    ");
    // Where it is left out for some crates only, that is told too.
    let own = ("b", "x = { run = \"lint\", on-missing = \"skip\" }");
    let setting = configured(fixture("a; b"), "x = \"tool {package}\"", &[own]);
    assert_snapshot!(tasks(&setting), @"
    x a: tool a
    no x: in `b`: `lint` is not installed
    ");
    assert_snapshot!(tasks(&setting.asked("-p a")), @"x a: tool a");
}

#[test]
fn what_has_nothing_to_do_is_not_missed() {
    let checks = r#"x = { run = "lint", files = ["*.sql"] }
                    y = { run = "lint {package}", packages = ["b"] }
                    z = { run = "true" }"#;
    assert_snapshot!(tasks(&setting("a; b", checks).with_files("a.rs").asked("-p a x y z")), @"
    z: true
    no x: no file matches
    no y: no crate is selected
    ");
}

#[test]
fn a_check_runs_on_its_platforms() {
    let on = |system: &str| -> String {
        let checks = "linux = { run = \"true\", platforms = [\"linux\", \"freebsd\"] }\nunix = { run = \"true\", platforms = [\"unix\"] }\n\
                      macos = { run = \"true\", platforms = [\"macos\"] }\nwindows = { run = \"missing\", platforms = [\"windows\"] }";
        let mut setting = setting("a", checks);
        system.clone_into(&mut setting.facts.system);
        tasks(&setting)
    };
    assert_snapshot!(on("linux"), @"
    linux: true
    unix: true
    no macos: it does not run on linux
    no windows: it does not run on linux
    ");
    assert_snapshot!(on("macos"), @"
    unix: true
    macos: true
    no linux: it does not run on macos
    no windows: it does not run on macos
    ");
    assert_snapshot!(on("windows"), @"
    windows: missing
    no linux: it does not run on windows
    no unix: it does not run on windows
    no macos: it does not run on windows
    missing: missing for windows
    ");
    assert_snapshot!(on("freebsd"), @"
    linux: true
    unix: true
    no macos: it does not run on freebsd
    no windows: it does not run on freebsd
    ");
}

#[test]
fn slots_come_from_the_request_the_settings_or_the_machine() {
    let slots = |change: fn(&mut Setting)| {
        let mut setting = setting("a", "x = \"true\"");
        change(&mut setting);
        setting.plan().slots
    };
    assert_eq!(slots(|_| {}), 4);
    assert_eq!(slots(|setting| setting.config.settings.max_parallel = Some(2)), 2);
    assert_eq!(
        slots(|setting| {
            setting.config.settings.max_parallel = Some(2);
            setting.request.max_workers = Some(7);
        }),
        7
    );
    assert_eq!(
        slots(|setting| {
            setting.request.strategy = Some(Strategy::Sequential);
            setting.request.max_workers = Some(7);
        }),
        1
    );
    assert_eq!(
        slots(|setting| {
            setting.config.settings.strategy = Strategy::Sequential;
            setting.request.strategy = Some(Strategy::Parallel);
        }),
        4
    );
    assert_eq!(slots(|setting| setting.facts.parallelism = 0), 1);
    assert_eq!(slots(|setting| setting.request.max_workers = Some(0)), 1);
}

#[test]
fn the_order_follows_from_the_strategy_unless_it_is_given() {
    let order = |change: fn(&mut Setting)| {
        let mut setting = setting("a", "x = \"true\"");
        change(&mut setting);
        setting.plan().order
    };
    assert_eq!(order(|_| {}), Order::Adaptive);
    assert_eq!(
        order(|setting| setting.request.strategy = Some(Strategy::Parallel)),
        Order::Config
    );
    assert_eq!(
        order(|setting| setting.request.strategy = Some(Strategy::Sequential)),
        Order::Config
    );
    let sequential = |setting: &mut Setting| {
        setting.request.strategy = Some(Strategy::Sequential);
        setting.config.settings.order = Some(Order::FastFirst);
    };
    assert_eq!(order(sequential), Order::FastFirst);
    assert_eq!(
        order(|setting| {
            setting.config.settings.order = Some(Order::FastFirst);
            setting.request.order = Some(Order::Config);
        }),
        Order::Config
    );
}

#[test]
fn the_request_knows_best_how_often_to_try_and_repairs_are_tried_once() {
    let mut setting = setting("a", "x = { run = \"true\", fix = \"true\", retries = 2 }");
    setting.request.mode = Mode::Fix;
    let times = |setting: &Setting| -> Vec<u32> { setting.plan().tasks().map(|task| task.retry.times).collect() };
    assert_eq!(times(&setting), [0, 2]);
    setting.request.retries = Some(5);
    assert_eq!(times(&setting), [0, 5]);
    setting.request.retries = Some(0);
    assert_eq!(times(&setting), [0, 0]);
}

#[test]
fn repairs_alone_judge_nothing_and_leave_out_what_has_no_fixer() {
    let mut setting = setting("a", "x = { run = \"look\", fix = \"repair\" }\ny = \"look\"");
    setting.request.mode = Mode::Repair;
    let plan = setting.plan();
    let programs: Vec<_> = plan.tasks().map(|task| task.command.program.name.as_str()).collect();
    assert_eq!(programs, ["repair"]);
    assert!(plan.left_out.is_empty(), "who judges says what is left out");
}

#[test]
fn what_is_judged_elsewhere_is_run_again_in_another_way() {
    let mut setting = setting("a", "x = { run = \"true\", fix = \"true\" }");
    setting.request.rerun = Some("again".to_owned());
    let plan = setting.plan();
    let task = plan.tasks().next().unwrap();
    assert_eq!(
        (task.head.rerun.as_str(), task.head.fix.as_deref()),
        ("again", Some("again --fix"))
    );
}

#[test]
fn the_request_knows_best_when_to_stop() {
    let mut setting = setting("a", "x = \"true\"");
    assert!(!setting.plan().fail_fast && setting.plan().stop_on_critical_failure);
    setting.config.settings.fail_fast = true;
    assert!(setting.plan().fail_fast);
    setting.request.fail_fast = Some(false);
    assert!(!setting.plan().fail_fast);
    setting.config.settings.stop_on_critical_failure = false;
    assert!(!setting.plan().stop_on_critical_failure);
}
