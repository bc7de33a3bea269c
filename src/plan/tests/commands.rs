//! What fills commands, and how tasks are cut.

use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;

use super::{Setting, configured, setting, tasks};
use crate::plan::{Access, CargoOption, PlanError, Resource};
use crate::tool_output::Colour;
use crate::workspace::{TargetKind, Workspace, fixture};

const CRATES: &str = "a -> b; b; c -> a";

#[test]
fn crates_are_named_only_where_some_are_left_out() {
    let asked = |words: &str| tasks(&setting(CRATES, "x = \"cargo x {packages} --end\"").asked(words));
    assert_snapshot!(asked(""), @"x: cargo x --workspace --end");
    assert_snapshot!(asked("-p c -p b"), @"x 2 crates: cargo x -p b -p c --end");
    assert_snapshot!(asked("-p a"), @"x a: cargo x -p a --end");
    assert_snapshot!(asked("--exclude b"), @"x 2 crates: cargo x -p a -p c --end");
    assert_snapshot!(asked("-p *"), @"x: cargo x --workspace --end");
    assert_snapshot!(asked("-p ? --exclude c"), @"x 2 crates: cargo x -p b -p a --end");
}

#[test]
fn a_crate_is_named_as_cargo_knows_it() {
    let mut crates = fixture("a; b").crates().to_vec();
    crates[0].spec = "path+file:///ws/a#0.1.0".to_owned();
    let setting = configured(rebuilt(crates), "x = \"cargo x {packages}\"", &[]).asked("-p a");
    assert_snapshot!(tasks(&setting), @"x a: cargo x -p 'path+file:///ws/a#0.1.0'");
}

#[test]
fn a_target_that_a_check_wants_leaves_crates_out() {
    let mut crates = fixture(CRATES).crates().to_vec();
    crates[1].targets[0].kind = TargetKind::Bin;
    let asked = |words: &str| {
        let checks = "x = { run = \"cargo x {packages}\", with-target = \"lib\" }\n\
                      y = { run = \"tool {package}\", with-target = \"bin\" }";
        tasks(&configured(rebuilt(crates.clone()), checks, &[]).asked(words))
    };
    // Cargo is still asked for the whole workspace, and knows what to leave out.
    assert_snapshot!(asked(""), @"
    x: cargo x --workspace
    y b: tool b
    ");
    assert_snapshot!(asked("-p b -p c"), @"
    x c: cargo x -p c
    y b: tool b
    ");
    assert_snapshot!(asked("-p b"), @"
    y b: tool b
    no x: no selected crate has a lib target
    ");
    assert_snapshot!(asked("-p a"), @"
    x a: cargo x -p a
    no y: no selected crate has a bin target
    ");
}

#[test]
fn what_would_be_typed_again_names_crates_only_where_it_must() {
    let mut crates = fixture(CRATES).crates().to_vec();
    crates[1].targets[0].kind = TargetKind::Bin;
    let rerun = |words: &str, check: &str| -> String {
        let setting = configured(rebuilt(crates.clone()), check, &[]).asked(words);
        let reruns: Vec<_> = setting.plan().tasks().map(|task| task.head.rerun.clone()).collect();
        reruns.join("; ")
    };
    let together = "x = { run = \"cargo x {packages}\", with-target = \"lib\" }";
    assert_eq!(rerun("", together), "cargo hooks check x");
    assert_eq!(rerun("-p a -p b", together), "cargo hooks check x -p a");
    let apart = "x = \"tool {package}\"";
    assert_eq!(
        rerun("-p b -p a", apart),
        "cargo hooks check x -p a; cargo hooks check x -p b"
    );
    assert_eq!(rerun("", "x = \"tool\""), "cargo hooks check x");
}

#[test]
fn a_task_for_each_crate_comes_after_those_of_its_dependencies() {
    let checks = "x = \"tool {package} --dir={package-dir}\"\ny = { run = \"tool\", cwd = \"{package-dir}\" }";
    assert_snapshot!(tasks(&setting("a -> b; b; c@libs/c -> a", checks)), @"
    x b: tool b '--dir=/ws/b'
    x a: tool a '--dir=/ws/a'
    x c: tool c '--dir=/ws/libs/c'
    y b: tool in b
    y a: tool in a
    y c: tool in libs/c
    ");
}

#[test]
fn sources_of_each_edition_have_a_task() {
    let mut crates = fixture("a; b; c").crates().to_vec();
    crates[1].targets[0].edition = "2021".to_owned();
    let bin = crate::workspace::Target {
        kind: TargetKind::Bin,
        source: "/ws/c/src/main.rs".into(),
        ..crates[2].targets[0].clone()
    };
    crates[2].targets.push(bin);
    let asked = |words: &str| {
        let setting = configured(rebuilt(crates.clone()), "fmt = true", &[]);
        tasks(&setting.with_tools("rustfmt").asked(words))
    };
    assert_snapshot!(asked(""), @"
    fmt edition 2021: rustfmt --check --color never --edition 2021 b/src/lib.rs
    fmt edition 2024: rustfmt --check --color never --edition 2024 a/src/lib.rs c/src/lib.rs c/src/main.rs
    ");
    assert_snapshot!(asked("-p c"), @"fmt c: rustfmt --check --color never --edition 2024 c/src/lib.rs c/src/main.rs");
    assert_snapshot!(asked("-p b -p c"), @"
    fmt 2 crates, edition 2021: rustfmt --check --color never --edition 2021 b/src/lib.rs
    fmt 2 crates, edition 2024: rustfmt --check --color never --edition 2024 c/src/lib.rs c/src/main.rs
    ");
}

#[test]
fn sources_go_to_whichever_command_wants_them() {
    let checks = "x = { run = \"cargo fmt --check {packages}\", fix = \"tool --edition {edition} {roots}\" }";
    assert_snapshot!(tasks(&setting("a; b", checks).fixing()), @"
    x fix: tool --edition 2024 a/src/lib.rs b/src/lib.rs
    x: cargo fmt --check --workspace
    ");
}

#[test]
fn files_are_those_that_match_and_belong_to_what_is_asked_for() {
    let asked = |words: &str| {
        let checks =
            "x = { run = \"tool {files}\", files = [\"*.md\"], exclude = [\"b/old/**\"] }\ny = \"tool {files}\"";
        let files = "README.md a/x.md a/-y.md b/old/z.md b/src/lib.rs c.md";
        tasks(&setting("a; b", checks).with_files(files).asked(words))
    };
    assert_snapshot!(asked(""), @"
    x: tool README.md a/x.md a/-y.md c.md
    y: tool README.md a/x.md a/-y.md b/old/z.md b/src/lib.rs c.md
    ");
    assert_snapshot!(asked("-p a"), @"
    x: tool a/x.md a/-y.md
    y: tool a/x.md a/-y.md
    ");
    assert_snapshot!(asked("-p b"), @"
    y: tool b/old/z.md b/src/lib.rs
    no x: no file matches
    ");
    let none = setting("a", "x = \"tool {files}\"").with_files("");
    assert_snapshot!(tasks(&none), @"no x: there are no files");
}

#[test]
fn a_check_about_files_runs_only_where_there_are_any() {
    let checks = "x = { run = \"tool\", files = [\"*.sql\"] }\ny = { run = \"tool {package}\", files = [\"*.sql\"] }";
    assert_snapshot!(tasks(&setting("a", checks).with_files("a/x.rs")), @"
    no x: no file matches
    no y: no file matches
    ");
    assert_snapshot!(tasks(&setting("a", checks).with_files("a/x.sql")), @"
    x: tool
    y a: tool a
    ");
}

/// A file of no crate may concern every crate: `migrations/` in the root, say.
#[test]
fn files_say_which_crates_a_check_is_about() {
    let checks =
        "x = { run = \"tool {package}\", files = [\"*.sql\"] }\ny = { run = \"tool {packages}\", files = [\"*.sql\"] }";
    let with_files = |files: &str| tasks(&setting("a; b; c", checks).with_files(files));
    assert_snapshot!(with_files("a/x.sql b/x.rs"), @"
    x a: tool a
    y a: tool -p a
    ");
    assert_snapshot!(with_files("a/x.sql c/x.sql"), @"
    x a: tool a
    x c: tool c
    y 2 crates: tool -p a -p c
    ");
    assert_snapshot!(with_files("a/x.sql x.sql"), @"
    x a: tool a
    x b: tool b
    x c: tool c
    y: tool --workspace
    ");
}

#[test]
fn files_of_no_crate_are_left_to_the_workspace() {
    let refined = |words: &str| {
        let own = ("b", "x = { args = [\"--own\"] }");
        let setting = configured(fixture("a; b; c"), "x = \"tool {files}\"", &[own]);
        tasks(&setting.with_files("README.md a/x b/x c/x").asked(words))
    };
    assert_snapshot!(refined(""), @"
    x: tool README.md a/x c/x
    x b: tool b/x --own
    ");
    assert_snapshot!(refined("-p b"), @"x b: tool b/x --own");
    let all_refined = configured(
        fixture("b"),
        "x = \"tool {files}\"",
        &[("b", "x = { args = [\"--own\"] }")],
    );
    assert_snapshot!(tasks(&all_refined.with_files("README.md b/x")), @"
    x: tool README.md
    x b: tool b/x --own
    ");
    let restricted = "x = { run = \"tool {files}\", packages = [\"a\"] }";
    assert_snapshot!(tasks(&setting("a; b", restricted).with_files("README.md a/x b/x")), @"x a: tool a/x");
}

#[test]
fn libraries_are_only_asked_for_where_there_are_any() {
    let mut crates = fixture(CRATES).crates().to_vec();
    crates[1].targets[0].kind = TargetKind::Bin;
    let asked = |words: &str| {
        let checks = "x = \"cargo check {targets} {packages}\"";
        tasks(&configured(rebuilt(crates.clone()), checks, &[]).asked(words))
    };
    assert_snapshot!(asked(""), @"x: cargo check --lib --bins --tests --examples --workspace");
    assert_snapshot!(asked("-p b"), @"x b: cargo check --bins --tests --examples -p b");
}

#[test]
fn a_file_is_named_from_where_the_command_runs_and_is_no_option() {
    let checks = "x = \"tool {files}\"\ny = { run = \"tool {files}\", cwd = \"docs\" }\nz = { run = \"tool {files}\", cwd = \".\" }";
    assert_snapshot!(tasks(&setting("a", checks).with_files("-rf docs/-v docs/a.md a.md")), @"
    x: tool ./-rf docs/-v docs/a.md a.md
    y: tool /ws/-rf ./-v a.md /ws/a.md in docs
    z: tool ./-rf docs/-v docs/a.md a.md
    ");
}

#[test]
fn too_many_files_for_one_command_are_for_several() {
    let mut setting = setting(
        "a",
        "x = { run = \"tool {files}\", fix = \"tool --a-much-longer-option {files}\" }",
    );
    setting = setting.with_files("a.md b.md c.md d.md e.md");
    // The limit is that of the longer command.
    setting.facts.argument_bytes = "tool".len() + "--a-much-longer-option".len() + 9 + 2 * ("a.md".len() + 9);
    assert_snapshot!(tasks(&setting), @"
    x part 1/3: tool a.md b.md
    x part 2/3: tool c.md d.md
    x part 3/3: tool e.md
    ");
    setting.facts.argument_bytes = 40;
    let error = setting.try_plan().unwrap_err();
    assert!(matches!(error, PlanError::ArgumentTooLong { .. }));
    assert_snapshot!(error, @"`x` has an argument of 13 bytes, and its command has room for 5 on this system");
}

#[test]
fn colour_and_options_of_cargo_are_handed_on() {
    let filled = |colour: Colour, options: &[CargoOption]| {
        let checks =
            "x = \"cargo x {cargo-options} --color={color} --message-format {message-format} -- {cargo-options}\"";
        let mut setting = setting("a", checks);
        setting.request.colour = colour;
        setting.request.cargo_options = options.to_vec();
        tasks(&setting)
    };
    assert_snapshot!(filled(Colour::Strip, &[]), @"x: cargo x '--color=never' --message-format json --");
    assert_snapshot!(filled(Colour::Keep, &[CargoOption::Locked, CargoOption::Offline]), @"x: cargo x --locked --offline '--color=always' --message-format json-diagnostic-rendered-ansi -- --locked --offline");
}

#[test]
fn a_script_gets_lists_as_its_arguments() {
    let checks = "x = { shell = \"wc {files} | tail\" }\ny = { shell = \"cargo {cargo-options} x {packages} | tee\" }";
    let mut setting = setting("a; b", checks).with_files("it's $(x)");
    setting.request.cargo_options = vec![CargoOption::Frozen];
    assert_snapshot!(tasks(&setting), @r#"
    x: sh -c 'wc "$@" | tail' sh 'it'\''s' '$(x)'
    y: sh -c 'cargo --frozen x "$@" | tee' sh --workspace
    "#);
}

#[test]
fn what_a_task_is_given_comes_from_its_definition_and_the_request() {
    let checks = r#"x = { run = "./tool.sh", weight = 3, timeout = "1m", locks = ["port"], critical = true, allow-failure = true,
                         set-env = { A = "1" }, fix = "cargo unheard-of", generates = true, files = ["*.gen"] }
                    y = "cargo check""#;
    let mut setting = setting("a", checks).with_files("x.gen").fixing();
    let plan = setting.plan();
    let [repair, judge, other] = plan.tasks().collect::<Vec<_>>()[..] else {
        panic!()
    };
    let tree = |access| (Resource::Tree, access);
    let port = (Resource::Named("port".to_owned()), Access::Exclusive);
    let build = |dir: &str, access| (Resource::BuildDirectory(Path::new(dir).into()), access);
    let all = build("/ws/target", Access::Shared);
    let debug = build("/ws/target/debug", Access::Exclusive);
    let generated = (Resource::Files(0), Access::Exclusive);
    assert_eq!(judge.resources, [tree(Access::Shared), generated, port.clone()]);
    assert_eq!(
        repair.resources,
        [tree(Access::Exclusive), build("/ws/target", Access::Exclusive), port]
    );
    let looked_at = (Resource::Files(0), Access::Shared);
    assert_eq!(other.resources, [tree(Access::Shared), looked_at, all, debug]);
    assert_eq!((judge.weight, judge.timeout), (3, Some(Duration::from_mins(1))));
    assert!(
        judge.critical && !repair.critical,
        "what failed to repair is judged afterwards"
    );
    assert!(judge.head.may_fail && repair.head.may_fail && !other.head.may_fail);
    assert!(judge.unchanged.is_some() && repair.unchanged.is_none() && other.unchanged.is_none());
    assert_eq!(judge.command.env["A"], "1");
    // A path is looked up from the directory of the command, and by nobody else.
    assert_eq!(
        (judge.command.program.path.as_ref(), judge.command.program.name.as_str()),
        (None, "./tool.sh")
    );
    assert_eq!(
        other.command.program.path.as_ref().unwrap().to_str(),
        Some("/bin/cargo")
    );
    assert_eq!(judge.head.fix.as_deref(), Some("cargo hooks check x --fix"));
    assert_eq!(other.head.fix, None);
    // The request knows better how long a task may take.
    setting.request.timeout = Some(Duration::from_secs(5));
    let plan = setting.plan();
    assert!(plan.tasks().all(|task| task.timeout == Some(Duration::from_secs(5))));
}

fn rebuilt(crates: Vec<crate::workspace::Crate>) -> Workspace {
    crate::workspace::fixture_of(crates)
}

#[test]
fn a_package_runs_its_own_version() {
    let workspace = || fixture("a; b; c");
    let plan = |own: &str, words: &str| {
        let setting: Setting = configured(workspace(), "x = \"cargo x {packages}\"", &[("b", own)]);
        tasks(&setting.asked(words))
    };
    assert_snapshot!(plan("x = { args = [\"--slow\"] }", ""), @"
    x 2 crates: cargo x -p a -p c
    x b: cargo x -p b --slow
    ");
    assert_snapshot!(plan("x = { args = [\"--slow\"] }", "-p b"), @"x b: cargo x -p b --slow");
    assert_snapshot!(plan("own = \"tool\"", ""), @"
    x: cargo x --workspace
    own b: tool in b
    ");
    assert_snapshot!(plan("own = \"tool\"", "-p a"), @"
    x a: cargo x -p a
    no own: no crate is selected
    ");
}
